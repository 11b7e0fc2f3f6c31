#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""`top` as a person has it: its keys, and the terminal as it was when it has gone."""

import re
import time

import machine
from script import HOG, ON_TERMINAL, PROMPT, Terminal, archive_with, build_under_test, program_of, run_tests

SIZE = (80, 24)
CTRL_C, CTRL_Z, ESCAPE = "\x03", "\x1a", "\033"
HIDE, SHOW = "\033[?25l", "\033[?25h"
HOME, END = "\033[H", "\033[J"  # of what is drawn
ASK_SIZE = "\033[6n"

BUILD = build_under_test()
INSTRUCTION = 3  # 2^3 ns, where time is counted in instructions: half a second is 60 million of them

terminal = Terminal(["tools/run", "--build", BUILD.folder], SIZE)


def run(command, seconds=60):
    terminal.type(command + "\r")
    terminal.expect(command + "\n", seconds)
    return terminal.expect(PROMPT, seconds)


def plain(text):
    return re.sub("\033(\\[[0-9;?]*[a-zA-Z]|[78])", "", text)


def view():
    """The next view that is drawn: its lines, as they are to be seen."""
    terminal.expect(HOME)
    return plain(terminal.expect(END)).split("\n")


def rows(lines):
    """(pid, process, share, memory, time) of each process."""
    columns = r"^ *(\d+|-) (\S+) +([\d.]+%|-) +([\d.]+ \w+|-) +(\S+ \S+)  \S"
    return [found.groups() for line in lines if (found := re.match(columns, line))]


def eventually(wanted):
    """Look at views until one is as wanted. Others may have been drawn before."""
    for _ in range(20):
        lines = view()
        if wanted(lines):
            return lines
    raise AssertionError(lines)


def start_top(options=""):
    command = f"top {options}".strip()
    terminal.type(command + "\r")
    terminal.expect(command + "\n")
    terminal.expect(HIDE)
    return view()


def at_the_prompt():
    """The shell has the terminal: it shows what is typed, in lines."""
    terminal.expect(PROMPT)
    assert run("echo a'n'd") == "and\n"


def quit_top():
    terminal.type("q")
    terminal.expect(SHOW)
    at_the_prompt()


def the_system_boots():
    terminal.expect(PROMPT)


def it_shows_the_machine_and_all_processes():
    lines = start_top()
    assert re.match(r"Granite, up \d+\.\d\d s\. 8 processes, \d of them running or ready to run\.", lines[0]), lines
    assert re.match(r"Processor  \[#* *\] [\d.]+% busy, [\d.]+% idle since the start$", lines[1]), lines
    assert re.match(r"Memory     \[#+ *\] [\d.]+ MiB free of 12\d MiB$", lines[2]), lines
    assert re.match(r"A second   [\d,]+ entries, [\d,]+ switches, [\d,]+ CR3 loads, [\d,]+ page faults$", lines[3])
    assert {row[1] for row in rows(lines)} == {"vm", "pm", "rs", "console", "ramfs", "datastore", "sh", "top"}, lines
    assert all(len(line) <= SIZE[0] for line in lines) and len(lines) <= SIZE[1], lines
    quit_top()


def q_quits_without_a_word():
    start_top("-d 1000")
    terminal.type("q")
    terminal.expect(SHOW)
    assert "exit status" not in terminal.expect(PROMPT)


def it_refreshes_by_itself():
    start_top("-d 0.2")
    for _ in range(3):
        eventually(lambda lines: re.search(r"idle, last 0\.\d\d s$", lines[1]))
    quit_top()


def space_refreshes_at_once():
    start_top("-d 1000")
    time.sleep(0.2)
    terminal.type(" ")
    lines = eventually(lambda lines: "last " in lines[1])
    assert float(re.search(r"last ([\d.]+) s$", lines[1])[1]) < 900, lines
    quit_top()


def keys_choose_the_order():
    def sorted_by(key, name, value):
        terminal.type(key)
        lines = eventually(lambda lines: f"by {name}" in lines[4])
        values = [value(row) for row in rows(lines)]
        assert values == sorted(values), lines

    units = {"KiB": 1, "MiB": 1024}
    start_top("-d 1000 -s memory")
    sorted_by("p", "pid", lambda row: 0 if row[0] == "-" else int(row[0]))
    sorted_by("m", "memory", lambda row: -float(row[3].split()[0]) * units[row[3].split()[1]])
    sorted_by("c", "cpu", lambda row: -float(row[2].rstrip("%-") or 0))
    quit_top()


def keys_change_the_interval():
    assert "every 2 s" in start_top()[4]
    for key, interval in (("+", "5"), ("+", "10"), ("-", "5"), ("-", "2"), ("-", "1"), ("-", "0.5"), ("7", "7"), ("-", "5")):
        terminal.type(key)
        eventually(lambda lines, interval=interval: f"every {interval} s" in lines[4])
    quit_top()


