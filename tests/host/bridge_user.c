/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/bridge/bridge.h"

#include "bridge_user.h"

static uint32_t base;

int user_setup(void **state)
{
	void *memory = mmap(NULL, USER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
	                    -1, 0);

	(void)state;
	if (memory == MAP_FAILED)
		return -1;
	base = (uint32_t)(uintptr_t)memory;
	return 0;
}

uint32_t user_base(void)
{
	return base;
}

void *user_at(uint32_t offset)
{
	return (void *)(uintptr_t)(base + offset);
}

/* Stands in for user.S: whatever lies outside is either the bridge's own or no memory. */
static int is_nowhere(const void *address)
{
	return (uintptr_t)address < 0x10000;
}

int32_t user_copy(void *to, const void *from, uint32_t bytes)
{
	if (is_nowhere(to) || is_nowhere(from))
		return -EFAULT;
	memcpy(to, from, bytes);
	return 0;
}

int32_t user_strnlen(const char *string, uint32_t max)
{
	return is_nowhere(string) ? -EFAULT : (int32_t)strnlen(string, max);
}
