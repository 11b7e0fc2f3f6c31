# SPDX-License-Identifier: MIT
"""
A process as gdb sees one: an inferior of its own. It is given the process's program with its symbols, and a core file
made of the process's registers and of all memory that it has present. So everything gdb can do with a process that
stands still it can do here, with the process's own addresses; what is changed here does not change the machine.
"""

import contextlib
import os
import shutil
import struct
import tempfile

import gdb

from granite import machine, paging, processes, programs

ET_CORE, EM_386, PT_LOAD, PT_NOTE, NT_PRSTATUS = 4, 3, 1, 4, 1
HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
PROGRAM_HEADER = struct.Struct("<8I")
# Linux's struct elf_prstatus of i386: signal at 12, pid at 24, registers at 72.
PRSTATUS = struct.Struct("<12xh10xi44x17I4x")
PRSTATUS_REGISTERS = ("ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "ds", "es", "fs", "gs", "orig_eax", "eip")
PRSTATUS_REGISTERS += ("cs", "eflags", "esp", "ss")


def note(registers, pid):
    values = [registers.get(name, 0xFFFFFFFF) for name in PRSTATUS_REGISTERS]
    name = b"CORE\0\0\0\0"
    return struct.pack("<III", 5, PRSTATUS.size, NT_PRSTATUS) + name + PRSTATUS.pack(0, pid, *values)


def write_core(path, process, registers):
    """ELF specification 1.2, and its notes as Linux writes them."""
    runs = list(paging.runs(process))
    text = note(registers, process.endpoint)
    at = HEADER.size + PROGRAM_HEADER.size * (len(runs) + 1)
    ident = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    with open(path, "wb") as file:
        file.write(
            HEADER.pack(ident, ET_CORE, EM_386, 1, 0, HEADER.size, 0, 0, HEADER.size, 32, len(runs) + 1, 0, 0, 0)
        )
        file.write(PROGRAM_HEADER.pack(PT_NOTE, at, 0, 0, len(text), 0, 0, 4))
        at += len(text)
        for address, _, size in runs:
            file.write(PROGRAM_HEADER.pack(PT_LOAD, at, address, 0, size, size, 7, 1))
            at += size
        file.write(text)
        for _, physical, size in runs:
            file.write(machine.read_physical(physical, size))


class View:
    """gdb looks at the process from the making of this object on; until close() it can come back to it."""

    def __init__(self, process):
        registers, _ = processes.registers(process)
        self.process = process
        self.program = programs.program_of(process)  # its ELF file, or None
        self.folder = tempfile.mkdtemp(prefix="granite-gdb-")
        core = os.path.join(self.folder, "core")
        try:
            write_core(core, process, registers)
            with machine.selected():
                self.number = machine.add_inferior()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        VIEWS[self.number] = self
        machine.quietly(f"inferior {self.number}")
        if self.program:
            machine.quietly(f"file {self.program}")
        machine.quietly(f"core-file {core}")

    def close(self):
        """gdb looks at the machine again."""
        del VIEWS[self.number]
        if any(inferior.num == self.number for inferior in gdb.inferiors()):
            machine.quietly(f"inferior {self.number}")
            machine.quietly("core-file")
            machine.remove_inferior(self.number)
        shutil.rmtree(self.folder, ignore_errors=True)


VIEWS = {}  # those that are open, by their inferior's number


def selected():
    """The view that gdb looks at, or None."""
    return VIEWS.get(gdb.selected_inferior().num)


def close_all():
    for view in list(VIEWS.values()):
        view.close()


@contextlib.contextmanager
def of(process):
    """Look at a process for a moment."""
    with machine.selection_kept():
        view = View(process)
        try:
            yield view
        finally:
            view.close()


def address_in(process, text):
    """The value of a number, or of an expression of the process's program, as an address."""
    with contextlib.suppress(ValueError):
        return int(text, 0) & 0xFFFFFFFF
    with of(process):
        try:
            value = gdb.parse_and_eval(text)
            named = value.type.code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY)
            return int(value.address if named else value) & 0xFFFFFFFF
        except gdb.error as error:
            raise machine.Error(f"{text}: {error}") from None
