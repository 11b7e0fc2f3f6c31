#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random calls can be repeated: the same seed makes the same run, to the nanosecond, and another one another."""

import os
import re
import subprocess

import abi
from build import ROOT, tied
from script import build_under_test, run_tests

CALLS = 3000
SECONDS = 100


def run(seed):
    """What a run says: its calls, what they came to, and when it ended, in nanoseconds and kernel entries."""
    program = os.path.join(build_under_test().folder, "tests", "guest", "fuzz_test")
    command = [os.path.join(ROOT, "tools", "guest"), "--debug", "--counted-time", "-t", str(SECONDS)]
    command += ["--calls", ",".join(abi.kernel_calls()), program, "--", str(CALLS), str(seed)]
    done = subprocess.run(tied(command), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, (done.returncode, output, done.stderr)
    return re.search(r"^# run: .* outcomes .* ns, .* kernel entries.*$", output, re.M)[0]


def the_same_seed_makes_the_same_run():
    first = run(1)
    assert run(1) == first
    assert run(2) != first


run_tests([the_same_seed_makes_the_same_run])
