#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# test: timeout=400
"""A person works at the prompt while the console driver, the file server and the data store are killed again and again:
every line typed arrives once, whatever it is, and files, values and pipelines give what they should."""

import contextlib
import hashlib
import os
import random
import struct
import time

import machine
from script import ON_TERMINAL, PROMPT, Terminal, archive_with, build_under_test, program_of, run_tests

BUILD = build_under_test()
SEED = int(os.environ.get("SEED", random.getrandbits(32)))
LINES = 150
CTRL_U, DELETE = "\x15", "\x7f"

WORDS_A_LINE = 110  # of a file, which the reader reads in step with the lines: 64 KiB in the end

# killer LABELS SEED USECS COMMAND...: kills the services at random moments, USECS apart at most, while the command runs.
KILLER = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/rs.h>

#define LABELS_MAX 8

static char *labels[LABELS_MAX];
static int kills[LABELS_MAX], count;

static int pid_of(const char *label)
{
	struct rs_status_rep status;

	for (uint32_t index = 0; rs_status(index, &status) == OK; index++)
		if (strcmp(status.label, label) == 0)
			return status.pid;
	return 0;
}

static void kill_one(int which)
{
	struct rs_outcome outcome;
	int pid = pid_of(labels[which]);

	if (pid <= 0 || kill(pid, SIGKILL) != 0)
		return;
	kills[which]++;
	(void)!rs_up(labels[which], &outcome);
}

int main(int argc, char **argv)
{
	int status, least;
	unsigned seed = (unsigned)strtoul(argv[2], NULL, 0), pause = (unsigned)atoi(argv[3]);
	pid_t child = fork();

	(void)argc;
	if (child == 0) {
		execvp(argv[4], argv + 4);
		_exit(99);
	}
	for (char *label = strtok(argv[1], ","); label && count < LABELS_MAX; label = strtok(NULL, ","))
		labels[count++] = label;
	while (waitpid(child, &status, WNOHANG) == 0) {
		usleep((unsigned)rand_r(&seed) % pause);
		kill_one(rand_r(&seed) % count);
	}
	least = kills[0];
	for (int i = 1; i < count; i++)
		least = kills[i] < least ? kills[i] : least;
	printf("status %d, kills of each: at least %d\n", WEXITSTATUS(status), least);
	return 0;
}
"""

# reader COUNT FILE WORDS: reads lines, and says what is not as it should be: line n has word(n). After each it reads so
# many words of the file, which begins with word(0), and counts on in the data store. Its status is 0 if all was right.
READER = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <granite/ds.h>

static unsigned wrong;

static unsigned word(unsigned number)
{
	return number * 2654435761u;
}

static void check(int good, unsigned step, const char *what)
{
	if (!good)
		printf("%u: not %s\n", step, what);
	wrong += !good;
}

static void check_line(unsigned step, const char *line)
{
	char wanted[200];

	snprintf(wanted, sizeof(wanted), "line %u is %u\n", step, word(step));
	check(strcmp(line, wanted) == 0, step, line);
}

static void check_file(unsigned step, int fd, unsigned words)
{
	unsigned found = 0, good = 0;

	for (unsigned i = 0; i < words; i++)
		good += read(fd, &found, sizeof(found)) == sizeof(found) && found == word(step * words + i);
	check(good == words, step, "the file's words");
	check(lseek(fd, 0, SEEK_CUR) == (off_t)((step + 1) * words * sizeof(found)), step, "the place");
}

static void check_store(unsigned step)
{
	uint32_t value = 0;
	int result = ds_retrieve_u32("reader.step", &value);

	check(step == 0 ? result == -ESRCH : result == OK && value == step, step, "the value");
	check(ds_publish_u32("reader.step", step, 0) == (step == 0 ? OK : -EEXIST), step, "the entry");
	check(ds_publish_u32("reader.step", step + 1, DSF_OVERWRITE) == OK, step, "the change");
}

int main(int argc, char **argv)
{
	char line[200];
	unsigned count = (unsigned)atoi(argv[1]);
	int fd = open(argv[2], O_RDONLY);

	(void)argc;
	for (unsigned i = 0; i < count; i++) {
		if (!fgets(line, sizeof(line), stdin))
			return 2;
		check_line(i, line);
		check_file(i, fd, (unsigned)atoi(argv[3]));
		check_store(i);
		usleep(10000); /* time to be killed in */
	}
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


def file_of_words(folder):
    path = os.path.join(folder, "words")
    with open(path, "wb") as file:
        file.write(b"".join(struct.pack("<I", number * 2654435761 % (1 << 32)) for number in range(LINES * WORDS_A_LINE)))
    return path


def every_line_typed_arrives_once_and_file_and_store_stay_in_step():
    choose = random.Random(SEED)
    with machine.scratch() as folder, session({"files/words": file_of_words(folder)}) as terminal:
        terminal.type(f"killer console,ramfs,ds {SEED} 3000 reader {LINES} /files/words {WORDS_A_LINE}\r")
        for number in range(LINES):
            if choose.random() < 0.1:
                type_with_mistakes(terminal, "all this is wrong" + CTRL_U, choose)
            type_with_mistakes(terminal, line(number) + "\r", choose)
        told = terminal.expect("status ")  # the driver's log may stand in any line before
        assert terminal.expect(", kills of each: at least ") == "0", f"SEED={SEED}: {told[-2000:]}"
        assert int(terminal.expect("\n")) > 20, f"SEED={SEED}"


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
                assert total in terminal.expect("status 0, kills of each: at least "), f"SEED={SEED}"
                assert int(terminal.expect("\n")) > 5
            terminal.expect(PROMPT)


tests = [every_line_typed_arrives_once_and_file_and_store_stay_in_step, a_pipeline_gives_the_right_sum]
print(f"# SEED={SEED}")
run_tests(tests)
