#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""`ds` at the prompt, while the data store is killed as well."""

import os
import re

import machine
from script import PROMPT, Terminal, build_under_test, run_tests

BUILD = build_under_test()
COLUMNS = 80
CTRL_C = "\x03"
LONG_KEY = "a.key.that.is.longer.than.the.column.for.it"

# Leaves a process behind that keeps a key, as `ds set` does, and is called `ds` too.
KEEPER = """
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <granite/ds.h>

static int ends[2];

/* In a child: publishes it, when nobody else has it, and keeps it. */
static void keep(const char *key, const char *text, int flags)
{
	int result;

	if (fork() != 0)
		return;
	do
		result = ds_publish_str(key, text, flags);
	while (result == -EEXIST);
	if (write(ends[1], &result, sizeof(result)) == sizeof(result))
		for (;;)
			pause();
	_exit(1);
}

int main(int argc, char **argv)
{
	const char *how = argv[1], *key = argv[2];
	int result = -1;

	if (argc != 3 || pipe(ends) != 0)
		return 2;
	if (strcmp(how, "stubborn") == 0)
		signal(SIGTERM, SIG_IGN);
	keep(key, "text", strcmp(how, "private") == 0 ? DSF_PRIV_RETRIEVE : 0);
	if (read(ends[0], &result, sizeof(result)) != sizeof(result))
		return 1;
	if (strcmp(how, "again") == 0)
		keep(key, "again", 0);
	return result != OK;
}
"""


def run(command, seconds=100):
    """What the command shows."""
    terminal.type(command + "\r")
    terminal.expect(command + "\n", seconds)
    return terminal.expect(PROMPT, seconds)


def see(shown, *lines):
    """Another program prints the lines while commands run: they have been shown with these, or come yet."""
    for line in lines:
        if line not in shown:
            terminal.expect(line)


def table(text):
    """The lines of a list by their keys; a long key stands alone in a line."""
    lines = re.sub(rf"^({LONG_KEY})\n", r"\1 ", text, flags=re.M).splitlines()
    return {line.split()[0]: re.split(r"  +| (?=str|u32|label)", line, maxsplit=1)[1] for line in lines}


def the_system_boots():
    terminal.expect(PROMPT)


def labels_are_listed():
    shown = run("ds list")
    assert max(map(len, shown.splitlines())) < COLUMNS, shown
    assert shown.splitlines()[0].split() == ["KEY", "TYPE", "VALUE", "OWNER", "PRIV"], shown
    assert {"KEY", "vm", "pm", "rs", "console", "ramfs", "ds", "sh"} == set(table(shown)), shown
    assert re.match(r"label endpoint \d+ +rs +-$", table(shown)["console"]), shown


def numbers_and_strings_are_told_apart():
    for value, kind, shown in (
        ("42", "u32", "42"),
        ("4294967295", "u32", "4294967295"),
        ("0xff", "u32", "255"),
        ("4294967296", "str", "4294967296"),
        ("-1", "str", "-1"),
        ("12x", "str", "12x"),
        ("'some words'", "str", "some words"),
    ):
        assert run(f"ds set key {value}") == ""
        assert run("ds get key") == shown + "\n", value
        assert re.search(rf"^key +{kind} ", run("ds list key"), re.M), value
        assert run("ds delete key") == ""
    assert run("ds set -s key 42") == ""
    assert re.search(r'^key +str +"42" +ds \d+ +-$', run("ds list key"), re.M)
    assert run("ds set key 7") == ""
    assert run("ds get key") == "u32: 7\nstr: 42\n"
    assert run("ds delete key") == ""
    assert run("ds delete key") == ""
    assert "there is no such entry" in run("ds get key")


def strings_do_nothing_to_the_terminal():
    """An escape in the value gets there; the terminal is shown what it is, a pipe gets it."""
    terminal.type("ds set key 'red \x1b[31m and\ttab'\r")
    terminal.expect(PROMPT)
    assert run("ds get key") == '"red \\x1b[31m and\\ttab"\n'
    assert '"red \\x1b[31m and\\ttab"' in run("ds list key")
    assert run("ds get key | cat") == "red \x1b[31m and\ttab\n"
    assert run("ds delete key") == ""


def what_is_there_is_changed():
    assert run("ds set n 1") == run("ds set n 2") == ""
    assert run("ds get n") == "2\n"
    assert len(re.findall(r" ds$", run("ps | cat"), re.M)) <= 1
    assert run("ds delete n") == ""


def patterns_match_whole_keys():
    for key in ("net.a", "net.b", "internet.a", LONG_KEY):
        assert run(f"ds set {key} 1") == ""
    assert set(table(run("ds list 'net\\..*'"))) == {"KEY", "net.a", "net.b"}
    assert set(table(run("ds list '.*net.*|a\\..*'"))) == {"KEY", "net.a", "net.b", "internet.a", LONG_KEY}
    assert run("ds list net") == "No key matches.\n"
    assert "regular expression" in run("ds list '('")
    assert max(map(len, run("ds list").splitlines())) < COLUMNS


def entries_outlive_the_data_store():
    run("kill -9 datastore")
    assert run("ds get net.a") == "1\n"
    assert re.search(r"started since boot +2$", run("ds stats"), re.M)


