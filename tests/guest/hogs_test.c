/* SPDX-License-Identifier: MIT */
/* guest: calls=schedule time=counted timeout=120 */
/*
 * Processes that never wait, or that wait so as to have more than their share: they keep neither the more
 * urgent from their work nor their equals from a share. Time is the number of instructions here.
 */
#define _GNU_SOURCE
#include <time.h>
#include <granite/pm.h>
#include <granite/sys.h>

#include "tap.h"

#define MSEC    1000000ull
#define TICK    (10 * MSEC)
#define LEAST   (SCHED_PRIORITIES - 1)
#define QUANTUM 100 /* milliseconds */
#define RUN     (3000 * MSEC)
#define INTERRUPT \
	(50 * 1000ull) /* nanoseconds: who does not see the clock for longer has not run meanwhile */

static uint64_t now(void)
{
	uint64_t uptime = 0;
	CHECK_INT(sys_clock(&uptime, NULL), OK);
	return uptime;
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

static void end(pid_t pid)
{
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

static void set_priority(endpoint_t endpoint, uint32_t priority)
{
	CHECK_INT(sys_schedule(endpoint, priority, QUANTUM), OK);
}

/* ---- Hogs at every level ---- */

static void wait_for_clock(uint64_t nsecs)
{
	struct message m;
	int status;
	CHECK_INT(sys_setalarm(nsecs, 0, NULL), OK);
	CHECK_INT(ipc_receive(CLOCK, &m, &status), OK);
}

/* How late, at worst, an alarm wakes this process at `priority` while a hog has all levels from there on. */
static uint64_t latest_alarm(uint32_t priority)
{
	uint64_t worst = 0;
	set_priority(sys_self(), priority);
	for (int i = 0; i < 20; i++) {
		uint64_t start = now();
		wait_for_clock(15 * MSEC);
		uint64_t late = now() - start - 15 * MSEC;
		worst = late > worst ? late : worst;
	}
	return worst;
}

static void a_hog_at_any_level_does_not_keep_the_more_urgent_waiting(void)
{
	for (uint32_t level = SCHED_PRIO_DRIVER + 1; level <= LEAST; level++) {
		pid_t pid = tap_start(spin);
		endpoint_t hog = pm_endpoint(pid);
		set_priority(
		        sys_self(),
		        SCHED_PRIO_DRIVER); /* until the hog is where it should be, it may be more urgent */
		set_priority(hog, level);
		CHECK(latest_alarm(level - 1) <= 2 * TICK);
		set_priority(sys_self(), SCHED_PRIO_DRIVER);
		set_priority(hog, LEAST);
		set_priority(sys_self(), SCHED_PRIO_USER);
		end(pid);
	}
}

/* ---- Equals ---- */

/* Spins until the uptime is `until`; returns how long it had the processor, in nanoseconds. */
static uint64_t time_had(uint64_t until)
{
	uint64_t had = 0, last = now(), time;
	do {
		time = now();
		had += time - last < INTERRUPT ? time - last : 0;
		last = time;
	} while (time < until);
	return had;
}

/* Sleeps over each tick of the clock, and has nearly all the time between. */
static void sleep_at_the_tick(void)
{
	for (;;) {
		uint64_t tick = (now() / TICK + 1) * TICK;
		while (now() < tick - TICK / 20)
			;
		wait_for_clock(1);
	}
}

static endpoint_t partner;

/* Wakes the other, which wakes it. */
static void toss(void)
{
	struct message m = {.m_type = 1};
	for (;;)
		CHECK_INT(ipc_sendrec(partner, &m), OK);
}

static void return_tosses(void)
{
	struct message m;
	int status, result = ipc_receive(ANY, &m, &status);
	while (result == OK)
		result = ipc_reply_receive(m.m_source, &m, &status);
}

/* Each link of the chain lives for a part of a quantum; a parent that waits for none keeps no zombie. */
static void fork_on_and_on(void)
{
	CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	for (;;) {
		uint64_t until = now() + 3 * TICK;
		while (now() < until)
			;
		pid_t pid = fork();
		if (pid > 0)
			_exit(0);
	}
}

/* The share of time, in percent, that is left to this process: between two moments it never waits. */
static int share_left(void)
{
	return (int)(time_had(now() + RUN) * 100 / RUN);
}

static void who_sleeps_at_each_tick_leaves_half_to_an_equal(void)
{
	pid_t pid = tap_start(sleep_at_the_tick);
	CHECK(share_left() >= 40);
	end(pid);
}

static void two_such_leave_a_third(void)
{
	pid_t first = tap_start(sleep_at_the_tick), second = tap_start(sleep_at_the_tick);
	CHECK(share_left() >= 27);
	end(first);
	end(second);
}

static void two_that_wake_each_other_leave_a_third(void)
{
	pid_t catcher = tap_start(return_tosses);
	partner = pm_endpoint(catcher);
	pid_t tosser = tap_start(toss);
	CHECK(share_left() >= 30);
	end(tosser);
	end(catcher);
}

static pid_t group;

static void begin_chain(void)
{
	CHECK_INT(setpgid(0, 0), 0);
	fork_on_and_on();
}

static void a_chain_of_forks_leaves_half_to_an_equal(void)
{
	group = tap_start(begin_chain);
	usleep(20000);
	CHECK(share_left() >= 35);
	CHECK_INT(kill(-group, SIGKILL), 0);
	(void)tap_wait(group);
}

/* The same the other way round: who waits for a person's keys is not kept waiting for a quantum. */
static void who_works_little_is_served_at_once(void)
{
	pid_t hogs[5];
	uint64_t worst = 0;
	for (int i = 0; i < 5; i++)
		hogs[i] = tap_start(spin);
	for (int i = 0; i < 20; i++) {
		uint64_t start = now();
		wait_for_clock(150 * MSEC);
		uint64_t late = now() - start - 150 * MSEC;
		worst = late > worst ? late : worst;
	}
	CHECK(worst <= 2 * TICK);
	for (int i = 0; i < 5; i++)
		end(hogs[i]);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_hog_at_any_level_does_not_keep_the_more_urgent_waiting),
	        TEST(who_sleeps_at_each_tick_leaves_half_to_an_equal),
	        TEST(two_such_leave_a_third),
	        TEST(two_that_wake_each_other_leave_a_third),
	        TEST(a_chain_of_forks_leaves_half_to_an_equal),
	        TEST(who_works_little_is_served_at_once),
	};
	return TAP_RUN(tests);
}
