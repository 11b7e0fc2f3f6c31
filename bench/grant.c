/* SPDX-License-Identifier: MIT */
/*
 * Grants. `safecopy` copies from another process's memory to the caller's; both have page tables, all pages
 * are present, and nothing is shared. The ranges lie differently in their pages, so bytes are really copied.
 */
#define _GNU_SOURCE
#include <string.h>
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

static void tell_parent(cp_grant_id_t id)
{
	struct message m = {0};

	memcpy(m.m_bytes, &id, sizeof(id));
	REQUIRE(ipc_send(parent, &m) == OK);
}

static void lend_and_idle(uint32_t access)
{
	memset(memory, 'x', sizeof(memory));
	grant = cpf_grant_direct(parent, AT(memory), LARGEST, (int)access);
	REQUIRE(GRANT_VALID(grant));
	tell_parent(grant);
	bench_idle(0);
}

static void start_lender(void)
{
	struct message m;

	parent = sys_self();
	other = bench_start(lend_and_idle, CPF_READ | CPF_WRITE, NULL);
	memset(memory, 'y', sizeof(memory));
	REQUIRE(ipc_receive(other, &m, NULL) == OK);
	memcpy(&grant, m.m_bytes, sizeof(grant));
	bench_settle();
	REQUIRE(sys_safecopyfrom(other, grant, 0, AT(memory) + SHIFT, LARGEST) == OK);
	REQUIRE(memory[SHIFT] == 'x' && memory[SHIFT + LARGEST - 1] == 'x');
}

/* ---- Copies ---- */

static void copy(uint32_t bytes)
{
	GRANITE_IGNORE(sys_safecopyfrom(other, grant, 0, AT(memory) + SHIFT, bytes));
}

#define COPY(name, bytes)                 \
	static void name(uint32_t unused) \
	{                                 \
		(void)unused;             \
		copy(bytes);              \
	}

COPY(copy_1, 1)
COPY(copy_64, 64)
COPY(copy_4k, 4096)
COPY(copy_64k, 65536)
COPY(copy_1m, LARGEST)

#define ELEMENTS 16

static struct vscp_vec vector[ELEMENTS];

static void prepare_vector(void)
{
	start_lender();
	for (uint32_t i = 0; i < ELEMENTS; i++)
		vector[i] = (struct vscp_vec){.v_from = other,
		                              .v_to = SELF,
		                              .v_gid = grant,
		                              .v_offset = i * 128,
		                              .v_addr = AT(memory) + SHIFT + i * 128,
		                              .v_bytes = 64};
	REQUIRE(sys_vsafecopy(vector, ELEMENTS) == OK);
}

static void copy_vector(uint32_t unused)
{
	(void)unused;
	GRANITE_IGNORE(sys_vsafecopy(vector, ELEMENTS));
}

/* ---- Granting ---- */

static void grant_and_revoke(uint32_t unused)
{
	(void)unused;
	cpf_revoke(cpf_grant_direct(PM_PROC_NR, AT(memory), LARGEST, CPF_READ));
}

/* clang-format off */
static const struct row rows[] = {
	ROW("safecopy.1B", 256, copy_1, .setup = start_lender),
	ROW("safecopy.64B", 256, copy_64, .setup = start_lender),
	ROW("safecopy.4KiB", 256, copy_4k, .setup = start_lender),
	ROW("safecopy.64KiB", 64, copy_64k, .setup = start_lender),
	ROW("safecopy.1MiB", 16, copy_1m, .setup = start_lender),
	ROW("vsafecopy.16x64B", 256, copy_vector, .setup = prepare_vector),
	ROW("grant.create_revoke", 256, grant_and_revoke),
};
/* clang-format on */

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
