/* SPDX-License-Identifier: MIT */
/* guest: flags=inspect mem=32 timeout=120 */
/*
 * When revoking has returned no former grantee sees what the owner writes, nor the reverse: along chains of
 * every length, whoever of them is dead, and when there is no memory for what they should keep.
 */
#define _GNU_SOURCE
#include "grant_cast.h"

#define WRITABLE (CPF_READ | CPF_WRITE)
#define HALF     (ALL_PAGES >> PAGES / 2)

static struct account before;

static void begin(int count)
{
	reference_begin();
	for (int who = 0; who < count; who++)
		cast_start_filled(who);
}

static void end(void)
{
	cast_end();
	check_account(&before);
}

/* ---- Chains ---- */

/* How those of a chain have the memory. */
enum manner {
	PASSED_ON, /* each passes on the grant that it got, and all map by it */
	MAPPED_ON, /* each maps, and grants what it has mapped */
	COPIED,    /* as the first, but all copy by it, by sharing pages */
};

enum death { LIVES, KILLED, RUNS_ANEW };

/* A chain: process 0 owns the memory, each grants to the next one, up to process `depth`. */
struct chain {
	int depth;
	enum manner manner;
	bool unmap; /* the owner's grant has CPF_UNMAP */
	int dead;   /* of the go-betweens; 0: none */
	enum death death;
	lending_task *revoke; /* how the owner does it */
};

static const struct {
	lending_task *task;
	const char *name;
} ways[] = {
        {revoke, "cpf_revoke"},
        {revoke_mappings, "sys_saferevmap_gid"},
        {revoke_address, "sys_saferevmap_addr"},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void grant_to(const struct chain *chain, int who)
{
	int access = WRITABLE | CPF_MAP | (chain->unmap ? CPF_UNMAP : 0);
	if (who == 1 || chain->manner == MAPPED_ON)
		cast_grant(who - 1, who, access);
	else
		cast_pass_on(who - 2, who - 1, who, WRITABLE | CPF_MAP);
}

static void make(const struct chain *chain)
{
	begin(chain->depth + 1);
	for (int who = 1; who <= chain->depth; who++) {
		grant_to(chain, who);
		if (chain->manner == COPIED)
			cast_copy_from(who - 1, 0, who, PAGES);
		else
			cast_map(who - 1, 0, who, true);
	}
	cast_write_and_compare(HALF, 0, "at first");
	if (chain->manner == COPIED)
		cast_copy_to(chain->depth - 1, 0, chain->depth, PAGES / 2); /* the others are still shared */
}

/* These have what they had mapped no more. */
static void lose_mappings(const struct chain *chain, int first, int last)
{
	for (int who = first; who <= last; who++) {
		if (!cast[who].lent)
			continue;
		if (chain->unmap)
			cast_lose(who);
		else
			cast_keep(who);
	}
}

static void die(const struct chain *chain)
{
	if (chain->death == KILLED)
		cast_kill(chain->dead);
	else
		cast_exec(chain->dead);
	lose_mappings(chain, chain->dead + 1, chain->depth);
	cast_write_and_compare(HALF & HALF >> 1, 1, "after a go-between's end");
}

/* What one gets who tries to use a grant of a chain that is over. */
static int refusal(const struct chain *chain, int who)
{
	return chain->death == KILLED && who > chain->dead ? -EDEADSRCDST : -EPERM;
}

static void try_again(const struct chain *chain, int who, cp_grant_id_t id, endpoint_t granter)
{
	int expected = refusal(chain, who);
	CHECK_INT(cast_do(who, do_map, granter, id, 0, 0), expected);
	CHECK_INT(cast_do(who, do_map, granter, id, 1, 0), expected);
	if (chain->revoke != revoke)
		return; /* only what was mapped was taken back */
	CHECK_INT(cast_do(who, do_copy_from, granter, id, 0, PAIR(0, BYTES)), expected);
	CHECK_INT(cast_do(who, do_copy_to, granter, id, 0, PAIR(0, BYTES)), expected);
	CHECK_INT(cast_do(who, do_copy_from, granter, id, 1, PAIR(5, 100)), expected);
	CHECK_INT(cast_do(who, do_copy_to, granter, id, 1, PAIR(5, 100)), expected);
}

/* Where each has granted what it had mapped, the grants of all but the owner are of snapshots now. */
static void keep(const struct chain *chain)
{
	struct actor had[CAST];
	int last = chain->manner == MAPPED_ON ? 1 : chain->depth;
	memcpy(had, cast, sizeof(had));
	if (chain->dead)
		die(chain);
	CHECK_INT(cast_do(0, chain->revoke, chain->revoke == revoke_address ? had[0].base : had[0].gave, 0, 0,
	                  0),
	          OK);
	lose_mappings(chain, 1, chain->depth);
	cast_write_and_compare(ALL_PAGES, 2, "after the revocation");
	for (int who = 1; who <= last; who++)
		if (alive(who))
			try_again(chain, who, had[who - 1].gave, had[who - 1].partner.endpoint);
	cast_write_and_compare(ALL_PAGES, 3, "after trying again");
}

static const char *way_name(const struct chain *chain)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (ways[i].task == chain->revoke)
			return ways[i].name;
	return "";
}

