/* SPDX-License-Identifier: MIT */
/* The machine as ramfs reaches it. */
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/rs.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "ramfs.h"

int lent_read(endpoint_t client, cp_grant_id_t grant, uint32_t offset, void *buffer, uint32_t bytes)
{
	return sys_safecopyfrom(client, grant, offset, (vir_bytes)(uintptr_t)buffer, bytes);
}

int lent_write(endpoint_t client, cp_grant_id_t grant, uint32_t offset, const void *buffer, uint32_t bytes)
{
	return sys_safecopyto(client, grant, offset, (vir_bytes)(uintptr_t)buffer, bytes);
}

int process_lives(endpoint_t endpoint)
{
	struct proc_info info;
	uint32_t slot = (uint32_t)ENDPOINT_SLOT(endpoint);

	return sys_getinfo(GET_PROCTAB, &info, sizeof(info), slot) == (int)sizeof(info) &&
	       info.endpoint == endpoint;
}

int process_is_service(endpoint_t endpoint)
{
	char label[PROC_NAME_MAX];

	return rs_label(endpoint, label) == OK;
}

uint64_t uptime_now(void)
{
	uint64_t uptime;

	return sys_clock(&uptime, NULL) == OK ? uptime : 0;
}

/* It is refused to nobody. */
void alarm_set(uint64_t when)
{
	GRANITE_IGNORE(sys_setalarm(when, 1, NULL));
}

int memory_ready(void *address, size_t bytes)
{
	uintptr_t start = (uintptr_t)address & ~(PAGE_SIZE - 1u), end = (uintptr_t)address + bytes;

	return bytes == 0 || vm_populate(start, end - start) == OK;
}

int memory_spare(void *address, size_t bytes)
{
	return vm_populate_spare((uintptr_t)address, bytes) == OK;
}

void *volatile_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}
