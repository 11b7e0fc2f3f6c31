#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The data store's core, fed with bytes by libFuzzer: the inputs that are kept, and new ones for a short while."""

import os
import subprocess
import tempfile

from build import ROOT, tied
from script import build_under_test, run_tests

SECONDS = 10
CORPUS = os.path.join(ROOT, "tests", "fuzz", "ds_corpus")


def fuzz(*options):
    """Run it; it fails with what it says, which has the bytes that were wrong and its seed."""
    program = os.path.join(build_under_test().folder, "tests", "fuzz", "ds_fuzz")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, f"-artifact_prefix={folder}/", *options]
        done = subprocess.run(tied(command), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    output = done.stderr.decode(errors="replace")
    assert done.returncode == 0, output[-6000:]
    return output


def the_inputs_that_are_kept_break_nothing():
    inputs = sorted(os.path.join(CORPUS, name) for name in os.listdir(CORPUS))
    assert inputs
    assert fuzz(*inputs).count("Executed ") == len(inputs)


def new_inputs_break_nothing():
    with tempfile.TemporaryDirectory() as found:
        assert "Done " in fuzz(f"-max_total_time={SECONDS}", found, CORPUS)


run_tests([the_inputs_that_are_kept_break_nothing, new_inputs_break_nothing])
