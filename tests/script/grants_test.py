#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""`grants` at the prompt, while programs lend to each other (tests/guest/lenders.c); and docs/grants.md shows it."""

import os
import re

import machine
from build import ROOT
from script import ON_TERMINAL, PROMPT, Terminal, archive_with, build_under_test, run_tests

BUILD = build_under_test()
SIZE = (80, 24)
LENDERS = ("giver", "passer", "taker", "hoarder")
HOARDED = 65535  # GRANT_SLOTS

terminal = None


def let_them_talk(manifest):
    """What is started at the prompt may send messages to each other."""
    return re.sub(r"^(service sh .*ipc=\S+)", r"\1,sh", manifest, flags=re.M)


def run(command, seconds=60):
    """What the command shows."""
    terminal.type(command + "\r")
    terminal.expect(command + "\n", seconds)
    return terminal.expect(PROMPT, seconds)


def run_at_rest(command="grants"):
    """What it shows when nobody is in the middle of a call that lends anything."""
    for _ in range(100):
        shown = run(command)
        if "#loan." not in shown:
            return shown
    raise AssertionError(f"somebody lends for ever: {shown}")


def run_until(command, said):
    """Something in the background that the command starts, or tells something, says that, now or later."""
    if f"{said}\n" not in run(command):
        terminal.expect(f"{said}\n")


def page():
    with open(os.path.join(ROOT, "docs", "grants.md")) as file:
        return file.read()


def fits(text):
    return max(map(len, text.splitlines())) < SIZE[0]


def groups(shown):
    """{who gives: lines}"""
    found = {}
    for group in shown.split("\n\n"):
        head, *lines = [line for line in group.splitlines() if not line.startswith("WHO ")]
        if giver := re.fullmatch(r"(\S+)(?: \(\d+\))?, (\d+) grants?", head):
            found[giver[1]] = lines
            of_its_own = [line for line in lines if re.match(r"  #", line)]
            assert len(of_its_own) == int(giver[2]), shown
    return found


def without_pids(text):
    return re.sub(r" \(\d+\)", "", " ".join(text.split()))


def the_system_boots():
    terminal.expect(PROMPT)


def where_nothing_is_lent_it_says_so():
    assert run("grants") == "Nobody has granted anything, and nothing is mapped by a grant.\n"
    assert run("grants pm") == "pm\nIt gives nothing, was given nothing, and maps nothing by grants.\n"


def the_page_shows_what_it_shows():
    run_until("giver &", "all is lent")
    for command in ("grants", "grants taker 40000000"):
        shown = run_at_rest(command)
        assert fits(shown) and f"    granite> {command}\n" + re.sub("^(?=.)", "    ", shown, flags=re.M) in page(), shown


def chains_are_trees_below_their_first_grant():
    shown = run_at_rest()
    found = groups(shown)
    assert list(found) == ["giver", "passer"], shown
    assert [without_pids(line) for line in found["giver"]] == [
        "#0.1 direct to passer 20000000 20004000 16 KiB rwm--",
        "|- passer maps 20000000 at 30000000 30004000 4 pages rw---",
        "| `- passer #1.2 direct to taker 30003000 30004000 4 KiB r-m--",
        "| `- taker maps 30003000 at 40001000 40002000 1 page r----",
        "`- passer #0.1 indirect to taker 20001000 20003000 8 KiB r-m--",
        "`- taker maps 20002000 at 40000000 40001000 1 page r----",
        "#1.2 direct to anyone 20005010 20005074 100 B r----",
        "#2.3 direct to taker 20006000 20007000 4 KiB rw-ut",
    ], shown
    assert "5 grants of 2 processes: 4 direct, 1 indirect, 0 magic. 6 pages are lent: 4 to passer, 2 to taker." in without_pids(shown)


def of_a_process_it_shows_what_it_gives_was_given_and_maps():
    shown = without_pids(run("grants taker"))
    assert "It was given: giver #1.2 direct to anyone 20005010" in shown, shown
    assert "It maps: 20002000 of giver at 40000000 40001000 1 page r---- by #0.1 of passer, on #0.1 of giver" in shown, shown
    assert "by #1.2 of passer, which maps it by #0.1 of giver It gives nothing." in shown, shown
    assert "It gives: #0.1 indirect to taker 20001000 20003000 8 KiB r-m-- | on #0.1 of giver" in without_pids(run("grants passer"))
    pid = re.search(r"giver \((\d+)\)", run("grants"))[1]
    assert run(f"grants {pid}") == run("grants giver")


def seen(command):
    """The rows of who sees a page, as one text."""
    shown = run(command)
    assert fits(shown), shown
    return without_pids(shown.split("BY\n")[1].split("\n\n")[0])


def of_a_page_it_shows_who_sees_it():
    wanted = (
        "giver 20003000 rw--- its own memory "
        "passer 30003000 rw--- #0.1 of giver "
        "taker 40001000 r---- #1.2 of passer, which maps it by #0.1 of giver "
        "passer may rwm-- #0.1 of giver "
        "taker may r-m-- #1.2 of passer, which maps it by #0.1 of giver"
    )
    for where in ("giver 20003abc", "passer 30003000", "taker 0x40001fff"):
        assert seen(f"grants {where}") == wanted, where
    assert seen("grants giver 20004000") == "giver 20004000 rw--- its own memory"
    assert seen("grants giver 20005000") == "giver 20005000 rw--- its own memory anyone may r---- #1.2 of giver"


