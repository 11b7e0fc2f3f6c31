#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""The demo: every part does what it says, by its own account and by what is to be seen from outside."""

import os
import re
import subprocess

from build import ROOT, tied
from script import PROMPT, Terminal, build_under_test, run_tests

PARTS = ("crash", "driver", "store", "attack", "copy", "crowd", "cost")
ENTER = "Enter goes on, q and Enter ends the tour."

terminal = Terminal(["tools/run", "--build", build_under_test().folder])


def without_colours(text):
    return re.sub("\033\\[[0-9;?]*[a-zA-Z]", "", text)


def run(command, seconds=60):
    """What the command shows, with what the shell says of its exit status."""
    terminal.type(command + "\r")
    terminal.expect(command + "\n", seconds)
    return terminal.expect(PROMPT, seconds)


def show_part(name):
    """What a part shows; that all it claims is so, and that it claims something."""
    shown = run(f"demo {name}")
    plain = without_colours(shown)
    assert shown != plain, "no colours"
    assert "FALSE" not in plain and "  true:   " in plain, plain
    assert "All of that was so." in plain and "exit status" not in plain, plain
    return plain


def the_system_boots():
    terminal.expect(PROMPT)


def without_a_part_all_are_listed():
    assert tuple(re.findall(r"^  (\w+) +\S", run("demo"), re.M)) == PARTS


def crashes_are_seen_by_pm_and_by_nobody_else():
    shown = show_part("crash")
    assert len(re.findall(r"^\[pm\] CRASH: demo .* died of SIG(?:SEGV|FPE|ILL):", shown, re.M)) == 3, shown


def the_driver_is_killed_and_its_successor_shows_the_rest():
    shown = show_part("driver")
    assert "[rs] console killed by signal 9" in shown and "[console] ready" in shown, shown
    old, new = re.search(r"was endpoint (\d+), pid \d+, and is (\d+),", " ".join(shown.split())).groups()
    assert old != new


def ctrl_c_works_after_the_driver_was_killed():
    terminal.type("demo all\r")
    terminal.expect(ENTER)
    terminal.type("\r")
    terminal.expect("2 of ")
    terminal.expect(ENTER)
    terminal.type("\x03")
    assert "3 of" not in terminal.expect(PROMPT)
    assert "demo" not in run("ps")


def a_worker_goes_on_where_the_last_one_stopped():
    shown = show_part("store")
    assert len(re.findall(r"^\[rs\] ds killed by signal 9$", shown, re.M)) == 3, shown
    pids = re.findall(r"the worker is killed; pid (\d+) takes its place", shown)
    assert len(set(pids)) == 5, shown
    assert "5 workers and 3 data stores were killed" in shown and "the count is 20" in shown, shown
    assert "demo." not in run("ds list")


def no_attack_gets_through():
    shown = show_part("attack")
    attempts = re.findall(r"^  true:   \S.{39} +(SIGSEGV|ECALLDENIED|EFAULT|EBADCALL|the kernel says who it is)$", shown, re.M)
    assert len(attempts) == 15, shown
    assert "of 15 attempts 0 got through" in shown


def a_fork_copies_little():
    shown = " ".join(show_part("copy").split())
    taken = re.search(r"the child has 8 MiB too, and (\d+) KiB less is free", shown)
    assert 0 < int(taken[1]) <= 256, shown


def a_crowd_leaves_nothing_behind():
    shown = show_part("crowd")
    assert len(re.findall(r"round \d: 100 started, 10\d processes in all", shown)) == 3, shown
    account = re.findall(r"^ +([\d.]+ \w+) +([\d.]+ \w+)  \S", shown, re.M)
    assert len(account) == 7 and all(before == now for before, now in account), shown


def costs_are_measured():
    shown = show_part("cost")
    rows = re.findall(r"^    (\S.*?) +([\d.]+) us +([\d.]+) +([\d.]+)$", shown, re.M)
    assert [row[0].split()[1] for row in rows[:3]] == ["kernel", "message", "message"] and len(rows) == 5, shown


def enter_leads_through_all_parts_and_q_ends():
    terminal.type("demo all\r")
    for number in range(1, len(PARTS)):
        assert f"{number} of {len(PARTS)}:" in terminal.expect(ENTER)
        terminal.type("\r")
    shown = terminal.expect(PROMPT)
    assert "All of that was so." in shown and "FALSE" not in shown, shown
    terminal.type("demo all\r")
    terminal.expect(ENTER)
    terminal.type("q\r")
    shown = terminal.expect(PROMPT)
    assert "All of that was so." in shown and "2 of" not in shown, shown


def nothing_is_left_behind():
    shown = run("ps")
    assert "demo" not in shown, shown


def without_a_terminal(*arguments):
    """The demo as a guest program, whose output is a pipe; returns its exit status and output."""
    program = os.path.join(build_under_test().folder, "elf", "bin", "demo")
    command = [os.path.join(ROOT, "tools", "guest"), "--debug", "-t", "60", program, "--", *arguments]
    done = subprocess.run(tied(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout.decode()


def without_a_terminal_there_are_no_colours():
    status, output = without_a_terminal("copy")
    assert status == 0 and "\033" not in output and "All of that was so." in output, (status, output)


def a_claim_that_is_not_so_fails_the_demo_and_nobody_is_asked_for_enter():
    """Guest programs may talk to each other: so of the attacks one does not get the answer that it should."""
    status, output = without_a_terminal("all")
    assert status == 1 and "7 of 7:" in output and "Enter" not in output, (status, output)
    assert re.search(r"^  FALSE:  talks to a program it has no right to", output, re.M), output
    assert output.count("FALSE") == 1 and "1 of the claims did not hold." in output, output


tests = [
    the_system_boots,
    without_a_part_all_are_listed,
    crashes_are_seen_by_pm_and_by_nobody_else,
    the_driver_is_killed_and_its_successor_shows_the_rest,
    ctrl_c_works_after_the_driver_was_killed,
    a_worker_goes_on_where_the_last_one_stopped,
    no_attack_gets_through,
    a_fork_copies_little,
    a_crowd_leaves_nothing_behind,
    costs_are_measured,
    enter_leads_through_all_parts_and_q_ends,
    nothing_is_left_behind,
    without_a_terminal_there_are_no_colours,
    a_claim_that_is_not_so_fails_the_demo_and_nobody_is_asked_for_enter,
]

with terminal:
    run_tests(tests)
