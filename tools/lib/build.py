# SPDX-License-Identifier: MIT
"""The build, as the tools see it: where things are, how to bring them up to date, how to compile a program."""

import contextlib
import fcntl
import os
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


# How the system in build/ubsan/debug, for example, is built: the Makefile names folders in this way too.
VARIANTS = {"clang": "CC=clang", "ubsan": "UBSAN=1", "debug": "DEBUG=1"}


class BuildError(Exception):
    """Something does not compile; the compiler has said why on standard error."""


def tied(command, signal="KILL"):
    """`command`, as a command that gets a signal when the thread that started it ends, however that ends."""
    return ["setpriv", "--pdeathsig", signal, "--", *command]


class Build:
    """One folder of results: build for release; with more in its path it is built in another way, see VARIANTS."""

    def __init__(self, folder="build", root=ROOT):
        self.root = root  # of the sources
        self.folder = os.path.join(root, folder)
        self.kernel = os.path.join(self.folder, "granite.elf")
        self.archive = os.path.join(self.folder, "granite.cpio")
        self.iso = os.path.join(self.folder, "granite.iso")

    def make(self, *goals, output=subprocess.PIPE):
        """Bring `goals` up to date; without an `output` it only speaks if it fails. Several tools may do so at once."""
        folder = os.path.relpath(self.folder, self.root)
        command = ["make", "-C", self.root, "--no-print-directory", "--silent", f"O={folder}"]
        command += [setting for word, setting in VARIANTS.items() if word in folder.split(os.sep)]
        with locked(os.path.join(self.root, "build", ".lock")) as lock:
            # SIGTERM lets make end its compilers and remove what they have half written; until then the lock is theirs.
            done = subprocess.run(
                tied([*command, *overrides(), *goals], "TERM"),
                pass_fds=[lock.fileno()],
                env=outer_environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        if done.returncode:
            sys.stderr.write(done.stdout or "")
            raise BuildError("the system does not build")

    def compile(self, output, sources, options=()):
        """Compile and link C files, anyone's, into one program."""
        done = subprocess.run(
            tied([os.path.join(ROOT, "tools", "cc"), *options, *sources, "-o", output]),
            env={**os.environ, "GRANITE_BUILD": self.folder},
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            raise BuildError(f"{' '.join(sources)} does not compile")

    def strip(self, output, program):
        """Copy a program without its symbols."""
        if subprocess.run(tied(["i686-linux-gnu-strip", "-o", output, program]), check=False).returncode:
            raise BuildError(f"{program} can't be stripped")

    def image(self, output, members):
        """Make a boot archive from a dictionary of names and files."""
        tool = os.path.join(ROOT, "tools", "image")
        command = [tool, "-o", output, *(f"{name}={path}" for name, path in members.items())]
        if subprocess.run(tied(command), check=False).returncode:
            raise BuildError("the boot archive can't be made")

    def archive_members(self):
        """What make puts in the boot archive, as a dictionary of names and files."""
        with open(os.path.join(self.folder, "archive_files")) as file:
            members = dict(word.split("=", 1) for word in file.read().split())
        return {name: os.path.join(self.root, path) for name, path in members.items()}


@contextlib.contextmanager
def locked(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def overrides():
    """The variables on the command line of a make that called us, such as CC=clang; O and DEBUG are ours."""
    words = os.environ.get("MAKEFLAGS", "").partition("-- ")[2].split()
    return [word for word in words if "=" in word and word.split("=")[0] in ("CC", "UBSAN", "V")]


def outer_environment():
    """The environment without what a make that called us has put there: ours has jobs of its own."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
