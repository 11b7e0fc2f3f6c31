/* SPDX-License-Identifier: MIT */
/* The trace's ring: numbers that go on for ever, what is overwritten, pieces, owners, and the command line.
 */
/* links: kernel/trace.c kernel/sys/do_trace.c kernel/proc.c kernel/sched.c kernel/priv.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/errno.h>

#include "arch.h"
#include "boot.h"
#include "clock.h"
#include "kcall.h"
#include "log.h"
#include "panic.h"
#include "trace.h"

#define SOMEBODY ((endpoint_t)5000)

static uint64_t time_stamp;
static const char *command_line; /* the value of trace=, or NULL */
static unsigned complaints;
static struct trace_record got[TRACE_READ_MAX];
static uint32_t got_bytes;
static int copy_result;

void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

void arch_ports_changed(void)
{
}

uint64_t arch_timestamp(void)
{
	return ++time_stamp;
}

uint32_t arch_pc(const struct proc *p)
{
	(void)p;
	return 0;
}

uint32_t arch_status(const struct proc *p)
{
	(void)p;
	return 0;
}

uint64_t clock_uptime(void)
{
	return 7000000000;
}

int boot_option(const char *name, char *value, unsigned size)
{
	assert_string_equal(name, "trace");
	if (command_line)
		snprintf(value, size, "%s", command_line);
	return command_line != NULL;
}

void klog(const char *format, ...)
{
	(void)format;
	complaints++;
}

int copy_to_caller(struct proc *caller, vir_bytes address, const void *buffer, uint32_t bytes)
{
	(void)caller;
	(void)address;
	assert_true(bytes <= sizeof(got));
	memcpy(got, buffer, bytes);
	got_bytes = bytes;
	return copy_result;
}

