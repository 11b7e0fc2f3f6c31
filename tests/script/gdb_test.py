#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=600
"""gdb's commands for Granite, in a session with the booted system: `make debug` without the person."""

import functools
import os
import re
import subprocess

import machine
import stackdepth
from build import ROOT, tied
from elf import Elf
from script import build_under_test, run_tests

BUILD = build_under_test()
SESSION_SECONDS = 200

# Does each command, and prints it before what it says.
DRIVER = """\
import gdb
for command in {commands!r}:
    gdb.write(f"@@ {{command}}\\n")
    try:
        gdb.execute(command)
    except gdb.error as error:
        gdb.write(f"error: {{error}}\\n")
    gdb.flush()
"""

# sh has printed its prompt and waits for a line: everybody waits.
TO_THE_PROMPT = ("break-program sh linux_read", "continue", "delete", "break arch_idle", "continue", "delete")
HELP = b"`help` lists what there is"


def program(name):
    return os.path.join(BUILD.folder, "elf", "bin", name)


def address_of(path, text):
    """Where bytes of a program's constants lie in its memory."""
    start, code = next((start, code) for start, code in Elf(path).code if text in code)
    return start + code.index(text)


def session(*commands):
    """{command: what it said}, of a machine that is started for it."""
    with machine.scratch() as folder:
        script = os.path.join(folder, "session.py")
        with open(script, "w") as file:
            file.write(DRIVER.format(commands=commands))
        run = [os.path.join(ROOT, "tools", "run"), "--build", BUILD.folder, "--gdb-script", script]
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(tied(run), timeout=SESSION_SECONDS, check=False, **both)
    output = done.stdout.decode(errors="replace")
    said = {}
    for part in output.split("@@ ")[1:]:
        command, _, text = part.partition("\n")
        said[command] = said.get(command, "") + text
    assert set(said) == set(commands), output
    return said


def documented():
    """[(command, lines)]: the session in docs/hacking.md, from where the machine has been interrupted."""
    with open(os.path.join(ROOT, "docs", "hacking.md")) as file:
        section = re.search(r"^## Debug$(.*?)^## ", file.read(), re.M | re.S)[1]
    said = []
    for line in re.findall(r"^    (.+)$", section, re.M):
        if line.startswith("(gdb) "):
            said.append((line.removeprefix("(gdb) "), []))
        elif said:
            said[-1][1].append(line)
    return said[1:]


def as_given(index, command):
    """A documented command as the test gives it: each is another text, and there have been other breakpoints."""
    return re.sub(r"^delete \d+$", "delete", command) + " " * (10 + index)


@functools.cache
def at_the_prompt():
    prompt = address_of(program("sh"), HELP)
    return session(
        *TO_THE_PROMPT,
        "ps",
        "print/x loaded_directory",
        "process-registers sh",
        "in sh print $eip",
        "process-backtrace sh",
        "process-backtrace 1",  # a pid
        "process-backtrace 1025",  # an endpoint
        "process-backtrace",
        f"process-memory sh {prompt:#x} s",
        f"process-memory sh {prompt:#x} {len(HELP)} b",
        f"in sh x/s {prompt:#x}",
        "process-memory sh granite_bridge_entry 4 w",
        "process-memory pm process_table[0].name s",
        "in pm print process_table[0].name",
        f"page-walk sh {prompt:#x}",
        "page-walk sh 0x100000 linear",
        "page-walk sh 0x0e000000 linear",
        "page-walk sh 0x20000000",
        "page-walk vm 0x1000",
        "process sh",
        "up 100",
        "ps",
        "print $pc",
        "kernel",
        "backtrace 1",
        *(as_given(index, command) for index, (command, _) in enumerate(documented())),
    )


@functools.cache
def programs_running():
    return session(
        *TO_THE_PROMPT,
        "break-call fork",
        "type sleep 1000 &",
        "continue",
        "info breakpoints",
        "delete",
        "type sleep 1000 &",
        "type hello",
        "break-program hello main",
        "continue ",
        "process",
        "process-backtrace",
        "delete ",
        "break arch_idle ",
        "continue  ",
        "process-backtrace sleep",
        "process-backtrace 6",
    )


EARLY = ("ps", "process-backtrace", "process-memory pm 0x1000", "page-walk pm 0", "break-program pm main")


