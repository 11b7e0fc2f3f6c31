/* SPDX-License-Identifier: MIT */
/* guest: seed=yes time=counted timeout=600 flags=control calls=schedule variants=ubsan */
/*
 * The console driver is killed hundreds of times, at random moments, while programs write, change modes, wait
 * for input that never comes, and poll. None of them notices, and in the end every page is where it was. What
 * is typed meanwhile, and what is seen, tests/script/kill_test.py looks at.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>

#include "kill_under_load.h"

#define KILLS 300

static void note(int number)
{
	(void)number;
}

/* ---- Workers ---- */

/* Long ones take many fillings of the UART. */
static void write_lines(void)
{
	static char text[6000];
	uint32_t bytes = 3 + below(once_in(4) ? sizeof(text) - 3 : 100);
	memset(text, '.', bytes);
	memcpy(text, "# ", 2);
	text[bytes - 1] = '\n';
	CHECK_INT(write(1, text, bytes), bytes);
	usleep(below(20000));
}

/* Nobody else sets them: so they stay as they are set, whoever the driver is. */
static void set_modes(void)
{
	struct termios old, modes, now;
	CHECK_INT(tcgetattr(0, &old), 0);
	modes = old;
	modes.c_cc[VEOL] = (cc_t)(1 + below(30));
	modes.c_cc[VQUIT] = (cc_t)below(200);
	CHECK_INT(tcsetattr(0, once_in(2) ? TCSANOW : TCSAFLUSH, &modes), 0);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(tcgetattr(0, &now), 0);
		CHECK_INT(now.c_cc[VEOL], modes.c_cc[VEOL]);
		CHECK_INT(now.c_cc[VQUIT], modes.c_cc[VQUIT]);
		CHECK_INT(now.c_lflag, old.c_lflag);
		usleep(below(3000));
	}
}

static void resize(void)
{
	struct winsize size = {.ws_row = (unsigned short)(1 + below(100)), .ws_col = 33}, now = {0};
	CHECK_INT(ioctl(0, TIOCSWINSZ, &size), 0);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(ioctl(0, TIOCGWINSZ, &now), 0);
		CHECK_INT(now.ws_row, size.ws_row);
		CHECK_INT(now.ws_col, size.ws_col);
		usleep(below(3000));
	}
}

static void change_the_foreground(void)
{
	CHECK_INT(tcsetpgrp(0, getpgrp()), 0);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(tcgetpgrp(0), getpgrp());
		usleep(below(3000));
	}
}

/* Nothing comes: a read ends by a signal, and only by that. The first one may come before it. */
static void wait_for_input(void)
{
	const struct sigaction action = {.sa_handler = note};
	const struct itimerval never = {.it_value = {0, 0}},
	                       often = {.it_value = {0, (int)(1 + below(40000))}, .it_interval = {0, 40000}};
	char bytes[300];
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
	CHECK_INT(read(0, bytes, sizeof(bytes)), -1);
	CHECK_INT(errno, EINTR);
	CHECK_INT(setitimer(ITIMER_REAL, &never, NULL), 0);
}

static void poll_for_input(void)
{
	struct pollfd entry = {.fd = 0, .events = POLLIN};
	int ready = poll(&entry, 1, (int)below(30));
	CHECK(ready == 0 || (stopped && errno == EINTR));
}

static void (*const works[])(void) = {write_lines,           write_lines,    set_modes,     resize,
                                      change_the_foreground, wait_for_input, poll_for_input};

static const struct load load = {"console", works, sizeof(works) / sizeof(works[0])};

/* ---- Tests ---- */

static struct account before;

/* Reads wait for more bytes than there ever are. */
static void everything_is_as_it_should_be(void)
{
	struct rs_outcome outcome;
	struct termios modes;
	CHECK_INT(tcgetattr(0, &modes), 0);
	modes.c_lflag &= ~(tcflag_t)ICANON;
	modes.c_cc[VMIN] = 255;
	CHECK_INT(tcsetattr(0, TCSAFLUSH, &modes), 0);
	CHECK_INT(rs_restart("console", &outcome), OK);
	load_run_once(&load);
	sleep(1);
	before = account_now();
}

static void nobody_notices_that_the_driver_is_killed(void)
{
	kill_under_load(&load, KILLS);
}

static void everything_is_as_it_was(void)
{
	struct rs_outcome outcome;
	load_run_once(&load);
	CHECK_INT(rs_restart("console", &outcome), OK);
	sleep(1);
	check_account(&before);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(everything_is_as_it_should_be),
	        TEST(nobody_notices_that_the_driver_is_killed),
	        TEST(everything_is_as_it_was),
	};

	load_seed(argc, argv);
	return TAP_RUN(tests);
}
