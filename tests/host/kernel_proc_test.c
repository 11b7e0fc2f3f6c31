/* SPDX-License-Identifier: MIT */
/* Endpoints and the process table. */
/* links: kernel/sched.c kernel/proc.c kernel/priv.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch.h"
#include "panic.h"
#include "priv.h"
#include "sched.h"

#include <granite/abi/errno.h>

void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

void arch_ports_changed(void)
{
}

static int setup(void **state)
{
	(void)state;
	memset(proc_table, 0, sizeof(proc_table));
	proc_init();
	return 0;
}

static void the_boot_processes_get_their_fixed_endpoints(void **state)
{
	(void)state;
	setup(state);
	assert_int_equal(proc_allocate()->endpoint, VM_PROC_NR);
	assert_int_equal(proc_allocate()->endpoint, PM_PROC_NR);
	assert_int_equal(proc_allocate()->endpoint, RS_PROC_NR);
}

static void an_endpoint_is_never_used_again(void **state)
{
	endpoint_t old;
	struct proc *p;

	(void)state;
	p = proc_allocate();
	old = p->endpoint;
	proc_free(p);
	for (int i = 0; i < 5 * NR_PROCS; i++) {
		assert_null(proc_lookup(old));
		p = proc_allocate();
		assert_int_not_equal(p->endpoint, old);
		assert_ptr_equal(proc_lookup(p->endpoint), p);
		proc_free(p);
	}
}

static void what_names_no_process_finds_none(void **state)
{
	static const endpoint_t names[] = {ANY,
	                                   NONE,
	                                   SELF,
	                                   HARDWARE,
	                                   CLOCK,
	                                   0,
	                                   INT32_MIN,
	                                   INT32_MAX,
	                                   NR_PROCS,
	                                   ENDPOINT_SLOTS - 1,
	                                   ENDPOINT_MAKE(NR_PROCS, 1)};

	(void)state;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(proc_lookup(names[i]));
}

static void a_full_table_gives_no_process(void **state)
{
	(void)state;
	while (proc_allocate())
		;
	assert_null(proc_allocate());
	proc_free(&proc_table[7]);
	assert_ptr_equal(proc_allocate(), &proc_table[7]);
}

static void a_slot_without_generations_left_is_retired(void **state)
{
	struct proc *p;

	(void)state;
	p = proc_allocate();
	p->generation = ENDPOINT_GENERATION_MAX;
	p->endpoint = ENDPOINT_MAKE(proc_slot(p), p->generation);
	assert_true(p->endpoint > 0);
	proc_free(p);
	for (struct proc *q = proc_allocate(); q; q = proc_allocate())
		assert_ptr_not_equal(q, p);
}

static void a_name_is_cut_and_ended(void **state)
{
	struct proc *p = proc_allocate();

	(void)state;
	proc_set_name(p, "a name that is much too long");
	assert_string_equal(p->name, "a name that is ");
}

static void privilege_sets_that_make_no_sense_are_refused(void **state)
{
	struct priv_spec spec = {.id = PRIV_ID_FIRST};

	(void)state;
	assert_int_equal(priv_check(&spec), OK);
	spec.id = PRIV_ID_PM;
	assert_int_equal(priv_check(&spec), -EINVAL);
	spec.id = NR_PRIVS;
	assert_int_equal(priv_check(&spec), -EINVAL);
	spec.id = PRIV_ID_FIRST;
	spec.irqs = 1; /* the clock's */
	assert_int_equal(priv_check(&spec), -EINVAL);
	spec.irqs = 1 << 16;
	assert_int_equal(priv_check(&spec), -EINVAL);
	spec.irqs = 0;
	spec.nr_ports = NR_PRIV_PORTS + 1;
	assert_int_equal(priv_check(&spec), -EINVAL);
	spec.nr_ports = 1;
	spec.ports[0] = (struct priv_ports){.first = 2, .last = 1};
	assert_int_equal(priv_check(&spec), -EINVAL);
	spec.nr_ports = 0;
	spec.nr_phys = 1;
	spec.phys[0] = (struct priv_phys){.start = 0xfffff000, .bytes = 0x2000};
	assert_int_equal(priv_check(&spec), -EINVAL);
}

static void physical_memory_is_read_only_where_it_is_listed(void **state)
{
	struct priv priv = {.spec = {.nr_phys = 1, .phys[0] = {.start = 0x1000, .bytes = 0x1000}}};
	struct proc p = {.priv = &priv};

	(void)state;
	assert_true(priv_may_read_physical(&p, 0x1000, 0x1000));
	assert_true(priv_may_read_physical(&p, 0x1fff, 1));
	assert_false(priv_may_read_physical(&p, 0xfff, 1));
	assert_false(priv_may_read_physical(&p, 0x1fff, 2));
	assert_false(priv_may_read_physical(&p, 0x1000, 0xffffffff));
	assert_false(priv_may_read_physical(&p, 0x2001, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_boot_processes_get_their_fixed_endpoints),
	        cmocka_unit_test_setup(an_endpoint_is_never_used_again, setup),
	        cmocka_unit_test_setup(what_names_no_process_finds_none, setup),
	        cmocka_unit_test_setup(a_full_table_gives_no_process, setup),
	        cmocka_unit_test_setup(a_slot_without_generations_left_is_retired, setup),
	        cmocka_unit_test_setup(a_name_is_cut_and_ended, setup),
	        cmocka_unit_test(privilege_sets_that_make_no_sense_are_refused),
	        cmocka_unit_test(physical_memory_is_read_only_where_it_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
