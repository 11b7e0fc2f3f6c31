# SPDX-License-Identifier: MIT
"""The machine: its physical memory, its processor, and the kernel's variables."""

import contextlib
import functools
import os
import tempfile

import gdb

import abi

LAYOUT = abi.constants("layout.h")
PAGE = LAYOUT["PAGE_SIZE"]
PROC_BASE = LAYOUT["PROC_BASE"]
USER_REGISTERS = ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eip", "eflags", "cs", "ds", "es", "fs")
USER_REGISTERS += ("gs", "ss")

MUCH = 0x40000  # bytes from which on a file is quicker than the stub
NOT_STARTED = "the kernel has not made its processes yet; try `break switch_to_user` and `continue` first"


class Error(gdb.GdbError):
    """What the user is told; gdb prints it and nothing else."""


def inferior():
    """The one that is the machine."""
    return gdb.inferiors()[0]


def check_connected():
    if not inferior().threads():
        raise Error("there is no machine: this needs `make debug`, or `target remote` to a QEMU that runs Granite")


def quietly(command):
    """Do one of gdb's commands, and say nothing."""
    gdb.execute("set suppress-cli-notifications on")
    try:
        return gdb.execute(command, to_string=True)
    finally:
        gdb.execute("set suppress-cli-notifications off")


def add_inferior():
    """A new one, which gdb looks at from now on; its number."""
    check_connected()
    quietly("add-inferior -no-connection")
    number = max(inferior.num for inferior in gdb.inferiors())
    quietly(f"inferior {number}")
    return number


def remove_inferior(number):
    """gdb looks at the machine again."""
    inferior().threads()[0].switch()
    quietly(f"remove-inferiors {number}")


@contextlib.contextmanager
def selection_kept():
    """Whatever gdb is made to look at meanwhile, afterwards it looks at what it did before."""
    thread = gdb.selected_thread()
    frame = gdb.selected_frame() if thread else None
    number = gdb.selected_inferior().num
    try:
        yield
    finally:
        if thread:
            thread.switch()
            frame.select()
        else:
            quietly(f"inferior {number}")


@contextlib.contextmanager
def selected():
    """The machine is what gdb looks at, for a moment."""
    check_connected()
    if gdb.selected_thread() == inferior().threads()[0]:
        yield
        return
    with selection_kept():
        inferior().threads()[0].switch()
        yield


# ---- Memory ----


def read_physical(address, size):
    """Bytes of the machine's physical memory, whatever is mapped."""
    with selected():
        data = read_by_monitor(address, size) if size >= MUCH else read_by_stub(address, size)
    if len(data) < size:
        raise Error(f"there is no physical memory at {address + len(data):#x}")
    return data


def read_by_stub(address, size):
    """QEMU manual, "GDB usage": its stub can be switched from linear addresses to physical ones."""
    connection = inferior().connection
    if connection.send_packet("Qqemu.PhyMemMode:1") != b"OK":
        raise Error("the machine is no QEMU: its physical memory can't be read")
    try:
        return inferior().read_memory(address, size).tobytes()
    except gdb.MemoryError:
        return b""
    finally:
        connection.send_packet("Qqemu.PhyMemMode:0")


def read_by_monitor(address, size):
    """The same through a file, which takes less time for each byte."""
    with tempfile.TemporaryDirectory(prefix="granite-gdb-") as folder:
        path = os.path.join(folder, "memory")
        said = gdb.execute(f'monitor pmemsave {address} {size} "{path}"', to_string=True).strip()
        if said:
            raise Error(f"QEMU can't save its memory: {said}")
        with open(path, "rb") as file:
            return file.read()


def word_at(physical):
    return int.from_bytes(read_physical(physical, 4), "little")


# ---- The kernel's variables ----


def kernel_elf():
    return inferior().progspace.filename


def build_folder():
    return os.path.dirname(kernel_elf())


@functools.cache
def symbol(name):
    """(address, type) of one of the kernel's variables."""
    with selected():
        try:
            value = gdb.parse_and_eval(f"'{name}'")
        except gdb.error as error:
            raise Error(f"the kernel's symbols are missing: {error}") from None
        return int(value.address), value.type


def function(name):
    """The address of one of the kernel's functions."""
    with selected():
        return int(gdb.parse_and_eval(f"'{name}'").address)


def variable(name):
    """The value of one of the kernel's variables. Its linear addresses are the physical ones."""
    address, kind = symbol(name)
    return gdb.Value(read_physical(address, kind.sizeof), kind)


def variable_at(address, like):
    """The struct at an address of the kernel's; `like`: gdb's type."""
    return gdb.Value(read_physical(address, like.sizeof), like)


def elements(address, kind, read):
    """The elements of an array, read at once; gdb's limit for a value's size (max-value-size) is lower."""
    element = kind.target()
    data = read(address, kind.sizeof)
    return [gdb.Value(data[at : at + element.sizeof], element) for at in range(0, kind.sizeof, element.sizeof)]


# ---- The processor ----


def registers():
    """What the processor's registers hold."""
    with selected():
        frame = gdb.newest_frame()
        return {name: int(frame.read_register(name)) & 0xFFFFFFFF for name in USER_REGISTERS}


def in_user_mode():
    """Whether the processor runs a process, and not the kernel."""
    return registers()["cs"] & 3 != 0
