#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`service` at the prompt, with a manifest that has services of all kinds, and lines that are wrong."""

import os
import re
import struct

import machine
from build import ROOT
from script import ON_TERMINAL, PROMPT, Terminal, archive_with, build_under_test, run_tests

BUILD = build_under_test()
SUBJECT = os.path.join(ROOT, "tests", "guest", "rs_subject.c")
GOOD = """\
service deaf bin/subject restart=always heartbeat=100 giveup=2 -- deaf
service crash bin/subject restart=failure giveup=3 -- crash
service stubborn bin/subject -- stubborn
service done bin/subject restart=failure -- exit 0
service missing bin/nothing
service text bin/text
service rights bin/subject irqs=2
service odd bin/odd restart=always
"""
TOO_LONG = "w" * 0x10000  # exec takes less
LOG_LINE_MAX = 256  # DIAG_MAX: longer lines are cut

WRONG = {  # lines, and what RS says of each
    "service": "a service needs a label and a program",
    "service alone": "a service needs a label and a program",
    "driver x bin/x": "neither `service` nor `users`: driver",
    "service console bin/x": "a label taken already: console",
    "service vm bin/x": "a reserved label: vm",
    "service a=b bin/x": "a label with `,` or `=`: a=b",
    "service a_label_too_long bin/x": "a label too long: a_label_too_long",
    f"service x bin/{'x' * 100}": f"a path too long: bin/{'x' * 100}",
    "service x bin/x colour=red": "no such key: colour=red",
    "service x bin/x prio=3 prio=4": "a key given twice: prio=4",
    "service x bin/x calls=fly": "no such kernel call: fly",
    "service y bin/x ipc=nobody": "ipc with an unknown label: nobody",
    "service x bin/x irqs=16": "not an interrupt line from 0 to 15: 16",
    "service x bin/x ports=5-4": "not a range of ports: 5-4",
    "service x bin/x ports=1,2,3,4,5,6,7,8,9": "too many ranges of ports: 9",
    "service x bin/x phys=z": "not a range of physical memory: z",
    "service x bin/x phys=1,2,3,4,5": "too many ranges of physical memory: 5",
    "service x bin/x prio=16": "not a priority from 1 to 15: 16",
    "service x bin/x quantum=0": "not a quantum in milliseconds, from 1 to 1000: 0",
    "service x bin/x children=sell": "children are `inherit` or `user`: sell",
    "service x bin/x flags=root": "no such flag: root",
    "service x bin/x restart=often": "restart is `always`, `failure` or `never`: often",
    "service x bin/x restart=always giveup=0": "not a number of failures from 1 to 1000: 0",
    "service x bin/x giveup=1": "giveup for a service that is never restarted: 1",
    "service x bin/x heartbeat=1": "not a heartbeat in milliseconds, from 10 to an hour: 1",
    "service x bin/x onexit=restart": "onexit is `poweroff`, or is left out: restart",
    "service x bin/x -- " + "w " * 64: "too many words",
    f"service x bin/x -- {TOO_LONG}": f"arguments too long: {TOO_LONG}",
    "service x \x01": "a control character",
    "users ipc=ramfs": "a second line `users`",
}


def without_writable_data(elf):
    """A good ELF file, but for its data, which are read-only and don't end with a page: VM alone sees that they can't be."""
    elf, flags_at, writable = bytearray(elf), 24, 2
    (table,), (size, count) = struct.unpack_from("<I", elf, 28), struct.unpack_from("<HH", elf, 42)
    for header in range(table, table + size * count, size):
        (flags,) = struct.unpack_from("<I", elf, header + flags_at)
        struct.pack_into("<I", elf, header + flags_at, flags & ~writable)
    return bytes(elf)


def session(folder):
    """The system with more lines in its manifest, on a terminal; and the number of the first of them."""
    subject, text, odd = (os.path.join(folder, name) for name in ("subject", "text", "odd"))
    BUILD.compile(subject, [SUBJECT])
    with open(subject, "rb") as good, open(odd, "wb") as file:
        file.write(without_writable_data(good.read()))
    os.chmod(odd, 0o755)
    with open(text, "w") as file:
        file.write("#!/bin/sh\n")
    os.chmod(text, 0o755)
    lines = []

    def longer(manifest):
        lines.extend(manifest.splitlines())
        return manifest + "\n".join(WRONG) + "\n" + GOOD

    archive = archive_with(BUILD, folder, {"subject": subject, "text": text, "odd": odd}, longer)
    return Terminal(machine.qemu(BUILD.kernel, archive, extra=ON_TERMINAL)), len(lines) + 1


def run(command, seconds=60):
    """What the command shows, without the log's lines."""
    terminal.type(command + "\r")
    terminal.expect(command + "\n", seconds)
    shown = terminal.expect(PROMPT, seconds)
    return "".join(line for line in shown.splitlines(keepends=True) if not line.startswith("["))


def status(label):
    """What is told of one service: state, pid, restarts, last end, and why it can't be started."""
    shown = run(f"service status {label}")
    match = re.fullmatch(r"LABEL .*\n(\S+) +(\S.*?) +(\d+|-) +(\S+ \S+) +(\d+)  (.*)\n(?: +(.*)\n)?", shown)
    assert match and match[1] == label, shown
    return match[2], match[3], int(match[5]), match[6], match[7]


def each_wrong_line_is_told_and_left_out():
    for number, said in enumerate(WRONG.values(), first_wrong):
        line = f"[rs] manifest line {number} is left out: {said}"[: LOG_LINE_MAX - 1] + "\n"
        assert line in boot_log, (line, boot_log)
    assert boot_log.count("[rs] manifest line ") == len(WRONG), boot_log
    assert "there is no such service" in run("service status x")


