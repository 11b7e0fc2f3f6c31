/* SPDX-License-Identifier: MIT */
/* The machine as PM reaches it, where <granite/sys.h> and <granite/vm.h> have no function for it. */
#include <cpuid.h>
#include <string.h>
#include <granite/abi/server.h>
#include <granite/ipc.h>
#include <granite/sys.h>
#include "pm.h"

int memory_read(endpoint_t from, vir_bytes address, void *buffer, uint32_t bytes)
{
	return sys_vircopy(from, address, SELF, (vir_bytes)(uintptr_t)buffer, bytes, 0);
}

int memory_peek(endpoint_t from, vir_bytes address, void *buffer, uint32_t bytes)
{
	return sys_vircopy(from, address, SELF, (vir_bytes)(uintptr_t)buffer, bytes, VIRCOPY_TRY);
}

int memory_write(endpoint_t to, vir_bytes address, const void *buffer, uint32_t bytes)
{
	return sys_vircopy(SELF, (vir_bytes)(uintptr_t)buffer, to, address, bytes, 0);
}

void peer_notify_rs(void)
{
	ipc_notify(RS_PROC_NR);
}

void peer_notify(endpoint_t endpoint)
{
	ipc_notify(endpoint);
}

void peer_notify_later(endpoint_t endpoint)
{
	ipc_notify_later(endpoint);
}

int peer_cancel(endpoint_t server, endpoint_t caller)
{
	const struct server_cancel_req request = {.endpoint = caller};
	struct message m = {.m_type = SERVER_CANCEL};

	memcpy(m.m_bytes, &request, sizeof(request));
	return ipc_senda(server, &m);
}

uint32_t processor_features(void)
{
	unsigned eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) ? edx : 0;
}
