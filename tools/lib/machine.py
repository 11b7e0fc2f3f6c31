# SPDX-License-Identifier: MIT
"""The emulated PCs: QEMU, which is quick, and Bochs, which enforces segment limits."""

import os
import signal
import subprocess
import sys
import tempfile

from build import ROOT

DEBUG_EXIT_PORT = 0xF4


def qemu(kernel, archive, cmdline="", memory=128, extra=()):
    """QEMU's command line; what its serial ports are connected to is for the caller to add."""
    command = ["qemu-system-i386", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"]
    command += ["-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x}", "-m", str(memory)]
    command += ["-kernel", kernel]
    if archive:
        command += ["-initrd", archive]
    if cmdline:
        command += ["-append", cmdline]
    return command + list(extra)


def start(command, **settings):
    """Start an emulator that does not outlive this program, however that ends."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], **settings)


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
    subprocess.run([os.path.join(ROOT, "tools", "iso"), "-o", output, kernel, archive, *cmdline.split()], check=True)


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
    """Let SIGTERM end this program as an exception does: emulators are ended and scratch folders removed."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def scratch():
    """A folder for one run's files, removed when closed."""
    os.makedirs(os.path.join(ROOT, "build", "tmp"), exist_ok=True)
    return tempfile.TemporaryDirectory(dir=os.path.join(ROOT, "build", "tmp"))
