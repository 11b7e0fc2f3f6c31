/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors. The console driver and the file server both know when theirs are ready and answer
 * then; but only one can be waited for. If some are the file server's it is that one, and the console is
 * asked every 10 ms, and only if somebody wants to read from it.
 */
#include <granite/abi/console.h>
#include <granite/abi/errno.h>
#include <granite/sys.h>

#include "bridge.h"
#include "clocks.h"
#include "console.h"
#include "convert.h"
#include "fd.h"
#include "fileserver.h"
#include "poll.h"

#define CONSOLE_PAUSE_NSECS 10000000u
#define LIMIT_AFTER_MAX     (CONSOLE_NO_LIMIT - 1)
#define AT_ONCE             0 /* a limit that has passed */

_Static_assert(RAMFS_NO_LIMIT == CONSOLE_NO_LIMIT, "both servers wait for the same limit");
_Static_assert(sizeof(struct linux_pollfd) == sizeof(struct ramfs_pollfd), "the server's form is Linux's");

/* Of the entries those that are the server's, in the same places. */
static struct ramfs_pollfd served[FD_MAX];

struct poll_call {
	struct linux_pollfd *entries;
	uint32_t count;
	uint32_t nr_known, nr_console,
	        nr_served;       /* entries: with nothing to wait for; whose the others are */
	uint32_t console_events; /* CONSOLE_POLL_*: what the console is asked for */
	uint64_t limit;
};

/* ---- Entries ---- */

static uint32_t to_console_events(uint16_t events)
{
	return (events & READ_EVENTS ? CONSOLE_POLL_IN : 0u) |
	       (events & WRITE_EVENTS ? CONSOLE_POLL_OUT : 0u);
}

static uint16_t from_console_events(uint32_t events)
{
	return (uint16_t)((events & CONSOLE_POLL_IN ? READ_EVENTS : 0) |
	                  (events & CONSOLE_POLL_OUT ? WRITE_EVENTS : 0));
}

static void sort_entry(struct poll_call *call, uint32_t i)
{
	struct linux_pollfd *entry = &call->entries[i];

	switch (fd_kind(entry->fd)) {
	case FD_CLOSED:
		entry->revents = entry->fd >= 0 ? POLLNVAL : 0;
		break;
	case FD_LOST:
		entry->revents = POLLERR | POLLHUP;
		break;
	case FD_CONSOLE:
		call->nr_console++;
		call->console_events |= to_console_events(entry->events);
		break;
	default:
		call->nr_served++;
		served[i].fd = entry->fd;
	}
	call->nr_known += entry->revents != 0;
}

static void sort(struct poll_call *call)
{
	for (uint32_t i = 0; i < call->count; i++) {
		call->entries[i].revents = 0;
		served[i] = (struct ramfs_pollfd){.fd = -1, .events = call->entries[i].events};
		sort_entry(call, i);
	}
}

/* ---- Waiting ---- */

int32_t poll_limit_after(uint64_t nsecs, uint64_t *limit)
{
	int32_t result = sys_clock(limit, NULL);

	*limit = nsecs < LIMIT_AFTER_MAX - *limit ? *limit + nsecs : LIMIT_AFTER_MAX;
	return result;
}

static int32_t get_time_left(uint64_t limit, uint64_t *left)
{
	uint64_t now;
	int32_t result = sys_clock(&now, NULL);

	if (result == OK)
		*left = limit > now ? limit - now : 0;
	return result;
}

/* With nothing to wait for it is a sleep. */
static int32_t sleep_until(uint64_t limit)
{
	uint64_t left;
	int32_t result = get_time_left(limit, &left);

	return result == OK && left ? sleep_for(left, &left) : result;
}

/* Asks the console, which waits until `limit`: how many of its entries have something to tell; each says
 * what. */
static int32_t ask_console(const struct poll_call *call, uint64_t limit)
{
	uint32_t events = call->console_events;
	int32_t ready = 0, result = console_poll(&events, limit);

	for (uint32_t i = 0; i < call->count && result == OK; i++) {
		struct linux_pollfd *entry = &call->entries[i];

		if (fd_kind(entry->fd) != FD_CONSOLE)
			continue;
		entry->revents = entry->events & from_console_events(events);
		ready += entry->revents != 0;
	}
	return result == OK ? ready : result;
}

/* Asks the server, which waits until `limit`: how many of its entries have something to tell. */
static int32_t ask_server(const struct poll_call *call, uint64_t limit)
{
	const struct loan loan = {.address = user_address(served),
	                          .bytes = call->count * (uint32_t)sizeof(served[0]),
	                          .access = CPF_READ | CPF_WRITE};
	union ramfs_poll_message m;
	int32_t result;

	m.req = (struct ramfs_poll_req){.limit = limit, .count = call->count};
	result = fileserver_call(FILE_WAITS, RAMFS_POLL, &m.m, &loan);
	return result == OK ? (int32_t)m.rep.ready : result;
}

