#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make run TRACE=file`: the file, and the way of the records there."""

import collections
import glob
import json
import os
import random
import re
import shlex
import signal
import subprocess
import time

import abi
import machine
import traceevents
import tracing
from build import ROOT
from script import PROMPT, Terminal, build_under_test, run_tests
from symbols import addresses

BUILD = build_under_test()
RUN = ["tools/run", "--build", BUILD.folder]
LEAVE = "\x01x"  # QEMU's key: Ctrl-A X
EVENT = {name: number for number, (name, _) in tracing.EVENTS.items()}
CALL = {name: number for number, name in tracing.IPC_CALLS.items()}
OPERATION = {name: number for number, name in tracing.OPERATIONS.items()}
VM, PM, SH = 1024, 1025, 1028


# ---- The file ----


def nanoseconds(event, field="ts"):
    return round(event[field] * 1000)


def check_format(trace):
    """The rules of the Trace Event format, as far as what we write is concerned. Returns its events."""
    events = trace["traceEvents"]
    assert trace["displayTimeUnit"] == "ns" and isinstance(trace["otherData"]["lost_records"], int)
    for event in events:
        assert {"ph", "name", "pid", "tid"} <= event.keys(), event
        assert event["ph"] in "MXisf" and isinstance(event["pid"], int) and isinstance(event["tid"], int), event
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "process_sort_index", "thread_name", "thread_sort_index"), event
        else:
            assert event["ts"] >= 0 and event["cat"], event
        if event["ph"] == "i":
            assert event["s"] in "tg", event
    named = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name"}
    assert {(e["pid"], e["tid"]) for e in events} == named
    slices = check_slices(events)
    check_flows(events, slices)
    return events


def check_slices(events):
    """Those of a track are apart or one within the other, the outer one first. Returns them, by track."""
    tracks = collections.defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            start = nanoseconds(event)
            tracks[event["pid"], event["tid"]].append((start, start + nanoseconds(event, "dur")))
            assert event["dur"] >= 0, event
    for slices in tracks.values():
        ends = []
        for start, end in slices:
            while ends and ends[-1] <= start:
                ends.pop()
            assert not ends or end <= ends[-1], f"{start}..{end} overlaps what ends at {ends[-1]}"
            ends.append(end)
    return tracks


def check_flows(events, slices):
    """Each has a start and a later finish of the same name, both within slices of their tracks."""
    flows = collections.defaultdict(list)
    for event in events:
        if event["ph"] in "sf":
            flows[event["id"]].append(event)
            starts = slices[event["pid"], event["tid"]]
            assert any(start <= nanoseconds(event) < end for start, end in starts), f"{event} is in no slice"
    for first, *others in flows.values():
        assert len(others) == 1 and first["ph"] == "s" and others[0]["ph"] == "f", (first, others)
        assert others[0]["bp"] == "e" and first["ts"] <= others[0]["ts"], (first, others)
        assert (first["cat"], first["name"]) == (others[0]["cat"], others[0]["name"]), (first, others)


def run_traced(folder, leave, commands=(), options=()):
    """Boot with a trace, type commands, leave; returns the file's contents and what was said."""
    path = os.path.join(folder, "trace.json")
    with Terminal([*RUN, "--trace", path, *options]) as terminal:
        terminal.expect(PROMPT)
        for command in commands:
            time.sleep(0.3)  # until all is idle: then what is typed comes by interrupt
            terminal.type(command + "\r")
            terminal.expect("\n")
            terminal.expect(PROMPT)
        leave(terminal)
        terminal.wait()
        said = terminal.text
    with open(path) as file:
        return json.load(file), said


def ctrl_a_x(terminal):
    terminal.type(LEAVE)


def process_names(events):
    return {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}


