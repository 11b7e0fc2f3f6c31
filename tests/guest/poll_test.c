/* SPDX-License-Identifier: MIT */
/* poll(2), select(2) and the terminal's size. Nobody types here. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <time.h>
#include <granite/abi/layout.h>

#include "tap.h"

static long msecs(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* So that there is nothing to read even if the input has ended. */
static void silence_input(void)
{
	struct termios raw;
	CHECK_INT(tcgetattr(0, &raw), 0);
	raw.c_lflag &= ~(tcflag_t)ICANON;
	raw.c_cc[VMIN] = 255;
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &raw), 0);
}

/* ---- poll ---- */

static void poll_for_200_msecs(void)
{
	struct pollfd input = {.fd = 0, .events = POLLIN, .revents = 77};
	long start = msecs();
	CHECK_INT(poll(&input, 1, 200), 0);
	CHECK_INT(input.revents, 0);
	CHECK(msecs() - start >= 200);
}

static void poll_waits_as_long_as_it_should(void)
{
	poll_for_200_msecs();
	long start = msecs();
	CHECK_INT(poll(NULL, 0, 100), 0);
	CHECK(msecs() - start >= 100);
	struct pollfd nobody = {.fd = -1, .events = POLLIN | POLLOUT, .revents = 77};
	CHECK_INT(poll(&nobody, 1, 100), 0);
	CHECK_INT(nobody.revents, 0);
	CHECK(msecs() - start >= 200);
}

/* One driver, one alarm, and times that end in another order than they began. */
static void many_polls_end_at_their_own_times(void)
{
	static const int times[] = {400, 100, 300, 0, 200};
	pid_t pids[5];
	for (int i = 0; i < 5; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct pollfd input = {.fd = 0, .events = POLLIN};
			long start = msecs();
			_exit(poll(&input, 1, times[i]) != 0 || msecs() - start < times[i]);
		}
	}
	for (int i = 0; i < 5; i++)
		CHECK_EXITED(tap_wait(pids[i]), 0);
}

static void the_output_is_always_ready(void)
{
	struct pollfd both[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLIN | POLLOUT}};
	CHECK_INT(poll(both, 2, -1), 1);
	CHECK_INT(both[0].revents, 0);
	CHECK_INT(both[1].revents, POLLOUT);
}

static void a_closed_descriptor_is_told_at_once(void)
{
	struct pollfd some[2] = {{.fd = 0, .events = POLLIN}, {.fd = 17, .events = POLLIN}};
	CHECK_INT(poll(some, 2, -1), 1);
	CHECK_INT(some[0].revents, 0);
	CHECK_INT(some[1].revents, POLLNVAL);
	some[1].fd = INT32_MAX;
	CHECK_INT(poll(some, 2, -1), 1);
	CHECK_INT(some[1].revents, POLLNVAL);
}

static void poll_takes_nothing_from_nowhere(void)
{
	struct pollfd *beyond = (struct pollfd *)(uintptr_t)(PROC_SIZE - 4);
	CHECK(poll(beyond, 1, 0) == -1 && errno == EFAULT);
	CHECK(poll((struct pollfd *)8, 1, 0) == -1 && errno == EFAULT);
	CHECK(poll(NULL, 1000000, 0) == -1 && errno == EINVAL);
	CHECK(poll(NULL, (nfds_t)-1, 0) == -1 && errno == EINVAL);
}

static volatile sig_atomic_t signals;

static void note(int signal)
{
	(void)signal;
	signals++;
}

/* As on Linux also with SA_RESTART. */
static void be_interrupted(void)
{
	struct pollfd input = {.fd = 0, .events = POLLIN};
	fd_set set;
	FD_ZERO(&set);
	FD_SET(0, &set);
	CHECK(signal(SIGALRM, note) != SIG_ERR);
	ualarm(30000, 0);
	CHECK(poll(&input, 1, -1) == -1 && errno == EINTR);
	ualarm(30000, 0);
	CHECK(poll(NULL, 0, -1) == -1 && errno == EINTR);
	ualarm(30000, 0);
	CHECK(select(1, &set, NULL, NULL, NULL) == -1 && errno == EINTR);
	CHECK(FD_ISSET(0, &set));
	CHECK_INT(signals, 3);
}

static void a_signal_ends_the_wait(void)
{
	CHECK_EXITED(tap_child(be_interrupted), 0);
}

