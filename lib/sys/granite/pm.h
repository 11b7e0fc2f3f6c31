/* SPDX-License-Identifier: MIT */
/* Calls of PM, the process manager, that the C library has no function for. */
#ifndef GRANITE_PM_H
#define GRANITE_PM_H

#include <granite/abi/pm.h>
#include <granite/call.h>

#define OP(number, NAME, name) CALL_FIXED(pm, name, NAME, PM_PROC_NR)
#include <granite/abi/ops/pm.def>
#undef OP

/* The endpoint of process `pid` (0: the caller), or a negative errno. ESRCH: no such process lives. */
GRANITE_MUST_CHECK endpoint_t pm_endpoint(int pid);
/*
 * 1 if process `pid` (0: the caller) has called exec since it was forked, 0 if it still runs its parent's
 * program, or a negative errno, as above.
 */
GRANITE_MUST_CHECK int pm_executed(int pid);

/* Describes entry `index` of the boot archive, counted from 0. ENOENT: there are not so many. */
GRANITE_MUST_CHECK int pm_program(uint32_t index, struct pm_program_rep *program);

/*
 * Tells of a process, living or zombie, in *info: `index` is 0, and then what the last info->next said.
 * ENOENT: there are no more. VM and PM themselves are not among them.
 */
GRANITE_MUST_CHECK int pm_procinfo(uint32_t index, struct pm_procinfo_rep *info);

#endif
