/* SPDX-License-Identifier: MIT */
/* RS, the reincarnation server: starts the manifest's services, knows their endpoints, and sees them end. */
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

/* Maps the boot archive. OK or a negative errno. */
GRANITE_MUST_CHECK int programs_init(void);
/* The data of an entry of the archive. OK or a negative errno. */
GRANITE_MUST_CHECK int programs_read(const char *name, struct span *data);
/* Why PM would not start this path, in words, or NULL. */
const char *programs_problem(const char *path);

/* ---- services.c ---- */

/* Starts the manifest's services, in its order. */
void services_start(const struct manifest *manifest);
/* Looks for ended children of RS, and does what the manifest wants done. */
void services_reap(void);
/* Restarts the services whose delay is over. */
void services_restart(void);
/* The endpoint of a service that runs, or -ESRCH. */
endpoint_t services_lookup(const char *label);

#endif
