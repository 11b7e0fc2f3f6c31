/* SPDX-License-Identifier: MIT */
/* links: programs/mem/frames.c programs/mem/picture.c */
/* mem's picture: every frame has its owner, and every piece of the picture the right one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/layout.h>

#include "programs/mem/frames.h"
#include "programs/mem/picture.h"

#define PAGES(n)  ((n)*PAGE_SIZE)
#define NR_OWNERS (OWNER_PROCESSES + 3)

/* 4 pages, a hole of 4, 8 pages of the kernel's and VM's, 8 of the pool, 20 of processes, 4 of the archive.
 */
static const struct boot_info boot = {
        .archive_start = PAGES(44),
        .archive_bytes = PAGES(4) - 100,
        .region_end = PAGES(24),
        .vm_base = PAGES(10),
        .pool_start = PAGES(6),
        .pool_end = PAGES(14),
        .nr_ranges = 2,
        .ranges = {{0, PAGES(4)}, {PAGES(8), PAGES(40)}},
};

static struct frames frames;
static uint32_t counts[NR_OWNERS];

static int setup(void **state)
{
	(void)state;
	assert_int_equal(frames_init(&frames, &boot), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	frames_free(&frames);
	return 0;
}

static void claim(uint32_t number, uint32_t owner, uint32_t flags)
{
	frames_claim(&frames, &(struct vm_page){.frame = PAGES(number), .flags = flags}, owner);
}

static uint32_t count(uint32_t owner)
{
	frames_count(&frames, counts, NR_OWNERS);
	return counts[owner];
}

static void memory_without_processes_is_the_systems_or_free(void **state)
{
	(void)state;
	assert_int_equal(frames.count, 48);
	assert_int_equal(count(OWNER_NOTHING), 4);
	assert_int_equal(count(OWNER_KERNEL), 4 + 8);
	assert_int_equal(count(OWNER_POOL), 8);
	assert_int_equal(count(OWNER_FREE), 20);
	assert_int_equal(count(OWNER_ARCHIVE), 4);
}

static void what_two_processes_have_is_shared(void **state)
{
	(void)state;
	claim(24, OWNER_PROCESSES, 0);
	claim(25, OWNER_PROCESSES, 0);
	claim(25, OWNER_PROCESSES + 1, 0);
	claim(26, OWNER_PROCESSES + 2, VM_PAGE_SHARED); /* the other has ended meanwhile */
	claim(27, OWNER_PROCESSES, 0);
	claim(27, OWNER_PROCESSES, 0); /* twice in one process */
	claim(28, OWNER_PROCESSES, 0);
	claim(28, OWNER_PROCESSES + 1, 0);
	claim(28, OWNER_PROCESSES + 2, 0);
	assert_int_equal(count(OWNER_PROCESSES), 2);
	assert_int_equal(count(OWNER_PROCESSES + 1), 0);
	assert_int_equal(count(OWNER_PROCESSES + 2), 1);
	assert_int_equal(count(OWNER_SHARED), 2);
	assert_int_equal(count(OWNER_FREE), 15);
}

static void the_archive_stays_the_archives(void **state)
{
	(void)state;
	claim(44, OWNER_PROCESSES, VM_PAGE_SHARED);
	claim(45, OWNER_PROCESSES, VM_PAGE_SHARED);
	claim(45, OWNER_PROCESSES + 1, VM_PAGE_SHARED);
	assert_int_equal(count(OWNER_ARCHIVE), 4);
	assert_int_equal(count(OWNER_SHARED), 0);
}

static void the_pool_holds_tables_and_records(void **state)
{
	(void)state;
	claim(16, 0, VM_PAGE_TABLE);
	claim(17, 0, VM_PAGE_RECORD);
	claim(18, 0, VM_PAGE_RECORD);
	assert_int_equal(count(OWNER_TABLES), 1);
	assert_int_equal(count(OWNER_VM), 2);
	assert_int_equal(count(OWNER_POOL), 5);
}

static void frames_beyond_memory_are_nobodys(void **state)
{
	(void)state;
	claim(48, OWNER_PROCESSES, 0);
	claim(0xfffff, OWNER_PROCESSES, VM_PAGE_TABLE);
	claim(5, OWNER_PROCESSES, 0);
	assert_int_equal(count(OWNER_NOTHING), 4);
	assert_int_equal(count(OWNER_PROCESSES), 0);
}

static void the_picture_agrees_with_the_account_or_not(void **state)
{
	struct vm_info_rep info = {.kernel = 12,
	                           .vm_tables = 1,
	                           .pool_used = 1,
	                           .pool_free = 6,
	                           .archive = 4,
	                           .process = 3,
	                           .free = 17};
	uint32_t *parts = &info.kernel;

	(void)state;
	claim(16, 0, VM_PAGE_TABLE);
	claim(17, 0, VM_PAGE_RECORD);
	claim(24, OWNER_PROCESSES, 0);
	claim(25, OWNER_PROCESSES + 2, 0);
	claim(26, OWNER_PROCESSES, 0);
	claim(26, OWNER_PROCESSES + 1, 0);
	frames_count(&frames, counts, NR_OWNERS);
	assert_true(frames_agree(counts, NR_OWNERS, &info));
	for (int i = 0; i < 7; i++) {
		parts[i]++;
		assert_false(frames_agree(counts, NR_OWNERS, &info));
		parts[i]--;
	}
}

static void a_bad_memory_map_is_no_harm(void **state)
{
	struct boot_info bad = boot;
	struct frames none;

	(void)state;
	bad.nr_ranges = 0;
	assert_int_equal(frames_init(&none, &bad), 0);
	assert_int_equal(none.count, 0);
	assert_int_equal(picture_scale(&none, PICTURE_COLUMNS), 1);
	picture_print(stdout, &(struct picture){&none, "", 1, PICTURE_COLUMNS, 0}, 0);
	frames_free(&none);
	bad = boot;
	bad.region_end = bad.archive_start = 0xfffff000;
	assert_int_equal(frames_init(&none, &bad), 0);
	frames_free(&none);
}

/* ---- The picture ---- */

static void a_piece_is_whoevers_most_of_it_is(void **state)
{
	(void)state;
	assert_int_equal(picture_owner(&frames, 40, 8), OWNER_ARCHIVE); /* 4 free, 4 the archive's */
	assert_int_equal(picture_owner(&frames, 24, 8), OWNER_FREE);
	claim(24, OWNER_PROCESSES, 0);
	assert_int_equal(picture_owner(&frames, 24, 8), OWNER_PROCESSES); /* though nearly all is free */
	claim(25, OWNER_PROCESSES + 1, 0);
	claim(30, OWNER_PROCESSES + 1, 0);
	assert_int_equal(picture_owner(&frames, 24, 8), OWNER_PROCESSES + 1);
	assert_int_equal(picture_owner(&frames, 25, 1), OWNER_PROCESSES + 1);
	assert_int_equal(picture_owner(&frames, 4, 4), OWNER_NOTHING);
	assert_int_equal(picture_owner(&frames, 0, 8), OWNER_KERNEL);   /* half of it is a hole */
	assert_int_equal(picture_owner(&frames, 46, 8), OWNER_ARCHIVE); /* beyond the end there is nothing */
}

static void free_memory_is_more_than_a_hole(void **state)
{
	(void)state;
	frames.owner[4] = OWNER_FREE;
	assert_int_equal(picture_owner(&frames, 4, 4), OWNER_FREE);
	frames.owner[4] = OWNER_NOTHING;
	frames.owner[7] = OWNER_FREE;
	assert_int_equal(picture_owner(&frames, 4, 4), OWNER_FREE);
}

static void the_whole_memory_fits_the_picture(void **state)
{
	static const uint32_t megabytes[] = {1, 4, 5, 64, 128, 255, 1024, 4095};

	(void)state;
	for (unsigned i = 0; i < sizeof(megabytes) / sizeof(megabytes[0]); i++) {
		struct frames memory = {.count = megabytes[i] * 256};

		for (uint32_t columns = PICTURE_LEAST; columns <= PICTURE_COLUMNS; columns *= 2) {
			uint32_t scale = picture_scale(&memory, columns);

			assert_true((uint64_t)scale * columns * PICTURE_ROWS >= memory.count);
			assert_true(scale == 1 ||
			            (uint64_t)scale * columns * PICTURE_ROWS < 2 * memory.count);
		}
	}
}

static void a_row_is_as_wide_as_the_terminal_allows(void **state)
{
	(void)state;
	assert_int_equal(picture_columns(10000), PICTURE_COLUMNS);
	assert_int_equal(picture_columns(79), PICTURE_COLUMNS);
	assert_int_equal(picture_columns(78), PICTURE_COLUMNS / 2);
	assert_int_equal(picture_columns(47), 32);
	assert_int_equal(picture_columns(46), 16);
	assert_int_equal(picture_columns(1), PICTURE_LEAST);
}

static void each_process_has_a_letter_of_its_name_if_it_can(void **state)
{
	static const char *const names[] = {"sh", "sleep", "sh", "sh", "", "ps2"};
	char letters[OWNER_PROCESSES + 6];

	(void)state;
	picture_letters(letters, names, 6);
	assert_memory_equal(letters, " KVT,A+.", OWNER_PROCESSES);
	assert_memory_equal(letters + OWNER_PROCESSES, "slhabp", 6);
}

static void letters_end_some_day(void **state)
{
	const char *names[40];
	char letters[OWNER_PROCESSES + 40], seen[128] = {0};

	(void)state;
	for (int i = 0; i < 40; i++)
		names[i] = "zebra";
	picture_letters(letters, names, 40);
	for (int i = 0; i < 26; i++)
		assert_int_equal(seen[(int)letters[OWNER_PROCESSES + i]]++, 0);
	for (int i = 26; i < 40; i++)
		assert_int_equal(letters[OWNER_PROCESSES + i], PICTURE_OTHERS);
}

static const char *drawn(uint32_t first, uint32_t scale, int coloured)
{
	static char text[4096];
	char letters[NR_OWNERS];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	text[0] = '\0';
	picture_letters(letters, (const char *const[]){"a", "b", "c"}, 3);
	picture_print(out, &(struct picture){&frames, letters, scale, PICTURE_COLUMNS, coloured}, first);
	fclose(out);
	return text;
}

static void the_picture_is_drawn_row_by_row(void **state)
{
	(void)state;
	claim(16, 0, VM_PAGE_TABLE);
	claim(24, OWNER_PROCESSES, 0);
	claim(25, OWNER_PROCESSES + 1, 0);
	assert_string_equal(drawn(0, 1, 0),
	                    "     0.00 MiB  KKKK    KKKKKKKKT,,,,,,,ab..................AAAA\n");
	assert_string_equal(drawn(24, 2, 0), "     0.09 MiB  a.........AA\n");
	assert_string_equal(drawn(48, 1, 0), "");
}

static void colours_change_where_the_owner_does(void **state)
{
	(void)state;
	claim(40, OWNER_PROCESSES, 0);
	claim(41, OWNER_PROCESSES + 1, 0);
	assert_string_equal(drawn(38, 1, 1), "     0.14 MiB  ..\033[32mab\033[0m..\033[35mAAAA\033[0m\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(memory_without_processes_is_the_systems_or_free),
	        TEST(what_two_processes_have_is_shared),
	        TEST(the_archive_stays_the_archives),
	        TEST(the_pool_holds_tables_and_records),
	        TEST(frames_beyond_memory_are_nobodys),
	        TEST(the_picture_agrees_with_the_account_or_not),
	        TEST(a_bad_memory_map_is_no_harm),
	        TEST(a_piece_is_whoevers_most_of_it_is),
	        TEST(free_memory_is_more_than_a_hole),
	        TEST(the_whole_memory_fits_the_picture),
	        TEST(a_row_is_as_wide_as_the_terminal_allows),
	        TEST(each_process_has_a_letter_of_its_name_if_it_can),
	        TEST(letters_end_some_day),
	        TEST(the_picture_is_drawn_row_by_row),
	        TEST(colours_change_where_the_owner_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
