/* SPDX-License-Identifier: MIT */
/* Delays between restarts: see restart.h. */
#include "restart.h"

uint64_t restart_delay(uint32_t *failures, uint64_t ran_nsecs)
{
	uint64_t delay = RESTART_DELAY_MIN_NSECS;

	if (ran_nsecs >= RESTART_SOUND_NSECS)
		*failures = 0;
	for (uint32_t i = 0; i < *failures && delay < RESTART_DELAY_MAX_NSECS; i++)
		delay *= 2;
	if (*failures < UINT32_MAX)
		++*failures;
	return delay < RESTART_DELAY_MAX_NSECS ? delay : RESTART_DELAY_MAX_NSECS;
}
