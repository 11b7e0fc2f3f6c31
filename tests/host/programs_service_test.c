/* SPDX-License-Identifier: MIT */
/* links: programs/service/show.c programs/lib/format.c */
/* What `service` says, word by word. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/errno.h>

#include "programs/service/service.h"

#define SEC 1000000000ull

static char text[2 * SHOW_MAX];

static void states_are_told_with_what_belongs_to_them(void **state)
{
	struct rs_status_rep status = {.state = RS_IS_RUNNING};

	(void)state;
	assert_string_equal(show_state(text, &status, 0), "running");
	status.state = RS_IS_DOWN;
	assert_string_equal(show_state(text, &status, 0), "down");
	status.state = RS_IS_GIVEN_UP;
	assert_string_equal(show_state(text, &status, 0), "given up");
	status.state = RS_IS_STOPPING;
	assert_string_equal(show_state(text, &status, 0), "being ended");
	status = (struct rs_status_rep){.state = RS_IS_WAITING, .until_nsecs = 10 * SEC};
	assert_string_equal(show_state(text, &status, 10 * SEC - 400000000), "restarts in 0.40 s");
	assert_string_equal(show_state(text, &status, 11 * SEC), "restarts in 0.00 s");
	status = (struct rs_status_rep){.state = RS_IS_UNSTARTABLE, .problem = RS_NO_PROGRAM};
	assert_string_equal(show_state(text, &status, 0), "can't start");
	assert_string_equal(show_problem(text, status.problem, 0), "its program is not in the archive");
	status =
	        (struct rs_status_rep){.state = RS_IS_UNSTARTABLE, .problem = RS_NO_PROCESS, .error = ENOMEM};
	assert_string_equal(show_problem(text, status.problem, ENOMEM),
	                    "its program gets no process: Cannot allocate memory");
	status = (struct rs_status_rep){.state = 99, .problem = 99};
	assert_string_equal(show_state(text, &status, 0), "?");
	assert_string_equal(show_problem(text, 99, 0), "its program ?");
}

static void ends_are_told(void **state)
{
	(void)state;
	assert_string_equal(show_end(text, (struct rs_end){RS_NOT_ENDED, 0}), "-");
	assert_string_equal(show_end(text, (struct rs_end){RS_EXITED, 3}), "exited 3");
	assert_string_equal(show_end(text, (struct rs_end){RS_KILLED, SIGSEGV}), "killed by SIGSEGV");
	assert_string_equal(show_end(text, (struct rs_end){RS_UNHEARD, SIGKILL}), "did not answer");
	assert_string_equal(show_end(text, (struct rs_end){RS_ASKED_TO, SIGTERM}), "by request: SIGTERM");
	assert_string_equal(show_end(text, (struct rs_end){RS_ASKED_TO, 2 << 8}), "by request: exit 2");
}

static const char *done(enum show_verb verb, enum rs_state was, int pid, uint16_t number)
{
	const struct rs_outcome outcome = {.pid = pid, .was = was, .end = {RS_ASKED_TO, number}};

	return show_done(text, verb, &outcome);
}

static void what_has_been_done_is_told(void **state)
{
	(void)state;
	assert_string_equal(done(SHOW_UP, RS_IS_DOWN, 7, SIGTERM), "is running, process 7");
	assert_string_equal(done(SHOW_UP, RS_IS_RUNNING, 7, 0), "runs already, process 7");
	assert_string_equal(done(SHOW_DOWN, RS_IS_RUNNING, 0, SIGTERM), "is down; it was ended by SIGTERM");
	assert_string_equal(done(SHOW_DOWN, RS_IS_STOPPING, 0, SIGKILL), "is down; it was ended by SIGKILL");
	assert_string_equal(done(SHOW_DOWN, RS_IS_RUNNING, 0, 1 << 8), "is down; it exited with 1");
	assert_string_equal(done(SHOW_DOWN, RS_IS_WAITING, 0, SIGTERM), "is down; it did not run");
	assert_string_equal(done(SHOW_RESTART, RS_IS_RUNNING, 9, SIGTERM),
	                    "is running, process 9; it was ended by SIGTERM");
	assert_string_equal(done(SHOW_RESTART, RS_IS_GIVEN_UP, 9, SIGTERM), "is running, process 9");
}

static void each_refusal_has_words_of_its_own(void **state)
{
	static const int results[] = {-EPERM,  -EACCES,    -ESRCH,       -EINVAL, -ENOEXEC,
	                              -EAGAIN, -ECANCELED, -ECALLDENIED, -EINTR};
	const struct rs_outcome outcome = {.problem = RS_BAD_RIGHTS, .error = EINVAL};
	char said[sizeof(results) / sizeof(results[0])][2 * SHOW_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		strcpy(said[i], show_failure(text, results[i], &outcome));
		assert_true(strlen(said[i]) > 10);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(said[i], said[j]);
	}
	assert_non_null(strstr(said[4], "rights that the kernel refuses: Invalid argument"));
	assert_null(strstr(said[6], "down")); /* to whom wanted it down it says the same as to others */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(states_are_told_with_what_belongs_to_them),
	        cmocka_unit_test(ends_are_told),
	        cmocka_unit_test(what_has_been_done_is_told),
	        cmocka_unit_test(each_refusal_has_words_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
