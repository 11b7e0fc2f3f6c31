#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
tools/bench and tools/profile: that they count rightly, and the same each time. How much is counted is nobody's business
here: a slower system passes.
"""

import functools
import json
import os
import re
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


def copying_and_sharing_pages_are_drawn():
    with machine.scratch() as folder:
        _, document = bench(os.path.join(folder, "figures"), "--row", "crossover.")
        with open(os.path.join(folder, "crossover.svg")) as file:
            picture = file.read()
        rows = rows_of(document)
        assert all(title in picture for title in ("copied", "shared copy-on-write", "written")), picture
        assert rows["crossover.shared_16"]["grant_cow_pages"] == 16, rows["crossover.shared_16"]
        assert rows["crossover.written_16"]["frames_copied"] == 16, rows["crossover.written_16"]
        assert "grant_cow_pages" not in {key for key, value in rows["crossover.copied_16"].items() if value}


def a_row_that_is_not_there_is_told():
    status, text = tool("bench", "--row", "ipc.nothing")
    assert status == 1 and "ipc.nothing" in text and "ipc.null_call" in text, text
    status, text = tool("profile", "ipc.nothing")
    assert status == 1 and "ipc.null_call" in text, text


def figure(text, pattern):
    """The number at the beginning of the line that ends with `pattern`."""
    found = re.search(rf"^ *([\d,.]+) .*{pattern}$", text, re.M)
    assert found, f"no {pattern!r}:\n{text}"
    return float(found[1].replace(",", ""))


@functools.cache
def profile(row):
    """A profile as text, the row's figure, and how much more than that and the measuring loop was executed."""
    status, text = tool("profile", row)
    assert status == 0, text
    of_row = float(re.search(r"^\S+: ([\d,.]+) instructions", text)[1].replace(",", ""))
    whole, loop = figure(text, "all that was executed"), figure(text, "measuring loop .*")
    return text, of_row, whole - loop - of_row


def a_profile_adds_up_to_its_row():
    text, _, more = profile("ipc.sendrec_64B")
    assert abs(more) < 0.02, text
    assert "trap_ipc_entry" in text and "echo" in text, text


def an_instruction_that_faults_is_in_a_profile_twice():
    text, _, more = profile("fault.anon")
    assert abs(more - 1) < 0.02, text
    assert abs(figure(text, "were executed twice.*") - 1) < 0.02, text


def a_profile_finds_its_way_through_kernel_servers_and_programs():
    text, _, _ = profile("fault.anon")
    for name in ("kernel", "vm", "bench/fault"):
        assert figure(text, f" {name}") > 0
    assert figure(text, "do_pagefault") > 0
    assert "firmware and unknown" not in text, text
    assert figure(text, "fill_zero") >= 1024, text  # a page's words, an instruction each


run_tests(
    [
        two_runs_give_the_same_figures,
        copying_and_sharing_pages_are_drawn,
        a_row_that_is_not_there_is_told,
        a_profile_adds_up_to_its_row,
        an_instruction_that_faults_is_in_a_profile_twice,
        a_profile_finds_its_way_through_kernel_servers_and_programs,
    ]
)
