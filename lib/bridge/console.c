/* SPDX-License-Identifier: MIT */
/*
 * Talking to the console driver. When it dies its successor knows what it knew, and calls go on (peer.h).
 */
#include <string.h>
#include <granite/abi/errno.h>
#include <granite/console.h>
#include <granite/sys.h>

#include "bridge.h"
#include "console.h"
#include "loan.h"
#include "once.h"
#include "peer.h"

static struct peer driver = {
        .label = "console", .outcome = CONSOLE_OUTCOME, .endpoint = NONE, .dead = NONE, .gives_up = 1};

static int32_t attempt(int32_t operation, struct message *m, const struct loan *loan,
                       struct once_outcome *outcome, uint64_t serial)
{
	int32_t result = peer_find(&driver, serial, outcome);

	if (result != OK)
		return result;
	if (outcome->is_done)
		return once_take_answer(m, outcome);
	result = loan_begin(driver.endpoint, m, loan);
	if (result != OK)
		return result;
	result = call_server_intr(driver.endpoint, operation, m);
	loan_end();
	return result;
}

/*
 * Asks the driver, and if it dies, its successor, which knows what was done of the request. Where there is no
 * driver and never will be the result is -ESRCH.
 */
static int32_t ask(int32_t operation, struct message *m, const struct loan *loan)
{
	struct once_outcome outcome = {0};
	uint64_t serial = once_stamp(m);
	int32_t result;

	do
		result = attempt(operation, m, loan, &outcome, serial);
	while (peer_died(&driver, result));
	if (result < 0 && outcome.progress)
		return once_take_progress(m, &outcome);
	return result;
}

int32_t console_read(uint32_t address, uint32_t bytes)
{
	const struct loan loan = {.address = address, .bytes = bytes, .access = CPF_WRITE};
	union console_read_message call;
	int32_t result;

	call.req = (struct console_read_req){.bytes = bytes};
	result = ask(CONSOLE_READ, &call.m, &loan);
	return result == OK ? (int32_t)call.rep.bytes : result;
}

static int32_t write_to_driver(uint32_t address, uint32_t bytes)
{
	const struct loan loan = {.address = address, .bytes = bytes, .access = CPF_READ};
	union console_write_message call;
	int32_t result;

	call.req = (struct console_write_req){.bytes = bytes};
	result = ask(CONSOLE_WRITE, &call.m, &loan);
	return result == OK ? (int32_t)call.rep.bytes : result;
}

/* For services that start before the console, or that it needs itself. Takes what fits one call. */
static int32_t write_to_log(uint32_t address, uint32_t bytes)
{
	uint32_t part = bytes < DIAG_MAX ? bytes : DIAG_MAX;
	int32_t result = sys_diagctl(user_pointer(address), part);

	if (result == -ECALLDENIED)
		return -EIO;
	return result == OK ? (int32_t)part : result;
}

int32_t console_write(uint32_t address, uint32_t bytes)
{
	int32_t result = write_to_driver(address, bytes);

	if (result >= 0 || result == -EFAULT || result == -EINTR)
		return result;
	return write_to_log(address, bytes);
}

int32_t console_getattr(void *termios)
{
	union console_getattr_message call;
	int32_t result = ask(CONSOLE_GETATTR, &call.m, NULL);

	if (result == OK)
		memcpy(termios, call.rep.termios, CONSOLE_TERMIOS_BYTES);
	return result;
}

int32_t console_setattr(const void *termios, int flush)
{
	union console_setattr_message call;

	call.req = (struct console_setattr_req){.flush = flush != 0};
	memcpy(call.req.termios, termios, CONSOLE_TERMIOS_BYTES);
	return ask(CONSOLE_SETATTR, &call.m, NULL);
}

int32_t console_foreground(int32_t *pgid)
{
	union console_foreground_message call;
	int32_t result;

	call.req = (struct console_foreground_req){.pgid = *pgid};
	result = ask(CONSOLE_FOREGROUND, &call.m, NULL);
	if (result == OK)
		*pgid = call.rep.pgid;
	return result;
}

int32_t console_poll(uint32_t *events, uint64_t limit)
{
	union console_poll_message call;
	int32_t result;

	call.req = (struct console_poll_req){.events = *events, .limit = limit};
	result = ask(CONSOLE_POLL, &call.m, NULL);
	if (result == OK)
		*events = call.rep.events;
	return result;
}

int32_t console_window(struct console_window *window, int set)
{
	union console_window_message call;
	int32_t result;

	call.req = (struct console_window_req){.set = set != 0, .window = *window};
	result = ask(CONSOLE_WINDOW, &call.m, NULL);
	if (result == OK)
		*window = call.rep.window;
	return result;
}