static void poll_for_ever(void)
{
	struct pollfd input = {.fd = 0, .events = POLLIN};
	(void)poll(&input, 1, -1);
}

static void who_dies_in_a_poll_leaves_the_console_well(void)
{
	pid_t pids[8];
	for (int i = 0; i < 8; i++)
		pids[i] = tap_start(poll_for_ever);
	usleep(50000);
	for (int i = 0; i < 8; i++) {
		CHECK_INT(waitpid(pids[i], NULL, WNOHANG), 0);
		kill(pids[i], SIGKILL);
		CHECK_KILLED(tap_wait(pids[i]), SIGKILL);
	}
	poll_for_200_msecs();
}

/* ---- select ---- */

static void select_waits_and_empties_the_sets(void)
{
	struct timeval time = {.tv_usec = 100000};
	fd_set reads, fails;
	FD_ZERO(&reads);
	FD_SET(0, &reads);
	FD_SET(2, &reads);
	fails = reads;
	long start = msecs();
	CHECK_INT(select(3, &reads, NULL, &fails, &time), 0);
	CHECK(msecs() - start >= 100);
	CHECK(!FD_ISSET(0, &reads) && !FD_ISSET(2, &reads) && !FD_ISSET(0, &fails));
	CHECK_INT(select(0, NULL, NULL, NULL, &(struct timeval){.tv_usec = 50000}), 0);
	CHECK(msecs() - start >= 150);
}

static void select_tells_what_is_ready(void)
{
	fd_set reads, writes;
	FD_ZERO(&reads);
	FD_SET(0, &reads);
	FD_ZERO(&writes);
	FD_SET(1, &writes);
	FD_SET(2, &writes);
	CHECK_INT(select(3, &reads, &writes, NULL, NULL), 2);
	CHECK(!FD_ISSET(0, &reads) && FD_ISSET(1, &writes) && FD_ISSET(2, &writes));
}

static void select_refuses_what_can_not_be(void)
{
	struct timeval negative = {.tv_sec = -1};
	fd_set set;
	FD_ZERO(&set);
	FD_SET(40, &set);
	CHECK(select(41, &set, NULL, NULL, NULL) == -1 && errno == EBADF);
	CHECK(select(41, NULL, NULL, &set, NULL) == -1 && errno == EBADF);
	CHECK(select(-1, NULL, NULL, NULL, NULL) == -1 && errno == EINVAL);
	CHECK(select(0, NULL, NULL, NULL, &negative) == -1 && errno == EINVAL);
	CHECK(select(32, (fd_set *)(uintptr_t)(PROC_SIZE - 2), NULL, NULL, NULL) == -1 && errno == EFAULT);
}

/* ---- The console and pipes together ---- */

static void write_a_byte_later(int fd)
{
	usleep(50000);
	_exit(write(fd, "x", 1) != 1);
}

static void the_console_and_a_pipe_are_polled_together(void)
{
	struct pollfd both[2] = {{.fd = 0, .events = POLLIN}, {.events = POLLIN}};
	int ends[2];
	CHECK_INT(pipe(ends), 0);
	both[1].fd = ends[0];
	long start = msecs();
	CHECK_INT(poll(both, 2, 100), 0);
	CHECK(msecs() - start >= 100);
	pid_t pid = fork();
	if (pid == 0)
		write_a_byte_later(ends[1]);
	CHECK_INT(poll(both, 2, -1), 1);
	CHECK_INT(both[0].revents, 0);
	CHECK_INT(both[1].revents, POLLIN);
	CHECK_EXITED(tap_wait(pid), 0);
	both[0] = (struct pollfd){.fd = 1, .events = POLLOUT};
	CHECK_INT(poll(both, 2, -1), 2);
	CHECK_INT(both[0].revents, POLLOUT);
	CHECK_INT(both[1].revents, POLLIN);
	close(ends[0]);
	close(ends[1]);
}

static void a_closed_descriptor_among_pipes_is_told_at_once(void)
{
	struct pollfd some[3] = {{.fd = 0, .events = POLLIN}, {.events = POLLIN}, {.fd = 17}};
	int ends[2];
	CHECK_INT(pipe(ends), 0);
	some[1].fd = ends[0];
	CHECK_INT(poll(some, 3, -1), 1);
	CHECK(some[0].revents == 0 && some[1].revents == 0);
	CHECK_INT(some[2].revents, POLLNVAL);
	close(ends[0]);
	close(ends[1]);
}

