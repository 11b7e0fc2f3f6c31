# SPDX-License-Identifier: MIT
"""Runs a program in the guest, as a service, and tells how it ended."""

import dataclasses
import errno
import os
import re
import select
import subprocess
import threading
import time

import machine
import symbolize
import traps
from build import ROOT

STATUS_HANG = 124
STATUS_PANIC = 125
STATUS_COMPILE = 126  # as shells have it: it can't be started

LABEL_MAX = 15  # PROC_NAME_MAX without its end
RESERVED_LABELS = ("vm", "pm", "rs", "users", "all", "guest")
MANIFEST_ARGUMENT = re.compile(r"[!-~]+")  # others can't stand in a manifest: see launcher()
MANIFEST_ARGUMENTS_MAX = 16
CONSOLE_READY = "[console] ready"
END_OF_FILE = b"\x04"
ESCAPE = b"\x10"  # the console's driver takes the next byte of a pipe as it is
ESCAPED = re.compile(b"[" + END_OF_FILE + ESCAPE + b"]")
POLL_SECONDS = 0.1
CLOCK_SHIFT = 4  # a slow processor, 60 MHz: it is interrupted at more places than a fast one
GRACE_SECONDS = 5  # from the last words in the log to the machine's end


@dataclasses.dataclass
class Service:
    """A program to be started by RS. `calls`, `ports`, `irqs`, `flags`, `phys`: rights beyond those of the class `guest`."""

    path: str
    name: str
    args: list = dataclasses.field(default_factory=list)
    calls: str = ""
    ports: str = ""
    irqs: str = ""
    flags: str = ""
    phys: str = ""
    elf: str = ""  # with its symbols, if tools/lib/symbolize.py would not find it

    @property
    def label(self):
        return self.name[:LABEL_MAX]

    @property
    def needs_launcher(self):
        """Its arguments are too many for a manifest, or are not words."""
        words = all(MANIFEST_ARGUMENT.fullmatch(arg) for arg in self.args)
        return not words or len(self.args) > MANIFEST_ARGUMENTS_MAX

    def manifest_line(self, *keys):
        calls = ",".join(["guest", *filter(None, [self.calls])])
        words = ["service", self.label, f"bin/{self.name}", f"calls={calls}", "ipc=guest", "children=inherit"]
        words += [f"ports={self.ports}"] if self.ports else []
        words += [f"irqs={self.irqs}"] if self.irqs else []
        words += [f"phys={self.phys}"] if self.phys else []
        words += [f"flags={self.flags}"] if self.flags else []
        words += keys
        if self.args and not self.needs_launcher:
            words += ["--", *self.args]
        return " ".join(words) + "\n"


@dataclasses.dataclass
class Options:
    machine: str = "qemu"
    seconds: float = 60
    memory: int = 128
    cmdline: str = ""
    files: dict = dataclasses.field(default_factory=dict)  # more of them for the archive
    manifest: str = ""  # more lines; a service whose program is named there has no other
    piped_input: bool = True  # the console neither echoes nor acts on control characters
    counted_time: bool = False  # time is the number of instructions: a run can be repeated exactly; no input; QEMU only


@dataclasses.dataclass
class Result:
    status: int
    reason: str  # one line; empty if the program ended by itself
    log: str


def system_manifest():
    """The system's own manifest, line by line, without its shell."""
    with open(os.path.join(ROOT, "etc", "manifest")) as file:
        for line in file:
            words = line.split()
            if words[:1] != ["service"] or "bin/sh" not in words:
                yield line


def reserved_labels():
    """Those that a guest's service can't have."""
    services = [line.split()[1] for line in system_manifest() if line.split()[:1] == ["service"]]
    return {*RESERVED_LABELS, *services}


def manifest(services, options):
    """
    The system's manifest, and then the guest's services; the first is waited for. What comes behind that, the options'
    own manifest, does not count here, but that its services take the place of the system's that have the same labels.
    """
    lines = []
    replaced = labels_of(options.manifest)
    for line in system_manifest():
        words = line.split()
        if words[:1] == ["service"] and words[1] in replaced:
            continue
        if words[:2] == ["service", "console"] and options.piped_input:
            line = line.rstrip("\n") + (" pipe\n" if "--" in words else " -- pipe\n")
        lines.append(line)
    named = programs_named(options.manifest)
    lines += [service.manifest_line() for service in services[1:] if f"bin/{service.name}" not in named]
    lines.append(services[0].manifest_line("onexit=poweroff"))
    return "".join(lines)


