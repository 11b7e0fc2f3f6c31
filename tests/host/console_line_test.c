/* SPDX-License-Identifier: MIT */
/* links: drivers/console/line.c */
/* The console's line discipline: what is typed, what is seen, what is read. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <cmocka.h>

#include "drivers/console/line.h"
#include "seed.h"

static struct line line;
static char seen[65536]; /* all echo since the last check */
static size_t seen_count;

static int setup(void **state)
{
	(void)state;
	line_init(&line, LINE_PERSON);
	seen_count = 0;
	return 0;
}

static int type_byte(uint8_t byte)
{
	struct line_echo echo;
	int signal = line_input(&line, byte, &echo);
	assert_true(echo.count <= LINE_ECHO_MAX);
	memcpy(seen + seen_count, echo.bytes, echo.count);
	seen_count += echo.count;
	return signal;
}

static void type(const char *text)
{
	for (; *text; text++)
		assert_int_equal(type_byte((uint8_t)*text), 0);
}

static void expect_seen(const char *text)
{
	seen[seen_count] = '\0';
	assert_string_equal(seen, text);
	seen_count = 0;
}

/* A read of `size` bytes must be ready and give exactly `text`. */
static void expect_read(uint32_t size, const char *text)
{
	uint8_t buffer[LINE_SIZE];
	uint32_t consumed;
	assert_true(line_ready(&line, size));
	uint32_t count = line_peek(&line, buffer, size, &consumed);
	assert_int_equal(count, strlen(text));
	assert_memory_equal(buffer, text, count);
	line_consume(&line, consumed);
}

static void set_times(uint32_t vmin, uint32_t vtime)
{
	struct line_termios termios = line.termios;
	termios.lflag &= ~(uint32_t)ICANON;
	termios.cc[VMIN] = (uint8_t)vmin;
	termios.cc[VTIME] = (uint8_t)vtime;
	line_set_termios(&line, &termios);
}

static void set_modes(uint32_t off, uint32_t vmin)
{
	struct line_termios termios = line.termios;
	termios.lflag &= ~off;
	termios.cc[VMIN] = vmin;
	line_set_termios(&line, &termios);
}

static void a_line_is_read_when_it_is_complete(void **state)
{
	(void)state;
	type("hello");
	assert_false(line_ready(&line, 100));
	type("\r");
	expect_seen("hello\r\n");
	expect_read(100, "hello\n");
	assert_false(line_ready(&line, 100));
}

static void a_short_read_leaves_the_rest_of_the_line(void **state)
{
	(void)state;
	type("hello\nworld\n");
	expect_read(3, "hel");
	expect_read(100, "lo\n");
	expect_read(100, "world\n");
}

static void typing_ahead_is_kept_line_by_line(void **state)
{
	(void)state;
	type("one\ntwo\nthr");
	expect_read(100, "one\n");
	expect_read(100, "two\n");
	assert_false(line_ready(&line, 1));
	type("ee\n");
	expect_read(100, "three\n");
}

static void both_erase_keys_rub_out_one_character(void **state)
{
	(void)state;
	type("abc\x7f\b\n");
	expect_seen("abc\b \b\b \b\r\n");
	expect_read(100, "a\n");
}

static void erasing_stops_at_the_beginning_of_the_line(void **state)
{
	(void)state;
	type("done\n");
	expect_seen("done\r\n");
	type("a\x7f\x7f\x7f\x17\x15\x7f\n");
	expect_seen("a\b \b\r\n");
	expect_read(100, "done\n");
	expect_read(100, "\n");
}

static void a_character_of_several_bytes_is_erased_whole(void **state)
{
	(void)state;
	type("a\xc3\xa4\xe2\x82\xac\x7f\x7f");
	expect_seen("a\xc3\xa4\xe2\x82\xac\b \b\b \b");
	type("b\n");
	expect_read(100, "ab\n");
}

