/* SPDX-License-Identifier: MIT */
/* guest: calls=vircopy */
/* What an operation costs in page-directory loads and windows: the design's promises, read from the kernel's
 * counters. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <granite/abi/counters.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "tap.h"

#define TRIES  30  /* a timer or another process may disturb one, not all */
#define ROUNDS 100 /* of what is measured in one try */

static struct granite_counters before, after;

static void get(struct granite_counters *counters)
{
	CHECK_INT(sys_getinfo(GET_COUNTERS, counters, sizeof(*counters), 0), sizeof(*counters));
}

/* The least that the counter grew in any of the tries. */
#define LEAST(counter, action)                                          \
	({                                                              \
		uint64_t least = UINT64_MAX;                            \
		for (int attempt = 0; attempt < TRIES; attempt++) {     \
			get(&before);                                   \
			action;                                         \
			get(&after);                                    \
			if (after.counter - before.counter < least)     \
				least = after.counter - before.counter; \
		}                                                       \
		least;                                                  \
	})

static void call_kernel_often(void)
{
	for (int i = 0; i < ROUNDS; i++)
		(void)!sys_self();
}

static void entering_and_leaving_the_kernel_loads_no_directory(void)
{
	CHECK_INT(LEAST(cr3_loads, call_kernel_often()), 0);
	CHECK_INT(LEAST(kernel_calls, call_kernel_often()), ROUNDS + 1);
	CHECK_INT(LEAST(kernel_entries, call_kernel_often()), ROUNDS + 1);
	CHECK_INT(LEAST(switches, call_kernel_often()), 0);
	CHECK_INT(LEAST(tlb_invalidations, call_kernel_often()), 0);
}

static void call_pm_often(void)
{
	union pm_getid_message call;
	for (int i = 0; i < ROUNDS; i++) {
		call.req.pid = 0;
		CHECK_INT(pm_getid_call(&call), OK);
		CHECK_INT(call.rep.pid, getpid());
	}
}

static void calling_a_small_process_loads_no_directory(void)
{
	CHECK_INT(LEAST(cr3_loads, call_pm_often()), 0);
	CHECK_INT(LEAST(windows, call_pm_often()), 0);
	CHECK(LEAST(switches, call_pm_often()) >= 2 * ROUNDS);
}

static void bounce_often(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		int pid;
		__asm__ volatile("int $0x80" : "=a"(pid) : "0"(20) : "memory");
		CHECK_INT(pid, getpid());
	}
}

static void a_linux_call_is_bounced_without_loading_a_directory(void)
{
	CHECK_INT(LEAST(cr3_loads, bounce_often()), 0);
	CHECK_INT(LEAST(syscall_bounces, bounce_often()), ROUNDS);
}

#define PAGES (TRIES * ROUNDS)
static char *fresh;

static void touch_fresh_pages(void)
{
	for (int i = 0; i < ROUNDS; i++, fresh += PAGE_SIZE)
		*fresh = 1;
}

static void map_fresh(void)
{
	fresh = mmap(NULL, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(fresh != MAP_FAILED);
}

static void a_page_fault_loads_no_directory(void)
{
	map_fresh();
	CHECK_INT(LEAST(cr3_loads, touch_fresh_pages()), 0);
	map_fresh();
	CHECK_INT(LEAST(page_faults, touch_fresh_pages()), ROUNDS);
	map_fresh();
	CHECK_INT(LEAST(frames_zeroed, touch_fresh_pages()), ROUNDS);
}

/* ---- Two processes with tables of their own ---- */

static pid_t partner_pid;
static endpoint_t partner;

static void echo_for_ever(void)
{
	struct message m;
	int status;
	int result = ipc_receive(ANY, &m, &status);
	while (result == OK)
		result = ipc_reply_receive(m.m_source, &m, &status);
}

static char secret[4096];

static void start_partner(void)
{
	memset(secret, 's', sizeof(secret));
	partner_pid = tap_start(echo_for_ever);
	partner = pm_endpoint(partner_pid);
	CHECK(partner > 0);
	memset(secret, 0, sizeof(secret));
}

static void end_partner(void)
{
	kill(partner_pid, SIGKILL);
	CHECK_KILLED(tap_wait(partner_pid), SIGKILL);
}

static void call_partner_often(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct message m = {.m_type = i};
		CHECK_INT(ipc_sendrec(partner, &m), OK);
		CHECK_INT(m.m_type, i);
	}
}

