/* SPDX-License-Identifier: MIT */
/* The machine as DS reaches it. */
#include <errno.h>
#include <string.h>
#include <granite/grant.h>
#include <granite/rs.h>
#include <granite/sys.h>

#include "ds.h"

int lent_read(endpoint_t client, cp_grant_id_t grant, void *buffer, uint32_t bytes)
{
	return sys_safecopyfrom(client, grant, 0, (vir_bytes)(uintptr_t)buffer, bytes);
}

int lent_write(endpoint_t client, cp_grant_id_t grant, const void *buffer, uint32_t bytes)
{
	return sys_safecopyto(client, grant, 0, (vir_bytes)(uintptr_t)buffer, bytes);
}

void peer_notify(endpoint_t endpoint)
{
	ipc_notify(endpoint);
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

/* RS waits for nobody who might wait for DS, so it can be asked. A label of nobody it knows is nobody's. */
int service_returns(const char *label)
{
	struct rs_status_rep status;

	for (uint32_t i = 0; rs_status(i, &status) == OK; i++)
		if (strcmp(status.label, label) == 0)
			return state_returns(status.state);
	return 0;
}
