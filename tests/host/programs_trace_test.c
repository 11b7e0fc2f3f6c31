/* SPDX-License-Identifier: MIT */
/* Records of the trace as text: columns, names, and records that nobody foresaw. */
/* links: programs/trace/text.c programs/trace/names.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/ipc.h>
#include <granite/abi/pm.h>
#include <granite/abi/sys.h>
#include <granite/abi/vm.h>

#include "programs/trace/trace.h"

#define SH ENDPOINT_MAKE(3, 1)
#define PS ENDPOINT_MAKE(4, 1)

static struct trace_record record(enum trace_event event, uint16_t number, uint32_t a, uint32_t b, uint32_t c,
                                  uint32_t d)
{
	return (struct trace_record){.endpoint = SH, .event = event, .number = number, .args = {a, b, c, d}};
}

static void call_it(endpoint_t endpoint, const char *label)
{
	struct trace_record named = {.endpoint = endpoint, .event = EVENT_NAME};

	strncpy((char *)named.args, label, sizeof(named.args) - 1);
	names_see(&named);
}

static void end_it(endpoint_t endpoint)
{
	struct trace_record gone = {.endpoint = endpoint, .event = EVENT_EXIT};

	names_see(&gone);
}

#define CHECK_TEXT(expected, ...)                                  \
	do {                                                       \
		struct trace_record checked = record(__VA_ARGS__); \
		char text[TEXT_MAX];                               \
                                                                   \
		text_format(&checked, text, sizeof(text));         \
		assert_string_equal(text, expected);               \
	} while (0)

static int setup(void **state)
{
	(void)state;
	call_it(PM_PROC_NR, "pm");
	call_it(VM_PROC_NR, "vm");
	call_it(SH, "sh");
	return 0;
}

static void messages_are_shown_by_name_in_columns(void **state)
{
	(void)state;
	CHECK_TEXT("sendrec       pm                PM_FORK", EVENT_SEND, IPC_SENDREC, PM_PROC_NR, PM_FORK, 0,
	           0);
	CHECK_TEXT("send          pm                PM_KILL pid -1, SIGTERM", EVENT_SEND,
	           IPC_SEND | TRACE_QUEUED, PM_PROC_NR, PM_KILL, -1, 15);
	CHECK_TEXT("delivered     from pm           PM_WAIT", EVENT_DELIVERED, IPC_SENDREC, PM_PROC_NR,
	           PM_WAIT, 5, 99);
	CHECK_TEXT("delivered     from clock        notification", EVENT_DELIVERED, IPC_NOTIFY, CLOCK,
	           NOTIFY_MESSAGE, 0, 0);
	CHECK_TEXT("receive       from anyone", EVENT_RECEIVE, 0, ANY, 0, 0, 0);
	CHECK_TEXT("sendrec       pm                PM_NANOSLEEP 0.5 s", EVENT_SEND, IPC_SENDREC, PM_PROC_NR,
	           PM_NANOSLEEP, 500000000, 0);
}

static void replies_are_shown_by_their_error(void **state)
{
	(void)state;
	CHECK_TEXT("reply_receive sh                OK", EVENT_SEND, IPC_REPLY_RECEIVE, SH, 0, 0, 0);
	CHECK_TEXT("delivered     from pm           ENOENT", EVENT_DELIVERED, IPC_SENDNB, PM_PROC_NR, -2, 0,
	           0);
	CHECK_TEXT("sendnb        sh                = ENOTREADY", EVENT_REFUSED, IPC_SENDNB, SH, -202, 0, 0);
	CHECK_TEXT("wait ends                       = EDEADSRCDST", EVENT_ENDED, 0, -201, 0, 0, 0);
	CHECK_TEXT("delivered     from pm           -5000", EVENT_DELIVERED, IPC_SEND, PM_PROC_NR, -5000, 0,
	           0);
	CHECK_TEXT("delivered     from pm           77", EVENT_DELIVERED, IPC_SEND, PM_PROC_NR, 77, 0, 0);
}

static void kernel_calls_show_what_they_are_given(void **state)
{
	(void)state;
	CHECK_TEXT("SYS_SELF", EVENT_CALL, SYS_SELF, 0, 0, 0, 0);
	CHECK_TEXT("SYS_VIRCOPY   from sh 0x1000 to itself 0x2000", EVENT_CALL, SYS_VIRCOPY, SH, 0x1000, SELF,
	           0x2000);
	CHECK_TEXT("SYS_VIRCOPY   = EFAULT", EVENT_RESULT, SYS_VIRCOPY, -14, 0, 0, 0);
	CHECK_TEXT("65535         = EBADCALL", EVENT_RESULT, 0xffff, -204, 0, 0, 0);
}

static void faults_show_address_and_right(void **state)
{
	(void)state;
	CHECK_TEXT("page fault    at 0x1234         write, not there, pc 0x8048000", EVENT_PAGE_FAULT,
	           VM_PAGEFAULT, 0x1234, VM_FAULT_WRITE, 0x8048000, 0);
	CHECK_TEXT("page fault    at 0x0            read, not allowed, pc 0x1", EVENT_PAGE_FAULT,
	           VM_PAGEFAULT, 0, VM_FAULT_PRESENT, 1, 0);
	CHECK_TEXT("asks vm       for sh            0x1000, 64 bytes, to be written", EVENT_VM_REQUEST,
	           VM_MEMREQ, SH, 0x1000, 64, 1);
	CHECK_TEXT("exception     at 0x0            SIGSEGV, trap 14, pc 0x5", EVENT_EXCEPTION, PM_EXCEPTION,
	           11, 0, 14, 5);
	CHECK_TEXT("exec          a label of 15", EVENT_EXEC, 0, 0x616c2061, 0x206c6562, 0x3120666f, 0x35);
}

static void what_is_not_for_people_gives_no_text(void **state)
{
	(void)state;
	CHECK_TEXT("", EVENT_TIME, 0, 1, 2, 3, 4);
	CHECK_TEXT("", EVENT_NAME, 0, 1, 2, 3, 4);
}

static void an_unknown_event_does_no_harm(void **state)
{
	struct trace_record unknown = record(EVENT_TIME, 0, 0, 0, 0, 0);

	(void)state;
	for (unsigned event = 0; event < 0x10000; event += 1 + event / 64) {
		char text[TEXT_MAX];

		unknown.event = event;
		text_format(&unknown, text, sizeof(text));
		(void)text_kind(&unknown);
		(void)text_other(&unknown);
	}
	CHECK_TEXT("event 9999", 9999, 0, 0, 0, 0, 0);
}

/* Whatever the arguments are, and however short the buffer. */
static void no_record_overruns_its_text(void **state)
{
	const char *given = getenv("SEED");
	unsigned seed = given ? strtoul(given, NULL, 0) : 20100401;

	(void)state;
	print_message("SEED=%u\n", seed);
	srand(seed);
	for (int i = 0; i < 200000; i++) {
		struct trace_record random = record(rand() % 32, rand() % 4 ? 0x100 + rand() % 0x300 : rand(),
		                                    rand() - rand(), rand() % 0x400, rand(), rand());
		size_t size = 1 + rand() % TEXT_MAX;
		char *text = malloc(size);

		text_format(&random, text, size);
		assert_true(strlen(text) < size);
		free(text);
	}
}

