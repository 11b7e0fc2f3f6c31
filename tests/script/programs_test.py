#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""The programs at the prompt, all in one boot: what they show must be so."""

import glob
import os
import re

from build import ROOT
from script import PROMPT, Terminal, build_under_test, run_tests

COLUMNS = 80
CTRL_C = "\x03"

terminal = Terminal(["tools/run", "--build", build_under_test().folder])


def run(command, seconds=60):
    """What the command shows."""
    terminal.type(command + "\r")
    terminal.expect(command + "\n", seconds)
    return terminal.expect(PROMPT, seconds)


def processes():
    """ps's lines: a dictionary for each. (Behind them the shell may tell what ended meanwhile.)"""
    columns = r"^ *(?P<pid>\d+|-) (?P<process>.{21}) (?P<kind>\w+) +(?P<memory>[\d.]+ \w+|-) +(?P<time>\S+ \S+)  (?P<does>.*)$"
    shown = run("ps")
    found = [line.groupdict() for line in re.finditer(columns, shown, re.M)]
    title, *lines = [line for line in shown.splitlines() if line.startswith(" ")]
    assert title.split() == "PID PROCESS KIND MEMORY TIME WHAT IT DOES".split(), shown
    assert len(lines) == len(found), shown
    return found


def process(label, found=None):
    """The only one with this label; its name without the lines of the tree."""
    named = [p for p in found or processes() if p["process"].strip(" |`-") == label]
    assert len(named) == 1, f"{label}: {named}"
    return named[0]


def sleepers():
    return [p for p in processes() if p["process"].strip(" |`-") == "sleep"]


def eventually(condition):
    """Programs in the background take a while to start, and to end."""
    for _ in range(50):
        if condition():
            return
    assert condition()


def wait_for_sleepers(count):
    eventually(lambda: [p["does"] for p in sleepers()] == ["sleeps"] * count)


def start_sleepers(count):
    for first in range(0, count, 6):
        run("sleep 1000 & " * min(6, count - first))
    wait_for_sleepers(count)


def the_system_boots():
    terminal.expect(PROMPT)


def sources():
    """The programs of the tree, and what each says of itself: {name: words}."""
    found = {}
    for path in glob.glob(os.path.join(ROOT, "programs", "*.c")) + glob.glob(os.path.join(ROOT, "programs", "*", "main.c")):
        name = os.path.relpath(path, os.path.join(ROOT, "programs")).removesuffix(".c").removesuffix("/main")
        with open(path) as file:
            found[name] = re.search(r'^#define ABOUT +"(.*)"$', file.read(), re.M)[1]
    return found


def unwrapped(text):
    return " ".join(text.split())


def fits(text):
    return max(map(len, text.splitlines())) < COLUMNS


def help_lists_all_programs_with_a_line_each():
    shown = run("help")
    listed = dict(re.findall(r"^  (\w+) +(\S.*(?:\n {10,}.*)*)$", shown.split("The shell itself knows:")[0], re.M))
    assert {name: unwrapped(words) for name, words in listed.items()} == sources(), shown
    assert list(listed) == sorted(listed) and fits(shown), shown
    others = re.search(r"In the archive besides:([ \w\n]+)", shown)[1].split()
    assert {"console", "datastore", "pm", "ramfs", "rs", "vm"} <= set(others) and not set(others) & set(listed), shown


def each_program_explains_itself():
    for program, words in sources().items():
        text = run(f"{program} --help")
        assert text.startswith(f"usage: {program}") and fits(text), text
        assert words.lower() in unwrapped(text).lower(), text
        assert f"{program}: exit status" not in text, text
    assert "usage: ps" in run("help ps") and "no such program" in run("help nonesuch")


def the_shell_explains_what_it_does_itself():
    for builtin in ("exit", "fg", "help", "jobs"):
        for call in (f"{builtin} --help", f"help {builtin}"):
            text = run(call)
            assert text.startswith(f"usage: {builtin}"), text
    for wrong in ("exit x", "exit 1 2", "exit 256", "fg x", "help a b", "jobs -l"):
        name = wrong.split()[0]
        text = run(wrong)
        assert text.startswith(f"{name}: ") and f"`{name} --help` explains it" in text, text


