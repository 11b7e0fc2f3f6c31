/* SPDX-License-Identifier: MIT */
/*
 * Partners for tests of grants: children that do what the test tells them by messages, each from the memory
 * it had when it was started. What they are told to do are functions of the test's, which every child has at
 * the same place.
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

#endif
