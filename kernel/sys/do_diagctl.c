/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"
#include "log.h"

/* Characters at a time: a real serial port takes a millisecond for them, and interrupts wait meanwhile. */
#define PIECE 12

/* SYS_DIAGCTL: text for the kernel's log. Errors: EINVAL longer than DIAG_MAX; EFAULT, with some of it
 * written. */
int do_diagctl(struct proc *caller, const struct sys_diagctl_req *request, struct sys_diagctl_rep *reply)
{
	uint32_t left = request->bytes - caller->call_done;
	uint32_t bytes = left < PIECE ? left : PIECE;
	char text[PIECE];
	int result;

	(void)reply;
	if (request->bytes > DIAG_MAX)
		return -EINVAL;
	result = copy_from_caller(caller, request->text + caller->call_done, text, bytes);
	if (result != OK)
		return result;
	klog_text(caller->endpoint, text, bytes);
	caller->call_done += bytes;
	return bytes == left ? OK : KCALL_AGAIN;
}
