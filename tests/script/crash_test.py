#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the log says of programs that crash (tests/guest/crashes.c), and of a system that panics, with all names."""

import functools
import os
import re
import subprocess
import textwrap

import machine
import symbolize
from build import ROOT, Build, tied
from script import PROMPT, Terminal, build_under_test, run_tests

BUILD = build_under_test()
SOURCE = os.path.join("tests", "guest", "crashes.c")
SECONDS = 60
CHAIN_MAX = 24
HOSTILE = ["frame_in_a_loop", "frame_in_the_kernel", "frame_unmapped", "stack_in_the_kernel", "stack_unmapped"]
HOSTILE += ["stack_of_lies", "bridge_of_lies"]


@functools.cache
def line_of(function):
    """`function at file:line` of the line that is marked with the function's name."""
    with open(os.path.join(ROOT, SOURCE)) as file:
        numbers = [number for number, line in enumerate(file, 1) if line.endswith(f"/* {function} */\n")]
    assert len(numbers) == 1, function
    return f"{function} at {SOURCE}:{numbers[0]}"


@functools.cache
def run():
    """(output, log) of the crashing program."""
    options = ["--debug", "--counted-time", "--log", "-t", str(SECONDS)]
    command = tied([os.path.join(ROOT, "tools", "guest"), *options, os.path.join(ROOT, SOURCE)])
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def reports():
    """The reports, each as its lines."""
    parts = re.split(r"^\[pm\] CRASH: ", run()[1], flags=re.M)[1:]
    return [[line.removeprefix("[pm] ") for line in part.splitlines() if part] for part in parts]


def report(number):
    return reports()[number]


def check(number, died, *places, chain):
    """`died`: the end of the first line. `places`: how lines begin. `chain`: what is found in the chain, in order."""
    lines = report(number)
    assert re.match(rf"crashes \(bin/crashes, pid \d+, endpoint \d+\) died of {died}$", lines[0]), lines
    for place in places:
        assert any(line.startswith(place) for line in lines), (place, lines)
    assert any(re.fullmatch(r"  eax [0-9a-f]{8} ebx [0-9a-f]{8} ecx [0-9a-f]{8} edx [0-9a-f]{8}", x) for x in lines)
    calls = chain_of(lines)
    assert len(calls) <= CHAIN_MAX
    rest = iter(calls)
    for name in chain:
        assert any(name in call for call in rest), (name, calls)


def chain_of(lines):
    return [line for line in lines[lines.index("  it was at, and was called from:") + 1 :] if line.startswith("    ")]


def a_null_pointer_is_told_with_function_and_line():
    place = "  nothing is mapped there"
    check(0, "SIGSEGV: read from 0x00000008", place, chain=[line_of("null_read"), line_of("main")])
    assert line_of("null_read") in chain_of(report(0))[0], report(0)


def what_is_there_is_told():
    text = r"  there is 08048000 - "
    check(1, r"SIGSEGV: write to 0x0804....", text, chain=[line_of("text_write"), line_of("main")])
    assert any("r-x, text of bin/crashes" in line for line in report(1)), report(1)
    check(2, r"SIGSEGV: read from 0x........", "  there is ", chain=[line_of("forbidden_read"), line_of("main")])
    assert any("---, mapped by the program" in line for line in report(2)), report(2)


def a_jump_to_nowhere_has_its_caller():
    check(3, "SIGSEGV: jump to 0x0000123c", chain=["0000123c", line_of("jump_to_nowhere"), line_of("main")])


def a_stack_overflow_is_told():
    place = "  nothing is mapped there, right below the stack: it may have overflowed"
    check(4, r"SIGSEGV: write to 0xbf7.....", place, chain=["stack_overflow", line_of("stack_overflow")])
    assert len(chain_of(report(4))) == CHAIN_MAX


def other_exceptions_are_told():
    for number, died, name in (
        (5, "SIGFPE: divide error", "divide_by_zero"),
        (6, "SIGILL: invalid opcode", "undefined"),
        (7, "SIGSEGV: general protection", "privileged"),
    ):
        check(number, died, "  exception ", chain=[line_of(name), line_of("main")])
        assert line_of(name) in chain_of(report(number))[0], report(number)


def abort_is_told_from_the_bridge_to_main():
    names = ["lib/bridge/", "granite_bridge_entry", "raise", "abort", line_of("aborted"), line_of("main")]
    check(8, "SIGABRT: which it sent to itself", chain=names)


def the_library_does_not_end_the_chain():
    check(9, "SIGSEGV: read from 0x00000008", chain=["strlen", line_of("in_the_library"), line_of("main")])
    names = [line_of("null_read"), line_of("compare"), "qsort", line_of("called_back"), line_of("main")]
    check(10, "SIGSEGV: read from 0x00000008", chain=names)


def a_handler_does_not_end_the_chain():
    names = ["abort", line_of("handler"), "interrupted by a signal", line_of("main")]
    check(11, "SIGABRT: which it sent to itself", chain=names)
    assert any("interrupted by a signal  " + line_of("in_a_handler") in call for call in chain_of(report(11)))