/* One round: how many entries have something to tell; 0: the server has waited as long as it should. */
static int32_t ask_both(const struct poll_call *call, uint64_t left)
{
	int32_t ready = call->console_events ? ask_console(call, AT_ONCE) : 0, result;
	uint64_t limit = call->limit;

	if (ready < 0)
		return ready;
	if (ready)
		limit = AT_ONCE;
	else if (call->console_events & CONSOLE_POLL_IN && left > CONSOLE_PAUSE_NSECS)
		limit = limit - left + CONSOLE_PAUSE_NSECS;
	result = ask_server(call, limit);
	return result >= 0 ? result + ready : result;
}

static void store_answers(const struct poll_call *call)
{
	for (uint32_t i = 0; i < call->count; i++)
		if (served[i].fd >= 0)
			call->entries[i].revents = served[i].revents;
}

static int32_t wait_for_both(const struct poll_call *call)
{
	uint64_t left;
	int32_t result;

	do {
		result = get_time_left(call->limit, &left);
		if (result == OK)
			result = ask_both(call, left);
	} while (result == OK && left);
	store_answers(call);
	return result;
}

static int32_t wait_for_entries(struct poll_call *call)
{
	int32_t result;

	sort(call);
	if (call->nr_known)
		call->limit = AT_ONCE;
	if (call->nr_served)
		result = wait_for_both(call);
	else if (call->nr_console)
		result = ask_console(call, call->limit);
	else
		result = sleep_until(call->limit);
	return result >= 0 ? result + (int32_t)call->nr_known : result;
}

/* If the file server's memory is lost so are its descriptors, and that is what they have to tell. */
int32_t poll_entries(struct linux_pollfd *entries, uint32_t count, uint64_t limit)
{
	const struct poll_call begin = {.entries = entries, .count = count, .limit = limit};
	struct poll_call call = begin;
	int32_t result = wait_for_entries(&call);

	if (result != -EIO || !call.nr_served)
		return result;
	call = begin;
	return wait_for_entries(&call);
}

/* ---- poll and ppoll ---- */

static int32_t poll_program(uint32_t address, uint32_t count, uint64_t limit)
{
	static struct linux_pollfd entries[FD_MAX];
	uint32_t bytes = count * (uint32_t)sizeof(entries[0]);
	int32_t result = count > FD_MAX ? -EINVAL : user_get(entries, address, bytes);

	if (result == OK)
		result = poll_entries(entries, count, limit);
	if (result < 0)
		return result;
	return user_put(address, entries, bytes) == OK ? result : -EFAULT;
}

/* poll(entries, count, milliseconds) */
int32_t linux_poll(struct bridge_regs *regs)
{
	int32_t msecs = (int32_t)regs->edx, result = OK;
	uint64_t limit = CONSOLE_NO_LIMIT;

	if (msecs >= 0)
		result = poll_limit_after((uint64_t)msecs * 1000000u, &limit);
	return result == OK ? poll_program(regs->ebx, regs->ecx, limit) : result;
}

static int32_t change_mask(uint32_t how, uint64_t set)
{
	union pm_sigprocmask_message call;

	call.req = (struct pm_sigprocmask_req){.how = how, .set = set};
	return pm_sigprocmask_call(&call);
}

/* After EINTR the mask comes back when the signal is fetched, which the lent mask lets through. */
static int32_t poll_with_mask(const struct bridge_regs *regs, uint64_t limit, uint64_t mask)
{
	int32_t result = change_mask(PM_MASK_LEND, mask), returned;

	if (result != OK)
		return result;
	result = poll_program(regs->ebx, regs->ecx, limit);
	if (result == -EINTR)
		return result;
	returned = change_mask(PM_MASK_RETURN, 0);
	return returned == OK ? result : returned;
}

/* ppoll(entries, count, time, mask, mask bytes), with the time in `nsecs`, which counts if there is one */
static int32_t ppoll(const struct bridge_regs *regs, uint64_t nsecs)
{
	uint64_t mask, limit = CONSOLE_NO_LIMIT;
	int32_t result = regs->edx ? poll_limit_after(nsecs, &limit) : OK;

	if (result != OK)
		return result;
	if (!regs->esi)
		return poll_program(regs->ebx, regs->ecx, limit);
	if (regs->edi != LINUX_SIGSET_BYTES)
		return -EINVAL;
	result = user_get(&mask, regs->esi, sizeof(mask));
	return result == OK ? poll_with_mask(regs, limit, mask) : result;
}

int32_t linux_ppoll(struct bridge_regs *regs)
{
	uint64_t nsecs = 0;
	int32_t result = regs->edx ? user_get_time32(regs->edx, &nsecs) : OK;

	return result == OK ? ppoll(regs, nsecs) : result;
}

int32_t linux_ppoll_time64(struct bridge_regs *regs)
{
	uint64_t nsecs = 0;
	int32_t result = regs->edx ? user_get_time64(regs->edx, &nsecs) : OK;

	return result == OK ? ppoll(regs, nsecs) : result;
}