static void the_other_process_is_known(void **state)
{
	struct trace_record send = record(EVENT_SEND, IPC_SEND, PM_PROC_NR, 0, 0, 0);
	struct trace_record verdict = record(EVENT_VERDICT, 0, 0, VM_PROC_NR, 0, 0);
	struct trace_record run = record(EVENT_RUN, 0, VM_PROC_NR, 0, 0, 0);

	(void)state;
	assert_int_equal(text_other(&send), PM_PROC_NR);
	assert_int_equal(text_other(&verdict), VM_PROC_NR);
	assert_int_equal(text_other(&run), NONE);
	assert_int_equal(text_kind(&send), TRACE_IPC);
	assert_int_equal(text_kind(&verdict), TRACE_FAULT);
}

static void labels_that_two_have_are_told_apart(void **state)
{
	(void)state;
	assert_string_equal(names_process(SH), "sh");
	call_it(PS, "sh");
	assert_string_equal(names_process(SH), "sh/1027");
	assert_string_equal(names_process(PS), "sh/1028");
	call_it(PS, "ps");
	assert_string_equal(names_process(SH), "sh");
	assert_string_equal(names_process(PS), "ps");
	call_it(PS, "sh");
	end_it(PS);
	assert_string_equal(names_process(SH), "sh");
	assert_true(names_is(SH, "sh"));
	assert_false(names_is(SH, "s"));
	assert_false(names_is(NONE, "sh"));
	assert_string_equal(names_process(ENDPOINT_MAKE(3, 2)), "2051"); /* another generation */
	assert_string_equal(names_process(ENDPOINT_MAKE(1000, 9)), "10216");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(messages_are_shown_by_name_in_columns),
	        cmocka_unit_test(replies_are_shown_by_their_error),
	        cmocka_unit_test(kernel_calls_show_what_they_are_given),
	        cmocka_unit_test(faults_show_address_and_right),
	        cmocka_unit_test(what_is_not_for_people_gives_no_text),
	        cmocka_unit_test(an_unknown_event_does_no_harm),
	        cmocka_unit_test(no_record_overruns_its_text),
	        cmocka_unit_test(the_other_process_is_known),
	        cmocka_unit_test(labels_that_two_have_are_told_apart),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
