#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`trace` at the prompt."""

import re
import time

import tracing
from script import PROMPT, Terminal, build_under_test, run_tests

RUN = ["tools/run", "--build", build_under_test().folder]
CTRL_C = "\x03"
WIDE = (200, 50)  # no line is broken


def type_at_prompt(*commands):
    """What each of the commands printed."""
    outputs = []
    with Terminal(RUN, WIDE) as terminal:
        terminal.expect(PROMPT)
        for command in commands:
            terminal.type(command + "\r")
            terminal.expect("\n")
            outputs.append(terminal.expect(PROMPT))
    return outputs


def lines_of(output):
    """(seconds, process, text) of each line of a trace."""
    found = re.finditer(r"^ *\+(\d+\.\d{6})  (\S*) +(\S.*)$", output, re.M)
    return [(float(m[1]), m[2], m[3]) for m in found]


def a_command_is_traced_by_name():
    (output,) = type_at_prompt("trace hello")
    assert "Hello from Granite!" in output
    texts = [f"{process} {' '.join(text.split())}" for _, process, text in lines_of(output)]
    for expected in (
        r"trace/\d+ sendrec pm PM_EXEC",
        r"pm delivered from trace/\d+ PM_EXEC",
        r"pm sendrec vm VM_EXEC of trace/\d+",
        r"trace/\d+ exec hello",
        r"hello page fault at 0x[0-9a-f]+ (read|write), not there, pc 0x[0-9a-f]+",
        r"hello verdict of vm = OK",
        r"hello sendrec console CONSOLE_WRITE",
        r"console uses grant of hello at 0x[0-9a-f]+, 19 bytes, 1 links",
        r"hello delivered from console OK",
        r"hello exit",
    ):
        while texts and not re.fullmatch(expected, texts[0]):
            texts.pop(0)
        assert texts, f"{expected} is missing, or comes too early: {output}"


def its_times_ascend_and_its_columns_are_aligned():
    (output,) = type_at_prompt("trace -k all true")
    times = [seconds for seconds, _, _ in lines_of(output)]
    assert len(times) > 100 and times == sorted(times), output
    assert 0 <= times[0] and 0.0001 < times[-1] < 60, output
    assert len({line.index("sendrec ") for line in output.splitlines() if "sendrec " in line}) == 1, output


def its_own_doings_are_left_out():
    (output,) = type_at_prompt("trace -k all -s 0.3")
    for _, process, text in lines_of(output):
        assert process != "trace" and "trace" not in text, f"{process} {text}"


def it_shows_what_is_asked_for():
    kinds, process, number, nothing = type_at_prompt(
        "trace -k call,irq -s 0.1", "trace -p console -k ipc hello", "trace -p 1 ps", "trace -p nosuchlabel true"
    )
    texts = [text for _, _, text in lines_of(kinds)]
    assert any(text.startswith("interrupt") for text in texts), kinds
    assert not any(text.split()[0] in ("sendrec", "delivered", "runs", "page", "exit") for text in texts), kinds
    for _, who, text in lines_of(process):
        assert "console" in (who, *text.split()), process
    assert any(who == "hello" for _, who, _ in lines_of(process)), process
    assert [who for _, who, text in lines_of(number) if "RS_AWAIT" in text] == ["ps", "rs"], number
    assert "nothing" in nothing and not lines_of(nothing), nothing


def it_ends_as_its_command_does():
    missing, failing, other = type_at_prompt("trace nosuchprogram", "trace false", "trace -k process sh -c 'exit 7'")
    assert "nosuchprogram: No such file" in missing, missing
    assert "exit status" not in missing, missing  # it is 127: then the shell is silent
    assert "exit status 1\n" in failing, failing
    assert "exit status 7\n" in other, other


def wrong_calls_are_told():
    for command, expected in (
        ("trace -k nonsense true", "there is no kind nonsense"),
        ("trace -s x true", "usage: trace"),
        ("trace -q", "usage: trace"),
        ("trace -k", "usage: trace"),
        ("trace --help", "usage: trace"),
    ):
        (output,) = type_at_prompt(command)
        assert expected in output, output
    assert all(f"\n      {kind} " in output for kind in tracing.KINDS), output


def ctrl_c_ends_the_recording_and_leaves_it_off():
    with Terminal(RUN, WIDE) as terminal:
        terminal.expect(PROMPT)
        terminal.type("trace\r")
        terminal.expect("\n")
        time.sleep(1)  # until it records
        terminal.type(CTRL_C)
        assert lines_of(terminal.expect(PROMPT)), "it prints nothing"
        terminal.type("trace -k process true\r")
        assert "exec" in terminal.expect(PROMPT)


def one_trace_at_a_time_and_none_after_its_owner():
    with Terminal(RUN, WIDE) as terminal:
        terminal.expect(PROMPT)
        terminal.type("trace -s 1000 &\r")
        terminal.expect(PROMPT)
        terminal.type("sleep 2\r")  # nobody else computes: it records by then
        terminal.expect(PROMPT)
        terminal.type("trace true\r")
        assert "another trace is being made" in terminal.expect(PROMPT)
        terminal.type("kill -9 trace\r")
        terminal.expect(PROMPT)
        terminal.type("trace -k process true\r")
        assert "exec" in terminal.expect(PROMPT)


run_tests(
    [
        a_command_is_traced_by_name,
        its_times_ascend_and_its_columns_are_aligned,
        its_own_doings_are_left_out,
        it_shows_what_is_asked_for,
        it_ends_as_its_command_does,
        wrong_calls_are_told,
        ctrl_c_ends_the_recording_and_leaves_it_off,
        one_trace_at_a_time_and_none_after_its_owner,
    ]
)
