/* SPDX-License-Identifier: MIT */
/* guest: flags=inspect timeout=120 */
/* Copies that share pages, of pages that are lent; and lending of pages that are shared: also after forks. */
#define _GNU_SOURCE
#include "grant_cast.h"

#define WRITABLE (CPF_READ | CPF_WRITE)

enum { OWNER, HOLDER, COPIER, OWNERS_CHILD, OTHERS_CHILD };

#define HALF (ALL_PAGES >> PAGES / 2)

static struct account before;

static void begin(void)
{
	reference_begin();
	for (int who = OWNER; who <= COPIER; who++)
		cast_start_filled(who);
}

static void end(void)
{
	cast_end();
	check_account(&before);
}

static cp_grant_id_t lend(int access)
{
	cp_grant_id_t id = cast_grant(OWNER, HOLDER, access | CPF_MAP);
	cast_map(OWNER, OWNER, HOLDER, access & CPF_WRITE);
	return id;
}

/* The copier gets a grant of the owner's, and uses it in both directions. */
static void copy_both_ways(int owner, int granter, bool back, unsigned shared)
{
	cp_grant_id_t id = cast_grant(granter, COPIER, back ? WRITABLE : CPF_READ);
	cast_copy_from(granter, owner, COPIER, shared);
	cast_write_and_compare(HALF, 0, "after a copy from it");
	if (back)
		cast_copy_to(granter, owner, COPIER, shared / 2); /* the others are still shared */
	cast_write_and_compare(HALF, 1, "after a copy to it");
	cast_revoke(granter, id);
}

/* The holder's own side of a copy is what it has mapped. */
static void copy_into_what_is_mapped(void)
{
	cp_grant_id_t id = cast_grant(COPIER, HOLDER, WRITABLE);
	if (cast[HOLDER].writes)
		cast_copy_from(COPIER, COPIER, HOLDER, 0);
	else
		CHECK_INT(cast_do(HOLDER, do_copy_from, endpoint_of(COPIER), id, 0, PAIR(0, BYTES)), -EFAULT);
	cast_write(HALF, 2, "after a copy into what is mapped");
	cast_copy_to(COPIER, COPIER, HOLDER, 0);
	cast_write_and_compare(HALF, 3, "after a copy out of what is mapped");
	cast_revoke(COPIER, id);
}

static void copy_what_is_lent(int access)
{
	begin();
	cp_grant_id_t id = lend(access);
	copy_both_ways(OWNER, OWNER, true, 0);
	copy_both_ways(OWNER, HOLDER, access & CPF_WRITE, 0);
	copy_into_what_is_mapped();
	cast_revoke(OWNER, id);
	cast_keep(HOLDER);
	cast_write_and_compare(HALF, 4, "after the revocation");
	copy_both_ways(OWNER, OWNER, true, PAGES);
	cast_write_and_compare(ALL_PAGES, 5, "at last");
	end();
}

static void a_page_already_lent_is_copied_and_not_shared(void)
{
	copy_what_is_lent(CPF_READ);
	copy_what_is_lent(WRITABLE);
}

static void lend_what_is_shared(int access, bool source)
{
	begin();
	cp_grant_id_t id = cast_grant(OWNER, COPIER, WRITABLE);
	if (source)
		cast_copy_from(OWNER, OWNER, COPIER, PAGES);
	else
		cast_copy_to(OWNER, OWNER, COPIER, PAGES);
	cast_revoke(OWNER, id);
	id = lend(access);
	cast_write_and_compare(HALF, 0, "after the mapping");
	cast_revoke(OWNER, id);
	cast_keep(HOLDER);
	cast_write_and_compare(ALL_PAGES, 1, "after the revocation");
	end();
}

static void a_page_shared_by_a_copy_is_made_private_before_it_is_lent(void)
{
	for (int source = 0; source < 2; source++) {
		lend_what_is_shared(CPF_READ, source);
		lend_what_is_shared(WRITABLE, source);
	}
}

/* What is lent is copied for the children at once, so theirs can be shared. */
static void a_page_already_lent_is_copied_after_forks_on_both_sides(void)
{
	begin();
	cp_grant_id_t id = lend(WRITABLE);
	cast_fork(OWNER, OWNERS_CHILD, true);
	cast_fork(HOLDER, OTHERS_CHILD, true);
	copy_both_ways(OWNER, OWNER, true, 0);
	copy_both_ways(OWNER, HOLDER, true, 0);
	copy_both_ways(OWNERS_CHILD, OWNERS_CHILD, true, PAGES);
	copy_both_ways(OTHERS_CHILD, OTHERS_CHILD, true, PAGES);
	cast_revoke(OWNER, id);
	cast_keep(HOLDER);
	cast_write_and_compare(ALL_PAGES, 4, "after the revocation");
	end();
}

static void a_page_shared_by_a_copy_is_lent_after_forks_on_both_sides(void)
{
	begin();
	cp_grant_id_t id = cast_grant(OWNER, COPIER, CPF_READ);
	cast_copy_from(OWNER, OWNER, COPIER, PAGES);
	cast_revoke(OWNER, id);
	cast_fork(OWNER, OWNERS_CHILD, true);
	cast_fork(COPIER, OTHERS_CHILD, true);
	for (int from = OWNER; from <= OTHERS_CHILD; from++) {
		if (from == HOLDER)
			continue;
		id = cast_grant(from, HOLDER, WRITABLE | CPF_MAP);
		cast_map(from, from, HOLDER, true);
		cast_write_and_compare(1u << from | 1u << (PAGES - 1), 2 * (unsigned)from, "after a mapping");
		cast_revoke(from, id);
		cast_keep(HOLDER);
		cast_write_and_compare(1u << from | 1u << (PAGES - 1), 2 * (unsigned)from + 1,
		                       "after a revocation");
	}
	cast_write_and_compare(ALL_PAGES, 10, "at last");
	end();
}

/* What is touched for the first time is no leak. */
static void setup(void)
{
	cast_names[OWNER] = "owner";
	cast_names[HOLDER] = "holder";
	cast_names[COPIER] = "copier";
	cast_names[OWNERS_CHILD] = "owner's child";
	cast_names[OTHERS_CHILD] = "other's child";
	cast_setup();
	begin();
	cast_end();
	before = account_now();
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(a_page_already_lent_is_copied_and_not_shared),
	        TEST(a_page_shared_by_a_copy_is_made_private_before_it_is_lent),
	        TEST(a_page_already_lent_is_copied_after_forks_on_both_sides),
	        TEST(a_page_shared_by_a_copy_is_lent_after_forks_on_both_sides),
	};
	return TAP_RUN(tests);
}
