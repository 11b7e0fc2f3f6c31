/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 flags=magic */
/*
 * Grants to copy: who may use which, what of it, in which direction, and for how long. What is no mistake but
 * meant is in grant_attacks_*_test.c.
 */
#define _GNU_SOURCE
#include "lending.h"

static char *mine;   /* two pages of the test's; the partners have copies at the same place */
static char *theirs; /* where partners copy to and from */
static struct partner first, second;

/* ---- What partners do ---- */

static int64_t take(int64_t granter, int64_t grant, int64_t offset, int64_t bytes)
{
	return sys_safecopyfrom((endpoint_t)granter, grant, (vir_bytes)offset, AT(theirs), (size_t)bytes);
}

static int64_t give(int64_t granter, int64_t grant, int64_t offset, int64_t bytes)
{
	return sys_safecopyto((endpoint_t)granter, grant, (vir_bytes)offset, AT(theirs), (size_t)bytes);
}

static int64_t set(int64_t granter, int64_t grant, int64_t offset, int64_t bytes)
{
	return sys_safememset((endpoint_t)granter, grant, (vir_bytes)offset, 'z', (size_t)bytes);
}

static int64_t put(int64_t offset, int64_t byte, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	theirs[offset] = (char)byte;
	return 0;
}

static int64_t get(int64_t offset, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return theirs[offset];
}

static int64_t pass_on_bytes(int64_t who_to, int64_t who_from, int64_t grant, int64_t offset)
{
	return cpf_grant_indirect_sub((endpoint_t)who_to, (endpoint_t)who_from, grant, (size_t)offset, 10,
	                              CPF_READ);
}

/* ---- Tests ---- */

static void setup(void)
{
	mine = lending_pages(2);
	theirs = lending_pages(2);
	REQUIRE(mine && theirs);
	first = lending_start();
	second = lending_start();
	for (unsigned i = 0; i < 2 * PAGE_SIZE; i++)
		mine[i] = (char)('a' + i % 26);
}

static cp_grant_id_t lend(struct partner to, unsigned offset, unsigned bytes, int access)
{
	cp_grant_id_t id = cpf_grant_direct(to.endpoint, AT(mine) + offset, bytes, access);
	CHECK(GRANT_VALID(id));
	return id;
}

static void what_is_granted_can_be_copied(void)
{
	cp_grant_id_t id = lend(first, 10, 100, CPF_READ | CPF_WRITE);
	CHECK_INT(lending_do(first, take, sys_self(), id, 5, 20), OK);
	CHECK_INT(lending_do(first, get, 0, 0, 0, 0), mine[15]);
	CHECK_INT(lending_do(first, get, 19, 0, 0, 0), mine[34]);
	CHECK_INT(lending_do(first, get, 20, 0, 0, 0), 0);
	lending_do(first, put, 0, '!', 0, 0);
	CHECK_INT(lending_do(first, give, sys_self(), id, 99, 1), OK);
	CHECK_INT(mine[109], '!');
	CHECK_INT(mine[108], 'a' + 108 % 26);
	CHECK_INT(mine[110], 'a' + 110 % 26);
	CHECK_INT(cpf_revoke(id), OK);
}

