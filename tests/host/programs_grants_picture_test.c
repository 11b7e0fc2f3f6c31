/* SPDX-License-Identifier: MIT */
/* links: programs/grants/graph.c programs/grants/found.c programs/grants/reach.c programs/grants/names.c
 * programs/grants/chain.c programs/grants/line.c programs/grants/tree.c programs/grants/picture.c
 * programs/grants/seen.c programs/lib/processes.c programs/lib/format.c programs/lib/wrap.c
 */
/* What `grants` shows, line by line. */
#include "grants_found.h"
#include "seed.h"

#include "programs/grants/names.h"
#include "programs/grants/seen.h"

#define TERMINAL 79
#define NARROW   49

static struct picture picture = {.graph = &graph, .found = &found, .all = &all, .width = TERMINAL};
static char *text;

static FILE *open_text(void)
{
	static size_t length;

	free(text);
	picture.out = open_memstream(&text, &length);
	assert_non_null(picture.out);
	make();
	return picture.out;
}

static const char *everything(void)
{
	FILE *out = open_text();

	picture_everything(&picture);
	fclose(out);
	return text;
}

static const char *about(int index)
{
	FILE *out = open_text();

	picture_process(&picture, &process_list[index]);
	fclose(out);
	return text;
}

static const char *seen_at(struct seen *seen, const struct found *viewers)
{
	FILE *out = open_text();

	seen->viewers = viewers;
	seen_print(&picture, seen);
	fclose(out);
	return text;
}

static int close_text(void **state)
{
	free(text);
	text = NULL;
	picture.width = TERMINAL;
	return finish(state);
}

static void check_shown(const char *shown, const char *wanted)
{
	if (!strstr(shown, wanted))
		fail_msg("this is not shown:\n%s\nbut this:\n%s", wanted, shown);
}

static void check_fits(const char *shown)
{
	for (const char *line = shown; *line; line += strcspn(line, "\n") + 1)
		if ((int)strcspn(line, "\n") > picture.width)
			fail_msg("a line is too long: %.*s", (int)strcspn(line, "\n"), line);
}

/* Everything that can be drawn well: mapped, passed on and mapped, mapped and lent on. */
static void lend_a_lot(void)
{
	add_direct(OWNER, 1, BETWEEN, 0x8052000, 0x4000, RWM);
	add_direct(OWNER, 2, ANY, 0x8051010, 100, CPF_READ | CPF_TRY);
	add_mapping(BETWEEN, 0xb7f00000, 4, OWNER, 0x8052000, OWNER, 1)->flags = VM_LEND_WRITE;
	add_indirect(BETWEEN, 1, READER, OWNER, 1, 0x1000, 0x2000, RM);
	add_mapping(READER, 0x8060000, 1, OWNER, 0x8054000, BETWEEN, 1);
	add_direct(BETWEEN, 2, READER, 0xb7f00000, 0x1000, RM);
	add_mapping(READER, 0x8070000, 1, BETWEEN, 0xb7f00000, BETWEEN, 2);
	struct vm_lending *last = &found.mappings[1].lending;
	last->nr_links = 2;
	last->link[1] = (struct grant_link){.id = ID(1), .endpoint = OWNER};
}

/* ---- Names ---- */

static void ids_are_short_and_garbage_is_shown_too(void **state)
{
	char id[NAME_MAX_GRANT];

	(void)state;
	assert_string_equal(name_grant(id, GRANT_ID(GRANT_SEQUENCES + 17, 3)), "#3.17");
	assert_string_equal(name_grant(id, GRANT_ID(2ll * GRANT_SEQUENCES + 17, 3)), "#3.17/2");
	assert_string_equal(name_grant(id, GRANT_ID(2ll * GRANT_SEQUENCES + 17, GRANT_LOAN_SLOT)),
	                    "#loan.17/2");
	assert_string_equal(name_grant(id, GRANT_INVALID), "#65535.16777215/16777215");
	assert_string_equal(name_grant(id, 0), "#0.0/0");
}

static void processes_are_named_by_name_and_pid(void **state)
{
	char name[NAME_MAX_PROCESS];

	(void)state;
	add_process("vm", VM_PROC_NR, 0);
	assert_string_equal(name_process(name, &all, OWNER), "owner (12)");
	assert_string_equal(name_process(name, &all, VM_PROC_NR), "vm");
	assert_string_equal(name_process(name, &all, ANY), "anyone");
	assert_string_equal(name_process(name, &all, NONE), "nobody");
	assert_string_equal(name_process(name, &all, GONE), "somebody gone");
}

/* ---- Everything ---- */

static void nothing_is_a_sentence(void **state)
{
	(void)state;
	assert_string_equal(everything(), "Nobody has granted anything, and nothing is mapped by a grant.\n");
}

