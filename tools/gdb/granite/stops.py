# SPDX-License-Identifier: MIT
"""What happens when the machine stops and goes on: who runs is told, and what was shown of a process is old."""

import os

import gdb

from granite import machine, processes, programs, view
from granite.commands import Command

LAST = {"who": None}  # that was told of


def on_stop(event):
    """The symbols of a process are not loaded beside the kernel's; where it is in its program is told all the same."""
    del event
    if gdb.selected_inferior() != machine.inferior():
        return
    try:
        process, registers = processes.current(), machine.registers()
    except (machine.Error, gdb.error):  # nothing runs yet
        return
    user = registers["cs"] & 3
    if user:
        print(f"[{process} runs: {place(process, registers['eip'])}]")
    elif LAST["who"] != process.endpoint:
        print(f"[the kernel, for {process}]")
    LAST["who"] = None if user else process.endpoint


def place(process, address):
    path = programs.program_of(process)
    if not programs.place_in(path, address):
        return f"{address:#x}, which is in no program that is known"
    return "{} at {}".format(*programs.line_of(path, address))


def before_continue():
    """`continue` is for the machine; what was shown of a process is out of date then."""
    view.close_all()


class Type(Command):
    """type TEXT...: type a line at the guest's console.

    The guest reads it when it runs on. What it says is in the file that `make debug` has named. Without a text, an
    empty line."""

    name = "type"

    def invoke(self, argument, _):
        self.dont_repeat()
        path = os.environ.get("GRANITE_CONSOLE")
        if not path:
            raise machine.Error("there is no console to type at: it comes with `make debug`")
        try:
            console = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            os.write(console, argument.encode() + b"\r")
            os.close(console)
        except OSError as error:
            raise machine.Error(f"the console does not listen: {error}") from None


def register():
    Type()
    gdb.events.stop.connect(on_stop)
    gdb.events.gdb_exiting.connect(lambda event: view.close_all())
    gdb.execute("define hook-continue\npython\nfrom granite import stops\nstops.before_continue()\nend\nend")
