# SPDX-License-Identifier: MIT
"""
The kernel's trace as a file that Perfetto (https://ui.perfetto.dev) and chrome://tracing open: the JSON object form of
the "Trace Event Format" (Google, 2016).

Each process has two tracks: when it runs, and what it is in the middle of: kernel calls, waits for messages, faults.
Arrows lead from the sending of a message to its delivery, between the tracks of who runs. Interrupts have a track of
their own.
"""

import json
import os

import tracing

KERNEL_PID = 1  # endpoints begin at 1024
RUNNING, DOING = 0, 1  # a process's tracks
SENDREC, PLAIN_SEND = (number for name in ("sendrec", "send") for number, n in tracing.IPC_CALLS.items() if n == name)
WAITS = ("sendrec", "send", "receive")
ASKS = {"PAGE_FAULT": "page fault", "VM_REQUEST": "asks vm", "EXCEPTION": "exception"}


class Slice:
    """What goes on on a track since `start`."""

    def __init__(self, start, kind, name, args=None):
        self.start, self.kind, self.name, self.args = start, kind, name, args or {}


class Process:
    def __init__(self):
        self.stack = []  # slices, each within the one before
        self.resumed_by = None  # the place from which an arrow leads to where it runs next


class Converter:
    """Takes the records one by one, in order; `events` is the result, times in nanoseconds."""

    def __init__(self, times):
        self.times = times
        self.names = tracing.Names()
        self.events = []
        self.processes = {}
        self.seen = {}  # endpoint: its last label
        self.running = None  # (endpoint, since)
        self.interrupt = None  # a Slice
        self.now = 0
        self.next_flow = 1
        self.sent = {}  # number of a record: (place, sender, type), until it is delivered
        self.notified = {}  # (source, destination): places, until it is delivered

    # -- events --

    def event(self, phase, pid, tid, name, time, **more):
        self.events.append({"ph": phase, "name": name, "pid": pid, "tid": tid, "ts": time, **more})

    def track(self, endpoint, which):
        self.seen[endpoint] = self.names.process(endpoint)
        return endpoint, 2 * endpoint + which

    def complete(self, track, started, category):
        duration = self.now - started.start
        self.event("X", *track, started.name, started.start, dur=duration, cat=category, args=started.args)

    def instant(self, track, name, **args):
        self.event("i", *track, name, self.now, s="t", cat="event", args=args)

    def place(self):
        """Where an arrow can begin now: on the track of who runs, or of the interrupt that is handled."""
        if self.interrupt:
            return KERNEL_PID, KERNEL_PID, self.now
        return (*self.track(self.running[0], RUNNING), self.now) if self.running else None

    def arrow(self, begin, name):
        """From a place to here, if both are within slices."""
        end = self.place()
        if not begin or not end:
            return
        flow = {"cat": "message", "id": self.next_flow}
        self.next_flow += 1
        self.event("s", *begin[:2], name, begin[2], **flow)
        self.event("f", *end[:2], name, end[2], bp="e", **flow)

    # -- slices --

    def process(self, endpoint):
        return self.processes.setdefault(endpoint, Process())

    def begin(self, record, kind, name):
        args = {"record": tracing.describe(record, self.names), "number": record.index}
        self.process(record.endpoint).stack.append(Slice(self.now, kind, name, args))

    def end(self, endpoint, kinds, **args):
        """End the innermost slice of one of these kinds, and what is within it. Returns it, or None."""
        stack = self.process(endpoint).stack
        if not any(inner.kind in kinds for inner in stack):
            return None
        inner = stack.pop()
        while inner.kind not in kinds:
            self.complete(self.track(endpoint, DOING), inner, inner.kind)
            inner = stack.pop()
        inner.args.update(args)
        self.complete(self.track(endpoint, DOING), inner, inner.kind)
        return inner

    def end_all(self, endpoint):
        for inner in reversed(self.process(endpoint).stack):
            self.complete(self.track(endpoint, DOING), inner, inner.kind)
        self.process(endpoint).stack = []

    def stop_running(self):
        if self.running:
            endpoint, since = self.running
            self.complete(self.track(endpoint, RUNNING), Slice(since, "run", self.names.process(endpoint)), "run")
        self.running = None

    def forget_everything(self):
        """What went on is not known any more, or the trace ends. What the last record tells of lies within slices."""
        self.now += 1
        self.stop_running()
        if self.interrupt:
            self.interrupt_ends()
        for endpoint in list(self.processes):
            self.end_all(endpoint)
        self.processes, self.sent, self.notified = {}, {}, {}

    def interrupt_ends(self):
        self.complete((KERNEL_PID, KERNEL_PID), self.interrupt, "irq")
        self.interrupt = None

    # -- records --

    def gap(self, count):
        self.forget_everything()
        track, name = (KERNEL_PID, KERNEL_PID), f"{count} records are lost"
        self.event("i", *track, name, self.now, s="g", cat="lost", args={"lost": count})

    def take(self, record):
        self.now = self.times(record.time)
        handler = getattr(self, f"on_{(record.event or 'unknown').lower()}", None)
        if handler:
            handler(record)
        self.names.see(record)

    def on_send(self, record):
        to, kind = tracing.signed(record.args[0]), record.args[1]
        self.sent[record.index & 0xFFFFFFFF] = self.place(), record.endpoint, kind
        call = record.number & tracing.CALL_MASK
        if call == SENDREC or record.number == PLAIN_SEND | tracing.QUEUED:
            name = f"{tracing.IPC_CALLS[call]} {self.names.process(to)} {tracing.message_type(kind)}"
            self.begin(record, tracing.IPC_CALLS[call], name)

    def on_sent(self, record):
        self.end(record.endpoint, ["send"])

    def on_receive(self, record):
        self.begin(record, "receive", f"receive from {self.names.process(tracing.signed(record.args[0]))}")

    def on_notify(self, record):
        self.notify(record.endpoint, tracing.signed(record.args[0]))

    def notify(self, source, destination):
        self.notified.setdefault((source, destination), []).append(self.place())

    def on_delivered(self, record):
        source, kind, _, number = record.args
        source, name = tracing.signed(source), tracing.message_type(kind)
        waited = self.end(record.endpoint, ["sendrec", "receive"], message=name)
        if waited and waited.kind == "sendrec":
            name = f"{waited.name.split()[-1]}: {name}"
        if tracing.IPC_CALLS.get(record.number & tracing.CALL_MASK) == "notify":
            for place in self.notified.pop((source, record.endpoint), []):
                self.arrow(place, f"{name} from {self.names.process(source)}")
            return
        place, sender, sent_kind = self.sent.get(number, (None, None, None))
        if (sender, sent_kind) == (source, kind):
            del self.sent[number]
            self.arrow(place, name)

    def on_refused(self, record):
        self.instant(self.track(record.endpoint, DOING), tracing.describe(record, self.names))

    def on_ended(self, record):
        self.end(record.endpoint, WAITS, result=tracing.result(record.args[0]))

    def on_call(self, record):
        self.begin(record, "call", tracing.OPERATIONS.get(record.number, f"kernel call {record.number:#x}"))

    def on_result(self, record):
        self.end(record.endpoint, ["call"], result=tracing.result(record.args[0]))

    def on_copy_fault(self, record):
        self.instant(self.track(record.endpoint, DOING), "copy faults", record=tracing.describe(record, self.names))

    def asks(self, record):
        self.sent[record.index & 0xFFFFFFFF] = self.place(), record.endpoint, record.number
        self.begin(record, "fault", ASKS[record.event])

    on_page_fault = on_vm_request = on_exception = asks

    def on_verdict(self, record):
        self.end(record.endpoint, ["fault"], verdict=tracing.result(record.args[0]))
        self.process(record.endpoint).resumed_by = self.place(), f"verdict {tracing.result(record.args[0])}"

    def on_run(self, record):
        self.stop_running()
        self.running = record.endpoint, self.now
        process = self.process(record.endpoint)
        if process.resumed_by:
            self.arrow(*process.resumed_by)
            process.resumed_by = None

    def on_idle(self, _):
        self.stop_running()

    def on_irq(self, record):
        self.on_irq_end(record)
        driver = "" if record.endpoint == tracing.NONE else f" ({self.names.process(record.endpoint)})"
        self.interrupt = Slice(self.now, "irq", f"interrupt {record.number}{driver}")
        if record.endpoint != tracing.NONE:
            self.notify(tracing.HARDWARE, record.endpoint)

    def on_irq_end(self, _):
        if self.interrupt:
            self.interrupt_ends()

    def on_alarm(self, record):
        self.notify(tracing.CLOCK, record.endpoint)

    def on_fork(self, record):
        child = self.names.process(tracing.signed(record.args[0]))
        self.instant(self.track(record.endpoint, DOING), "fork", child=f"{child} {record.args[0]}")

    def on_exec(self, record):
        self.end_all(record.endpoint)
        self.names.see(record)
        self.instant(self.track(record.endpoint, DOING), f"exec {tracing.label(record.args)}")

    def on_exit(self, record):
        self.end_all(record.endpoint)
        self.instant(self.track(record.endpoint, DOING), "exit")
        del self.processes[record.endpoint]

    # -- the whole --

    def metadata(self):
        """What the tracks are called, and in which order they come: by age."""
        yield from named(KERNEL_PID, "kernel", 0, {KERNEL_PID: "interrupts"})
        for order, (endpoint, name) in enumerate(sorted(self.seen.items()), 1):
            yield from named(endpoint, name, order, {2 * endpoint + RUNNING: "running", 2 * endpoint + DOING: "doing"})