static void the_picture_is_a_tree_with_columns(void **state)
{
	(void)state;
	lend_a_lot();
	check_shown(everything(),
	            "WHO GIVES TO WHOM, AND WHO MAPS IT             FROM     TO           SIZE MAY\n"
	            "owner (12), 2 grants\n"
	            "  #1.1 direct to between (13)                  08052000 08056000   16 KiB rwm--\n"
	            "  |- between (13) maps 08052000 at             b7f00000 b7f04000  4 pages rw---\n"
	            "  |  `- between (13) #2.2 direct to reader (14)\n"
	            "  |     |                                      b7f00000 b7f01000    4 KiB r-m--\n"
	            "  |     `- reader (14) maps b7f00000 at        08070000 08071000   1 page r----\n"
	            "  `- between (13) #1.1 indirect to reader (14) 08053000 08055000    8 KiB r-m--\n"
	            "     `- reader (14) maps 08054000 at           08060000 08061000   1 page r----\n"
	            "  #2.2 direct to anyone                        08051010 08051074    100 B r---t\n"
	            "\n"
	            "between (13), 2 grants\n"
	            "  #1.1 indirect to reader (14)                 08053000 08055000    8 KiB r-m--\n"
	            "     on #1.1 of owner (12); drawn there\n"
	            "  #2.2 direct to reader (14)                   b7f00000 b7f01000    4 KiB r-m--\n"
	            "     memory that it maps by #1.1 of owner (12); drawn there\n"
	            "\n"
	            "4 grants of 2 processes: 3 direct, 1 indirect, 0 magic. 6 pages are lent: 4 to\n"
	            "between (13), 2 to reader (14).\n"
	            "MAY: r read, ");
	check_fits(text);
}

static void what_stands_on_nothing_says_on_what(void **state)
{
	(void)state;
	add_direct(OWNER, 1, GONE, 0x8052000, 0x1000, RWM);
	add_indirect(BETWEEN, 1, READER, OWNER, 7, 0x1000, 0x2000, RM);
	add_indirect(BETWEEN, 2, READER, GONE, 1, 0, GRANT_ALL, RM);
	add_indirect(BETWEEN, 3, READER, OWNER, 1, 0, GRANT_ALL, RM);
	add_indirect(READER, 4, READER, READER, 4, 0, GRANT_ALL, RM);
	add_mapping(READER, 0x8060000, 1, OWNER, 0x8054000, OWNER, 9);
	check_shown(everything(),
	            "  #1.1 direct to somebody gone                 08052000 08053000    4 KiB rwm--\n"
	            "  reader (14) maps 08054000 at                 08060000 08061000   1 page r----\n"
	            "     by #9.9 of owner (12): there is no such grant (any more)\n"
	            "\n");
	check_shown(text, "  #1.1 indirect to reader (14)                        -        -    8 KiB -----\n"
	                  "     on #7.7 of owner (12), from 1000 on: there is no such grant (any more)\n"
	                  "  #2.2 indirect to reader (14)                        -        -      all -----\n"
	                  "     on #1.1 of somebody gone: whoever gave it has ended\n"
	                  "  #3.3 indirect to reader (14)                        -        -      all -----\n"
	                  "     on #1.1 of owner (12): that is for somebody else\n");
	check_shown(text, "     on #4.4 of reader (14): that comes back to where it began\n");
	check_shown(text, "5 grants of 3 processes: 1 direct, 4 indirect, 0 magic. 4 of them give");
}

static void bytes_that_are_not_there_are_told_in_the_tree(void **state)
{
	(void)state;
	add_direct(OWNER, 1, BETWEEN, 0x8052000, 0x1000, RWM);
	add_indirect(BETWEEN, 1, READER, OWNER, 1, 0x1000, 0x2000, RM);
	check_shown(everything(),
	            "  `- between (13) #1.1 indirect to reader (14)        -        -    8 KiB -----\n"
	            "        from 1000 on: these bytes are not in it\n");
}

static void magic_says_whose_memory_it_is(void **state)
{
	(void)state;
	process_list[1].kernel.priv_flags = PRIV_MAGIC;
	add_grant(BETWEEN, (struct cp_grant){.id = ID(1),
	                                     .flags = CPF_MAGIC | RW,
	                                     .who_to = READER,
	                                     .who_from = OWNER,
	                                     .start = 0x8000,
	                                     .bytes = 0x1000});
	check_shown(everything(),
	            "  #1.1 magic to reader (14)                    00008000 00009000    4 KiB rw---\n"
	            "     memory of owner (12)\n");
	check_shown(text, "1 grant of 1 process: 0 direct, 0 indirect, 1 magic. Nothing is mapped by");
}

