# SPDX-License-Identifier: MIT
"""Undefined behaviour that a log tells of (make UBSAN=1): where in the sources it was, and of what kind."""

import glob
import os
import re
import subprocess

from elf import Elf

# Name and address: of a server without which nothing runs, and of any other process; the kernel has no name.
KERNEL = re.compile(r"^PANIC: undefined behaviour in .*?()\beip ([0-9a-f]{8})", re.M | re.S)
VITAL = re.compile(r"^PANIC: (\S+) died of [^\n]* undefined behaviour, .*?\beip ([0-9a-f]{8})", re.M | re.S)
PROCESS = re.compile(r"^\[pm\] (\S+) \(pid \d+\) died of SIGILL, undefined behaviour, .*\beip 0x([0-9a-f]+)", re.M)

# Clang's operand of ud1: its enum SanitizerHandler (clang/lib/CodeGen/CodeGenFunction.h, version 14). Of equal kinds in
# a function it makes one, whose line is any of theirs.
UD1 = b"\x0f\xb9"
KINDS = """an addition overflows|what can not be reached is|a function is not of its type|a division overflows|
    an object is not of its type|a float does not fit|a function is not of its type|a conversion loses bits|
    a builtin function is given 0|an object is not of its type|a value is none of its type|a value is not returned|
    a multiplication overflows|a negation overflows|an argument is null|null is returned|an argument is null|
    null is returned|an index is out of bounds|pointer arithmetic overflows|a shift is too wide or loses bits|
    a subtraction overflows|a pointer is null, or not aligned, or its object too small|an assumed alignment is not so|
    the length of an array is not positive"""


def kind(elf, address):
    """What is wrong at the address, as far as the instruction there says it."""
    code = Elf(elf).code_at(address, 4)
    kinds = [words.strip() for words in KINDS.split("|")]
    if code[:2] != UD1:
        return ""
    number = code[3] if code[2] else 0  # ud1 N(%eax), which for 0 is shorter
    return f": {kinds[number]}" if number < len(kinds) else ""


def elves(build, name):
    """The programs that a process of that name may be: the kernel cuts names off."""
    if not name:
        return [build.kernel]
    pattern = os.path.join(glob.escape(build.folder), "elf", "**", f"{glob.escape(name)}*")
    paths = sorted(glob.glob(pattern, recursive=True))
    return [path for path in paths if os.path.basename(path)[:15] == name][:1]


def place(build, elf, address):
    """Functions, files and lines, the innermost first, a line each."""
    command = ["i686-linux-gnu-addr2line", "-f", "-i", "-p", "-e", elf, hex(address)]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return text.replace(build.root + os.sep, "").splitlines()


def explain(build, log):
    """More lines for the log: where what it tells of is in the sources. Empty if it tells of nothing."""
    lines = []
    for pattern in (KERNEL, VITAL, PROCESS):
        for name, address in dict.fromkeys(pattern.findall(log)):
            for elf in elves(build, name):
                where = place(build, elf, int(address, 16))
                lines.append(f"undefined behaviour in {name or 'the kernel'}{kind(elf, int(address, 16))}")
                lines += [f"  {line}" for line in where]
    return "".join(f"{line}\n" for line in lines)
