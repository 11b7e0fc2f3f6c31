/* SPDX-License-Identifier: MIT */
/* What is told of services. Pure code. */
#ifndef PROGRAMS_SERVICE_H
#define PROGRAMS_SERVICE_H

#include <stdint.h>
#include <granite/abi/rs.h>

#define SHOW_MAX 80

/* What it is doing: "running", "restarts in 0.40 s", "can't start". */
const char *show_state(char text[SHOW_MAX], const struct rs_status_rep *status, uint64_t now_nsecs);

/* How it ended last: "exited 3", "killed by SIGKILL", "-". */
const char *show_end(char text[SHOW_MAX], struct rs_end end);

/* How long it has been in its state. */
const char *show_since(char text[SHOW_MAX], const struct rs_status_rep *status, uint64_t now_nsecs);

/* Why it can't start. */
const char *show_problem(char text[SHOW_MAX], uint32_t problem, uint32_t error);

/* What has been done: "is running, process 7; it was killed by SIGTERM". `verb`: "up", "down" or "restart".
 */
enum show_verb { SHOW_UP, SHOW_DOWN, SHOW_RESTART };
const char *show_done(char text[2 * SHOW_MAX], enum show_verb verb, const struct rs_outcome *outcome);

/* Why not: `result` is what RS answered. */
const char *show_failure(char text[2 * SHOW_MAX], int result, const struct rs_outcome *outcome);

#endif