static void who_has_ended_since_is_shown_last(void **state)
{
	(void)state;
	add_direct(GONE, 1, READER, 0x8000, 0x1000, RWM);
	add_direct(READER, 1, OWNER, 0x8000, 0x1000, RWM);
	const char *gone = strstr(everything(), "somebody gone, 1 grant\n"),
	           *here = strstr(text, "reader (14), 1 grant\n");
	assert_non_null(gone);
	assert_true(here && here < gone);
}

static void narrow_terminals_are_not_overrun(void **state)
{
	(void)state;
	picture.width = NARROW;
	lend_a_lot();
	check_fits(everything());
	check_shown(text, "  |- between (13) maps 08052000 at\n"
	                  "  |  |                    b7f00000  4 pages rw---\n");
	check_shown(text, "  #2.2 direct to anyone   08051010    100 B r---t\n");
	check_fits(about(1));
}

/* ---- One process ---- */

static void of_a_process_all_three_sides_are_shown(void **state)
{
	(void)state;
	lend_a_lot();
	check_shown(about(1),
	            "between (13)\n"
	            "It gives:\n"
	            "  #1.1 indirect to reader (14)                 08053000 08055000    8 KiB r-m--\n"
	            "  |  on #1.1 of owner (12)\n"
	            "  `- reader (14) maps 08054000 at              08060000 08061000   1 page r----\n"
	            "  #2.2 direct to reader (14)                   b7f00000 b7f01000    4 KiB r-m--\n"
	            "  |  memory that it maps by #1.1 of owner (12)\n"
	            "  `- reader (14) maps b7f00000 at              08070000 08071000   1 page r----\n"
	            "It was given:\n"
	            "  owner (12) #1.1 direct to between (13)       08052000 08056000   16 KiB rwm--\n"
	            "  owner (12) #2.2 direct to anyone             08051010 08051074    100 B r---t\n"
	            "It maps:\n"
	            "  08052000 of owner (12) at                    b7f00000 b7f04000  4 pages rw---\n"
	            "     by #1.1 of owner (12)\n"
	            "MAY: r read, ");
	check_shown(about(2),
	            "It maps:\n"
	            "  08054000 of owner (12) at                    08060000 08061000   1 page r----\n"
	            "     by #1.1 of between (13), on #1.1 of owner (12)\n"
	            "  b7f00000 of between (13) at                  08070000 08071000   1 page r----\n"
	            "     by #2.2 of between (13), which maps it by #1.1 of owner (12)\n"
	            "It gives nothing.\n");
}

static void what_a_process_has_not_is_a_sentence(void **state)
{
	(void)state;
	assert_string_equal(about(0), "owner (12)\n"
	                              "It gives nothing, was given nothing, and maps nothing by grants.\n");
	add_direct(BETWEEN, 1, READER, 0x8000, 0x1000, RWM);
	check_shown(about(0), "It gives nothing, was given nothing, and maps nothing by grants.\n");
	check_shown(about(1), "It was given nothing, and maps nothing by grants.\n");
	check_shown(about(2), "It gives nothing, and maps nothing by grants.\n");
}

/* ---- One page ---- */

static struct found_mapping page_of(endpoint_t holder, vir_bytes start, endpoint_t owner, vir_bytes source,
                                    endpoint_t giver, int n)
{
	return (struct found_mapping){.lending = {.holder = holder,
	                                          .start = start,
	                                          .bytes = PAGE_SIZE,
	                                          .owner = owner,
	                                          .source = source,
	                                          .pages = 1,
	                                          .nr_links = 1,
	                                          .link = {{.id = ID(n), .endpoint = giver}}}};
}

static void a_page_has_an_owner_viewers_and_those_who_may(void **state)
{
	struct found_mapping pages[] = {
	        page_of(BETWEEN, 0xb7f00000, OWNER, 0x8052000, OWNER, 1),
	        page_of(READER, 0x8070000, BETWEEN, 0xb7f00000, BETWEEN, 2),
	};
	struct found viewers = {.mappings = pages, .nr_mappings = 2};
	struct seen seen = {READER, 0x8070000, OWNER, 0x8052000, VM_PROT_READ | VM_PROT_WRITE, 1, NULL};

	(void)state;
	lend_a_lot();
	pages[0].lending.flags = VM_LEND_WRITE;
	check_shown(seen_at(&seen, &viewers),
	            "The page at 08070000 of reader (14) is the one at 08052000 of owner (12).\n"
	            "\n"
	            "  WHO                     WHERE    MAY    BY\n"
	            "  owner (12)              08052000 rw---  its own memory\n"
	            "  between (13)            b7f00000 rw---  #1.1 of owner (12)\n"
	            "  reader (14)             08070000 r----  #2.2 of between (13), which maps it\n"
	            "                                          by #1.1 of owner (12)\n"
	            "  between (13)            may      rwm--  #1.1 of owner (12)\n"
	            "  reader (14)             may      r-m--  #2.2 of between (13), which maps it\n"
	            "                                          by #1.1 of owner (12)\n"
	            "\n"
	            "It is shared copy-on-write with 1 other page: they do not see what is written\n");
	check_fits(text);
	picture.width = NARROW;
	check_fits(seen_at(&seen, &viewers));
}

