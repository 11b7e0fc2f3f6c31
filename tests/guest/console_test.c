/* SPDX-License-Identifier: MIT */
/* The console driver as programs see it: read, write, modes, foreground, signals, hostile calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <granite/abi/layout.h>
#include <granite/abi/server.h>
#include <granite/console.h>
#include <granite/grant.h>
#include <granite/rs.h>
#include <granite/sys.h>

#include "tap.h"

static endpoint_t console(void)
{
	static endpoint_t endpoint;
	if (endpoint <= 0)
		endpoint = rs_lookup("console");
	CHECK(endpoint > 0);
	return endpoint;
}

static long msecs_since(const struct timespec *start)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void write_returns_what_it_wrote(void)
{
	static const char text[] = "# written\n";
	CHECK_INT(write(1, text, strlen(text)), strlen(text));
	CHECK_INT(write(2, text, 0), 0);
	CHECK(isatty(0) && isatty(1) && isatty(2));
}

/* More than all of the driver's rings. */
static void a_long_write_gets_through_whole(void)
{
	enum { LINES = 400 };
	static char text[LINES * 64];
	for (int i = 0; i < LINES; i++) {
		memset(text + i * 64, '.', 64);
		memcpy(text + i * 64, "# ", 2);
		text[i * 64 + 63] = '\n';
	}
	CHECK_INT(write(1, text, sizeof(text)), sizeof(text));
}

static void writes_from_bad_memory_are_refused(void)
{
	char *pages = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED);
	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	CHECK(write(1, pages + PAGE_SIZE, 10) == -1 && errno == EFAULT);
	CHECK(write(1, (void *)(uintptr_t)(PROC_SIZE - 1), 2) < 2);
	CHECK(write(1, (void *)(uintptr_t)0xf0100000, 10) == -1 && errno == EFAULT);
	CHECK(write(1, (void *)(uintptr_t)0xfffffff0, 100) == -1 && errno == EFAULT);
	/* What lies before the hole may be written; what lies in it is never made up. */
	memset(pages, '\n', PAGE_SIZE);
	ssize_t result = write(1, pages + PAGE_SIZE - 3, 10);
	CHECK((result == -1 && errno == EFAULT) || (result >= 1 && result <= 3));
	munmap(pages, PAGE_SIZE);
}

static void write_numbered_lines(void)
{
	char text[64];
	for (int i = 0; i < 50; i++) {
		int length = snprintf(text, sizeof(text), "# %d writes line %d\n", (int)getpid(), i);
		CHECK_INT(write(1, text, (size_t)length), length);
	}
}

static void many_writers_all_get_through(void)
{
	pid_t pids[10];
	for (int i = 0; i < 10; i++)
		pids[i] = tap_start(write_numbered_lines);
	for (int i = 0; i < 10; i++)
		CHECK_EXITED(tap_wait(pids[i]), 0);
}

/* ---- Modes ---- */

static void modes_can_be_changed_and_read_back(void)
{
	struct termios old, new, read_back;
	CHECK_INT(tcgetattr(0, &old), 0);
	CHECK(old.c_lflag & ICANON);
	new = old;
	new.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	new.c_cc[VMIN] = 3;
	CHECK_INT(tcsetattr(0, TCSANOW, &new), 0);
	CHECK_INT(tcgetattr(0, &read_back), 0);
	CHECK(read_back.c_lflag == new.c_lflag &&read_back.c_cc[VMIN] == 3);
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &old), 0);
	CHECK_INT(tcgetattr(0, &read_back), 0);
	CHECK(read_back.c_lflag == old.c_lflag && read_back.c_cc[VMIN] == old.c_cc[VMIN]);
}

static void the_foreground_can_be_given_away(void)
{
	pid_t old = tcgetpgrp(0);
	CHECK_INT(tcsetpgrp(0, getpgrp()), 0);
	CHECK_INT(tcgetpgrp(0), getpgrp());
	static const int32_t no_groups[] = {1, -1, -5, INT32_MIN};
	for (int i = 0; i < 4; i++) {
		union console_foreground_message call = {.req = {.pgid = no_groups[i]}};
		CHECK_INT(console_foreground_call(console(), &call), -EPERM);
	}
	CHECK_INT(tcgetpgrp(0), getpgrp());
	if (old > 0)
		CHECK_INT(tcsetpgrp(0, old), 0);
}

/* ---- Reading; nobody types here, so whoever reads waits, or the input has ended ---- */

static void note(int signal)
{
	(void)signal;
}

/* So that reads wait even if the input has ended. */
static void make_reads_wait(struct termios *old)
{
	CHECK_INT(tcgetattr(0, old), 0);
	struct termios raw = *old;
	raw.c_lflag &= ~(tcflag_t)ICANON;
	raw.c_cc[VMIN] = 255;
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &raw), 0);
}

static void read_until_signalled(void)
{
	static char buffer[300];
	struct sigaction action = {.sa_handler = note};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	for (int i = 0; i < 3; i++) {
		ualarm(30000, 0);
		CHECK(read(0, buffer, sizeof(buffer)) == -1 && errno == EINTR);
	}
}

