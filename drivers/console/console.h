/* SPDX-License-Identifier: MIT */
/* What the console driver's files share. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <granite/abi/console.h>
#include <granite/server.h>

#include "line.h"

#define OP(number, NAME, name) SERVER_DECLARE(console, name)
#include <granite/abi/ops/console.def>
#undef OP

/* serve.c: what requests become, by their numbers from CONSOLE_BASE on. */
extern const struct server_table console_calls;

/* The serial number of the request that is being carried out. */
extern uint64_t request_serial;

/* window.c: takes from the kernel's command line how large the terminal is. */
void window_init(enum line_kind kind);

/* Notes that the foreground group is to be sent a signal; sends the one noted, after a commit. */
void terminal_signal(int signal);
void terminal_send_signal(void);

/* Takes over what a predecessor has left, or starts the UART. OK or a negative errno. */
GRANITE_MUST_CHECK int terminal_init(enum line_kind kind);

/* Moves bytes as far as they go now, from the UART to readers and from writers to the UART. */
void terminal_pump(void);

/* The UART has interrupted. */
void terminal_interrupt(void);

/*
 * Takes a read or write of lent memory, to be answered when it is done. Returns SERVER_NO_REPLY, or
 * -EBUSY: the caller has another under way.
 */
int terminal_read(endpoint_t caller, cp_grant_id_t grant, uint32_t bytes);
int terminal_write(endpoint_t caller, cp_grant_id_t grant, uint32_t bytes);

/* Nanoseconds since boot. */
uint64_t terminal_now(void);

/* poll.c: takes a poll, to be answered as <granite/abi/console.h> says. Returns as terminal_read. */
int poll_begin(endpoint_t caller, uint32_t events, uint64_t limit);

/* Answers those whose event or limit has come. */
void poll_answer_all(void);

/* The earliest limit of those that wait; 0: there is none. */
uint64_t poll_limit(void);

/* Ends the poll that `caller` has under way with EINTR. Returns 0 if there is none. */
int poll_cancel(endpoint_t caller);

/* Ends the call that `caller` has under way, if any, with EINTR or what it has done. */
void terminal_cancel(endpoint_t caller);

#endif
