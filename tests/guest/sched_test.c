/* SPDX-License-Identifier: MIT */
/* Scheduling: who computes must share, and may not keep the more urgent from their work. */
#define _GNU_SOURCE
#include <sched.h>
#include <time.h>
#include <granite/abi/counters.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "tap.h"

#define MSEC    1000000ll
#define PM_SLOT ENDPOINT_SLOT(PM_PROC_NR)

static long long now(void)
{
	struct timespec time = {0};
	CHECK_INT(clock_gettime(CLOCK_MONOTONIC, &time), 0);
	return time.tv_sec * 1000 * MSEC + time.tv_nsec;
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

/* The time a process has run, from the kernel's table. */
static long long time_of(pid_t pid)
{
	static struct proc_info processes[ENDPOINT_SLOTS];
	int bytes = sys_getinfo(GET_PROCTAB, processes, sizeof(processes), 0);
	endpoint_t endpoint = pm_endpoint(pid);
	for (int i = 0; i < bytes / (int)sizeof(processes[0]); i++)
		if (processes[i].endpoint == endpoint)
			return (long long)processes[i].user_nsecs;
	CHECK(!"the process is in the table");
	return 0;
}

static void spinners_get_equal_shares(void)
{
	enum { SPINNERS = 3 };
	pid_t pids[SPINNERS];
	for (int i = 0; i < SPINNERS; i++)
		pids[i] = tap_start(spin);
	usleep(3000000);
	long long least = INT64_MAX, most = 0;
	for (int i = 0; i < SPINNERS; i++) {
		long long time = time_of(pids[i]);
		least = time < least ? time : least;
		most = time > most ? time : most;
		end(pids[i]);
	}
	CHECK(least > 500 * MSEC);
	CHECK(most < least * 3 / 2);
}

static void the_table_of_processes_accounts_for_the_time(void)
{
	pid_t pid = tap_start(spin);
	long long start = now(), before = time_of(pid);
	usleep(500000);
	long long ran = time_of(pid) - before, passed = now() - start;
	CHECK(ran <= passed + 20 * MSEC);
	CHECK(ran >= passed / 2);
	end(pid);
}

/* The console and PM are more urgent than any ordinary process. */
static void a_spinner_does_not_starve_the_console_or_pm(void)
{
	pid_t pids[4];
	for (int i = 0; i < 4; i++)
		pids[i] = tap_start(spin);
	long long longest = 0;
	for (int i = 0; i < 50; i++) {
		struct timespec length = {.tv_nsec = 1000000};
		long long start = now();
		CHECK_INT(nanosleep(&length, NULL), 0);
		printf("# still here\n");
		long long took = now() - start;
		longest = took > longest ? took : longest;
	}
	/* At worst each of the four has a quantum before us. */
	CHECK(longest < 2000 * MSEC);
	for (int i = 0; i < 4; i++)
		end(pids[i]);
}

static endpoint_t parent;

static void yield_in_turn(void)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(parent, &m, &status), OK); /* both start together */
	for (int i = 0; i < 5; i++) {
		m.m_type = i;
		CHECK_INT(ipc_senda(parent, &m), OK);
		sys_yield();
	}
	CHECK_INT(ipc_send(parent, &m), OK);
}

/* Who yields goes behind the others: while both are ready, neither gets two turns ahead. */
static void yielding_lets_the_other_run(void)
{
	struct message m = {.m_type = 1};
	int status;
	parent = sys_self();
	pid_t pids[2];
	for (int i = 0; i < 2; i++)
		pids[i] = tap_start(yield_in_turn);
	endpoint_t first = pm_endpoint(pids[0]);
	usleep(30000);
	for (int i = 0; i < 2; i++)
		CHECK_INT(ipc_send(pm_endpoint(pids[i]), &m), OK);
	int turns[2] = {0, 0};
	for (int i = 0; i < 12; i++) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		turns[m.m_source != first]++;
		CHECK(abs(turns[0] - turns[1]) <= 2);
	}
	for (int i = 0; i < 2; i++)
		CHECK_EXITED(tap_wait(pids[i]), 0);
	CHECK_INT(sched_yield(), 0);
}

static void yielding_alone_costs_no_switch_of_memory(void)
{
	struct granite_counters before, after;
	uint64_t least = UINT64_MAX;
	for (int attempt = 0; attempt < 20; attempt++) {
		CHECK(sys_getinfo(GET_COUNTERS, &before, sizeof(before), 0) > 0);
		for (int i = 0; i < 100; i++)
			sys_yield();
		CHECK(sys_getinfo(GET_COUNTERS, &after, sizeof(after), 0) > 0);
		if (after.cr3_loads - before.cr3_loads < least)
			least = after.cr3_loads - before.cr3_loads;
	}
	CHECK_INT(least, 0);
}

static struct granite_counters counters_now(void)
{
	struct granite_counters counters;
	CHECK(sys_getinfo(GET_COUNTERS, &counters, sizeof(counters), 0) > 0);
	return counters;
}

static void the_clock_tells_idle_time_from_busy(void)
{
	struct granite_counters start = counters_now();
	usleep(500000);
	struct granite_counters slept = counters_now();
	pid_t pid = tap_start(spin);
	usleep(500000);
	struct granite_counters span = counters_now();
	end(pid);
	uint64_t asleep = slept.ticks - start.ticks, busy = span.ticks - slept.ticks;
	CHECK(asleep >= 50 && busy >= 50);
	CHECK((slept.idle_ticks - start.idle_ticks) * 10 > asleep * 8);
	CHECK((span.idle_ticks - slept.idle_ticks) * 10 < busy);
}

static void a_small_process_has_a_segment_of_its_own(void)
{
	static struct proc_info processes[PM_SLOT + 1];
	CHECK_INT(sys_getinfo(GET_PROCTAB, processes, sizeof(processes), 0), sizeof(processes));
	CHECK(processes[PM_SLOT].endpoint == PM_PROC_NR && processes[PM_SLOT].small);
	CHECK(processes[PM_SLOT].segment_bytes % PAGE_SIZE == 0);
	CHECK(processes[PM_SLOT].segment_bytes > SMALL_ARENA_SIZE + SMALL_STACK_SIZE);
	CHECK(processes[PM_SLOT].segment_bytes < PROC_BASE);
}

static void ordinary_processes_are_less_urgent_than_servers(void)
{
	static struct proc_info processes[ENDPOINT_SLOTS];
	int bytes = sys_getinfo(GET_PROCTAB, processes, sizeof(processes), 0);
	uint32_t own = 0, pm = 0, vm = 0;
	for (int i = 0; i < bytes / (int)sizeof(processes[0]); i++) {
		if (processes[i].endpoint == sys_self())
			own = processes[i].priority;
		if (processes[i].endpoint == PM_PROC_NR)
			pm = processes[i].priority;
		if (processes[i].endpoint == VM_PROC_NR)
			vm = processes[i].priority;
	}
	CHECK(vm <= pm && pm < own);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(spinners_get_equal_shares),
	        TEST(the_table_of_processes_accounts_for_the_time),
	        TEST(a_spinner_does_not_starve_the_console_or_pm),
	        TEST(yielding_lets_the_other_run),
	        TEST(yielding_alone_costs_no_switch_of_memory),
	        TEST(the_clock_tells_idle_time_from_busy),
	        TEST(a_small_process_has_a_segment_of_its_own),
	        TEST(ordinary_processes_are_less_urgent_than_servers),
	};
	return TAP_RUN(tests);
}
