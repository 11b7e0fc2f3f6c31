#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=600
"""The examples in docs/: the text shows the files as they are, what they print, and what there is to see at the prompt."""

import glob
import os
import re
import shlex
import subprocess

from build import ROOT, outer_environment, tied
from script import PROMPT, Terminal, build_under_test, run_tests

DOCS = os.path.join(ROOT, "docs")
BLOCK = re.compile(r"^<!-- (output of )?examples/([\w.]+) -->\n+```\w*\n(.*?)^```$", re.M | re.S)
SECONDS = "150"
SESSION = re.compile(r"^    make (run [^\n]*)\n(?:(?!    )[^\n]*\n){0,9}<!-- at the prompt -->\n+```\n(.*?)^```$", re.M | re.S)
QUIET = "CMDLINE=log=com2"  # no line of the log stands in a program's


def blocks(output):
    """{file name: text} of all that is shown in the pages: the files, or what they print."""
    found = {}
    for page in glob.glob(os.path.join(DOCS, "*.md")):
        with open(page) as file:
            text = file.read()
        marks = re.findall(r"^<!-- .*examples/.* -->$", text, re.M)
        assert len(marks) == len(BLOCK.findall(text)), f"{page}: a mark without its block"
        found.update({name: shown for prefix, name, shown in BLOCK.findall(text) if bool(prefix) == output})
    return found


def examples(pattern):
    return {os.path.basename(path): path for path in glob.glob(os.path.join(DOCS, "examples", pattern))}


def without_licence(path):
    with open(path) as file:
        first, rest = file.read().split("\n", 1)
    assert first in ("/* SPDX-License-Identifier: MIT */", "# SPDX-License-Identifier: MIT"), path
    return rest


def every_example_is_shown_as_it_is():
    shown, files = blocks(output=False), examples("*")
    assert files and shown.keys() == files.keys(), (sorted(shown), sorted(files))
    for name, path in files.items():
        assert shown[name] == without_licence(path), f"{name} is not what the page shows"


def services_of(path):
    """What a program is run with, if it has a manifest beside it: the options, and the programs of its services."""
    manifest = f"{os.path.splitext(path)[0]}.manifest"
    if not os.path.exists(manifest):
        return [], []
    with open(manifest) as file:
        names = re.findall(r"^service \S+ bin/(\S+)", file.read(), re.M)
    return ["--manifest", manifest], [os.path.join(DOCS, "examples", f"{name}.c") for name in names]


def every_program_prints_what_the_page_says():
    shown, files = blocks(output=True), examples("*.c")
    services = {os.path.basename(service) for path in files.values() for service in services_of(path)[1]}
    assert shown.keys() == files.keys() - services, (sorted(shown), sorted(files))
    for name in shown:
        options, others = services_of(files[name])
        command = tied([os.path.join(ROOT, "tools", "guest"), "--debug", "-t", SECONDS, *options, files[name], *others])
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, shown[name]), (name, done)


def sessions():
    """(what make is given, [(command, what it shows)]) of all sessions at the prompt in the pages."""
    for page in glob.glob(os.path.join(DOCS, "*.md")):
        with open(page) as file:
            text = file.read()
        found = SESSION.findall(text)
        assert text.count("<!-- at the prompt -->") == len(found), f"{page}: a mark without its command or block"
        for words, session in found:
            first, *commands = session.split(PROMPT)
            assert first == "", session
            yield shlex.split(words), [tuple(command.split("\n", 1)) for command in commands]


def command_of(goals):
    """What make would start, with the system under test."""
    done = subprocess.run(
        tied(["make", "-s", "-n", *goals]), cwd=ROOT, env=outer_environment(), capture_output=True, text=True, check=True
    )
    start = done.stdout.index("tools/run")
    words = shlex.split(done.stdout[start:].replace("\\\n", ""))
    words[words.index("--build") + 1] = build_under_test().folder
    return words


def comparable(command, shown):
    """Of `service` pids and times are others each time."""
    return re.sub(r" *\b\d+(\.\d+)?( m?s)?", " N", shown) if command.startswith("service ") else shown


def at_the_prompt_everything_is_as_the_page_says():
    found = list(sessions())
    assert found
    for goals, steps in found:
        with Terminal(command_of([*goals, QUIET]), size=(80, 24)) as terminal:
            terminal.expect(PROMPT)
            for command, wanted in steps:
                terminal.type(command + "\r")
                terminal.expect(command + "\n")
                shown = terminal.expect(PROMPT)
                assert comparable(command, shown) == comparable(command, wanted), (command, shown)


run_tests([every_example_is_shown_as_it_is, every_program_prints_what_the_page_says, at_the_prompt_everything_is_as_the_page_says])
