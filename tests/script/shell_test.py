#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shell, when what it reads is a pipe's: all lines are carried out, and then it ends."""

import os
import subprocess

from build import ROOT, tied
from script import build_under_test, run_tests

BUILD = os.path.relpath(build_under_test().folder, ROOT)

def shell(commands):
    """Give the shell its input; returns its exit status and what was printed."""
    program = os.path.join(ROOT, BUILD, "elf", "bin", "sh")
    command = [os.path.join(ROOT, "tools", "guest"), "--build", BUILD, "-t", "20", program]
    done = subprocess.run(tied(command), input=commands, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout.decode()


def it_ends_with_its_input():
    status, output = shell(b"echo one\necho two\n")
    assert status == 0 and "one\n" in output and "two\n" in output, (status, output[:1000])


def a_last_line_without_an_end_is_carried_out():
    status, output = shell(b"echo one\necho two")
    assert status == 0 and "two\n" in output, (status, output[:1000])


def a_line_too_long_is_told_and_the_next_one_counts():
    status, output = shell(b"echo " + b"x" * 2000 + b"\necho after\n")
    assert status == 0 and "xxx" not in output and "after\n" in output, (status, output[:1000])


def exit_gives_its_status():
    assert shell(b"exit 7\necho no\n")[0] == 7


run_tests(
    [
        it_ends_with_its_input,
        a_last_line_without_an_end_is_carried_out,
        a_line_too_long_is_told_and_the_next_one_counts,
        exit_gives_its_status,
    ]
)
