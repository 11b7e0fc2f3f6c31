/* SPDX-License-Identifier: MIT */
/* Whether and when a service is started again: see restart.h. */
#include "restart.h"

/* From the second on it doubles each time. */
static uint64_t delay_after(uint32_t short_runs)
{
	uint64_t delay = RESTART_DELAY_MIN_NSECS;

	if (short_runs == 0)
		return 0;
	while (--short_runs && delay < RESTART_DELAY_MAX_NSECS)
		delay *= 2;
	return delay < RESTART_DELAY_MAX_NSECS ? delay : RESTART_DELAY_MAX_NSECS;
}

static void count(uint32_t *number)
{
	if (*number < UINT32_MAX)
		++*number;
}

static int wants_restart(enum restart_policy policy, enum restart_end end)
{
	return policy == RESTART_ALWAYS || (policy == RESTART_ON_FAILURE && end != ENDED_WELL);
}

/* What could not start a moment ago can't start now either: its first restart is left out. */
static enum restart_verdict restart(struct restart_record *record, enum restart_end end,
                                    uint64_t *delay_nsecs)
{
	if (end == NOT_STARTED && record->short_runs == 0)
		count(&record->short_runs);
	*delay_nsecs = delay_after(record->short_runs);
	count(&record->short_runs);
	return *delay_nsecs ? RESTART_LATER : RESTART_AT_ONCE;
}

enum restart_verdict restart_judge(const struct restart_rule *rule, struct restart_record *record,
                                   enum restart_end end, uint64_t ran_nsecs, uint64_t *delay_nsecs)
{
	if (ran_nsecs >= RESTART_SOUND_NSECS)
		*record = (struct restart_record){0};
	if (end != ENDED_WELL)
		count(&record->failures);
	else
		record->failures = 0;
	if (!wants_restart(rule->policy, end))
		return RESTART_NOT;
	if (rule->give_up && record->failures >= rule->give_up)
		return RESTART_GIVEN_UP;
	return restart(record, end, delay_nsecs);
}
