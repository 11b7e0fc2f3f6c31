#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make run`: a person types at the prompt."""

import time

from script import PROMPT, Terminal, build_under_test, run_tests

RUN = ["tools/run", "--build", build_under_test().folder]
LEAVE = "\x01x"  # QEMU's key: Ctrl-A X
CTRL_C = "\x03"


def session():
    return Terminal(RUN)


def programs_are_started_by_name():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("hello\r")
        terminal.expect("Hello from Granite!\n")
        terminal.expect(PROMPT)


def an_unknown_name_is_told_and_the_prompt_comes_back():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("nosuchprogram\r")
        terminal.expect("nosuchprogram")  # the echo
        assert "nosuchprogram" in terminal.expect(PROMPT)


def ctrl_c_ends_a_program_but_not_the_shell():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("sleep 1000\r")
        terminal.expect("sleep 1000\n")
        time.sleep(1)  # until sleep runs: what Ctrl-C does before, it does to the shell
        terminal.type(CTRL_C)
        terminal.expect(PROMPT)
        terminal.type("echo still here\r")
        terminal.expect("\nstill here\n")


def ctrl_a_x_leaves():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type(LEAVE)
        assert terminal.wait() == 0


def poweroff_leaves():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("poweroff\r")
        assert terminal.wait() == 0


run_tests(
    [
        programs_are_started_by_name,
        an_unknown_name_is_told_and_the_prompt_comes_back,
        ctrl_c_ends_a_program_but_not_the_shell,
        ctrl_a_x_leaves,
        poweroff_leaves,
    ]
)
