/* SPDX-License-Identifier: MIT */
/*
 * Partners for tests of grants: children that do what the test tells them by messages, each from the memory
 * it had when it was started. What they are told to do are functions, which every child has at the same
 * place: the test's own, or those at the end of this file.
 */
#ifndef GUEST_LENDING_H
#define GUEST_LENDING_H

#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/vm.h>

#include "tap.h"

#define AT(pointer) ((vir_bytes)(uintptr_t)(pointer))
#define RW          (PROT_READ | PROT_WRITE)

/* Two numbers of 32 bits in an argument. */
#define PAIR(low, high) ((int64_t)((uint64_t)(uint32_t)(low) | (uint64_t)(uint32_t)(high) << 32))
#define LOW(pair)       ((uint32_t)(pair))
#define HIGH(pair)      ((uint32_t)((uint64_t)(pair) >> 32))

struct partner {
	pid_t pid;
	endpoint_t endpoint;
};

/* What a partner does; the arguments are the test's own business. */
typedef int64_t lending_task(int64_t a, int64_t b, int64_t c, int64_t d);

struct lending_order {
	int64_t a, b, c, d;
	uint32_t task;
};

static endpoint_t lending_parent;

static inline void *lending_pages(unsigned pages)
{
	void *block = mmap(NULL, pages * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return block == MAP_FAILED ? NULL : block;
}

static inline void lending_serve(void)
{
	struct message m;
	for (;;) {
		struct lending_order order;
		if (ipc_receive(lending_parent, &m, NULL) != OK)
			return;
		memcpy(&order, m.m_bytes, sizeof(order));
		int64_t result = ((lending_task *)(uintptr_t)order.task)(order.a, order.b, order.c, order.d);
		memcpy(m.m_bytes, &result, sizeof(result));
		if (ipc_send(lending_parent, &m) != OK)
			return;
	}
}

static inline struct partner lending_start(void)
{
	lending_parent = sys_self();
	pid_t pid = tap_start(lending_serve);
	return (struct partner){pid, pm_endpoint(pid)};
}

static inline void lending_end(struct partner partner)
{
	CHECK_INT(kill(partner.pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(partner.pid), SIGKILL);
}

/* Has the partner begin something. */
static inline void lending_order(struct partner partner, lending_task *task, int64_t a, int64_t b, int64_t c,
                                 int64_t d)
{
	struct lending_order order = {a, b, c, d, (uint32_t)(uintptr_t)task};
	struct message m = {0};
	memcpy(m.m_bytes, &order, sizeof(order));
	CHECK_INT(ipc_send(partner.endpoint, &m), OK);
}

/* What that has come to; -EDEADSRCDST: its end. */
static inline int64_t lending_result(struct partner partner)
{
	struct message m = {0};
	int64_t result;
	if (ipc_receive(partner.endpoint, &m, NULL) != OK)
		return -EDEADSRCDST;
	memcpy(&result, m.m_bytes, sizeof(result));
	return result;
}

/* Has the partner do something, and gives its result. */
static inline int64_t lending_do(struct partner partner, lending_task *task, int64_t a, int64_t b, int64_t c,
                                 int64_t d)
{
	lending_order(partner, task, a, b, c, d);
	return lending_result(partner);
}

/* ---- Tasks that many tests give ---- */

/* Fresh pages of its own. */
static inline int64_t map_own(int64_t address, int64_t bytes, int64_t prot, int64_t unused)
{
	vir_bytes place;
	(void)unused;
	return vm_mmap((vir_bytes)address, (size_t)bytes, (int)prot, VM_MAP_FIXED, &place);
}

static inline int64_t unmap_grant(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return sys_safeunmap((vir_bytes)address);
}

/* Memory of its own, or what it has mapped. */
static inline int64_t grant_memory(int64_t who_to, int64_t address, int64_t bytes, int64_t access)
{
	return cpf_grant_direct((endpoint_t)who_to, (vir_bytes)address, (size_t)bytes, (int)access);
}

/* All of what it has been granted. */
static inline int64_t pass_on(int64_t who_to, int64_t who_from, int64_t grant, int64_t unused)
{
	(void)unused;
	return cpf_grant_indirect((endpoint_t)who_to, (endpoint_t)who_from, grant);
}

static inline int64_t revoke(int64_t grant, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return cpf_revoke(grant);
}

static inline int64_t revoke_mappings(int64_t grant, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return sys_saferevmap_gid(grant);
}

static inline int64_t revoke_address(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return sys_saferevmap_addr((vir_bytes)address);
}

#endif
