/* SPDX-License-Identifier: MIT */
/* The console's calls: unmarshalled here, carried out in terminal.c. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "console.h"
#include "kept.h"

/* Byte counts travel as ssize_t in the caller, so no call moves more than that. */
static uint32_t clip(uint32_t bytes)
{
	return bytes < INT_MAX ? bytes : INT_MAX;
}

int do_read(endpoint_t caller, const struct console_read_req *request, struct console_read_rep *reply)
{
	if (request->bytes == 0) {
		reply->bytes = 0;
		return OK;
	}
	return terminal_read(caller, request->grant, clip(request->bytes));
}

int do_write(endpoint_t caller, const struct console_write_req *request, struct console_write_rep *reply)
{
	if (request->bytes == 0) {
		reply->bytes = 0;
		return OK;
	}
	return terminal_write(caller, request->grant, clip(request->bytes));
}

int do_getattr(endpoint_t caller, const struct console_getattr_req *request,
               struct console_getattr_rep *reply)
{
	(void)caller;
	(void)request;
	memcpy(reply->termios, &kept->line.termios, sizeof(reply->termios));
	return OK;
}

/* All of the line but the bytes, and the mark that may change. */
static void note_line(void)
{
	uint32_t last = (kept->line.head - 1) % LINE_SIZE;

	journal_save(&journal, &kept->line, offsetof(struct line, bytes));
	journal_save(&journal, &kept->line.marks[last & ~3u], sizeof(uint32_t));
}

int do_setattr(endpoint_t caller, const struct console_setattr_req *request,
               struct console_setattr_rep *reply)
{
	struct line_termios termios;

	(void)reply;
	memcpy(&termios, request->termios, sizeof(termios));
	note_line();
	line_set_termios(&kept->line, &termios);
	if (request->flush)
		line_flush(&kept->line);
	kept_answer(caller, request_serial, OK, NULL, 0);
	terminal_pump();
	return OK;
}

int do_foreground(endpoint_t caller, const struct console_foreground_req *request,
                  struct console_foreground_rep *reply)
{
	/* For kill, -1 is everybody and no group. */
	if (request->pgid < 0 || request->pgid == 1)
		return -EPERM;
	reply->pgid = request->pgid ? request->pgid : kept->foreground_group;
	if (request->pgid == 0)
		return OK;
	CHANGING(kept->foreground_group);
	kept->foreground_group = request->pgid;
	kept_answer(caller, request_serial, OK, reply, sizeof(*reply));
	return OK;
}

int do_poll(endpoint_t caller, const struct console_poll_req *request, struct console_poll_rep *reply)
{
	(void)reply;
	return poll_begin(caller, request->events, request->limit);
}

int do_outcome(endpoint_t caller, const struct console_outcome_req *request,
               struct console_outcome_rep *reply)
{
	reply->outcome.origin = kept->origin;
	once_tell(client_once(caller), request->serial, &reply->outcome);
	return OK;
}
