#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Makefile: what depends on a change is built again, and nothing else is."""

import os
import subprocess

from script import SourceCopy, run_tests

PROGRAM = "build/bin/hello"
SOURCE = "programs/hello.c"
HEADER = "lib/sys/granite/vm.h"


COPY = SourceCopy()


def nothing_is_generated_outside_of_build():
    before = listing(COPY.root)
    COPY.make(PROGRAM)
    subprocess.run(["tools/guest", "--help"], cwd=COPY.root, stdout=subprocess.DEVNULL, check=True)
    assert listing(COPY.root) == before


def a_second_make_does_nothing():
    COPY.make(PROGRAM)
    assert COPY.make(PROGRAM).strip() in ("", f"make: '{PROGRAM}' is up to date.")


def a_changed_header_rebuilds_its_users_only():
    COPY.make(PROGRAM)
    COPY.write(HEADER, COPY.read(HEADER) + "\n")
    output = COPY.make(PROGRAM)
    assert "lib/sys/vm.c" in output and PROGRAM.replace("build/", "build/elf/") in output, output
    assert SOURCE not in output, output


def a_removed_header_does_not_stop_the_build():
    text = COPY.read(SOURCE)
    COPY.write("programs/gone.h", "/* soon gone */\n")
    COPY.write(SOURCE, text + '#include "gone.h"\n')
    COPY.make(PROGRAM)
    COPY.write(SOURCE, text)
    os.remove(os.path.join(COPY.root, "programs/gone.h"))
    COPY.make(PROGRAM)


def another_flag_rebuilds_everything():
    COPY.make(PROGRAM)
    COPY.write("Makefile", COPY.read("Makefile").replace("-O2", "-O1"))
    output = COPY.make(PROGRAM)
    assert SOURCE in output and "lib/sys/vm.c" in output, output


def listing(root):
    files = set()
    for folder, folders, names in os.walk(root):
        if folder == root:
            folders.remove("build")
        files.update(os.path.join(folder, name) for name in names + folders)
    return files


run_tests(
    [
        nothing_is_generated_outside_of_build,
        a_second_make_does_nothing,
        a_changed_header_rebuilds_its_users_only,
        a_removed_header_does_not_stop_the_build,
        another_flag_rebuilds_everything,
    ]
)
