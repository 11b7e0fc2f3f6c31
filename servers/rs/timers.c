/* SPDX-License-Identifier: MIT */
/* RS's one alarm, for all that has a deadline. */
#include "rs.h"

static uint64_t set_to = NEVER;

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void timers_update(void)
{
	uint64_t first = earlier(services_deadline(), earlier(waiters_deadline(), labels_deadline()));

	if (first == set_to)
		return;
	set_to = first;
	process_alarm(first);
}

void timers_ring(void)
{
	uint64_t now = process_now();

	set_to = NEVER;
	services_expire(now);
	waiters_expire(now);
	labels_expire(now);
}