def services_in(manifest_text):
    lines = [line.split() for line in manifest_text.splitlines()]
    return [words for words in lines if words[:1] == ["service"] and len(words) > 2]


def labels_of(manifest_text):
    """The labels of a manifest's services."""
    return {words[1] for words in services_in(manifest_text)}


def programs_named(manifest_text):
    """The programs of a manifest's services."""
    return {words[2] for words in services_in(manifest_text)}


LAUNCHER = """\
#include <unistd.h>
extern char **environ;
int main(void)
{{
	char *arguments[] = {{{arguments}, 0}};
	execve(arguments[0], arguments, environ);
	return 127;
}}
"""


def c_string(text):
    return '"' + "".join(f"\\{byte:03o}" for byte in os.fsencode(text)) + '"'


def launcher(build, folder, service, path):
    """Compile a program that becomes the one at `path` in the archive, with any arguments."""
    source = os.path.join(folder, "launcher.c")
    with open(source, "w") as file:
        file.write(LAUNCHER.format(arguments=", ".join(map(c_string, [path, *service.args]))))
    output = os.path.join(folder, "launcher")
    build.compile(output, [source], ["-s"])
    return output


def make_archive(build, folder, services, options):
    path = os.path.join(folder, "manifest")
    with open(path, "w") as file:
        file.write(manifest(services, options) + options.manifest)
    members = build.archive_members()
    members["etc/manifest"] = path
    for service in services:
        members[f"bin/{service.name}"] = service.path
        if service.needs_launcher:
            members[f"guest/{service.name}"] = service.path
            members[f"bin/{service.name}"] = launcher(build, folder, service, f"guest/{service.name}")
    members.update(options.files)
    archive = os.path.join(folder, "granite.cpio")
    build.image(archive, members)
    return archive


class Log:
    """The kernel's log as it grows in a file, and what it says about the program."""

    def __init__(self, path, services, options):
        self.path = path
        own = "|".join(re.escape(service.label) for service in services)
        label = re.escape(services[0].label)
        # With their ends: the log's last line may still be growing, until the machine has ended.
        self.panicked = re.compile(r"^PANIC:", re.M)
        self.exited = re.compile(rf"^\[rs\] {label} exited (\d+)\n", re.M)
        self.killed = re.compile(rf"^\[rs\] {label} killed by signal (\d+)\n", re.M)
        # A manifest of the user's own may have lines that RS refuses: who has written it may want that.
        self.lines = manifest(services, options).count("\n")
        self.refused = re.compile(
            rf"^\[rs\] ((?:{own}) can't be started: .*|manifest line (?P<line>\d+) .*|the manifest can't be .*)\n", re.M
        )

    def text(self):
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                return file.read().replace("\r", "")
        except FileNotFoundError:
            return ""

    def verdict(self, ended=False):
        """(status, reason), or None: the log does not say yet."""
        text = self.text() + ("\n" if ended else "")
        if self.panicked.search(text):
            return STATUS_PANIC, "the system panicked"
        if match := self.exited.search(text):
            return int(match[1]), ""
        if match := self.killed.search(text):
            return 128 + int(match[1]), f"killed by signal {match[1]}"
        for match in self.refused.finditer(text):
            if not match["line"] or int(match["line"]) <= self.lines:
                return STATUS_COMPILE, f"RS says: {match[1]}"
        return None

    def console_ready(self):
        return CONSOLE_READY in self.text()


class NewlineFilter:
    """Undoes the terminal's \\n -> \\r\\n on a stream of pieces."""

    def __init__(self):
        self.held = b""

    def feed(self, data):
        data = self.held + data
        self.held = b"\r" if data.endswith(b"\r") else b""
        return data[: len(data) - len(self.held)].replace(b"\r\n", b"\n")

    def end(self):
        return self.held


class InputPump(threading.Thread):
    """
    Passes our input to the guest's console, once that is there: its UART forgets what came before. The input's end
    becomes Ctrl-D, which only ends a file on an empty line. What is in a pipe's data and could be taken for that is
    escaped; what a person types is not.
    """

    def __init__(self, source, sink, ready, piped):
        super().__init__(daemon=True)
        self.source, self.sink, self.ready, self.piped = source, sink, ready, piped

    def run(self):
        last = b"\n"
        try:
            while not self.ready():
                time.sleep(POLL_SECONDS)
            while data := os.read(self.source, 4096):
                self.write(ESCAPED.sub(lambda byte: ESCAPE + byte[0], data) if self.piped else data)
                last = data[-1:]
            self.write(END_OF_FILE if last == b"\n" else END_OF_FILE * 2)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EBADF, errno.EIO):
                raise

    def write(self, data):
        while data:
            data = data[os.write(self.sink, data) :]


