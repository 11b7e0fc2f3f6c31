# SPDX-License-Identifier: MIT
"""What is in an i386 ELF file: its bytes by address, its functions. ELF specification 1.2, book I."""

import bisect
import struct
import subprocess

HEADER = struct.Struct("<28xI10xHH")  # e_phoff, e_phentsize, e_phnum
PROGRAM_HEADER = struct.Struct("<8I")
PT_LOAD = 1
PF_X = 1
SECTIONS = struct.Struct("<32xI10xHH")  # e_shoff, e_shentsize, e_shnum
SECTION_HEADER = struct.Struct("<10I")
SHF_EXECINSTR = 4


class Elf:
    def __init__(self, path):
        self.path = path
        self.code = []  # (address, bytes) of each executable segment
        with open(path, "rb") as file:
            image = file.read()
        start, size, count = HEADER.unpack_from(image)
        for at in range(start, start + size * count, size):
            kind, offset, address, _, file_bytes, _, flags, _ = PROGRAM_HEADER.unpack_from(image, at)
            if kind == PT_LOAD and flags & PF_X:
                self.code.append((address, image[offset : offset + file_bytes]))
        start, size, count = SECTIONS.unpack_from(image)
        headers = (SECTION_HEADER.unpack_from(image, start + size * index) for index in range(count))
        self.instructions = [(h[3], h[3] + h[5]) for h in headers if h[2] & SHF_EXECINSTR]
        self.function_starts = []  # without the labels within functions that assembly has
        self.functions = self.read_functions()
        self.starts = [address for address, _ in self.functions]

    def read_functions(self):
        """(address, name) of all that is named in the code, by address. Of two names for one place, the first."""
        command = ["i686-linux-gnu-nm", "-n", "-f", "sysv", self.path]
        listing = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        found = {}
        for line in listing.splitlines():
            words = [word.strip() for word in line.split("|")]
            if len(words) == 7 and words[2] in "tTwW" and not words[6].startswith(".debug"):
                if self.code_at(int(words[1], 16), 1):
                    found.setdefault(int(words[1], 16), words[0])
                    if words[3] == "FUNC":
                        self.function_starts.append(int(words[1], 16))
        return sorted(found.items())

    def code_at(self, address, size):
        """The bytes at an address of an executable segment; fewer, or none, where that ends."""
        for start, data in self.code:
            if start <= address < start + len(data):
                return data[address - start : address - start + size]
        return b""

    def is_instruction(self, address):
        """Whether an address lies in a section of code; other things may be in an executable segment too."""
        return any(start <= address < end for start, end in self.instructions)

    def address_of(self, name):
        """The address of a function, or KeyError."""
        return {name: address for address, name in self.functions}[name]

    def function_at(self, address):
        """(address, name) of the function that an address lies in."""
        at = bisect.bisect_right(self.starts, address)
        return self.functions[at - 1] if at else (0, "?")