def who_is_busy_stands_first():
    """Time is what the processes execute, so it does not matter how fast the host is."""
    with machine.scratch() as folder:
        archive = archive_with(BUILD, folder, {"hog": program_of(BUILD, folder, "hog", HOG)})
        command = machine.qemu(BUILD.kernel, archive, extra=(*machine.counted_time(INSTRUCTION), *ON_TERMINAL))
        with Terminal(command) as other:
            other.expect(PROMPT)
            other.type("hog 'spin'ning & top -n 3 -d 0.5\r")
            shown = other.expect(PROMPT)
    assert "spinning" in shown and shown.count("Granite, up") == 3, shown
    for part in shown.split("Granite, up")[2:]:  # the first view tells of the time before
        lines = rows(part.splitlines())
        shares = [float(row[2].rstrip("%-") or 0) for row in lines]
        assert lines[0][1] == "hog" and shares[0] > 80 and shares == sorted(shares, reverse=True), shown
        assert sum(shares) < 115, shown  # steps of 10 ms in half a second


def ctrl_c_leaves_the_terminal_as_it_was():
    start_top("-d 1000")
    time.sleep(0.3)
    terminal.type(CTRL_C)
    terminal.expect(f"\033[{SIZE[1]};1H\033[K{SHOW}")  # its own farewell, not the shell's care
    at_the_prompt()


def ctrl_z_stops_it_and_fg_brings_it_back():
    start_top("-d 1000 -s pid")
    time.sleep(0.3)
    terminal.type(CTRL_Z)
    terminal.expect(SHOW)
    terminal.expect("top: stopped;")
    at_the_prompt()
    assert re.search(r"^ +\d+ top ", run("jobs"), re.M)
    assert re.search(r"\d+ .*top .*stopped$", run("ps"), re.M)
    terminal.type("fg\r")
    terminal.expect(HIDE)
    assert "by pid" in view()[4]
    terminal.type("m")
    eventually(lambda lines: "by memory" in lines[4])
    terminal.type(CTRL_Z)
    terminal.expect(SHOW)
    at_the_prompt()
    terminal.type("fg\r")
    terminal.expect(HIDE)
    view()
    quit_top()
    assert "Nothing is stopped" in run("jobs")


def who_is_killed_leaves_the_rest_to_the_shell():
    run("sh -c 'sleep 2; kill -KILL top' &")
    start_top("-d 1000")
    terminal.expect("top: killed by SIGKILL")
    at_the_prompt()


def in_the_background_it_waits_for_the_terminal():
    run("top &")
    for _ in range(50):
        if re.search(r"top .*stopped$", run("ps"), re.M):
            break
    assert run("echo s'ee'n") == "seen\n"
    terminal.type("fg\r")
    terminal.expect(HIDE)
    view()
    quit_top()


def it_learns_the_terminal_s_size_from_the_terminal():
    start_top("-d 1000")
    terminal.expect(ASK_SIZE)
    terminal.type(f"{ESCAPE}[9;40R")
    lines = eventually(lambda lines: len(lines) <= 9)
    assert max(map(len, lines)) <= 40, lines
    terminal.expect(ASK_SIZE)
    terminal.type(f"{ESCAPE}[{SIZE[1]};{SIZE[0]}R")
    eventually(lambda lines: len(lines) > 9)
    terminal.expect(ASK_SIZE)
    terminal.type("q")
    time.sleep(0.1)
    terminal.type(f"{ESCAPE}[{SIZE[1]};{SIZE[0]}R")  # late: still not for the shell
    terminal.expect(SHOW)
    at_the_prompt()


def it_goes_on_when_the_driver_is_killed():
    run("sh -c 'sleep 2; kill -KILL console' &")
    start_top("-d 0.3")
    terminal.expect("[console] ready")
    view()
    view()
    terminal.type("m")
    eventually(lambda lines: "by memory" in lines[4])
    terminal.type(CTRL_C)
    terminal.expect(SHOW)
    at_the_prompt()


def views_can_be_printed_for_programs():
    shown = run("top -n 3 -d 0.3 -s memory")
    assert "\033" not in shown and shown.count("Granite, up") == 3, shown
    assert shown.count("since the start") == 1 and shown.count(", last 0.") == 2, shown
    for part in shown.split("Granite, up")[1:]:
        assert [row[1] for row in rows(part.splitlines())][:2] == ["vm", "pm"], shown
    assert max(map(len, shown.splitlines())) < SIZE[0], shown


tests = [
    the_system_boots,
    it_shows_the_machine_and_all_processes,
    q_quits_without_a_word,
    it_refreshes_by_itself,
    space_refreshes_at_once,
    keys_choose_the_order,
    keys_change_the_interval,
    who_is_busy_stands_first,
    ctrl_c_leaves_the_terminal_as_it_was,
    ctrl_z_stops_it_and_fg_brings_it_back,
    who_is_killed_leaves_the_rest_to_the_shell,
    in_the_background_it_waits_for_the_terminal,
    it_learns_the_terminal_s_size_from_the_terminal,
    it_goes_on_when_the_driver_is_killed,
    views_can_be_printed_for_programs,
]

with terminal:
    run_tests(tests)
