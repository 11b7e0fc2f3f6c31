# SPDX-License-Identifier: MIT
"""
Where a function without call frame information has its caller's registers.

The C library as packaged has none, nor frame pointers. So what each instruction does to the stack pointer is followed,
along all ways from the function's start: then at each instruction it is known how many bytes lie between the return
address and the stack pointer, and which registers are stored where. It is no guess; where it can't be known (a stack
pointer computed at run time and no frame pointer) that is said.
"""

import bisect
import dataclasses
import re
import subprocess

KEPT = ("ebx", "esi", "edi", "ebp")  # the registers that a function gives back as they were: System V ABI, i386

INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t([a-z0-9 ]+?)(?: +(\S.*))?$")
NOTHING = re.compile(r"0x0\(%(e..)(,%eiz,1)?\),%\1")  # of lea: it fills a gap
ENDS = ("ret", "hlt", "ud2", "iret")


@dataclasses.dataclass(frozen=True)
class State:
    """Before an instruction. Depths are bytes from the return address down."""

    depth: int | None = 0  # of the stack pointer
    frame: int | None = None  # of what ebp points to, once the function has made it a frame pointer
    saved: tuple = ()  # (register, depth) of those that are stored on the stack
    written: frozenset = frozenset()  # registers that no longer have the caller's value, if they are not stored

    def change(self, **fields):
        return dataclasses.replace(self, **fields)

    def with_depth(self, depth):
        """What lies below the stack pointer counts no more."""
        kept = tuple(pair for pair in self.saved if depth is None or pair[1] <= depth)
        return self.change(depth=depth, saved=kept)

    def below(self, size):
        return self.with_depth(None if self.depth is None else self.depth + size)

    def stored(self, register, depth):
        if register not in KEPT or register in self.written or register in dict(self.saved):
            return self
        return self.change(saved=(*self.saved, (register, depth)))

    def pushed(self, what):
        state = self.below(4)
        return state if state.depth is None else state.stored(what.lstrip("%"), state.depth)

    def popped(self, what):
        return self.below(-4).loaded(what.lstrip("%"))

    def loaded(self, register):
        """A register got another value, or perhaps its old one."""
        frame = None if register == "ebp" else self.frame
        return self.change(frame=frame, written=self.written | {register} & set(KEPT))


def number(text):
    value = int(text, 0)
    return value - (1 << 32) if value >= 1 << 31 else value


def after(state, name, operands):
    """The state behind an instruction, which is written as AT&T does."""
    if name in ("push", "pushl"):
        return state.pushed(operands)
    if name in ("pop", "popl"):
        return state.popped(operands)
    if name == "leave":
        return state.with_depth(state.frame).popped("%ebp")
    if name in ("pushf", "popf", "pusha", "popa"):
        size = 4 if name.endswith("f") else 32
        return state.below(size if name.startswith("push") else -size)
    if name == "mov" and operands == "%esp,%ebp":
        return state.loaded("ebp").change(frame=state.depth)
    if match := re.fullmatch(r"%(e..),(0x[0-9a-f]+)?\(%esp\)", operands):
        if name == "mov" and state.depth is not None:
            return state.stored(match[1], state.depth - number(match[2] or "0"))
    if match := re.fullmatch(r"%(e..),(-?0x[0-9a-f]+)?\(%ebp\)", operands):
        if name == "mov" and state.frame is not None:
            return state.stored(match[1], state.frame - number(match[2] or "0"))
    if name.startswith(("cmp", "test")) or (name == "lea" and NOTHING.fullmatch(operands)):
        return state
    if operands.endswith(",%esp"):
        return state.with_depth(moved(state, name, operands))
    return state.loaded(operands.rpartition(",")[2].lstrip("%"))


