/* SPDX-License-Identifier: MIT */
/* links: programs/lib/keys.c programs/lib/screen.c */
/* A full-screen program's terminal: what is typed, and what is drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/lib/keys.h"
#include "programs/lib/screen.h"
#include "seed.h"

/* ---- Keys ---- */

static struct keys keys;

static int setup(void **state)
{
	(void)state;
	memset(&keys, 0, sizeof(keys));
	return 0;
}

/* Types all of it: what the last byte gives. */
static int type(const char *text)
{
	int key = KEYS_NOTHING;
	for (; *text; text++)
		key = keys_take(&keys, (uint8_t)*text);
	return key;
}

static void keys_are_their_bytes(void **state)
{
	(void)state;
	assert_int_equal(type("q"), 'q');
	assert_int_equal(type(" "), ' ');
	assert_int_equal(type("["), '[');
	assert_int_equal(type("\xff"), 0xff);
}

static void the_terminal_s_answer_is_its_size(void **state)
{
	(void)state;
	assert_int_equal(type("\033[24;80"), KEYS_NOTHING);
	assert_int_equal(type("R"), KEYS_SIZE);
	assert_true(keys.rows == 24 && keys.columns == 80);
	assert_int_equal(type("\033[43;132R"), KEYS_SIZE);
	assert_true(keys.rows == 43 && keys.columns == 132);
	assert_int_equal(type("q"), 'q');
}

static void other_sequences_say_nothing(void **state)
{
	static const char *const sequences[] = {"\033[A",      "\033[3~",    "\033[1;5C",  "\033[R",
	                                        "\033[24R",    "\033[0;80R", "\033[24;0R", "\033[;R",
	                                        "\033[1;2;3R", "\033[?1;2c"};
	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		assert_int_equal(type(sequences[i]), KEYS_NOTHING);
		assert_int_equal(type("q"), 'q');
	}
}

static void a_lone_escape_swallows_no_key(void **state)
{
	(void)state;
	assert_int_equal(type("\033"), KEYS_NOTHING);
	assert_int_equal(type("q"), 'q');
	assert_int_equal(type("\033\033[1;1R"), KEYS_SIZE);
	assert_int_equal(type("\033[12\033q"), 'q');
	assert_int_equal(type("\033[12\n"), KEYS_NOTHING);
	assert_int_equal(type("q"), 'q');
}

static void numbers_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(type("\033[99999999999999999999;88888888888888888888R"), KEYS_SIZE);
	assert_true(keys.rows <= 99999 && keys.columns <= 99999);
	assert_int_equal(type("\033[1;2;3;4;5;6;7;8;9;10R"), KEYS_NOTHING);
}

static void random_bytes_do_no_harm(void **state)
{
	unsigned seed = test_seed();
	(void)state;
	for (int i = 0; i < 100000; i++) {
		static const char likely[] = "\033[;0123R";
		uint8_t byte =
		        rand_r(&seed) % 3 ? (uint8_t)likely[rand_r(&seed) % 8] : (uint8_t)rand_r(&seed);
		int key = keys_take(&keys, byte);
		assert_true(key == byte || key == KEYS_NOTHING || key == KEYS_SIZE);
		assert_true(keys.count <= KEYS_NUMBERS_MAX);
	}
}

/* ---- The screen ---- */

static const char *drawn(const char *text, unsigned rows, unsigned columns)
{
	static char bytes[4096];
	FILE *out = fmemopen(bytes, sizeof(bytes), "w");
	assert_non_null(out);
	screen_draw(out, text, rows, columns);
	fclose(out);
	return bytes;
}

static void each_line_replaces_what_was_there(void **state)
{
	(void)state;
	assert_string_equal(drawn("one\ntwo\n", 24, 80), "\033[Hone\033[K\r\ntwo\033[K\033[J");
	assert_string_equal(drawn("one\n\ntwo", 24, 80), "\033[Hone\033[K\r\n\033[K\r\ntwo\033[K\033[J");
	assert_string_equal(drawn("", 24, 80), "\033[H\033[J");
}

static void what_does_not_fit_is_cut(void **state)
{
	(void)state;
	assert_string_equal(drawn("12345\n1234\n123", 2, 4), "\033[H1234\033[0m\033[K\r\n1234\033[K\033[J");
	assert_string_equal(drawn("one\ntwo\n", 1, 80), "\033[Hone\033[K\033[J");
	assert_string_equal(drawn("one", 0, 0), "\033[H\033[J");
}

static void colours_take_no_columns(void **state)
{
	(void)state;
	assert_string_equal(drawn("\033[7m1234\033[0m", 1, 4), "\033[H\033[7m1234\033[0m\033[K\033[J");
	assert_string_equal(drawn("\033[7m12345\033[0m", 1, 4), "\033[H\033[7m1234\033[0m\033[K\033[J");
	assert_string_equal(drawn("12\033[", 1, 4), "\033[H12\033[\033[K\033[J");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
	        TEST(keys_are_their_bytes),
	        TEST(the_terminal_s_answer_is_its_size),
	        TEST(other_sequences_say_nothing),
	        TEST(a_lone_escape_swallows_no_key),
	        TEST(numbers_do_not_overflow),
	        TEST(random_bytes_do_no_harm),
	        TEST(each_line_replaces_what_was_there),
	        TEST(what_does_not_fit_is_cut),
	        TEST(colours_take_no_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
