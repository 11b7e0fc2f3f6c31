# SPDX-License-Identifier: MIT
"""
Frames of the C library, which is packaged without call frame information: gdb would guess, and guess wrong. Code that
has such information (the programs', the bridge's) is left to gdb.
"""

import bisect
import collections
import functools
import os
import re
import subprocess

import gdb
from gdb.unwinder import Unwinder, register_unwinder

import stackdepth
from granite import programs, view

RANGE = re.compile(r"pc=([0-9a-f]+)\.\.([0-9a-f]+)")
FrameId = collections.namedtuple("FrameId", ("sp", "pc"))  # what create_unwind_info wants


@functools.lru_cache(maxsize=64)
def described(path, changed):
    """[(start, end)] of the code that has call frame information, ascending."""
    del changed
    command = ["i686-linux-gnu-readelf", "--wide", "--debug-dump=frames", path]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, stderr=subprocess.DEVNULL).stdout
    return sorted((int(m[1], 16), int(m[2], 16)) for m in RANGE.finditer(text))


def has_description(path, pc):
    ranges = described(path, os.path.getmtime(path))
    at = bisect.bisect_right(ranges, (pc, 1 << 32))
    return at > 0 and pc < ranges[at - 1][1]


@functools.lru_cache(maxsize=64)
def read_code(path, changed):
    del changed
    return stackdepth.Code(programs.elf_of(path))


def state_at(path, pc):
    """(start of the function, stackdepth.State) where a frame's pc is, or None."""
    code = read_code(path, os.path.getmtime(path))
    # A return address may lie behind its function, when that ends with a call that does not come back.
    for address in (pc, code.instruction_at(pc - 1)):
        if has_description(path, address):
            return None
        if state := code.state_at(address):
            return code.function_at(address)[0], state
    return None


class Frame:
    """What the unwinder knows of one frame: where its caller's registers are."""

    def __init__(self, pending, state):
        self.pending = pending
        self.kind = pending.read_register("esp").type
        if state.frame is not None:
            self.cfa = self.read("ebp") + state.frame + 4
        else:
            self.cfa = self.read("esp") + state.depth + 4
        self.saved = {register: self.cfa - 4 - depth for register, depth in state.saved}

    def read(self, register):
        return int(self.pending.read_register(register)) & 0xFFFFFFFF

    def caller(self, start):
        info = self.pending.create_unwind_info(FrameId(self.value("esp", self.cfa), self.value("eip", start)))
        info.add_saved_register("eip", self.word("eip", self.cfa - 4))
        info.add_saved_register("esp", self.value("esp", self.cfa))
        for register in stackdepth.KEPT:
            if register in self.saved:
                info.add_saved_register(register, self.word(register, self.saved[register]))
            else:
                info.add_saved_register(register, self.pending.read_register(register))
        return info

    def value(self, register, number):
        kind = self.pending.read_register(register).type
        return gdb.Value(number & 0xFFFFFFFF).cast(kind)

    def word(self, register, address):
        data = gdb.selected_inferior().read_memory(address, 4).tobytes()
        return self.value(register, int.from_bytes(data, "little"))


class LibraryUnwinder(Unwinder):
    def __init__(self):
        super().__init__("granite-library")

    def __call__(self, pending):
        looked_at = view.selected()
        if not looked_at or not looked_at.program:
            return None
        pc = int(pending.read_register("eip")) & 0xFFFFFFFF
        found = state_at(looked_at.program, pc)
        if not found or (found[1].depth is None and found[1].frame is None):
            return None
        try:
            return Frame(pending, found[1]).caller(found[0])
        except gdb.MemoryError:
            return None


def register():
    register_unwinder(None, LibraryUnwinder(), replace=True)
