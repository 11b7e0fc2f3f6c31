# SPDX-License-Identifier: MIT
"""Commands that show a process's memory and page tables, whatever directory the processor has loaded."""

import string

from granite import paging, pids, programs, view
from granite.commands import Command
from granite.machine import PAGE, Error

BYTES_A_LINE, WORDS_A_LINE = 16, 4
STRING_MAX = 4096
COUNTS = {"b": 64, "w": 16, "s": 1}
VISIBLE = set((string.ascii_letters + string.digits + string.punctuation + " ").encode())


class Memory(Command):
    """process-memory PROCESS ADDRESS [COUNT] [b|w|s]: show memory of a process, loaded or not.

    ADDRESS is the process's own: a number, or an expression with its program's names and its registers, such as $esp or
    &table[2]. COUNT bytes (b, the default), words of 4 bytes (w; what is an address of a function is named), or
    strings (s). Memory that the process has, but has not touched yet, is not there to be shown."""

    name = "process-memory"
    words_min, words_max = 2, 4

    def run(self, words):
        form = words.pop() if words[-1] in COUNTS and len(words) > 2 else "b"
        if len(words) > 3:
            raise Error(f"{words[3]}: no form of showing memory; there are b, w and s")
        count = count_of(words[2]) if len(words) == 3 else COUNTS[form]
        process = pids.find(words[0])
        address = view.address_in(process, words[1])
        {"b": show_bytes, "w": show_words, "s": show_strings}[form](process, address, count)


class PageWalk(Command):
    """page-walk PROCESS ADDRESS [linear]: how the processor finds a page by a process's page directory.

    Shows the directory's entry, the table's entry, their flags, the frame, and what the address is in the plan of all
    directories: kernel region, window, process. ADDRESS is the process's own: a number or an expression; with `linear`
    it is linear, so that the kernel region and the windows can be shown too. A small process has no directory; the
    loaded one is shown."""

    name = "page-walk"
    words_min, words_max = 2, 3

    def run(self, words):
        if words[2:] not in ([], ["linear"]):
            raise Error(f"{words[2]}: the third word can only be `linear`")
        process = pids.find(words[0])
        address = view.address_in(process, words[1])
        linear = address if words[2:] else paging.linear_of(process, address)
        show_walk(process, paging.walk(paging.directory_of(process), linear))


def count_of(text):
    if not text.isdecimal() or not 1 <= int(text) <= 1 << 20:
        raise Error(f"{text}: how much to show is a number from 1 to {1 << 20}")
    return int(text)


# ---- Memory ----


def read(process, address, size):
    """What is there, and a remark if that is less."""
    data = paging.read(process, address, size)
    remark = paging.why_missing(process, address + len(data)) if len(data) < size else ""
    if not data:
        raise Error(remark)
    return data, remark


def show_bytes(process, address, count):
    data, remark = read(process, address, count)
    for at in range(0, len(data), BYTES_A_LINE):
        line = data[at : at + BYTES_A_LINE]
        text = "".join(chr(byte) if byte in VISIBLE else "." for byte in line)
        print(f"{address + at:#010x}  {line.hex(' '):{BYTES_A_LINE * 3 - 1}}  {text}")
    finish(remark)


def show_words(process, address, count):
    data, remark = read(process, address, count * 4)
    path = programs.program_of(process)
    for at in range(0, len(data) & -4, WORDS_A_LINE * 4):
        line = data[at : at + WORDS_A_LINE * 4]
        words = [int.from_bytes(line[i : i + 4], "little") for i in range(0, len(line) & -4, 4)]
        names = " ".join(filter(None, (programs.place_in(path, word) for word in words)))
        print(f"{address + at:#010x}  {' '.join(f'{word:08x}' for word in words):35}  {names}".rstrip())
    finish(remark)


def show_strings(process, address, count):
    for _ in range(count):
        data = paging.read(process, address, STRING_MAX)
        text, end, _ = data.partition(b"\0")
        if not data:
            raise Error(paging.why_missing(process, address))
        shown = text.decode("ascii", "backslashreplace").encode("unicode_escape").decode()
        print(f'{address:#010x}  "{shown}"' + ("" if end else f"... (no end within {len(data)} bytes)"))
        address += len(text) + 1


def finish(remark):
    if remark:
        print(f"no more: {remark}")


# ---- Page tables ----


def show_walk(process, walk):
    print(f"linear {walk.linear:#010x} by the page directory of {process}")
    print(f"  plan       {paging.plan_of(walk.linear)}")
    show_entry("directory", walk.directory, walk.linear // paging.BIG_PAGE, walk.directory_entry)
    if walk.table is not None:
        show_entry("table", walk.table, walk.linear // PAGE % paging.ENTRIES, walk.table_entry)
    if walk.physical is None:
        print("  frame      none: to touch this address is a page fault")
    else:
        size = "4 MiB" if walk.directory_entry & paging.BIG else "4 KiB"
        start = walk.physical & -(paging.BIG_PAGE if size == "4 MiB" else PAGE)
        print(f"  frame      {start:#010x}, {size}; the address is physical {walk.physical:#010x}")


def show_entry(what, table, index, entry):
    print(f"  {what:9}  at {table:#010x}, entry {index:4}: {entry:08x}  {paging.flag_words(entry)}")


def register():
    for command in (Memory, PageWalk):
        command()
