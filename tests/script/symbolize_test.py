#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/symbolize: what it names, what it leaves alone, and that nothing waits in it."""

import os
import random
import re
import select
import subprocess

import symbolize
import symbols
from build import ROOT, tied
from script import build_under_test, run_tests

BUILD = build_under_test()
HELLO = os.path.join(BUILD.folder, "elf", "bin", "hello")
MAIN = symbols.addresses(HELLO)["main"]
PANIC = symbols.addresses(BUILD.kernel)["panic"]
NAME = r"main at programs/hello\.c:\d+"
SECONDS = 30


def crash(program="bin/hello", calls=f"[pm]     {MAIN:08x}\n", end="\n"):
    text = f"[pm] CRASH: hello ({program}, pid 5, endpoint 1030) died of SIGSEGV: read from 0x00000008\n"
    text += "[pm]   nothing is mapped there\n[pm]   eax 00000000 ebx 08048000 ecx 00000000 edx 00000000\n"
    return (text + f"[pm]   it was at, and was called from:\n{calls}").replace("\n", end)


def named(text, programs=None):
    return symbolize.text(text, symbolize.Library(BUILD, programs))


def call(address, mark=""):
    return f"[pm]     {address:08x}{mark}\n"


def an_address_of_a_program_is_named():
    text = crash()
    assert re.fullmatch(re.escape(text[:-1]) + f"  {NAME}\n", named(text)), named(text)


def line_ends_of_terminals_are_kept():
    text = crash(end="\r\n")
    assert re.fullmatch(re.escape(text[:-2]) + f"  {NAME}\r\n", named(text)), named(text)


def a_report_that_begins_at_the_prompt_is_one():
    assert re.search(NAME, named("granite> " + crash())), named("granite> " + crash())


def a_return_address_names_the_line_of_the_call():
    """The first byte of a function is where it is, or what a call at the end of the function before returns to."""
    lines = named(crash(calls=call(MAIN) + call(MAIN) + call(MAIN, " ?") + call(MAIN + 1, " ?"))).splitlines()[-4:]
    assert [bool(re.search(NAME, line)) for line in lines] == [True, False, False, True], lines
    lines = named(crash(calls=call(0) + call(MAIN, " interrupted by a signal"))).splitlines()[-1:]
    assert re.fullmatch(rf".* interrupted by a signal  {NAME}", lines[0]), lines


def what_has_no_name_stays():
    for text in (
        crash(program="bin/nosuch"),
        crash(program="../../etc/passwd"),
        crash(calls=call(0) + call(0xFFFFFFFF) + call(0x12345678, " ?")),
        crash(calls=f"[pm]     {MAIN:09x}\n[pm]     {MAIN:07x}\n[pm]     {MAIN:08x} !\n[pm]   {MAIN:08x}\n"),
        f"[pm]     {MAIN:08x}\n",
        crash().replace("CRASH", "crash"),
        "PANIC: \n    ffffffff ?+0\n",
    ):
        assert named(text) == text, named(text)


def a_file_without_symbols_or_no_file_changes_nothing():
    text = crash()
    for path in (os.path.join(BUILD.folder, "bin", "hello"), "/nonexistent", "/dev/null", __file__):
        assert named(text, {"bin/hello": path}) == text, path


def one_program_is_not_taken_for_another():
    text = crash() + crash(program="bin/nosuch")
    first, second = named(text)[: len(crash()) - 1], named(text)[-len(crash("bin/nosuch")) :]
    assert (first, second) == (crash()[:-1], crash("bin/nosuch")), named(text)


def the_file_can_be_named():
    assert re.search(NAME, named(crash(program="bin/x"), {"bin/x": HELLO}))


def a_panic_is_the_kernels_and_then_the_processes():
    text = f"\nPANIC: reason\n  called from:\n    {PANIC:08x} stop+54\n    {PANIC + 8:08x} panic+8\n"
    text += f"  process hello is at, and was called from:\n    {MAIN:08x}\n"
    result = named(text)
    assert re.search(r"stop\+54  stop at kernel/panic\.c:\d+\n", result), result
    assert re.search(r"panic\+8  panic at kernel/panic\.c:\d+\n", result), result
    assert re.search(rf"{MAIN:08x}  {NAME}\n", result), result


def noise(random_source):
    kinds = [crash(), crash(end="\r\n"), crash(program="?"), "\x1b[K\x1b[31mgranite> \r", "x" * 300 + "\n", "\r\n\n"]
    kinds += ["\x00\xff\ufffd", f"PANIC: \n    {PANIC + 8:08x} panic+8\n", call(MAIN + 1), "[pm] CRASH: "]
    return "".join(random_source.choice(kinds) for _ in range(40)).encode("utf-8", "replace")


def any_stream_passes_at_once_and_whole():
    seed = int(os.environ.get("SEED") or random.getrandbits(32))
    print(f"# SEED={seed}")
    source = random.Random(seed)
    library = symbolize.Library(BUILD)
    for _ in range(100):
        data = noise(source)
        whole = symbolize.Annotator(library).feed(data)
        annotator, pieces, at = symbolize.Annotator(library), b"", 0
        while at < len(data):
            step = source.choice([1, 2, 7, 100])
            piece = annotator.feed(data[at : at + step])
            assert re.sub(rb"  (main|panic) at [\w/.]+:\d+", b"", piece) == data[at : at + step], piece
            pieces, at = pieces + piece, at + step
        assert pieces == whole
    library.close()


def the_filter_keeps_nothing_back():
    command = tied([os.path.join(ROOT, "tools", "symbolize"), "--build", os.path.relpath(BUILD.folder, ROOT)])
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for piece in (b"granite> ", b"l", b"\x1b[K", crash()[:-1].encode()):
            process.stdin.write(piece)
            process.stdin.flush()
            got = b""
            while len(got) < len(piece) and select.select([process.stdout], [], [], SECONDS)[0]:
                got += os.read(process.stdout.fileno(), 4096)
            assert got == piece, (got, piece)
        rest = process.communicate(b"\n", SECONDS)[0].decode()
        assert re.fullmatch(f"  {NAME}\n", rest), rest
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


run_tests(
    [
        an_address_of_a_program_is_named,
        line_ends_of_terminals_are_kept,
        a_report_that_begins_at_the_prompt_is_one,
        a_return_address_names_the_line_of_the_call,
        what_has_no_name_stays,
        a_file_without_symbols_or_no_file_changes_nothing,
        one_program_is_not_taken_for_another,
        the_file_can_be_named,
        a_panic_is_the_kernels_and_then_the_processes,
        any_stream_passes_at_once_and_whole,
        the_filter_keeps_nothing_back,
    ]
)
