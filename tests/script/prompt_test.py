#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make run`: a person types at the prompt."""

import os
import re
import signal
import termios
import time

from build import ROOT
from script import PROMPT, Terminal, build_under_test, run_tests

RUN = ["tools/run", "--build", build_under_test().folder]
LEAVE = "\x01x"  # QEMU's key: Ctrl-A X
CTRL_C = "\x03"


def session():
    return Terminal(RUN)


def without_what_varies(text):
    """Sizes and times differ, and so do the spaces before them."""
    text = re.sub(r"\d+(\.\d+)? (KiB|MiB|s)\b", "N", text)
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def the_screen_is_what_the_readme_shows():
    with open(os.path.join(ROOT, "README.md")) as file:
        shown = re.search(r"^## What you see\n\n((?:    .*\n)+)", file.read(), re.M)[1]
    with session() as terminal:
        screen = terminal.expect(PROMPT) + PROMPT
        terminal.type("ps\r")
        screen += terminal.expect(PROMPT)
    assert without_what_varies(screen) == without_what_varies(shown), f"{screen}\nbut:\n{shown}"


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


def ctrl_c_ends_a_list_of_commands():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("sleep 1000; echo ne'x't\r")
        terminal.expect("\n")
        time.sleep(1)  # until sleep runs
        terminal.type(CTRL_C)
        assert "next" not in terminal.expect(PROMPT)


def a_shell_for_one_argument_leaves_the_terminal_alone():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("sh -c 'false; sleep 1000; echo no; echo no'\r")
        terminal.expect("\n")
        time.sleep(1)  # until sleep runs
        terminal.type(CTRL_C)
        assert "no" not in terminal.expect(PROMPT)


def kill_asks_what_is_meant():
    with session() as terminal:
        terminal.expect(PROMPT)
        for call in ("kill -9", "kill -1", "kill --"):
            terminal.type(call + "\r")
            terminal.expect("usage: kill")
            terminal.expect(PROMPT)
        terminal.type("kill -9 -1\r")
        terminal.expect("not a process number: -1")
        terminal.expect(PROMPT)


def the_shell_goes_on_when_the_console_driver_is_killed():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("kill -9 console\r")
        terminal.expect("[console] ready")
        terminal.type("\r")
        terminal.expect(PROMPT)
        terminal.type("echo al'i've\r")
        terminal.expect("alive")


def ctrl_a_x_leaves():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type(LEAVE)
        assert terminal.wait() == 0


def the_monitor_is_reached_and_left():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("\x01c")  # Ctrl-A C
        terminal.expect("(qemu) ")
        terminal.type("info status\r")
        terminal.expect("VM status: running")
        terminal.expect("(qemu) ")
        terminal.type("\x01c")
        terminal.type("echo ba'c'k\r")
        terminal.expect("\nback\n")


def keys_echo_before_the_line_ends():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("abc")
        terminal.expect("abc")
        terminal.type("\x7f")
        terminal.expect("\b \b")


def a_signal_leaves_the_terminal_as_it_was():
    for number in (signal.SIGTERM, signal.SIGHUP):
        with session() as terminal:
            before = termios.tcgetattr(terminal.master)
            terminal.expect(PROMPT)
            assert termios.tcgetattr(terminal.master) != before
            os.kill(terminal.pid, number)
            assert terminal.wait() == 128 + number
            assert termios.tcgetattr(terminal.master) == before


def poweroff_leaves():
    with session() as terminal:
        terminal.expect(PROMPT)
        terminal.type("poweroff\r")
        assert terminal.wait() == 0


run_tests(
    [
        the_screen_is_what_the_readme_shows,
        programs_are_started_by_name,
        an_unknown_name_is_told_and_the_prompt_comes_back,
        ctrl_c_ends_a_program_but_not_the_shell,
        ctrl_c_ends_a_list_of_commands,
        a_shell_for_one_argument_leaves_the_terminal_alone,
        kill_asks_what_is_meant,
        the_shell_goes_on_when_the_console_driver_is_killed,
        ctrl_a_x_leaves,
        the_monitor_is_reached_and_left,
        keys_echo_before_the_line_ends,
        a_signal_leaves_the_terminal_as_it_was,
        poweroff_leaves,
    ]
)
