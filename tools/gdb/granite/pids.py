# SPDX-License-Identifier: MIT
"""PM's numbers of the processes, and how a user names one."""

import functools
import os

import gdb

from granite import machine, paging, processes, programs
from granite.machine import Error

PM_SLOT = 1
ALIVE = "PROCESS_ALIVE"


@functools.lru_cache(maxsize=4)
def table_in(path, changed):
    """(address, type) of PM's process table, as its program says it."""
    del changed
    with machine.selection_kept():
        number = machine.add_inferior()
        try:
            machine.quietly(f"file {path}")
            table = gdb.parse_and_eval("process_table")
            return int(table.address), table.type
        finally:
            machine.remove_inferior(number)


def pids():
    """{endpoint: pid} of all living processes that have one; empty while there is no PM."""
    pm = processes.at_slot(PM_SLOT)
    path = pm and programs.program_of(pm)
    if not path or path != programs.path_of("pm"):
        return {}
    address, kind = table_in(path, os.path.getmtime(path))
    records = machine.elements(address, kind, functools.partial(paging.read, pm))
    return {int(r["endpoint"]): int(r["pid"]) for r in records if str(r["state"]) == ALIVE}


def find(text):
    """The process that a user names by name, pid or endpoint; without a text the current one."""
    if not text:
        return processes.current()
    everybody = processes.living()
    numbers = pids()
    # An endpoint may be a pid too: then the pid counts, for an endpoint can be replaced by a name.
    for key in (lambda process: numbers.get(process.endpoint), lambda process: process.endpoint):
        for process in everybody:
            if str(key(process)) == text:
                return process
    named = [process for process in everybody if process.name == text]
    if len(named) > 1:
        which = ", ".join(describe(process, numbers) for process in named)
        raise Error(f"several processes are called {text}; name one by pid or endpoint: {which}")
    if not named:
        raise Error(f"there is no process {text}: no name, pid or endpoint of those that `ps` lists")
    return named[0]


def describe(process, numbers=None):
    pid = (pids() if numbers is None else numbers).get(process.endpoint)
    return f"{process.name} (endpoint {process.endpoint}{f', pid {pid}' if pid else ''})"