def what_is_not_there_is_told():
    for command, words in {
        "grants nobody": "grants: no such process: nobody; `ps` lists them\ngrants: exit status 1\n",
        "grants taker 1000": "grants: taker has nothing at 00001000\ngrants: exit status 1\n",
        "grants taker ffffffff": "grants: taker has nothing at ffffffff\ngrants: exit status 1\n",
        "grants pm fff00000": "grants: pm has nothing at fff00000\ngrants: exit status 1\n",
    }.items():
        assert run(command) == words, command
    for wrong in ("x", "100000000", "-1", "''", "0x"):
        shown = run(f"grants taker {wrong}")
        assert re.match(r"grants: '.*' is not an address", shown) and shown.endswith("grants: exit status 2\n"), shown


def what_a_call_lends_is_seen():
    """A read that waits has lent its buffer to the file server."""
    run("sleep 1000 | cat &")
    for _ in range(50):
        shown = without_pids(run("grants cat"))
        if "direct to ramfs" in shown:
            break
    assert re.search(r"#loan\.\d+(/\d+)? direct to ramfs .* 64 KiB -w---", shown), shown
    run("kill sleep")
    run_at_rest()


def what_gives_nothing_says_why():
    run_until("kill -USR2 passer", "a mess is made")
    shown = run_at_rest()
    lines = [without_pids(line) for line in groups(shown)["passer"]]
    for first, second in (
        ("#2.3 indirect to taker - - all -----", "on #0.101 of giver: there is no such grant (any more)"),
        ("#3.4 indirect to taker - - 4 KiB -----", "on #0.1 of giver; drawn there"),
        ("#4.5 indirect to taker 20003000 20004000 4 KiB rwm--", "on #0.1 of giver; drawn there"),
        ("#5.6 indirect to passer - - all -----", "on #6.7 of passer: that comes back to where it began"),
        ("#6.7 indirect to passer - - all -----", "on #5.6 of passer: that comes back to where it began"),
    ):
        assert first in lines and lines[lines.index(first) + 1] == second, shown
    assert "from 4000 on: these bytes are not in it" in shown, shown
    assert "4 of them give nothing." in " ".join(shown.split()) and fits(shown), shown


def what_is_taken_back_is_gone_down_the_chain():
    run_until("kill -USR1 giver", "taken back")
    shown = run_at_rest()
    found = groups(shown)
    assert [line.split()[0] for line in found["giver"]] == ["#1.2", "#2.3"], shown
    assert "on #0.1 of giver, from 1000 on: there is no such grant (any more)" in [without_pids(line) for line in found["passer"]]
    assert "maps" not in shown and "Nothing is mapped by them." in " ".join(shown.split()), shown
    assert seen("grants giver 20003000") == "giver 20003000 rw--- its own memory"
    assert "is its own." in run("grants taker 40001000")  # a snapshot


def whoever_is_dead_gives_nothing():
    run("kill -KILL passer")
    run("kill -KILL taker")
    shown = run_at_rest()
    assert list(groups(shown)) == ["giver"] and "#2.3 direct to somebody gone" in shown, shown


def a_table_as_large_as_can_be_is_shown():
    run_until("hoarder &", "all is hoarded")
    shown = run("grants hoarder | wc -l", 300)
    assert int(re.search(r"^ *(\d+)$", shown, re.M)[1]) > HOARDED, shown
    run("kill -KILL hoarder")


def more_than_there_is_memory_for_is_told():
    with Terminal(machine.qemu(BUILD.kernel, boot_archive, memory=64, extra=ON_TERMINAL), SIZE) as small:
        small.expect(PROMPT)
        for _ in range(5):
            small.type("hoarder &\r")
            small.expect("all is hoarded\n")
        small.type("\rgrants\r")
        small.expect("grants: there are more grants and mappings than memory is free for: ")
        assert "exit status 1" in small.expect(PROMPT)


tests = [
    the_system_boots,
    where_nothing_is_lent_it_says_so,
    the_page_shows_what_it_shows,
    chains_are_trees_below_their_first_grant,
    of_a_process_it_shows_what_it_gives_was_given_and_maps,
    of_a_page_it_shows_who_sees_it,
    what_is_not_there_is_told,
    what_a_call_lends_is_seen,
    what_gives_nothing_says_why,
    what_is_taken_back_is_gone_down_the_chain,
    whoever_is_dead_gives_nothing,
    a_table_as_large_as_can_be_is_shown,
    more_than_there_is_memory_for_is_told,
]

with machine.scratch() as scratch:
    lenders = {name: f"{BUILD.folder}/tests/guest/lenders" for name in LENDERS}
    boot_archive = archive_with(BUILD, scratch, lenders, let_them_talk)
    with Terminal(machine.qemu(BUILD.kernel, boot_archive, extra=ON_TERMINAL), SIZE) as terminal:
        run_tests(tests)
