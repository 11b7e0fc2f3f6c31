/* SPDX-License-Identifier: MIT */
/* guest: calls=vircopy timeout=120 */
/* sys_vircopy: every length and place, faults at any byte, copy-on-write, overlapping ranges, against a
 * model. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "tap.h"

#define MAX         (1u << 20)
#define AREA        (MAX + 4 * PAGE_SIZE) /* with a page on either side that must stay as it is */

#define AT(pointer) ((vir_bytes)(uintptr_t)(pointer))

/* Mapped before the partner is made, so that both have them at the same place. */
static uint8_t *theirs, *mine, *model;

static pid_t partner_pid;
static endpoint_t partner;

static uint8_t *map(size_t bytes, int prot)
{
	void *block = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return block == MAP_FAILED ? NULL : block;
}

static uint8_t pattern(uint32_t i)
{
	return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static void fill(uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		bytes[i] = pattern(i);
}

static void hold_still(void)
{
	for (;;)
		pause();
}

static void setup(void)
{
	theirs = map(AREA, PROT_READ | PROT_WRITE);
	mine = map(AREA, PROT_READ | PROT_WRITE);
	model = map(AREA, PROT_READ | PROT_WRITE);
	fill(theirs, AREA);
	partner_pid = tap_start(hold_still);
	partner = pm_endpoint(partner_pid);
	CHECK(partner > 0);
	memset(theirs, 0, AREA); /* ours; the partner keeps the pattern */
}

static int take(void *to, const void *from, uint32_t bytes)
{
	return sys_vircopy(partner, AT(from), SELF, AT(to), bytes, 0);
}

static int give(void *to, const void *from, uint32_t bytes)
{
	return sys_vircopy(SELF, AT(from), partner, AT(to), bytes, 0);
}

static const uint32_t lengths[] = {
        0, 1, 2, 3, 4, 5, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537, MAX - 1, MAX, MAX + 1,
};
#define NR_LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* From and to offsets that are aligned alike, and not. */
static void every_length_is_copied_exactly(void)
{
	static const uint32_t offsets[][2] = {{0, 0}, {1, 0}, {0, 3}, {4095, 4095}, {4095, 2}};
	for (unsigned i = 0; i < NR_LENGTHS; i++) {
		for (unsigned j = 0; j < sizeof(offsets) / sizeof(offsets[0]); j++) {
			uint32_t n = lengths[i], from = offsets[j][0], to = offsets[j][1] + PAGE_SIZE;
			memset(mine, 0xaa, AREA);
			memset(model, 0xaa, AREA);
			for (uint32_t k = 0; k < n; k++)
				model[to + k] = pattern(from + k);
			CHECK_INT(take(mine + to, theirs + from, n), OK);
			REQUIRE(memcmp(mine, model, AREA) == 0);
		}
	}
}

static void what_is_given_comes_back(void)
{
	for (uint32_t i = 0; i < AREA; i++)
		mine[i] = 255 - pattern(i);
	CHECK_INT(give(theirs, mine, AREA), OK);
	memset(mine, 0, AREA);
	CHECK_INT(take(mine, theirs, AREA), OK);
	for (uint32_t i = 0; i < AREA; i++)
		REQUIRE(mine[i] == 255 - pattern(i));
	fill(mine, AREA);
	CHECK_INT(give(theirs, mine, AREA), OK);
	CHECK(theirs[0] == 0);
}

static void pages_never_touched_are_made_on_the_way(void)
{
	uint8_t *fresh = map(AREA, PROT_READ | PROT_WRITE);
	REQUIRE(fresh != NULL);
	CHECK_INT(take(fresh + 5, theirs + 5, 100000), OK);
	for (uint32_t i = 5; i < 100005; i++)
		REQUIRE(fresh[i] == pattern(i));
	munmap(fresh, AREA);
	fresh = map(AREA, PROT_READ | PROT_WRITE);
	memset(mine, 0xaa, AREA);
	CHECK_INT(sys_vircopy(SELF, AT(fresh), SELF, AT(mine), 100000, 0), OK);
	for (uint32_t i = 0; i < 100000; i++)
		REQUIRE(mine[i] == 0);
	munmap(fresh, AREA);
}

static void with_try_a_page_not_there_is_efault(void)
{
	uint8_t *fresh = map(PAGE_SIZE, PROT_READ | PROT_WRITE);
	REQUIRE(fresh != NULL);
	CHECK_INT(sys_vircopy(partner, AT(theirs), SELF, AT(fresh), 100, VIRCOPY_TRY), -EFAULT);
	fresh[0] = 1;
	CHECK_INT(sys_vircopy(partner, AT(theirs), SELF, AT(fresh), 100, VIRCOPY_TRY), OK);
	munmap(fresh, PAGE_SIZE);
}

/* ---- Faults ---- */

/* A hole of one page in the middle of an area; ranges that meet it at the first byte, in the middle, at the
 * last. */
#define HOLE (8 * PAGE_SIZE)
static const struct {
	uint32_t start, bytes;
} across[] = {
        {HOLE, 1},           {HOLE, 5000},        {HOLE + PAGE_SIZE - 1, 5000},           {HOLE - 1, 2},
        {HOLE - 3000, 6000}, {HOLE - 4096, 4097}, {HOLE - 8 * PAGE_SIZE, 16 * PAGE_SIZE},
};
#define NR_ACROSS (sizeof(across) / sizeof(across[0]))

static int only_inside_changed(const uint8_t *bytes, uint32_t start, uint32_t count, uint8_t old,
                               uint32_t hole)
{
	for (uint32_t i = 0; i < 20 * PAGE_SIZE; i++) {
		int inside = i >= start && i < start + count;
		if (hole && i >= hole && i < hole + PAGE_SIZE)
			continue;
		if (!inside && bytes[i] != old)
			return 0;
	}
	return 1;
}

static void a_hole_in_the_source_is_efault(void)
{
	uint8_t *source = map(20 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	REQUIRE(source != NULL);
	memset(source, 1, 20 * PAGE_SIZE);
	munmap(source + HOLE, PAGE_SIZE);
	for (unsigned i = 0; i < NR_ACROSS; i++) {
		memset(mine, 0xaa, 20 * PAGE_SIZE);
		uint32_t start = across[i].start, bytes = across[i].bytes;
		CHECK_INT(sys_vircopy(SELF, AT(source + start), SELF, AT(mine + start), bytes, 0), -EFAULT);
		CHECK(only_inside_changed(mine, start, bytes, 0xaa, 0));
		for (uint32_t j = HOLE; j < 20 * PAGE_SIZE; j++)
			REQUIRE(mine[j] == 0xaa);
	}
	CHECK_INT(sys_vircopy(SELF, AT(source + HOLE - 4096), SELF, AT(mine), 4096, 0), OK);
	CHECK_INT(sys_vircopy(SELF, AT(source + HOLE + 4096), SELF, AT(mine), 4096, 0), OK);
	munmap(source, 20 * PAGE_SIZE);
}

static void a_hole_in_the_destination_is_efault(void)
{
	uint8_t *target = map(20 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	REQUIRE(target != NULL);
	munmap(target + HOLE, PAGE_SIZE);
	for (unsigned i = 0; i < NR_ACROSS; i++) {
		memset(target, 0xaa, HOLE);
		memset(target + HOLE + PAGE_SIZE, 0xaa, 20 * PAGE_SIZE - HOLE - PAGE_SIZE);
		uint32_t start = across[i].start, bytes = across[i].bytes;
		CHECK_INT(take(target + start, theirs + start, bytes), -EFAULT);
		CHECK(only_inside_changed(target, start, bytes, 0xaa, HOLE));
		for (uint32_t j = HOLE + PAGE_SIZE; j < 20 * PAGE_SIZE; j++)
			REQUIRE(target[j] == 0xaa);
	}
	munmap(target, 20 * PAGE_SIZE);
}

static void a_read_only_page_is_never_written(void)
{
	uint8_t *target = map(20 * PAGE_SIZE, PROT_READ | PROT_WRITE);
	REQUIRE(target != NULL);
	memset(target, 7, 20 * PAGE_SIZE);
	CHECK_INT(mprotect(target + HOLE, PAGE_SIZE, PROT_READ), 0);
	for (unsigned i = 0; i < NR_ACROSS; i++) {
		uint32_t start = across[i].start, bytes = across[i].bytes;
		CHECK_INT(take(target + start, theirs + start, bytes), -EFAULT);
		for (uint32_t j = HOLE; j < HOLE + PAGE_SIZE; j++)
			REQUIRE(target[j] == 7);
	}
	CHECK_INT(sys_vircopy(SELF, AT(target + HOLE), SELF, AT(mine), PAGE_SIZE, 0), OK);
	CHECK_INT(mprotect(target + HOLE, PAGE_SIZE, PROT_NONE), 0);
	CHECK_INT(sys_vircopy(SELF, AT(target + HOLE), SELF, AT(mine), 1, 0), -EFAULT);
	static const char constant[] = "constant";
	const char *volatile text = constant;
	CHECK_INT(take((void *)(uintptr_t)text, theirs, 4), -EFAULT);
	CHECK_INT(take((void *)(uintptr_t)setup, theirs, 4), -EFAULT);
	CHECK(strcmp(text, "constant") == 0);
	munmap(target, 20 * PAGE_SIZE);
}

static void ranges_beyond_the_process_are_efault(void)
{
	static const struct {
		uint32_t address, bytes;
	} ranges[] = {
	        {0, 1},
	        {PROC_MIN_ADDRESS - 1, 1},
	        {PROC_SIZE, 1},
	        {PROC_SIZE - 1, 2},
	        {PROC_SIZE - 1, 0xffffffff},
	        {0xf0000000, 16},
	        {0xf0100000, 16},
	        {0xfc000000, PAGE_SIZE},
	        {0xffffffff, 1},
	        {0xffffffff, 2},
	        {0xfffff000, 0x1000},
	        {0xfffff000, 0x20000},
	        {0x80000000, 0x80000000},
	        {1, 0xffffffff},
	        {PROC_BASE, 0xf0000000},
	};
	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		uint32_t address = ranges[i].address, bytes = ranges[i].bytes;
		uint32_t fits = bytes < 4096 ? bytes : 4096;
		CHECK_INT(sys_vircopy(partner, address, SELF, AT(mine), bytes, 0), -EFAULT);
		CHECK_INT(sys_vircopy(SELF, address, partner, AT(theirs), bytes, 0), -EFAULT);
		CHECK_INT(sys_vircopy(SELF, AT(mine), partner, address, bytes, 0), -EFAULT);
		CHECK_INT(sys_vircopy(partner, AT(theirs), SELF, address, fits, 0), -EFAULT);
	}
	CHECK_INT(sys_vircopy(SELF, AT(mine), SELF, AT(mine), 0xffffffff - AT(mine) + 2, 0), -EFAULT);
}

static void no_bytes_are_always_copied(void)
{
	CHECK_INT(sys_vircopy(partner, AT(theirs), SELF, AT(mine), 0, 0), OK);
	int result = sys_vircopy(partner, 0, SELF, 0, 0, 0);
	CHECK(result == OK || result == -EFAULT);
}

static void leave(void)
{
}

static void endpoints_that_name_nobody_are_refused(void)
{
	pid_t pid = tap_start(hold_still);
	endpoint_t dead = pm_endpoint(pid);
	kill(pid, SIGKILL);
	tap_wait(pid);
	const endpoint_t bad[] = {dead, ANY, HARDWARE, CLOCK, INT32_MIN, INT32_MAX, 0, ENDPOINT_MAKE(1999, 5),
	                          -1000};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(sys_vircopy(bad[i], AT(mine), SELF, AT(mine), 16, 0) < 0);
		CHECK(sys_vircopy(SELF, AT(mine), bad[i], AT(mine), 16, 0) < 0);
	}
	CHECK_INT(sys_vircopy(dead, AT(mine), SELF, AT(mine), 16, 0), -EDEADSRCDST);
	CHECK_INT(sys_vircopy(SELF, AT(mine), dead, AT(mine), 16, 0), -EDEADSRCDST);
}

/* NONE as the source is physical memory, of which this process may read nothing. */
static void physical_memory_is_not_given_out(void)
{
	memset(mine, 0xaa, PAGE_SIZE);
	CHECK(sys_vircopy(NONE, 0, SELF, AT(mine), 16, 0) < 0);
	CHECK(sys_vircopy(NONE, 0x100000, SELF, AT(mine), 16, 0) < 0);
	CHECK(sys_vircopy(NONE, 0xfffffff0, SELF, AT(mine), 32, 0) < 0);
	CHECK(sys_vircopy(SELF, AT(mine), NONE, 0x100000, 16, 0) < 0);
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		REQUIRE(mine[i] == 0xaa);
}

static void unknown_flags_are_refused_or_ignored(void)
{
	int result = sys_vircopy(partner, AT(theirs), SELF, AT(mine), 16, 0xfffffffe);
	CHECK(result == OK || result == -EINVAL);
}

/* ---- Copy on write ---- */

static void check_area_of_7(void)
{
	for (uint32_t i = 0; i < 20 * PAGE_SIZE; i++)
		REQUIRE(model[i] == 7);
}

static void wait_then_check_7(void)
{
	usleep(100000);
	check_area_of_7();
}

static void a_copy_into_one_of_two_sharers_leaves_the_other(void)
{
	memset(model, 7, 20 * PAGE_SIZE);
	memset(mine, 9, 20 * PAGE_SIZE);
	pid_t pid = tap_start(hold_still);
	endpoint_t child = pm_endpoint(pid);
	CHECK_INT(sys_vircopy(SELF, AT(mine), child, AT(model + 100), 10 * PAGE_SIZE, 0), OK);
	check_area_of_7();
	CHECK_INT(sys_vircopy(child, AT(model), SELF, AT(mine), 20 * PAGE_SIZE, 0), OK);
	CHECK(mine[99] == 7 && mine[100] == 9 && mine[100 + 10 * PAGE_SIZE] == 7);
	kill(pid, SIGKILL);
	tap_wait(pid);
	pid = tap_start(wait_then_check_7);
	memset(mine, 8, 20 * PAGE_SIZE);
	CHECK_INT(sys_vircopy(SELF, AT(mine), SELF, AT(model), 20 * PAGE_SIZE, 0), OK);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK(model[0] == 8 && model[20 * PAGE_SIZE - 1] == 8);
}

/* With VIRCOPY_TRY nobody is asked to part the page, so the copy must be refused, not done. */
static void a_shared_page_is_not_written_with_try_either(void)
{
	memset(model, 7, 20 * PAGE_SIZE);
	pid_t pid = tap_start(hold_still);
	endpoint_t child = pm_endpoint(pid);
	memset(mine, 9, PAGE_SIZE);
	int result = sys_vircopy(SELF, AT(mine), child, AT(model), 16, VIRCOPY_TRY);
	CHECK(result == -EFAULT);
	check_area_of_7();
	kill(pid, SIGKILL);
	tap_wait(pid);
}

/* ---- Overlapping ranges ---- */

static void overlapping_ranges_are_moved_as_by_memmove(void)
{
	static const int shifts[] = {1, -1, 3, -3, 4096, -4096, 5000, -5000, 70000, -70000, 0};
	static const uint32_t sizes[] = {10, 4096, 10000, 200000};
	for (unsigned i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		for (unsigned j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			uint8_t *from = mine + 100001, *to = from + shifts[i];
			fill(mine, AREA);
			fill(model, AREA);
			memmove(model + (to - mine), model + 100001, sizes[j]);
			CHECK_INT(sys_vircopy(SELF, AT(from), SELF, AT(to), sizes[j], 0), OK);
			REQUIRE(memcmp(mine, model, AREA) == 0);
			fill(mine, AREA);
			CHECK_INT(give(theirs, mine, AREA), OK);
			CHECK_INT(sys_vircopy(partner, AT(theirs + 100001), partner, AT(theirs + (to - mine)),
			                      sizes[j], 0),
			          OK);
			CHECK_INT(take(mine, theirs, AREA), OK);
			REQUIRE(memcmp(mine, model, AREA) == 0);
		}
	}
}

/* Moved upwards from the end, and nothing of it present: VM brings in the end first. */
static void long_overlapping_ranges_are_moved_too(void)
{
	uint32_t bytes = 20u << 20;
	uint8_t *from = map(bytes + PAGE_SIZE, PROT_READ | PROT_WRITE), *to = from + PAGE_SIZE;
	REQUIRE(from != NULL);
	for (uint32_t i = 0; i < bytes; i += 1u << 20)
		from[i] = 1 + (i >> 20);
	CHECK_INT(sys_vircopy(SELF, AT(from), SELF, AT(to), bytes, 0), OK);
	for (uint32_t i = 0; i < bytes; i += 1u << 20)
		CHECK_INT(to[i], 1 + (i >> 20));
	CHECK_INT(munmap(from, bytes + PAGE_SIZE), 0);
}

/* ---- At random ---- */

static void random_copies_agree_with_a_model(void)
{
	unsigned seed = 20240101;
	printf("# seed %u\n", seed);
	fill(mine, AREA);
	CHECK_INT(give(theirs, mine, AREA), OK);
	fill(model, AREA); /* of theirs; `mine` is compared in place */
	uint8_t *mirror = map(AREA, PROT_READ | PROT_WRITE);
	REQUIRE(mirror != NULL);
	memcpy(mirror, mine, AREA);
	for (int i = 0; i < 2000; i++) {
		uint32_t bytes = rand_r(&seed) % (rand_r(&seed) % 20 ? 9000 : 300000);
		uint32_t from = rand_r(&seed) % (AREA - bytes), to = rand_r(&seed) % (AREA - bytes);
		if (rand_r(&seed) % 2) {
			REQUIRE(take(mine + to, theirs + from, bytes) == OK);
			memcpy(mirror + to, model + from, bytes);
		} else {
			REQUIRE(give(theirs + to, mine + from, bytes) == OK);
			memcpy(model + to, mirror + from, bytes);
		}
	}
	CHECK(memcmp(mine, mirror, AREA) == 0);
	CHECK_INT(take(mine, theirs, AREA), OK);
	CHECK(memcmp(mine, model, AREA) == 0);
	munmap(mirror, AREA);
}

/* Two others; the caller's own memory takes no part. */
static void a_third_process_copies_between_two(void)
{
	fill(mine, AREA);
	CHECK_INT(give(theirs, mine, AREA), OK);
	pid_t pid = tap_start(hold_still);
	endpoint_t other = pm_endpoint(pid);
	CHECK_INT(sys_vircopy(partner, AT(theirs), other, AT(model + 11), MAX, 0), OK);
	memset(mine, 0, AREA);
	CHECK_INT(sys_vircopy(other, AT(model + 11), SELF, AT(mine), MAX, 0), OK);
	for (uint32_t i = 0; i < MAX; i++)
		REQUIRE(mine[i] == pattern(i));
	kill(pid, SIGKILL);
	tap_wait(pid);
}

/* The same address in each, so that only the window tells them apart; more copies than there are windows. */
static void copies_from_several_processes_do_not_mix(void)
{
	enum { OTHERS = 3 };
	pid_t pids[OTHERS];
	endpoint_t others[OTHERS];
	for (int i = 0; i < OTHERS; i++) {
		memset(model, i + 1, PAGE_SIZE);
		pids[i] = tap_start(hold_still);
		others[i] = pm_endpoint(pids[i]);
	}
	memset(model, 0, PAGE_SIZE);
	for (int first = 0; first < OTHERS; first++) {
		for (int i = 0; i < 200; i++) {
			int which = (i / (WINDOW_COUNT - first) + i % 7 / 6) % OTHERS;
			CHECK_INT(sys_vircopy(others[which], AT(model), SELF, AT(mine), 64, 0), OK);
			REQUIRE(mine[0] == which + 1 && mine[63] == which + 1);
		}
	}
	for (int i = 0; i < OTHERS; i++) {
		kill(pids[i], SIGKILL);
		tap_wait(pids[i]);
	}
}

static void wild_copy(void)
{
	union sys_vircopy_message call;
	unsigned seed = 7;
	for (int i = 0; i < 3000; i++) {
		call.req.source = rand_r(&seed) % 2 ? SELF : rand_r(&seed);
		call.req.source_address = rand_r(&seed) << 1;
		call.req.destination = (endpoint_t)rand_r(&seed);
		call.req.destination_address = rand_r(&seed) << 1;
		call.req.bytes = rand_r(&seed) << 1;
		call.req.flags = rand_r(&seed);
		CHECK(sys_vircopy_call(&call) < 0);
	}
}

static void wild_arguments_are_refused(void)
{
	CHECK_EXITED(tap_child(wild_copy), 0);
	CHECK_EXITED(tap_child(leave), 0);
}

static void the_partner_is_still_there(void)
{
	CHECK_INT(kill(partner_pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(partner_pid), SIGKILL);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(every_length_is_copied_exactly),
	        TEST(what_is_given_comes_back),
	        TEST(pages_never_touched_are_made_on_the_way),
	        TEST(with_try_a_page_not_there_is_efault),
	        TEST(a_hole_in_the_source_is_efault),
	        TEST(a_hole_in_the_destination_is_efault),
	        TEST(a_read_only_page_is_never_written),
	        TEST(ranges_beyond_the_process_are_efault),
	        TEST(no_bytes_are_always_copied),
	        TEST(endpoints_that_name_nobody_are_refused),
	        TEST(physical_memory_is_not_given_out),
	        TEST(unknown_flags_are_refused_or_ignored),
	        TEST(a_copy_into_one_of_two_sharers_leaves_the_other),
	        TEST(a_shared_page_is_not_written_with_try_either),
	        TEST(overlapping_ranges_are_moved_as_by_memmove),
	        TEST(long_overlapping_ranges_are_moved_too),
	        TEST(random_copies_agree_with_a_model),
	        TEST(a_third_process_copies_between_two),
	        TEST(copies_from_several_processes_do_not_mix),
	        TEST(wild_arguments_are_refused),
	        TEST(the_partner_is_still_there),
	};
	return TAP_RUN(tests);
}