static void a_control_character_and_a_tab_are_erased_as_wide_as_they_are(void **state)
{
	(void)state;
	type("ab\t\x01");
	expect_seen("ab\t^A");
	type("\x7f");
	expect_seen("\b \b\b \b");
	type("\x7f");
	expect_seen("\b \b\b \b\b \b\b \b\b \b\b \b");
	type("\n");
	expect_read(100, "ab\n");
}

static void word_and_line_erase(void **state)
{
	(void)state;
	type("echo two  \x17x\n");
	expect_read(100, "echo x\n");
	type("\x15");
	type("gone\x15kept\n");
	expect_read(100, "kept\n");
}

static void end_of_file_on_an_empty_line_is_an_empty_read(void **state)
{
	(void)state;
	type("\x04");
	expect_seen("");
	expect_read(100, "");
	assert_false(line_ready(&line, 100));
}

static void end_of_file_after_text_only_hands_it_over(void **state)
{
	(void)state;
	type("abc\x04");
	expect_read(100, "abc");
	assert_false(line_ready(&line, 100));
	type("abc\x04");
	expect_read(3, "abc");
	assert_false(line_ready(&line, 100));
	type("ab\n\x04");
	expect_read(3, "ab\n");
	expect_read(100, "");
}

static void signal_keys_send_and_forget_the_line(void **state)
{
	(void)state;
	type("sleep");
	assert_int_equal(type_byte(3), SIGINT);
	expect_seen("sleep^C");
	assert_int_equal(type_byte(0x1c), SIGQUIT);
	expect_seen("^\\");
	assert_int_equal(type_byte(0x1a), SIGTSTP);
	type("next\n");
	expect_read(100, "next\n");
}

static void without_isig_the_keys_are_ordinary(void **state)
{
	(void)state;
	set_modes(ISIG, 1);
	assert_int_equal(type_byte(3), 0);
	type("\n");
	expect_read(100, "\x03\n");
}

static void a_control_character_set_to_zero_is_off(void **state)
{
	(void)state;
	struct line_termios termios = line.termios;
	termios.cc[VINTR] = 0;
	line_set_termios(&line, &termios);
	assert_int_equal(type_byte(0), 0);
	assert_int_equal(type_byte(3), 0);
}

static void a_line_too_long_rings_and_keeps_what_fits(void **state)
{
	(void)state;
	static char expected[LINE_SIZE + 1];
	memset(expected, 'x', LINE_SIZE - 1);
	type(expected);
	seen_count = 0;
	type("yy");
	expect_seen("\a\a");
	type("\n");
	expected[LINE_SIZE - 1] = '\n';
	expect_read(LINE_SIZE, expected);
}

static void a_full_buffer_refuses_even_the_end_of_a_line(void **state)
{
	(void)state;
	for (int i = 0; i < LINE_SIZE; i++)
		type("\n");
	seen_count = 0;
	type("\n\x04");
	expect_seen("\a\a");
	for (int i = 0; i < LINE_SIZE; i++)
		expect_read(100, "\n");
	assert_false(line_ready(&line, 1));
}

static void erasing_more_than_the_echo_holds_is_cut_not_overrun(void **state)
{
	(void)state;
	for (int i = 0; i < LINE_SIZE - 1; i++)
		type("\x01");
	seen_count = 0;
	type("\x15");
	assert_in_range(seen_count, LINE_ERASE_MAX, LINE_ECHO_MAX);
	type("\n");
	expect_read(100, "\n");
}

static void without_echo_nothing_is_seen(void **state)
{
	(void)state;
	set_modes(ECHO, 1);
	type("secret\x7f\n");
	expect_seen("");
	expect_read(100, "secre\n");
}

static void raw_mode_hands_over_every_byte(void **state)
{
	(void)state;
	set_modes(ICANON | ECHO | ISIG, 1);
	type("a\x7f\x04\x15");
	expect_read(2, "a\x7f");
	expect_read(100, "\x04\x15");
	assert_false(line_ready(&line, 1));
}

