# SPDX-License-Identifier: MIT
"""Reads what a test program prints: the Test Anything Protocol, version 12 (testanything.org)."""

import dataclasses
import re

PLAN = re.compile(r"1\.\.(\d+)(?:\s+# *skip\b.*)?$", re.I)
RESULT = re.compile(r"(not )?ok\b(?:\s+(\d+))?\s*(?:- *)?([^#]*)(?:# *(skip|todo)\b.*)?", re.I)


@dataclasses.dataclass
class Outcome:
    """`failures` are (what failed, the comments about it)."""

    passed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)

    def fail(self, what, comments=()):
        self.failures.append((what, comments))

    def explain(self, comments):
        """Add comments to the last failure."""
        what, earlier = self.failures[-1]
        self.failures[-1] = (what, [*earlier, *comments])


class Reader:
    """
    Takes the lines one by one, then judges the whole. Lines that are no TAP are comments, about the result that comes
    next or, in some programs, about the one before.
    """

    def __init__(self, comments_follow):
        self.comments_follow = comments_follow
        self.plan = None
        self.results = 0
        self.outcome = Outcome()
        self.comments = []
        self.bailed = False

    def line(self, line):
        if match := PLAN.match(line):
            if self.plan is not None:
                self.outcome.fail("the plan is there twice")
            self.plan = int(match[1])
        elif line.startswith("Bail out!"):
            self.bailed = True
            self.outcome.fail(line)
        elif match := RESULT.match(line):
            self.result(match)
        elif line.strip():
            self.comments.append(line)

    def result(self, match):
        self.results += 1
        failed, number, name, directive = match.groups()
        if number and int(number) != self.results:
            self.outcome.fail(f"result {number} came as number {self.results}")
        directive = (directive or "").lower()
        comments, self.comments = self.comments, []
        if directive == "skip":
            self.outcome.skipped += 1
        elif failed and directive != "todo":
            # self.comments is a new list, to which line() adds what follows this result.
            self.outcome.fail(name.strip() or f"test {self.results}", self.comments if self.comments_follow else comments)
        else:
            self.outcome.passed += 1

    def judge(self):
        """The outcome, with what is wrong about the whole run."""
        if self.plan is None and not self.bailed:
            self.outcome.fail("no plan was printed")
        elif self.plan is not None and self.results != self.plan and not self.bailed:
            self.outcome.fail(f"{self.plan} results were planned, {self.results} came")
        return self.outcome


def read(text, comments_follow=False):
    reader = Reader(comments_follow)
    for line in text.splitlines():
        reader.line(line)
    return reader.judge()