def the_file_is_valid_and_names_what_happened():
    with machine.scratch() as folder:
        trace, _ = run_traced(folder, ctrl_a_x, ["ps"])
    events = check_format(trace)
    assert trace["otherData"]["lost_records"] == 0
    names = process_names(events)
    assert {"kernel", "vm", "pm", "rs", "console", "ramfs", "datastore", "sh", "ps"} == set(names.values()), names
    slices = {(names[event["pid"]], event["name"]) for event in events if event["ph"] == "X"}
    expected = {
        ("ps", "ps"),
        ("sh", "sendrec pm PM_WAIT"),
        ("pm", "SYS_VIRCOPY"),
        ("pm", "receive from any"),
        ("ps", "page fault"),
        ("kernel", "interrupt 0"),
        ("kernel", "interrupt 4 (console)"),
    }
    assert expected <= slices, expected - slices
    arrows = collections.defaultdict(list)
    for event in events:
        if event["ph"] in "sf":
            arrows[event["id"], event["name"]].append(names[event["pid"]])
    arrows = {(name, *ends) for (_, name), ends in arrows.items()}
    expected = {
        ("PM_FORK", "sh", "pm"),
        ("PM_FORK: OK", "pm", "sh"),
        ("VM_PAGEFAULT", "ps", "vm"),
        ("verdict OK", "vm", "ps"),
        ("CONSOLE_WRITE", "ps", "console"),
        ("notification from hardware", "kernel", "console"),
    }
    assert expected <= arrows, expected - arrows


def its_times_are_those_of_the_guest():
    with machine.scratch() as folder:
        trace, _ = run_traced(folder, ctrl_a_x, ["sleep 0.5"])
    (sleep,) = [e for e in trace["traceEvents"] if e["name"] == "sendrec pm PM_NANOSLEEP"]
    assert 100e3 < sleep["dur"] < 10e6, sleep  # a slow host's clock and the guest's part now and then


def it_is_complete_however_the_machine_is_left():
    def poweroff(terminal):
        terminal.type("poweroff\r")

    def terminate(terminal):
        os.kill(terminal.pid, signal.SIGTERM)

    for leave in (poweroff, terminate):
        with machine.scratch() as folder:
            trace, _ = run_traced(folder, leave)
        names = process_names(check_format(trace))
        assert "sh" in names.values(), names
    with machine.scratch() as folder:
        path = os.path.join(folder, "trace.json")
        with Terminal([*RUN, "--trace", path]) as terminal:
            terminal.expect(PROMPT)
            os.kill(terminal.pid, signal.SIGKILL)
            terminal.wait()
        with open(path) as file:
            check_format(json.load(file))


def only_the_kinds_asked_for_are_in_it():
    with machine.scratch() as folder:
        trace, _ = run_traced(folder, ctrl_a_x, options=["--trace-kinds", "call"])
    events = check_format(trace)
    categories = {event["cat"] for event in events if event["ph"] != "M"}
    assert categories == {"call", "run", "event"}, categories


def lost_records_are_told():
    def flood(terminal):
        os.kill(terminal.pid, signal.SIGSTOP)  # it does not read; QEMU runs on
        for _ in range(4):
            terminal.type("; ".join(["ps"] * 16) + "\r")
            terminal.expect("\n")
            terminal.expect(PROMPT)
        os.kill(terminal.pid, signal.SIGCONT)
        time.sleep(0.5)  # until it has read again
        ctrl_a_x(terminal)

    with machine.scratch() as folder:
        trace, said = run_traced(folder, flood)
    lost = trace["otherData"]["lost_records"]
    assert lost > 0 and f"{lost} records of the trace were overwritten" in said, (lost, said)
    told = [event["args"]["lost"] for event in check_format(trace) if event.get("cat") == "lost"]
    assert sum(told) == lost, (told, lost)


def make_run(*variables):
    """The words that `make run` would give tools/run."""
    command = ["make", "-n", "run", *variables]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return shlex.split(said.partition("tools/run ")[2].replace("\\\n", " "))


def make_passes_its_variables_on():
    plain = make_run()
    assert plain == ["--build", "build"], plain
    for variables, options in (
        (["TRACE=a b.json", "TRACE_KINDS=ipc,call"], ["--trace", "a b.json", "--trace-kinds", "ipc,call"]),
        (["FILES=a b/c.txt"], ["--file", "a", "--file", "b/c.txt"]),
        (["MEM=64", "CMDLINE=log=com2 x"], ["--mem", "64", "--cmdline", "log=com2 x"]),
    ):
        assert make_run(*variables) == [*plain, *options], (variables, make_run(*variables))


def an_unknown_kind_is_refused():
    command = [*RUN, "--trace", "x.json", "--trace-kinds", "ipc,nonsense"]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 and b"nonsense" in done.stderr, done


def random_numbers():
    seed = int(os.environ.get("SEED", time.time()))
    print(f"# SEED={seed}")
    return random.Random(seed)


