# SPDX-License-Identifier: MIT
"""The kernel's trace: its records, read out of the guest's memory, and what they say (abi/granite/abi/trace.h)."""

import collections
import mmap
import re
import signal

import abi
import symbols


def table(macro):
    """The rows of a table of trace.h, but for its description in a comment."""
    return [row for row in abi.rows(abi.header("trace.h"), macro) if row[0].isdigit()]


EVENTS = {int(number): (name, text) for number, name, _, text in table("EVENT")}
KINDS = {name: 1 << int(bit) for bit, _, name, _ in table("KIND")}
RECORDS = abi.constants("trace.h")["TRACE_RECORDS"]
QUEUED = abi.constants("trace.h")["TRACE_QUEUED"]

RING_FIELDS, RING = abi.structure("trace.h", "trace_ring")
RECORD_FIELDS, RECORD = abi.structure("trace.h", "trace_record")
assert RECORD_FIELDS == ["time", "endpoint", "event", "number"] + ["args"] * 4

ENDPOINTS = {number: name.lower() for name, number in abi.constants("endpoint.h").items() if number < 0}
NONE = abi.constants("endpoint.h")["NONE"]
HARDWARE = abi.constants("endpoint.h")["HARDWARE"]
CLOCK = abi.constants("endpoint.h")["CLOCK"]

STATUS_FROM_KERNEL = abi.constants("ipc.h")["IPC_STATUS_FROM_KERNEL"]
CALL_MASK = 0xFF  # of a status and of TRACE_QUEUED | call
IPC_CALLS = {n: name.lower() for name, n in abi.constants("ipc.h", "IPC_").items() if not name.startswith("STATUS")}
NOTIFICATION = abi.constants("message.h")["NOTIFY_MESSAGE"]
FAULT_BITS = abi.constants("vm.h", "VM_FAULT_")
OPERATIONS = {**abi.operations(), NOTIFICATION: "notification"}
ARGUMENTS = {row[0]: row[1] for row in abi.rows(abi.header("trace_args.def"), "ARGS") if "_" in row[0]}
ERRORS = abi.errors()

# event: the name of the event, or None for one that is unknown here
Record = collections.namedtuple("Record", "index time endpoint event number args")


def records(first, data):
    """The records that lie one after the other in `data`; `first` is the number of the first."""
    for index, (time, endpoint, event, number, *args) in enumerate(RECORD.iter_unpack(data), first):
        yield Record(index, time, endpoint, EVENTS.get(event, (None, ""))[0], number, args)


# ---- Reading ----


class Ring:
    """
    The ring in a running machine's memory, which is a file. The machine does not stop for us: what is overwritten
    while we look is lost.
    """

    def __init__(self, ram, kernel):
        address = symbols.addresses(kernel)["trace_ring"]  # physical and linear: the kernel lies where it is linked
        start = address - address % mmap.ALLOCATIONGRANULARITY
        self.offset = address - start
        length = self.offset + RING.size + RECORDS * RECORD.size
        with open(ram, "rb") as file:
            self.memory = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ, offset=start)
        self.position = 0  # the number of the record to be read next
        self.pieces = []  # (number of its first record, bytes)
        self.lost = 0

    def next(self):
        """The number of the record that the kernel writes next. It stores the two halves one after the other."""
        while True:
            value = self.header()["next"]
            if self.header()["next"] == value:
                return value

    def header(self):
        return dict(zip(RING_FIELDS, RING.unpack_from(self.memory, self.offset)))

    def copy(self, first, end):
        """The bytes of the records [first, end), which may go round the ring's end."""
        start = self.offset + RING.size
        a, b = (start + number % RECORDS * RECORD.size for number in (first, end))
        if a < b:
            return self.memory[a:b]
        return self.memory[a : start + RECORDS * RECORD.size] + self.memory[start:b]

    def read(self):
        """Fetch what is new."""
        end = self.next()
        first = max(self.position, end - RECORDS + 1)
        if first >= end:
            return
        data = self.copy(first, end)
        # Meanwhile the kernel has gone on: record n is whole as long as n + RECORDS, in the same place, is not begun.
        whole = min(max(first, self.next() - RECORDS + 1), end)
        data = data[(whole - first) * RECORD.size :]
        self.lost += whole - self.position
        self.position = end
        if data:
            self.pieces.append((whole, data))


# ---- Names and texts ----


class Names:
    """What processes are called, as the records tell it."""

    def __init__(self):
        self.labels = {}

    def see(self, record):
        if record.event in ("NAME", "EXEC"):
            self.labels[record.endpoint] = label(record.args)

    def process(self, endpoint):
        return ENDPOINTS.get(endpoint) or self.labels.get(endpoint) or str(endpoint)


def signed(word):
    return word - (1 << 32) if word & 1 << 31 else word


def label(args):
    return b"".join(word.to_bytes(4, "little") for word in args).partition(b"\0")[0].decode(errors="replace")


def result(word):
    value = signed(word)
    return "OK" if value == 0 else ERRORS.get(-value, str(value))


def message_type(word):
    return OPERATIONS.get(word) or result(word)


def signal_name(word):
    try:
        return signal.Signals(word).name
    except ValueError:
        return f"signal {word}"


def fault(word):
    right = "write" if word & FAULT_BITS["WRITE"] else "read"
    return f"{right}, {'not allowed' if word & FAULT_BITS['PRESENT'] else 'not there'}"


FORMS = {
    "m": lambda words, names: message_type(words[0]),
    "r": lambda words, names: result(words[0]),
    "c": lambda words, names: IPC_CALLS.get(words[0] & CALL_MASK, "no IPC call"),
    "e": lambda words, names: names.process(signed(words[0])),
    "s": lambda words, names: signal_name(words[0]),
    "f": lambda words, names: fault(words[0]),
    "w": lambda words, names: ", to be written" if words[0] else "",
    "l": lambda words, names: label(words),
    "t": lambda words, names: f"{(words[0] | words[1] << 32 if len(words) > 1 else words[0]) / 1e9:g} s",
    "a": lambda words, names: arguments(words[0], words[1:], names),
    "d": lambda words, names: str(signed(words[0])),
    "u": lambda words, names: str(words[0]),
    "x": lambda words, names: f"{words[0]:#x}",
}


def render(text, number, args, names):
    """Carry out a text of trace.h."""

    def operand(match):
        form, which = match[1], match[2]
        words = [number, *args] if which == "n" else args[int(which) :]
        return FORMS[form](words, names) if words else "?"

    return re.sub(r"\{(\w)(\w)\}", operand, text)


def arguments(operation, words, names):
    """What a kernel call or a request is given."""
    return render(ARGUMENTS.get(OPERATIONS.get(operation), ""), operation, words, names)


TEXTS = dict(EVENTS.values())


def describe(record, names):
    """The record in one line, without time and process; empty if it is not for people."""
    text = render(TEXTS.get(record.event, ""), record.number, record.args, names)
    return " ".join(text.replace("\t", " ").split())
