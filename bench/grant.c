/* SPDX-License-Identifier: MIT */
/*
 * Grants. `safecopy` copies from another process's memory to the caller's; both have page tables, all pages
 * are present, and nothing is shared. The ranges lie differently in their pages, so bytes are really copied.
 */
#define _GNU_SOURCE
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

static void tell_parent(cp_grant_id_t id)
{
	struct message m = {0};

	memcpy(m.m_bytes, &id, sizeof(id));
	REQUIRE(ipc_send(parent, &m) == OK);
}

static void dirty(void)
{
	for (uint32_t at = 0; at < LARGEST; at += PAGE_SIZE)
		memory[at]++;
}

enum order { DIRTY, MAP, UNMAP };

static int64_t obey(enum order order, cp_grant_id_t id)
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
static void serve(uint32_t unused)
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

static void order(enum order what, cp_grant_id_t id)
{
	struct message m = {.m_type = what};

	memcpy(m.m_bytes, &id, sizeof(id));
	REQUIRE(ipc_sendrec(other, &m) == OK);
}

static void start_lender(void)
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

static void make_all_dirty(void)
{
	dirty();
	order(DIRTY, 0);
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

/* ---- Copies of whole pages ---- */

#define PIECE 65536

static void share_64k(uint32_t i)
{
	GRANITE_IGNORE(sys_safecopyfrom(other, grant, i * PIECE, AT(memory) + i * PIECE, PIECE));
}

static void share_1m(uint32_t unused)
{
	(void)unused;
	GRANITE_IGNORE(sys_safecopyfrom(other, grant, 0, AT(memory), LARGEST));
}

static void make_all_shared(void)
{
	make_all_dirty();
	share_1m(0);
}

static void write_page(uint32_t i)
{
	memory[i * PAGE_SIZE] = 'w';
}

/* ---- Mapping ---- */

static char *window; /* where memory is mapped */

static void start_mapping(void)
{
	start_lender();
	window = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(window != MAP_FAILED);
}

static void touch(uint32_t bytes)
{
	for (uint32_t at = 0; at < bytes; at += PAGE_SIZE)
		(void)*(volatile char *)(window + at);
}

static void map_page(uint32_t i)
{
	GRANITE_IGNORE(sys_safemap(other, grant, i * PAGE_SIZE, AT(window), PAGE_SIZE, 0));
	touch(PAGE_SIZE);
	GRANITE_IGNORE(sys_safeunmap(AT(window)));
}

static void map_256_pages(uint32_t unused)
{
	(void)unused;
	GRANITE_IGNORE(sys_safemap(other, grant, 0, AT(window), LARGEST, 0));
	touch(LARGEST);
	GRANITE_IGNORE(sys_safeunmap(AT(window)));
}

static void have_it_mapped(void)
{
	dirty();
	grant = cpf_grant_direct(other, AT(memory), LARGEST, CPF_READ | CPF_MAP);
	order(MAP, grant);
}

static void revoke(uint32_t unused)
{
	(void)unused;
	cpf_revoke(grant);
}

static void have_it_unmapped(void)
{
	order(UNMAP, 0);
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
	ROW("safecopy_cow.64KiB", 16, share_64k, .setup = start_lender, .prepare = make_all_dirty),
	ROW("safecopy_cow.1MiB", 1, share_1m, .setup = start_lender, .prepare = make_all_dirty),
	ROW("safecopy_cow.write_break", 256, write_page, .setup = start_lender, .prepare = make_all_shared),
	ROW("safemap.1page", 256, map_page, .setup = start_mapping, .prepare = make_all_dirty),
	ROW("safemap.256pages", 1, map_256_pages, .setup = start_mapping, .prepare = make_all_dirty),
	ROW("safemap.revoke_256pages", 1, revoke, .setup = start_lender, .prepare = have_it_mapped,
	    .finish = have_it_unmapped),
	ROW("vsafecopy.16x64B", 256, copy_vector, .setup = prepare_vector),
	ROW("grant.create_revoke", 256, grant_and_revoke),
};
/* clang-format on */

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
