/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <granite/sys.h>

#include "vm.h"

static struct process processes[ENDPOINT_SLOTS];
static bool services[ENDPOINT_SLOTS]; /* of who lives there; apart, as it is hardly ever asked for */

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

void process_add(endpoint_t endpoint, struct space *space, bool service)
{
	struct process *process = process_slot(ENDPOINT_SLOT(endpoint));

	vmassert(!process->space);
	process->endpoint = endpoint;
	process->space = space;
	services[process - processes] = service;
	space->endpoint = endpoint;
}

void process_remove(struct process *process)
{
	process->space = NULL;
}
