# SPDX-License-Identifier: MIT
"""Runs the rows of bench/, one boot each, in a machine where everything is counted and nothing depends on the host."""

import dataclasses
import glob
import os
import re
import struct
import subprocess
import time
from fractions import Fraction

import guest
import machine
import symbols
from build import ROOT
from elf import Elf

SOURCES = os.path.join(ROOT, "bench")
MEMORY = 256
ROW_SECONDS = 100
POLL_SECONDS = 0.02
PROC_BASE = 0x10000000  # abi/granite/abi/layout.h
NEEDS = re.compile(r"/\* bench:(.*?)\*/", re.S)
ROW = re.compile(r'\bROW\("([^"]+)"')
UNTIL = re.compile(r"^until (\d+)\n", re.M)
GOAL_BYTES = 32
COUNTERS = os.path.join(ROOT, "abi", "granite", "abi", "counters.h")

# A row's name, the file with the function, where that is loaded, the function, and what the console has shown by then.
# The firmware's work ends where the kernel's begins; RS is the first ordinary process; the shell reads its first line.
BOOT_ROWS = [
    ("boot.firmware", "granite.elf", 0, "multiboot_entry", ""),
    ("boot.to_user", "elf/bin/rs", PROC_BASE, "granite_start", ""),
    ("boot.to_prompt", "elf/bin/sh", PROC_BASE, "read", "granite> "),
]


class BenchError(Exception):
    """A row could not be measured; the text says why."""


@dataclasses.dataclass
class Figures:
    """What one operation of a row costs: exact numbers by counter, and as `insns` the instructions."""

    name: str
    counts: dict
    batch: int = 0  # the number of the batch that this is from, among all that were run
    loop: int = 0  # the number of the batch without an operation that was subtracted
    operations: int = 1  # of a batch


class Row:
    """
    A row that a program in the system measures, with rights beyond the ordinary ones. `manifest`: a file here with
    further services, which are the same program.
    """

    def __init__(self, name, program, manifest="", **rights):
        self.name, self.program, self.manifest, self.rights = name, program, manifest, rights

    def run(self, build, plugin=()):
        """Its Figures; `plugin` are arguments for the plugin (tools/plugin/profile.c), out= first."""
        path = os.path.join(build.folder, "bench", self.program)
        service = guest.Service(path, "bench", [self.name], **self.rights)
        options = guest.Options()
        if self.manifest:
            with open(os.path.join(SOURCES, self.manifest)) as file:
                options.manifest = file.read()
        with machine.scratch() as folder:
            archive = guest.make_archive(build, folder, [service], options)
            output, log = boot(build, folder, archive, "log=com2", plugin)
        try:
            return self.figures(output)
        except (KeyError, ValueError) as error:
            raise BenchError(f"{self.name}: {output or 'no figures'}\n{log}") from error

    def figures(self, output):
        lines = {words[0]: words[1:] for words in map(str.split, output.splitlines())}
        operations = int(lines["operations"][0])
        loop, batch = (dict(word.split("=") for word in lines[what]) for what in ("loop", "batch"))
        numbers = int(batch.pop("number")), int(loop.pop("number"))
        counts = {name: Fraction(int(batch[name]) - int(loop[name]), operations) for name in batch}
        return Figures(self.name, counts, *numbers, operations)


class BootRow:
    """A row of the shipped system: from power-on until a function is called for the first time."""

    def __init__(self, name, file, base, function, shown):
        self.name, self.file, self.base, self.function, self.shown = name, file, base, function, shown

    def goal(self, build):
        """
        The address, and the bytes there: all programs are loaded at the same one. The calls in them, relative to where
        they are, tell one copy of a library function from another.
        """
        elf = Elf(os.path.join(build.folder, self.file))
        address = elf.address_of(self.function)
        return f"{self.base + address:x}:{elf.code_at(address, GOAL_BYTES).hex()}"

    def run(self, build, plugin=()):
        """Its Figures; `plugin` are more arguments for the plugin, an out= first."""
        with machine.scratch() as folder:
            ram = os.path.join(folder, "ram")
            plugin = plugin or [f"out={os.path.join(folder, 'out')}"]

            def reached():
                return UNTIL.search(text_of(plugin[0].removeprefix("out=")))

            arguments = [*plugin, f"until={self.goal(build)}"]
            output, _ = boot(build, folder, build.archive, "", arguments, ram, reached)
            if not reached() or not output.endswith(self.shown):
                raise BenchError(f"{self.name}: booting did not get there\n{output}")
            counts = {"insns": int(reached()[1]), **read_counters(build, ram)}
        return Figures(self.name, {name: Fraction(value) for name, value in counts.items()})


def read_counters(build, ram):
    """The kernel's counters, from the machine's memory: the kernel's addresses are physical ones."""
    with open(COUNTERS) as file:
        names = re.findall(r"^\s+COUNTER\((\w+),", file.read(), re.M)
    with open(ram, "rb") as file:
        file.seek(symbols.addresses(build.kernel)["counters"])
        values = struct.unpack(f"<{len(names)}Q", file.read(8 * len(names)))
    return dict(zip(names, values))


def rows():
    """All rows, by name, in the order of their groups."""
    found = [BootRow(*words) for words in BOOT_ROWS]
    for path in sorted(glob.glob(os.path.join(SOURCES, "*.c"))):
        with open(path) as file:
            text = file.read()
        needs = NEEDS.search(text)
        needs = dict(word.split("=", 1) for word in needs[1].split()) if needs else {}
        program = os.path.splitext(os.path.basename(path))[0]
        found += [Row(name, program, **needs) for name in ROW.findall(text)]
    return {row.name: row for row in sorted(found, key=lambda row: row.name.split(".")[0])}


# ---- The machine ----


def boot(build, folder, archive, cmdline, plugin=(), ram=None, ended=lambda: False):
    """Run the machine until it switches itself off or `ended`; returns what came to the console, and the log."""
    console, log = (os.path.join(folder, name) for name in ("console", "log"))
    command = machine.qemu(build.kernel, archive, cmdline, MEMORY, machine.counted_time(0), ram)
    command += ["-serial", f"file:{console}", "-serial", f"file:{log}"]
    if plugin:
        command += ["-plugin", ",".join([os.path.join(build.folder, "plugin", "profile.so"), *plugin])]
    process = machine.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + ROW_SECONDS
    try:
        while process.poll() is None and not ended():
            if time.monotonic() > limit:
                raise BenchError(f"still running after {ROW_SECONDS} seconds\n{text_of(console)}{text_of(log)}")
            time.sleep(POLL_SECONDS)
    finally:
        machine.end(process)
    return text_of(console), text_of(log)


def text_of(path):
    if not os.path.exists(path):
        return ""
    with open(path, errors="replace") as file:
        return file.read().replace("\r", "")
