/* SPDX-License-Identifier: MIT */
/* The strings of a new program: see exec.h. */
#include <granite/abi/errno.h>
#include <granite/abi/pm.h>

#include "bridge.h"
#include "exec.h"

/* The address in place `index` of a list of strings. */
static int32_t get_string(uint32_t list, uint32_t index, uint32_t *string)
{
	return user_get(string, list + index * sizeof(*string), sizeof(*string));
}

static int32_t measure_string(uint32_t string, uint32_t *bytes)
{
	uint32_t room = PM_ARGS_MAX - *bytes;
	int32_t length = user_strnlen(user_pointer(string), room);

	if (length < 0)
		return length;
	if ((uint32_t)length == room)
		return -E2BIG;
	*bytes += (uint32_t)length + 1;
	return OK;
}

int32_t exec_measure(uint32_t list, uint32_t *count, uint32_t *bytes)
{
	uint32_t string;
	int32_t result = OK;

	for (uint32_t i = 0; list && result == OK; i++) {
		result = get_string(list, i, &string);
		if (result == OK && !string)
			break;
		if (result == OK)
			result = measure_string(string, bytes);
		*count += result == OK;
	}
	return result;
}

static int32_t pack_string(uint32_t string, char **to)
{
	int32_t length = user_strnlen(user_pointer(string), PM_ARGS_MAX);
	int32_t result;

	if (length < 0)
		return length;
	result = user_get(*to, string, (uint32_t)length + 1);
	*to += length + 1;
	return result;
}

/* Nothing else runs in the process: the strings are as they were when exec_measure saw them. */
int32_t exec_pack(uint32_t list, uint32_t count, char **to)
{
	uint32_t string;
	int32_t result = OK;

	for (uint32_t i = 0; i < count && result == OK; i++) {
		result = get_string(list, i, &string);
		if (result == OK)
			result = pack_string(string, to);
	}
	return result;
}
