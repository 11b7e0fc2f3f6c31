/* SPDX-License-Identifier: MIT */
/* links: programs/sh/parse.c */
/* How the shell takes a command line apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "programs/sh/parse.h"
#include "seed.h"

static struct parsed parsed;

/* Writes the commands as [a][b]; or [a][b]& so that they can be compared. */
static const char *shown(const char *line)
{
	static char text[8 * PARSE_LINE_MAX];
	size_t used = 0;
	const char *error = parse_line(line, &parsed);
	if (error)
		return error;
	text[0] = '\0';
	for (int i = 0; i < parsed.nr_commands; i++) {
		for (char **word = parsed.commands[i].argv; *word; word++)
			used += snprintf(text + used, sizeof(text) - used, "[%s]", *word);
		if (parsed.commands[i].input)
			used += snprintf(text + used, sizeof(text) - used, "<%s", parsed.commands[i].input);
		used += snprintf(text + used, sizeof(text) - used, "%s",
		                 parsed.commands[i].background ? "&"
		                 : parsed.commands[i].piped    ? "|"
		                                               : ";");
	}
	return text;
}

static void words_are_separated_by_blanks(void **state)
{
	(void)state;
	assert_string_equal(shown("  echo\tone  two \n"), "[echo][one][two];");
}

static void an_empty_line_is_no_command(void **state)
{
	(void)state;
	assert_string_equal(shown(""), "");
	assert_string_equal(shown(" \t\n"), "");
}

static void quotes_keep_blanks_and_make_empty_words(void **state)
{
	(void)state;
	assert_string_equal(shown("echo 'a  b' \"c d\" '' \"\""), "[echo][a  b][c d][][];");
	assert_string_equal(shown("e'c'h\"o\" a'b c'd"), "[echo][ab cd];");
	assert_string_equal(shown("'\\' \"'\" '\"' \"\\\"\\\\\\n\""), "[\\]['][\"][\"\\\\n];");
}

static void a_backslash_takes_the_next_byte_as_it_is(void **state)
{
	(void)state;
	assert_string_equal(shown("echo a\\ b \\; \\& \\' \\\\ \\|"), "[echo][a b][;][&]['][\\][|];");
}

static void commands_are_separated(void **state)
{
	(void)state;
	assert_string_equal(shown("a 1;b 2 & c;"), "[a][1];[b][2]&[c];");
	assert_string_equal(shown("sleep 5&"), "[sleep][5]&");
}

static void pipelines_are_put_together(void **state)
{
	(void)state;
	assert_string_equal(shown("a 1|b 2 | c&d"), "[a][1]|[b][2]|[c]&[d];");
	assert_string_equal(shown("a '|' \\| \"|\""), "[a][|][|][|];");
}

static void a_command_may_read_a_file(void **state)
{
	(void)state;
	assert_string_equal(shown("a 1 <'f g' 2"), "[a][1][2]<f g;");
	assert_string_equal(shown("<f a|b"), "[a]<f|[b];");
	assert_string_equal(shown("a '<' \\> b"), "[a][<][>][b];");
}

static void mistakes_are_named(void **state)
{
	(void)state;
	assert_string_equal(shown("echo 'abc"), "a ' is missing");
	assert_string_equal(shown("echo \"abc\\\""), "a \" is missing");
	assert_string_equal(shown("echo \\"), "nothing follows the \\ at the end");
	assert_string_equal(shown("; echo"), "a command is missing before ; or & or |");
	assert_string_equal(shown("a ;; b"), "a command is missing before ; or & or |");
	assert_string_equal(shown("a & & b"), "a command is missing before ; or & or |");
	assert_string_equal(shown("| a"), "a command is missing before ; or & or |");
	assert_string_equal(shown("a |"), "a command is missing behind |");
	assert_string_equal(shown("a | ; b"), "a command is missing behind |");
	assert_string_equal(shown("a || b"), "a command is missing behind |");
	assert_string_equal(shown("a <"), "the name of a file is missing behind <");
	assert_string_equal(shown("a < | b"), "the name of a file is missing behind <");
	assert_string_equal(shown("a < b < c"), "a command can read one file only");
	assert_string_equal(shown("< a"), "a command is missing that reads the file");
	assert_string_equal(shown("a | b < c"), "a command reads a file or a pipe, not both");
	assert_non_null(parse_line("a > b", &parsed));
}

static void the_longest_lines_fit_or_are_refused(void **state)
{
	(void)state;
	static char line[PARSE_LINE_MAX];
	for (int i = 0; i < PARSE_LINE_MAX - 1; i++)
		line[i] = i % 2 ? ' ' : 'x';
	assert_string_equal(shown(line), "too many words");
	line[2 * PARSE_WORDS_MAX] = '\0';
	assert_null(parse_line(line, &parsed));
	assert_int_equal(parsed.nr_commands, 1);
	for (int i = 0; i < PARSE_LINE_MAX - 1; i++)
		line[i] = i % 2 ? ';' : 'x';
	assert_string_equal(shown(line), "too many commands");
	line[2 * PARSE_COMMANDS_MAX] = '\0';
	assert_null(parse_line(line, &parsed));
	assert_int_equal(parsed.nr_commands, PARSE_COMMANDS_MAX);
}

static void random_lines_stay_within_their_bounds(void **state)
{
	(void)state;
	static const char alphabet[] = "ab '\"\\;& \n|<>";
	unsigned seed = test_seed();
	for (int i = 0; i < 20000; i++) {
		struct parsed *on_heap = malloc(sizeof(*on_heap));
		char *line = malloc(PARSE_LINE_MAX);
		int length = rand_r(&seed) % PARSE_LINE_MAX;
		for (int j = 0; j < length; j++)
			line[j] = alphabet[rand_r(&seed) % (sizeof(alphabet) - 1)];
		line[length] = '\0';
		if (!parse_line(line, on_heap))
			for (int j = 0; j < on_heap->nr_commands; j++)
				assert_non_null(on_heap->commands[j].argv[0]);
		if (!parse_line(line, on_heap) && on_heap->nr_commands)
			assert_false(on_heap->commands[on_heap->nr_commands - 1].piped);
		free(line);
		free(on_heap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(words_are_separated_by_blanks),
	        cmocka_unit_test(an_empty_line_is_no_command),
	        cmocka_unit_test(quotes_keep_blanks_and_make_empty_words),
	        cmocka_unit_test(a_backslash_takes_the_next_byte_as_it_is),
	        cmocka_unit_test(commands_are_separated),
	        cmocka_unit_test(pipelines_are_put_together),
	        cmocka_unit_test(a_command_may_read_a_file),
	        cmocka_unit_test(mistakes_are_named),
	        cmocka_unit_test(the_longest_lines_fit_or_are_refused),
	        cmocka_unit_test(random_lines_stay_within_their_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