static void raw_mode_waits_for_vmin_bytes_or_as_many_as_asked(void **state)
{
	(void)state;
	set_modes(ICANON, 3);
	type("ab");
	assert_false(line_ready(&line, 100));
	assert_true(line_ready(&line, 2));
	type("c");
	expect_read(100, "abc");
	set_modes(ICANON, 0);
	expect_read(100, "");
}

static void carriage_return_is_kept_without_icrnl(void **state)
{
	(void)state;
	struct line_termios termios = line.termios;
	termios.iflag = 0;
	line_set_termios(&line, &termios);
	type("a\r");
	assert_false(line_ready(&line, 1));
	type("\n");
	expect_read(100, "a\r\n");
}

static void changing_to_raw_hands_over_the_unfinished_line(void **state)
{
	(void)state;
	type("one\nhal");
	set_modes(ICANON, 1);
	expect_read(100, "one\nhal");
}

static void changing_to_canonical_makes_a_line_of_what_is_there(void **state)
{
	(void)state;
	set_modes(ICANON, 1);
	type("half");
	struct line_termios termios = line.termios;
	termios.lflag |= ICANON;
	line_set_termios(&line, &termios);
	type("next\n");
	expect_read(100, "half");
	expect_read(100, "next\n");
}

static void flushing_forgets_all(void **state)
{
	(void)state;
	type("one\ntwo");
	line_flush(&line);
	assert_false(line_ready(&line, 1));
	type("three\n");
	expect_read(100, "three\n");
}

static void output_turns_newlines_unless_told_not_to(void **state)
{
	(void)state;
	uint8_t out[2];
	assert_int_equal(line_output(&line, '\n', out), 2);
	assert_memory_equal(out, "\r\n", 2);
	line.termios.oflag = ONLCR;
	assert_int_equal(line_output(&line, '\n', out), 1);
	assert_int_equal(line_output(&line, '\r', out), 1);
}

/* What tools/guest pipes in may hold any byte and lines of any length. */
static void a_pipe_loses_nothing(void **state)
{
	(void)state;
	line_init(&line, LINE_PIPE);
	type("\x03\x15\x7f\r\n");
	expect_seen("");
	expect_read(100, "\x03\x15\x7f\r\n");
	int taken = 0;
	while (line_takes_input(&line) && taken < 2 * LINE_SIZE)
		taken += type_byte('x') == 0;
	expect_seen("");
	assert_int_equal(taken, LINE_SIZE - 1);
	uint8_t buffer[LINE_SIZE];
	uint32_t consumed;
	assert_true(line_ready(&line, 100));
	assert_int_equal(line_peek(&line, buffer, 100, &consumed), 100);
	line_consume(&line, consumed);
	assert_true(line_takes_input(&line));
	type("y\x04\x04");
	assert_int_equal(line_peek(&line, buffer, LINE_SIZE, &consumed), LINE_SIZE - 100);
	line_consume(&line, consumed);
	expect_read(100, "");
}

static void a_pipe_that_has_ended_stays_so(void **state)
{
	(void)state;
	uint8_t buffer[16];
	uint32_t consumed;
	line_init(&line, LINE_PIPE);
	type("ab\x04");
	expect_read(16, "ab");
	for (int i = 0; i < 3; i++) {
		assert_true(line_ready(&line, 16));
		assert_int_equal(line_peek(&line, buffer, 16, &consumed), 0);
		line_consume(&line, consumed);
	}
}

/* As tools/guest sends it: each byte that means something is preceded by 0x10. */
static void type_escaped(uint8_t byte)
{
	if (byte == 0x04 || byte == 0x10)
		assert_int_equal(type_byte(0x10), 0);
	assert_int_equal(type_byte(byte), 0);
}

