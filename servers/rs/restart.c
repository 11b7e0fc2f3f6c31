/* SPDX-License-Identifier: MIT */
/* Whether and when a service is started again: see restart.h. */
#include "restart.h"

/* It doubles each time. */
static uint64_t delay_after(uint32_t short_runs)
{
	uint64_t delay = RESTART_DELAY_MIN_NSECS;

	while (short_runs-- && delay < RESTART_DELAY_MAX_NSECS)
		delay *= 2;
	return delay < RESTART_DELAY_MAX_NSECS ? delay : RESTART_DELAY_MAX_NSECS;
}

static void count(uint32_t *number)
{
	if (*number < UINT32_MAX)
		++*number;
}

static int wants_restart(enum restart_policy policy, int failed)
{
	return policy == RESTART_ALWAYS || (policy == RESTART_ON_FAILURE && failed);
}

enum restart_verdict restart_judge(const struct restart_rule *rule, struct restart_record *record, int failed,
                                   uint64_t ran_nsecs, uint64_t *delay_nsecs)
{
	if (ran_nsecs >= RESTART_SOUND_NSECS)
		*record = (struct restart_record){0};
	if (failed)
		count(&record->failures);
	else
		record->failures = 0;
	if (!wants_restart(rule->policy, failed))
		return RESTART_NOT;
	if (rule->give_up && record->failures >= rule->give_up)
		return RESTART_GIVEN_UP;
	*delay_nsecs = delay_after(record->short_runs);
	count(&record->short_runs);
	return RESTART_LATER;
}
