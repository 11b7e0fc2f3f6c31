/* SPDX-License-Identifier: MIT */
/* The terminal of a full-screen program. See terminal.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "keys.h"
#include "screen.h"
#include "terminal.h"

#define SIZE_MAX_TOLD 1000 /* rows or columns */
#define ANSWER_MSECS  200  /* a terminal has answered within this time, or never will */
#define HIDE_CURSOR   "\033[?25l"
#define ERASE_SCREEN  "\033[2J"
#define SHOW_CURSOR   "\033[?25h"

static struct termios modes; /* as they were */
static int is_taken;         /* the modes are ours now */
static int is_strange;       /* what is on the screen is not what we have put there */
static struct keys keys;

/* Whether the terminal tells its size: one that has not answered once is not asked again. */
static enum { ASK, ASKED, NEVER_ASK } answers;

static void put(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, text, length);
		if (written < 0 && errno != EINTR)
			return;
		text += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

/* ---- Taking and leaving ---- */

/* In the background a change of modes would spoil them for the program in front: so this one stops first. */
static void wait_for_foreground(void)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);
	if (front > 0 && front != getpgrp())
		(void)kill(0, SIGTTOU);
}

static int set_raw(void)
{
	struct termios raw = modes;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static int take(void)
{
	wait_for_foreground();
	if (tcgetattr(STDIN_FILENO, &modes) != 0 || set_raw() != 0)
		return -1;
	is_taken = is_strange = 1;
	put_text(HIDE_CURSOR);
	return 0;
}

/* A driver that was started anew knows neither the modes nor whom its keys are for. */
static void take_from_new_driver(void)
{
	struct termios now;
	if (tcgetattr(STDIN_FILENO, &now) != 0 || !(now.c_lflag & ICANON))
		return;
	(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	(void)set_raw();
	is_strange = 1;
}

/* What the terminal still has to answer must not look as if it were typed at the prompt. */
static void await_answer(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	unsigned char byte;
	while (answers == ASKED && poll(&input, 1, ANSWER_MSECS) == 1 && read(STDIN_FILENO, &byte, 1) == 1)
		if (keys_take(&keys, byte) == KEYS_SIZE)
			answers = ASK;
}

static void leave(void)
{
	unsigned rows, columns;
	char below[32];
	if (!is_taken)
		return;
	await_answer();
	is_taken = 0;
	terminal_size(&rows, &columns);
	snprintf(below, sizeof(below), "\033[%u;1H\033[K", rows);
	put_text(below);
	put_text(SHOW_CURSOR);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

/* ---- Signals ---- */

static volatile sig_atomic_t ends_by, stops, redraws; /* what came and is still to be acted on */

/* Where a wait goes on when a signal comes, so that none is lost between looking and waiting. */
static sigjmp_buf waiting;
static volatile sig_atomic_t waits;

static void note(int signal)
{
	if (signal == SIGTSTP)
		stops = 1;
	else if (signal == SIGWINCH)
		redraws = 1;
	else
		ends_by = signal;
	if (waits) {
		waits = 0;
		siglongjmp(waiting, 1);
	}
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
	struct sigaction action = {.sa_handler = note};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaddset(&action.sa_mask, signals[i]);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &action, NULL);
}

/* Lets the signal do what it does without a handler. */
static void obey(int number)
{
	struct sigaction ours, plain = {.sa_handler = SIG_DFL};
	(void)sigaction(number, &plain, &ours);
	(void)raise(number);
	(void)sigaction(number, &ours, NULL);
}

/* Acts on what came. Returns 1 if the screen must be drawn again. */
static int act_on_signals(void)
{
	if (ends_by) {
		leave();
		obey(ends_by);
		exit(EXIT_FAILURE);
	}
	int redraw = redraws || stops;
	is_strange |= redraw;
	redraws = 0;
	if (stops) {
		stops = 0;
		leave();
		obey(SIGTSTP);
		if (take() != 0)
			exit(EXIT_FAILURE);
	}
	return redraw;
}

int terminal_open(void)
{
	if (take() != 0)
		return -1;
	(void)atexit(leave);
	catch_signals();
	return 0;
}

/* ---- Showing ---- */

/* In one write: so the terminal has it all at once. */
void terminal_show(const char *text)
{
	unsigned rows, columns;
	char *screen = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&screen, &length);
	take_from_new_driver();
	terminal_size(&rows, &columns);
	if (!out)
		return;
	fputs(is_strange ? ERASE_SCREEN : "", out);
	is_strange = 0;
	screen_draw(out, text, rows, columns);
	fputs(answers == ASK ? KEYS_ASK_SIZE : "", out);
	if (answers == ASK)
		answers = ASKED;
	if (fclose(out) == 0)
		put(screen, length);
	free(screen);
}

/* ---- Keys ---- */

/* The terminal has told its size: the system is to know it too. Returns 1 if it is a new one. */
static int learn_size(void)
{
	unsigned rows, columns;
	struct winsize size = {.ws_row = (unsigned short)keys.rows, .ws_col = (unsigned short)keys.columns};
	answers = ASK;
	terminal_size(&rows, &columns);
	if ((keys.rows == rows && keys.columns == columns) || keys.rows > SIZE_MAX_TOLD ||
	    keys.columns > SIZE_MAX_TOLD)
		return 0;
	(void)ioctl(STDOUT_FILENO, TIOCSWINSZ, &size);
	redraws = 0; /* the signal that this sends to us */
	is_strange = 1;
	return 1;
}

/* Returns a key, TERMINAL_REDRAW, or KEYS_NOTHING: no key is complete yet. */
static int read_key(void)
{
	unsigned char byte;
	ssize_t bytes = read(STDIN_FILENO, &byte, 1);
	if (bytes == 0 || (bytes < 0 && errno != EINTR))
		exit(EXIT_FAILURE); /* nobody can type any more */
	if (bytes < 0)
		return KEYS_NOTHING;
	int key = keys_take(&keys, byte);
	if (key == KEYS_SIZE)
		return learn_size() ? TERMINAL_REDRAW : KEYS_NOTHING;
	return key;
}

/* Returns as poll(2); below 0 also when a signal came before. */
static int wait_for_input(long msecs)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int result = -1;
	if (sigsetjmp(waiting, 1) != 0)
		return -1;
	waits = 1;
	if (!ends_by && !stops && !redraws)
		result = poll(&input, 1, (int)msecs);
	waits = 0;
	return result;
}

static long msecs_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

int terminal_key(long msecs)
{
	long end = msecs_now() + msecs;
	for (;;) {
		long left = end - msecs_now();
		int ready = wait_for_input(left > 0 ? left : 0);
		if (act_on_signals())
			return TERMINAL_REDRAW;
		if (ready == 0)
			break;
		int key = ready > 0 ? read_key() : KEYS_NOTHING;
		if (key != KEYS_NOTHING)
			return key;
	}
	if (answers == ASKED && msecs >= ANSWER_MSECS)
		answers = NEVER_ASK;
	return TERMINAL_TIME_OVER;
}
