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

#endif