@functools.cache
def mistakes():
    late = (
        "break-call",
        "process nosuchone",
        "process-registers 99999",
        "process-memory sh",
        "process-memory sh 0x20000000",
        "process-memory sh 0xd0000000",
        "process-memory pm 0x7fffffff",
        "process-memory sh nosuchname",
        "process-memory sh 0x8048000 0",
        "process-memory sh 0x8048000 1 q",
        "page-walk sh 0xf0000000",
        "page-walk sh 0 sideways",
        "break-call nosuchcall",
        "break-call vircopy nosuchone",
        "break-program nosuchprogram main",
        "break-program sh nosuchfunction",
        "break-program ../bin/sh main",
        "in sh",
        "in sh nonsense",
        "ps now",
    )
    # A command's mistake changes nothing: the next works.
    return session(*EARLY, *TO_THE_PROMPT, *late, "process-memory sh 0x8048000 4")


# ---- What is listed ----


def all_processes_are_listed_with_what_they_wait_for():
    lines = at_the_prompt()["ps"].splitlines()
    rows = [re.fullmatch(r"[* ] +(\d+|-) +(\d+)  (\S+) +(\S+) +(\S.*)", line) for line in lines[1:8]]
    assert all(rows), lines
    found = {row[3]: row for row in rows}
    assert [row[1] for row in rows] == ["-", "-", "1", "2", "3", "4", "5"], lines
    assert [row[2] for row in rows] == ["1024", "1025", "1026", "1027", "1028", "1029", "1030"], lines
    assert found["pm"][4].startswith("server_run+") and found["pm"][5] == "waits for a message", lines
    assert found["sh"][4].startswith("ask") and found["sh"][5] == "waits for the answer of console", lines


def a_saved_frame_is_shown_with_its_registers():
    said = at_the_prompt()
    eip = re.search(r"eip ([0-9a-f]{8})  ask", said["process-registers sh"])
    assert eip, said["process-registers sh"]
    assert f"0x{eip[1].lstrip('0')} <ask" in said["in sh print $eip"], said["in sh print $eip"]
    assert "ring 3, segment from 0x10000000, 0xc0000000 bytes" in said["process-registers sh"]
    assert "sh (endpoint 1030, pid 5): waits for the answer of console" in said["process-registers sh"]


VARIES = [
    (r"0x[0-9a-f]+|\b[0-9a-f]{8}\b|\b\d{6,}\b|(?<=proc_table\+)\d+", "N"),  # addresses
    (r"(?<=[a-z]:)\d+$|(?<=line )\d+|(?<=entry)  +\d+", " N"),  # lines of sources; an entry of a page table
    (r"(?<=^#)\d+( +N in)?|(?<=Breakpoint )\d+|(?<=^\$)\d+", "N"),
    (r"^\*| +", " "),  # the process that ran last
]


def without_what_varies(line):
    for pattern, instead in VARIES:
        line = re.sub(pattern, instead, line)
    return line.strip()


def as_pattern(line):
    return re.escape(without_what_varies(line)).replace(r"\.\.\.", ".*")


def the_page_shows_a_session_as_it_is():
    """As gcc compiles the programs."""
    if {"clang", "ubsan"} & set(BUILD.folder.split("/")):
        return
    session_there = documented()
    assert len(session_there) >= 10, session_there
    for index, (command, shown) in enumerate(session_there):
        said = [without_what_varies(line) for line in at_the_prompt()[as_given(index, command)].splitlines()]
        rest = iter(said)
        for line in shown:
            assert any(re.fullmatch(as_pattern(line), there) for there in rest), f"{command}: {line!r} is not in {said}"
        assert command != "ps" or len(shown) == len(said), said


# ---- Backtraces ----


