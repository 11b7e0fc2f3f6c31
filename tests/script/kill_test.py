#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""A person works at the prompt while the console driver, or the file server, is killed again and again: every line
typed arrives once, whatever it is, and pipelines give what they should."""

import contextlib
import hashlib
import os
import random
import time

import machine
from script import ON_TERMINAL, PROMPT, Terminal, archive_with, build_under_test, program_of, run_tests

BUILD = build_under_test()
SEED = int(os.environ.get("SEED", random.getrandbits(32)))
LINES = 150
CTRL_U, DELETE = "\x15", "\x7f"

# killer LABEL SEED USECS COMMAND...: kills the service at random moments, USECS apart at most, while the command runs.
KILLER = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/rs.h>

static int pid_of(const char *label)
{
	struct rs_status_rep status;

	for (uint32_t index = 0; rs_status(index, &status) == OK; index++)
		if (strcmp(status.label, label) == 0)
			return status.pid;
	return 0;
}

int main(int argc, char **argv)
{
	struct rs_outcome outcome;
	int kills = 0, status, pid;
	unsigned seed = (unsigned)strtoul(argv[2], NULL, 0), pause = (unsigned)atoi(argv[3]);
	pid_t child = fork();

	if (child == 0) {
		execvp(argv[4], argv + 4);
		_exit(99);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		usleep((unsigned)rand_r(&seed) % pause);
		pid = pid_of(argv[1]);
		if (pid <= 0 || kill(pid, SIGKILL) != 0)
			continue;
		kills++;
		(void)!rs_up(argv[1], &outcome);
	}
	(void)argc;
	printf("status %d, killed %s\n", WEXITSTATUS(status), kills > 5 ? "often" : "too seldom");
	return 0;
}
"""

# Reads lines and says in the end which are not as they should be: line n is word(n).
READER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	char line[200], wanted[200];
	unsigned count = (unsigned)atoi(argv[1]), wrong = 0;

	(void)argc;
	puts("reading");
	for (unsigned i = 0; i < count; i++) {
		if (!fgets(line, sizeof(line), stdin))
			break;
		snprintf(wanted, sizeof(wanted), "line %u is %u\n", i, i * 2654435761u);
		if (strcmp(line, wanted) != 0) {
			wrong++;
			printf("%u: not %s", i, line);
		}
	}
	printf("%u lines, %u wrong\n", count, wrong);
	return wrong != 0;
}
"""


@contextlib.contextmanager
def session(files=None):
    with machine.scratch() as folder:
        programs = {name: program_of(BUILD, folder, name, text) for name, text in (("killer", KILLER), ("reader", READER))}
        archive = archive_with(BUILD, folder, programs, files=files)
        with Terminal(machine.qemu(BUILD.kernel, archive, extra=ON_TERMINAL)) as terminal:
            terminal.expect(PROMPT)
            yield terminal


def line(number):
    return f"line {number} is {number * 2654435761 % (1 << 32)}"


def type_with_mistakes(terminal, text, choose):
    """In pieces, some with what is rubbed out again, some all at once."""
    while text:
        length = choose.randrange(1, 30)
        piece, text = text[:length], text[length:]
        wrong = "x" * choose.choice([0, 0, 0, 1, 5])
        terminal.type(piece + wrong + DELETE * len(wrong))
        if choose.random() < 0.3:
            time.sleep(choose.random() * 0.02)
        while terminal.read_some(0):
            pass


def every_line_typed_arrives_once():
    choose = random.Random(SEED)
    with session() as terminal:
        terminal.type(f"killer console {SEED} 30000 reader {LINES}\r")
        terminal.expect("reading\n")
        for number in range(LINES):
            if choose.random() < 0.1:
                type_with_mistakes(terminal, "all this is wrong" + CTRL_U, choose)
            type_with_mistakes(terminal, line(number) + "\r", choose)
        told = terminal.expect(f"{LINES} lines, ")
        assert terminal.expect("\n") == "0 wrong", f"SEED={SEED}: {told}"
        terminal.expect("status 0, killed often\n")


def a_pipeline_gives_the_right_sum():
    content = random.Random(SEED).randbytes(8 << 20)
    with machine.scratch() as folder:
        path = os.path.join(folder, "big")
        with open(path, "wb") as file:
            file.write(content)
        total = hashlib.sha256(content).hexdigest()
        with session({"files/big": path}) as terminal:
            for _ in range(3):
                terminal.type(f"killer ramfs {SEED} 3000 sh -c 'cat /files/big | cat | sha256sum'\r")
                assert total in terminal.expect("status 0, killed "), f"SEED={SEED}"
                assert terminal.expect("\n") == "often"
            terminal.expect(PROMPT)


tests = [every_line_typed_arrives_once, a_pipeline_gives_the_right_sum]
print(f"# SEED={SEED}")
run_tests(tests)