def changes_are_shown_as_they_come():
    terminal.type("ds watch 'net\\..*'\r")
    terminal.expect("created  u32   net.b 1\n")
    terminal.type("\x1a")
    terminal.expect(PROMPT)
    assert run("ds set net.a 5") == run("ds delete net.b") == run("ds set net.c text") == ""
    run("kill -9 datastore")
    terminal.type("fg\r")
    shown = terminal.expect('created  str   net.c "text"\n')
    assert "changed  u32   net.a 5\n" in shown and "deleted  u32   net.b" in shown, shown
    terminal.type(CTRL_C)
    terminal.expect(PROMPT)


def changes_are_printed_while_other_commands_run():
    terminal.type("ds watch 'link\\..*' &\r")
    match = re.search(r"ds: in the background, pid (\d+)\n", terminal.expect(PROMPT))
    assert match, "the shell does not tell the pid"
    for change, line in (
        ("ds set link.a 1", "created  u32   link.a 1\n"),
        ("ds set link.a 2", "changed  u32   link.a 2\n"),
        ("kill -9 datastore", None),
        ("ds set link.b 'two words'", 'created  str   link.b "two words"\n'),
        ("ds set other.a 1", None),
        ("ds delete link.a", "deleted  u32   link.a (its owner has died)\n"),
        ("ds delete link.b", "deleted  str   link.b (its owner has died)\n"),
        ("ds delete other.a", None),
    ):
        shown = run(change)
        see(shown, *[line] if line else [])
        assert line or "link" not in shown, shown
    assert run("echo still here") == "still here\n"
    assert "ds" in run("jobs")
    run(f"kill {match[1]}")
    assert "Nothing is stopped or in the background." in run("jobs")


def statistics_count():
    shown = run("ds stats")
    assert re.search(r"^numbers \(u32\) +3$", shown, re.M) and re.search(r"^strings \(str\) +1$", shown, re.M), shown
    assert max(map(len, shown.splitlines())) < COLUMNS


def who_watches_is_told_that_the_store_is_lost():
    """Put down, it is gone with all that it had; who waits for news would wait for ever."""
    anew = "the data store has begun anew: what it had is lost\n"
    terminal.type("ds watch 'link\\..*' &\r")
    terminal.expect(PROMPT)
    see(run("ds set link.old 1"), "created  u32   link.old 1\n")  # so it watches
    for _ in range(2):
        see(run("service down ds"), "there is no data store\n")
        see(run("service up ds"), anew)
        see(run("ds set link.new 1"), "created  u32   link.new 1\n")


def what_is_another_s_stays():
    assert "it belongs to another" in run("ds delete ramfs")
    assert re.match(r"endpoint \d+\n$", run("ds get ramfs"))


def wrong_calls_are_explained():
    for call, says in (
        ("ds", "what is to be done?"),
        ("ds lisp", "there is no command lisp"),
        ("ds get", "get needs a key"),
        ("ds watch", "watch needs a pattern"),
        ("ds stats x", "stats: there are too many arguments"),
        ("ds get a b", "too many arguments"),
        ("ds set a", "set needs a key and a value"),
        (f"ds get {'k' * 80}", "a key has 1 to 79 characters"),
        ("ds watch '('", "regular expression"),
        ("ds get nothing", "there is no such entry"),
    ):
        shown = run(call)
        assert says in " ".join(shown.split()), (call, shown)
    assert run("ds --help").startswith("usage: ds COMMAND")


def deleting_never_waits_for_ever():
    """A key that somebody publishes again at once, one that nobody else may retrieve, an owner that does not end."""
    assert run("files/ds again key") == run("ds delete key") == ""
    while "no such entry" in (shown := run("ds get key")):
        pass
    assert shown == "again\n", shown
    assert run("ds delete key") == run("files/ds private key") == run("ds delete key") == ""
    assert "no such entry" in run("ds get key")
    assert run("files/ds stubborn key") == ""
    said = " ".join(run("ds delete key").split())
    found = re.match(r"ds: key: process (\d+), which keeps it, does not end; `kill -9 \1` ends it ds: exit status 1$", said)
    assert found and run("ds get key") == "text\n", said
    assert run(f"kill -9 {found[1]}") == ""
    while "no such entry" not in run("ds get key"):
        pass


def start(folder):
    """The system on a terminal, with the keeper in /files."""
    source, keeper = os.path.join(folder, "ds.c"), os.path.join(folder, "ds")
    with open(source, "w") as file:
        file.write(KEEPER)
    BUILD.compile(keeper, [source])
    return Terminal(["tools/run", "--build", BUILD.folder, "--file", keeper], size=(COLUMNS, 24))


with machine.scratch() as scratch, start(scratch) as terminal:
    run_tests(
        [
            the_system_boots,
            labels_are_listed,
            numbers_and_strings_are_told_apart,
            strings_do_nothing_to_the_terminal,
            what_is_there_is_changed,
            patterns_match_whole_keys,
            entries_outlive_the_data_store,
            changes_are_shown_as_they_come,
            changes_are_printed_while_other_commands_run,
            statistics_count,
            what_is_another_s_stays,
            deleting_never_waits_for_ever,
            wrong_calls_are_explained,
            who_watches_is_told_that_the_store_is_lost,
        ]
    )
