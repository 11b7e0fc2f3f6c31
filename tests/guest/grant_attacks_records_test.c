/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted */
/* Attacks on grants with records that no library would write: ranges that wrap, chains that loop, widen or
 * start at nothing. */
#define _GNU_SOURCE
#include "attacks.h"

#define PAGES 16 /* enough for pages to be shared instead of copied */
#define BYTES (PAGES * PAGE_SIZE)

static void setup(void)
{
	attacks_begin(PAGES);
	raw_begin();
}

/* ---- Ranges, at every boundary ---- */

static const uint32_t bounds[] = {
        0,
        0,
        1,
        PAGE_SIZE,
        PAGE_SIZE - 1,
        BYTES,
        BYTES + 1,
        PAGE_SIZE + 1,
        0x7fffffff,
        0x80000000,
        0x80000000,
        PROC_SIZE - 1,
        PROC_SIZE,
        0xfffff000,
        0xf0000000,
        0xffffffff,
};

/* The granted pages, and the one where the stack ends. */
static int is_there(uint64_t start, uint64_t end)
{
	return (start >= AT(mine) && end <= AT(mine) + BYTES) || start >= STACK_TOP - PAGE_SIZE;
}

/* What a copy of so much of a grant must come to; the grantee's side is good, or has wrapped. */
static int expected_copy(const struct cp_grant *record, uint32_t offset, uint32_t bytes, vir_bytes address,
                         uint32_t room)
{
	uint64_t start = (uint64_t)record->start + offset;
	if (offset > record->bytes || (uint64_t)offset + bytes > record->bytes)
		return -EPERM;
	if (start + bytes > PROC_SIZE || (uint64_t)address + bytes > PROC_SIZE)
		return -EFAULT;
	if (bytes == 0)
		return OK;
	return is_there(start, start + bytes) && bytes <= room ? OK : -EFAULT;
}

static struct cp_grant boundary_record; /* the partner's copy */

static int64_t know_record(int64_t start, int64_t bytes, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	boundary_record.start = (vir_bytes)start;
	boundary_record.bytes = (uint32_t)bytes;
	return 0;
}

static int64_t check_one_range(endpoint_t granter, cp_grant_id_t id, uint32_t offset, uint32_t bytes,
                               vir_bytes address)
{
	int64_t range = PAIR(offset, bytes);
	uint32_t room = address == AT(theirs) ? BYTES : 0;
	int expected = expected_copy(&boundary_record, offset, bytes, address, room);
	int wrong = take(granter, id, range, address) != expected ||
	            give(granter, id, range, address) != expected ||
	            take_by_vector(granter, id, range, address) != expected;
	expected = expected_copy(&boundary_record, offset, bytes, AT(theirs), 0xffffffff);
	wrong |= set(granter, id, range, 'z') != expected;
	if (wrong)
		printf("# grant of %x at %x: %x bytes at %x, to %x\n", boundary_record.bytes,
		       boundary_record.start, bytes, offset, address);
	return wrong;
}

/* With each offset, length and address of its own; returns how many were not as expected. */
static int64_t try_ranges(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	const vir_bytes addresses[] = {AT(theirs), PROC_SIZE, 0xffffffff};
	int64_t wrong = 0;
	(void)unused, (void)unused2;
	for (unsigned o = 0; o < COUNT(bounds); o++)
		for (unsigned b = 0; b < COUNT(bounds); b++)
			for (unsigned a = 0; a < COUNT(addresses); a++)
				wrong += check_one_range((endpoint_t)granter, id, bounds[o], bounds[b],
				                         addresses[a]);
	return wrong;
}

static void check_ranges(vir_bytes start, uint32_t bytes)
{
	cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, start, bytes, CPF_READ | CPF_WRITE));
	fill_pattern(mine, BYTES);
	lending_do(first, know_record, start, bytes, 0, 0);
	CHECK_INT(lending_do(first, try_ranges, self, id, 0, 0), 0);
	/* Outside of what was granted nothing was written. */
	for (uint32_t i = 0; i < BYTES; i++)
		if (AT(mine) + i < start || AT(mine) + i - start >= bytes)
			REQUIRE((uint8_t)mine[i] == pattern(i));
}

