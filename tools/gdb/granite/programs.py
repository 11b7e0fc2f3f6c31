# SPDX-License-Identifier: MIT
"""Which linked program a process runs: of the folders build/elf/*, found by name and known by its code."""

import functools
import glob
import os
import subprocess

from elf import Elf
from granite import machine, paging
from granite.machine import PAGE

ELF_HEADER = 52  # it differs: the program in the archive is stripped
PAGES_COMPARED = 4


@functools.lru_cache(maxsize=64)
def read_elf(path, changed):
    del changed  # it is the cache's: a program that was built anew is read anew
    return Elf(path)


def elf_of(path):
    return read_elf(path, os.path.getmtime(path))


def path_of(name):
    """The linked program of that name in the boot archive, or None."""
    path = os.path.join(machine.build_folder(), "elf", "bin", name)
    return path if name and "/" not in name and os.path.isfile(path) else None


def candidates(process):
    """All programs, the one that the process is called after first."""
    named = path_of(process.name)
    others = sorted(glob.glob(os.path.join(machine.build_folder(), "elf", "*", "*")))
    return ([named] if named else []) + [path for path in others if path != named]


def compare(process, path):
    """Whether the process has this program's code in its memory; None: none of it is there to be compared."""
    same = None
    compared = 0
    for start, code in elf_of(path).code:
        for offset in range(0, len(code), PAGE):
            if compared == PAGES_COMPARED:
                return same
            expected = code[offset : offset + PAGE]
            found = paging.read(process, start + offset, len(expected))
            skip = 0 if offset else ELF_HEADER
            if not found:
                continue
            if found[skip:] != expected[skip : len(found)]:
                return False
            same = True
            compared += 1
    return same


def program_of(process):
    """The path of the ELF file that the process runs, or None."""
    try:
        verdicts = ((path, compare(process, path)) for path in candidates(process))
        for path, same in verdicts:
            if same or (same is None and os.path.basename(path) == process.name):
                return path
    except machine.Error:  # it has no memory
        pass
    return None


def place_in(path, address):
    """Which function of a program an address lies in, or ''."""
    if not path or not elf_of(path).is_instruction(address):
        return ""
    start, name = elf_of(path).function_at(address)
    return f"{name}+{address - start:#x}" if address != start else name


def place(process, address):
    return place_in(program_of(process), address)


def line_of(path, address):
    """(function, file:line) of an address in a linked program, as addr2line says it."""
    command = ["i686-linux-gnu-addr2line", "-s", "-f", "-e", path, f"{address:#x}"]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return told[0], told[1]