static void only_the_granted_bytes(void)
{
	cp_grant_id_t id = lend(first, 10, 100, CPF_READ | CPF_WRITE);
	endpoint_t self = sys_self();
	CHECK_INT(lending_do(first, take, self, id, 0, 101), -EPERM);
	CHECK_INT(lending_do(first, take, self, id, 100, 1), -EPERM);
	CHECK_INT(lending_do(first, take, self, id, 100, 0), OK);
	CHECK_INT(lending_do(first, take, self, id, 101, 0), -EPERM);
	CHECK_INT(lending_do(first, take, self, id, 0xffffffff, 2), -EPERM);
	CHECK_INT(lending_do(first, take, self, id, 1, 0xffffffff), -EPERM);
	CHECK_INT(lending_do(first, give, self, id, 0xfffffff0, 0x20), -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
}

static void only_the_granted_rights(void)
{
	cp_grant_id_t readable = lend(first, 0, 10, CPF_READ), writable = lend(first, 0, 10, CPF_WRITE);
	CHECK_INT(lending_do(first, take, sys_self(), readable, 0, 1), OK);
	CHECK_INT(lending_do(first, give, sys_self(), readable, 0, 1), -EPERM);
	CHECK_INT(lending_do(first, set, sys_self(), readable, 0, 1), -EPERM);
	CHECK_INT(lending_do(first, take, sys_self(), writable, 0, 1), -EPERM);
	CHECK_INT(lending_do(first, set, sys_self(), writable, 1, 8), OK);
	CHECK_INT(mine[0], 'a');
	CHECK_INT(mine[1], 'z');
	CHECK_INT(mine[8], 'z');
	CHECK_INT(mine[9], 'a' + 9);
	CHECK_INT(cpf_revoke(readable), OK);
	CHECK_INT(cpf_revoke(writable), OK);
}

static void only_the_grantee(void)
{
	cp_grant_id_t id = lend(first, 0, 10, CPF_READ), open;
	CHECK_INT(lending_do(second, take, sys_self(), id, 0, 1), -EPERM);
	open = cpf_grant_direct(ANY, AT(mine), 10, CPF_READ);
	CHECK(GRANT_VALID(open));
	CHECK_INT(lending_do(first, take, sys_self(), open, 0, 1), OK);
	CHECK_INT(lending_do(second, take, sys_self(), open, 0, 1), OK);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(cpf_revoke(open), OK);
}

static void what_is_passed_on_is_lost_with_what_it_came_from(void)
{
	cp_grant_id_t id = lend(first, 0, 100, CPF_READ);
	cp_grant_id_t passed = lending_do(first, pass_on, second.endpoint, sys_self(), id, 0);
	CHECK(GRANT_VALID(passed));
	CHECK_INT(lending_do(second, take, first.endpoint, passed, 99, 1), OK);
	CHECK_INT(lending_do(second, give, first.endpoint, passed, 99, 1), -EPERM);
	CHECK_INT(lending_do(second, take, first.endpoint, passed, 99, 2), -EPERM);
	CHECK_INT(lending_do(second, take, sys_self(), id, 0, 1), -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(lending_do(second, take, first.endpoint, passed, 0, 1), -EPERM);
	CHECK_INT(lending_do(first, revoke, passed, 0, 0, 0), OK);
}

static void a_part_can_be_passed_on(void)
{
	cp_grant_id_t id = lend(first, 0, 100, CPF_READ | CPF_WRITE);
	cp_grant_id_t part = lending_do(first, pass_on_bytes, second.endpoint, sys_self(), id, 50);
	CHECK_INT(lending_do(second, take, first.endpoint, part, 9, 1), OK);
	CHECK_INT(lending_do(second, get, 0, 0, 0, 0), mine[59]);
	CHECK_INT(lending_do(second, take, first.endpoint, part, 10, 1), -EPERM);
	CHECK_INT(lending_do(second, give, first.endpoint, part, 0, 1), -EPERM);
	part = lending_do(first, pass_on_bytes, second.endpoint, sys_self(), id, 95);
	CHECK_INT(lending_do(second, take, first.endpoint, part, 0, 5), OK);
	CHECK_INT(lending_do(second, take, first.endpoint, part, 0, 6), -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
}

static void chains_through_others_are_five_long_at_most(void)
{
	cp_grant_id_t id = lend(first, 0, 100, CPF_READ), link = id;
	struct partner from = {.endpoint = sys_self()}, to = first;
	for (int depth = 1; depth < GRANT_DEPTH_MAX; depth++) {
		struct partner next = to.endpoint == first.endpoint ? second : first;
		link = lending_do(to, pass_on, next.endpoint, from.endpoint, link, 0);
		CHECK(GRANT_VALID(link));
		CHECK_INT(lending_do(next, take, to.endpoint, link, 0, 1), OK);
		from = to;
		to = next;
	}
	link = lending_do(to, pass_on, from.endpoint, from.endpoint, link, 0);
	CHECK_INT(lending_do(from, take, to.endpoint, link, 0, 1), -ELOOP);
	CHECK_INT(cpf_revoke(id), OK);
}

static void magic_grants_lend_others_memory(void)
{
	cp_grant_id_t id = cpf_grant_magic(second.endpoint, first.endpoint, AT(theirs), 10, CPF_READ);
	lending_do(first, put, 3, 'm', 0, 0);
	CHECK_INT(lending_do(second, take, sys_self(), id, 3, 1), OK);
	CHECK_INT(lending_do(second, get, 0, 0, 0, 0), 'm');
	CHECK_INT(lending_do(second, give, sys_self(), id, 3, 1), -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(cpf_grant_magic(second.endpoint, first.endpoint, AT(theirs), PAGE_SIZE, CPF_READ | CPF_MAP),
	          GRANT_INVALID);
	CHECK_INT(errno, EINVAL);
}

/* Not the code of VM, PM or RS, which is there: their memory is nobody else's to lend. */
static void magic_grants_lend_no_memory_of_the_core(void)
{
	static const struct {
		endpoint_t endpoint;
		vir_bytes code;
	} core[] = {{VM_PROC_NR, SMALL_IMAGE_BASE}, {PM_PROC_NR, SMALL_IMAGE_BASE}, {RS_PROC_NR, 0x8048000}};
	for (int i = 0; i < 3; i++) {
		cp_grant_id_t id = cpf_grant_magic(second.endpoint, core[i].endpoint, core[i].code, 1,
		                                   CPF_READ | CPF_WRITE);
		CHECK(GRANT_VALID(id));
		CHECK_INT(lending_do(second, take, sys_self(), id, 0, 1), -EPERM);
		CHECK_INT(lending_do(second, give, sys_self(), id, 0, 1), -EPERM);
		CHECK_INT(cpf_revoke(id), OK);
	}
	CHECK(getppid() > 0); /* PM answers */
}

static void a_vector_goes_both_ways_and_is_judged_first(void)
{
	static char buffer[64];
	cp_grant_id_t id = cpf_grant_direct(sys_self(), AT(mine), 100, CPF_READ | CPF_WRITE);
	struct vscp_vec vector[3] = {
	        {.v_from = sys_self(), .v_to = SELF, .v_gid = id, .v_addr = AT(buffer), .v_bytes = 4},
	        {.v_from = SELF,
	         .v_to = sys_self(),
	         .v_gid = id,
	         .v_offset = 50,
	         .v_addr = AT(buffer),
	         .v_bytes = 4},
	        {.v_from = sys_self(), .v_to = SELF, .v_gid = id, .v_addr = AT(buffer) + 8, .v_bytes = 101},
	};
	memcpy(mine, "wxyz", 4);
	CHECK_INT(sys_vsafecopy(vector, 3), -EPERM);
	CHECK_INT(buffer[0], 0);
	CHECK_INT(sys_vsafecopy(vector, 2), OK);
	CHECK(memcmp(buffer, "wxyz", 4) == 0 && memcmp(mine + 50, "wxyz", 4) == 0);
	vector[1].v_to = SELF;
	CHECK_INT(sys_vsafecopy(vector, 2), -EINVAL);
	CHECK_INT(sys_vsafecopy(vector, SCPVEC_NR + 1), -EINVAL);
	CHECK_INT(sys_vsafecopy(vector, -1), -EINVAL);
	CHECK_INT(sys_vsafecopy(NULL, 1), -EFAULT);
	CHECK_INT(sys_vsafecopy(NULL, 0), OK);
	CHECK_INT(cpf_revoke(id), OK);
}

static void grants_that_can_not_be_are_refused(void)
{
	endpoint_t self = sys_self();
	const vir_bytes at = AT(mine);
	CHECK_INT(cpf_grant_direct(self, at, 10, 0), GRANT_INVALID);
	CHECK_INT(errno, EINVAL);
	CHECK_INT(cpf_grant_direct(self, at, 10, CPF_READ | 0x1000), GRANT_INVALID);
	CHECK_INT(cpf_grant_direct(self, at, 10, CPF_READ | CPF_INDIRECT), GRANT_INVALID);
	CHECK_INT(cpf_grant_direct(self, at, 10, CPF_READ | CPF_MAP), GRANT_INVALID);
	CHECK_INT(cpf_grant_direct(self, at + 1, PAGE_SIZE, CPF_READ | CPF_MAP), GRANT_INVALID);
	CHECK_INT(cpf_grant_direct(self, at, PAGE_SIZE, CPF_WRITE | CPF_MAP), GRANT_INVALID);
	CHECK_INT(cpf_grant_direct(ANY, at, PAGE_SIZE, CPF_READ | CPF_MAP), GRANT_INVALID);
	CHECK_INT(cpf_grant_direct(NONE, at, 10, CPF_READ), GRANT_INVALID);
	CHECK_INT(cpf_grant_direct(self, 0xfffffff0, 0x20, CPF_READ), GRANT_INVALID);
	CHECK_INT(cpf_grant_indirect(self, NONE, 5), GRANT_INVALID);
	CHECK_INT(cpf_grant_indirect(self, self, GRANT_INVALID), GRANT_INVALID);
	CHECK_INT(errno, EINVAL);
}

static void a_try_does_not_wait_for_memory(void)
{
	char *fresh = lending_pages(2);
	cp_grant_id_t trying = cpf_grant_direct(first.endpoint, AT(fresh), 100, CPF_READ | CPF_TRY);
	cp_grant_id_t patient = cpf_grant_direct(first.endpoint, AT(fresh), 100, CPF_READ);
	CHECK_INT(lending_do(first, take, sys_self(), trying, 0, 10), -EFAULT);
	CHECK_INT(lending_do(first, take, sys_self(), patient, 0, 10), OK);
	CHECK_INT(lending_do(first, take, sys_self(), trying, 0, 10), OK);
	CHECK_INT(cpf_revoke(trying), OK);
	CHECK_INT(cpf_revoke(patient), OK);
	munmap(fresh, 2 * PAGE_SIZE);
}

static void a_dead_link_breaks_the_chain(void)
{
	struct partner between = lending_start();
	cp_grant_id_t id = lend(between, 0, 10, CPF_READ);
	cp_grant_id_t passed = lending_do(between, pass_on, second.endpoint, sys_self(), id, 0);
	CHECK_INT(lending_do(second, take, between.endpoint, passed, 0, 1), OK);
	lending_end(between);
	CHECK_INT(lending_do(second, take, between.endpoint, passed, 0, 1), -EDEADSRCDST);
	CHECK_INT(cpf_revoke(id), OK);
}

static void check_sides(cp_grant_id_t id, endpoint_t granter, endpoint_t grantee)
{
	endpoint_t from = NONE, to = NONE;
	CHECK_INT(cpf_lookup(id, &from, &to), OK);
	CHECK_INT(from, granter);
	CHECK_INT(to, grantee);
	CHECK_INT(cpf_lookup(id, NULL, NULL), OK);
}

/* Direct, then indirect, then magic: each time what it was before is nothing any more. */
static void an_id_can_be_set_to_every_kind_of_grant(void)
{
	endpoint_t self = sys_self();
	cp_grant_id_t id, given = lending_do(first, grant_memory, self, AT(theirs), 100, CPF_READ);
	CHECK_INT(cpf_getgrants(&id, 1), 1);
	lending_do(first, put, 3, '1', 0, 0);
	CHECK_INT(cpf_setgrant_direct(id, second.endpoint, AT(mine), 10, CPF_READ), OK);
	check_sides(id, SELF, second.endpoint);
	CHECK_INT(lending_do(second, take, self, id, 3, 1), OK);
	CHECK_INT(lending_do(second, get, 0, 0, 0, 0), mine[3]);
	CHECK_INT(cpf_setgrant_indirect(id, second.endpoint, first.endpoint, given), OK);
	check_sides(id, first.endpoint, second.endpoint);
	CHECK_INT(lending_do(second, take, self, id, 3, 90), OK);
	CHECK_INT(lending_do(second, get, 0, 0, 0, 0), '1');
	CHECK_INT(cpf_setgrant_magic(id, second.endpoint, first.endpoint, AT(theirs) + 3, 1,
	                             CPF_READ | CPF_WRITE),
	          OK);
	check_sides(id, first.endpoint, second.endpoint);
	CHECK_INT(lending_do(second, take, self, id, 3, 90), -EPERM);
	lending_do(second, put, 0, '2', 0, 0);
	CHECK_INT(lending_do(second, give, self, id, 0, 1), OK);
	CHECK_INT(lending_do(first, get, 3, 0, 0, 0), '2');
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(cpf_setgrant_magic(id, second.endpoint, first.endpoint, AT(theirs), 1, CPF_READ), -EPERM);
	CHECK_INT(lending_do(first, revoke, given, 0, 0, 0), OK);
}

static void the_table_can_be_full(void)
{
	static cp_grant_id_t ids[GRANTS_MAX + 1];
	int n = cpf_getgrants(ids, GRANTS_MAX + 1);
	CHECK(n == GRANTS_MAX);
	CHECK_INT(cpf_grant_direct(first.endpoint, AT(mine), 10, CPF_READ), GRANT_INVALID);
	CHECK_INT(errno, ENOSPC);
	CHECK_INT(write(1, "# words can be said with a full table\n", 38), 38);
	CHECK_INT(cpf_setgrant_direct(ids[n - 1], first.endpoint, AT(mine), 10, CPF_READ), OK);
	CHECK_INT(lending_do(first, take, sys_self(), ids[n - 1], 0, 1), OK);
	CHECK_INT(cpf_setgrant_disable(ids[n - 1]), OK);
	CHECK_INT(lending_do(first, take, sys_self(), ids[n - 1], 0, 1), -EPERM);
	for (int i = 0; i < n; i++)
		REQUIRE(cpf_revoke(ids[i]) == OK);
	CHECK(GRANT_VALID(ids[0] = lend(first, 0, 10, CPF_READ)));
	CHECK_INT(cpf_revoke(ids[0]), OK);
}

static void teardown(void)
{
	lending_end(first);
	lending_end(second);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(what_is_granted_can_be_copied),
	        TEST(only_the_granted_bytes),
	        TEST(only_the_granted_rights),
	        TEST(only_the_grantee),
	        TEST(what_is_passed_on_is_lost_with_what_it_came_from),
	        TEST(a_part_can_be_passed_on),
	        TEST(chains_through_others_are_five_long_at_most),
	        TEST(magic_grants_lend_others_memory),
	        TEST(magic_grants_lend_no_memory_of_the_core),
	        TEST(a_vector_goes_both_ways_and_is_judged_first),
	        TEST(grants_that_can_not_be_are_refused),
	        TEST(a_try_does_not_wait_for_memory),
	        TEST(a_dead_link_breaks_the_chain),
	        TEST(an_id_can_be_set_to_every_kind_of_grant),
	        TEST(the_table_can_be_full),
	        TEST(teardown),
	};
	return TAP_RUN(tests);
}
