/* SPDX-License-Identifier: MIT */
/* The kernel's log: whose text stands in which line. */
/* links: kernel/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch.h"
#include "log.h"

static char written[256];
static size_t length;

void arch_log_byte(char c)
{
	if (c == '\r')
		return;
	assert_true(length + 1 < sizeof(written));
	written[length++] = c;
	written[length] = '\0';
}

static void expect(const char *text)
{
	klog("\n"); /* whatever was unfinished is finished, and so is this */
	assert_string_equal(written, text);
	length = 0;
}

static void say(endpoint_t author, const char *text)
{
	klog_text(author, text, strlen(text));
}

static void one_author_s_pieces_are_one_line(void **state)
{
	(void)state;
	say(1, "one ");
	say(1, "line\n");
	say(2, "another\n");
	klog("the %s's\n", "kernel");
	expect("one line\nanother\nthe kernel's\n\n");
}

static void no_line_has_two_authors(void **state)
{
	(void)state;
	say(1, "unfinished");
	say(2, "");
	say(2, "[rs] x exited 0\n");
	say(1, " rest");
	klog("PANIC: %u\n", 1u);
	say(1, "x");
	expect("unfinished\n[rs] x exited 0\n rest\nPANIC: 1\nx\n\n");
}

static void the_kernel_builds_a_line_in_pieces(void **state)
{
	(void)state;
	klog("a");
	klog("%c", 'b');
	klog("%d\n", -3);
	expect("ab-3\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(one_author_s_pieces_are_one_line),
	        cmocka_unit_test(no_line_has_two_authors),
	        cmocka_unit_test(the_kernel_builds_a_line_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