static void ranges_that_wrap_or_end_beyond_are_refused(void)
{
	const vir_bytes starts[] = {0,
	                            AT(mine) - 1,
	                            AT(mine),
	                            AT(mine) + 1,
	                            AT(mine) + BYTES - 1,
	                            AT(mine) + BYTES,
	                            0x80000000,
	                            PROC_SIZE,
	                            PROC_SIZE + 1,
	                            0xfffff000,
	                            0xffffffff};
	for (unsigned s = 0; s < COUNT(starts); s++)
		for (unsigned b = 1; b < COUNT(bounds); b += 2)
			check_ranges(starts[s], bounds[b]);
	fill_pattern(mine, BYTES);
}

/* The same for mapping: what is not refused for the record is refused for the range. */
static int64_t map_ranges(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	int64_t odd = 0;
	(void)unused, (void)unused2;
	for (unsigned o = 0; o < COUNT(bounds); o++)
		for (unsigned b = 0; b < COUNT(bounds); b++) {
			uint32_t offset = bounds[o], bytes = bounds[b];
			int result = (int)map(granter, id, PAIR(offset, bytes), AT(theirs));
			int aligned = offset % PAGE_SIZE == 0 && bytes % PAGE_SIZE == 0 && bytes;
			int within = aligned && (uint64_t)offset + bytes <= BYTES;
			odd += within ? result != OK : result != -EINVAL && result != -EPERM;
			if (result == OK)
				odd += unmap(AT(theirs), BYTES, 0, 0) != OK;
		}
	return odd;
}

static int64_t map_at_bad_places(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	static const vir_bytes places[] = {0,
	                                   1,
	                                   PAGE_SIZE,
	                                   PROC_MIN_ADDRESS - PAGE_SIZE,
	                                   PROC_MIN_ADDRESS + 1,
	                                   PROC_SIZE - PAGE_SIZE + 1,
	                                   PROC_SIZE - PAGE_SIZE, /* two pages from there */
	                                   PROC_SIZE,
	                                   0xf0000000,
	                                   0xf0100000,
	                                   0xfffff000,
	                                   0xffffffff};
	int64_t odd = 0;
	(void)unused, (void)unused2;
	for (unsigned i = 0; i < COUNT(places); i++)
		odd += map(granter, id, PAIR(0, 2 * PAGE_SIZE), places[i]) != -EINVAL;
	return odd + (map(granter, id, PAIR(0, 2 * PAGE_SIZE), AT(theirs) + 1) != -EINVAL);
}

static void ranges_that_can_not_be_mapped_are_refused(void)
{
	cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, AT(mine), BYTES, CPF_READ | CPF_MAP));
	CHECK_INT(lending_do(first, map_ranges, self, id, 0, 0), 0);
	CHECK_INT(lending_do(first, map_at_bad_places, self, id, 0, 0), 0);
	check_pattern(mine, 0, BYTES);
}

/* What the record names is not there, or is more than can be there. */
static void ranges_of_nothing_can_not_be_mapped(void)
{
	const struct {
		vir_bytes start;
		uint32_t bytes;
	} records[] = {{AT(mine) - PAGE_SIZE, BYTES},    {AT(mine) + PAGE_SIZE, BYTES}, {0, 0xfffff000},
	               {PROC_SIZE - 0x1000, 2 * 0x1000}, {0xfffff000, 0x2000},          {PROC_SIZE, BYTES}};
	for (unsigned i = 0; i < COUNT(records); i++) {
		struct cp_grant record =
		        raw_direct(first.endpoint, records[i].start, records[i].bytes, CPF_READ | CPF_MAP);
		uint32_t bytes = record.bytes < BYTES ? record.bytes : BYTES;
		CHECK_INT(lending_do(first, map, self, raw_grant(0, record), PAIR(0, bytes), AT(theirs)),
		          -EFAULT);
	}
}

/* ---- Unaligned grants to map, in the table itself ---- */