static void a_switch_between_processes_loads_one_directory(void)
{
	start_partner();
	call_partner_often();
	CHECK_INT(LEAST(switches, call_partner_often()), 2 * ROUNDS);
	CHECK_INT(LEAST(cr3_loads, call_partner_often()), 2 * ROUNDS);
	CHECK_INT(LEAST(windows, call_partner_often()), 0);
	end_partner();
}

static void copy_often(void)
{
	static char here[sizeof(secret)];
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_INT(sys_vircopy(partner, (vir_bytes)secret, SELF, (vir_bytes)here, sizeof(secret), 0),
		          OK);
		CHECK(here[0] == 's' && here[sizeof(here) - 1] == 's');
	}
}

/* Window slots are used in turn, and one load of the directory serves them all. */
static void a_copy_from_another_process_takes_a_window_not_a_switch(void)
{
	start_partner();
	call_partner_often();
	CHECK(LEAST(windows, copy_often()) >= ROUNDS);
	CHECK(LEAST(cr3_loads, copy_often()) <= ROUNDS / 8);
	CHECK_INT(LEAST(switches, copy_often()), 0);
	end_partner();
}

static void copy_within(void)
{
	static char here[sizeof(secret)];
	for (int i = 0; i < ROUNDS; i++)
		CHECK_INT(sys_vircopy(SELF, (vir_bytes)secret, SELF, (vir_bytes)here, sizeof(secret), 0), OK);
}

static void a_copy_within_the_loaded_process_takes_neither(void)
{
	CHECK_INT(LEAST(windows, copy_within()), 0);
	CHECK_INT(LEAST(cr3_loads, copy_within()), 0);
}

static void every_counter_only_grows(void)
{
	get(&before);
	call_pm_often();
	get(&after);
#define COUNTER(name, text) CHECK(after.name >= before.name);
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
	CHECK(after.ipc_calls > before.ipc_calls);
}

static struct kernel_usage usage_now(void)
{
	struct kernel_usage usage = {0};
	CHECK_INT(sys_getinfo(GET_USAGE, &usage, sizeof(usage), 0), sizeof(usage));
	return usage;
}

static void hold(void)
{
	for (;;)
		pause();
}

static void what_processes_use_of_the_kernels_tables_is_told(void)
{
	const struct kernel_usage first = usage_now();
	struct kernel_usage now;
	struct message m = {.m_type = 1};
	int status;
	pid_t pid = tap_start(hold);
	CHECK_INT(sys_setalarm(1000000000000ull, 0, NULL), OK);
	CHECK_INT(ipc_senda(sys_self(), &m), OK);
	CHECK_INT(ipc_senda(sys_self(), &m), OK);
	now = usage_now();
	CHECK_INT(now.processes, first.processes + 1);
	CHECK_INT(now.alarms, first.alarms + 1);
	CHECK_INT(now.async_messages, first.async_messages + 2);
	CHECK_INT(now.interrupts, 1u << 4); /* the console's */
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	CHECK_INT(sys_setalarm(0, 0, NULL), OK);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	now = usage_now();
	CHECK(!memcmp(&now, &first, sizeof(now)));
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(entering_and_leaving_the_kernel_loads_no_directory),
	        TEST(calling_a_small_process_loads_no_directory),
	        TEST(a_linux_call_is_bounced_without_loading_a_directory),
	        TEST(a_page_fault_loads_no_directory),
	        TEST(a_switch_between_processes_loads_one_directory),
	        TEST(a_copy_from_another_process_takes_a_window_not_a_switch),
	        TEST(a_copy_within_the_loaded_process_takes_neither),
	        TEST(every_counter_only_grows),
	        TEST(what_processes_use_of_the_kernels_tables_is_told),
	};
	return TAP_RUN(tests);
}
