/* SPDX-License-Identifier: MIT */
/* links: lib/bridge/fd.c */
/* The table of file descriptors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/bridge/fd.h"

/* As a new program has it. */
static int reset(void **state)
{
	(void)state;
	for (int fd = 3; fd < FD_MAX; fd++)
		if (fd_is_open(fd))
			assert_int_equal(fd_close(fd), 0);
	for (int fd = 0; fd < 3; fd++)
		assert_true(fd_is_open(fd));
	return 0;
}

static void a_duplicate_is_the_lowest_free_one(void **state)
{
	(void)state;
	assert_int_equal(fd_duplicate(1, 0, 0), 3);
	assert_int_equal(fd_duplicate(1, 0, 0), 4);
	assert_int_equal(fd_close(3), 0);
	assert_int_equal(fd_duplicate(4, 0, 0), 3);
	assert_int_equal(fd_duplicate(4, 10, 0), 10);
}

static void what_is_not_open_is_refused(void **state)
{
	const int32_t bad[] = {-1, 3, FD_MAX, INT32_MAX, INT32_MIN};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(fd_is_open(bad[i]));
		assert_int_equal(fd_close(bad[i]), -EBADF);
		assert_int_equal(fd_duplicate(bad[i], 0, 0), -EBADF);
		assert_int_equal(fd_duplicate_to(bad[i], 5, 0), -EBADF);
		assert_int_equal(fd_get_flags(bad[i]), -EBADF);
		assert_int_equal(fd_set_flags(bad[i], 0), -EBADF);
	}
	assert_int_equal(fd_duplicate(1, FD_MAX, 0), -EINVAL);
	assert_int_equal(fd_duplicate(1, UINT32_MAX, 0), -EINVAL);
	assert_int_equal(fd_duplicate_to(1, -1, 0), -EBADF);
	assert_int_equal(fd_duplicate_to(1, FD_MAX, 0), -EBADF);
}

static void a_full_table_is_emfile(void **state)
{
	(void)state;
	for (int fd = 3; fd < FD_MAX; fd++)
		assert_int_equal(fd_duplicate(0, 0, 0), fd);
	assert_int_equal(fd_duplicate(0, 0, 0), -EMFILE);
	assert_int_equal(fd_duplicate(0, FD_MAX - 1, 0), -EMFILE);
}

static void flags_belong_to_one_descriptor(void **state)
{
	(void)state;
	assert_int_equal(fd_duplicate_to(1, 7, FD_CLOSES_ON_EXEC), 7);
	assert_int_equal(fd_get_flags(7), FD_CLOSES_ON_EXEC);
	assert_int_equal(fd_get_flags(1), 0);
	assert_int_equal(fd_set_flags(7, 0), 0);
	assert_int_equal(fd_get_flags(7), 0);
	assert_true(fd_is_open(7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_duplicate_is_the_lowest_free_one, reset),
	        cmocka_unit_test_setup(what_is_not_open_is_refused, reset),
	        cmocka_unit_test_setup(a_full_table_is_emfile, reset),
	        cmocka_unit_test_setup(flags_belong_to_one_descriptor, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