def functions(backtrace):
    return re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(\S+) \(", backtrace, re.M)


def in_order(names, expected):
    """Whether all those expected are among the names, in their order."""
    rest = iter(names)
    return all(name in rest for name in expected)


def a_backtrace_leads_through_the_bridge_and_the_library_to_main():
    said = at_the_prompt()["process-backtrace sh"]
    expected = ["console_read", "linux_read", "bridge_call", "granite_bridge_entry", "read", "read_line", "main"]
    assert in_order(functions(said), expected), said
    assert functions(said)[-1] == "main" and "programs/sh/main.c" in said, said
    assert "in int 0x30: ipc sendrec" in said and "its bridge is busy" in said, said


def a_small_process_has_its_own_symbols():
    said = at_the_prompt()["process-backtrace 1025"]
    assert said.startswith("pm (endpoint 1025): waits for a message"), said
    assert in_order(functions(said), ["server_run", "main"]) and "servers/pm/main.c" in said, said
    assert "servers/rs/main.c" in at_the_prompt()["process-backtrace 1"]


def the_kernel_s_part_of_a_backtrace_comes_first():
    said = at_the_prompt()["process-backtrace"]
    assert "for it:" in said and in_order(functions(said), ["arch_idle", "switch_to_user", "main"]), said


def a_process_that_runs_is_shown_from_the_processor():
    said = programs_running()
    assert re.search(r"\[hello \(\d+\) runs: main at hello.c:\d+\]", said["continue "]), said["continue "]
    assert "Breakpoint" in said["continue "], said["continue "]
    assert re.search(r"main \(.*\) at programs/hello.c", said["process"]), said["process"]
    assert "the processor is in it right now" in said["process-backtrace"], said["process-backtrace"]
    assert functions(said["process-backtrace"]) == ["main"], said["process-backtrace"]


def a_sleeping_program_is_shown_in_its_sleep():
    said = programs_running()["process-backtrace 6"]
    assert re.match(r"sleep \(endpoint \d+, pid 6\): waits for the answer of pm", said), said
    assert in_order(functions(said), ["linux_nanosleep", "granite_bridge_entry", "__nanosleep_time64", "main"]), said
    assert "programs/sleep.c" in said, said


def main_has_its_registers_back():
    """At the library's first instruction they are still in the processor; seen from the bridge, on the stack."""
    entry = Elf(program("sleep")).address_of("__nanosleep_time64")
    kept = " ".join(stackdepth.KEPT)
    said = session(
        f"break-program sleep *{entry:#x}",
        "break-program sleep linux_nanosleep",
        *TO_THE_PROMPT[:2],
        "type sleep 1000",
        "continue ",
        f"in sleep info registers {kept}",
        "continue  ",
        "process sleep",
        "up 100",
        f"info registers {kept}",
    )
    shown = (said[f"{where}info registers {kept}"] for where in ("in sleep ", ""))
    before, after = (re.findall(r"^(e..) +(0x\w+)", registers, re.M) for registers in shown)
    assert len(before) == 4 and before == after, said
    assert "main (argc=2" in said["up 100"], said["up 100"]


def what_is_computed_of_a_stack_is_what_the_compiler_says():
    """gcc's call frame information, where there is any, tells the same of each instruction."""
    compared = 0
    for name in ("sh", "pm", "console"):
        code = stackdepth.Code(Elf(program(name)))
        for address, base, offset, stored in described(program(name)):
            state = code.state_at(address)
            depth = state and (state.depth if base == "esp" else state.frame)
            name_there = code.elf.function_at(address)[1]
            if depth is None or name_there.startswith("granite_") or ".cold" in name_there:
                continue
            assert depth + 4 == offset, f"{name} {address:#x}: {state}, but {base}+{offset}"
            mine = dict(state.saved)
            wrong = {r: at for r, at in stored.items() if mine.get(r, 0) + 4 != at}
            assert not wrong, f"{name} {address:#x}: {state}, but {stored}"
            compared += 1
    assert compared > 3000, compared


def described(path):
    """(address, esp or ebp, offset of the frame from it, {register: depth}) as the call frame information has it."""
    command = ["i686-linux-gnu-readelf", "--wide", "--debug-dump=frames-interp", path]
    text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    columns = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["LOC"]:
            columns = words
        elif match := re.match(r"^([0-9a-f]{8}) (e[sb]p)\+(\d+) ", line):
            row = dict(zip(columns, words))
            stored = {r: int(row[r][2:]) for r in stackdepth.KEPT if row.get(r, "u").startswith("c-")}
            yield int(match[1], 16), match[2], int(match[3]), stored


# ---- Memory ----


def memory_of_a_process_that_is_not_loaded_is_read():
    said = at_the_prompt()
    loaded = re.search(r"0x[0-9a-f]+", said["print/x loaded_directory"])[0]
    own = re.search(r"page directory at (0x[0-9a-f]+)", said["process-registers sh"])[1]
    assert loaded != own, "sh is the loaded process: this shows nothing"
    prompt = address_of(program("sh"), HELP)
    assert HELP.decode() in said[f"process-memory sh {prompt:#x} s"]
    dump = said[f"process-memory sh {prompt:#x} {len(HELP)} b"]
    data = bytes.fromhex("".join(re.findall(r"^0x[0-9a-f]{8}  ((?:[0-9a-f]{2} )+)", dump, re.M)))
    assert data == HELP, dump
    assert HELP.decode() in said[f"in sh x/s {prompt:#x}"]


def words_are_the_program_s():
    said = at_the_prompt()["process-memory sh granite_bridge_entry 4 w"]
    elf = Elf(program("sh"))
    start = elf.address_of("granite_bridge_entry")
    code = elf.code_at(start, 16)
    words = " ".join(f"{int.from_bytes(code[at : at + 4], 'little'):08x}" for at in range(0, 16, 4))
    assert said.startswith(f"{start:#010x}  {words}"), said


def a_small_process_s_memory_is_read_by_names():
    said = at_the_prompt()
    assert re.match(r'0x[0-9a-f]{8}  "rs"\n', said["process-memory pm process_table[0].name s"]), said
    assert '"rs' in said["in pm print process_table[0].name"]


# ---- Page tables ----


def a_page_walk_ends_at_the_frame():
    prompt = address_of(program("sh"), HELP)
    said = at_the_prompt()[f"page-walk sh {prompt:#x}"]
    assert f"process: its address {prompt:#010x}" in said, said
    directory = re.search(r"directory  at (0x[0-9a-f]+), entry +(\d+): [0-9a-f]+  present, writable, user", said)
    table = re.search(r"table +at 0x[0-9a-f]+, entry +(\d+): ([0-9a-f]+)  present, read-only, user", said)
    physical = int(re.search(r"the address is physical (0x[0-9a-f]+)", said)[1], 16)
    linear = 0x10000000 + prompt
    assert int(directory[2]) == linear >> 22 and int(table[1]) == linear >> 12 & 1023, said
    registers = at_the_prompt()["process-registers sh"]
    assert int(directory[1], 16) == int(re.search(r"directory at (0x\w+)", registers)[1], 16)
    assert physical == (int(table[2], 16) & ~4095) + prompt % 4096, said
    # QEMU itself is asked what lies there.
    said = session(*TO_THE_PROMPT, f"monitor xp /{len(HELP)}xb {physical:#x}")
    dump = said[f"monitor xp /{len(HELP)}xb {physical:#x}"]
    assert bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2})\b", dump)) == HELP, dump