def what_can_not_start_is_told_with_its_reason():
    assert "[rs] missing can't be started: bin/nothing is not in the archive\n" in boot_log, boot_log
    assert "[rs] text can't be started: bin/text is not a static i386 program\n" in boot_log, boot_log
    assert "[rs] rights can't be started: bin/subject is to have rights that the kernel refuses" in boot_log, boot_log
    assert status("missing") == ("can't start", "-", 0, "-", "its program is not in the archive")
    assert status("text")[4] == "its program is not a static i386 program"
    shown = run("service up missing")
    assert shown == "service: missing: it can't be started: its program is not in the archive\nservice: exit status 1\n", shown


def what_could_not_be_executed_is_told_with_its_reason():
    """RS has made a process for it, with its rights, in which exec has failed."""
    assert boot_log.count("[rs] odd can't be started: bin/odd could not be executed: Exec format error\n") == 1, boot_log
    assert "[rs] odd exited" not in boot_log, boot_log
    assert status("odd") == ("can't start", "-", 0, "-", "its program could not be executed: Exec format error")


def the_table_has_all_services_in_the_manifest_s_order():
    title, *lines = run("service").splitlines()
    assert title.split() == "LABEL STATE PID SINCE RESTARTS LAST END".split(), title
    labels = ["console", "ramfs", "ds", "sh", "deaf", "crash", "stubborn", "done", "missing", "text", "rights", "odd"]
    assert [line.split()[0] for line in lines if line[0] != " "] == labels, lines
    assert run("service status").splitlines()[0].split() == title.split()


def what_is_given_up_is_told():
    assert status("crash") == ("given up", "-", 2, "killed by SIGABRT", None)
    assert status("deaf") == ("given up", "-", 1, "did not answer", None)
    assert status("done") == ("down", "-", 0, "exited 0", None)


def a_service_is_put_down_started_and_restarted():
    state, pid, restarts, *_ = status("ramfs")
    assert state == "running", state
    assert run("service down ramfs") == "ramfs is down; it was ended by SIGTERM\n"
    assert status("ramfs") == ("down", "-", restarts, "by request: SIGTERM", None)
    assert "I/O error" in run("cat /etc/manifest")
    assert run("service down ramfs") == "ramfs is down; it did not run\n"
    assert re.fullmatch(r"ramfs is running, process \d+\n", run("service up ramfs"))
    assert re.fullmatch(r"ramfs runs already, process \d+\n", run("service up ramfs"))
    assert "users ipc" in run("cat /etc/manifest")
    assert re.fullmatch(r"ramfs is running, process \d+; it was ended by SIGTERM\n", run("service restart ramfs"))
    assert status("ramfs")[1] != pid and status("ramfs")[2] == restarts + 2


def who_ignores_sigterm_is_killed():
    assert run("service down stubborn") == "stubborn is down; it was ended by SIGKILL\n"


def the_console_is_restarted_under_the_hands_of_who_types():
    assert re.search(r"console is running, process \d+; it was ended by SIGTERM\n", run("service restart console"))
    assert run("echo here") == "here\n"


def who_types_does_not_lose_the_terminal_by_mistake():
    """What one asks for all the same one gets: see the last test."""
    said = run("service down console")
    assert "console: it drives this terminal: without it nobody could type `service up console`" in said, said
    shown = run("service down console </etc/manifest | cat")
    assert shown == said.splitlines()[0] + "\n", shown
    assert run("subject mute service down console") == "subject: exit status 1\n"
    said = run("service down sh")
    assert "it is the shell of this terminal" in said and "`service down -f sh` does it all the same" in said, said
    assert run("sh -c 'service down sh'") == said.replace("service: exit", "sh: exit")
    assert status("console")[0] == status("sh")[0] == "running"
    assert "which service?" in run("service down -f")
    assert "'x' is too much" in run("service down -f sh x")
    assert "there is no such service" in run("service down -f nothing")


def the_shell_is_restarted_with_the_command_in_it():
    terminal.type("service restart sh\r")
    terminal.expect("[rs] sh ")
    terminal.expect(PROMPT)
    assert run("echo again") == "again\n"
    assert status("sh")[2] == 1


def mistakes_are_told():
    assert "it is a part of the system that always runs" in run("service down vm")
    assert "there is no such service; `service` lists them" in run("service restart nothing")
    assert "which service?" in run("service up")
    assert "'fly' is not status, up, down or restart" in run("service fly")
    assert run("service status nothing").startswith("service: nothing: there is no such service; `service` lists them\n")
    assert "exit status 1" in run("service status nothing")
    assert "exit status 2" in run("service fly")


def the_shell_is_put_down():
    terminal.type("service down -f sh\r")
    terminal.expect("sh is down; it was ended by SIGTERM\n")


tests = [
    each_wrong_line_is_told_and_left_out,
    what_can_not_start_is_told_with_its_reason,
    what_could_not_be_executed_is_told_with_its_reason,
    the_table_has_all_services_in_the_manifest_s_order,
    what_is_given_up_is_told,
    a_service_is_put_down_started_and_restarted,
    who_ignores_sigterm_is_killed,
    the_console_is_restarted_under_the_hands_of_who_types,
    who_types_does_not_lose_the_terminal_by_mistake,
    the_shell_is_restarted_with_the_command_in_it,
    mistakes_are_told,
    the_shell_is_put_down,
]

with machine.scratch() as scratch:
    terminal, first_wrong = session(scratch)
    with terminal:
        boot_log = terminal.expect(PROMPT)
        quiet = ("crash is given up", "deaf is given up", "odd can't be started")
        while not all(said in boot_log for said in quiet):
            boot_log += terminal.expect("\n") + "\n"
        run_tests(tests)
