/* SPDX-License-Identifier: MIT */
/* Whether and when a service that has ended is started again. Pure. */
#ifndef RS_RESTART_H
#define RS_RESTART_H

#include <stdint.h>

#define RESTART_DELAY_MIN_NSECS 100000000ull   /* before the second restart in a row; the first is at once */
#define RESTART_DELAY_MAX_NSECS 5000000000ull  /* however often it ends */
#define RESTART_SOUND_NSECS     10000000000ull /* after a run of this length earlier ends are forgotten */

enum restart_policy { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

/* What the manifest says of a service. */
struct restart_rule {
	enum restart_policy policy;
	uint32_t give_up; /* after so many failures in a row; 0: never */
};

/* What has become of it so far; all 0 at first. */
struct restart_record {
	uint32_t short_runs; /* in a row, restarts that came too soon: they make the delay longer */
	uint32_t failures;   /* the last so many of them have failed */
};

/* How a run has ended. */
enum restart_end {
	ENDED_WELL,  /* by exit status 0 */
	ENDED_BADLY, /* by a signal, another exit status, or a missed heartbeat */
	NOT_STARTED, /* it could not begin: a failure after which trying again at once would be in vain */
};

enum restart_verdict { RESTART_NOT, RESTART_AT_ONCE, RESTART_LATER, RESTART_GIVEN_UP };

/*
 * What follows after a service has run for ran_nsecs. RESTART_AT_ONCE: after the first short run in a row,
 * never after NOT_STARTED. RESTART_LATER: *delay_nsecs says when.
 */
enum restart_verdict restart_judge(const struct restart_rule *rule, struct restart_record *record,
                                   enum restart_end end, uint64_t ran_nsecs, uint64_t *delay_nsecs);

#endif
