/* SPDX-License-Identifier: MIT */
/* guest: mem=32 timeout=120 time=counted */
/* Attacks on grants with tables at bad addresses: not there, not all there, lent by another, and moved while
 * in use. */
#define _GNU_SOURCE
#include "attacks.h"

#define PAGES  2
#define BYTES  (PAGES * PAGE_SIZE)
#define ACCESS (CPF_READ | CPF_WRITE | CPF_MAP)

static void setup(void)
{
	attacks_begin(PAGES);
}

static cp_grant_id_t lend(int access)
{
	cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(mine), PAGE_SIZE, access);
	CHECK(GRANT_VALID(id));
	return id;
}

static int64_t try_take(cp_grant_id_t id)
{
	return lending_do(first, take, self, id, PAIR(0, PAGE_SIZE), AT(theirs));
}

static void tables_that_can_not_be_change_nothing(void)
{
	static const struct {
		vir_bytes at;
		uint32_t entries;
		int error;
	} bad[] = {{0xfffffff0, 2, -EFAULT},      {PROC_SIZE - 40, 2, -EFAULT}, {PROC_SIZE, 1, -EFAULT},
	           {0xf0000000, 1, -EFAULT},      {0xffffffff, 1, -EFAULT},     {0xffffffff, 0, -EFAULT},
	           {0, GRANT_SLOTS + 1, -EINVAL}, {0, 0xffffffff, -EINVAL},     {0, 0x06666667, -EINVAL}};
	cp_grant_id_t id = lend(CPF_READ);
	uint64_t sequence;
	for (unsigned i = 0; i < COUNT(bad); i++)
		CHECK_INT(sys_setgrant((void *)(uintptr_t)bad[i].at, bad[i].entries, &sequence),
		          bad[i].error);
	CHECK_INT(try_take(id), OK);
	CHECK_INT(cpf_revoke(id), OK);
}

static void a_table_that_is_not_there_holds_no_grants(void)
{
	uint64_t sequence;
	CHECK_INT(sys_setgrant(NULL, GRANT_SLOTS, &sequence), OK);
	for (uint32_t slot = 0; slot < GRANT_SLOTS; slot += 4999)
		check_refused(first, self, GRANT_ID(sequence, slot), -EPERM);
	CHECK_INT(sys_setgrant((void *)(uintptr_t)(PROC_SIZE - 80), 2, &sequence), OK); /* over the stack */
	check_refused(first, self, GRANT_ID(sequence, 1), -EPERM);
	CHECK_INT(sys_setgrant(NULL, 0, &sequence), OK);
	check_refused(first, self, GRANT_ID(sequence, 0), -EPERM);
	raw_end();
}

/* A table in two pages: one record ends on the first, one lies across both, one begins on the second. */
#define SLOTS_A_PAGE (PAGE_SIZE / sizeof(struct cp_grant))

static struct cp_grant *odd_table;
static uint64_t odd_sequence;

static void make_odd_table(void)
{
	struct cp_grant record = raw_direct(first.endpoint, AT(mine), PAGE_SIZE, CPF_READ);
	odd_table = lending_pages(2);
	CHECK_INT(sys_setgrant(odd_table, 2 * SLOTS_A_PAGE, &odd_sequence), OK);
	for (uint32_t slot = 0; slot < 2 * SLOTS_A_PAGE; slot++) {
		record.id = GRANT_ID(odd_sequence, slot);
		odd_table[slot] = record;
	}
	KEEP(odd_table);
}

static void check_odd_table(int on_first, int across, int on_second)
{
	CHECK_INT(try_take(GRANT_ID(odd_sequence, 0)), on_first);
	CHECK_INT(try_take(GRANT_ID(odd_sequence, SLOTS_A_PAGE - 1)), on_first);
	CHECK_INT(try_take(GRANT_ID(odd_sequence, SLOTS_A_PAGE)), across);
	CHECK_INT(try_take(GRANT_ID(odd_sequence, SLOTS_A_PAGE + 1)), on_second);
}

static void a_table_that_is_half_there_holds_half_its_grants(void)
{
	make_odd_table();
	check_odd_table(OK, OK, OK);
	CHECK_INT(munmap((char *)odd_table + PAGE_SIZE, PAGE_SIZE), 0);
	check_odd_table(OK, -EPERM, -EPERM);
	CHECK_INT(map_own(AT(odd_table) + PAGE_SIZE, PAGE_SIZE, RW, 0), OK); /* others come there */
	check_odd_table(OK, -EPERM, -EPERM);
	CHECK_INT(munmap(odd_table, 2 * PAGE_SIZE), 0);
	check_odd_table(-EPERM, -EPERM, -EPERM);
	raw_end();
}

