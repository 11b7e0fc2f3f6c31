/* SPDX-License-Identifier: MIT */
/* links: lib/bridge/fd.c */
/* The table of file descriptors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/bridge/fd.h"

static const struct pm_descriptors first = {.console = {7}};

static int reset(void **state)
{
	(void)state;
	fd_begin(&first);
	return 0;
}

static void a_program_begins_with_what_exec_passed_on(void **state)
{
	const struct pm_descriptors passed = {
	        .console = {1u << 31 | 2}, .files = {4, 1}, .pipes = {0, 1u << 31}};

	(void)state;
	fd_begin(&passed);
	for (int fd = -1; fd <= FD_MAX; fd++) {
		enum fd_kind kind = fd == 1 || fd == 31   ? FD_CONSOLE
		                    : fd == 2 || fd == 32 ? FD_FILE
		                    : fd == 63            ? FD_PIPE
		                                          : FD_CLOSED;

		assert_int_equal(fd_kind(fd), kind);
		assert_int_equal(fd_is_served(fd), kind == FD_FILE || kind == FD_PIPE);
	}
}

static void exec_passes_on_what_it_does_not_close(void **state)
{
	struct pm_descriptors passed = {.console = {~0u}, .server = 42};

	(void)state;
	fd_put(0, FD_PIPE, 0);
	fd_put(1, FD_CONSOLE, FD_CLOSES_ON_EXEC);
	fd_put(33, FD_FILE, 0);
	fd_put(34, FD_FILE, FD_CLOSES_ON_EXEC);
	fd_put(35, FD_LOST, 0);
	fd_pass_on(&passed);
	assert_int_equal(passed.console[0], 4);
	assert_int_equal(passed.console[1], 0);
	assert_int_equal(passed.files[0], 0);
	assert_int_equal(passed.files[1], 2);
	assert_int_equal(passed.pipes[0], 1);
	assert_int_equal(passed.pipes[1], 0);
	assert_int_equal(passed.server, 42);
}

static void the_lowest_closed_one_is_found(void **state)
{
	(void)state;
	assert_int_equal(fd_find_closed(0), 3);
	assert_int_equal(fd_find_closed(10), 10);
	fd_put(1, FD_CLOSED, 0);
	assert_int_equal(fd_find_closed(0), 1);
	assert_int_equal(fd_find_closed(2), 3);
	assert_int_equal(fd_find_closed(FD_MAX), -EINVAL);
	assert_int_equal(fd_find_closed(UINT32_MAX), -EINVAL);
	for (int fd = 0; fd < FD_MAX; fd++)
		fd_put(fd, FD_FILE, 0);
	assert_int_equal(fd_find_closed(0), -EMFILE);
	assert_int_equal(fd_find_closed(FD_MAX - 1), -EMFILE);
}

static void numbers_that_can_not_be_are_closed(void **state)
{
	const int32_t bad[] = {-1, FD_MAX, INT32_MAX, INT32_MIN};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(fd_in_range(bad[i]));
		assert_false(fd_is_open(bad[i]));
		assert_int_equal(fd_get_flags(bad[i]), -EBADF);
	}
}

static void flags_belong_to_one_descriptor(void **state)
{
	(void)state;
	fd_put(7, FD_CONSOLE, FD_CLOSES_ON_EXEC);
	assert_int_equal(fd_get_flags(7), FD_CLOSES_ON_EXEC);
	assert_int_equal(fd_get_flags(1), 0);
	fd_put(7, FD_CLOSED, 0);
	assert_int_equal(fd_get_flags(7), -EBADF);
}

static void a_dead_server_s_descriptors_are_lost_and_keep_their_numbers(void **state)
{
	(void)state;
	fd_put(3, FD_FILE, 0);
	fd_put(4, FD_PIPE, FD_CLOSES_ON_EXEC);
	fd_lose_files();
	assert_int_equal(fd_kind(2), FD_CONSOLE);
	assert_int_equal(fd_kind(3), FD_LOST);
	assert_int_equal(fd_kind(4), FD_LOST);
	assert_int_equal(fd_check(2), 0);
	assert_int_equal(fd_check(3), -EIO);
	assert_int_equal(fd_check(5), -EBADF);
	assert_int_equal(fd_check(FD_MAX), -EBADF);
	assert_int_equal(fd_find_closed(0), 5);
	assert_false(fd_is_served(3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_program_begins_with_what_exec_passed_on, reset),
	        cmocka_unit_test_setup(exec_passes_on_what_it_does_not_close, reset),
	        cmocka_unit_test_setup(the_lowest_closed_one_is_found, reset),
	        cmocka_unit_test_setup(numbers_that_can_not_be_are_closed, reset),
	        cmocka_unit_test_setup(flags_belong_to_one_descriptor, reset),
	        cmocka_unit_test_setup(a_dead_server_s_descriptors_are_lost_and_keep_their_numbers, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
