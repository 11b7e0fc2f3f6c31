#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=600
"""
What a call costs does not depend on how many processes there are. Each row scale.NAME_10 of bench/ is measured among 10
others, scale.NAME_500 among 500; figures are counts of instructions and of what the kernel did, so they are exact.
"""

import json
import os
import subprocess

import machine
from build import ROOT, tied
from script import build_under_test, run_tests

BUILD = build_under_test()
SECONDS = 500
FEW, MANY = "_10", "_500"

# Rows whose batches are not all alike differ by a part of an instruction, by which of them is the median.
INSNS = 1
# An alarm's place in a heap: as many steps as the number of alarms has bits, 6 more among 500 than among 10.
INSNS_OF = {"scale.alarm": 6 * 16}
COUNTS = 0.05


def measure():
    with machine.scratch() as folder:
        output = os.path.join(folder, "bench.json")
        command = [os.path.join(ROOT, "tools", "bench"), "--build", os.path.relpath(BUILD.folder, ROOT)]
        command += ["--row", "scale.", "-o", output]
        settings = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(tied(command), timeout=SECONDS, check=False, **settings)
        assert done.returncode == 0, done.stdout
        with open(output) as file:
            return {row["name"]: row for row in json.load(file)["rows"]}


ROWS = measure()
PAIRS = {name.removesuffix(FEW): row for name, row in ROWS.items() if name.endswith(FEW)}


def every_row_has_its_pair():
    names = {name + suffix for name in PAIRS for suffix in (FEW, MANY)}
    assert names == set(ROWS) and len(PAIRS) >= 19, sorted(ROWS)


def too_much(name, few, many):
    """The counts by which a row among many differs from that among few, beyond what it may."""
    for key in few.keys() - {"name", "operations"}:
        allowed = INSNS_OF.get(name, INSNS) if key == "insns" else COUNTS
        if abs(many[key] - few[key]) > allowed:
            yield f"{name}: {key} is {few[key]} among 10 processes, {many[key]} among 500"


def no_call_costs_more_among_500_processes_than_among_10():
    wrong = [line for name, few in PAIRS.items() for line in too_much(name, few, ROWS[name + MANY])]
    assert not wrong, "\n".join(wrong)


run_tests([every_row_has_its_pair, no_call_costs_more_among_500_processes_than_among_10])
