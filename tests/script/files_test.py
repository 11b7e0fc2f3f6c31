#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""Files and pipes at the prompt: what `make run FILES=...` brings in, and what programs make of it."""

import hashlib
import os
import random
import re
import subprocess

from build import ROOT, tied
from script import PROMPT, Terminal, build_under_test, run_tests
import machine

COLUMNS = 80
CTRL_C, CTRL_Z = "\x03", "\x1a"
BIG = 16 << 20
SEED = int(os.environ.get("SEED", random.getrandbits(32)))

RUN = ["tools/run", "--build", build_under_test().folder]
terminal = None
big_sum = None


def run(command, seconds=100):
    """What the command shows."""
    terminal.type(command + "\r")
    terminal.expect(command + "\n", seconds)
    return terminal.expect(PROMPT, seconds)


def manifest():
    with open(os.path.join(ROOT, "etc", "manifest")) as file:
        return file.read()


def a_big_file_reads_back_whole():
    assert run("sha256sum /files/big") == f"{big_sum}  /files/big\n", f"SEED={SEED}"


def so_it_does_through_a_pipe_and_as_input():
    assert run("cat /files/big | sha256sum") == f"{big_sum}  -\n"
    assert run("sha256sum < /files/big") == f"{big_sum}  -\n"
    assert run("cat /files/big | cat | wc -c").split() == [str(BIG)]


def ls_shows_what_there_is():
    assert run("ls /") == "bin/    etc/    files/\n"
    assert run("ls") == run("ls /")
    assert run("ls / | cat") == "bin/\netc/\nfiles/\n"
    assert run("ls /files") == "big        small one\n"
    assert run("ls -l /files") == f"-r--r--r-- {BIG:10}  big\n-r--r--r-- {4:10}  small one\n"
    assert re.match(r"-r-xr-xr-x +\d+  /bin/sh\n$", run("ls -l /bin/sh"))
    assert run("ls /files /bin/sh").splitlines()[:2] == ["/bin/sh", ""]
    listed = run("ls /bin")
    names = listed.split()
    assert {"sh", "ls", "cat", "ramfs", "datastore"} <= set(names)
    assert max(map(len, listed.splitlines())) < COLUMNS
    assert sorted(names) == [line.split()[-1] for line in run("ls -l /bin").splitlines()]


def cat_shows_files():
    assert run("cat /etc/manifest") == manifest()
    assert run("cat '/files/small one' /etc/manifest") == "abc\n" + manifest()
    assert run("cat < '/files/small one'") == "abc\n"
    assert run("cat bin/../etc/manifest") == manifest()


def wc_counts():
    text = manifest()
    counts = [text.count("\n"), len(text.split()), len(text)]
    assert run("wc /etc/manifest").split() == [*map(str, counts), "/etc/manifest"]
    assert run("cat /etc/manifest | wc").split() == [*map(str, counts)]
    assert run("wc -l < /etc/manifest").split() == [str(counts[0])]
    lines = run("wc -wc /etc/manifest '/files/small one'").splitlines()
    assert lines[-1].split() == [str(counts[1] + 1), str(counts[2] + 4), "in", "all"]


def errors_are_told():
    for program in ("cat", "wc", "sha256sum", "ls"):
        shown = run(f"{program} /nothing")
        assert shown.startswith(f"{program}: /nothing: No such file or directory\n"), shown
        assert f"{program}: exit status 1" in shown
    assert "cat: /bin: Is a directory" in run("cat /bin")
    assert "usage: wc" in run("wc -x") and "usage: ls" in run("ls -x")
    assert "sh: /nothing: No such file or directory" in run("cat < /nothing")
    assert run("cat /nothing '/files/small one'").startswith("cat: /nothing: No such file or directory\nabc\n")


def pipelines_connect_programs():
    assert run("echo one two | cat | cat | wc -w").split() == ["2"]
    assert run("help | cat") == run("help")
    assert run("sh -c 'echo a | cat; echo b'") == "a\nb\n"
    assert "false: exit status 1" in run("echo x | false") and run("false | true") == ""
    assert "nosuch: no such program" in run("echo x | nosuch | cat")


