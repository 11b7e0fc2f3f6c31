/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

void sys_yield(void)
{
	union sys_yield_message call;
	int result = sys_yield_call(&call);

	(void)result; /* when it may not yield, going on at once is as good */
}
