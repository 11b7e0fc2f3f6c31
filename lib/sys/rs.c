/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <granite/rs.h>

endpoint_t rs_lookup(const char *label)
{
	union rs_lookup_message call;
	size_t length = strnlen(label, PROC_NAME_MAX);
	int result;

	if (length == PROC_NAME_MAX)
		return -EINVAL;
	call.req = (struct rs_lookup_req){.label = ""};
	memcpy(call.req.label, label, length);
	result = rs_lookup_call(&call);
	return result == OK ? call.rep.endpoint : result;
}
