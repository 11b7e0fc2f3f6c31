/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

void sys_yield(void)
{
	union sys_yield_message call;

	GRANITE_IGNORE(sys_yield_call(&call)); /* who may not yield goes on at once, which is as good */
}