static const char *const manners[] = {"the grant passed on", "each lends what it has mapped",
                                      "the grant passed on, all copy"};

static void keep_promise(const struct chain *chain)
{
	static const char *const deaths[] = {"all live", " is killed", " execs"};
	char name[160];
	make(chain);
	keep(chain);
	end();
	snprintf(name, sizeof(name), "%s keeps its promise: depth %d, %s%s; %s%s%s", way_name(chain),
	         chain->depth, manners[chain->manner], chain->unmap ? ", CPF_UNMAP" : "",
	         chain->dead ? "the " : "", chain->dead ? cast_names[chain->dead] : "", deaths[chain->death]);
	tap_result(name);
}

/* ---- Chains that can't pay ---- */

#define LARDER 0x20000000u /* where the test keeps the memory that nobody shall have */

/* Takes all pages, but so many. Returns how many it took. */
static unsigned take_memory(unsigned left)
{
	unsigned taken = 0;
	for (unsigned pages = 0x4000; pages > 0; pages /= 2) {
		vir_bytes at = LARDER + taken * PAGE_SIZE;
		if (vm_mmap(at, pages * PAGE_SIZE, RW, VM_MAP_FIXED | VM_MAP_POPULATE, &at) == OK)
			taken += pages;
	}
	CHECK_INT(vm_munmap(LARDER + (taken - left) * PAGE_SIZE, left * PAGE_SIZE), OK);
	return taken - left;
}

/* It keeps all of its window, or nothing: VM decides who. Returns whether. */
static bool keep_if_paid(int who)
{
	int64_t reached = cast_do(who, do_reach, cast[who].base, 0, 0, 0);
	CHECK(reached == ALL_PAGES || reached == 0);
	if (reached)
		cast_keep(who);
	else
		cast_lose(who);
	return reached;
}

/* While there is room for so many snapshots, and for a part of one more. */
static void keep_some(const struct chain *chain, int room)
{
	unsigned taken = take_memory((unsigned)room * PAGES + PAGES / 2);
	int kept = 0;
	cast_revoke(0, cast[0].gave);
	CHECK_INT(vm_munmap(LARDER, taken * PAGE_SIZE), OK);
	for (int who = 1; who <= chain->depth; who++)
		kept += keep_if_paid(who);
	CHECK_INT(kept, room);
	cast_write_and_compare(ALL_PAGES, 2, "after the revocation");
}

static void keep_what_is_paid(const struct chain *chain)
{
	char name[160];
	for (int room = 0; room <= chain->depth; room++) {
		make(chain);
		keep_some(chain, room);
		end();
		snprintf(name, sizeof(name), "who can not pay keeps nothing: depth %d, %s; room for %d",
		         chain->depth, manners[chain->manner], room);
		tap_result(name);
	}
}

/* ---- All chains ---- */

typedef void chain_visitor(const struct chain *chain);

static void each_death(struct chain chain, chain_visitor *visit)
{
	visit(&chain);
	for (chain.dead = 1; chain.dead < chain.depth; chain.dead++)
		for (chain.death = KILLED; chain.death <= RUNS_ANEW; chain.death++)
			visit(&chain);
}