/* Whether it is ready to be read, or written to; nobody waits for long. */
static int select_one(int fd, int to_write)
{
	struct timeval time = {.tv_usec = 50000};
	fd_set set;
	FD_ZERO(&set);
	FD_SET(fd, &set);
	int count = select(fd + 1, to_write ? NULL : &set, to_write ? &set : NULL, NULL, &time);
	CHECK_INT(count, FD_ISSET(fd, &set) != 0);
	return count;
}

static void select_knows_pipes(void)
{
	int ends[2];
	char byte;
	CHECK_INT(pipe(ends), 0);
	CHECK_INT(select_one(ends[0], 0), 0);
	CHECK_INT(select_one(ends[1], 1), 1);
	CHECK_INT(write(ends[1], "x", 1), 1);
	CHECK_INT(select_one(ends[0], 0), 1);
	CHECK_INT(read(ends[0], &byte, 1), 1);
	CHECK_INT(select_one(ends[0], 0), 0);
	close(ends[1]);
	CHECK_INT(select_one(ends[0], 0), 1); /* its end can be read */
	long start = msecs();
	CHECK_INT(select_one(ends[0], 1), 0); /* but is nothing to write to */
	CHECK(msecs() - start >= 50);
	close(ends[0]);
}

static void select_waits_for_the_console_and_a_pipe(void)
{
	fd_set reads, writes;
	int ends[2];
	CHECK_INT(pipe(ends), 0);
	FD_ZERO(&reads);
	FD_SET(0, &reads);
	FD_SET(ends[0], &reads);
	pid_t pid = fork();
	if (pid == 0)
		write_a_byte_later(ends[1]);
	CHECK_INT(select(ends[0] + 1, &reads, NULL, NULL, NULL), 1);
	CHECK(!FD_ISSET(0, &reads) && FD_ISSET(ends[0], &reads));
	CHECK_EXITED(tap_wait(pid), 0);
	FD_ZERO(&writes);
	FD_SET(1, &writes);
	CHECK_INT(select(ends[0] + 1, &reads, &writes, NULL, NULL), 2);
	CHECK(FD_ISSET(1, &writes) && FD_ISSET(ends[0], &reads));
	close(ends[0]);
	close(ends[1]);
}

/* ---- The terminal's size ---- */

static void a_new_size_is_told_to_all_and_signalled_once(void)
{
	struct winsize old, size = {.ws_row = 50, .ws_col = 132}, told;
	CHECK(signal(SIGWINCH, note) != SIG_ERR);
	CHECK_INT(tcsetpgrp(0, getpgrp()), 0);
	CHECK_INT(ioctl(0, TIOCGWINSZ, &old), 0);
	signals = 0;
	CHECK_INT(ioctl(0, TIOCSWINSZ, &size), 0);
	CHECK_INT(signals, 1);
	CHECK_INT(ioctl(1, TIOCGWINSZ, &told), 0);
	CHECK(told.ws_row == 50 && told.ws_col == 132);
	CHECK_INT(ioctl(0, TIOCSWINSZ, &size), 0);
	CHECK_INT(signals, 1);
	CHECK_INT(ioctl(0, TIOCSWINSZ, &old), 0);
	CHECK(ioctl(0, TIOCSWINSZ, (void *)8) == -1 && errno == EFAULT);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(poll_waits_as_long_as_it_should),
	        TEST(many_polls_end_at_their_own_times),
	        TEST(the_output_is_always_ready),
	        TEST(a_closed_descriptor_is_told_at_once),
	        TEST(poll_takes_nothing_from_nowhere),
	        TEST(a_signal_ends_the_wait),
	        TEST(who_dies_in_a_poll_leaves_the_console_well),
	        TEST(select_waits_and_empties_the_sets),
	        TEST(select_tells_what_is_ready),
	        TEST(select_refuses_what_can_not_be),
	        TEST(the_console_and_a_pipe_are_polled_together),
	        TEST(a_closed_descriptor_among_pipes_is_told_at_once),
	        TEST(select_knows_pipes),
	        TEST(select_waits_for_the_console_and_a_pipe),
	        TEST(a_new_size_is_told_to_all_and_signalled_once),
	};
	silence_input();
	return TAP_RUN(tests);
}