static void a_signal_ends_a_read(void)
{
	struct termios old;
	make_reads_wait(&old);
	CHECK_EXITED(tap_child(read_until_signalled), 0);
	CHECK_INT(tcsetattr(0, TCSANOW, &old), 0);
}

/* A time limit of so many tenths of a second, and nothing to read. */
static void set_limit(struct termios *old, int tenths)
{
	CHECK_INT(tcgetattr(0, old), 0);
	struct termios raw = *old;
	raw.c_lflag &= ~(tcflag_t)ICANON;
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = (cc_t)tenths;
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &raw), 0);
}

static void read_with_limit(void)
{
	char byte;
	struct timespec start;
	clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK_INT(read(0, &byte, 1), 0);
	long msecs = msecs_since(&start);
	CHECK(msecs >= 300 && msecs < 1500);
}

static void a_read_with_a_time_limit_ends_with_nothing(void)
{
	struct termios old;
	set_limit(&old, 3);
	read_with_limit();
	read_with_limit();
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &old), 0);
}

/* Each waits for its own time, though the driver has one alarm. */
static void many_reads_with_a_time_limit_end(void)
{
	struct termios old;
	pid_t pids[5];
	set_limit(&old, 3);
	for (int i = 0; i < 5; i++) {
		pids[i] = tap_start(read_with_limit);
		usleep(20000);
	}
	for (int i = 0; i < 5; i++)
		CHECK_EXITED(tap_wait(pids[i]), 0);
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &old), 0);
}

static void a_read_that_polls_ends_at_once(void)
{
	char byte;
	struct termios old;
	struct timespec start;
	set_limit(&old, 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 100; i++)
		CHECK_INT(read(0, &byte, 1), 0);
	CHECK(msecs_since(&start) < 1000);
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &old), 0);
}

/* The driver rests after much output, by the same alarm: that must not make it forget the reader's. */
static void a_time_limit_holds_after_much_output(void)
{
	static char text[8192];
	struct termios old;
	set_limit(&old, 3);
	pid_t reader = tap_start(read_with_limit);
	usleep(50000);
	memset(text, '#', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\n';
	CHECK_INT(write(1, text, sizeof(text)), sizeof(text));
	CHECK_EXITED(tap_wait(reader), 0);
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &old), 0);
}

static void read_for_ever(void)
{
	static char buffer[300];
	(void)!read(0, buffer, sizeof(buffer));
}

static void readers_that_die_leave_the_console_well(void)
{
	struct termios old;
	pid_t pids[8];
	make_reads_wait(&old);
	for (int i = 0; i < 8; i++)
		pids[i] = tap_start(read_for_ever);
	usleep(50000);
	for (int i = 0; i < 8; i++) {
		CHECK_INT(waitpid(pids[i], NULL, WNOHANG), 0);
		kill(pids[i], SIGKILL);
		CHECK_KILLED(tap_wait(pids[i]), SIGKILL);
	}
	CHECK_EXITED(tap_child(read_until_signalled), 0);
	CHECK_INT(tcsetattr(0, TCSANOW, &old), 0);
}

static void write_for_ever(void)
{
	static char text[] = "# a line of somebody who will be killed\n";
	for (;;)
		(void)!write(1, text, sizeof(text) - 1);
}

static void writers_that_die_leave_the_console_well(void)
{
	for (int i = 0; i < 5; i++) {
		pid_t pid = tap_start(write_for_ever);
		usleep((useconds_t)(5000 + 1700 * i));
		kill(pid, SIGKILL);
		CHECK_KILLED(tap_wait(pid), SIGKILL);
	}
	CHECK_INT(write(1, "\n", 1), 1);
}

/* Whoever is stopped takes no bytes, and reads on when it is continued. */
static void read_until_killed_by_alarm(void)
{
	alarm(1);
	read_for_ever();
}

static void a_stopped_reader_reads_on_when_continued(void)
{
	struct termios old;
	int status;
	make_reads_wait(&old);
	pid_t pid = tap_start(read_until_killed_by_alarm);
	usleep(50000);
	for (int i = 0; i < 3; i++) {
		kill(pid, SIGSTOP);
		CHECK_INT(waitpid(pid, &status, WUNTRACED), pid);
		CHECK(WIFSTOPPED(status));
		kill(pid, SIGCONT);
		usleep(20000);
		CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	}
	CHECK_KILLED(tap_wait(pid), SIGALRM);
	CHECK_INT(tcsetattr(0, TCSANOW, &old), 0);
}

/* ---- A flood of output ---- */

enum { FLOOD = 1 << 20 };

static void write_until_the_alarm(void)
{
	struct sigaction action = {.sa_handler = note};
	struct timespec start;
	char *text = malloc(FLOOD);
	REQUIRE(text);
	for (int i = 0; i < FLOOD; i += 64)
		memcpy(text + i, "# a flood of output, until the alarm rings or its writer ends..\n", 64);
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	ualarm(300000, 0);
	ssize_t result = write(1, text, FLOOD);
	CHECK((result > 0 && result < FLOOD) || (result == -1 && errno == EINTR));
	CHECK(msecs_since(&start) < 1000);
	(void)!write(1, "\n", 1);
}