def wrong_arguments_are_told_with_a_hint():
    wrong = {
        "ps -x": "there is no option -x",
        "ps --long": "there is no option --long",
        "ps 1": "'1' is too much",
        "mem x": "'x' is too much",
        "mem -z": "-z wants something behind it",
        "mem -z x": "'x' of -z is not a number of MiB",
        "grants -x": "there is no option -x",
        "grants 1 2 3": "'3' is too much",
        "grants sh x": "'x' is not an address",
        "kill": "which process?",
        "kill -NONE 1": "there is no signal NONE",
        "maps": "something is missing",
        "sleep": "something is missing",
        "sleep x": "'x' is not a number of seconds",
        "true x": "it takes no arguments such as 'x'",
        "trace -k x": "there is no kind x",
        "trace -s x": "'x' of -s is not a number of seconds",
        "stats -x": "there is no option -x",
        "top -d 0": "'0' of -d is not a number of seconds from 0.1 to 1000",
        "top -s name": "'name' of -s is not cpu, memory or pid",
        "top -n 0": "'0' of -n is not a number of views",
        "demo nothing": "there is no part nothing",
        "sh -x": "there is no option -x",
        "hello you": "it takes no arguments such as 'you'",
    }
    for command, words in wrong.items():
        name = command.split()[0]
        text = run(command)
        assert text.startswith(f"{name}: {words}"), text
        assert f"\nusage: {name}" in text and f"`{name} --help` explains it" in text, text
        assert f"{name}: exit status 2" in text, text


def only_help_is_special_to_echo():
    assert run("echo -x --help").strip() == "-x --help"
    assert run("echo").strip() == "" and run("echo -n").strip() == "-n"


def ps_shows_who_does_what():
    found = processes()
    assert process("sh", found)["does"] == "waits for a child"
    assert process("sh", found)["kind"] == "service"
    assert process("ps", found)["does"] == "runs"
    assert process("ps", found)["kind"] == "program"
    assert process("console", found)["does"] == "waits for a message"
    for label in ("vm", "pm"):
        assert process(label, found)["kind"] == "core" and process(label, found)["pid"] == "-"
    assert process("rs", found)["pid"] == "1"
    assert all(p["memory"] != "-" for p in found)


def ps_shows_a_tree():
    run("sh -c 'sleep 1000' &")
    wait_for_sleepers(1)
    found = processes()
    names = [p["process"].rstrip() for p in found]
    shell = names.index("`- sh")
    assert names[shell : shell + 4] == ["`- sh", "   |- sh", "   |  `- sleep", "   `- ps"], names
    assert process("sleep", found)["does"] == "sleeps"
    run("kill sleep")
    eventually(lambda: len(processes()) == len(found) - 2)


def ps_shows_who_is_stopped_and_who_is_ready():
    start_sleepers(1)
    run("kill -STOP sleep")
    eventually(lambda: process("sleep")["does"] == "stopped")
    run("kill -KILL sleep")
    eventually(lambda: not sleepers())


def ps_fits_the_screen():
    for command in ("ps", "ps -l"):
        assert fits(run(command))


def narrow_terminals_are_not_overrun():
    size = (50, 20)
    with Terminal(["tools/run", "--build", build_under_test().folder], size) as narrow:
        narrow.expect(PROMPT)
        for command in ("help", "ps", "maps sh", "mem -p", "stats true", "trace -k ipc true", "mem --help", "demo driver", "grants", "grants sh 8048000", "grants --help"):
            narrow.type(command + "\r")
            narrow.expect(command + "\n")
            shown = re.sub("\033\\[[0-9;]*m", "", narrow.expect(PROMPT))
            wide = [line for line in shown.splitlines() if len(line) >= size[0] and not line.startswith("[")]
            assert not wide, wide


def ps_l_tells_endpoints():
    assert re.search(r"^ +- vm +1024 +2 ", run("ps -l"), re.M)
    assert re.search(r"^ +1 rs +1026 +4 ", run("ps -l"), re.M)


