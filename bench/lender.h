/* SPDX-License-Identifier: MIT */
/*
 * Another process that grants its memory to the one that measures, and does as it is told. Both have page
 * tables, and all pages are present and, once made dirty, nobody else's.
 */
#ifndef BENCH_LENDER_H
#define BENCH_LENDER_H

#include <string.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>

#include "measure.h"

#define LARGEST (1 << 20)
#define SHIFT   64 /* bytes by which the caller's memory lies differently in its pages */

static char memory[LARGEST + PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static endpoint_t parent, other;
static cp_grant_id_t grant;

#define AT(pointer) ((vir_bytes)(uintptr_t)(pointer))

/* ---- The other process ---- */

static inline void tell_parent(cp_grant_id_t id)
{
	struct message m = {0};

	memcpy(m.m_bytes, &id, sizeof(id));
	REQUIRE(ipc_send(parent, &m) == OK);
}

static inline void dirty(void)
{
	for (uint32_t at = 0; at < LARGEST; at += PAGE_SIZE)
		memory[at]++;
}

enum order { DIRTY, MAP, UNMAP };

static inline int64_t obey(enum order order, cp_grant_id_t id)
{
	switch (order) {
	case DIRTY:
		dirty();
		return OK;
	case MAP:
		REQUIRE(sys_safemap(parent, id, 0, AT(memory), LARGEST, 0) == OK);
		return memory[0];
	default:
		REQUIRE(munmap(memory, LARGEST) == 0);
		return OK;
	}
}

/* Grants its memory to the parent, then does as it is told. */
static inline void serve(uint32_t unused)
{
	struct message m = {0};

	(void)unused;
	memset(memory, 'x', sizeof(memory));
	grant = cpf_grant_direct(parent, AT(memory), LARGEST, CPF_READ | CPF_WRITE | CPF_MAP);
	REQUIRE(GRANT_VALID(grant));
	tell_parent(grant);
	for (;;) {
		REQUIRE(ipc_receive(parent, &m, NULL) == OK);
		memcpy(&grant, m.m_bytes, sizeof(grant));
		obey((enum order)m.m_type, grant);
		REQUIRE(ipc_send(parent, &m) == OK);
	}
}

static inline void order(enum order what, cp_grant_id_t id)
{
	struct message m = {.m_type = what};

	memcpy(m.m_bytes, &id, sizeof(id));
	REQUIRE(ipc_sendrec(other, &m) == OK);
}

static inline void start_lender(void)
{
	struct message m;

	parent = sys_self();
	other = bench_start(serve, 0, NULL);
	memset(memory, 'y', sizeof(memory));
	REQUIRE(ipc_receive(other, &m, NULL) == OK);
	memcpy(&grant, m.m_bytes, sizeof(grant));
	bench_settle();
	REQUIRE(sys_safecopyfrom(other, grant, 0, AT(memory) + SHIFT, LARGEST) == OK);
	REQUIRE(memory[SHIFT] == 'x' && memory[SHIFT + LARGEST - 1] == 'x');
}

static inline void make_all_dirty(void)
{
	dirty();
	order(DIRTY, 0);
}

#endif