def each_part_of_the_plan_is_named():
    said = at_the_prompt()
    kernel = said["page-walk sh 0x100000 linear"]
    assert "plan       kernel region" in kernel and "supervisor" in kernel and "big, global" in kernel, kernel
    assert "frame      0x00000000, 4 MiB; the address is physical 0x00100000" in kernel, kernel
    assert "plan       window 8" in said["page-walk sh 0x0e000000 linear"], said
    nothing = said["page-walk sh 0x20000000"]
    assert "process: its address 0x20000000" in nothing and "entry  192: 00000000  empty" in nothing, nothing
    assert "page fault" in nothing, nothing
    assert "plan       kernel region" in said["page-walk vm 0x1000"], said


# ---- Breakpoints ----


def a_kernel_call_stops_by_name():
    said = programs_running()
    first = said["continue"]
    assert "kernel call fork by vm (1024): {parent = 1030, directory = " in first and "Breakpoint 3, " in first, first
    assert "call_fork" in said["info breakpoints"], said["info breakpoints"]


def a_kernel_call_stops_for_one_process_only():
    for process, expected in (("", "pm"), (" vm", "vm")):  # pm is the first: it reads what exec is given
        said = session(*TO_THE_PROMPT, f"break-call vircopy{process}", "type hello", "continue", "print current->name")
        assert re.findall(r"kernel call vircopy by (\w+) ", said["continue"]) == [expected], said["continue"]
        assert f'"{expected}' in said["print current->name"], said


def a_program_that_is_to_come_can_be_named():
    said = session(*TO_THE_PROMPT, "break-call bridge hello", "type hello", "continue", "print current->name")
    assert "no process is called hello yet" in said["break-call bridge hello"], said
    assert re.search(r"kernel call bridge by hello \(\d+\)", said["continue"]), said["continue"]
    assert "hello" in said["print current->name"], said


def a_place_in_a_program_is_no_place_in_another():
    place = Elf(program("hello")).address_of("main")
    assert place == Elf(program("true")).address_of("main"), "they differ: this shows nothing"
    start = (f"break-program hello *{place:#x}", "type true", "type hello")
    said = session(*TO_THE_PROMPT, *start, "continue", "info breakpoints")
    assert re.search(r"\[hello \(\d+\) runs: main at hello.c", said["continue"]), said["continue"]
    assert "[true" not in said["continue"] and "already hit 1 time" in said["info breakpoints"], said


