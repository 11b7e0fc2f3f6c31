/* SPDX-License-Identifier: MIT */
/*
 * A service is killed again and again, at random moments, while workers use it: each does one kind of work
 * over and over, and dies of whatever it notices. The test has flags=control and seed=yes.
 */
#ifndef GUEST_KILL_UNDER_LOAD_H
#define GUEST_KILL_UNDER_LOAD_H

#include <signal.h>

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
	while (!stopped)
		load_now->works[load_which]();
}

/* Once, one after the other. */
static inline void load_run_once(const struct load *load)
{
	for (uint32_t i = 0; i < load->count; i++)
		load->works[i]();
}

/* Most times it is soon there again, at others as late as RS likes. */
static inline void load_kill(const char *label)
{
	struct rs_outcome outcome;
	usleep(below(once_in(3) ? 300 : 15000));
	while (!rs_kill(label))
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
	for (uint32_t i = 0; i < kills; i++)
		load_kill(load->label);
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
