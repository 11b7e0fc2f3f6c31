/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>
#include <granite/abi/pm.h>
#include <string.h>

#include "bridge.h"
#include "exec.h"

int32_t exec_measure(const uint32_t *words, uint32_t *count, uint32_t *bytes)
{
	for (; words && *words; words++) {
		uint32_t length = strnlen(user_pointer(*words), PM_ARGS_MAX) + 1;

		if (length > PM_ARGS_MAX - *bytes)
			return -E2BIG;
		*bytes += length;
		*count += 1;
	}
	return OK;
}

char *exec_pack(const uint32_t *words, char *to)
{
	for (; words && *words; words++)
		to = stpcpy(to, user_pointer(*words)) + 1;
	return to;
}