def a_child_of_a_child_is_told():
    check(12, "SIGSEGV: read from 0x00000008", chain=[line_of("null_read"), line_of("in_a_grandchild")])


def what_misleads_the_walk_does_not_hurt():
    for number, name in enumerate(HOSTILE, 13):
        check(number, r"SIG\w+: .*", chain=[name])


def what_is_no_crash_is_not_reported():
    output, log = run()
    assert output.split()[-2:] == ["0", "15"], output
    assert len(reports()) == 13 + len(HOSTILE) + 3, log  # the last three are the repeated one's


def a_program_that_crashes_all_the_time_is_reported_three_times_and_counted():
    for number in (-3, -2, -1):
        check(number, "SIGILL: invalid opcode", chain=[line_of("undefined")])
    assert re.search(r"^\[pm\] \d+ more crashes were not reported, the last of bin/crashes$", run()[1], re.M)
    counts = re.findall(r"^\[pm\] (\d+) more crashes", run()[1], re.M)
    assert sum(map(int, counts)) == 47, counts


def a_service_that_crashes_is_reported_and_restarted():
    with Terminal(["tools/run", "--build", BUILD.folder]) as terminal:
        terminal.expect(PROMPT)
        terminal.type("kill -SEGV console\r")
        terminal.expect("[pm] CRASH: console (bin/console, pid ")
        told = terminal.expect("[console] ready")
        assert "died of SIGSEGV: sent by kill (pid " in told, told
        assert re.search(r"^\[pm\]     [0-9a-f]{8} \?  main at drivers/console/main.c:\d+$", told, re.M), told
        assert "[rs] console killed by signal 11" in told, told
        terminal.type("\r")
        terminal.expect(PROMPT)


def panic_log(archive_files, cmdline):
    with machine.scratch() as folder:
        archive, log = os.path.join(folder, "cpio"), os.path.join(folder, "log")
        BUILD.image(archive, archive_files)
        command = machine.qemu(BUILD.kernel, archive, cmdline, 64, ["-serial", f"file:{log}"])
        process = machine.start(command, stdin=subprocess.DEVNULL)
        try:
            process.wait(SECONDS)
        finally:
            machine.end(process)
        with open(log, errors="replace") as file:
            return file.read()


def pattern_of(line):
    """What matches a line that the docs show; addresses, and how far into a function, are others in each build."""
    if line.strip() == "...":
        return r"(?:.*\n)+?"
    number = r"[0-9a-f]+"
    return re.sub(r"\b[0-9a-f]{8}\b|(?<=\+)[0-9a-f]+|(?<=address\\ )[0-9a-f]+", lambda _: number, re.escape(line)) + r"\n"


def check_shown(log):
    """It is the panic that docs/hacking.md shows, with `...` for lines that are left out."""
    with open(os.path.join(ROOT, "docs", "hacking.md")) as file:
        shown = re.search(r"^    PANIC: .*\n(?:    .*\n)+", file.read(), re.M)[0]
    wanted = "".join(pattern_of(line) for line in textwrap.dedent(shown).splitlines())
    assert re.search(wanted, log), (wanted, log)


def a_panic_is_named_down_to_the_process():
    halt = 18  # in tests/small/hostile.c, which takes PM's place
    files = {"bin/pm": f"{BUILD.folder}/tests/small/hostile", "bin/vm": f"{BUILD.folder}/bin/vm"}
    library = symbolize.Library(BUILD, {"bin/pm": f"{BUILD.folder}/elf/tests/small/hostile"})
    log = symbolize.text(panic_log(files, f"attack={halt}"), library)
    assert "PANIC: pm died of signal 11" in log, log
    kernel, process = log.split("  process pm is at, and was called from:\n")
    assert re.search(r"^    [0-9a-f]{8} panic_at\+[0-9a-f]+  panic_at at kernel/panic.c:\d+$", kernel, re.M), log
    assert re.search(r"^    [0-9a-f]{8}  halt at tests/small/hostile.c:\d+$", process, re.M), log
    assert re.search(r"^    [0-9a-f]{8} \?  main at tests/small/hostile.c:\d+$", process, re.M), log
    if BUILD.folder == Build("build/debug").folder:  # another compiler makes other chains of calls
        check_shown(log)


run_tests(
    [
        a_null_pointer_is_told_with_function_and_line,
        what_is_there_is_told,
        a_jump_to_nowhere_has_its_caller,
        a_stack_overflow_is_told,
        other_exceptions_are_told,
        abort_is_told_from_the_bridge_to_main,
        the_library_does_not_end_the_chain,
        a_handler_does_not_end_the_chain,
        a_child_of_a_child_is_told,
        what_misleads_the_walk_does_not_hurt,
        what_is_no_crash_is_not_reported,
        a_program_that_crashes_all_the_time_is_reported_three_times_and_counted,
        a_service_that_crashes_is_reported_and_restarted,
        a_panic_is_named_down_to_the_process,
    ]
)