def moved(state, name, operands):
    """The depth after the stack pointer was computed."""
    if name == "mov" and operands == "%ebp,%esp":
        return state.frame
    if match := re.fullmatch(r"\$(0x[0-9a-f]+),%esp", operands):
        if name in ("sub", "add") and state.depth is not None:
            return state.depth + (number(match[1]) if name == "sub" else -number(match[1]))
    if match := re.fullmatch(r"(-?0x[0-9a-f]+)\(%(e[sb]p)\),%esp", operands):
        base = state.depth if match[2] == "esp" else state.frame
        if name == "lea" and base is not None:
            return base - number(match[1])
    return None


def target_of(operands):
    """Where a jump or call leads, or 0: that is known at run time only."""
    match = re.match(r"([0-9a-f]+)(?: |$)", operands)
    return int(match[1], 16) if match else 0


def disassembly(path):
    """[(address, name, operands)] of all instructions of an ELF file, ascending."""
    command = ["i686-linux-gnu-objdump", "-d", "--no-show-raw-insn", path]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = (INSTRUCTION.match(line) for line in text.splitlines())
    return [(int(m[1], 16), m[2].split()[-1], m[3] or "") for m in found if m]


class Code:
    """All instructions of a program. `elf`: an elf.Elf."""

    def __init__(self, elf):
        self.elf = elf
        self.instructions = disassembly(elf.path)
        self.addresses = [address for address, _, _ in self.instructions]
        # Functions that take arguments off the stack themselves: those that return a structure do.
        returns = ((address, operands) for address, name, operands in self.instructions if name == "ret" and operands)
        self.taken = {self.function_at(address)[0]: number(operands.lstrip("$")) for address, operands in returns}
        self.known = {}  # states() of functions, by their starts
        self.returning = {}  # comes_back(), likewise

    def function_at(self, address):
        """(start, end) of the function that an address lies in, or (0, 0)."""
        starts = self.elf.function_starts
        at = bisect.bisect_right(starts, address)
        if not at or not self.elf.is_instruction(address):
            return 0, 0
        return starts[at - 1], starts[at] if at < len(starts) else self.addresses[-1] + 1

    def instruction_at(self, address):
        """The address of the instruction that a byte is part of."""
        return self.addresses[max(bisect.bisect_right(self.addresses, address) - 1, 0)]

    def state_at(self, address):
        """The state before an instruction, or None: it is none, or no way leads there."""
        start, end = self.function_at(address)
        if start not in self.known:
            self.known[start] = self.states(start, end)
        return self.known[start].get(address)

    def comes_back(self, start):
        """Whether a function that begins there has a way to its end; what is not known does."""
        if start not in self.returning:
            self.returning[start] = True  # while it is looked at: it may call itself
            _, end = self.function_at(start)
            self.returning[start] = not end or any(
                name == "ret" or (name == "jmp" and not start <= target_of(operands) < end)
                for name, operands in (self.at(address)[1:] for address in self.states(start, end))
            )
        return self.returning[start]

    def at(self, address):
        return self.instructions[bisect.bisect_left(self.addresses, address)]

    def states(self, start, end):
        """The state before each instruction of a function that can be reached, by address."""
        known = {}
        to_do = [(start, State())]
        while to_do:
            address, state = to_do.pop()
            if address in known or not start <= address < end or self.at(address)[0] != address:
                continue
            known[address] = state
            to_do += self.ways_on(address, state)
        return known

    def ways_on(self, address, state):
        """[(address, state)] of what may come after an instruction."""
        at = bisect.bisect_left(self.addresses, address)
        _, name, operands = self.instructions[at]
        target = target_of(operands)
        following = self.addresses[at + 1] if at + 1 < len(self.addresses) else 0
        if name == "call":
            return [(following, state.below(-self.taken.get(target, 0)))] if self.comes_back(target) else []
        if name in ENDS:
            return []
        if name == "jmp":
            return [(target, state)]
        if name.startswith(("j", "loop")):
            return [(target, state), (following, state)]
        return [(following, after(state, name, operands))]
