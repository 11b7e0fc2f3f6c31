# SPDX-License-Identifier: MIT
"""Programs of the user's own: C files, or what tools/cc has linked of them."""

import dataclasses
import os
import re


@dataclasses.dataclass
class Program:
    name: str
    path: str  # without symbols
    elf: str  # with them


def base_name(path):
    """The program's name: a word, because it stands in the manifest."""
    return re.sub(r"[^\w.+-]", "_", os.path.splitext(os.path.basename(path))[0], flags=re.ASCII)


def is_elf(path):
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def make(build, folder, name, sources, options=()):
    """A program, compiled into `folder` from C files; a single file that is a program already is taken as it is."""
    if len(sources) == 1 and is_elf(sources[0]):
        return Program(name, sources[0], sources[0])
    path, elf = os.path.join(folder, name), os.path.join(folder, f"{name}.elf")
    build.compile(elf, sources, options)
    build.strip(path, elf)
    return Program(name, path, elf)
