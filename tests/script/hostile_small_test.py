#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=600
"""A hostile small process on Bochs, which enforces segment limits: every attack ends it, and reaches nothing."""

import os
import re
import subprocess
import time

import machine
from script import build_under_test, run_tests

BUILD = build_under_test()
SECONDS = 60
ATTACKS = 23


def log_of_attack(number):
    """What the kernel logs when bin/pm is the attacker."""
    with machine.scratch() as folder:
        archive, image, com1, com2 = (os.path.join(folder, name) for name in ("cpio", "iso", "com1", "com2"))
        attacker = os.path.join(BUILD.folder, "tests", "small", "hostile")
        files = [f"bin/pm={attacker}", f"bin/vm={BUILD.folder}/bin/vm"]
        BUILD.image(archive, dict(file.split("=") for file in files))
        machine.iso(image, BUILD.kernel, archive, f"attack={number}")
        emulator = machine.bochs(folder, image, com1, com2, memory=32)
        with open(os.path.join(folder, "out"), "wb") as noise:
            process = machine.start(emulator, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise)
        try:
            limit = time.monotonic() + SECONDS
            while process.poll() is None and time.monotonic() < limit:
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()
        with open(com1, errors="replace") as file:
            return file.read()


def check_attack(number):
    log = log_of_attack(number)
    expected = re.search(r"hostile: (\w+) should be trap (\d+)", log)
    assert expected, log
    assert "it went well" not in log, log
    assert re.search(rf"PANIC: pm died of signal 11: trap {expected[2]},", log), log
    assert "process pm" in log, log


def every_attack_ends_the_attacker():
    for number in range(ATTACKS):
        check_attack(number)


def the_list_of_attacks_is_complete():
    assert "no more attacks" in log_of_attack(ATTACKS)


run_tests([every_attack_ends_the_attacker, the_list_of_attacks_is_complete])
