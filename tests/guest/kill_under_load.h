/* SPDX-License-Identifier: MIT */
/*
 * A service is killed again and again, at random moments, while workers use it: each does one kind of work
 * over and over, and dies of whatever it notices. The test has flags=control, calls=schedule and seed=yes.
 */
#ifndef GUEST_KILL_UNDER_LOAD_H
#define GUEST_KILL_UNDER_LOAD_H

#include <signal.h>
#include <granite/pm.h>

#include "fuzz_random.h"
#include "pages.h"
#include "rs_client.h"

#define WORKERS_MAX 16

/* For a test to give: what is done, and by how many. */
struct load {
	const char *label; /* the service */
	void (*const *works)(void);
	uint32_t count;
};

static volatile sig_atomic_t stopped;

static inline void stop(int number)
{
	(void)number;
	stopped = 1;
}

static const struct load *load_now;
static uint32_t load_which;

static inline void load_work(void)
{
	const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
	CHECK_INT(sigaction(SIGTERM, &action, NULL), 0);
	random_state = mix(random_state + load_which);
	while (!stopped && !tap_failures)
		load_now->works[load_which]();
}

/* Once, one after the other. */
static inline void load_run_once(const struct load *load)
{
	for (uint32_t i = 0; i < load->count; i++)
		load->works[i]();
}

/* ---- Killing at any moment ---- */

/* Less urgent than who kills, and than PM and RS: so it is killed in the middle of its work, too, and not
 * only when it waits. */
#define VICTIM_PRIO (SCHED_PRIO_SERVER + 1)
#define KILLER_PRIO SCHED_PRIO_PM

static uint32_t load_kills, load_kills_at_work;

/* It runs, or waits for another's answer. */
static inline int load_is_at_work(endpoint_t victim)
{
	struct proc_info info;
	CHECK_INT(sys_getinfo(GET_PROCTAB, &info, sizeof(info), (uint32_t)ENDPOINT_SLOT(victim)),
	          sizeof(info));
	return info.endpoint == victim && (!(info.rts_flags & RTS_RECEIVING) || info.blocked_on != ANY);
}

/* 0: it has ended before, by whatever. */
static inline int load_kill_after(const char *label, uint32_t usecs)
{
	int32_t pid = rs_status_of(label).pid;
	endpoint_t victim = pid > 0 ? pm_endpoint(pid) : -ESRCH;
	if (victim < 0 || sys_schedule(victim, VICTIM_PRIO, 50) != OK)
		return 0;
	usleep(usecs);
	int is_at_work = load_is_at_work(victim);
	if (kill(pid, SIGKILL) != 0)
		return 0;
	load_kills++;
	load_kills_at_work += (uint32_t)is_at_work;
	return 1;
}

static inline void load_begin_to_kill(void)
{
	load_kills = load_kills_at_work = 0;
	CHECK_INT(sys_schedule(sys_self(), KILLER_PRIO, 50), OK);
}

static inline void load_end_to_kill(void)
{
	CHECK_INT(sys_schedule(sys_self(), SCHED_PRIO_USER, 50), OK);
	printf("# %u of %u kills were in the middle of work\n", (unsigned)load_kills_at_work,
	       (unsigned)load_kills);
	CHECK(load_kills_at_work > load_kills / 20);
}

/* Most times it is soon there again, at others as late as RS likes. */
static inline void load_kill(const char *label)
{
	struct rs_outcome outcome;
	while (!load_kill_after(label, below(once_in(3) ? 300 : 15000)))
		usleep(100);
	if (!once_in(20))
		CHECK_INT(rs_up(label, &outcome), OK);
}

static inline void kill_under_load(const struct load *load, uint32_t kills)
{
	pid_t workers[WORKERS_MAX];
	REQUIRE(load->count <= WORKERS_MAX);
	load_now = load;
	for (load_which = 0; load_which < load->count; load_which++)
		workers[load_which] = tap_start(load_work);
	load_begin_to_kill();
	for (uint32_t i = 0; i < kills; i++)
		load_kill(load->label);
	load_end_to_kill();
	for (uint32_t i = 0; i < load->count; i++)
		CHECK_INT(kill(workers[i], SIGTERM), 0);
	for (uint32_t i = 0; i < load->count; i++)
		CHECK_EXITED(tap_wait(workers[i]), 0);
	CHECK(rs_status_of(load->label).restarts >= kills);
}

static inline void load_seed(int argc, char **argv)
{
	random_state = (uint32_t)strtoul(argc > 1 ? argv[1] : "1", NULL, 0);
	printf("# SEED=%u\n", (unsigned)random_state);
}

#endif
