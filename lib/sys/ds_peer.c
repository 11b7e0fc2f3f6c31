/* SPDX-License-Identifier: MIT */
#include <granite/abi/ds_label.h>
#include <granite/rs.h>

#include "ds_peer.h"
#include "grant_table.h"

int ds_peer_call(endpoint_t ds, int32_t operation, struct message *m)
{
	return call_server(ds, operation, m);
}

endpoint_t ds_peer_find(int wait, endpoint_t dead)
{
	return wait ? rs_await_intr(DS_LABEL_SERVICE, dead, UINT64_MAX) : rs_lookup(DS_LABEL_SERVICE);
}

cp_grant_id_t ds_peer_lend(endpoint_t ds, const void *memory, size_t bytes, int access)
{
	const struct cp_grant content = grant_direct(ds, (vir_bytes)(uintptr_t)memory, bytes, access);

	return grant_table_add(&content);
}

void ds_peer_take_back(cp_grant_id_t grant)
{
	grant_table_remove(grant);
}

int ds_peer_map(endpoint_t ds, cp_grant_id_t grant, void *address, size_t bytes, int writable)
{
	return sys_safemap(ds, grant, 0, (vir_bytes)(uintptr_t)address, bytes, writable);
}

uint64_t ds_peer_now(void)
{
	uint64_t uptime;

	return sys_clock(&uptime, NULL) == OK ? uptime : 1;
}
