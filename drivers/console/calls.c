/* SPDX-License-Identifier: MIT */
/* The console's calls: unmarshalled here, carried out in terminal.c. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "console.h"

int foreground_group;

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
	return terminal_read(caller, request->address, clip(request->bytes));
}

int do_write(endpoint_t caller, const struct console_write_req *request, struct console_write_rep *reply)
{
	if (request->bytes == 0) {
		reply->bytes = 0;
		return OK;
	}
	return terminal_write(caller, request->address, clip(request->bytes));
}

int do_getattr(endpoint_t caller, const struct console_getattr_req *request,
               struct console_getattr_rep *reply)
{
	(void)caller;
	(void)request;
	memcpy(reply->termios, &terminal_line.termios, sizeof(reply->termios));
	return OK;
}

int do_setattr(endpoint_t caller, const struct console_setattr_req *request,
               struct console_setattr_rep *reply)
{
	struct line_termios termios;

	(void)caller;
	(void)reply;
	memcpy(&termios, request->termios, sizeof(termios));
	line_set_termios(&terminal_line, &termios);
	if (request->flush)
		line_flush(&terminal_line);
	terminal_pump();
	return OK;
}

int do_foreground(endpoint_t caller, const struct console_foreground_req *request,
                  struct console_foreground_rep *reply)
{
	(void)caller;
	/* For kill, -1 is everybody and no group. */
	if (request->pgid < 0 || request->pgid == 1)
		return -EPERM;
	if (request->pgid != 0)
		foreground_group = request->pgid;
	reply->pgid = foreground_group;
	return OK;
}

int do_poll(endpoint_t caller, const struct console_poll_req *request, struct console_poll_rep *reply)
{
	(void)reply;
	return poll_begin(caller, request->events, request->limit);
}
