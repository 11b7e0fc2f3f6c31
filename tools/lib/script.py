# SPDX-License-Identifier: MIT
"""What the tests of tests/script need: printing TAP, and a terminal to type on."""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import traceback

from build import ROOT, Build, outer_environment, tied

BOOT_SECONDS = 60
TEXT_SHOWN = 4000  # characters, of what came instead of what a test waits for
PROMPT = "granite> "


def build_under_test():
    """The build that tools/test has made and wants tested."""
    return Build(os.path.relpath(os.environ.get("GRANITE_BUILD", "build/debug"), ROOT))


def run_tests(tests):
    """Call each function, print its name (which says what is true if it passes) as TAP, and exit."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, start=1):
        try:
            test()
            verdict = "ok"
        except Exception:  # an assertion, or something unforeseen: a failure like any other
            verdict = "not ok"
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        print(f"{verdict} {number} - {test.__name__}", flush=True)
    sys.exit(failed > 0)


def program_of(build, folder, name, source):
    """A program made of C text: its file, in `folder`."""
    path = os.path.join(folder, name)
    with open(f"{path}.c", "w") as file:
        file.write(source)
    build.compile(path, [f"{path}.c"])
    return path


def archive_with(build, folder, programs, change_manifest=lambda text: text, files=None):
    """The build's boot archive with more programs, {name: file}, more files, {path: file}, and perhaps another manifest:
    its file, in `folder`."""
    members = build.archive_members()
    manifest, archive = os.path.join(folder, "manifest"), os.path.join(folder, "cpio")
    with open(members["etc/manifest"]) as old, open(manifest, "w") as new:
        new.write(change_manifest(old.read()))
    added = {f"bin/{name}": file for name, file in programs.items()}
    build.image(archive, {**members, **added, **(files or {}), "etc/manifest": manifest})
    return archive


# For machine.qemu: the guest's first serial port is the terminal that a Terminal is.
ON_TERMINAL = ("-chardev", "stdio,id=terminal,signal=off", "-serial", "chardev:terminal")


# A program that computes and never waits; it says its argument first.
HOG = """
#include <stdio.h>
int main(int argc, char **argv)
{
	if (argc > 1)
		puts(argv[1]);
	for (;;)
		__asm__ volatile("");
}
"""


class SourceCopy:
    """A copy of the sources with builds of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = os.path.join(self.folder.name, "granite")
        shutil.copytree(ROOT, self.root, symlinks=True, ignore=shutil.ignore_patterns("build", ".git"))
        os.mkdir(os.path.join(self.root, "build"))
        os.symlink(os.path.join(ROOT, "build", "sysroot"), os.path.join(self.root, "build", "sysroot"))

    def make(self, *words):
        done = subprocess.run(
            tied(["make", *words], "TERM"), cwd=self.root, env=outer_environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def read(self, path):
        with open(os.path.join(self.root, path)) as file:
            return file.read()

    def write(self, path, text):
        with open(os.path.join(self.root, path), "w") as file:
            file.write(text)


class Terminal:
    """A program on a pseudo-terminal, as a person at the keyboard has it."""

    def __init__(self, command, size=None):
        """`size`: its columns and rows; without it nobody knows them."""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            if size:
                termios.tcsetwinsize(0, (size[1], size[0]))
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, under which the tests may run, has it ignored
            os.chdir(ROOT)
            command = tied(command)
            os.execvp(command[0], command)
        self.text = ""
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)
            self.wait(5)
        os.close(self.master)

    def type(self, text):
        os.write(self.master, text.encode())

    def read_some(self, seconds):
        """Whether the program said something."""
        if not select.select([self.master], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self.master, 4096)
        except OSError:  # the other side is closed
            data = b""
        self.text += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def expect(self, wanted, seconds=BOOT_SECONDS):
        """Wait until `wanted` appears; returns what came before, and forgets both."""
        limit = time.monotonic() + seconds
        while wanted not in self.text:
            if not self.read_some(limit - time.monotonic()):
                raise AssertionError(f"{wanted!r} did not come; this did: {self.text[-TEXT_SHOWN:]!r}")
        before, _, self.text = self.text.partition(wanted)
        return before

    def wait(self, seconds=BOOT_SECONDS):
        """Wait for the program's end; returns its exit status."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.read_some(0):
                    pass
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
            if not self.read_some(0.1):
                time.sleep(0.02)  # the other side may be closed: then read_some does not wait
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.status = -signal.SIGKILL
        raise AssertionError(f"still running; it said: {self.text!r}")
