#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/guest: what goes in comes out, and the exit status tells how the program ended."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time

from build import ROOT, tied
from script import build_under_test, run_tests

BUILD = os.path.relpath(build_under_test().folder, ROOT)
EXIT_7 = "int main(void) { return 7; }"
CRASH = "int main(void) { *(volatile int *)8 = 1; }"
ABORT = "#include <stdlib.h>\nint main(void) { abort(); }"
HANG = '#include <stdio.h>\nint main(void) { puts("before"); for (;;); }'
BROKEN = "int main(void) { return nothing; }"
WARNED = "int main(void) { int unused; return 0; }"
PANIC = """
#include <granite/sys.h>
int main(void) { return sys_abort(ABORT_PANIC, 0); }
"""
ARGUMENTS = """
#include <stdio.h>
int main(int argc, char **argv) { for (int i = 0; i < argc; i++) printf("%d=%s\\n", i, argv[i]); }
"""
BYTES = """
#include <stdio.h>
int main(void) { for (int i = 0; i < 256; i++) putchar(i); fputs("\\r\\n\\n\\r", stdout); }
"""
COPY_INPUT = """
#include <stdio.h>
int main(void) { int c; while ((c = getchar()) != EOF) putchar(c); puts("<end>"); }
"""
FOREVER = '#include <stdio.h>\nint main(void) { for (;;) puts("y"); }'
# More than two pipes hold, in lines long enough to be printed quickly.
CHATTY = '#include <stdio.h>\nint main(void) { for (int i = 0; i < 2000; i++) printf("%099d\\n", i); }'
CHATTY_OUTPUT = b"".join(b"%099d\n" % i for i in range(2000))
TWO_PARTS = ["int seven(void); int main(void) { return seven(); }", "int seven(void) { return SEVEN; }"]
SERVER = """
#include <granite/ipc.h>
int main(void)
{
	struct message m;
	int status;
	if (ipc_receive(ANY, &m, &status) != OK)
		return 1;
	m.m_type = m.m_words[0] + 1;
	return ipc_sendnb(m.m_source, &m);
}
"""
CLIENT = """
#include <stdio.h>
#include <granite/ipc.h>
#include <granite/rs.h>
int main(void)
{
	struct message m = { .m_words = { 41 } };
	endpoint_t server;
	while ((server = rs_lookup("server")) < 0)
		;
	int result = ipc_sendrec(server, &m);
	printf("%d %d\\n", result, m.m_type);
}
"""