static void a_tables_rights_are_its_owners_business(void)
{
	make_odd_table();
	CHECK_INT(mprotect(odd_table, 2 * PAGE_SIZE, PROT_READ), 0);
	check_odd_table(OK, OK, OK);
	CHECK_INT(mprotect(odd_table, PAGE_SIZE, PROT_NONE), 0);
	check_odd_table(-EPERM, -EPERM, OK);
	CHECK_INT(mprotect(odd_table, PAGE_SIZE, RW), 0);
	check_odd_table(OK, OK, OK);
	CHECK_INT(munmap(odd_table, 2 * PAGE_SIZE), 0);
	raw_end();
}

/* Whoever owns the memory writes the grants; when it takes the memory back that ends. */
static void a_table_in_lent_memory_ends_as_the_memory_does(void)
{
	static const int access[] = {ACCESS, ACCESS | CPF_UNMAP};
	for (unsigned i = 0; i < COUNT(access); i++) {
		cp_grant_id_t table =
		        lending_do(second, grant_memory, self, AT(theirs), 2 * PAGE_SIZE, access[i]);
		make_odd_table();
		struct cp_grant *old = odd_table;
		odd_table = mmap(NULL, 2 * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK_INT(sys_safemap(second.endpoint, table, 0, AT(odd_table), 2 * PAGE_SIZE, 1), OK);
		memcpy(odd_table, old, 2 * PAGE_SIZE);
		CHECK_INT(sys_setgrant(odd_table, 2 * SLOTS_A_PAGE, &(uint64_t){0}), OK);
		check_odd_table(OK, OK, OK);
		CHECK_INT(lending_do(second, map_own, AT(theirs), PAGE_SIZE, RW, 0), OK);
		/* That ended all of it: the test has a snapshot, or nothing. */
		int expected = access[i] & CPF_UNMAP ? -EPERM : OK;
		check_odd_table(expected, expected, expected);
		CHECK_INT(lending_do(second, put, AT(theirs), 1, 0, 0), 0);
		check_odd_table(expected, expected, expected);
		CHECK_INT(lending_do(second, revoke, table, 0, 0, 0), OK);
		CHECK_INT(munmap(odd_table, 2 * PAGE_SIZE), 0);
		CHECK_INT(munmap(old, 2 * PAGE_SIZE), 0);
	}
	raw_end();
}

/* Copies as often; returns how many were made, or -1 if something was wrong. */
static int64_t take_often(int64_t granter, int64_t id, int64_t times, int64_t unused)
{
	int64_t made = 0;
	(void)unused;
	for (int64_t i = 0; i < times; i++) {
		memset(theirs, 0, 64);
		int result = (int)take(granter, id, PAIR(0, PAGE_SIZE), AT(theirs));
		if ((result != OK && result != -EPERM) ||
		    (uint8_t)theirs[1] != (result == OK ? pattern(1) : 0))
			return -1;
		made += result == OK;
		if (i % 16 == 0)
			sys_yield();
	}
	return made;
}

static void a_table_that_moves_while_it_is_used_gives_its_grants_or_none(void)
{
	struct cp_grant *old = NULL;
	uint64_t unused;
	make_odd_table();
	cp_grant_id_t id = GRANT_ID(odd_sequence, 7);
	lending_order(first, take_often, self, id, 3000, 0);
	for (int i = 0; i < 200; i++) {
		struct cp_grant *new = lending_pages(2);
		if (i % 2)
			memcpy(new, odd_table, 2 * PAGE_SIZE);
		else if (old)
			memcpy(new, old, 2 * PAGE_SIZE);
		CHECK_INT(sys_setgrant(new, 2 * SLOTS_A_PAGE, &unused), OK);
		sys_yield();
		if (old)
			munmap(old, 2 * PAGE_SIZE);
		old = new;
		sys_yield();
	}
	CHECK_INT(sys_setgrant(odd_table, 2 * SLOTS_A_PAGE, &unused), OK);
	int64_t made = lending_result(first);
	CHECK(made > 0 && made < 3000);
	CHECK_INT(try_take(id), OK);
	munmap(old, 2 * PAGE_SIZE);
	munmap(odd_table, 2 * PAGE_SIZE);
	raw_end();
}

static void the_memory_is_as_it_was(void)
{
	check_pattern(mine, 0, BYTES);
	attacks_end();
	nothing_is_left();
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(tables_that_can_not_be_change_nothing),
	        TEST(a_table_that_is_not_there_holds_no_grants),
	        TEST(a_table_that_is_half_there_holds_half_its_grants),
	        TEST(a_tables_rights_are_its_owners_business),
	        TEST(a_table_in_lent_memory_ends_as_the_memory_does),
	        TEST(a_table_that_moves_while_it_is_used_gives_its_grants_or_none),
	        TEST(the_memory_is_as_it_was),
	};
	return TAP_RUN(tests);
}