# ---- Reading the ring: a file in the kernel's place ----


class Kernel:
    """Writes records as the kernel does, numbered in their first argument, into a file that is its memory."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "ram")
        self.start = addresses(BUILD.kernel)["trace_ring"]
        with open(self.path, "wb") as file:
            file.truncate(self.start + tracing.RING.size + tracing.RECORDS * tracing.RECORD.size + 4096)
        self.file = open(self.path, "r+b", buffering=0)
        self.next = 0

    def write(self, offset, data):
        self.file.seek(self.start + offset)
        self.file.write(data)

    def put(self, count, half_written=False):
        for number in range(self.next, self.next + count):
            record = tracing.RECORD.pack(number + 1, tracing.NONE, EVENT["IDLE"], 0, number, ~number & 0xFFFFFFFF, 0, 0)
            self.write(tracing.RING.size + number % tracing.RECORDS * tracing.RECORD.size, record)
        self.next += count
        if half_written:
            self.write(tracing.RING.size + self.next % tracing.RECORDS * tracing.RECORD.size, b"\xff" * 12)
        header = dict.fromkeys(tracing.RING_FIELDS, 0) | {"next": self.next, "kinds": 1}
        self.write(0, tracing.RING.pack(header["next"], 0, header["kinds"], 0, 0, 0))


def check_ring(ring, kernel):
    """What is there was written and is there once, what is missing is counted. Returns how many records are there."""
    seen, expected = 0, 0
    for first, data in ring.pieces:
        assert first >= expected
        for record in tracing.records(first, data):
            assert record.args[0] == record.index and record.args[1] == ~record.index & 0xFFFFFFFF, record
            seen += 1
        expected = first + len(data) // tracing.RECORD.size
    assert seen + ring.lost == kernel.next == ring.position, (seen, ring.lost, kernel.next)
    return seen


def a_ring_is_read_whatever_its_fill():
    numbers = random_numbers()
    with machine.scratch() as folder:
        kernel = Kernel(folder)
        ring = tracing.Ring(kernel.path, BUILD.kernel)
        ring.read()
        for _ in range(60):
            count = numbers.choice([0, 1, 7, 5000, tracing.RECORDS - 1, tracing.RECORDS])
            kernel.put(count, half_written=numbers.random() < 0.5)
            lost = max(0, kernel.next - ring.position - (tracing.RECORDS - 1)) + ring.lost
            ring.read()
            assert ring.lost == lost, (ring.lost, lost)
        assert check_ring(ring, kernel) > 0


def what_is_overwritten_while_it_is_read_is_left_out():
    class Slow(tracing.Ring):
        def copy(self, first, end):
            """The kernel goes on for so many records after half of them are copied."""
            middle = (first + end) // 2
            before = super().copy(first, middle) if middle > first else b""
            kernel.put(goes_on, half_written=True)
            return before + super().copy(middle, end)

    for goes_on in (1, 100, tracing.RECORDS // 2, tracing.RECORDS + 1, 3 * tracing.RECORDS):
        with machine.scratch() as folder:
            kernel = Kernel(folder)
            ring = Slow(kernel.path, BUILD.kernel)
            for count in (10, tracing.RECORDS - 100, tracing.RECORDS):
                kernel.put(count)
                ring.read()
            goes_on = 0
            ring.read()
            check_ring(ring, kernel)


# ---- Conversion ----


class Story:
    """Records that somebody made up; `convert` gives the events."""

    def __init__(self):
        self.data, self.number, self.time = b"", 0, 0
        self.put("TIME", tracing.NONE)

    def put(self, event, endpoint, number=0, args=(), after=1000):
        self.time += after
        args = [word & 0xFFFFFFFF for word in args] + [0] * (4 - len(args))
        self.data += tracing.RECORD.pack(self.time, endpoint, EVENT.get(event, event), number, *args)
        self.number += 1
        return self.number - 1

    def name(self, endpoint, label):
        words = [int.from_bytes(label.encode().ljust(16, b"\0")[i : i + 4], "little") for i in range(0, 16, 4)]
        self.put("NAME", endpoint, args=words)

    def convert(self):
        events = traceevents.convert([(0, self.data)])
        for event in events:
            for field in ("ts", "dur"):
                if field in event:
                    event[field] /= 1000
        return check_format({"displayTimeUnit": "ns", "otherData": {"lost_records": 0}, "traceEvents": events})


def arrows_of(events):
    return [(event["name"], event["pid"]) for event in events if event["ph"] in "sf"]


def a_stale_number_makes_no_arrow():
    story = Story()
    story.put("RUN", SH)
    sent = story.put("SEND", SH, CALL["send"], [PM, 7])
    story.put("RUN", PM)
    story.put("DELIVERED", PM, CALL["send"], [SH, 8, 0, sent])  # another type
    story.put("DELIVERED", PM, CALL["send"], [VM, 7, 0, sent])  # another sender
    story.put("DELIVERED", PM, CALL["send"], [SH, 7, 0, 999])
    assert not arrows_of(story.convert())
    story.put("DELIVERED", PM, CALL["send"], [SH, 7, 0, sent])
    story.put("DELIVERED", PM, CALL["send"], [SH, 7, 0, sent])  # not twice
    assert arrows_of(story.convert()) == [("7", SH), ("7", PM)]


def notifications_that_become_one_have_an_arrow_each():
    story = Story()
    for sender in (SH, SH, VM):
        story.put("RUN", sender)
        story.put("NOTIFY", sender, CALL["notify"], [PM])
    story.put("RUN", PM)
    story.put("DELIVERED", PM, CALL["notify"], [SH, tracing.NOTIFICATION])
    assert [pid for _, pid in arrows_of(story.convert())] == [SH, SH, PM, PM]


def what_is_open_at_a_gap_or_an_end_is_closed():
    story = Story()
    story.put("RUN", SH)
    story.put("CALL", SH, OPERATION["SYS_VIRCOPY"])
    asked = story.put("VM_REQUEST", SH, OPERATION["VM_MEMREQ"], [SH, 0x1000, 64, 1])
    first, story.data = story.data, b""
    begin, story.number = story.number + 50, story.number + 50
    story.put("RUN", VM)
    story.put("DELIVERED", VM, CALL["send"], [SH, OPERATION["VM_MEMREQ"], 0, asked])
    story.put("CALL", VM, OPERATION["SYS_VMCTL"])
    story.put("EXIT", SH)
    events = traceevents.convert([(0, first), (begin, story.data)])
    names = [event["name"] for event in events if event["ph"] == "X"]
    assert sorted(names) == ["1024", "1028", "SYS_VIRCOPY", "SYS_VMCTL", "asks vm"], names
    assert [event["args"]["lost"] for event in events if event["ph"] == "i" and event["s"] == "g"] == [50]
    assert not arrows_of(events)


def any_records_make_a_valid_file():
    numbers = random_numbers()
    words = [0, 1, 7, VM, PM, SH, *OPERATION.values(), 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFF38]
    for _ in range(30):
        story = Story()
        for _ in range(300):
            args = [numbers.choice([*words, story.number - 1, story.number - 3]) for _ in range(4)]
            event, endpoint = numbers.choice([*EVENT, 0, 999]), numbers.choice([VM, PM, SH, SH + 1024])
            if event != "TIME":
                story.put(event, endpoint, numbers.choice([*range(9), 0x101, 0x108, 999]), args)
        story.convert()


def both_readers_know_every_table():
    with open(os.path.join(ROOT, "programs", "trace", "names.c")) as file:
        included = set(re.findall(r"#include <granite/abi/ops/(\w+\.def)>", file.read()))
    assert included == {os.path.basename(path) for path in glob.glob(os.path.join(abi.FOLDER, "ops", "*.def"))}
    assert set(tracing.ARGUMENTS) <= set(OPERATION), set(tracing.ARGUMENTS) - set(OPERATION)


run_tests(
    [
        the_file_is_valid_and_names_what_happened,
        its_times_are_those_of_the_guest,
        it_is_complete_however_the_machine_is_left,
        only_the_kinds_asked_for_are_in_it,
        lost_records_are_told,
        make_passes_its_variables_on,
        an_unknown_kind_is_refused,
        a_ring_is_read_whatever_its_fill,
        what_is_overwritten_while_it_is_read_is_left_out,
        a_stale_number_makes_no_arrow,
        notifications_that_become_one_have_an_arrow_each,
        what_is_open_at_a_gap_or_an_end_is_closed,
        any_records_make_a_valid_file,
        both_readers_know_every_table,
    ]
)
