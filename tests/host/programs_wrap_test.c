/* SPDX-License-Identifier: MIT */
/* links: programs/lib/wrap.c */
/* How text is broken into lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/lib/wrap.h"
#include "seed.h"

static char text[4096];

static const char *wrapped(const char *line, int column, int indent, int width)
{
	FILE *out = fmemopen(text, sizeof(text), "w");
	assert_non_null(out);
	wrap_line(out, line, column, indent, width);
	fclose(out);
	return text;
}

static const char *all_wrapped(const char *lines, int indent, int width)
{
	FILE *out = fmemopen(text, sizeof(text), "w");
	assert_non_null(out);
	text[0] = '\0';
	wrap_text(out, lines, indent, width);
	fclose(out);
	return text;
}

static void what_fits_stays_as_it_is(void **state)
{
	(void)state;
	assert_string_equal(wrapped("one  two   three", 0, 0, 20), "one  two   three\n");
	assert_string_equal(wrapped("exactly twenty chars", 0, 0, 20), "exactly twenty chars\n");
	assert_string_equal(wrapped("", 0, 0, 20), "\n");
	assert_string_equal(wrapped("  ", 0, 0, 20), "  \n");
	assert_string_equal(wrapped("a\nb", 0, 0, 20), "a\n");
}

static void words_go_to_the_next_line_whole(void **state)
{
	(void)state;
	assert_string_equal(wrapped("exactly twenty charsx", 0, 0, 20), "exactly twenty\ncharsx\n");
	assert_string_equal(wrapped("one two three four five six", 0, 4, 20),
	                    "one two three four\n    five six\n");
	assert_string_equal(wrapped("one two three four five six", 10, 2, 20),
	                    "one two\n  three four five\n  six\n");
}

static void a_word_that_fits_nowhere_has_a_line_of_its_own(void **state)
{
	(void)state;
	assert_string_equal(wrapped("a abcdefghijklmnopqrstuvwxyz b", 0, 0, 20),
	                    "a\nabcdefghijklmnopqrstuvwxyz\nb\n");
	assert_string_equal(wrapped("aaaa bbbb cccc dddd eeee", 0, 0, 1), "aaaa bbbb cccc dddd\neeee\n");
}

static void a_second_column_stays_one(void **state)
{
	(void)state;
	assert_string_equal(wrapped("  -l  tells what is where it is", 0, WRAP_INDENT, 20),
	                    "  -l  tells what is\n      where it is\n");
	assert_string_equal(wrapped("  no second column in this", 0, WRAP_INDENT, 20),
	                    "  no second column\n  in this\n");
}

static void all_lines_are_printed(void **state)
{
	(void)state;
	assert_string_equal(all_wrapped("one\n\n  two  three", WRAP_INDENT, 20), "one\n\n  two  three\n");
	assert_string_equal(all_wrapped("one\n", 0, 20), "one\n");
	assert_string_equal(all_wrapped("", 0, 20), "");
}

static int count_words(const char *from)
{
	int words = 0;
	while (*(from += strspn(from, " \n"))) {
		from += strcspn(from, " \n");
		words++;
	}
	return words;
}

/* No word is lost, and no line too long but for a word that is. */
static void random_texts_lose_nothing(void **state)
{
	unsigned seed = test_seed();
	(void)state;
	for (int turn = 0; turn < 2000; turn++) {
		char line[200];
		int length = rand_r(&seed) % 199, width = 20 + rand_r(&seed) % 60;
		for (int i = 0; i < length; i++)
			line[i] = rand_r(&seed) % 5 ? 'x' : ' ';
		line[length] = '\0';
		(void)wrapped(line, rand_r(&seed) % 20, rand_r(&seed) % 10, width);
		assert_int_equal(count_words(text), count_words(line));
		for (char *next = strtok(text, "\n"); next; next = strtok(NULL, "\n"))
			assert_true((int)strlen(next) <= width || count_words(next) == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_fits_stays_as_it_is),
	        cmocka_unit_test(words_go_to_the_next_line_whole),
	        cmocka_unit_test(a_word_that_fits_nowhere_has_a_line_of_its_own),
	        cmocka_unit_test(a_second_column_stays_one),
	        cmocka_unit_test(all_lines_are_printed),
	        cmocka_unit_test(random_texts_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
