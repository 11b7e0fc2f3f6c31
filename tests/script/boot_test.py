#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Booting: by QEMU itself, from a CD, with little and much memory, and with archives that are not right."""

import os
import subprocess
import time

import machine
from script import BOOT_SECONDS, PROMPT, build_under_test, run_tests

BUILD = build_under_test()


def console_of(command, wanted, seconds=BOOT_SECONDS):
    """Start an emulator whose COM1 is its standard output; returns what came until `wanted` did, or the end."""
    process = machine.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.set_blocking(process.stdout.fileno(), False)
    text = ""
    limit = time.monotonic() + seconds
    try:
        while wanted not in text and time.monotonic() < limit:
            ended = process.poll() is not None
            text += (process.stdout.read() or b"").decode(errors="replace")
            if ended:
                break
            time.sleep(0.05)
        return text
    finally:
        process.kill()
        process.wait()


def qemu(archive=BUILD.archive, cmdline="", memory=128):
    return [*machine.qemu(BUILD.kernel, archive, cmdline, memory), "-serial", "stdio"]


def boots_to_the_prompt(command):
    text = console_of(command, PROMPT)
    assert PROMPT in text, text
    assert "PANIC" not in text, text


def boots_with_32_mib():
    boots_to_the_prompt(qemu(memory=32))


def boots_with_3_5_gib():
    boots_to_the_prompt(qemu(memory=3584))


def the_kernels_log_can_go_to_the_other_port():
    with machine.scratch() as folder:
        log = os.path.join(folder, "log")
        text = console_of([*qemu(cmdline="log=com2"), "-serial", f"file:{log}"], PROMPT)
        assert text.replace("\r", "").strip().endswith(PROMPT.strip()), text
        with open(log) as file:
            assert file.read().strip()


def boots_from_cd_in_qemu():
    command = ["qemu-system-i386", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot", "-m", "128"]
    with machine.scratch() as folder:
        image = os.path.join(folder, "granite.iso")
        machine.iso(image, BUILD.kernel, BUILD.archive)
        boots_to_the_prompt([*command, "-drive", f"file={image},media=cdrom,format=raw", "-serial", "stdio"])


def boots_from_cd_in_bochs():
    with machine.scratch() as folder:
        image, com1, com2 = (os.path.join(folder, name) for name in ("granite.iso", "com1", "com2"))
        machine.iso(image, BUILD.kernel, BUILD.archive)
        emulator = machine.bochs(folder, image, com1, com2)
        with open(os.path.join(folder, "out"), "wb") as noise:
            process = machine.start(emulator, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise)
        try:
            text = wait_for_file(com1, PROMPT, process)
        finally:
            process.kill()
            process.wait()
        assert PROMPT in text and "PANIC" not in text, text


def wait_for_file(path, wanted, process):
    limit = time.monotonic() + BOOT_SECONDS
    text = ""
    while wanted not in text and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.1)
        if os.path.exists(path):
            with open(path, errors="replace") as file:
                text = file.read()
    return text


def says(command, *words):
    """The machine stops by itself after a panic that has one of the words."""
    text = console_of(command, "no text has this", seconds=20)
    assert "PANIC" in text and any(word in text.lower() for word in words), text


def a_missing_archive_is_told():
    says(qemu(archive=None), "archive", "module")


def a_damaged_archive_is_told():
    with open(BUILD.archive, "rb") as file:
        good = file.read()
    damaged = {
        "magic": b"X" + good[1:],
        "size": good[:54] + b"FFFFFFFF" + good[62:],
        "cut": good[: len(good) // 16],
        "empty": b"\0" * 4096,
        "noise": bytes((byte * 7 + 1) % 256 for byte in good[:65536]),
    }
    with machine.scratch() as folder:
        for name, data in damaged.items():
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(data)
            says(qemu(archive=path), "archive", "bin/vm", "bin/pm")


run_tests(
    [
        boots_with_32_mib,
        boots_with_3_5_gib,
        the_kernels_log_can_go_to_the_other_port,
        boots_from_cd_in_qemu,
        boots_from_cd_in_bochs,
        a_missing_archive_is_told,
        a_damaged_archive_is_told,
    ]
)