static int setup(void **state)
{
	(void)state;
	proc_init();
	memset(&trace_ring, 0, sizeof(trace_ring));
	time_stamp = 0;
	current = NULL;
	copy_result = OK;
	assert_int_equal(trace_set(SOMEBODY, TRACE_CALL), OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	trace_forget(SOMEBODY);
	assert_int_equal(trace_ring.kinds, 0);
	return 0;
}

static void put(unsigned times)
{
	while (times--)
		trace_plain(EVENT_IDLE, NONE);
}

/* do_trace is asked for `count` records from `from` on; returns its result. */
static int read_records(uint64_t from, uint32_t count, struct sys_trace_rep *reply)
{
	struct sys_trace_req request = {.op = TRACE_READ, .from = from, .count = count};

	memset(reply, 0, sizeof(*reply));
	got_bytes = 0;
	return do_trace(&proc_table[0], &request, reply);
}

/* Reads on from `from` to the end; every time stamp must follow the one before. Returns how many. */
static unsigned read_all(uint64_t from)
{
	struct sys_trace_rep reply;
	unsigned count = 0;
	uint64_t last = 0;

	do {
		assert_int_equal(read_records(from, TRACE_READ_MAX, &reply), OK);
		assert_int_equal(got_bytes, reply.count * sizeof(got[0]));
		for (uint32_t i = 0; i < reply.count; i++) {
			assert_true(!last || got[i].time == last + 1);
			last = got[i].time;
		}
		count += reply.count;
		from = reply.first + reply.count;
	} while (from < reply.next);
	assert_true(reply.count > 0 && last == time_stamp);
	return count;
}

static void all_is_read_in_order_until_the_ring_is_full(void **state)
{
	(void)state;
	put(TRACE_RECORDS - trace_ring.next);
	assert_int_equal(read_all(0), TRACE_RECORDS);
}

static void what_is_overwritten_is_told_by_the_number_of_the_first(void **state)
{
	struct sys_trace_rep reply;

	(void)state;
	for (unsigned extra = 1; extra < 4 * TRACE_RECORDS; extra = extra * 3 + 1) {
		put(TRACE_RECORDS + extra - (unsigned)trace_ring.next % TRACE_RECORDS);
		assert_int_equal(read_records(0, 1, &reply), OK);
		assert_int_equal(reply.first, trace_ring.next - TRACE_RECORDS);
		assert_int_equal(reply.next, trace_ring.next);
		assert_int_equal(read_all(0), TRACE_RECORDS);
		assert_int_equal(read_all(trace_ring.next - 100), 100);
	}
}

static void a_piece_ends_where_the_ring_ends(void **state)
{
	struct sys_trace_rep reply;

	(void)state;
	put(TRACE_RECORDS + 50 - trace_ring.next);
	assert_int_equal(read_records(TRACE_RECORDS - 10, TRACE_READ_MAX, &reply), OK);
	assert_int_equal(reply.first, TRACE_RECORDS - 10);
	assert_int_equal(reply.count, 10);
	assert_int_equal(read_records(TRACE_RECORDS, TRACE_READ_MAX, &reply), OK);
	assert_int_equal(reply.count, 50);
}

static void nothing_is_copied_where_nothing_is(void **state)
{
	struct sys_trace_rep reply;

	(void)state;
	assert_int_equal(read_records(trace_ring.next, 5, &reply), OK);
	assert_int_equal(reply.count, 0);
	assert_int_equal(got_bytes, 0);
	assert_int_equal(read_records(trace_ring.next + 1, 5, &reply), -EINVAL);
	assert_int_equal(read_records(UINT64_MAX, UINT32_MAX, &reply), -EINVAL);
	assert_int_equal(read_records(0, 0, &reply), OK);
	assert_int_equal(got_bytes, 0);
	copy_result = -EFAULT;
	assert_int_equal(read_records(0, 1, &reply), -EFAULT);
}

static void numbers_go_on_beyond_32_bits(void **state)
{
	struct sys_trace_rep reply;

	(void)state;
	trace_ring.next = trace_ring.first = 0xfffffff0;
	put(100);
	assert_int_equal(trace_ring.next, 0xfffffff0 + 100ull);
	assert_int_equal(read_records(0x100000001, 3, &reply), OK);
	assert_int_equal(reply.first, 0x100000001);
	assert_int_equal(reply.count, 3);
	assert_int_equal(read_all(0xfffffff0), 100);
}

static void a_new_trace_hides_the_one_before(void **state)
{
	struct sys_trace_rep reply;
	uint64_t next;

	(void)state;
	put(10);
	next = trace_ring.next;
	assert_int_equal(trace_set(SOMEBODY, TRACE_IPC), OK);
	assert_int_equal(read_records(0, 1, &reply), OK);
	assert_int_equal(reply.first, next);
	assert_int_equal(got[0].event, EVENT_TIME);
	assert_int_equal(got[0].args[0], 7000000000 & 0xffffffff);
	assert_int_equal(got[0].args[1], 7000000000 >> 32);
}

static void everybody_that_lives_is_named_when_it_begins(void **state)
{
	struct proc *a = proc_allocate(), *b = proc_allocate();
	struct sys_trace_rep reply;

	(void)state;
	proc_set_name(a, "fifteen letters");
	proc_set_name(b, "b");
	assert_int_equal(trace_set(SOMEBODY, TRACE_SCHED), OK);
	assert_int_equal(read_records(0, 10, &reply), OK);
	assert_int_equal(reply.count, 3);
	assert_int_equal(got[1].event, EVENT_NAME);
	assert_int_equal(got[1].endpoint, a->endpoint);
	assert_string_equal((char *)got[1].args, "fifteen letters");
	assert_string_equal((char *)got[2].args, "b");
}

static void who_runs_when_it_begins_is_told(void **state)
{
	struct sys_trace_rep reply;

	(void)state;
	current = proc_allocate();
	assert_int_equal(trace_set(SOMEBODY, TRACE_SCHED), OK);
	assert_int_equal(read_records(0, 10, &reply), OK);
	assert_int_equal(got[reply.count - 1].event, EVENT_RUN);
	assert_int_equal(got[reply.count - 1].endpoint, current->endpoint);
}

static void it_belongs_to_who_switched_it_on(void **state)
{
	uint64_t first = trace_ring.first;

	(void)state;
	assert_int_equal(trace_set(SOMEBODY + 1, TRACE_ALL), -EBUSY);
	assert_int_equal(trace_set(SOMEBODY + 1, 0), -EBUSY);
	trace_forget(SOMEBODY + 1);
	assert_true(trace_ring.kinds & TRACE_CALL);
	assert_int_equal(trace_ring.first, first);
	trace_forget(SOMEBODY);
	assert_int_equal(trace_ring.kinds, 0);
	assert_int_equal(trace_set(SOMEBODY + 1, TRACE_ALL), OK);
	assert_int_equal(trace_set(SOMEBODY, TRACE_ALL), -EBUSY);
	assert_int_equal(trace_set(SOMEBODY + 1, 0), OK);
	assert_int_equal(trace_set(SOMEBODY, 0), OK);
}

static void ending_twice_records_once(void **state)
{
	uint64_t next = trace_ring.next;

	(void)state;
	assert_int_equal(trace_set(SOMEBODY, 0), OK);
	assert_int_equal(trace_ring.next, next + 1); /* the time */
	assert_int_equal(trace_set(SOMEBODY, 0), OK);
	assert_int_equal(trace_ring.next, next + 1);
}

/* What the command line switches on stays on. */
static void check_command_line(const char *text, uint32_t kinds, unsigned expected_complaints)
{
	trace_ring.kinds = 0;
	complaints = 0;
	command_line = text;
	trace_init();
	assert_int_equal(trace_ring.kinds, kinds);
	assert_int_equal(complaints, expected_complaints);
	assert_int_equal(trace_set(SOMEBODY, TRACE_ALL), kinds ? -EBUSY : OK);
	assert_int_equal(trace_set(SOMEBODY, 0), kinds ? -EBUSY : OK);
	trace_ring.kinds = 0;
}

static void the_command_line_names_kinds(void **state)
{
	(void)state;
	check_command_line(NULL, 0, 0);
	check_command_line("all", TRACE_ALL, 0);
	check_command_line("ipc", TRACE_IPC | TRACE_PROCESS, 0);
	check_command_line("call,sched", TRACE_CALL | TRACE_SCHED | TRACE_PROCESS, 0);
	check_command_line("ipcs", 0, 1);
	check_command_line("ip", 0, 1);
	check_command_line("fault,,irq,nonsense", TRACE_FAULT | TRACE_IRQ | TRACE_PROCESS, 2);
	check_command_line("", 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(all_is_read_in_order_until_the_ring_is_full, setup, teardown),
	        cmocka_unit_test_setup_teardown(what_is_overwritten_is_told_by_the_number_of_the_first, setup,
	                                        teardown),
	        cmocka_unit_test_setup_teardown(a_piece_ends_where_the_ring_ends, setup, teardown),
	        cmocka_unit_test_setup_teardown(nothing_is_copied_where_nothing_is, setup, teardown),
	        cmocka_unit_test_setup_teardown(numbers_go_on_beyond_32_bits, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_new_trace_hides_the_one_before, setup, teardown),
	        cmocka_unit_test_setup_teardown(everybody_that_lives_is_named_when_it_begins, setup,
	                                        teardown),
	        cmocka_unit_test_setup_teardown(who_runs_when_it_begins_is_told, setup, teardown),
	        cmocka_unit_test_setup_teardown(it_belongs_to_who_switched_it_on, setup, teardown),
	        cmocka_unit_test_setup_teardown(ending_twice_records_once, setup, teardown),
	        cmocka_unit_test_setup_teardown(the_command_line_names_kinds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
