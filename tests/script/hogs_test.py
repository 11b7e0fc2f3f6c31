#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""While programs compute and never wait, a person at the console is answered. What is starved answers never."""

import contextlib

import machine
from script import HOG, ON_TERMINAL, PROMPT, Terminal, archive_with, build_under_test, program_of, run_tests

BUILD = build_under_test()
READY = "[console] ready"  # what is typed before is lost
HOGS = 5
USER = 8  # SCHED_PRIO_USER, abi/granite/abi/sys.h
CTRL_C = "\x03"


@contextlib.contextmanager
def session(services=""):
    """The system with one more program, `hog`, and more lines of the manifest; on a terminal."""
    with machine.scratch() as folder:
        programs = {"hog": program_of(BUILD, folder, "hog", HOG)}
        archive = archive_with(BUILD, folder, programs, lambda manifest: manifest + services)
        with Terminal(machine.qemu(BUILD.kernel, archive, extra=ON_TERMINAL)) as terminal:
            yield terminal


def typing_is_answered_while_hogs_run():
    with session() as terminal:
        terminal.expect(PROMPT)
        for _ in range(HOGS):
            terminal.type("hog &\r")
            terminal.expect(PROMPT)
        for number in range(5):
            terminal.type(f"echo answer {number}''{number}\r")
            terminal.expect(f"\nanswer {number}{number}\n")
            terminal.expect(PROMPT)
        for _ in range(50):  # the last may still be about to become one
            terminal.type("ps\r")
            if terminal.expect(PROMPT).count("hog") >= HOGS:
                return
        raise AssertionError("not all hogs run")


def a_hog_is_interrupted_from_the_keyboard():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("hog &\r")
        terminal.expect(PROMPT)
        terminal.type("hog 'spin'ning\r")
        terminal.expect("spinning\n")
        terminal.type(CTRL_C)
        terminal.expect(PROMPT)


def the_console_echoes_while_hogs_have_all_that_is_left():
    """They are more urgent than any program, so nobody but servers and drivers runs."""
    urgent = "".join(f"service hog{n} bin/hog prio={USER - 1}\n" for n in range(2))
    with session(urgent) as terminal:
        terminal.expect(READY)
        for word in ("is", "anybody", "there"):
            terminal.type(word)
            terminal.expect(word)


def a_hog_less_urgent_than_programs_takes_only_what_they_leave():
    idle = "".join(f"service hog{n} bin/hog prio={n}\n" for n in range(USER + 1, 16))
    with session(idle) as terminal:
        terminal.expect(PROMPT)
        terminal.type("echo ans''wer\r")
        terminal.expect("\nanswer\n")


run_tests(
    [
        typing_is_answered_while_hogs_run,
        a_hog_is_interrupted_from_the_keyboard,
        the_console_echoes_while_hogs_have_all_that_is_left,
        a_hog_less_urgent_than_programs_takes_only_what_they_leave,
    ]
)
