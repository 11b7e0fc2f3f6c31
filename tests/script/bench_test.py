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
import measure
from build import ROOT, tied
from script import build_under_test, run_tests

BUILD = build_under_test()
# One row of each program in bench/ at least, and of each kind of server.
QUICK_ROWS = (
    "boot.to_prompt,ipc.null_call,ipc.sendrec_64B,ipc.sendrec_64B_small,ipc.notify,fault.anon,copy.64B,copy.4KiB,irq.to_driver,"
    "safemap.1page,proc.fork_exit_wait,file.read_64KiB,ds.publish_u32,rs.restart,"
    "crossover.copied_16,crossover.shared_16,crossover.written_16"
)
PAGE, PICTURE = (os.path.join(ROOT, "docs", name) for name in ("grants.md", "crossover.svg"))
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
        with open(os.path.join(folder, "crossover.svg")) as file:
            copying_and_sharing_pages_are_drawn(file.read(), rows_of(before))


def each_row_tells_what_its_operation_does(rows):
    """What the counters must say whatever the operations cost."""
    expected = {
        "ipc.null_call": {"kernel_entries": 1, "kernel_calls": 1, "cr3_writes": 0, "interrupts": 0},
        "ipc.sendrec_64B": {"kernel_entries": 2, "ipc_calls": 2, "cr3_writes": 2, "switches": 2, "interrupts": 0},
        "fault.anon": {"page_faults": 1, "frames_zeroed": 1, "cr3_writes": 0, "interrupts": 0},
        "copy.4KiB": {"kernel_calls": 1, "windows": 1, "switches": 0, "interrupts": 0},
        "ipc.sendrec_64B_small": {"kernel_entries": 2, "ipc_calls": 2, "cr3_writes": 0, "switches": 2},
        "irq.to_driver": {"kernel_entries": 1, "interrupts": 1, "switches": 1, "cr3_writes": 1},
        "safemap.1page": {"grant_mapped_pages": 1, "grant_unmapped_pages": 1},
        "file.read_64KiB": {"grant_cow_pages": 16, "frames_copied": 0},
        "rs.restart": {"exceptions": 1},
        "crossover.copied_16": {"grant_cow_pages": 0, "frames_copied": 0},
        "crossover.shared_16": {"grant_cow_pages": 16, "frames_copied": 0},
        "crossover.written_16": {"grant_cow_pages": 16, "frames_copied": 16},
    }
    for name, counts in expected.items():
        for counter, value in counts.items():
            assert rows[name][counter] == value, rows[name]
    for row in rows.values():
        assert row["insns"] > 0, row
    # Of two copies all is alike but the words that `rep movsl` moves, an instruction each.
    assert rows["copy.4KiB"]["insns"] - rows["copy.64B"]["insns"] == (4096 - 64) / 4, rows
    assert rows["boot.to_prompt"]["kernel_entries"] > 100, rows["boot.to_prompt"]


def curves_of(picture):
    """{curve: {pages: instructions}} as the picture's text has it."""
    text = re.search(r"<desc>instructions by pages: (.*)</desc>", picture)[1]
    curves = (curve.split(" ", 1) for curve in text.split("; "))
    return {name: {int(p): float(n) for p, n in re.findall(r"(\d+): ([\d.]+)", points)} for name, points in curves}


def copying_and_sharing_pages_are_drawn(picture, rows):
    assert all(title in picture for title in ("copied", "shared copy-on-write", "written to afterwards")), picture
    for curve, points in curves_of(picture).items():
        assert points == {16: rows[f"crossover.{curve}_16"]["insns"]}, picture


def every_program_has_a_row_that_is_measured_twice():
    rows = measure.rows()
    programs = {rows[name].program for name in QUICK_ROWS.split(",") if not name.startswith("boot.")}
    assert programs == {row.program for row in rows.values() if not row.name.startswith("boot.")}, programs


def about(told, figure):
    """Whether a number in a text is what has been measured, in round numbers."""
    return abs(float(told.replace(",", "")) - figure) < 0.07 * figure


def the_page_says_of_sharing_what_its_picture_shows():
    with open(PAGE) as page, open(PICTURE) as picture:
        text, curves = " ".join(page.read().split()), curves_of(picture.read())
    copied, shared, written = (curves[curve] for curve in ("copied", "shared", "written"))
    a_page = (copied[32] - copied[4]) / 28
    slopes = [(shared[2 * pages] - shared[pages]) / pages for pages in (4, 8, 16)]
    begin = shared[4] - 4 * slopes[0]
    breaks = [(written[pages] - shared[pages]) / pages for pages in shared]
    told = re.search(
        r"about ([\d,]+) instructions a page, and ([\d,]+) besides; to share costs ([\d,]+) to begin with, and (\d+) to (\d+) a "
        r"page\. Each page that is written to afterwards costs another ([\d,]+)\.",
        text,
    )
    figures = (a_page, copied[4] - 4 * a_page, begin, min(slopes), max(slopes), min(breaks))
    assert all(map(about, told.groups(), figures)) and about(told[6], max(breaks)), (told.groups(), figures)
    # Four is the number, if one is written to; and the line would go on to two, if none is.
    assert shared[4] + breaks[0] <= copied[4] and begin + 3 * slopes[0] + breaks[0] > copied[4] - a_page, curves
    assert begin + 2 * slopes[0] < copied[2] and begin + slopes[0] > copied[1], curves


def a_row_that_is_not_there_is_told():
    status, text = tool("bench", "--row", "ipc.nothing")
    assert status == 1 and "ipc.nothing" in text and "ipc.null_call" in text, text
    status, text = tool("profile", "ipc.nothing")
    assert status == 1 and "ipc.null_call" in text, text


def a_picture_that_can_not_be_drawn_is_told():
    with machine.scratch() as folder:
        picture = os.path.join(folder, "picture.svg")
        status, text = tool("bench", "-o", os.path.join(folder, "out"), "--row", "ipc.null_call", "--picture", picture)
        assert status == 1 and "were not measured" in text and not os.path.exists(picture), text


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
        every_program_has_a_row_that_is_measured_twice,
        the_page_says_of_sharing_what_its_picture_shows,
        a_row_that_is_not_there_is_told,
        a_picture_that_can_not_be_drawn_is_told,
        a_profile_adds_up_to_its_row,
        an_instruction_that_faults_is_in_a_profile_twice,
        a_profile_finds_its_way_through_kernel_servers_and_programs,
    ]
)