def named(pid, name, order, tracks):
    def event(what, tid, **args):
        return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": args}

    first = min(tracks)
    yield event("process_name", first, name=name)
    yield event("process_sort_index", first, sort_index=order)
    for index, (tid, track) in enumerate(tracks.items()):
        yield event("thread_name", tid, name=track)
        yield event("thread_sort_index", tid, sort_index=index)


def time_scale(pieces):
    """A function from time stamps to nanoseconds since boot: the processor's counter runs at a rate nobody knows."""
    records = (record for piece in pieces for record in tracing.records(*piece))
    told = [(record.time, record.args[0] | record.args[1] << 32) for record in records if record.event == "TIME"]
    if not told:
        return lambda time: time
    (stamp, nsecs), (last_stamp, last_nsecs) = told[0], told[-1]
    rate = (last_nsecs - nsecs) / (last_stamp - stamp) if last_nsecs > nsecs else 1.0
    return lambda time: nsecs + round((time - stamp) * rate)


def order(event):
    """Events by time; who begins at the same time contains those that end earlier, and is there before arrows are."""
    return event["ts"], event["ph"] != "X", -event.get("dur", 0)


def convert(pieces):
    """The trace's events, from pieces of the ring (number of the first record, bytes); times in nanoseconds."""
    converter = Converter(time_scale(pieces))
    expected = 0
    for first, data in pieces:
        if first > expected:
            converter.gap(first - expected)
        for record in tracing.records(first, data):
            converter.take(record)
        expected = first + len(data) // tracing.RECORD.size
    converter.forget_everything()
    return [*converter.metadata(), *sorted(converter.events, key=order)]


def write(path, pieces=(), lost=0):
    """Write the file; what was there before is there until the new one is complete."""
    events = convert(pieces)
    for event in events:
        for field in ("ts", "dur"):
            if field in event:
                event[field] /= 1000  # microseconds, the format's unit
    with open(f"{path}.new", "w") as file:
        json.dump({"displayTimeUnit": "ns", "otherData": {"lost_records": lost}, "traceEvents": events}, file)
    os.replace(f"{path}.new", path)