static void grants_of_other_pages_do_not_count(void **state)
{
	struct found_mapping page = page_of(READER, 0x8051000, OWNER, 0x8051000, OWNER, 9);
	struct found viewers = {.mappings = &page, .nr_mappings = 1};
	struct seen seen = {OWNER, 0x8051000, OWNER, 0x8051000, VM_PROT_READ, 0, NULL};

	(void)state;
	lend_a_lot();
	add_direct(OWNER, 3, READER, 0x8050000, 0x1000, CPF_READ); /* up to it */
	add_direct(OWNER, 4, READER, 0x8051800, 0, CPF_READ);      /* nothing of it */
	add_direct(OWNER, 5, READER, 0x8051000, 1, 0);             /* without a right */
	add_direct(OWNER, 6, READER, 0x8050fff, 2, CPF_WRITE);     /* a byte */
	add_direct(BETWEEN, 6, READER, 0x8051000, 1, CPF_WRITE);   /* another's, who does not see the page */
	check_shown(seen_at(&seen, &viewers), "  owner (12)              08051000 r----  its own memory\n"
	                                      "  reader (14)             08051000 r----  #9.9 of owner (12)\n"
	                                      "  anyone                  may      r---t  #2.2 of owner (12)\n"
	                                      "  reader (14)             may      -w---  #6.6 of owner (12)\n"
	                                      "\n");
}

/* ---- At random ---- */

static endpoint_t anybody(void)
{
	static const endpoint_t some[] = {OWNER, BETWEEN, READER, READER, GONE, ANY, NONE, INT32_MIN};

	return some[rand() % 8];
}

static void add_at_random(void)
{
	struct cp_grant garbage = {
	        .id = rand() % 8 ? ID(rand() % 8)
	                         : (cp_grant_id_t)((uint64_t)rand() << 40 | (uint64_t)rand()),
	        .from_id = ID(rand() % 8),
	        .flags = (rand() % 3 ? CPF_INDIRECT : CPF_DIRECT) | ((uint32_t)rand() & CPF_ACCESS),
	        .who_to = anybody(),
	        .who_from = anybody(),
	        .start = rand() % 4 ? (vir_bytes)(rand() % 4) * PAGE_SIZE : (vir_bytes)rand() * 3,
	        .bytes = rand() % 4 ? (uint32_t)(rand() % 4) * PAGE_SIZE : (uint32_t)rand() * 3,
	};

	if (rand() % 3)
		add_grant(anybody(), garbage);
	else
		add_mapping((endpoint_t)(OWNER + rand() % 3), garbage.start, (uint32_t)(rand() % 1000000),
		            anybody(), garbage.bytes, anybody(), rand() % 8)
		        ->nr_links = (uint32_t)(rand() % (GRANT_DEPTH_MAX + 1));
}

static void whatever_tables_say_the_picture_fits(void **state)
{
	(void)state;
	srand(test_seed());
	strcpy(process_list[1].kernel.name, "fifteen-letters");
	for (int round = 0; round < 1000; round++) {
		struct seen seen = {READER, 0, anybody(), PAGE_SIZE * (vir_bytes)(rand() % 4), 0, 0, NULL};

		found.nr_grants = found.nr_mappings = 0;
		for (int i = rand() % 40; i > 0; i--)
			add_at_random();
		picture.width = rand() % 2 ? TERMINAL : NARROW;
		check_fits(everything());
		check_fits(about(rand() % 3));
		check_fits(seen_at(&seen, &found));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, close_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(ids_are_short_and_garbage_is_shown_too),
	        TEST(processes_are_named_by_name_and_pid),
	        TEST(nothing_is_a_sentence),
	        TEST(the_picture_is_a_tree_with_columns),
	        TEST(what_stands_on_nothing_says_on_what),
	        TEST(bytes_that_are_not_there_are_told_in_the_tree),
	        TEST(magic_says_whose_memory_it_is),
	        TEST(who_has_ended_since_is_shown_last),
	        TEST(narrow_terminals_are_not_overrun),
	        TEST(of_a_process_all_three_sides_are_shown),
	        TEST(what_a_process_has_not_is_a_sentence),
	        TEST(a_page_has_an_owner_viewers_and_those_who_may),
	        TEST(grants_of_other_pages_do_not_count),
	        TEST(whatever_tables_say_the_picture_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
