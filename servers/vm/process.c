/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <granite/abi/priv.h>
#include <granite/sys.h>

#include "vm.h"

static struct process processes[ENDPOINT_SLOTS];

/* Of who lives there; apart, as they are hardly ever asked for. */
static bool services[ENDPOINT_SLOTS], have_reserve[ENDPOINT_SLOTS];

struct process *process_slot(uint32_t slot)
{
	return &processes[slot];
}

struct process *process_find(endpoint_t endpoint)
{
	struct process *process = process_slot(ENDPOINT_SLOT(endpoint));

	return process->space && process->endpoint == endpoint ? process : NULL;
}

struct space *process_space(endpoint_t endpoint)
{
	struct process *process = process_find(endpoint);

	return process ? process->space : NULL;
}

bool process_is_service(const struct process *process)
{
	return services[process - processes];
}

bool process_has_privilege(endpoint_t endpoint, uint32_t flag)
{
	struct proc_info info;
	uint32_t slot = (uint32_t)ENDPOINT_SLOT(endpoint);

	return sys_getinfo(GET_PROCTAB, &info, sizeof(info), slot) == (int)sizeof(info) &&
	       info.endpoint == endpoint && info.priv_flags & flag;
}

bool process_has_reserve(const struct process *process)
{
	return have_reserve[process - processes];
}

void process_becomes_service(const struct process *process)
{
	have_reserve[process - processes] = process_has_privilege(process->endpoint, PRIV_RESERVE);
}

bool process_may_use_reserve(endpoint_t endpoint)
{
	const struct process *process = process_find(endpoint);

	return process && (process_has_reserve(process) || process_has_privilege(endpoint, PRIV_RESERVE));
}

bool process_open_reserve(endpoint_t endpoint)
{
	if (!process_may_use_reserve(endpoint))
		return false;
	memory_open(endpoint == RS_PROC_NR ? RESERVE_NONE : RESERVE_FOR_RS);
	return true;
}

void process_add(endpoint_t endpoint, struct space *space, bool service)
{
	struct process *process = process_slot(ENDPOINT_SLOT(endpoint));

	vmassert(!process->space);
	process->endpoint = endpoint;
	process->space = space;
	services[process - processes] = service;
	have_reserve[process - processes] = service || endpoint == RS_PROC_NR;
	space->endpoint = endpoint;
}

void process_remove(struct process *process)
{
	process->space = NULL;
}
