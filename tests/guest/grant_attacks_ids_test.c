/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted */
/* Attacks on grants with ids that are stale, somebody else's, guessed, or nonsense. */
#define _GNU_SOURCE
#include "attacks.h"

#define PAGES   4
#define PROGRAM "/bin/grant_attacks_ids_test"
#define ACCESS  (CPF_READ | CPF_WRITE | CPF_MAP)

static void setup(void)
{
	attacks_begin(PAGES);
}

static cp_grant_id_t lend(struct partner to)
{
	cp_grant_id_t id = cpf_grant_direct(to.endpoint, AT(mine), PAGE_SIZE, ACCESS);
	CHECK(GRANT_VALID(id));
	return id;
}

static void check_works(struct partner partner, endpoint_t granter, cp_grant_id_t id)
{
	CHECK_INT(lending_do(partner, take, granter, id, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
}

/* ---- Stale ---- */

static void an_id_that_was_revoked_is_refused_for_ever(void)
{
	cp_grant_id_t old = lend(first);
	check_works(first, self, old);
	CHECK_INT(cpf_revoke(old), OK);
	check_refused(first, self, old, -EPERM);
	CHECK_INT(cpf_revoke(old), -EPERM);
	CHECK_INT(sys_saferevmap_gid(old), -EPERM);
	CHECK_INT(cpf_lookup(old, NULL, NULL), -EPERM);
	check_pattern(mine, 0, PAGES * PAGE_SIZE);
}

static void an_id_whose_slot_is_used_again_is_refused(void)
{
	cp_grant_id_t old = lend(first), new;
	CHECK_INT(cpf_revoke(old), OK);
	new = lend(first);
	CHECK(GRANT_SLOT(new) == GRANT_SLOT(old) && new != old);
	check_refused(first, self, old, -EPERM);
	check_works(first, self, new);
	CHECK_INT(cpf_revoke(old), -EPERM); /* the owner's own mistake harms no newer grant */
	check_works(first, self, new);
	CHECK_INT(cpf_revoke(new), OK);
}

static void a_child_inherits_no_grants(void)
{
	cp_grant_id_t id = lend(first);
	struct partner child = lending_start();
	check_refused(first, child.endpoint, id, -EPERM);
	check_works(first, self, id);
	lending_end(child);
	CHECK_INT(cpf_revoke(id), OK);
}

/* The same endpoint slot as `old` had. What comes before it on the list of free slots is used up once. */
static struct partner successor_of(struct partner old)
{
	struct partner partner;
	for (int i = 0; i <= ENDPOINT_SLOTS; i++) {
		partner = lending_start();
		if (ENDPOINT_SLOT(partner.endpoint) == ENDPOINT_SLOT(old.endpoint))
			return partner;
		lending_end(partner);
	}
	CHECK(!"the slot comes round");
	return partner;
}

static void a_dead_grantors_successor_in_its_endpoint_slot_has_not_its_grants(void)
{
	struct partner old = lending_start(), new;
	cp_grant_id_t id = lending_do(old, grant_memory, first.endpoint, AT(mine), PAGE_SIZE, ACCESS), other;
	check_works(first, old.endpoint, id);
	lending_end(old);
	check_refused(first, old.endpoint, id, -EDEADSRCDST);
	new = successor_of(old);
	CHECK(new.endpoint != old.endpoint);
	check_refused(first, old.endpoint, id, -EDEADSRCDST);
	check_refused(first, new.endpoint, id, -EPERM);
	/* It may hand out the very same number, for itself. */
	other = lending_do(new, grant_memory, second.endpoint, AT(mine), PAGE_SIZE, ACCESS);
	CHECK(other == id);
	check_refused(first, old.endpoint, id, -EDEADSRCDST);
	check_refused(first, new.endpoint, id, -EPERM);
	check_works(second, new.endpoint, other);
	lending_end(new);
}

/* ---- After exec ---- */

/* The new program answers. */
static int64_t run_anew(int64_t parent, int64_t unused, int64_t unused2, int64_t unused3)
{
	char number[16];
	char *argv[] = {"grant_attacks_ids_test", number, NULL};
	(void)unused, (void)unused2, (void)unused3;
	snprintf(number, sizeof(number), "%d", (int)parent);
	execve(PROGRAM, argv, environ);
	return -errno;
}

static int partner_main(const char *parent)
{
	struct message m = {0};
	self = sys_self();
	lending_parent = atoi(parent);
	theirs = lending_pages(PAGES);
	if (ipc_send(lending_parent, &m) == OK)
		lending_serve();
	return 0;
}

static int64_t place_of_theirs(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	return AT(theirs);
}

/* A table with a record that the old program could have left there: the very id, for the same grantee. */
static int64_t forge(int64_t id, int64_t who_to, int64_t own_id, int64_t unused)
{
	struct cp_grant record = raw_direct((endpoint_t)who_to, AT(theirs), PAGE_SIZE, ACCESS);
	(void)unused;
	raw_begin();
	raw_grant(GRANT_SLOT(id), record);
	raw_table[GRANT_SLOT(id)].id = own_id ? raw_id(GRANT_SLOT(id)) : id;
	return raw_table[GRANT_SLOT(id)].id;
}

static void no_id_from_before_exec_is_good_whatever_the_new_memory_holds(void)
{
	struct partner grantor = lending_start();
	cp_grant_id_t id = lending_do(grantor, grant_memory, first.endpoint, AT(mine), PAGE_SIZE, ACCESS);
	check_works(first, grantor.endpoint, id);
	CHECK_INT(lending_do(grantor, run_anew, self, 0, 0, 0), OK);
	check_refused(first, grantor.endpoint, id, -EPERM);
	CHECK_INT(lending_do(grantor, forge, id, first.endpoint, 0, 0), id);
	check_refused(first, grantor.endpoint, id, -EPERM);
	id = lending_do(grantor, forge, id, first.endpoint, 1, 0);
	check_works(first, grantor.endpoint, id);
	lending_end(grantor);
}

/* What was mapped goes with the old program. A grant is the endpoint's, which the new program has: so it may
 * copy if it knows the id, but no longer than the grantor likes. */
static void what_a_program_had_mapped_its_successor_has_not(void)
{
	struct partner grantee = lending_start();
	cp_grant_id_t id = lend(grantee);
	struct vm_viewers_rep page;
	struct vm_lending seen;
	uint32_t from = 0;
	CHECK_INT(lending_do(grantee, map, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
	CHECK_INT(vm_viewers(SELF, AT(mine), &from, &seen, 1, &page), 1);
	CHECK_INT(lending_do(grantee, run_anew, self, 0, 0, 0), OK);
	from = 0;
	CHECK_INT(vm_viewers(SELF, AT(mine), &from, &seen, 1, &page), 0);
	vir_bytes place = (vir_bytes)lending_do(grantee, place_of_theirs, 0, 0, 0, 0);
	CHECK_INT(lending_do(grantee, take, self, id, PAIR(0, PAGE_SIZE), place), OK);
	CHECK_INT(cpf_revoke(id), OK);
	check_refused(grantee, self, id, -EPERM);
	lending_end(grantee);
}

static void an_id_is_not_good_in_another_table(void)
{
	static struct cp_grant other[2];
	uint64_t sequence;
	cp_grant_id_t id;
	raw_begin();
	id = raw_grant(1, raw_direct(first.endpoint, AT(mine), PAGE_SIZE, ACCESS));
	check_works(first, self, id);
	CHECK_INT(sys_setgrant(other, 2, &sequence), OK);
	CHECK(sequence > raw_sequence);
	check_refused(first, self, id, -EPERM);
	CHECK_INT(sys_setgrant(other, 1, &sequence), OK);
	other[1] = raw_table[1]; /* beyond its end */
	check_refused(first, self, id, -EPERM);
	raw_end();
	check_refused(first, self, id, -EPERM);
}

static void a_record_that_names_another_slot_is_no_grant(void)
{
	raw_begin();
	raw_grant(1, raw_direct(first.endpoint, AT(mine), PAGE_SIZE, ACCESS));
	raw_table[2] = raw_table[1];
	check_refused(first, self, raw_id(2), -EPERM);
	raw_table[1].id = raw_id(2);
	check_refused(first, self, raw_id(1), -EPERM);
	raw_end();
}

static void a_parents_records_are_not_the_childs_even_if_it_says_so(void)
{
	raw_begin();
	cp_grant_id_t id = raw_grant(1, raw_direct(first.endpoint, AT(mine), PAGE_SIZE, ACCESS));
	struct partner child = lending_start();
	CHECK_INT(lending_do(child, forge, id, first.endpoint, 0, 0), id);
	check_refused(first, child.endpoint, id, -EPERM);
	id = lending_do(child, forge, id, first.endpoint, 1, 0);
	check_works(first, child.endpoint, id);
	check_refused(first, self, id, -EPERM);
	lending_end(child);
	raw_end();
}

/* ---- Somebody else's, and guessed ---- */

static void somebody_elses_id_is_refused(void)
{
	cp_grant_id_t id = lend(second), theirs_id;
	check_refused(first, self, id, -EPERM);
	check_refused(first, second.endpoint, id, -EPERM);
	CHECK_INT(sys_safecopyfrom(self, id, 0, AT(theirs), 1), -EPERM); /* not even the grantor */
	theirs_id = lending_do(second, grant_memory, self, AT(mine), PAGE_SIZE, ACCESS);
	check_refused(first, second.endpoint, theirs_id, -EPERM);
	CHECK_INT(cpf_revoke(theirs_id), -EPERM);
	CHECK_INT(lending_do(second, revoke, theirs_id, 0, 0, 0), OK);
	CHECK_INT(cpf_revoke(id), OK);
}

/* How often copying by an id of this sequence is not refused, over all slots. */
static int64_t try_all_slots(int64_t granter, int64_t sequence, int64_t unused, int64_t unused2)
{
	int64_t odd = 0;
	(void)unused, (void)unused2;
	for (uint32_t slot = 0; slot <= GRANT_LOAN_SLOT; slot++)
		odd += take(granter, GRANT_ID(sequence, slot), PAIR(0, 1), AT(theirs)) != -EPERM;
	return odd;
}

static void all_slots_are_guessed(void)
{
	cp_grant_id_t id = lend(first);
	int64_t sequence = GRANT_SEQUENCE(id);
	CHECK_INT(lending_do(first, try_all_slots, self, sequence, 0, 0), 1); /* it has that one */
	CHECK_INT(lending_do(second, try_all_slots, self, sequence, 0, 0), 0);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(lending_do(first, try_all_slots, self, sequence, 0, 0), 0);
}

static int64_t try_near_sequences(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	int64_t odd = 0;
	(void)unused, (void)unused2;
	for (int64_t i = -20000; i <= 20000; i++)
		odd += take(granter, id + GRANT_ID(i, 0), PAIR(0, 1), AT(theirs)) != -EPERM;
	return odd;
}

static void near_sequences_are_guessed(void)
{
	cp_grant_id_t id = lend(first);
	CHECK_INT(lending_do(first, try_near_sequences, self, id, 0, 0), 1);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(lending_do(first, try_near_sequences, self, id, 0, 0), 0);
}

static void ids_with_garbage_in_any_bit_are_refused(void)
{
	cp_grant_id_t id = lend(first);
	for (int bit = 0; bit < 64; bit++) {
		check_refused(first, self, (cp_grant_id_t)((uint64_t)id ^ 1ull << bit), -EPERM);
		check_refused(first, self, (cp_grant_id_t)(1ull << bit), -EPERM);
		check_refused(first, self, (cp_grant_id_t)((uint64_t)id | ~0ull << bit), -EPERM);
	}
	check_works(first, self, id);
	CHECK_INT(cpf_revoke(id), OK);
}

static void negative_ids_are_refused(void)
{
	cp_grant_id_t id = lend(first);
	const cp_grant_id_t ids[] = {0, GRANT_INVALID, -2, -id, ~id, INT64_MIN, INT64_MIN + id, INT64_MAX};
	for (unsigned i = 0; i < COUNT(ids); i++)
		check_refused(first, self, ids[i], -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
	/* Not even if the table says so. */
	raw_begin();
	raw_grant(0, raw_direct(first.endpoint, AT(mine), PAGE_SIZE, ACCESS));
	const cp_grant_id_t written[] = {0, INT64_MIN, -GRANT_ID(1, 0), GRANT_ID(1, 0)};
	for (unsigned i = 0; i < COUNT(written); i++) {
		raw_table[0].id = written[i];
		check_refused(first, self, written[i], -EPERM);
	}
	raw_end();
}

static void a_grantor_that_can_not_be_is_refused(void)
{
	static const endpoint_t nobody[] = {NONE, ANY, HARDWARE, CLOCK, INT32_MIN, INT32_MAX, 0, 1023};
	cp_grant_id_t id = lend(first);
	for (unsigned i = 0; i < COUNT(nobody); i++)
		check_refused(first, nobody[i], id, -EDEADSRCDST);
	check_refused(first, ENDPOINT_MAKE(ENDPOINT_SLOT(self), ENDPOINT_GENERATION(self) + 1), id,
	              -EDEADSRCDST);
	CHECK_INT(lending_do(first, take, SELF, id, PAIR(0, 1), AT(theirs)), -EPERM);
	CHECK_INT(lending_do(first, take_by_vector, SELF, id, PAIR(0, 1), AT(theirs)), -EINVAL);
	CHECK_INT(lending_do(first, map, SELF, id, PAIR(0, PAGE_SIZE), AT(theirs)), -EPERM);
	check_refused(first, VM_PROC_NR, id, -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
}

/* ---- A stranger, and what guessing costs whom it is about ---- */

static struct vm_procinfo_rep own_memory(void)
{
	struct vm_procinfo_rep info = {0};
	CHECK_INT(vm_procinfo(SELF, &info), OK);
	return info;
}

/* The same by records of one's own that name the other's slots, and by mapping. */
static int64_t try_all_ways(int64_t granter, int64_t sequence, int64_t unused, int64_t unused2)
{
	int64_t odd = try_all_slots(granter, sequence, 0, 0);
	(void)unused, (void)unused2;
	raw_begin();
	for (uint32_t slot = 0; slot < GRANT_SLOTS; slot += 16) {
		cp_grant_id_t below = GRANT_ID(sequence, slot), own;
		own = raw_grant(0, raw_indirect(sys_self(), (endpoint_t)granter, below));
		odd += take(sys_self(), own, PAIR(0, 1), AT(theirs)) != -EPERM;
		odd += map(granter, below, PAIR(0, PAGE_SIZE), AT(theirs)) != -EPERM;
		odd += set(granter, below, PAIR(0, 1), 0) != -EPERM;
	}
	raw_end();
	return odd;
}

/* The first test: others leave pages of the table that have been tried already. */
static void a_strangers_guesses_tell_it_nothing_and_cost_the_owner_nothing(void)
{
	cp_grant_id_t id = lend(first);
	struct vm_procinfo_rep before, after;
	check_works(first, self, id);
	before = own_memory();
	CHECK_INT(lending_do(second, try_all_ways, self, GRANT_SEQUENCE(id), 0, 0), 0);
	after = own_memory();
	CHECK_INT(after.resident, before.resident);
	CHECK_INT(after.tables, before.tables);
	check_works(first, self, id);
	CHECK_INT(cpf_revoke(id), OK);
}

/* As large as can be, in memory of all kinds, and hardly touched. */
static void an_untouched_table_stays_untouched(void)
{
	uint32_t bytes = GRANT_SLOTS * sizeof(struct cp_grant);
	struct cp_grant *table = mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vm_procinfo_rep before;
	uint64_t sequence;
	REQUIRE(table != MAP_FAILED);
	CHECK_INT(sys_setgrant(table, GRANT_SLOTS, &sequence), OK);
	table[40000] = raw_direct(first.endpoint, AT(mine), PAGE_SIZE, ACCESS);
	table[40000].id = GRANT_ID(sequence, 40000);
	before = own_memory();
	CHECK_INT(lending_do(second, try_all_ways, self, sequence, 0, 0), 0);
	CHECK_INT(lending_do(first, try_all_slots, self, sequence, 0, 0), 1);
	struct vm_procinfo_rep after = own_memory();
	CHECK_INT(after.resident, before.resident);
	CHECK_INT(after.tables, before.tables);
	raw_end();
	munmap(table, bytes);
}

/* Its pages are shared copy-on-write with a child, or were so; they are there all the same. */
static void a_table_shared_with_a_child_still_holds_its_grants(void)
{
	cp_grant_id_t id = lend(first);
	struct partner child = lending_start();
	check_works(first, self, id);
	lending_end(child);
	check_works(first, self, id);
	CHECK_INT(cpf_revoke(id), OK);
}

/* ---- A million of them ---- */

static cp_grant_id_t last_id;

/* Grants and revokes; returns what it cost. */
static uint64_t give_and_take_back(int times, int access)
{
	uint64_t start = counted_time();
	for (int i = 0; i < times; i++) {
		cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(mine), PAGE_SIZE, access);
		if (!CHECK(id > 0 && GRANT_SEQUENCE(id) > GRANT_SEQUENCE(last_id)) ||
		    !CHECK_INT(cpf_revoke(id), OK))
			break;
		last_id = id;
	}
	return counted_time() - start;
}

static void a_million_grants_leave_no_id_twice_and_nothing_else(void)
{
	uint64_t cost, later;
	struct vm_procinfo_rep before;
	(void)give_and_take_back(10, CPF_READ);
	before = own_memory();
	cost = give_and_take_back(10000, CPF_READ);
	(void)give_and_take_back(980000, CPF_READ);
	later = give_and_take_back(10000, CPF_READ);
	CHECK(later < cost + cost / 4); /* interrupts come as they like */
	CHECK(GRANT_SLOT(last_id) == 0);
	CHECK_INT(own_memory().resident, before.resident);
	cpf_reload(); /* as in a child: a new set of numbers */
	(void)give_and_take_back(10, CPF_READ);
	CHECK_INT(own_memory().resident, before.resident);
}

/* After the last one nothing is shared any more. */
static void give_map_and_take_back(int times)
{
	for (int i = 0; i < times; i++) {
		cp_grant_id_t id = lend(first);
		REQUIRE(lending_do(first, map, self, id, PAIR(0, PAGE_SIZE), AT(theirs)) == OK);
		REQUIRE(cpf_revoke(id) == OK);
	}
	CHECK_INT(lending_do(first, map_own, AT(theirs), PAGE_SIZE, RW, 0), OK);
	mine[0] = mine[0];
	KEEP(mine);
}

static void many_mappable_grants_leave_nothing(void)
{
	struct account before;
	uint64_t cost, later;
	give_map_and_take_back(1); /* VM has its page of records from now on */
	before = account_now();
	cost = give_and_take_back(1000, CPF_READ | CPF_MAP);
	give_map_and_take_back(2000);
	later = give_and_take_back(1000, CPF_READ | CPF_MAP);
	CHECK(later < cost + cost / 4);
	check_account(&before);
}

static void the_memory_is_as_it_was(void)
{
	check_pattern(mine, PAGE_SIZE, PAGES * PAGE_SIZE);
	attacks_end();
	nothing_is_left();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(a_strangers_guesses_tell_it_nothing_and_cost_the_owner_nothing),
	        TEST(an_id_that_was_revoked_is_refused_for_ever),
	        TEST(an_id_whose_slot_is_used_again_is_refused),
	        TEST(a_child_inherits_no_grants),
	        TEST(a_dead_grantors_successor_in_its_endpoint_slot_has_not_its_grants),
	        TEST(no_id_from_before_exec_is_good_whatever_the_new_memory_holds),
	        TEST(what_a_program_had_mapped_its_successor_has_not),
	        TEST(an_id_is_not_good_in_another_table),
	        TEST(a_record_that_names_another_slot_is_no_grant),
	        TEST(a_parents_records_are_not_the_childs_even_if_it_says_so),
	        TEST(somebody_elses_id_is_refused),
	        TEST(all_slots_are_guessed),
	        TEST(near_sequences_are_guessed),
	        TEST(ids_with_garbage_in_any_bit_are_refused),
	        TEST(negative_ids_are_refused),
	        TEST(a_grantor_that_can_not_be_is_refused),
	        TEST(an_untouched_table_stays_untouched),
	        TEST(a_table_shared_with_a_child_still_holds_its_grants),
	        TEST(a_million_grants_leave_no_id_twice_and_nothing_else),
	        TEST(many_mappable_grants_leave_nothing),
	        TEST(the_memory_is_as_it_was),
	};
	return argc > 1 ? partner_main(argv[1]) : TAP_RUN(tests);
}