static void what_is_not_whole_pages_is_not_mapped_whatever_the_table_says(void)
{
	const struct {
		vir_bytes start;
		uint32_t bytes;
	} odd[] = {{AT(mine) + 1, BYTES},
	           {AT(mine), PAGE_SIZE + 1},
	           {AT(mine), BYTES - 1},
	           {AT(mine) + 0x800, PAGE_SIZE}};
	for (unsigned i = 0; i < COUNT(odd); i++) {
		struct cp_grant record = raw_direct(first.endpoint, odd[i].start, odd[i].bytes, CPF_RIGHTS);
		cp_grant_id_t id = raw_grant(0, record);
		CHECK_INT(lending_do(first, map, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), -EINVAL);
		CHECK_INT(lending_do(first, map_writable, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), -EINVAL);
		CHECK_INT(lending_do(first, take, self, id, PAIR(0, 16), AT(theirs)), OK);
	}
	check_pattern(mine, 0, BYTES);
}

static void a_part_that_is_not_whole_pages_is_not_mapped(void)
{
	cp_grant_id_t whole = raw_grant(0, raw_direct(self, AT(mine), BYTES, CPF_RIGHTS));
	struct cp_grant part = raw_indirect(first.endpoint, self, whole);
	const uint32_t starts[] = {1, 0x800, PAGE_SIZE - 1};
	for (unsigned i = 0; i < COUNT(starts); i++) {
		part.start = starts[i];
		CHECK_INT(lending_do(first, map, self, raw_grant(1, part), PAIR(0, PAGE_SIZE), AT(theirs)),
		          -EINVAL);
	}
	part.start = 0;
	part.bytes = PAGE_SIZE + 1;
	CHECK_INT(lending_do(first, map, self, raw_grant(1, part), PAIR(0, PAGE_SIZE), AT(theirs)), -EINVAL);
	part.bytes = PAGE_SIZE;
	raw_table[0].start++; /* and now the one below */
	CHECK_INT(lending_do(first, map, self, raw_grant(1, part), PAIR(0, PAGE_SIZE), AT(theirs)), -EINVAL);
}

/* ---- Chains ---- */

static void chains_that_loop_are_refused(void)
{
	static const uint32_t lengths[] = {1, 2, 5, 7};
	for (unsigned i = 0; i < COUNT(lengths); i++) {
		for (uint32_t slot = 1; slot <= lengths[i]; slot++)
			raw_grant(slot, raw_indirect(self, self, raw_id(slot % lengths[i] + 1)));
		cp_grant_id_t id = raw_grant(0, raw_indirect(first.endpoint, self, raw_id(1)));
		check_refused(first, self, id, -ELOOP);
		CHECK_INT(sys_safecopyfrom(self, raw_id(1), 0, AT(theirs), 1), -ELOOP);
	}
}

static int64_t raw_start(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	raw_begin();
	return raw_id(0);
}

static int64_t pass_raw(int64_t slot, int64_t who_to, int64_t who_from, int64_t from)
{
	return raw_grant((uint32_t)slot, raw_indirect((endpoint_t)who_to, (endpoint_t)who_from, from));
}

/* Each points to the other's, and none to any memory. */
static void chains_that_loop_through_others_are_refused(void)
{
	cp_grant_id_t a = lending_do(first, raw_start, 0, 0, 0, 0);
	cp_grant_id_t b = lending_do(second, raw_start, 0, 0, 0, 0), id;
	CHECK_INT(lending_do(first, pass_raw, 0, second.endpoint, second.endpoint, b), a);
	CHECK_INT(lending_do(second, pass_raw, 0, first.endpoint, first.endpoint, a), b);
	check_refused(second, first.endpoint, a, -ELOOP);
	check_refused(first, second.endpoint, b, -ELOOP);
	id = lending_do(first, pass_raw, 1, self, second.endpoint, b);
	CHECK_INT(sys_safecopyfrom(first.endpoint, id, 0, AT(theirs), 1), -ELOOP);
	CHECK_INT(sys_safemap(first.endpoint, id, 0, AT(theirs), PAGE_SIZE, 0), -ELOOP);
}

