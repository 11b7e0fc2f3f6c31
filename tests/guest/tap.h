/* SPDX-License-Identifier: MIT */
/*
 * Tests that run inside the system. A test is a function named after what it shows; what it prints is the
 *Test Anything Protocol. A file's second line may say how it wants to be run:
 *
 *	guest: calls=vircopy machine=qemu,bochs mem=64 timeout=120
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct tap_test {
	const char *name;
	void (*run)(void);
};

#define TEST(function)              \
	{                           \
#function, function \
	}

static int tap_failures; /* of the test that runs */

/* Says what is wrong; the test goes on. */
#define CHECK(condition)           tap_check((condition) != 0, __FILE__, __LINE__, #condition)

#define CHECK_INT(value, expected) tap_check_int(value, expected, __FILE__, __LINE__, #value)

/* Says what is wrong, and ends the test: what follows would make no sense. */
#define REQUIRE(condition)             \
	do {                           \
		if (!CHECK(condition)) \
			return;        \
	} while (0)

/* For the compiler, somebody uses what the pointer points to: what led there can't be left out. */
#define KEEP(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

/* How a child ended, as wait(2) tells it. */
#define CHECK_EXITED(status, code)   CHECK_INT(tap_ending(status), code)
#define CHECK_KILLED(status, signal) CHECK_INT(tap_ending(status), TAP_SIGNAL + (signal))
#define TAP_SIGNAL                   1000

static inline int tap_check(int good, const char *file, int line, const char *text)
{
	if (!good) {
		printf("# %s:%d: not so: %s\n", file, line, text);
		tap_failures++;
	}
	return good;
}

static inline int tap_check_int(long long value, long long expected, const char *file, int line,
                                const char *text)
{
	if (value != expected) {
		printf("# %s:%d: %s is %lld, should be %lld\n", file, line, text, value, expected);
		tap_failures++;
	}
	return value == expected;
}

static inline int tap_ending(int status)
{
	return WIFSIGNALED(status) ? TAP_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static inline int tap_wait(pid_t pid)
{
	int status = -1;
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return status;
}

/* Calls the function in a child, which then exits with 0 if all its checks were good; the parent goes on. */
static inline pid_t tap_start(void (*function)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		tap_failures = 0;
		function();
		fflush(stdout);
		_exit(tap_failures > 0);
	}
	CHECK(pid > 0);
	return pid;
}

/* The same, and waits. Returns how it ended, as wait(2) does. */
static inline int tap_child(void (*function)(void))
{
	pid_t pid = tap_start(function);
	return pid > 0 ? tap_wait(pid) : -1;
}

#define TAP_RUN(tests) tap_run(tests, (int)(sizeof(tests) / sizeof((tests)[0])))

/* ---- The results, one by one ---- */

static int tap_results, tap_failed;

/* So many results will come. Lines go out whole, so that those of children don't mix. */
static inline void tap_plan(int count)
{
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	printf("1..%d\n", count);
}

/* What has been checked since the last result is this one. */
static inline void tap_result(const char *name)
{
	printf("%sok %d - %s\n", tap_failures ? "not " : "", ++tap_results, name);
	tap_failed += tap_failures > 0;
	tap_failures = 0;
}

/* Returns main's exit status. */
static inline int tap_run(const struct tap_test *tests, int count)
{
	tap_plan(count);
	for (int i = 0; i < count; i++) {
		tests[i].run();
		tap_result(tests[i].name);
	}
	return tap_failed > 0;
}

#endif
