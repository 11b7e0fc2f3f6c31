/* SPDX-License-Identifier: MIT */
/*
 * Grants. `safecopy` copies from another process's memory to the caller's; both have page tables, all pages
 * are present, and nothing is shared. The ranges lie differently in their pages, so bytes are really copied.
 */
#define _GNU_SOURCE
#include "lender.h"

/* ---- Copies ---- */

static void copy(uint32_t bytes)
{
	GRANITE_IGNORE(sys_safecopyfrom(other, grant, 0, AT(memory) + SHIFT, bytes));
}

COPY_SIZES

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
	ROW("scale.safecopy_10", 256, copy_4k, .setup = start_lender, .others = 10),
	ROW("scale.safecopy_500", 256, copy_4k, .setup = start_lender, .others = 500),
	ROW("scale.safemap_10", 64, map_page, .setup = start_mapping, .prepare = make_all_dirty, .others = 10),
	ROW("scale.safemap_500", 64, map_page, .setup = start_mapping, .prepare = make_all_dirty, .others = 500),
	ROW("scale.grant_revoke_10", 256, grant_and_revoke, .others = 10),
	ROW("scale.grant_revoke_500", 256, grant_and_revoke, .others = 500),
	ROW("scale.revoke_10", 1, revoke, .setup = start_lender, .prepare = have_it_mapped,
	    .finish = have_it_unmapped, .others = 10),
	ROW("scale.revoke_500", 1, revoke, .setup = start_lender, .prepare = have_it_mapped,
	    .finish = have_it_unmapped, .others = 500),
};
/* clang-format on */

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
