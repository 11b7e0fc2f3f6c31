/* SPDX-License-Identifier: MIT */
/* Calls of RS, the reincarnation server. */
#ifndef GRANITE_RS_H
#define GRANITE_RS_H

#include <granite/abi/rs.h>
#include <granite/call.h>

#define OP(number, NAME, name) CALL_FIXED(rs, name, NAME, RS_PROC_NR)
#include <granite/abi/ops/rs.def>
#undef OP

/*
 * The endpoint of the service `label`, or a negative errno. ESRCH: no
 * such service runs; EINVAL: too long a label.
 */
GRANITE_MUST_CHECK endpoint_t rs_lookup(const char *label);

/*
 * The same, but waits, for `nsecs` at most, until the service runs, as another than `dead`. So a call that
 * has ended with EDEADSRCDST can be made again with the dead one's successor, if it does no harm when it is
 * made twice; `dead` is NONE for whoever has called nobody yet. Besides ESRCH, which here means that there
 * never will be such a service, and EINVAL: ENODEV: it does not run, and RS won't start it by itself;
 * ETIMEDOUT. The second function ends with EINTR when a signal comes.
 */
GRANITE_MUST_CHECK endpoint_t rs_await(const char *label, endpoint_t dead, uint64_t nsecs);
GRANITE_MUST_CHECK endpoint_t rs_await_intr(const char *label, endpoint_t dead, uint64_t nsecs);

/*
 * Control, for those with PRIV_CONTROL: starts the service, ends it, or both. They return when it is done,
 * and fill *outcome, with OK and errors alike; <granite/abi/rs.h> says which. EINTR: a signal has come; what
 * was asked for goes on.
 */
GRANITE_MUST_CHECK int rs_up(const char *label, struct rs_outcome *outcome);
GRANITE_MUST_CHECK int rs_down(const char *label, struct rs_outcome *outcome);
GRANITE_MUST_CHECK int rs_restart(const char *label, struct rs_outcome *outcome);

/* Tells of service `index`, counted from 0. ENOENT: there are not so many. */
GRANITE_MUST_CHECK int rs_status(uint32_t index, struct rs_status_rep *status);

/* Whose process this is: fills in the label, with its end. ESRCH: it is no service's. */
GRANITE_MUST_CHECK int rs_label(endpoint_t endpoint, char label[PROC_NAME_MAX]);

/*
 * Tells RS that the caller, a service, is alive. server_run does it when RS asks; a service that does not run
 * it and has a heartbeat must do it at least once in each period of that.
 */
static inline void rs_alive(void)
{
	ipc_notify(RS_PROC_NR);
}

#endif
