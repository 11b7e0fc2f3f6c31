#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
tools/bench: that it counts rightly, and the same each time. How much is counted is nobody's business here: a slower system
passes.
"""

import json
import os
import subprocess

import machine
from build import ROOT, tied
from script import build_under_test, run_tests

BUILD = build_under_test()
QUICK_ROWS = "boot.to_prompt,ipc.null_call,ipc.sendrec_64B,fault.anon,copy.64B,copy.4KiB,irq.to_driver"
SECONDS = 200


def tool(name, *arguments):
    """Runs a tool; returns its exit status and all that it printed."""
    command = [os.path.join(ROOT, "tools", name), "--build", os.path.relpath(BUILD.folder, ROOT), *arguments]
    settings = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(tied(command), timeout=SECONDS, check=False, **settings)
    return done.returncode, done.stdout


def bench(output, *arguments):
    status, text = tool("bench", "-o", output, *arguments)
    assert status == 0, text
    with open(output) as file:
        return text, file.read()


def rows_of(document):
    return {row["name"]: row for row in json.loads(document)["rows"]}


def two_runs_give_the_same_figures():
    with machine.scratch() as folder:
        first, second = (os.path.join(folder, name) for name in ("first", "second"))
        _, before = bench(first, "--row", QUICK_ROWS)
        text, after = bench(second, "--row", QUICK_ROWS, "--base", first)
        assert before == after, f"{before}\n{after}"
        table = text.split("\n\n")[0].splitlines()[1:]
        assert len(table) == len(rows_of(before)) and all(line.split()[2] == "=" for line in table), text
        each_row_tells_what_its_operation_does(rows_of(before))


def each_row_tells_what_its_operation_does(rows):
    """What the counters must say whatever the operations cost."""
    expected = {
        "ipc.null_call": {"kernel_entries": 1, "kernel_calls": 1, "cr3_writes": 0, "interrupts": 0},
        "ipc.sendrec_64B": {"kernel_entries": 2, "ipc_calls": 2, "cr3_writes": 2, "switches": 2, "interrupts": 0},
        "fault.anon": {"page_faults": 1, "frames_zeroed": 1, "cr3_writes": 0, "interrupts": 0},
        "copy.4KiB": {"kernel_calls": 1, "windows": 1, "switches": 0, "interrupts": 0},
        "irq.to_driver": {"kernel_entries": 1, "interrupts": 1, "switches": 1, "cr3_writes": 1},
    }
    for name, counts in expected.items():
        for counter, value in counts.items():
            assert rows[name][counter] == value, rows[name]
    for row in rows.values():
        assert row["insns"] > 0, row
    # Of two copies all is alike but the words that `rep movsl` moves, an instruction each.
    assert rows["copy.4KiB"]["insns"] - rows["copy.64B"]["insns"] == (4096 - 64) / 4, rows
    assert rows["boot.to_prompt"]["kernel_entries"] > 100, rows["boot.to_prompt"]


def a_row_that_is_not_there_is_told():
    status, text = tool("bench", "--row", "ipc.nothing")
    assert status == 1 and "ipc.nothing" in text and "ipc.null_call" in text, text


run_tests(
    [
        two_runs_give_the_same_figures,
        a_row_that_is_not_there_is_told,
    ]
)
