/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/condense.c
 * servers/pm/events.c servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c
 * servers/pm/sigcalls.c servers/pm/exception.c servers/pm/crash.c servers/pm/report.c servers/pm/archive.c
 * lib/formats/cpio.c lib/formats/callchain.c lib/formats/callcode.c lib/sys/region_words.c */
/* What is reported of a process that crashes, and how often. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/layout.h>

#include "pm_machine.h"

#define SECOND     1000000000ull
#define PAGE_FAULT 14
#define TEXT       0x10000u /* within the machine's memory */

static struct process *target;

/* Each test begins an hour after the one before: PM's limits are then at rest. */
static int setup(void **state)
{
	static uint64_t start;

	(void)state;
	machine_boot();
	machine.now = start += 3600 * SECOND;
	target = machine_session();
	strcpy(target->name, "victim");
	target->text_start = TEXT;
	target->text_end = TEXT + 0x1000;
	machine.regions[0] = (struct vm_region_rep){
	        .start = TEXT, .end = TEXT + 0x1000, .prot = 5, .type = REGION_ARCHIVE};
	machine.regions[1] = (struct vm_region_rep){
	        .start = STACK_TOP - STACK_SIZE_MAX, .end = STACK_TOP, .prot = 3, .type = REGION_ANONYMOUS};
	return 0;
}

static void fault(uint32_t signal, uint32_t trap, uint32_t address, uint32_t error)
{
	const struct pm_exception_req request = {
	        .signal = signal, .si_code = 1, .address = address, .trap = trap, .error = error};
	struct pm_exception_rep reply;

	do_exception(target->endpoint, &request, &reply);
}

static void assert_logged(const char *text)
{
	if (!strstr(machine.log, text))
		fail_msg("not in the log: %s\n%s", text, machine.log);
}

static unsigned reports(void)
{
	unsigned count = 0;

	for (const char *at = machine.log; (at = strstr(at, "CRASH: ")) != NULL; at++)
		count++;
	return count;
}

static void a_report_tells_who_why_and_where(void **state)
{
	char first[100];

	(void)state;
	machine_proc(target)->registers = (struct sys_registers_rep){
	        .eax = 0xa, .ebp = 0x200, .esp = 0x1f0, .eip = TEXT + 0x10, .cs = 0x73, .gs = 0x33};
	memcpy(&machine.user_memory[TEXT + 0x20], "\xe8\xdb\xff\xff\xff", 5); /* a call of TEXT */
	memcpy(&machine.user_memory[0x204], &(uint32_t){TEXT + 0x25}, 4);
	snprintf(first, sizeof(first),
	         "CRASH: victim (victim, pid %d, endpoint %d) died of SIGSEGV: ", target->pid,
	         target->endpoint);
	fault(SIGSEGV, PAGE_FAULT, 8, 6);
	assert_logged(first);
	assert_logged("SIGSEGV: write to 0x00000008\n  nothing is mapped there\n");
	assert_logged("  above it: 00010000 - 00011000, r-x, the boot archive\n  eax 0000000a ");
	assert_logged(" eip 00010010 eflags 00000000 cs 0073 ss 0000 ds 0000 es 0000 fs 0000 gs 0033\n");
	assert_logged("  exception 14 (page fault), error code 6\n");
	assert_logged("  it was at, and was called from:\n    00010010\n    00010025\n");
	assert_int_equal(target->state, PROCESS_ZOMBIE);
}

