# SPDX-License-Identifier: MIT
"""The emulated PCs: QEMU, which is quick, and Bochs, which enforces segment limits."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

from build import ROOT, BuildError, tied

DEBUG_EXIT_PORT = 0xF4
SCRATCH = os.path.join(ROOT, "build", "tmp")
SCRATCH_OLD_SECONDS = 3600


def counted_time(shift):
    """
    QEMU's options that make time the number of instructions, 2^shift nanoseconds each: a run does not depend on the host
    and can be repeated exactly, and while the guest idles its time jumps. (QEMU manual, "TCG Instruction Counting".)
    """
    options = ["-icount", f"shift={shift},sleep=off,align=off", "-rtc", "base=2024-01-01T00:00:00,clock=vm"]
    return options + ["-accel", "tcg,thread=single", "-cpu", "qemu32"]


def qemu(kernel, archive, cmdline="", memory=128, extra=(), ram=None):
    """
    QEMU's command line; what its serial ports are connected to is for the caller to add. `ram`: a file that is the
    guest's memory, to be looked at from outside.
    """
    command = ["qemu-system-i386", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"]
    command += ["-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x}", "-m", str(memory)]
    command += ["-kernel", kernel]
    if ram:
        command += ["-object", f"memory-backend-file,id=ram,size={memory}M,mem-path={ram},share=on"]
        command += ["-machine", "memory-backend=ram"]
    if archive:
        command += ["-initrd", archive]
    if cmdline:
        command += ["-append", cmdline]
    return command + list(extra)


def start(command, **settings):
    """Start an emulator that does not outlive this program, however that ends."""
    return subprocess.Popen(tied(command), **settings)


def end(process):
    if process.poll() is None:
        process.kill()
    process.wait()


def end_children():
    """End all that this program has started, from whatever thread, and nothing else."""
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError):  # the thread is gone, or the child
            with open(f"/proc/self/task/{thread}/children") as file:
                for child in file.read().split():
                    os.kill(int(child), signal.SIGKILL)


def qemu_status(code):
    """The status that the guest gave to isa-debug-exit; QEMU turned it into an odd exit code of its own."""
    return code >> 1 if code & 1 else code


BOCHS_CONFIG = """\
display_library: rfb, options="timeout=0"
plugin_ctrl: unmapped=1
cpu: model=p4_prescott_celeron_336, ips=50000000, reset_on_triple_fault=0
clock: sync=none
megs: {memory}
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev="{com1}"
com2: enabled=1, mode=file, dev="{com2}"
sound: driver=dummy, waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=1, mode=none
panic: action=fatal
error: action=report
info: action=ignore
log: "{log}"
"""


def iso(output, kernel, archive, cmdline=""):
    command = [os.path.join(ROOT, "tools", "iso"), "-o", output, kernel, archive, *cmdline.split()]
    if subprocess.run(tied(command), check=False).returncode:
        raise BuildError("the ISO image can't be made")


def bochs(folder, image, com1, com2, memory=128):
    """Bochs' command line to boot an ISO image, with its files in `folder`; it takes no input."""
    config = os.path.join(folder, "bochsrc")
    with open(config, "w") as file:
        file.write(BOCHS_CONFIG.format(memory=memory, iso=image, com1=com1, com2=com2, log=bochs_log(folder)))
    # Debian's Bochs starts in its debugger; "c" lets it go.
    commands = os.path.join(folder, "commands")
    with open(commands, "w") as file:
        file.write("c\n")
    return ["bochs", "-q", "-f", config, "-rc", commands]


def bochs_log(folder):
    return os.path.join(folder, "bochs.log")


def end_tidily_when_told():
    """Let SIGTERM and SIGHUP end this program as an exception does: emulators are ended, scratch folders removed."""

    def told(number, _):
        for other in signals:
            signal.signal(other, signal.SIG_IGN)  # tidying up is not to be interrupted
        sys.exit(128 + number)

    # nohup has SIGHUP ignored.
    signals = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) != signal.SIG_IGN]
    for number in signals:
        signal.signal(number, told)


@contextlib.contextmanager
def terminal_kept(descriptor=0):
    """Whatever is done to a terminal's modes meanwhile, they are as before in the end."""
    try:
        modes = termios.tcgetattr(descriptor)
    except termios.error:  # it is no terminal
        modes = None
    try:
        yield
    finally:
        if modes:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else we would stop here in the background
            with contextlib.suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(descriptor, termios.TCSANOW, modes)


@contextlib.contextmanager
def scratch():
    """A folder for one run's files, removed when closed. It is locked: that tells a long run from a dead one."""
    os.makedirs(SCRATCH, exist_ok=True)
    remove_old_scratch()
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield folder
        finally:
            os.close(descriptor)


def remove_old_scratch():
    """Remove the folders of runs that were killed."""
    for entry in os.scandir(SCRATCH):
        with contextlib.suppress(OSError):  # another run is as quick, or the folder's own is alive
            if time.time() - entry.stat().st_mtime > SCRATCH_OLD_SECONDS:
                remove_unless_locked(entry.path)


def remove_unless_locked(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
