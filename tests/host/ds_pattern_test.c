/* SPDX-License-Identifier: MIT */
/* links: servers/ds/pattern*.c servers/ds/watch.c */
/* Regular expressions of subscriptions: which are refused, what they match, and which are compared with a key
 * at all. */
#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "servers/ds/pattern.h"
#include "servers/ds/watch.h"
#include "seed.h"

static int judge(const char *text)
{
	struct pattern_shape shape;

	return pattern_judge(text, (uint32_t)strlen(text), &shape);
}

/* ---- What is no pattern ---- */

static void what_posix_leaves_open_is_refused(void **state)
{
	static const char *const bad[] = {
	        "",         "*",    "+a",      "?",      "{2}",
	        "a**",      "a+?",  "a{2}{3}", "(*a)",   "a|*b",
	        "^*",       "a$*",  "(",       ")",      "a)|(b",
	        "(a",       "a)",   "()",      "a|",     "|a",
	        "a||b",     "(a|)", "(|a)",    "[",      "[]",
	        "[^]",      "[a",   "[[:x:]",  "[[.a.]", "[[",
	        "\\",       "a\\",  "\\1",     "(a)\\1", "\\w",
	        "\\<a",     "\\n",  "a{",      "a{}",    "a{,3}",
	        "a{1",      "a{1,", "a{1,2",   "a{2,1}", "a{256}",
	        "a{1,256}", "a{x}", "a{-1}",   "a{1 }",  "a{99999999999}",
	        "((a)",     "(a))", "\\`a",    "\\b",    "a{1,,2}",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (judge(bad[i]) != -EINVAL)
			fail_msg("%s: %d", bad[i], judge(bad[i]));
}

static void what_needs_too_much_is_refused(void **state)
{
	static const char *const large[] = {
	        "(a{255}){255}",
	        "((((a{255}){255}){255}){255}){255}",
	        "((a{1,255}){1,255}){1,255}",
	        "(a?){255}",
	        "(a*){100}",
	        "(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z)*",
	        "((((((((((((((((((a))))))))))))))))))",
	        "[acegikmoqsuwyACEGIKMOQSUWY]*",
	        "a{200}b{200}",
	};
	char alternatives[DS_PATTERN_MAX + 1] = "a";

	(void)state;
	for (unsigned i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		if (judge(large[i]) != -E2BIG)
			fail_msg("%s: %d", large[i], judge(large[i]));
	while (strlen(alternatives) < DS_PATTERN_MAX - 1)
		strcat(alternatives, "|a");
	assert_int_equal(judge(alternatives), -E2BIG);
	memset(alternatives, '(', DS_PATTERN_MAX);
	assert_int_equal(judge(alternatives), -E2BIG);
	memset(alternatives, 'a', DS_PATTERN_MAX);
	assert_int_equal(judge(alternatives), OK);
}

static void what_people_write_is_taken(void **state)
{
	static const char *const good[] = {
	        ".*",
	        "a",
	        "eth\\.[0-9]+",
	        "^drv\\..*$",
	        "(a|b)*c",
	        "[[:alnum:]_]+",
	        "[]a]",
	        "[^]a-z]",
	        "a{3}",
	        "a{3,}",
	        "a{3,5}x",
	        "([0-9]{1,3}\\.){3}[0-9]{1,3}",
	        "a\\{2",
	        "a}",
	        "a]",
	        "^^a$$",
	        "((((a))))",
	        "net\\.(eth|wlan)[0-9]\\.(up|down)",
	        "x\\/\\-",
	        "[.[:alpha:]]",
	        "a{0}b",
	        "(^a|b$)",
	        "one|two|three|four|five|six|seven|eight|nine|ten",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (judge(good[i]) != OK)
			fail_msg("%s: %d", good[i], judge(good[i]));
}

static void hostile_text_is_read_within_its_bounds(void **state)
{
	unsigned seed = test_seed();
	struct pattern_shape shape;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint32_t length = (uint32_t)rand_r(&seed) % (i % 10 ? 20 : DS_PATTERN_MAX + 3);
		char *text =
		        malloc(length ? length : 1); /* exactly as long, so that one byte more is a fault */

		for (uint32_t n = 0; n < length; n++)
			text[n] = rand_r(&seed) % 8 ? "()[]{}*+?|^$\\.,:=-a01ab"[rand_r(&seed) % 23]
			                            : (char)rand_r(&seed);
		if (pattern_judge(text, length, &shape) == OK) {
			assert_in_range(shape.steps, 0, PATTERN_STEPS);
			assert_in_range(shape.positions, 0, PATTERN_POSITIONS);
			assert_in_range(shape.lists, 0, PATTERN_LISTS);
			assert_in_range(shape.prefix_length, 0, length);
		}
		free(text);
	}
}

/* ---- Prefixes ---- */

static void keys_are_found_by_what_they_must_begin_with(void **state)
{
	static const struct {
		const char *text, *prefix;
		int literal;
	} cases[] = {
	        {"abc", "abc", 1},     {"^abc", "abc", 1}, {"a\\.b", "a.b", 1},  {"abc.*", "abc", 0},
	        {"abc*", "ab", 0},     {"abc+", "abc", 0}, {"abc?", "ab", 0},    {"abc{2}", "abc", 0},
	        {"abc{0,2}", "ab", 0}, {"ab|ac", "", 0},   {"ab(c|d)", "ab", 0}, {"ab(c|d)|e", "", 0},
	        {"(ab)c", "", 0},      {"a[b]c", "a", 0},  {"ab$", "ab", 0},     {".ab", "", 0},
	        {"a^b", "a", 0},       {"a.b|c", "", 0},   {"a\\|b", "a|b", 1},  {"a[|]b", "a", 0},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pattern_shape shape;

		assert_int_equal(pattern_judge(cases[i].text, (uint32_t)strlen(cases[i].text), &shape), OK);
		if (shape.prefix_length != strlen(cases[i].prefix) || shape.literal != cases[i].literal ||
		    memcmp(shape.prefix, cases[i].prefix, shape.prefix_length) != 0)
			fail_msg("%s: %.*s, literal %d", cases[i].text, (int)shape.prefix_length,
			         shape.prefix, shape.literal);
	}
}

/* ---- Matching ---- */

static int found_slots;

static void found(void *context, uint32_t slot)
{
	(void)context;
	found_slots |= 1 << slot;
}

static int matches(const char *pattern, const char *key)
{
	struct watch *watch = watch_new(1, 0x9d2c5680);
	uint32_t length = (uint32_t)strlen(key);

	assert_int_equal(watch_add(watch, 0, pattern, (uint32_t)strlen(pattern)), OK);
	found_slots = 0;
	watch_match(watch, key, length, found, NULL);
	assert_int_equal(found_slots, watch_slot_matches(watch, 0, key, length));
	watch_free(watch);
	return found_slots;
}

static void the_whole_key_must_match_however_it_is_written(void **state)
{
	static const struct {
		const char *pattern, *yes, *no[4];
	} cases[] = {
	        {"a|b", "b", {"ab", "xb", "ax", "bx"}},
	        {"^a|b$", "a", {"ax", "xb", "axb"}},
	        {"^a", "a", {"ab", "xa"}},
	        {"a$", "a", {"xa", "ab"}},
	        {"a|ab|abc", "abc", {"abcd", "xabc", ""}},
	        {"(a|b)|(c)", "c", {"ac", "cx"}},
	        {"a", "a", {"aa", "ba", "a\n"}},
	        {"[a|b]", "|", {"a|b"}},
	        {"a.*|b", "axb", {"xaxb", "bx"}},
	        {"(^a$)|(^b$)", "b", {"ab", "a\nb"}},
	        {"a*", "aaa", {"aab", "baa"}},
	        {"x\\|y", "x|y", {"x", "y"}},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!matches(cases[i].pattern, cases[i].yes))
			fail_msg("%s does not match %s", cases[i].pattern, cases[i].yes);
		for (int n = 0; n < 4 && cases[i].no[n]; n++)
			if (matches(cases[i].pattern, cases[i].no[n]))
				fail_msg("%s matches %s", cases[i].pattern, cases[i].no[n]);
	}
}

/* Without anchors of ours, by where the longest match lies. */
static int whole_match(const char *pattern, const char *key)
{
	regmatch_t match;
	regex_t regex;
	int whole;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED), 0);
	whole = regexec(&regex, key, 1, &match, 0) == 0 && match.rm_so == 0 &&
	        (size_t)match.rm_eo == strlen(key);
	regfree(&regex);
	return whole;
}