static void the_access_and_the_place_are_told(void **state)
{
	static const struct {
		uint32_t address, error;
		const char *access, *place;
	} cases[] = {
	        {TEXT + 4, 7, "write to 0x00010004\n", "  there is 00010000 - 00011000, r-x, "},
	        {0x20000, 4, "read from 0x00020000\n", "  nothing is mapped there\n  below it: 00010000 - "},
	        {0x666, 4, "jump to 0x00000666\n", "  nothing is mapped there\n"},
	        {STACK_TOP - STACK_SIZE_MAX - 16, 6, "write to 0xbf7ffff0\n", "it may have overflowed\n"},
	        {0xdead0000, 4, "read from 0xdead0000\n", "  that is beyond a process's memory\n"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(state);
		machine_proc(target)->registers.eip = 0x666;
		fault(SIGSEGV, PAGE_FAULT, cases[i].address, cases[i].error);
		assert_logged(cases[i].access);
		assert_logged(cases[i].place);
	}
}

static void other_exceptions_have_their_names(void **state)
{
	(void)state;
	fault(SIGFPE, 0, 0x1234, 0);
	assert_logged("died of SIGFPE: divide error\n  eax");
	setup(state);
	fault(SIGILL, 6, 0x1234, 0);
	assert_logged("died of SIGILL: invalid opcode\n  eax");
	setup(state);
	fault(SIGSEGV, 13, 0x1234, 0);
	assert_logged("died of SIGSEGV: general protection\n  eax");
	setup(state);
	fault(SIGSEGV, 99, 0x1234, 0);
	assert_logged("died of SIGSEGV: exception\n  eax");
}

static void memory_that_the_kernel_misses_is_told(void **state)
{
	(void)state;
	fault(SIGSEGV, 0, 8, 0);
	assert_logged("SIGSEGV: no stack or message at 0x00000008, where the kernel needs one\n  nothing");
	assert_null(strstr(machine.log, "exception"));
}

static void who_sent_a_signal_is_told(void **state)
{
	struct process *killer = machine_session();

	(void)state;
	strcpy(killer->name, "killer");
	machine_kill(target, target->pid, SIGABRT);
	assert_logged("died of SIGABRT: which it sent to itself\n  eax");
	setup(state);
	killer = machine_session();
	strcpy(killer->name, "killer");
	machine_kill(killer, target->pid, SIGBUS);
	assert_logged("died of SIGBUS: sent by killer (pid ");
}

static void signals_that_mean_a_crash_are_reported_and_no_others(void **state)
{
	const uint64_t crashes = SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) |
	                         SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGABRT) | SIGNAL_BIT(SIGTRAP) |
	                         SIGNAL_BIT(SIGSYS);

	for (int signal = 1; signal <= PM_NSIG; signal++) {
		setup(state);
		machine_kill(machine.rs, target->pid, signal);
		assert_int_equal(reports(), (crashes & SIGNAL_BIT(signal)) != 0);
	}
}

static void what_is_caught_is_not_reported(void **state)
{
	(void)state;
	machine_catch(target, SIGSEGV, 0);
	fault(SIGSEGV, PAGE_FAULT, 8, 6);
	machine_catch(target, SIGABRT, 0);
	machine_kill(target, target->pid, SIGABRT);
	assert_string_equal(machine.log, "");
}

static void a_lack_of_memory_is_no_crash(void **state)
{
	(void)state;
	fault(SIGKILL, PAGE_FAULT, 8, 6);
	assert_int_equal(reports(), 0);
	assert_logged("no memory for address 0x8");
}

static void crash_program(uint32_t program)
{
	target = machine_session();
	snprintf(target->name, sizeof(target->name), "p%u", program);
	target->program = program;
	machine_kill(target, target->pid, SIGABRT);
}

static void a_program_that_crashes_again_and_again_is_reported_three_times(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		crash_program(1);
	assert_int_equal(reports(), 3);
	assert_null(strstr(machine.log, "not reported"));
	machine_pass(5 * SECOND);
	assert_logged("97 more crashes were not reported, the last of p1\n");
	machine_pass(10 * SECOND);
	crash_program(1);
	assert_int_equal(reports(), 4);
}

static void the_count_begins_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		crash_program(1);
	machine_pass(5 * SECOND);
	assert_logged("2 more crashes were not reported, the last of p1\n");
	for (int i = 0; i < 4; i++)
		crash_program(1);
	machine_pass(5 * SECOND);
	assert_logged("4 more crashes were not reported, the last of p1\n");
	machine.log[0] = '\0';
	machine_pass(100 * SECOND);
	assert_string_equal(machine.log, "");
}

static void one_program_does_not_hide_another(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		crash_program(1);
	crash_program(2);
	assert_logged("CRASH: p2 ");
}

static void many_programs_together_are_limited(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 100; i++)
		crash_program(i);
	assert_int_equal(reports(), 10);
	machine_pass(5 * SECOND);
	assert_logged("90 more crashes were not reported, the last of p100\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_report_tells_who_why_and_where, setup),
	        cmocka_unit_test_setup(the_access_and_the_place_are_told, setup),
	        cmocka_unit_test_setup(other_exceptions_have_their_names, setup),
	        cmocka_unit_test_setup(memory_that_the_kernel_misses_is_told, setup),
	        cmocka_unit_test_setup(who_sent_a_signal_is_told, setup),
	        cmocka_unit_test_setup(signals_that_mean_a_crash_are_reported_and_no_others, setup),
	        cmocka_unit_test_setup(what_is_caught_is_not_reported, setup),
	        cmocka_unit_test_setup(a_lack_of_memory_is_no_crash, setup),
	        cmocka_unit_test_setup(a_program_that_crashes_again_and_again_is_reported_three_times, setup),
	        cmocka_unit_test_setup(the_count_begins_anew, setup),
	        cmocka_unit_test_setup(one_program_does_not_hide_another, setup),
	        cmocka_unit_test_setup(many_programs_together_are_limited, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