static void expect_every_byte_then_the_end(void)
{
	uint8_t buffer[256], all[256];
	uint32_t count = 0, part, consumed;
	while (count < sizeof(all) && line_ready(&line, sizeof(all) - count)) {
		part = line_peek(&line, buffer, sizeof(all) - count, &consumed);
		memcpy(all + count, buffer, part);
		line_consume(&line, consumed);
		count += part;
	}
	assert_int_equal(count, sizeof(all));
	for (int byte = 0; byte < 256; byte++)
		assert_int_equal(all[byte], byte);
	assert_true(line_ready(&line, sizeof(buffer)));
	assert_int_equal(line_peek(&line, buffer, sizeof(buffer), &consumed), 0);
}

static void a_pipe_hands_over_every_byte_in_every_mode(void **state)
{
	(void)state;
	static const uint32_t modes[] = {ICANON, 0, ICANON | ISIG};
	for (int mode = 0; mode < 3; mode++) {
		line_init(&line, LINE_PIPE);
		line.termios.lflag = modes[mode];
		line.termios.iflag = mode == 2 ? ICRNL : 0;
		for (int byte = 0; byte < 256; byte++)
			type_escaped((uint8_t)byte);
		type("\x04");
		expect_every_byte_then_the_end();
	}
}

static void check_invariant(void)
{
	assert_true(line.committed - line.tail <= line.head - line.tail);
	assert_true(line.head - line.tail <= LINE_SIZE);
}

