# SPDX-License-Identifier: MIT
"""
Names the addresses in what the system prints when something crashes: function, file and line.

What is known of the text (servers/pm/report.c, kernel/arch/i386/dump.c):

    [pm] CRASH: hello (bin/hello, pid 5, ...    the addresses that follow are those of bin/hello
    [pm]     08048123                           where it was, then ...
    [pm]     0804c61f ?                         ... where calls return to, `?` if that is a guess
    PANIC: ...                                  the addresses that follow are the kernel's
        00101234 panic+1f
      process pm is at, and was called from:    the addresses that follow are those of bin/pm
        00001234

All else passes unchanged, and so do addresses of programs whose ELF file is not at hand.
"""

import contextlib
import os
import re
import subprocess

from build import ROOT

CRASH = re.compile(rb"\[pm\] CRASH: \S+ \(([^\s,()]+), pid \d+, ")
PANIC = re.compile(rb"(?:^|\s)PANIC: ")
PROCESS = re.compile(rb"^  process (\S+) is at, and was called from:$")
START = re.compile(rb"^(?:\[pm\] )?  (?:it was at|process \S+ is at), and was called from:$")
CALL = re.compile(rb"^(?:\[pm\] )?    ([0-9a-f]{8})(?: \?|( interrupted by a signal)| \S+\+[0-9a-f]+)?$")
LINE_MAX = 256  # longer lines are none of ours

COMPILERS_SUFFIX = re.compile(r"\.(lto_priv|constprop|isra|part|cold)(\.\d+)?")
NOTHING = "ffffffff"  # an address of no function: with it the answers to a question end


class Symbols:
    """One ELF file's addresses, by binutils' addr2line, which is started when it is needed first."""

    def __init__(self, elf):
        self.elf = elf
        self.process = None
        self.known = {}

    def close(self):
        if self.process:
            with contextlib.suppress(OSError):  # it could not read the file, and has ended
                self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()

    def ask(self, address):
        """The lines that addr2line prints for an address: pairs of function and place, the innermost first."""
        if not self.process:
            command = ["i686-linux-gnu-addr2line", "-a", "-f", "-i", "-e", self.elf]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write(f"{address:x}\n{NOTHING}\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) and not line.startswith(f"0x{NOTHING}"):
            lines.append(line.strip())
        for _ in range(2):
            self.process.stdout.readline()
        return lines[1:]

    def name(self, address):
        """`function at file:line`, with the functions that it is inlined in; empty if there is none."""
        if address not in self.known:
            lines = self.ask(address)
            calls = [describe(*pair) for pair in zip(lines[::2], lines[1::2]) if pair[0] != "??"]
            self.known[address] = ", inlined in ".join(calls)
        return self.known[address]


def describe(function, place):
    function = COMPILERS_SUFFIX.sub("", function)
    path, _, line = place.partition(" ")[0].rpartition(":")
    if path in ("", "??"):
        return function
    if os.path.isabs(path):
        relative = os.path.relpath(path, ROOT)
        path = path if relative.startswith("..") else relative
    return f"{function} at {path}" + ("" if line in ("?", "0") else f":{line}")


class Library:
    """Where programs' ELF files are. `programs`: those that the build does not know, by their paths in the archive."""

    def __init__(self, build, programs=None):
        self.build = build
        self.programs = programs or {}
        self.open = {}

    def find(self, program):
        """The ELF file of a program of the archive, or None. The kernel tells of a program's name without its folder."""
        for path in (program, f"bin/{program}", f"guest/{program}"):
            if path in self.programs:
                return self.programs[path]
        folder = os.path.join(self.build.folder, "elf")
        name = os.path.basename(program)
        paths = [os.path.join(folder, part, name) for part in ("bin", "tests/guest", "tests/small", "bench")]
        return next((path for path in paths if os.path.isfile(path)), None)

    def kernel(self):
        return self.symbols(self.build.kernel if os.path.isfile(self.build.kernel) else None)

    def program(self, name):
        return self.symbols(self.find(name))

    def symbols(self, elf):
        if elf is None:
            return None
        return self.open.setdefault(elf, Symbols(elf))

    def close(self):
        for symbols in self.open.values():
            symbols.close()
        self.open = {}


class Annotator:
    """
    Takes a stream in pieces of any size and returns it at once, byte for byte; only at the end of a line with an
    address it adds the name.
    """

    def __init__(self, library):
        self.library = library
        self.line = b""  # of the line so far, as much as may be one of ours
        self.symbols = None
        self.inner = False  # whether the next address is where something was, and not where a call returns to

    def feed(self, data):
        pieces = []
        for piece in re.split(rb"([\r\n])", data):
            if piece in (b"\r", b"\n"):
                pieces.append(self.end_line())
            elif len(self.line) <= LINE_MAX:
                self.line += piece
            pieces.append(piece)
        return b"".join(pieces)

    def end_line(self):
        """What is to be added to the line that ends here."""
        line, self.line = self.line, b""
        if not line or len(line) > LINE_MAX:
            return b""
        if match := CALL.match(line):
            return self.name(int(match[1], 16), exact=bool(match[2]))
        self.look(line)
        return b""

    def look(self, line):
        """Whether the line says whose addresses follow."""
        if match := CRASH.search(line):
            self.symbols = self.library.program(match[1].decode(errors="replace"))
        elif PANIC.search(line):
            self.symbols = self.library.kernel()
        elif match := PROCESS.match(line):
            self.symbols = self.library.program(match[1].decode(errors="replace"))
        self.inner = bool(START.match(line))

    def name(self, address, exact):
        # A return address may be the next line's, or the next function's: what counts is the call before it.
        asked = address if self.inner or exact else address - 1
        self.inner = False
        if not self.symbols or asked < 0:
            return b""
        with contextlib.suppress(OSError):  # addr2line is missing, or has died
            name = self.symbols.name(asked)
            return f"  {name}".encode() if name else b""
        return b""


def text(string, library):
    """A whole text, with the names."""
    data = string.encode(errors="surrogateescape")
    annotator = Annotator(library)
    ended = annotator.feed(data) + annotator.end_line()
    library.close()
    return ended.decode(errors="surrogateescape")