def run(build, services, options, stdin, stdout):
    """
    Boot the system with `services`. The first one's output goes to `stdout`, a function that takes bytes; its input
    comes from the descriptor `stdin`, or is empty if that is None.
    """
    with machine.scratch() as folder:
        archive = make_archive(build, folder, services, options)
        log = Log(os.path.join(folder, "log"), services, options)
        cmdline = " ".join(filter(None, ["log=com2", options.cmdline]))
        boot = boot_bochs if options.machine == "bochs" else boot_qemu
        verdict, emulator = boot(build, folder, archive, cmdline, log, options, stdin, stdout)
        text = symbolize.text(log.text(), symbols_of(build, services))
        if verdict is None:
            verdict = STATUS_PANIC, "the machine stopped before the program ended"
            text += emulator
        text += traps.explain(build, text)
        return Result(*verdict, text)


def symbols_of(build, services):
    """Where the symbols are of what can crash."""
    known = [service for service in services if service.elf]
    return symbolize.Library(build, {f"{folder}/{s.name}": s.elf for s in known for folder in ("bin", "guest")})


def crash_reports(log):
    """What PM has written to the log."""
    return "".join(line for line in log.splitlines(keepends=True) if line.startswith("[pm] "))


def boot_qemu(build, folder, archive, cmdline, log, options, stdin, stdout):
    command = machine.qemu(build.kernel, archive, cmdline, options.memory, ["-serial", "stdio"])
    command += ["-serial", f"file:{log.path}"]
    if options.counted_time:
        command += machine.counted_time(CLOCK_SHIFT)
    errors = os.path.join(folder, "errors")
    with open(errors, "wb") as stderr:
        process = machine.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
    source = os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin

    def ready():
        return process.poll() is not None or log.console_ready()

    # With counted time there is no input: it, and even its end, would come at a moment of the host's.
    if not options.counted_time:
        InputPump(source, process.stdin.fileno(), ready, options.piped_input).start()
    os.set_blocking(process.stdout.fileno(), False)

    def read():
        select.select([process.stdout], [], [], POLL_SECONDS)
        return process.stdout.read() or b""

    verdict = watch(process, read, log, options.seconds, stdout)
    with open(errors, errors="replace") as file:
        return verdict, file.read()


def boot_bochs(build, folder, archive, cmdline, log, options, stdin, stdout):
    del stdin  # Bochs has none
    image = os.path.join(folder, "granite.iso")
    machine.iso(image, build.kernel, archive, cmdline)
    com1 = os.path.join(folder, "com1")
    command = machine.bochs(folder, image, com1, log.path, options.memory)
    with open(os.path.join(folder, "bochs.out"), "wb") as noise:
        process = machine.start(command, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise)
    while not os.path.exists(com1) and process.poll() is None:
        time.sleep(POLL_SECONDS)
    with open(com1 if os.path.exists(com1) else os.devnull, "rb") as console:

        def read():
            data = console.read()
            if not data:
                time.sleep(POLL_SECONDS)
            return data

        verdict = watch(process, read, log, options.seconds, stdout)
    with open(machine.bochs_log(folder), errors="replace") as file:
        return verdict, file.read()[-2000:]


def watch(process, read, log, seconds, stdout):
    """
    Pass the console's output on until the machine ends, or is ended because it said its last words or hangs. While
    our own reader lets us wait, time does not count.
    """
    newlines = NewlineFilter()
    limit = time.monotonic() + seconds
    verdict = None
    try:
        while process.poll() is None:
            data = newlines.feed(read())
            before = time.monotonic()
            stdout(data)
            now = time.monotonic()
            limit += now - before
            if verdict is None and (verdict := log.verdict()):
                limit = min(limit, now + GRACE_SECONDS)
            if now >= limit:
                break
        else:
            verdict = log.verdict(ended=True)
            stdout(newlines.feed(read_all(read)) + newlines.end())
            return verdict
        stdout(newlines.feed(read()) + newlines.end())
        return verdict or (STATUS_HANG, f"still running after {seconds:g} seconds")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def read_all(read):
    data = b""
    while piece := read():
        data += piece
    return data
