/* SPDX-License-Identifier: MIT */
/* RS, the reincarnation server: starts the manifest's services, tells their endpoints, and restarts them. */
#ifndef RS_H
#define RS_H

#include <granite/abi/rs.h>
#include <granite/server.h>
#include "manifest.h"

#define OP(number, NAME, name) SERVER_DECLARE(rs, name)
#include <granite/abi/ops/rs.def>
#undef OP

/* ---- main.c ---- */

/* One line to the kernel's log; "[rs] " comes by itself. RS itself has no console. */
void rs_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- programs.c ---- */

/* Maps the boot archive; comes before the functions below. OK or a negative errno. */
GRANITE_MUST_CHECK int programs_init(void);
/* Where the data of an entry of the archive is. OK, or a negative errno; -ENOENT: no such entry. */
GRANITE_MUST_CHECK int programs_read(const char *name, struct span *data);
/* Why PM would not start the program of this path, in words; NULL: it would. */
const char *programs_problem(const char *path);

/* ---- services.c ---- */

/* Starts the manifest's services, in its order. */
void services_start(const struct manifest *manifest);
/* Looks for children that have ended, and does what the manifest says about the services among them. */
void services_reap(void);
/* Restarts the services whose delay is over: the alarm has rung. */
void services_restart(void);
/* The endpoint of the service `label`, VM, PM and RS among them. -ESRCH: none such runs. */
endpoint_t services_lookup(const char *label);

#endif
