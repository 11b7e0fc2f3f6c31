#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/image: the boot archive is a cpio archive that others can read, with its data on page boundaries."""

import os
import subprocess
import tempfile

from build import ROOT
from script import run_tests

PAGE = 4096
FILES = {"bin/one": b"#!", "bin/page": b"p" * PAGE, "bin/more": b"m" * (PAGE + 1), "etc/empty": b"", "x": b"\n\0end"}


def make_image(folder):
    members = []
    for name, data in FILES.items():
        path = os.path.join(folder, name.replace("/", "_"))
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755 if name.startswith("bin/") else 0o644)
        members.append(f"{name}={path}")
    output = os.path.join(folder, "image.cpio")
    subprocess.run([os.path.join(ROOT, "tools", "image"), "-o", output, *members], check=True)
    with open(output, "rb") as file:
        return output, file.read()


def cpio(path, *options, **settings):
    with open(path, "rb") as archive:
        return subprocess.run(
            ["cpio", *options], stdin=archive, capture_output=True, text=True, check=True, **settings
        )


def data_of_every_file_starts_a_page():
    with tempfile.TemporaryDirectory() as folder:
        _, image = make_image(folder)
        assert len(image) % PAGE == 0
        for name, data in FILES.items():
            if data:
                start = image.index(data, image.index(name.encode() + b"\0"))
                assert start % PAGE == 0, f"{name} is at {start:#x}"


def cpio_lists_names_and_modes_without_complaint():
    with tempfile.TemporaryDirectory() as folder:
        path, _ = make_image(folder)
        listing = cpio(path, "-tv", "--quiet")
        assert listing.stderr == ""
        lines = [line.split() for line in listing.stdout.splitlines()]
        assert [line[-1] for line in lines] == list(FILES)
        assert [line[0] for line in lines] == ["-rwxr-xr-x"] * 3 + ["-rw-r--r--"] * 2


def cpio_finds_checksums_right_and_data_unchanged():
    with tempfile.TemporaryDirectory() as folder:
        path, _ = make_image(folder)
        assert cpio(path, "-i", "--only-verify-crc", "--quiet").stderr == ""
        out = os.path.join(folder, "out")
        os.mkdir(out)
        cpio(path, "-id", "--quiet", cwd=out)
        for name, data in FILES.items():
            with open(os.path.join(out, name), "rb") as file:
                assert file.read() == data


def the_same_files_make_the_same_image():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        assert make_image(one)[1] == make_image(two)[1]


def a_name_given_twice_is_refused():
    tool = os.path.join(ROOT, "tools", "image")
    done = subprocess.run([tool, "-o", os.devnull, "a=/dev/null", "a=/dev/null"], capture_output=True, check=False)
    assert done.returncode and b"twice" in done.stderr


run_tests(
    [
        data_of_every_file_starts_a_page,
        cpio_lists_names_and_modes_without_complaint,
        cpio_finds_checksums_right_and_data_unchanged,
        the_same_files_make_the_same_image,
        a_name_given_twice_is_refused,
    ]
)
