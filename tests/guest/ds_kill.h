/* SPDX-License-Identifier: MIT */
/* What tests of the data store share: killing it, and having it back without delay. The test has
 * flags=control. */
#ifndef GUEST_DS_KILL_H
#define GUEST_DS_KILL_H

#include <errno.h>
#include <granite/ds.h>
#include <granite/grant.h>
#include <granite/rs.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "tap.h"

/* 0: it does not run just now. */
static inline pid_t ds_pid(void)
{
	struct rs_status_rep status = {0};
	for (uint32_t index = 0; rs_status(index, &status) == OK; index++)
		if (strcmp(status.label, "ds") == 0)
			return status.pid;
	CHECK(!"there is a data store");
	return 0;
}

static inline void ds_raise(void)
{
	struct rs_outcome outcome;
	CHECK_INT(rs_up("ds", &outcome), OK);
}

static inline void ds_kill(void)
{
	pid_t pid = ds_pid();
	CHECK(pid > 0 && kill(pid, SIGKILL) == 0);
}

/* Returns when it is dead and its successor runs. */
static inline void ds_kill_and_raise(void)
{
	endpoint_t before = rs_lookup("ds");
	ds_kill();
	while (rs_lookup("ds") == before)
		sys_yield();
	ds_raise();
}

/* ---- A random sequence: splitmix32, which takes any seed ---- */

static uint32_t dice;

static inline uint32_t roll(uint32_t sides)
{
	uint32_t x = dice += 0x9e3779b9u;
	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return (x ^ x >> 16) % sides;
}

/* The last argument is a seed. */
static inline void dice_from(int argc, char **argv)
{
	dice = argc > 1 ? (uint32_t)strtoul(argv[argc - 1], NULL, 0) : 1;
	printf("# SEED=%u\n", (unsigned)dice);
}

#endif