# ---- Looking at a process, and back ----


def looking_at_a_process_lasts_until_kernel():
    said = at_the_prompt()
    assert "main" in said["up 100"], said["up 100"]
    main = Elf(program("sh"))
    pc = int(re.search(r"0x[0-9a-f]+", said["print $pc"])[0], 16)
    assert main.function_at(pc)[1] == "main", said["print $pc"]  # `ps` has not changed the frame
    assert "arch_idle" in said["kernel"] and "arch_idle" in said["backtrace 1"], said


# ---- Mistakes ----


def before_the_kernel_has_started_everything_says_so():
    said = mistakes()
    for command in EARLY:
        assert "error: the kernel has not made its processes yet" in said[command], said[command]


def mistakes_are_explained():
    for command, expected in (
        ("process nosuchone", "there is no process nosuchone"),
        ("process-registers 99999", "there is no process 99999"),
        ("process-memory sh", "usage: process-memory PROCESS ADDRESS"),
        ("process-memory sh 0x20000000", "0x20000000 is not mapped in sh (1030)"),
        ("process-memory sh 0xd0000000", "the segment of sh (1030) ends at 0xc0000000"),
        ("process-memory pm 0x7fffffff", "the segment of pm (1025) ends at"),
        ("process-memory sh nosuchname", 'No symbol "nosuchname"'),
        ("process-memory sh 0x8048000 0", "a number from 1 to"),
        ("process-memory sh 0x8048000 1 q", "there are b, w and s"),
        ("page-walk sh 0xf0000000", "its segment ends at 0xc0000000"),
        ("page-walk sh 0 sideways", "the third word can only be `linear`"),
        ("break-call", "usage: break-call NAME"),
        ("break-call nosuchcall", "there is no kernel call nosuchcall; there are: self fork"),
        ("break-call vircopy nosuchone", "there is no process nosuchone"),
        ("break-program nosuchprogram main", "there is no program nosuchprogram"),
        ("break-program ../bin/sh main", "there is no program ../bin/sh"),
        ("break-program sh nosuchfunction", "nosuchfunction"),
        ("in sh", "usage: in PROCESS COMMAND"),
        ("in sh nonsense", 'Undefined command: "nonsense"'),
        ("ps now", "usage: ps"),
    ):
        said = mistakes()[command]
        assert "error: " in said and expected in said, f"{command}: {said}"
    assert "7f 45 4c 46" in mistakes()["process-memory sh 0x8048000 4"]


def a_name_that_several_have_is_refused():
    said = programs_running()["process-backtrace sleep"]
    expected = r"error: several processes are called sleep; .*: sleep \(.*, pid 6\), sleep \(.*, pid 7\)"
    assert re.match(expected, said), said


def every_command_has_help():
    commands = ("ps", "process", "kernel", "in", "process-registers", "process-backtrace", "process-memory")
    commands += ("page-walk", "break-call", "break-program", "type")
    said = session(*(f"help {command}" for command in commands), "help user-defined")
    for command in commands:
        assert re.match(rf"{command}( [A-Z[].*)?: ", said[f"help {command}"]), said[f"help {command}"]
        assert re.search(rf"^{command} --", said["help user-defined"], re.M), said["help user-defined"]


run_tests(
    [
        all_processes_are_listed_with_what_they_wait_for,
        a_saved_frame_is_shown_with_its_registers,
        the_page_shows_a_session_as_it_is,
        a_backtrace_leads_through_the_bridge_and_the_library_to_main,
        a_small_process_has_its_own_symbols,
        the_kernel_s_part_of_a_backtrace_comes_first,
        a_process_that_runs_is_shown_from_the_processor,
        a_sleeping_program_is_shown_in_its_sleep,
        main_has_its_registers_back,
        what_is_computed_of_a_stack_is_what_the_compiler_says,
        memory_of_a_process_that_is_not_loaded_is_read,
        words_are_the_program_s,
        a_small_process_s_memory_is_read_by_names,
        a_page_walk_ends_at_the_frame,
        each_part_of_the_plan_is_named,
        a_kernel_call_stops_by_name,
        a_kernel_call_stops_for_one_process_only,
        a_program_that_is_to_come_can_be_named,
        a_place_in_a_program_is_no_place_in_another,
        looking_at_a_process_lasts_until_kernel,
        before_the_kernel_has_started_everything_says_so,
        mistakes_are_explained,
        a_name_that_several_have_is_refused,
        every_command_has_help,
    ]
)