def more_processes_than_fit_one_answer_are_all_listed():
    start_sleepers(30)
    shown = run("kill sleep")
    pids = re.search(r"several processes are called sleep; say which by its number:((?: \d+)+)\n", shown)[1]
    assert len(pids.split()) == 30
    for start in range(0, 30, 12):
        run("kill " + " ".join(pids.split()[start : start + 12]))
    eventually(lambda: not sleepers())


def kill_takes_labels():
    assert "no such process: nobody" in run("kill nobody")
    assert "vm is a part of the system that gets no signals" in run("kill -9 vm")
    start_sleepers(1)
    assert "killed by SIGTERM" in run("kill sleep") + run("true")
    eventually(lambda: not sleepers())


def stats_shows_what_a_command_cost():
    shown = run("stats true")
    assert re.match(r"`true` took [\d,]+ ms. Meanwhile:\n", shown), shown
    entries = re.search(r"^ +([\d,]+)  traps, faults and interrupts taken$", shown, re.M)[1]
    assert 30 < int(entries.replace(",", "")) < 3000, shown
    assert not re.search(r"^ +0  ", shown, re.M), shown
    assert "pages mapped by grant" in run("stats -a true")
    assert max(map(len, shown.splitlines())) <= 110


def stats_tells_rates_and_idle_time():
    shown = run("stats sleep 1.5")
    assert re.search(r"^ +1\d\d +(99|100|101)  clock ticks, 100 a second$", shown, re.M), shown
    idle = float(re.search(r"^([\d.]+)% of the time nobody ran", shown, re.M)[1])
    assert idle > 80, shown


def stats_can_be_read_by_programs_and_ends_as_its_command():
    raw = dict(line.split() for line in run("stats -r sleep 0.2").splitlines())
    assert 15 <= int(raw["ticks"]) and int(raw["kernel_entries"]) > 30, raw
    assert "exit status 1" in run("stats false")
    assert "stats: nonesuch: No such file" in run("stats nonesuch")
    assert "usage: stats" in run("stats -x")


UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "-": 0}


def size(text):
    number, _, unit = text.partition(" ")
    return float(number) * UNITS[unit] if unit else 0


def regions(shown):
    """(start, end, rights, present, shared, words) for each line of what maps shows."""
    columns = r"^  ([0-9a-f]{8}) - ([0-9a-f]{8}) +([\d.]+ \w+)  (\S{3}) +([\d.]+ \w+|-) +([\d.]+ \w+|-)  (.*)$"
    found = []
    for start, end, bytes_, rights, present, shared, words in re.findall(columns, shown, re.M):
        assert abs(int(end, 16) - int(start, 16) - size(bytes_)) < size(bytes_) * 0.1
        found.append((int(start, 16), int(end, 16), rights, size(present), size(shared), words))
    return found


def maps_shows_what_is_where():
    found = regions(run("maps sh"))
    words = {region[-1]: region for region in found}
    assert words["text of bin/sh"][2] == "r-x" and words["text of bin/sh"][0] == 0x8048000
    assert words["data of bin/sh"][2] == "rw-"
    stack = words["stack"]
    assert stack[1] == 0xC0000000 and stack[2] == "rw-" and 0 < stack[3] < stack[1] - stack[0]
    assert all(a[1] <= b[0] for a, b in zip(found, found[1:])), found
    text = words["text of bin/sh"]
    assert text[3] == text[4] > 0  # the archive has it too
    assert any("heap" in region[-1] for region in regions(run("maps maps")))


def maps_adds_up():
    shown = run("maps console")  # once: it may use another page at any moment
    found = regions(shown)
    present, shared = re.search(r"^  all together +\S+ \w+ +(\S+ \w+) +(\S+ \w+)$", shown, re.M).groups()
    assert sum(region[3] for region in found) == size(present), shown
    assert sum(region[4] for region in found) == size(shared), shown
    assert max(map(len, shown.splitlines())) < COLUMNS, shown