/* Without a pause of the driver's, nobody else would run until all is written. */
static void others_run_during_a_long_write_that_an_alarm_ends(void)
{
	struct timespec last;
	long pause, longest = 0;
	int status = -1;
	pid_t pid = tap_start(write_until_the_alarm);
	clock_gettime(CLOCK_MONOTONIC, &last);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		pause = msecs_since(&last);
		clock_gettime(CLOCK_MONOTONIC, &last);
		longest = pause > longest ? pause : longest;
	}
	CHECK_EXITED(status, 0);
	CHECK(longest < 200);
}

/* ---- Hostile calls ---- */

static void cancel_is_pms_alone(void)
{
	struct message m = {.m_type = SERVER_CANCEL, .m_words = {(uint32_t)sys_self()}};
	CHECK_INT(ipc_sendrec(console(), &m), OK);
	CHECK_INT(m.m_type, -EBADCALL);
}

static void make_wild_calls(void)
{
	unsigned seed = 5;
	for (int i = 0; i < 300; i++) {
		union console_read_message call;
		call.req.grant =
		        (cp_grant_id_t)((uint64_t)rand_r(&seed) << 32 | (uint32_t)rand_r(&seed) << 1);
		call.req.bytes = (uint32_t)rand_r(&seed) << 1 | 1;
		CHECK(console_write_call(console(), (union console_write_message *)&call) < 0);
	}
	for (int type = CONSOLE_OUTCOME + 1; type < CONSOLE_OUTCOME + 200; type++) {
		struct message m = {.m_type = type};
		CHECK_INT(ipc_sendrec(console(), &m), OK);
		CHECK(m.m_type < 0);
	}
}

static char lent[] = "# lent\n";

static int write_by(cp_grant_id_t grant, uint32_t bytes)
{
	union console_write_message call = {.req = {.grant = grant, .bytes = bytes}};
	int result = console_write_call(console(), &call);
	return result == OK ? (int)call.rep.bytes : result;
}

/* The driver has no other way to anybody's memory. */
static void what_is_not_lent_is_not_written(void)
{
	const vir_bytes address = (vir_bytes)(uintptr_t)lent;
	const uint32_t bytes = sizeof(lent) - 1;
	cp_grant_id_t mine = cpf_grant_direct(console(), address, bytes, CPF_READ);
	cp_grant_id_t another_s = cpf_grant_direct(sys_self(), address, bytes, CPF_READ);
	cp_grant_id_t to_write = cpf_grant_direct(console(), address, bytes, CPF_WRITE);
	CHECK_INT(write_by(mine, bytes), bytes);
	CHECK_INT(write_by(mine, 2), 2);
	CHECK_INT(write(1, "lent\n", 5), 5); /* the comment that was begun */
	CHECK_INT(write_by(mine, bytes + 1), -EPERM);
	CHECK_INT(write_by(another_s, bytes), -EPERM);
	CHECK_INT(write_by(to_write, bytes), -EPERM);
	CHECK_INT(cpf_revoke(mine), OK);
	CHECK_INT(write_by(mine, bytes), -EPERM);
	CHECK_INT(write_by(GRANT_INVALID, bytes), -EPERM);
}

/* A request without waiting for the answer: the driver must not wait for its sender. */
static void ask_and_run(void)
{
	struct message m = {.m_type = CONSOLE_READ};
	m.m_words[0] = 0x1000;
	m.m_words[2] = 10;
	CHECK_INT(ipc_send(console(), &m), OK);
	for (int i = 0; i < SENDA_MAX_PER_SENDER; i++) {
		m.m_type = i % 2 ? CONSOLE_READ : CONSOLE_GETATTR;
		CHECK_INT(ipc_senda(console(), &m), OK);
	}
	CHECK_INT(ipc_notify(console()), OK);
}

static void hostile_calls_leave_the_console_well(void)
{
	CHECK_EXITED(tap_child(make_wild_calls), 0);
	CHECK_EXITED(tap_child(ask_and_run), 0);
	CHECK_INT(write(1, "# alive\n", 8), 8);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(write_returns_what_it_wrote),
	        TEST(a_long_write_gets_through_whole),
	        TEST(writes_from_bad_memory_are_refused),
	        TEST(many_writers_all_get_through),
	        TEST(modes_can_be_changed_and_read_back),
	        TEST(the_foreground_can_be_given_away),
	        TEST(a_signal_ends_a_read),
	        TEST(a_read_with_a_time_limit_ends_with_nothing),
	        TEST(many_reads_with_a_time_limit_end),
	        TEST(a_read_that_polls_ends_at_once),
	        TEST(a_time_limit_holds_after_much_output),
	        TEST(readers_that_die_leave_the_console_well),
	        TEST(writers_that_die_leave_the_console_well),
	        TEST(a_stopped_reader_reads_on_when_continued),
	        TEST(others_run_during_a_long_write_that_an_alarm_ends),
	        TEST(what_is_not_lent_is_not_written),
	        TEST(cancel_is_pms_alone),
	        TEST(hostile_calls_leave_the_console_well),
	};
	return TAP_RUN(tests);
}
