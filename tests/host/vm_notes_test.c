/* SPDX-License-Identifier: MIT */
/* links: servers/vm/notes.c */
/* Notes, and a kernel that may come at any instant to carry them out. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <cmocka.h>

#include <granite/sys.h>

#include "servers/vm/notes.h"
#include "servers/vm/vm.h"

static uint32_t expected;       /* the number of the note to be carried out next */
static uint32_t wrong, applied; /* notes out of order; times that notes were carried out */

/* VM's basic blocks call it: see vm_machine.c. */
void __sanitizer_cov_trace_pc(void)
{
}

void vm_panic(const char *reason)
{
	(void)reason;
	abort();
}

static void carry_out(void)
{
	applied += vm_notes.count > 0;
	for (uint32_t i = 0; i < vm_notes.count; i++)
		wrong += vm_notes.note[i].a != expected++ || vm_notes.note[i].b != ~vm_notes.note[i].a;
	vm_notes.count = 0;
}

int sys_vmctl_apply(void)
{
	sigset_t alarm, before;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, &before);
	carry_out();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return OK;
}

static void interrupt(int signal)
{
	(void)signal;
	carry_out();
}

static void full_notes_are_carried_out_in_order(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < VM_NOTES_MAX; i++)
		note_add(NOTE_ZERO, i, ~i);
	assert_true(notes_pending());
	assert_int_equal(expected, 0);
	note_add(NOTE_ZERO, VM_NOTES_MAX, ~VM_NOTES_MAX);
	assert_int_equal(expected, VM_NOTES_MAX);
	assert_int_equal(vm_notes.count, 1);
	notes_apply();
	assert_false(notes_pending());
	assert_int_equal(wrong, 0);
}

static void interrupted_notes_are_carried_out_once_and_in_order(void **state)
{
	struct itimerval often = {.it_interval.tv_usec = 20, .it_value.tv_usec = 20}, never = {0};
	uint32_t first = expected, n = first;

	(void)state;
	applied = 0;
	signal(SIGALRM, interrupt);
	setitimer(ITIMER_REAL, &often, NULL);
	for (; applied < 20000 || n < first + 100000; n++) {
		note_add(NOTE_COPY, n, ~n);
		if (n % 3 == 0)
			notes_apply();
	}
	setitimer(ITIMER_REAL, &never, NULL);
	notes_apply();
	assert_int_equal(wrong, 0);
	assert_int_equal(expected, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(full_notes_are_carried_out_in_order),
	        cmocka_unit_test(interrupted_notes_are_carried_out_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