def a_pipeline_without_readers_ends():
    assert run("cat /files/big | true") == ""
    wait_until_gone("cat")


def press(key, wanted=PROMPT):
    """Until it works: pressed before the programs run it only reaches the shell."""
    for _ in range(60):
        terminal.type(key)
        try:
            return terminal.expect(wanted, 1)
        except AssertionError:
            continue
    raise AssertionError(f"the key does nothing; there is {terminal.text!r}")


def keys_reach_a_whole_pipeline():
    command = "sleep 1000 | sleep 1000 | cat"
    terminal.type(command + "\r")
    terminal.expect(command + "\n")
    press(CTRL_C)
    wait_until_gone("sleep")


def wait_until_gone(name):
    """Whoever was killed a moment ago may still be in the list."""
    for _ in range(50):
        if f"- {name} " not in run("ps"):
            return
    raise AssertionError(f"{name} is still there")


def wait_until_there(name, count):
    for _ in range(50):
        if run("ps").count(f"- {name} ") == count:
            return
    raise AssertionError(f"{name} is not there {count} times")


def a_pipeline_is_one_job():
    run("sleep 1000 | sleep 1000 &")
    wait_until_there("sleep", 2)
    listed = run("jobs")
    assert re.match(r" +\d+ sleep \| sleep   \(`fg` lets this one go on\)\n$", listed), listed
    assert run("jobs | cat") == listed
    terminal.type("fg\r")
    terminal.expect("sleep\n")
    press(CTRL_Z, "stopped; `fg`")
    terminal.expect(PROMPT)
    terminal.type("fg\r")
    terminal.expect("sleep\n")
    press(CTRL_C)
    wait_until_gone("sleep")


def mistakes_are_told():
    assert "a command is missing behind |" in run("ls |")
    assert "no file can be written to" in run("ls > x")


def the_file_server_may_die():
    run("kill -9 ramfs")
    assert run("cat '/files/small one'") == "abc\n"
    assert run("echo still | cat") == "still\n"


def run_tool(*arguments):
    return subprocess.run(tied([*RUN, *arguments]), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def files_that_can_not_be_are_refused():
    assert "no such file: /nothing" in run_tool("--file", "/nothing").stderr
    assert "two files have the same name" in run_tool("--file", "etc/manifest", "--file", "./etc/manifest").stderr
    assert "no such file: /nothing.c" in run_tool("--program", "/nothing.c").stderr
    assert "no such file: /nothing" in run_tool("--manifest", "/nothing").stderr
    with machine.scratch() as folder:
        path = os.path.join(folder, "sh.c")
        with open(path, "w") as file:
            file.write("int main(void) { return 0; }\n")
        assert "two files have the same name" in run_tool("--program", path, "--program", f"{folder}/./sh.c").stderr
        assert "sh is a program of the system; please rename your file" in run_tool("--program", path).stderr
        with open(path, "w") as file:
            file.write("no C\n")
        assert "sh.c does not compile" in run_tool("--program", path).stderr


tests = [
    a_big_file_reads_back_whole,
    so_it_does_through_a_pipe_and_as_input,
    ls_shows_what_there_is,
    cat_shows_files,
    wc_counts,
    errors_are_told,
    pipelines_connect_programs,
    a_pipeline_without_readers_ends,
    keys_reach_a_whole_pipeline,
    a_pipeline_is_one_job,
    mistakes_are_told,
    the_file_server_may_die,
    files_that_can_not_be_are_refused,
]

with machine.scratch() as folder:
    big, small = os.path.join(folder, "big"), os.path.join(folder, "small one")
    data = random.Random(SEED).randbytes(BIG)
    big_sum = hashlib.sha256(data).hexdigest()
    with open(big, "wb") as file:
        file.write(data)
    with open(small, "w") as file:
        file.write("abc\n")
    os.chmod(big, 0o644)
    os.chmod(small, 0o644)
    with Terminal([*RUN, "--file", big, "--file", small]) as terminal:
        terminal.expect(PROMPT)
        run_tests(tests)
