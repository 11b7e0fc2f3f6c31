/* SPDX-License-Identifier: MIT */
/* Calls about the system as a whole: its programs, its end, the time used. */
#include <errno.h>
#include <string.h>
#include <granite/sys.h>
#include "pm.h"

int do_program(struct process *caller, const struct pm_program_req *request, struct pm_program_rep *reply)
{
	struct cpio_entry entry;
	int result = archive_entry(request->index, &entry);

	(void)caller;
	if (result != OK)
		return result;
	reply->offset = entry.offset;
	reply->bytes = entry.bytes;
	reply->executable = (uint32_t)cpio_executable(&entry);
	memcpy(reply->name, entry.name, strnlen(entry.name, sizeof(reply->name) - 1));
	return OK;
}

/* Everybody is root so far, and may switch the machine off or reset it. A panic only PM itself declares. */
int do_reboot(struct process *caller, const struct pm_reboot_req *request, struct pm_reboot_rep *reply)
{
	(void)caller;
	(void)reply;
	if (request->how < ABORT_POWEROFF || request->how > ABORT_RESET)
		return -EINVAL;
	return sys_abort((enum abort_how)request->how, request->status);
}

int do_times(struct process *caller, const struct pm_times_req *request, struct pm_times_rep *reply)
{
	(void)request;
	reply->user_nsecs = process_user_nsecs(caller);
	reply->children_nsecs = caller->children_nsecs;
	return OK;
}