static void random_text(unsigned *seed, char *text, int length, const char *from)
{
	while (length-- > 0)
		*text++ = from[(size_t)rand_r(seed) % strlen(from)];
	*text = '\0';
}

/* Patterns without anchors, some of them equal, in one watch, which comes and goes. */
static void random_patterns_agree_with_the_place_of_the_match(void **state)
{
	unsigned seed = test_seed(), taken = 0;
	char patterns[16][12] = {""}, key[8];
	struct watch *watch = watch_new(16, 0x9d2c5680);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int slot = rand_r(&seed) % 16, expected = 0;

		if (patterns[slot][0])
			watch_remove(watch, (uint32_t)slot);
		do
			random_text(&seed, patterns[slot], 1 + rand_r(&seed) % 7, "aab.*|()b+?");
		while (watch_add(watch, (uint32_t)slot, patterns[slot], (uint32_t)strlen(patterns[slot])) !=
		       OK);
		random_text(&seed, key, 1 + rand_r(&seed) % 5, "aab");
		for (int n = 0; n < 16; n++)
			if (patterns[n][0])
				expected |= whole_match(patterns[n], key) << n;
		found_slots = 0;
		watch_match(watch, key, (uint32_t)strlen(key), found, NULL);
		if (found_slots != expected)
			fail_msg("key %s: %x, not %x; slot %d is %s", key, found_slots, expected, slot,
			         patterns[slot]);
		taken += found_slots != 0;
	}
	assert_in_range(taken, 1000, 20000);
	watch_free(watch);
}

static void equal_patterns_are_compiled_once(void **state)
{
	struct watch *watch = watch_new(3, 0x9d2c5680);

	(void)state;
	assert_int_equal(watch_add(watch, 0, "a.*", 3), OK);
	assert_int_equal(watch_add(watch, 1, "a.*", 3), OK);
	assert_int_equal(watch_add(watch, 2, "a.+", 3), OK);
	assert_int_equal(watch_patterns(watch), 2);
	found_slots = 0;
	watch_match(watch, "ab", 2, found, NULL);
	assert_int_equal(found_slots, 7);
	watch_remove(watch, 0);
	assert_int_equal(watch_patterns(watch), 2);
	watch_remove(watch, 1);
	assert_int_equal(watch_patterns(watch), 1);
	watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_posix_leaves_open_is_refused),
	        cmocka_unit_test(what_needs_too_much_is_refused),
	        cmocka_unit_test(what_people_write_is_taken),
	        cmocka_unit_test(hostile_text_is_read_within_its_bounds),
	        cmocka_unit_test(keys_are_found_by_what_they_must_begin_with),
	        cmocka_unit_test(the_whole_key_must_match_however_it_is_written),
	        cmocka_unit_test(random_patterns_agree_with_the_place_of_the_match),
	        cmocka_unit_test(equal_patterns_are_compiled_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
