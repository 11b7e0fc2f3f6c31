/* SPDX-License-Identifier: MIT */
/* links: programs/grants/graph.c programs/grants/found.c programs/grants/reach.c programs/lib/processes.c
 * kernel/grant.c tests/host/trace_off.c
 */
/*
 * What `grants` says that a grant gives is what the kernel lets its grantee do: tables of random records,
 * both asked about each of them.
 */
#include "grants_found.h"
#include "seed.h"

#include <granite/abi/errno.h>

#include "copy.h"
#include "grant.h"
#include "priv.h"
#include "trace.h"

#define PEOPLE 3
#define SLOTS  24
#define ROUNDS 4000

/* ---- The machine as grant.c sees it ---- */

static struct proc procs[PEOPLE + 1]; /* and RS, which grants nothing */
static struct priv privs[PEOPLE];
static struct cp_grant tables[PEOPLE][SLOTS];

struct proc *proc_lookup(endpoint_t endpoint)
{
	for (int i = 0; i < PEOPLE + 1; i++)
		if (procs[i].endpoint == endpoint)
			return &procs[i];
	return NULL;
}

struct proc *proc_resolve(struct proc *caller, endpoint_t endpoint)
{
	return endpoint == SELF ? caller : proc_lookup(endpoint);
}

int proc_is_vital(const struct proc *p)
{
	return p->endpoint == RS_PROC_NR;
}

int copy_at_once(struct proc *owner, vir_bytes address, void *buffer, uint32_t bytes)
{
	memcpy(buffer, (char *)tables[owner - procs] + address, bytes);
	return 1;
}

int copy_from_process(struct proc *caller, struct proc *owner, vir_bytes address, void *buffer,
                      uint32_t bytes, uint32_t flags)
{
	fail_msg("%p of %p: %x, %u bytes, flags %x, to %p: it was there at once", (void *)caller,
	         (void *)owner, address, bytes, flags, buffer);
	return -EFAULT;
}

int copy_in_range(const struct proc *p, vir_bytes address, uint32_t bytes)
{
	return p && (uint64_t)address + bytes <= 0x100000000;
}

uint32_t trace_put(enum trace_event event, uint32_t number, endpoint_t who, uint32_t a, uint32_t b,
                   uint32_t c, uint32_t d)
{
	fail_msg("event %d is recorded: %u of %d, %u %u %u %u", event, number, who, a, b, c, d);
	return 0;
}

/* ---- Random records ---- */

static endpoint_t person(void)
{
	return (endpoint_t)(OWNER + rand() % PEOPLE);
}

/* Mostly somebody. */
static endpoint_t somebody(void)
{
	static const endpoint_t others[] = {GONE, ANY, SELF, NONE, 0, -77, RS_PROC_NR};

	return rand() % 8 ? person() : others[rand() % 7];
}

static vir_bytes place(void)
{
	static const vir_bytes places[] = {0, 0, 0x1000, 0x2000, 0x800, 0x8000, 0xfffff000, 0xfffffff0};

	return places[rand() % 8];
}

static uint32_t length(void)
{
	static const uint32_t lengths[] = {0x1000, 0x2000, 0x4000, 0, 1, 0x1800, GRANT_ALL, GRANT_ALL};

	return lengths[rand() % 8];
}

static uint32_t flags(void)
{
	static const uint32_t kinds[] = {CPF_DIRECT,   CPF_DIRECT, CPF_INDIRECT, CPF_INDIRECT,
	                                 CPF_INDIRECT, CPF_MAGIC,  CPF_KIND,     CPF_DIRECT | CPF_INDIRECT};
	uint32_t access = rand() % 2 ? CPF_RIGHTS : (uint32_t)rand() & CPF_ACCESS;

	return kinds[rand() % 8] | access;
}

static struct cp_grant record(int slot)
{
	return (struct cp_grant){
	        .id = ID(slot),
	        .from_id = ID(rand() % SLOTS),
	        .flags = flags(),
	        .who_to = somebody(),
	        .who_from = somebody(),
	        .start = place(),
	        .bytes = length(),
	};
}

static void fill_tables(void)
{
	procs[PEOPLE] = (struct proc){.endpoint = RS_PROC_NR, .priv = &privs[0]};
	found.nr_grants = 0;
	for (int i = 0; i < PEOPLE; i++) {
		privs[i].spec.flags = rand() % 2 ? PRIV_MAGIC : 0;
		process_list[i].kernel.priv_flags = privs[i].spec.flags;
		procs[i] = (struct proc){.endpoint = OWNER + i, .priv = &privs[i], .grant_entries = SLOTS};
		for (int slot = 0; slot < SLOTS; slot++) {
			tables[i][slot] = record(slot);
			add_grant(OWNER + i, tables[i][slot]);
		}
	}
}

/* ---- Asking both ---- */

static void compare(const struct node *node, struct proc *caller, uint32_t offset, uint32_t rights)
{
	const struct reach *reach = &node->reach;
	struct grant_wish wish = {node->giver, node->grant->id, offset, 1, rights};
	struct grant_use use;
	int allowed = reach->owner != NONE && (reach->access & rights) == rights &&
	              reach->start + offset < reach->end;
	int result = grant_judge(caller, &wish, &use);

	assert_int_equal(result == OK, allowed);
	if (!allowed)
		return;
	assert_int_equal(use.owner->endpoint, reach->owner);
	assert_int_equal(use.address, reach->start + offset);
	assert_int_equal(use.flags, reach->access & (CPF_UNMAP | CPF_TRY));
	assert_int_equal(use.depth, node->chain);
}

static void compare_all_of(const struct node *node)
{
	static const uint32_t rights[] = {CPF_READ, CPF_WRITE, CPF_READ | CPF_MAP, CPF_RIGHTS};
	uint64_t bytes = node->reach.owner == NONE ? 0 : node->reach.end - node->reach.start;
	struct proc *caller =
	        node->grant->who_to == ANY ? &procs[rand() % PEOPLE] : proc_lookup(node->grant->who_to);

	for (int i = 0; caller && i < 4; i++) {
		compare(node, caller, 0, rights[i]);
		compare(node, caller, (uint32_t)bytes, rights[i]);
		if (bytes)
			compare(node, caller, (uint32_t)bytes - 1, rights[i]);
	}
}

static void a_grant_gives_what_the_kernel_allows(void **state)
{
	(void)state;
	srand(test_seed());
	add_process("rs", RS_PROC_NR, 1);
	for (int round = 0; round < ROUNDS; round++) {
		fill_tables();
		make();
		for (uint32_t i = 0; i < graph.count; i++)
			compare_all_of(&graph.nodes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(a_grant_gives_what_the_kernel_allows, begin, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
