/* SPDX-License-Identifier: MIT */
/* The machine as DS reaches it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/rs.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "ds.h"
#include "ranges.h"

int lent_read(endpoint_t client, cp_grant_id_t grant, void *buffer, uint32_t bytes)
{
	return sys_safecopyfrom(client, grant, 0, (vir_bytes)(uintptr_t)buffer, bytes);
}

int lent_write(endpoint_t client, cp_grant_id_t grant, const void *buffer, uint32_t bytes)
{
	return sys_safecopyto(client, grant, 0, (vir_bytes)(uintptr_t)buffer, bytes);
}

/* ---- Memory ---- */

int memory_present(void *memory, uint32_t bytes, int grows)
{
	vir_bytes start = (vir_bytes)(uintptr_t)memory & -PAGE_SIZE;
	vir_bytes end = ((vir_bytes)(uintptr_t)memory + bytes + PAGE_SIZE - 1) & -PAGE_SIZE;

	return grows ? vm_populate_spare(start, end - start) : vm_populate(start, end - start);
}

int memory_is_spare(uint32_t bytes)
{
	struct vm_info_rep info;

	return vm_info(&info) == OK && info.spare >= bytes / PAGE_SIZE;
}

/* ---- Ranges ---- */

int memory_map(endpoint_t from, cp_grant_id_t grant, uint32_t address, uint32_t bytes, int writable)
{
	return sys_safemap(from, grant, 0, address, bytes, writable);
}

void memory_unmap(uint32_t address, uint32_t bytes)
{
	GRANITE_IGNORE(vm_munmap(address, bytes)); /* whole pages of DS's own: that can't be refused */
}

int memory_is_lent(uint32_t address, uint32_t bytes)
{
	struct vm_region_rep region;

	return vm_region(SELF, address, &region) == OK && region.type == REGION_LENT &&
	       region.start == address && region.end == address + bytes;
}

int memory_next(uint32_t *start, uint32_t *end)
{
	struct vm_region_rep region;

	if (*start >= RANGES_END || vm_region(SELF, *start, &region) != OK || region.start >= RANGES_END)
		return 0;
	if (region.start > *start)
		*start = region.start;
	*end = region.end;
	return 1;
}

/* By a grant to itself: it needs no right over anybody's memory for that. */
static int copy_own(uint32_t from, uint32_t to, uint32_t bytes)
{
	endpoint_t self = sys_self();
	cp_grant_id_t grant = cpf_grant_direct(self, from, bytes, CPF_READ);
	int result;

	if (!GRANT_VALID(grant))
		return -errno;
	result = sys_safecopyfrom(self, grant, 0, to, bytes);
	cpf_revoke(grant);
	return result;
}

int memory_snapshot(uint32_t from, uint32_t address, uint32_t bytes)
{
	char name[VM_KEEP_NAME_MAX];
	int result;

	snprintf(name, sizeof(name), "s%08x", (unsigned)address);
	result = vm_keep(name, address, bytes, NULL);
	if (result == OK)
		result = vm_populate_spare(address, bytes);
	return result == OK ? copy_own(from, address, bytes) : result;
}

cp_grant_id_t memory_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable)
{
	cp_grant_id_t grant =
	        cpf_grant_direct(to, address, bytes, CPF_READ | CPF_MAP | (writable ? CPF_WRITE : 0));

	return GRANT_VALID(grant) ? grant : -errno;
}

void memory_take_back(cp_grant_id_t grant)
{
	cpf_revoke(grant);
}

/* VM can always say; should it not, nothing is taken back. */
int memory_is_held(cp_grant_id_t grant)
{
	return vm_is_held(grant) != 0;
}

int memory_copy(endpoint_t client, cp_grant_id_t grant, uint32_t address, uint32_t bytes)
{
	return sys_safecopyto(client, grant, 0, address, bytes);
}

/* ---- Others ---- */

void peer_notify(endpoint_t endpoint)
{
	ipc_notify(endpoint);
}

int peer_set_alarm(uint32_t nsecs)
{
	return sys_setalarm(nsecs, 0, NULL) == OK;
}

int peer_answer(endpoint_t client, int result, const void *reply, uint32_t bytes)
{
	return server_reply(client, result, reply, bytes);
}

int process_lives(endpoint_t endpoint)
{
	struct proc_info info;
	uint32_t slot = (uint32_t)ENDPOINT_SLOT(endpoint);

	return sys_getinfo(GET_PROCTAB, &info, sizeof(info), slot) == (int)sizeof(info) &&
	       info.endpoint == endpoint;
}

static int state_returns(uint32_t state)
{
	return state == RS_IS_RUNNING || state == RS_IS_STOPPING || state == RS_IS_WAITING;
}

/* RS waits for nobody who might wait for DS, so it can be asked. */
int service_label(endpoint_t endpoint, char label[PROC_NAME_MAX])
{
	return rs_label(endpoint, label);
}

/* A label of nobody it knows is nobody's. */
int service_returns(const char *label)
{
	struct rs_status_rep status;

	for (uint32_t i = 0; rs_status(i, &status) == OK; i++)
		if (strcmp(status.label, label) == 0)
			return state_returns(status.state);
	return 0;
}
