/* SPDX-License-Identifier: MIT */
/* Which function does what clients ask. The server's own table in main.c comes before it: see there. */
#include <errno.h>

#include "ds.h"

int ds_serve(endpoint_t caller, int32_t operation, const void *request, void *reply)
{
	switch (operation) {
#define OP(number, NAME, name) \
	case NAME:             \
		return do_##name(caller, request, reply);
#include <granite/abi/ops/ds.def>
#undef OP
	default:
		return -EBADCALL;
	}
}
