/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted */
/* Attacks on grants by whom they were given to: with rights that were not, and with buffers of its own that
 * are bad. */
#define _GNU_SOURCE
#include "attacks.h"

#define PAGES 16 /* enough for pages to be shared instead of copied */
#define BYTES (PAGES * PAGE_SIZE)

static void setup(void)
{
	attacks_begin(PAGES);
	raw_begin();
}

/* ---- Rights ---- */

static void check_attempt(const struct attempt *attempt, cp_grant_id_t id, uint32_t access)
{
	int allowed = (access & attempt->rights) == attempt->rights;
	int64_t result = lending_do(first, attempt->task, self, id, PAIR(0, PAGE_SIZE), AT(theirs));
	if (!CHECK_INT(result, allowed ? OK : -EPERM))
		printf("# attempt %d, access %x\n", (int)(attempt - attempts), access);
	if (result == OK && attempt->rights & CPF_MAP)
		CHECK_INT(lending_do(first, unmap, AT(theirs), PAGE_SIZE, 0, 0), OK);
	check_pattern(mine, allowed && attempt->rights & CPF_WRITE ? PAGE_SIZE : 0, BYTES);
	fill_pattern(mine, PAGE_SIZE);
}

static void no_right_that_was_not_given(void)
{
	for (uint32_t access = 0; access <= CPF_RIGHTS; access++) {
		cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, AT(mine), BYTES, access));
		for (unsigned i = 0; i < COUNT(attempts); i++)
			check_attempt(&attempts[i], id, access);
	}
}

static void no_right_that_a_link_of_the_chain_has_not(void)
{
	for (uint32_t access = 0; access <= CPF_RIGHTS; access++)
		for (uint32_t narrow = 0; narrow < 3; narrow++) {
			struct cp_grant middle = raw_indirect(self, self, raw_id(0));
			struct cp_grant last = raw_indirect(first.endpoint, self, raw_id(1));
			raw_grant(0, raw_direct(self, AT(mine), BYTES, narrow == 0 ? access : CPF_RIGHTS));
			middle.flags = CPF_INDIRECT | (narrow == 1 ? access : CPF_RIGHTS);
			raw_grant(1, middle);
			last.flags = CPF_INDIRECT | (narrow == 2 ? access : CPF_RIGHTS);
			cp_grant_id_t id = raw_grant(2, last);
			for (unsigned i = 0; i < COUNT(attempts); i++)
				check_attempt(&attempts[i], id, access);
		}
}

/* ---- The grantee's own buffer is bad ---- */

enum buffer { GONE, READ_ONLY, NO_RIGHTS, HALF_GONE, HALF_READ_ONLY, LENT_READ_ONLY, BUFFERS };

static cp_grant_id_t lent_id; /* for LENT_READ_ONLY: of the test's own memory */

static int64_t lay_out(int64_t buffer, int64_t grantor, int64_t grant, int64_t unused)
{
	vir_bytes half = AT(theirs) + BYTES / 2;
	int result = (int)map_own(AT(theirs), BYTES, RW, 0);
	(void)unused;
	memset(theirs, 'b', BYTES);
	if (buffer == GONE || buffer == HALF_GONE)
		result |= munmap(buffer == GONE ? theirs : theirs + BYTES / 2, BYTES / 2);
	if (buffer == GONE)
		result |= munmap(theirs + BYTES / 2, BYTES / 2);
	if (buffer == READ_ONLY || buffer == NO_RIGHTS)
		result |= mprotect(theirs, BYTES, buffer == READ_ONLY ? PROT_READ : PROT_NONE);
	if (buffer == HALF_READ_ONLY)
		result |= mprotect(theirs + BYTES / 2, BYTES / 2, PROT_READ);
	if (buffer == LENT_READ_ONLY)
		result |= sys_safemap((endpoint_t)grantor, grant, BYTES / 2, half, BYTES / 2, 0);
	return result;
}

static int readable(enum buffer buffer)
{
	return buffer == READ_ONLY || buffer == HALF_READ_ONLY || buffer == LENT_READ_ONLY;
}

/* A small copy across the middle, and one of all, which would share pages; displaced, it would not. */
static const struct {
	uint32_t offset, bytes;
} copies[] = {{BYTES / 2 - 5, 10}, {0, BYTES}, {1, BYTES - 1}, {BYTES / 2 - PAGE_SIZE, 5 * PAGE_SIZE}};

