/* SPDX-License-Identifier: MIT */
/* Who is billed for a tick of the clock: whoever runs, or nobody. */
/* links: kernel/clock.c kernel/alarm.c kernel/proc.c kernel/sched.c kernel/priv.c tests/host/trace_off.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "arch.h"
#include "clock.h"
#include "counters.h"
#include "ipc.h"
#include "panic.h"
#include "sched.h"

struct granite_counters counters;

void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

void arch_ports_changed(void)
{
}

uint32_t arch_timer_nsecs(void)
{
	return 0;
}

void ipc_notify(struct proc *from, struct proc *to)
{
	(void)from;
	(void)to;
	fail_msg("no alarm was set");
}

static struct proc *one, *other;

static int setup(void **state)
{
	(void)state;
	proc_init();
	one = proc_allocate();
	other = proc_allocate();
	sched_set(one, 8, 100);
	sched_set(other, 7, 100);
	counters = (struct granite_counters){0};
	current = one;
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	proc_free(one);
	proc_free(other);
	current = NULL;
	return 0;
}

static void tick(unsigned times)
{
	while (times--)
		clock_tick();
}

static void who_runs_pays(void **state)
{
	(void)state;
	proc_clear_flags(one, RTS_NO_IMAGE);
	tick(3);
	assert_int_equal(one->ticks_used, 3);
	assert_int_equal(counters.ticks, 3);
	assert_int_equal(counters.idle_ticks, 0);
}

static void nobody_pays_while_the_system_idles(void **state)
{
	(void)state;
	tick(2);
	assert_int_equal(one->ticks_used, 0);
	assert_int_equal(counters.ticks, 2);
	assert_int_equal(counters.idle_ticks, 2);
}

/* An interrupt has made it ready; it has not run yet. */
static void who_is_only_about_to_run_pays_nothing(void **state)
{
	(void)state;
	proc_clear_flags(one, RTS_NO_IMAGE);
	proc_clear_flags(other, RTS_NO_IMAGE);
	tick(1);
	assert_int_equal(one->ticks_used, 0);
	assert_int_equal(other->ticks_used, 0);
	assert_int_equal(counters.ticks, 1);
	assert_int_equal(counters.idle_ticks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(who_runs_pays, setup, end_all),
	        cmocka_unit_test_setup_teardown(nobody_pays_while_the_system_idles, setup, end_all),
	        cmocka_unit_test_setup_teardown(who_is_only_about_to_run_pays_nothing, setup, end_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