static cp_grant_id_t chain_of(uint32_t depth)
{
	raw_grant(0, raw_direct(depth == 1 ? first.endpoint : self, AT(mine), BYTES, CPF_RIGHTS));
	for (uint32_t slot = 1; slot < depth; slot++) {
		endpoint_t who_to = slot + 1 == depth ? first.endpoint : self;
		raw_grant(slot, raw_indirect(who_to, self, raw_id(slot - 1)));
	}
	return raw_id(depth - 1);
}

static void chains_of_more_than_five_are_refused(void)
{
	for (uint32_t depth = 1; depth <= GRANT_DEPTH_MAX; depth++) {
		cp_grant_id_t id = chain_of(depth);
		CHECK_INT(lending_do(first, take, self, id, PAIR(0, 1), AT(theirs)), OK);
		CHECK_INT(lending_do(first, map, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
		CHECK_INT(lending_do(first, unmap, AT(theirs), PAGE_SIZE, 0, 0), OK);
	}
	for (uint32_t depth = GRANT_DEPTH_MAX + 1; depth < 10; depth++)
		check_refused(first, self, chain_of(depth), -ELOOP);
	check_pattern(mine, 0, BYTES);
}

/* A link lends what it has mapped: that is as long a chain as one of records. */
static void a_chain_of_mappings_and_grants_is_no_longer(void)
{
	cp_grant_id_t id = chain_of(GRANT_DEPTH_MAX), on;
	struct partner lender = lending_start(), last = lending_start();
	raw_table[GRANT_DEPTH_MAX - 1].who_to = lender.endpoint;
	CHECK_INT(lending_do(lender, map, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
	on = lending_do(lender, grant_memory, last.endpoint, AT(theirs), PAGE_SIZE, CPF_READ | CPF_MAP);
	CHECK_INT(lending_do(last, map, lender.endpoint, on, PAIR(0, PAGE_SIZE), AT(theirs)), -ELOOP);
	CHECK_INT(lending_do(last, take, lender.endpoint, on, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
	lending_end(last);
	lending_end(lender);
}

static void chains_that_widen_the_range_are_refused(void)
{
	cp_grant_id_t below = raw_grant(0, raw_direct(self, AT(mine) + PAGE_SIZE, PAGE_SIZE, CPF_RIGHTS)), id;
	struct cp_grant wide = raw_indirect(first.endpoint, self, below);
	static const uint32_t lengths[] = {PAGE_SIZE, PAGE_SIZE + 1, BYTES, 0xfffffff0, GRANT_ALL};
	for (unsigned i = 0; i < COUNT(lengths); i++) {
		wide.start = 0;
		wide.bytes = lengths[i];
		id = raw_grant(1, wide);
		CHECK_INT(lending_do(first, take, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
		CHECK_INT(lending_do(first, take, self, id, PAIR(0, PAGE_SIZE + 1), AT(theirs)), -EPERM);
		CHECK_INT(lending_do(first, give, self, id, PAIR(PAGE_SIZE, 1), AT(theirs)), -EPERM);
		CHECK_INT(lending_do(first, set, self, id, PAIR(0xffffffff, 1), 0), -EPERM);
		wide.start = 1;
		id = raw_grant(1, wide);
		CHECK_INT(lending_do(first, give, self, id, PAIR(PAGE_SIZE - 1, 1), AT(theirs)), -EPERM);
		wide.start = 0xffffffff; /* one byte before the grant, if it wrapped */
		id = raw_grant(1, wide);
		CHECK_INT(lending_do(first, take, self, id, PAIR(0, 1), AT(theirs)), -EPERM);
		CHECK_INT(lending_do(first, take, self, id, PAIR(1, 1), AT(theirs)), -EPERM);
		if (wide.bytes % PAGE_SIZE && wide.bytes != GRANT_ALL)
			continue;
		wide.start = 0u - PAGE_SIZE;
		id = raw_grant(1, wide);
		CHECK_INT(lending_do(first, map, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), -EPERM);
		CHECK_INT(lending_do(first, map, self, id, PAIR(PAGE_SIZE, PAGE_SIZE), AT(theirs)), -EPERM);
	}
	check_pattern(mine, 0, BYTES);
}

static void chains_that_start_at_nothing_are_refused(void)
{
	struct cp_grant link = raw_indirect(first.endpoint, self, 0);
	const cp_grant_id_t from[] = {0,           GRANT_INVALID,           raw_id(100),
	                              raw_id(101), raw_id(0) + (1ll << 40), INT64_MIN};
	const endpoint_t nobody[] = {SELF, NONE, ANY, HARDWARE, CLOCK, INT32_MIN, INT32_MAX};
	raw_grant(100, raw_direct(self, AT(mine), BYTES, 0)); /* taken back */
	for (unsigned i = 0; i < COUNT(from); i++) {
		link.from_id = from[i];
		check_refused(first, self, raw_grant(1, link), -EPERM);
	}
	link.from_id = raw_id(100);
	for (unsigned i = 0; i < COUNT(nobody); i++) {
		link.who_from = nobody[i];
		check_refused(first, self, raw_grant(1, link), -EDEADSRCDST);
	}
	struct partner dead = lending_start();
	lending_end(dead);
	link.who_from = dead.endpoint;
	check_refused(first, self, raw_grant(1, link), -EDEADSRCDST);
	link.who_from = second.endpoint; /* who has given nothing */
	check_refused(first, self, raw_grant(1, link), -EPERM);
}

static void what_anybody_may_use_nobody_can_pass_on(void)
{
	cp_grant_id_t open = raw_grant(0, raw_direct(ANY, AT(mine), BYTES, CPF_RIGHTS)), on;
	CHECK_INT(lending_do(first, take, self, open, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
	CHECK_INT(lending_do(first, map, self, open, PAIR(0, PAGE_SIZE), AT(theirs)), -EPERM);
	on = raw_grant(1, raw_indirect(first.endpoint, self, open));
	check_refused(first, self, on, -EPERM);
	on = lending_do(second, pass_raw, 0, first.endpoint, self, open);
	check_refused(first, second.endpoint, on, -EPERM);
	on = lending_do(second, pass_raw, 0, ANY, self, open);
	check_refused(first, second.endpoint, on, -EPERM);
	check_pattern(mine, 0, BYTES);
}

static void a_record_of_no_kind_or_of_several_grants_nothing(void)
{
	static const uint32_t kinds[] = {0,
	                                 CPF_DIRECT | CPF_INDIRECT,
	                                 CPF_DIRECT | CPF_MAGIC,
	                                 CPF_INDIRECT | CPF_MAGIC,
	                                 CPF_KIND,
	                                 CPF_MAGIC, /* without the privilege */
	                                 0x1000,
	                                 0x100};
	cp_grant_id_t below = raw_grant(0, raw_direct(self, AT(mine), BYTES, CPF_RIGHTS));
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		struct cp_grant record = raw_direct(first.endpoint, AT(mine), BYTES, 0);
		record.flags = kinds[i] | CPF_RIGHTS;
		record.who_from = self;
		record.from_id = below;
		check_refused(first, self, raw_grant(1, record), -EPERM);
	}
	check_pattern(mine, 0, BYTES);
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
	        TEST(ranges_that_wrap_or_end_beyond_are_refused),
	        TEST(ranges_that_can_not_be_mapped_are_refused),
	        TEST(ranges_of_nothing_can_not_be_mapped),
	        TEST(what_is_not_whole_pages_is_not_mapped_whatever_the_table_says),
	        TEST(a_part_that_is_not_whole_pages_is_not_mapped),
	        TEST(chains_that_loop_are_refused),
	        TEST(chains_that_loop_through_others_are_refused),
	        TEST(chains_of_more_than_five_are_refused),
	        TEST(a_chain_of_mappings_and_grants_is_no_longer),
	        TEST(chains_that_widen_the_range_are_refused),
	        TEST(chains_that_start_at_nothing_are_refused),
	        TEST(what_anybody_may_use_nobody_can_pass_on),
	        TEST(a_record_of_no_kind_or_of_several_grants_nothing),
	        TEST(the_memory_is_as_it_was),
	};
	return TAP_RUN(tests);
}