/* Every byte, in every mode, at every fill, also where the counters wrap round. */
static void random_typing_keeps_the_invariant(void **state)
{
	(void)state;
	unsigned seed = test_seed();
	line.head = line.committed = line.tail = 0u - 3 * LINE_SIZE;
	for (int i = 0; i < 500000; i++) {
		uint8_t buffer[300];
		uint32_t consumed, size = rand_r(&seed) % sizeof(buffer);
		switch (rand_r(&seed) % 64) {
		case 0:
			set_modes(0, rand_r(&seed) % 4);
			break;
		case 1: {
			struct line_termios termios = line.termios;
			termios.lflag ^= rand_r(&seed) % 2 ? ICANON : ECHO;
			line_set_termios(&line, &termios);
			break;
		}
		case 2:
			if (line_ready(&line, size)) {
				assert_true(line_peek(&line, buffer, size, &consumed) <= size);
				line_consume(&line, consumed);
			}
			break;
		default:
			seen_count = 0;
			(void)type_byte(rand_r(&seed) % 16 ? (uint8_t)rand_r(&seed) : '\n');
		}
		check_invariant();
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

#define TENTH      100000000ull

static void without_vmin_and_vtime_a_read_never_waits(void **state)
{
	(void)state;
	set_times(0, 0);
	expect_read(100, "");
	assert_int_equal(line_deadline(&line, 1000, 2000), 0);
	type("ab");
	expect_read(1, "a");
	expect_read(100, "b");
	expect_read(100, "");
}

/* As poll(2) on Linux: a whole line; in raw mode VMIN bytes, but with VTIME any. */
static void readable_is_what_a_read_would_not_wait_for(void **state)
{
	(void)state;
	assert_false(line_readable(&line));
	type("ab");
	assert_false(line_readable(&line));
	type("\n");
	assert_true(line_readable(&line));
	expect_read(100, "ab\n");
	type("\x04");
	assert_true(line_readable(&line));
	line_flush(&line);
	static const int times[][3] = {{0, 0, 1}, {0, 5, 1}, {3, 5, 1}, {3, 0, 3}}; /* VMIN, VTIME, bytes */
	for (int i = 0; i < 4; i++) {
		line_flush(&line);
		set_times((uint8_t)times[i][0], (uint8_t)times[i][1]);
		for (int typed = 0; typed < times[i][2]; typed++) {
			assert_false(line_readable(&line));
			type("x");
		}
		assert_true(line_readable(&line));
	}
}

static void vtime_alone_limits_the_wait_for_the_first_byte(void **state)
{
	(void)state;
	set_times(0, 5);
	assert_false(line_ready(&line, 100));
	assert_int_equal(line_deadline(&line, 1000, 0), 1000 + 5 * TENTH);
	assert_int_equal(line_deadline(&line, 1000, 9000), 1000 + 5 * TENTH); /* typed to somebody else */
	type("a");
	expect_read(100, "a");
	assert_false(line_ready(&line, 100));
	set_times(0, 255);
	assert_int_equal(line_deadline(&line, 1000, 0), 1000 + 255 * TENTH);
}

static void with_vmin_the_time_runs_from_byte_to_byte(void **state)
{
	(void)state;
	set_times(3, 2);
	assert_int_equal(line_deadline(&line, 1000, 500), 0);
	type("a");
	assert_false(line_ready(&line, 100));
	assert_int_equal(line_deadline(&line, 1000, 7000), 7000 + 2 * TENTH);
	/* Bytes that were there before the read count as just typed. */
	assert_int_equal(line_deadline(&line, 1000, 500), 1000 + 2 * TENTH);
	assert_true(line_ready(&line, 1));
	type("bc");
	expect_read(100, "abc");
	assert_int_equal(line_deadline(&line, 1000, 7000), 0);
}

static void whole_lines_have_no_time_limit(void **state)
{
	struct line_termios termios = line.termios;
	(void)state;
	termios.cc[VTIME] = 5;
	termios.cc[VMIN] = 0;
	line_set_termios(&line, &termios);
	assert_false(line_ready(&line, 100));
	assert_int_equal(line_deadline(&line, 1000, 2000), 0);
	type("half");
	assert_false(line_ready(&line, 100));
	assert_int_equal(line_deadline(&line, 1000, 2000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_line_is_read_when_it_is_complete),
	        TEST(a_short_read_leaves_the_rest_of_the_line),
	        TEST(typing_ahead_is_kept_line_by_line),
	        TEST(both_erase_keys_rub_out_one_character),
	        TEST(erasing_stops_at_the_beginning_of_the_line),
	        TEST(a_character_of_several_bytes_is_erased_whole),
	        TEST(a_control_character_and_a_tab_are_erased_as_wide_as_they_are),
	        TEST(word_and_line_erase),
	        TEST(end_of_file_on_an_empty_line_is_an_empty_read),
	        TEST(end_of_file_after_text_only_hands_it_over),
	        TEST(signal_keys_send_and_forget_the_line),
	        TEST(without_isig_the_keys_are_ordinary),
	        TEST(a_control_character_set_to_zero_is_off),
	        TEST(a_line_too_long_rings_and_keeps_what_fits),
	        TEST(a_full_buffer_refuses_even_the_end_of_a_line),
	        TEST(erasing_more_than_the_echo_holds_is_cut_not_overrun),
	        TEST(without_echo_nothing_is_seen),
	        TEST(raw_mode_hands_over_every_byte),
	        TEST(raw_mode_waits_for_vmin_bytes_or_as_many_as_asked),
	        TEST(carriage_return_is_kept_without_icrnl),
	        TEST(changing_to_raw_hands_over_the_unfinished_line),
	        TEST(changing_to_canonical_makes_a_line_of_what_is_there),
	        TEST(flushing_forgets_all),
	        TEST(output_turns_newlines_unless_told_not_to),
	        TEST(a_pipe_loses_nothing),
	        TEST(a_pipe_that_has_ended_stays_so),
	        TEST(a_pipe_hands_over_every_byte_in_every_mode),
	        TEST(random_typing_keeps_the_invariant),
	        TEST(without_vmin_and_vtime_a_read_never_waits),
	        TEST(readable_is_what_a_read_would_not_wait_for),
	        TEST(vtime_alone_limits_the_wait_for_the_first_byte),
	        TEST(with_vmin_the_time_runs_from_byte_to_byte),
	        TEST(whole_lines_have_no_time_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
