# SPDX-License-Identifier: MIT
"""The kernel's process table: who lives, why it does not run, where it was."""

import functools

import gdb
import gdb.types

import abi
from granite import machine
from granite.machine import Error

VM_ENDPOINT = 1 << abi.constants("endpoint.h")["ENDPOINT_SLOT_BITS"]  # slot 0, generation 1
NOBODY = {value: name.lower() for name, value in abi.constants("endpoint.h").items() if value < 0}
ANY = -1
KERNEL_CALLS = {int(row[0], 0): row[2] for row in abi.rows(abi.header("ops/sys.def"), "OP") if row[0][0] == "0"}
IPC_CALLS = {number: name.lower() for name, number in abi.constants("ipc.h", "IPC_").items()}
IPC_VECTOR, KCALL_VECTOR, SYSCALL_VECTOR = (
    abi.constants("ipc.h")[f"{name}_VECTOR"] for name in ("IPC", "KCALL", "SYSCALL")
)


@functools.cache
def flags(enum):
    """The values of one of the kernel's enums of flags, by name."""
    with machine.selected():
        return gdb.types.make_enum_dict(gdb.lookup_type(f"enum {enum}"))


class Process:
    """One that lives, as it is while the machine stands still. `entry` is its struct proc."""

    def __init__(self, entry, slot):
        self.entry = entry
        self.slot = slot
        self.endpoint = int(entry["endpoint"])
        self.name = entry["name"].string()
        self.base = int(entry["arch"]["base"])
        self.limit = int(entry["arch"]["limit"])
        self.directory = int(entry["arch"]["directory"])
        self.small = self.has("misc_flag", "MF_SMALL")

    def __str__(self):
        return f"{self.name} ({self.endpoint})"

    def has(self, enum, flag):
        return bool(int(self.entry[f"{enum}s"]) & flags(enum)[flag])

    def is_current(self):
        return current_slot() == self.slot


# ---- The table ----


def at_slot(slot):
    """The process in a slot, or None."""
    address, table = machine.symbol("proc_table")
    kind = table.target()
    entry = machine.variable_at(address + slot * kind.sizeof, kind)
    return None if int(entry["rts_flags"]) & flags("rts_flag")["RTS_SLOT_FREE"] else Process(entry, slot)


def check_started():
    address, table = machine.symbol("proc_table")
    first = machine.variable_at(address, table.target())
    if int(first["endpoint"]) != VM_ENDPOINT:
        raise Error(machine.NOT_STARTED)


def living():
    """All processes, by slot."""
    check_started()
    free = flags("rts_flag")["RTS_SLOT_FREE"]
    entries = machine.elements(*machine.symbol("proc_table"), machine.read_physical)
    return [Process(entry, slot) for slot, entry in enumerate(entries) if not int(entry["rts_flags"]) & free]


def slot_of(pointer):
    """The slot that one of the kernel's pointers to a process points to."""
    address, table = machine.symbol("proc_table")
    return (pointer - address) // table.target().sizeof


def at_address(pointer):
    return at_slot(slot_of(pointer))


def current_slot():
    """The slot of the process in whose name the kernel works, or None."""
    pointer = int(machine.variable("current"))
    return slot_of(pointer) if pointer else None


def current():
    check_started()
    slot = current_slot()
    process = None if slot is None else at_slot(slot)
    if not process:
        raise Error("no process runs; name one: a process's name, pid or endpoint (see `ps`)")
    return process


def name_of(endpoint):
    """How to speak of an endpoint."""
    if endpoint < 0:
        return NOBODY.get(endpoint, str(endpoint))
    process = at_slot(endpoint % VM_ENDPOINT)
    return process.name if process and process.endpoint == endpoint else f"{endpoint} (which is dead)"


# ---- Why it does not run ----


def receiving(process):
    source = int(process.entry["receive_from"])
    if process.has("misc_flag", "MF_REPLY_PENDING"):
        return f"waits for the answer of {name_of(source)}"
    return "waits for a message" + ("" if source == ANY else f" from {name_of(source)}")


REASONS = {
    "RTS_NO_IMAGE": lambda process: "has no program yet",
    "RTS_SENDING": lambda process: f"waits until {name_of(int(process.entry['send_to']))} takes its message",
    "RTS_RECEIVING": receiving,
    "RTS_PAGEFAULT": lambda process: "waits for vm: page fault",
    "RTS_VMREQUEST": lambda process: "waits for vm: memory for a copy",
    "RTS_EXCEPTION": lambda process: "waits for pm: it has caused an exception",
    "RTS_STOPPED": lambda process: "stopped by pm",
    "RTS_NOTED": lambda process: "was notified of something that can wait",
}


def state(process):
    """In words: why it does not run, or that it can."""
    reasons = [text(process) for flag, text in REASONS.items() if process.has("rts_flag", flag)]
    if process.has("misc_flag", "MF_RESUME_CALL"):
        reasons.append(f"is to go on with its kernel call {kernel_call(process)}")
    if reasons:
        return "; ".join(reasons)
    return "runs" if process.is_current() else "can run"


def kernel_call(process):
    number = int(process.entry["call"]["m_type"])
    return KERNEL_CALLS.get(number, f"{number:#x}")


# ---- Its registers ----

SAVED = ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eip", "eflags", "cs", "ss", "ds", "es")


def half_saved(process, processor):
    """Whether the kernel is just being entered or left: the stack is the process's saved frame then."""
    address, table = machine.symbol("proc_table")
    start = address + process.slot * table.target().sizeof
    return processor["cs"] & 3 == 0 and start <= processor["esp"] < start + table.target().sizeof


def registers(process):
    """(registers, remark): as it will have them when it runs on."""
    saved = {name: int(process.entry["regs"][name]) for name in SAVED}
    saved |= {name: int(process.entry["arch"][name]) for name in ("fs", "gs")}
    if not process.is_current():
        return saved, ""
    processor = machine.registers()
    if processor["cs"] & 3:
        return processor, "the processor is in it right now"
    if half_saved(process, processor):
        return saved, "the kernel is just being entered or left: some registers are still, or again, the processor's"
    remark = "nobody runs; it was the last" if int(process.entry["rts_flags"]) else "the kernel works for it right now"
    return saved | {name: processor[name] for name in ("fs", "gs")}, remark
