#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=900
"""
make UBSAN=1: undefined behaviour stops the kernel or the server that has it, and is told of with its
place. Three mistakes are put into a copy of the sources; a program runs into one of them.
"""

import os
import re
import shutil

import guest
import machine
from build import Build
from script import SourceCopy, run_tests

SECONDS = 60

# The mistakes: in which file, before which line, and what.
SHIFT = ("kernel/sys/do_yield.c", "\t(void)request;\n", "\tstatic volatile int n = 32;\n\tn = 1 << n;\n")
SUM = ("servers/pm/kill.c", "\t(void)reply;\n", "\tstatic volatile int n = 0x7fffffff;\n\tn = n + 1;\n")
INDEX = (
    "drivers/console/calls.c",
    "\t(void)caller;\n\t(void)request;\n\tmemcpy(reply->termios",
    "\tstatic volatile char n[4];\n\tstatic volatile int i = 4;\n\t(void)n[i];\n",
)

PROGRAM = """
#include <sched.h>
#include <signal.h>
#include <termios.h>
int main(void) { struct termios termios; (void)termios; %s; return 7; }
"""

COPY = SourceCopy()
PROGRAMS_NEEDED = ("lib", "sh")  # building takes most of this test's time


def leave_out_programs():
    folder = os.path.join(COPY.root, "programs")
    for name in set(os.listdir(folder)) - set(PROGRAMS_NEEDED):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.remove(path)


def plant():
    """Puts the mistakes into the copy; returns their lines by their files."""
    lines = {}
    for path, before, mistake in (SHIFT, SUM, INDEX):
        text = COPY.read(path)
        assert before in text, path
        start, _, rest = text.partition(before)
        COPY.write(path, start + mistake + before + rest)
        lines[path] = text[: len(start)].count("\n") + mistake.count("\n")
    return lines


leave_out_programs()
LINES = plant()


def run_into(build, statement):
    """The status and the log of a program that does this."""
    with machine.scratch() as folder:
        source, program = (os.path.join(folder, name) for name in ("run_into.c", "run_into"))
        with open(source, "w") as file:
            file.write(PROGRAM % statement)
        build.compile(program, [source])
        service = guest.Service(program, "run_into")
        result = guest.run(build, [service], guest.Options(seconds=SECONDS), None, lambda data: None)
        return result.status, result.log


def check_kernel(build):
    status, log = run_into(build, "sched_yield()")
    assert status == guest.STATUS_PANIC, log
    assert re.search(r"^PANIC: undefined behaviour in \w*yield[.\w]*\+[0-9a-f]+$", log, re.M), log
    check_place(log, "the kernel", "a shift is too wide or loses bits", SHIFT)


def check_vital_server(build):
    status, log = run_into(build, "kill(0, 0)")
    assert status == guest.STATUS_PANIC, log
    assert re.search(r"^PANIC: pm died of signal 4: undefined behaviour, trap 6,", log, re.M), log
    check_place(log, "pm", "an addition overflows", SUM)


def check_driver(build):
    """It is started again. The program asks once more each time, until it gives up."""
    status, log = run_into(build, "tcgetattr(0, &termios)")
    assert status == 7, log
    assert re.search(r"^\[pm\] console \(pid 2\) died of SIGILL, undefined behaviour, at address", log, re.M), log
    assert log.count("[console] ready") > 1, log
    check_place(log, "console", "an index is out of bounds", INDEX)


def check_place(log, where, what, mistake):
    path = mistake[0]
    assert re.search(rf"^undefined behaviour in {where}(: {what})?$", log, re.M), log
    assert re.search(rf"^  .*{re.escape(path)}:{LINES[path]}\b", log, re.M), log


def it_is_found_and_the_system_tells():
    build = Build("build/ubsan", COPY.root)
    build.make("sdk")
    check_kernel(build)
    check_vital_server(build)
    check_driver(build)


run_tests([it_is_found_and_the_system_tells])
