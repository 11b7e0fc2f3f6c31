# SPDX-License-Identifier: MIT
"""Page tables, walked by reading physical memory. Intel SDM vol. 3A, 4.3: 32-bit paging."""

import dataclasses
import struct

from granite import machine
from granite.machine import LAYOUT, PAGE, PROC_BASE, Error

BIG_PAGE = LAYOUT["BIG_PAGE_SIZE"]
WINDOW_BASE = PROC_BASE - LAYOUT["WINDOW_COUNT"] * BIG_PAGE

PRESENT, BIG = 0x001, 0x080
ENTRIES = 1024
FLAGS = ((0x008, "write-through"), (0x010, "uncached"), (0x020, "accessed"), (0x040, "dirty"), (BIG, "big"))
FLAGS += ((0x100, "global"),)


def flag_words(entry):
    """What an entry says, in words."""
    if not entry:
        return "empty"
    if not entry & PRESENT:
        return f"not present, but keeps frame {entry & -PAGE:#x}"
    words = ["present", "writable" if entry & 2 else "read-only", "user" if entry & 4 else "supervisor"]
    return ", ".join(words + [word for bit, word in FLAGS if entry & bit])


def plan_of(linear):
    """Where in the one plan of linear addresses (docs/architecture.md) an address lies."""
    region_end = int(machine.variable("boot_info")["region_end"])
    if linear < region_end:
        return "kernel region"
    if linear < WINDOW_BASE:
        return "nothing: between the kernel region and the windows"
    if linear < PROC_BASE:
        return f"window {(linear - WINDOW_BASE) // BIG_PAGE}"
    if linear < PROC_BASE + LAYOUT["PROC_SIZE"]:
        return f"process: its address {linear - PROC_BASE:#010x}"
    return "nothing: beyond a process's segment"


@dataclasses.dataclass
class Walk:
    """What the processor finds on its way to a linear address."""

    linear: int
    directory: int  # physical address
    directory_entry: int
    table_entry: int = 0  # 0: none, or a big page

    @property
    def table(self):
        """The physical address of the page table, or None."""
        entry = self.directory_entry
        return entry & -PAGE if entry & PRESENT and not entry & BIG else None

    @property
    def physical(self):
        """What the linear address means, or None: the processor would fault."""
        if not self.directory_entry & PRESENT:
            return None
        if self.directory_entry & BIG:
            return (self.directory_entry & -BIG_PAGE) + self.linear % BIG_PAGE
        if not self.table_entry & PRESENT:
            return None
        return (self.table_entry & -PAGE) + self.linear % PAGE


def walk(directory, linear):
    entry = machine.word_at(directory + linear // BIG_PAGE * 4)
    found = Walk(linear, directory, entry)
    if found.table is not None:
        found.table_entry = machine.word_at(found.table + linear // PAGE % ENTRIES * 4)
    return found


def directory_of(process):
    """The directory by which the process's memory is reached; a small process does with any."""
    if process.small:
        loaded = int(machine.variable("loaded_directory"))
        if not loaded:
            raise Error("paging is still off: linear addresses are the physical ones")
        return loaded
    if not process.directory:
        raise Error(f"{process} has no page directory: it has no memory yet, or no more")
    return process.directory


def linear_of(process, address):
    if not 0 <= address < process.limit:
        raise Error(f"{address:#x} is no address of {process}: its segment ends at {process.limit:#x}")
    return process.base + address


def physical_of(process, address):
    """Where a byte of a process with a page table lies, or None: nowhere at the moment."""
    return walk(directory_of(process), linear_of(process, address)).physical


def read(process, address, size):
    """Bytes of a process's memory, loaded or not; fewer where it is not mapped any more."""
    size = max(0, min(size, process.limit - address))
    if process.small:
        return machine.read_physical(process.base + address, size) if size else b""
    data = b""
    while len(data) < size and (physical := physical_of(process, address)) is not None:
        piece = min(size - len(data), PAGE - address % PAGE)
        data += machine.read_physical(physical, piece)
        address += piece
    return data


def why_missing(process, address):
    """In words, of an address where read() found nothing."""
    if address >= process.limit:
        return f"the segment of {process} ends at {process.limit:#x}"
    found = walk(directory_of(process), linear_of(process, address))
    if found.table is None:
        return f"{address:#x} is not mapped in {process}: its page directory has no table there"
    if found.table_entry:
        return f"{address:#x} is out of reach in {process}: it has a page there, but no right to use it"
    return f"{address:#x} is not mapped in {process}: the table's entry is empty; perhaps it was never touched"


def runs(process):
    """(address, physical address, bytes) of all that the process has present, ascending, as few pieces as possible."""
    if process.small:
        yield 0, process.base, process.limit
        return
    address, physical, size = 0, 0, 0
    for next_address, next_physical in pages(process):
        if (next_address, next_physical) != (address + size, physical + size):
            if size:
                yield address, physical, size
            address, physical, size = next_address, next_physical, 0
        size += PAGE
    if size:
        yield address, physical, size


def pages(process):
    """(address, physical address) of each page that a process with a page table has present."""
    for slot, entry in present_entries(directory_of(process), PROC_BASE // BIG_PAGE):
        for index, page in present_entries(entry & -PAGE):
            yield slot * BIG_PAGE + index * PAGE - PROC_BASE, page & -PAGE


def present_entries(table, first=0):
    """(index, entry) of those entries of a directory or table, from the first on, that are present."""
    words = struct.unpack(f"<{ENTRIES}I", machine.read_physical(table, PAGE))
    return [(index, entry) for index, entry in enumerate(words) if index >= first and entry & PRESENT]