static void each_chain(chain_visitor *visit)
{
	struct chain chain = {.depth = 1};
	for (; chain.depth <= GRANT_DEPTH_MAX; chain.depth++) {
		for (unsigned way = 0; way < WAYS; way++) {
			chain.revoke = ways[way].task;
			for (unsigned unmap = 0; unmap < 2; unmap++) {
				chain.unmap = unmap;
				chain.manner = PASSED_ON;
				each_death(chain, visit);
				chain.manner = MAPPED_ON;
				each_death(chain, visit);
			}
		}
		chain.manner = COPIED;
		chain.unmap = false;
		chain.revoke = revoke;
		each_death(chain, visit);
	}
}

/* Where none but the memory is short. */
static void each_payment(chain_visitor *visit)
{
	struct chain chain = {.depth = 1, .revoke = revoke};
	for (; chain.depth <= GRANT_DEPTH_MAX; chain.depth++)
		for (chain.manner = PASSED_ON; chain.manner <= MAPPED_ON; chain.manner++)
			visit(&chain);
}

/* ---- Chains that end with exec ---- */

static struct cp_grant records[2]; /* a table of the test's own: it stands at the same place after exec */

static int64_t do_name_table(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	uint64_t sequence;
	int result = sys_setgrant(records, 2, &sequence);
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	return result == OK ? GRANT_ID(sequence, 1) : result;
}

static int64_t do_write_record(int64_t id, int64_t to, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	records[1] = (struct cp_grant){.id = id,
	                               .flags = CPF_DIRECT | WRITABLE | CPF_MAP,
	                               .who_to = (endpoint_t)to,
	                               .start = WINDOW,
	                               .bytes = BYTES};
	return OK;
}

static void try_record(cp_grant_id_t id, int expected)
{
	CHECK_INT(cast_do(1, do_copy_to, endpoint_of(0), id, 0, PAIR(0, BYTES)), expected);
	CHECK_INT(cast_do(1, do_copy_from, endpoint_of(0), id, 0, PAIR(0, BYTES)), expected);
	CHECK_INT(cast_do(1, do_map, endpoint_of(0), id, 1, 0), expected);
}

/* The new program writes to where the old one's table was, and names that its table. */
static void what_was_granted_before_exec_can_not_be_forged_after_it(void)
{
	begin(2);
	cp_grant_id_t id = cast_do(0, do_name_table, 0, 0, 0, 0);
	CHECK_INT(cast_do(0, do_write_record, id, endpoint_of(1), 0, 0), OK);
	try_record(id, OK);
	memcpy(cast[0].sees, cast[1].sees, BYTES);
	cast_exec(0);
	CHECK_INT(cast_do(0, do_write_record, id, endpoint_of(1), 0, 0), OK);
	try_record(id, -EPERM);
	CHECK(GRANT_VALID(cast_do(0, do_name_table, 0, 0, 0, 0)));
	try_record(id, -EPERM);
	cast_write_and_compare(ALL_PAGES, 0, "after what the new program tried");
	end();
}

/* ---- All results ---- */

static int results;

static void count_promise(const struct chain *chain)
{
	(void)chain;
	results++;
}

static void count_payments(const struct chain *chain)
{
	results += chain->depth + 1;
}

/* What is touched for the first time is no leak. */
static void setup(void)
{
	static const char *const names[CAST] = {"owner", "first", "second", "third", "fourth", "fifth"};
	const struct chain rehearsal = {2, PASSED_ON, false, 1, RUNS_ANEW, revoke};
	memcpy(cast_names, names, sizeof(names));
	cast_setup();
	make(&rehearsal);
	keep(&rehearsal);
	cast_end();
	before = account_now();
}

int main(int argc, char **argv)
{
	(void)argc;
	if (cast_is_partner(argv))
		return cast_partner_main(argv);
	setup();
	each_chain(count_promise);
	each_payment(count_payments);
	tap_plan(results + 2);
	tap_result("setup");
	what_was_granted_before_exec_can_not_be_forged_after_it();
	tap_result("what_was_granted_before_exec_can_not_be_forged_after_it");
	each_chain(keep_promise);
	each_payment(keep_what_is_paid);
	return tap_failed > 0;
}
