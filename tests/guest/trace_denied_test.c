/* SPDX-License-Identifier: MIT */
/* The trace shows what others say to each other: it is not for everybody. */
#include <granite/sys.h>

#include "tap.h"

static void without_the_right_there_is_no_trace(void)
{
	struct trace_record record;
	struct trace_span span;
	CHECK_INT(sys_trace_set(TRACE_ALL, &span), -ECALLDENIED);
	CHECK_INT(sys_trace_set(0, &span), -ECALLDENIED);
	CHECK_INT(sys_trace_read(0, &record, 1, &span), -ECALLDENIED);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(without_the_right_there_is_no_trace),
	};
	return TAP_RUN(tests);
}
