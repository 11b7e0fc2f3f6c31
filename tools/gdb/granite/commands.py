# SPDX-License-Identifier: MIT
"""Commands that show processes."""

import gdb

from granite import machine, paging, pids, processes, programs, view
from granite.machine import Error
from granite.processes import IPC_CALLS, IPC_VECTOR, KCALL_VECTOR, SYSCALL_VECTOR

INT = 0xCD  # the instruction `int n`; n is its second byte
EFLAGS = ((0x001, "CF"), (0x040, "ZF"), (0x080, "SF"), (0x100, "TF"), (0x200, "IF"), (0x400, "DF"), (0x800, "OF"))


class Command(gdb.Command):
    """What a subclass has: `name`, a text of help, and run(words)."""

    words_min, words_max = 0, 1

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_USER)

    def invoke(self, argument, _):
        self.dont_repeat()
        words = gdb.string_to_argv(argument)
        if not self.words_min <= len(words) <= self.words_max:
            usage = self.__doc__.strip().splitlines()[0].partition(": ")[0]
            raise Error(f"usage: {usage}")
        self.run(words)


class Ps(Command):
    """ps: list the processes.

    PID and ENDPOINT are its numbers; a star marks the process in whose name the kernel works, or that runs.
    WHERE is the function of its program that it was in when it last entered the kernel, or is in now."""

    name = "ps"
    words_max = 0

    def run(self, _):
        everybody = processes.living()
        numbers = pids.pids()
        print("    PID  ENDPOINT  PROCESS          WHERE                            WHAT IT DOES")
        for process in everybody:
            registers, _ = processes.registers(process)
            where = programs.place(process, registers["eip"]) or f"{registers['eip']:#010x}"
            star = "*" if process.is_current() else " "
            pid = numbers.get(process.endpoint, "-")
            print(
                f"{star} {pid:>5} {process.endpoint:>9}  {process.name:16} {where:32} {processes.state(process)}"
            )


class LookAt(Command):
    """process [PROCESS]: look at a process, with its own registers, memory and symbols.

    From then on all that gdb can do with a program that stands still is about that process: backtrace, frame, info
    locals, print, x, list. Its addresses are its own. Nothing that is changed there changes the machine. `kernel` leads
    back; `continue` does too, and lets the machine run.
    PROCESS is a name, a pid or an endpoint; without it, the current process."""

    name = "process"

    def run(self, words):
        process = pids.find(*words or [None])
        view.close_all()
        looked_at = view.View(process)
        introduce(process)
        if not looked_at.program:
            print("  its program is none of this build: there are no symbols")
        gdb.execute("frame")


class Kernel(Command):
    """kernel: look at the machine and the kernel again, after `process`."""

    name = "kernel"
    words_max = 0

    def run(self, _):
        view.close_all()
        machine.inferior().threads()[0].switch()
        gdb.execute("frame")


class In(Command):
    """in PROCESS COMMAND...: do one of gdb's commands as if `process PROCESS` had been said before.

    in sh backtrace full
    in pm print process_table[1]
    in console x/4xw $esp"""

    name = "in"

    def invoke(self, argument, _):
        self.dont_repeat()
        who, _, command = argument.strip().partition(" ")
        if not command.strip():
            raise Error("usage: in PROCESS COMMAND...")
        with view.of(pids.find(who)):
            gdb.execute(command)


class Registers(Command):
    """process-registers [PROCESS]: what a process has in its registers, and its segment.

    They are those that it will go on with: saved in the kernel's process table when it last entered the kernel, or, if
    it runs right now, the processor's."""

    name = "process-registers"

    def run(self, words):
        process = pids.find(*words or [None])
        registers, remark = processes.registers(process)
        introduce(process, remark)
        for line in (("eax", "ebx", "ecx", "edx"), ("esi", "edi", "ebp", "esp")):
            print("  " + "  ".join(f"{name} {registers[name]:08x}" for name in line))
        print(f"  eip {registers['eip']:08x}  {programs.place(process, registers['eip'])}".rstrip())
        flags = " ".join(word for bit, word in EFLAGS if registers["eflags"] & bit)
        print(f"  eflags {registers['eflags']:08x}  {flags}")
        selectors = ("cs", "ds", "es", "ss", "fs", "gs")
        print("  " + "  ".join(f"{name} {registers[name] & 0xFFFF:04x}" for name in selectors))
        ring = registers["cs"] & 3
        kind = "no page table" if process.small else f"page directory at {process.directory:#x}"
        print(f"  ring {ring}, segment from {process.base:#x}, {process.limit:#x} bytes, {kind}")


class Backtrace(Command):
    """process-backtrace [PROCESS|all]: the functions that a process is in, from its saved registers.

    The process need not be loaded. What the kernel is doing for it is shown too; then why it is in the kernel; then its
    own functions, with its program's symbols, its bridge's among them."""

    name = "process-backtrace"

    def run(self, words):
        everybody = processes.living() if words == ["all"] else [pids.find(*words or [None])]
        for process in everybody:
            backtrace(process)


# ---- What they print ----


def introduce(process, remark=""):
    print(f"{pids.describe(process)}: {processes.state(process)}" + (f" ({remark})" if remark else ""))


def backtrace(process):
    registers, remark = processes.registers(process)
    introduce(process, remark)
    if process.is_current() and not machine.in_user_mode():
        print("  the kernel, for it:")
        with machine.selected():
            gdb.execute("backtrace")
    for line in (trap_taken(process, registers), bridge_state(process)):
        if line:
            print(f"  {line}")
    if process.has("rts_flag", "RTS_NO_IMAGE"):
        return
    with view.of(process) as looked_at:
        if not looked_at.program:
            print("  its program is none of this build: there are no symbols, so what follows may be wrong")
        gdb.execute("backtrace")


def trap_taken(process, registers):
    """In words: the trap that a process is in, or was in last; '': it was interrupted, or faulted."""
    code = paging.read(process, registers["eip"] - 2, 2) if registers["eip"] >= 2 else b""
    in_kernel = not (process.is_current() and machine.in_user_mode())
    if len(code) < 2 or code[0] != INT or not in_kernel:
        return ""
    if code[1] == IPC_VECTOR:
        call = IPC_CALLS.get(registers["ecx"], "an unknown call")
        return f"in int {IPC_VECTOR:#x}: ipc {call}"
    if code[1] == KCALL_VECTOR:
        return f"in int {KCALL_VECTOR:#x}: kernel call {processes.kernel_call(process)}"
    return f"in int {SYSCALL_VECTOR:#x}: a Linux call" if code[1] == SYSCALL_VECTOR else ""


def bridge_state(process):
    control = int(process.entry["bridge_control"])
    busy = paging.read(process, control, 4) if control else b""
    return "its bridge is busy with a Linux call or a signal" if any(busy) else ""


def register():
    for command in (Ps, LookAt, Kernel, In, Registers, Backtrace):
        command()