static void check_bad_buffer(enum buffer buffer, cp_grant_id_t id)
{
	for (unsigned i = 0; i < COUNT(copies); i++)
		for (int shift = 0; shift < 2; shift++) {
			int64_t range = PAIR(copies[i].offset, copies[i].bytes - (uint32_t)shift);
			vir_bytes address = AT(theirs) + copies[i].offset + (uint32_t)shift;
			int expected = readable(buffer) ? OK : -EFAULT;
			CHECK_INT(lending_do(first, lay_out, buffer, self, lent_id, 0), 0);
			CHECK_INT(lending_do(first, take, self, id, range, address), -EFAULT);
			CHECK_INT(lending_do(first, take_by_vector, self, id, range, address), -EFAULT);
			check_pattern(mine, 0, BYTES);
			CHECK_INT(lending_do(first, give, self, id, range, address), expected);
			check_pattern(mine, 0, copies[i].offset);
			check_pattern(mine, copies[i].offset + copies[i].bytes, BYTES);
			fill_pattern(mine, BYTES);
		}
}

static void a_bad_buffer_of_the_grantees_harms_nobody(void)
{
	cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, AT(mine), BYTES, CPF_READ | CPF_WRITE));
	lent_id = raw_grant(1, raw_direct(first.endpoint, AT(mine), BYTES, CPF_READ | CPF_MAP));
	for (int buffer = 0; buffer < BUFFERS; buffer++)
		check_bad_buffer((enum buffer)buffer, id);
	CHECK_INT(lending_do(first, map_own, AT(theirs), BYTES, RW, 0), OK);
}

static void a_buffer_that_is_the_kernels_or_wraps_is_refused(void)
{
	static const vir_bytes places[] = {0,          PAGE_SIZE,  PROC_SIZE - 1, PROC_SIZE,  PROC_SIZE + 1,
	                                   0xf0000000, 0xf0100000, 0xffc00000,    0xfffff000, 0xffffffff};
	cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, AT(mine), BYTES, CPF_READ | CPF_WRITE));
	for (unsigned i = 0; i < COUNT(places); i++)
		for (unsigned j = 0; j < COUNT(copies); j++) {
			int64_t range = PAIR(copies[j].offset, copies[j].bytes);
			CHECK_INT(lending_do(first, take, self, id, range, places[i]), -EFAULT);
			CHECK_INT(lending_do(first, give, self, id, range, places[i]), -EFAULT);
			CHECK_INT(lending_do(first, take_by_vector, self, id, range, places[i]), -EFAULT);
		}
	check_pattern(mine, 0, BYTES);
}

/* A vector in memory that is not there, or not all of it, is no vector. */
static int64_t take_by_bad_vectors(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	struct vscp_vec *last = (void *)(theirs + BYTES), *vector = last - 2;
	int64_t odd = 0;
	(void)unused, (void)unused2;
	for (struct vscp_vec *v = vector; v < last; v++)
		*v = (struct vscp_vec){.v_from = (endpoint_t)granter,
		                       .v_to = SELF,
		                       .v_gid = id,
		                       .v_addr = AT(theirs),
		                       .v_bytes = 1};
	odd += sys_vsafecopy(vector, 2) != OK;
	theirs[0] = 'b';
	odd += sys_vsafecopy(vector, 3) != -EFAULT; /* the third is beyond the memory */
	vector[1].v_addr = PROC_SIZE;
	odd += sys_vsafecopy(vector, 2) != -EFAULT; /* all are judged before the first is made */
	odd += theirs[0] != 'b';
	odd += sys_vsafecopy((void *)(uintptr_t)0xfffffff0u, 2) != -EFAULT;
	odd += sys_vsafecopy((void *)(uintptr_t)PROC_SIZE, 1) != -EFAULT;
	return odd;
}

static void a_bad_vector_copies_nothing(void)
{
	cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, AT(mine), BYTES, CPF_READ));
	CHECK_INT(lending_do(first, take_by_bad_vectors, self, id, 0, 0), 0);
}

static void the_memory_is_as_it_was(void)
{
	check_pattern(mine, 0, BYTES);
	raw_end();
	attacks_end();
	nothing_is_left();
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(no_right_that_was_not_given),
	        TEST(no_right_that_a_link_of_the_chain_has_not),
	        TEST(a_bad_buffer_of_the_grantees_harms_nobody),
	        TEST(a_buffer_that_is_the_kernels_or_wraps_is_refused),
	        TEST(a_bad_vector_copies_nothing),
	        TEST(the_memory_is_as_it_was),
	};
	return TAP_RUN(tests);
}