@contextlib.contextmanager
def guest_command(programs, *options, args=(), seconds=60):
    """The command that runs programs, a dictionary of names and C texts."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in programs.items():
            paths.append(os.path.join(folder, f"{name}.c"))
            with open(paths[-1], "w") as file:
                file.write(text)
        command = [os.path.join(ROOT, "tools", "guest"), "--build", BUILD, "-t", str(seconds), *options, *paths]
        yield tied([*command, "--", *args])


def guest(programs, *options, args=(), stdin=b"", seconds=60):
    """Run programs; returns status, output and errors."""
    with guest_command(programs, *options, args=args, seconds=seconds) as command:
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def the_programs_status_is_ours():
    assert guest({"seven": EXIT_7})[0] == 7


def a_deadly_signal_is_128_and_its_number():
    status, _, errors = guest({"crash": CRASH})
    assert status == 128 + 11 and "signal 11" in errors, (status, errors)
    assert re.search(r"CRASH: crash .*: write to 0x00000008\n", errors), errors
    assert re.search(r"^\[pm\]     [0-9a-f]{8}  main at .*/crash.c:1$", errors, re.M), errors
    assert guest({"abort": ABORT})[0] == 128 + 6


def a_program_that_hangs_is_124_and_its_output_is_kept():
    status, output, errors = guest({"hang": HANG}, seconds=10)
    assert status == 124 and output == b"before\n", (status, output)
    assert "10 seconds" in errors


def a_panic_is_125():
    status, _, errors = guest({"panic": PANIC}, "--calls", "abort")
    assert status == 125 and "PANIC" in errors, (status, errors)


def a_program_called_panic_is_no_panic():
    assert guest({"PANIC": "int main(void) { return 3; }"})[0] == 3


def what_does_not_compile_is_126():
    status, output, errors = guest({"broken": BROKEN})
    assert status == 126 and output == b"" and "nothing" in errors, (status, errors)


def a_warning_is_no_error():
    assert guest({"warned": WARNED}, "-c", "-Wall")[0] == 0


def arguments_arrive():
    _, output, _ = guest({"arguments": ARGUMENTS}, args=["one", "-m", "--", "a=b"])
    assert output.splitlines()[1:] == [b"1=one", b"2=-m", b"3=--", b"4=a=b"], output


def arguments_with_any_bytes_arrive():
    _, output, _ = guest({"arguments": ARGUMENTS}, args=["two words", "", "\t\\\"%s#"])
    assert output.splitlines()[1:] == [b"1=two words", b"2=", b'3=\t\\"%s#'], output


def a_file_called_like_a_server_is_refused():
    status, _, errors = guest({"rs": EXIT_7})
    assert status == 126 and "rs" in errors, (status, errors)


def output_is_exact_to_the_byte():
    _, output, _ = guest({"bytes": BYTES})
    assert output == bytes(range(256)) + b"\r\n\n\r", output


def piped_input_arrives_and_ends():
    text = b"one\n\ntwo with spaces \n" * 100
    assert guest({"copy": COPY_INPUT}, stdin=text)[1] == text + b"<end>\n"
    assert guest({"copy": COPY_INPUT}, stdin=b"no newline")[1] == b"no newline<end>\n"


def piped_input_is_exact_to_the_byte():
    for data in (bytes(range(256)), b"\x04", b"\x10", b"\x10\x04\n\x04\x10\n", bytes(reversed(range(256))) * 40):
        output = guest({"copy": COPY_INPUT}, stdin=data)[1]
        assert output == data + b"<end>\n", (data, output)


def an_empty_input_is_end_of_file():
    assert guest({"copy": COPY_INPUT})[1] == b"<end>\n"


def a_file_that_is_not_there_is_told():
    status, _, errors = guest({"seven": EXIT_7}, "--file", "a=/nonexistent")
    assert (status, errors) == (126, "guest: /nonexistent: No such file or directory\n"), (status, errors)


def a_reader_that_leaves_ends_it_quietly():
    with guest_command({"forever": FOREVER}) as command:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout.readline() == b"y\n"
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(), errors) == (128 + signal.SIGPIPE, b"")


def a_slow_reader_is_waited_for():
    with guest_command({"chatty": CHATTY}, seconds=10) as command:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        time.sleep(15)
        output = process.stdout.read()
        assert (process.wait(), output) == (0, CHATTY_OUTPUT), len(output)


def it_does_without_standard_output():
    with guest_command({"chatty": CHATTY.replace("}", "return 7; }")}) as command:
        assert subprocess.run(["sh", "-c", 'exec "$@" >&- <&-', "sh", *command], check=False).returncode == 7


def several_files_are_services_that_find_each_other():
    status, output, errors = guest({"client": CLIENT, "server": SERVER})
    assert (status, output) == (0, b"0 42\n"), (status, output, errors)


def several_files_can_be_one_program():
    assert guest(dict(zip(["main", "seven"], TWO_PARTS)), "--program", "both", "-DSEVEN=7", "-lm")[0] == 7


def it_runs_on_bochs():
    status, output, errors = guest({"arguments": ARGUMENTS}, "-m", "bochs", args=["x"])
    assert status == 0 and output.splitlines()[1:] == [b"1=x"], (status, output, errors)


run_tests(
    [
        the_programs_status_is_ours,
        a_deadly_signal_is_128_and_its_number,
        a_program_that_hangs_is_124_and_its_output_is_kept,
        a_panic_is_125,
        a_program_called_panic_is_no_panic,
        what_does_not_compile_is_126,
        a_warning_is_no_error,
        arguments_arrive,
        arguments_with_any_bytes_arrive,
        a_file_called_like_a_server_is_refused,
        output_is_exact_to_the_byte,
        piped_input_arrives_and_ends,
        piped_input_is_exact_to_the_byte,
        an_empty_input_is_end_of_file,
        a_file_that_is_not_there_is_told,
        a_reader_that_leaves_ends_it_quietly,
        a_slow_reader_is_waited_for,
        it_does_without_standard_output,
        several_files_are_services_that_find_each_other,
        several_files_can_be_one_program,
        it_runs_on_bochs,
    ]
)
