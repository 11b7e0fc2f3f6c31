/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "kcall.h"
#include "log.h"

/* SYS_DIAGCTL: text for the kernel's log. Errors: EINVAL longer than DIAG_MAX; EFAULT. */
int do_diagctl(struct proc *caller, const struct sys_diagctl_req *request, struct sys_diagctl_rep *reply)
{
	char text[DIAG_MAX];
	int result;

	(void)reply;
	if (request->bytes > DIAG_MAX)
		return -EINVAL;
	result = copy_from_caller(caller, request->text, text, request->bytes);
	if (result == OK)
		klog_bytes(text, request->bytes);
	return result;
}
