# SPDX-License-Identifier: MIT
"""Breakpoints at kernel calls, and in programs."""

import os

import gdb

from granite import machine, pids, processes, programs
from granite.commands import Command
from granite.machine import PROC_BASE, Error


class BreakCall(Command):
    """break-call NAME [PROCESS]: stop when a kernel call is made, perhaps only by one process.

    NAME is one of abi/granite/abi/ops/sys.def, such as vircopy. It stops in the kernel, before the call is carried
    out, and prints the request; a call that had to wait and goes on stops again. PROCESS is a name, pid or endpoint of
    one that lives, or the name of a program that is yet to be started. It is a breakpoint like any other: see
    `info breakpoints` and `delete`."""

    name = "break-call"
    words_min, words_max = 1, 2

    def run(self, words):
        call = words[0].removeprefix("do_").removeprefix("sys_")
        if call not in processes.KERNEL_CALLS.values():
            raise Error(f"there is no kernel call {call}; there are: {' '.join(processes.KERNEL_CALLS.values())}")
        CallBreakpoint(call, chosen(words[1]) if len(words) > 1 else None)


def chosen(text):
    """A function that tells whether a process is the one, or one of those, that the user means."""
    try:
        process = pids.find(text)
    except Error:
        if not programs.path_of(text):
            raise
        print(f"no process is called {text} yet: it is to be the next that is")
        return lambda process: process.name == text
    return lambda other: other.endpoint == process.endpoint


class CallBreakpoint(gdb.Breakpoint):
    """At the function that the kernel's dispatch table has for the call."""

    def __init__(self, call, is_wanted):
        with machine.selected():
            super().__init__(f"*{machine.function(f'call_{call}'):#x}")
            self.request = gdb.lookup_type(f"struct sys_{call}_req")
        self.call, self.is_wanted = call, is_wanted

    def stop(self):
        # The handler's first argument. The current process may be another: vm, when it takes up what the call asked for.
        caller = processes.at_address(machine.word_at(machine.registers()["esp"] + 4))
        if self.is_wanted and not self.is_wanted(caller):
            return False
        payload = caller.entry["call"]["m_bytes"]
        data = bytes(int(payload[index]) for index in range(self.request.sizeof))
        again = " (again: it had to wait)" if caller.has("misc_flag", "MF_RESUME_CALL") else ""
        again = " (again: vm takes it up)" if caller.has("misc_flag", "MF_TAKEN_UP") else again
        request = gdb.Value(data, self.request).format_string(pretty_structs=False)
        print(f"kernel call {self.call} by {caller}{again}: {request}")
        return True


class BreakProgram(Command):
    """break-program PROGRAM LOCATION: stop when a process that runs a program comes to a place in it.

    PROGRAM is one of the boot archive. LOCATION is what `break` takes: a function, FILE:LINE. The processor's registers
    hold a process's own addresses, which gdb takes for the kernel's, so it says `in ?? ()`; the line in brackets tells
    the place. `process` then shows it properly."""

    name = "break-program"
    words_min, words_max = 2, 2

    def run(self, words):
        program, location = words
        path = programs.path_of(program)
        if not path:
            folder = os.path.join(os.path.relpath(machine.build_folder()), "elf", "bin")
            raise Error(f"there is no program {program}; see {folder}")
        for address in addresses_of(path, location):
            ProgramBreakpoint(path, address, base_of(program))


def addresses_of(path, location):
    """Where in a program `break` would stop for a location."""
    with machine.selection_kept():
        number = machine.add_inferior()
        try:
            machine.quietly(f"file {path}")
            probe = gdb.Breakpoint(location, internal=True)
            found = {place.address for place in probe.locations if number in place.thread_groups}
            probe.delete()
        except gdb.error as error:
            raise Error(f"{os.path.basename(path)}: {error}") from None
        finally:
            machine.remove_inferior(number)
    if not found:
        raise Error(f"{os.path.basename(path)} has no {location}")
    return sorted(found)


def base_of(program):
    """Where the segment of those that run the program begins."""
    slot = ("vm", "pm").index(program) if program in ("vm", "pm") else None
    if slot is None:
        return PROC_BASE
    processes.check_started()
    return processes.at_slot(slot).base


class ProgramBreakpoint(gdb.Breakpoint):
    """
    QEMU stops at linear addresses, gdb compares with eip, which is the process's own. So a breakpoint is set at each:
    a hidden one that stops, and this, which is recognised. At its own linear address nothing ever runs.
    """

    def __init__(self, path, address, base):
        with machine.selected():
            self.hidden = gdb.Breakpoint(f"*{base + address:#x}", internal=True)
            self.hidden.silent = True
            super().__init__(f"*{address:#x}")
        self.path = path
        OPEN[self.number] = self

    def stop(self):
        if not machine.in_user_mode():
            return False
        return programs.program_of(processes.current()) == self.path


OPEN = {}  # those with a hidden one, by number


def on_deleted(breakpoint):
    ours = OPEN.pop(breakpoint.number, None)
    if ours:
        ours.hidden.delete()


def on_modified(breakpoint):
    ours = OPEN.get(breakpoint.number)
    if ours and ours.hidden.enabled != breakpoint.enabled:
        ours.hidden.enabled = breakpoint.enabled


def register():
    for command in (BreakCall, BreakProgram):
        command()
    gdb.events.breakpoint_deleted.connect(on_deleted)
    gdb.events.breakpoint_modified.connect(on_modified)
