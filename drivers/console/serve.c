/* SPDX-License-Identifier: MIT */
/* How a request is carried out. Killed while it is, too often, it is not tried again: <granite/once.h>. */
#include "console.h"
#include "kept.h"

uint64_t request_serial;

#define OP(number, NAME, name)                                                       \
	static int serve_##name(endpoint_t caller, const void *request, void *reply) \
	{                                                                            \
		int result;                                                          \
                                                                                     \
		request_serial = once_serial(request);                               \
		result = once_try(&kept->trial, caller, request_serial);             \
		if (result != OK)                                                    \
			return result;                                               \
		result = do_##name(caller, request, reply);                          \
		once_survived(&kept->trial);                                         \
		return result;                                                       \
	}
#include <granite/abi/ops/console.def>
#undef OP

static const struct server_op calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(CONSOLE_BASE, NAME, name)
#include <granite/abi/ops/console.def>
#undef OP
};

const struct server_table console_calls = SERVER_TABLE(CONSOLE_BASE, calls);