def maps_knows_small_processes_and_nobody():
    assert "vm is a small process" in run("maps vm")
    assert "maps: no such process: nobody" in run("maps nobody")
    assert "usage: maps" in run("maps")
    assert "the boot archive" in run("maps 1")
    start_sleepers(2)
    assert "several processes are called sleep" in run("maps sleep")
    run("kill " + " ".join(p["pid"] for p in sleepers()))
    eventually(lambda: not sleepers())


def memory(options="-p"):
    """The picture as one string, and the legend: {character: (bytes, text)}."""
    shown = run(f"mem {options}")
    assert max(map(len, shown.splitlines())) < COLUMNS, shown
    assert "changed meanwhile" not in shown and "wrong" not in shown, shown
    cells = "".join(re.findall(r"^ *\d+\.\d\d MiB  (.{1,64})$", shown, re.M))
    legend = {c: (size(bytes_), text) for c, bytes_, text in re.findall(r"^   (\S) +(\S+ \w+)  .{16}  (.*)$", shown, re.M)}
    total = size(re.search(r"(\S+ \w+)  in all", shown)[1])
    return cells, legend, total


def mem_shows_all_memory_and_who_has_it():
    cells, legend, total = memory()
    assert 1020 <= len(cells) <= 1024 and set(cells) - {" "} <= set(legend), (cells, legend)
    assert abs(sum(bytes_ for bytes_, _ in legend.values()) - total) < total / 100, legend
    piece = 128 << 10
    for character in "K,A.":  # those of a few large pieces; each of the others may take two of theirs
        assert abs(cells.count(character) * piece - legend[character][0]) < len(legend) * piece, (character, legend)
    assert cells.startswith("K") and cells.rstrip()[-1] == "A"


def mem_looks_closer():
    overview, legend, _ = memory()
    start = overview.index("T,") // 64 * 8
    while "." not in overview[start * 8 : start * 8 + 64]:
        start += 8
    cells, legend, _ = memory(f"-p -z {start}")
    processes = {c: entry for c, entry in legend.items() if c.islower()}
    assert {"sh", "rs", "console", "mem"} <= {text.split(",")[0] for _, text in processes.values()}
    for character, (bytes_, text) in processes.items():
        written_as = 0.1 * UNITS["MiB"] if bytes_ >= UNITS["MiB"] else 1
        assert abs(cells.count(character) * 4096 - bytes_) <= written_as / 2, (character, text, cells)
    assert "memory ends at 128 MiB" in run("mem -z 128")
    for wrong in ("-z x", "-z -1", "-z", "-z 5000", "1"):
        assert "usage: mem" in run(f"mem {wrong}")


def mem_tells_processes_of_one_name_apart():
    run("sh -c 'sleep 1000; echo' &")
    wait_for_sleepers(1)
    _, legend, _ = memory()
    shells = [c for c, (_, text) in legend.items() if text.startswith("sh,")]
    assert sorted(shells) == ["h", "s"], legend
    run("kill sleep")
    eventually(lambda: not sleepers())


def mem_is_coloured_for_people():
    assert "\033[31mK" in run("mem") and "\033" not in run("mem -p")


tests = [
    the_system_boots,
    help_lists_all_programs_with_a_line_each,
    each_program_explains_itself,
    the_shell_explains_what_it_does_itself,
    wrong_arguments_are_told_with_a_hint,
    only_help_is_special_to_echo,
    ps_shows_who_does_what,
    ps_shows_a_tree,
    ps_shows_who_is_stopped_and_who_is_ready,
    ps_fits_the_screen,
    narrow_terminals_are_not_overrun,
    ps_l_tells_endpoints,
    more_processes_than_fit_one_answer_are_all_listed,
    kill_takes_labels,
    stats_shows_what_a_command_cost,
    stats_tells_rates_and_idle_time,
    stats_can_be_read_by_programs_and_ends_as_its_command,
    maps_shows_what_is_where,
    maps_adds_up,
    maps_knows_small_processes_and_nobody,
    mem_shows_all_memory_and_who_has_it,
    mem_looks_closer,
    mem_tells_processes_of_one_name_apart,
    mem_is_coloured_for_people,
]

with terminal:
    run_tests(tests)
