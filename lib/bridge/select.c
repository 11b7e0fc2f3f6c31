/* SPDX-License-Identifier: MIT */
/* select(2), as a poll of the sets' members. */
#include <string.h>
#include <granite/abi/console.h>
#include <granite/abi/errno.h>
#include <granite/sys.h>

#include "bridge.h"
#include "convert.h"
#include "fd.h"
#include "poll.h"

#define SELECT_MAX    1024 /* FD_SETSIZE */
#define BITS_PER_WORD 32

/* The three sets, of which the third, of exceptions, never has any. */
enum { SET_READ, SET_WRITE, SET_EXCEPT, NR_SETS };

struct select_sets {
	uint32_t address[NR_SETS]; /* in the program; 0: there is none */
	uint32_t words;            /* of each */
	uint32_t bits[NR_SETS][SELECT_MAX / BITS_PER_WORD];
	uint32_t count; /* of the members of any set */
	struct linux_pollfd members[FD_MAX];
};

/* What makes a member of each set ready. An end or an error is no reason to wait: a call would tell it. */
static const uint16_t set_events[NR_SETS] = {
        [SET_READ] = READ_EVENTS | POLLHUP | POLLERR,
        [SET_WRITE] = WRITE_EVENTS | POLLERR,
};

static int32_t get_sets(struct select_sets *sets, const struct bridge_regs *regs)
{
	const uint32_t address[NR_SETS] = {regs->ecx, regs->edx, regs->esi};
	int32_t result = OK;

	sets->words = (regs->ebx + BITS_PER_WORD - 1) / BITS_PER_WORD;
	for (int set = 0; set < NR_SETS && result == OK; set++) {
		sets->address[set] = address[set];
		if (address[set])
			result = user_get(sets->bits[set], address[set], sets->words * sizeof(uint32_t));
	}
	return result;
}

static int32_t put_sets(const struct select_sets *sets)
{
	int32_t result = OK;

	for (int set = 0; set < NR_SETS && result == OK; set++)
		if (sets->address[set])
			result =
			        user_put(sets->address[set], sets->bits[set], sets->words * sizeof(uint32_t));
	return result;
}

static int is_member(const struct select_sets *sets, int set, uint32_t fd)
{
	return (sets->bits[set][fd / BITS_PER_WORD] >> fd % BITS_PER_WORD & 1) != 0;
}

/* A member's events are what makes it ready in one of its sets. -EBADF: a member is not open. */
static int32_t find_members(struct select_sets *sets, uint32_t end)
{
	for (uint32_t fd = 0; fd < end; fd++) {
		int is_in_any = 0;
		uint16_t events = 0;

		for (int set = 0; set < NR_SETS; set++) {
			is_in_any |= is_member(sets, set, fd);
			events |= is_member(sets, set, fd) ? set_events[set] : 0;
		}
		if (!is_in_any)
			continue;
		if (!fd_is_open((int32_t)fd))
			return -EBADF;
		sets->members[sets->count++] = (struct linux_pollfd){.fd = (int32_t)fd, .events = events};
	}
	return OK;
}

/*
 * A pipe's broken end has something to tell even if its sets do not ask for that, and always will: such
 * members need not be waited for. Returns how many are ready in a set of theirs.
 */
static int32_t drop_what_is_never_ready(struct select_sets *sets)
{
	int32_t ready = 0;

	for (uint32_t i = 0; i < sets->count; i++) {
		struct linux_pollfd *member = &sets->members[i];

		if (member->revents & member->events)
			ready++;
		else if (member->revents)
			member->fd = ~member->fd;
	}
	return ready;
}

static int32_t wait_for_members(struct select_sets *sets, uint64_t limit)
{
	int32_t result;

	do
		result = poll_entries(sets->members, sets->count, limit);
	while (result > 0 && drop_what_is_never_ready(sets) == 0);
	return result;
}

static void leave(struct select_sets *sets, int set, uint32_t fd)
{
	sets->bits[set][fd / BITS_PER_WORD] &= ~(1u << fd % BITS_PER_WORD);
}

/* Leaves the members that are ready. Returns in how many sets they are. */
static int32_t keep_ready(struct select_sets *sets)
{
	int32_t count = 0;

	for (uint32_t i = 0; i < sets->count; i++) {
		const struct linux_pollfd *member = &sets->members[i];
		uint32_t fd = (uint32_t)(member->fd < 0 ? ~member->fd : member->fd);

		for (int set = 0; set < NR_SETS; set++) {
			if (!is_member(sets, set, fd))
				continue;
			if (member->revents & set_events[set])
				count++;
			else
				leave(sets, set, fd);
		}
	}
	return count;
}

/* `address` 0: *limit stays. */
static int32_t get_limit(uint32_t address, uint64_t *limit)
{
	struct linux_timeval time;
	int32_t result;

	if (!address)
		return OK;
	result = user_get(&time, address, sizeof(time));
	if (result != OK)
		return result;
	if (time.sec < 0 || time.usec < 0)
		return -EINVAL;
	return poll_limit_after((uint64_t)time.sec * NSECS_PER_SEC + (uint64_t)time.usec * NSECS_PER_USEC,
	                        limit);
}

/* Linux tells what is left of the time. */
static int32_t put_time_left(uint32_t address, uint64_t limit)
{
	struct linux_timeval left;
	uint64_t now;
	int32_t result = address ? sys_clock(&now, NULL) : OK;

	if (!address || result != OK)
		return result;
	left = timeval_of(limit > now ? limit - now : 0);
	return user_put(address, &left, sizeof(left));
}

/* select(end, read, write, except, time) */
int32_t linux_select(struct bridge_regs *regs)
{
	static struct select_sets sets;
	uint64_t limit = CONSOLE_NO_LIMIT;
	int32_t result, count;

	if (regs->ebx > SELECT_MAX)
		return -EINVAL;
	memset(&sets, 0, sizeof(sets));
	result = get_sets(&sets, regs);
	if (result == OK)
		result = find_members(&sets, regs->ebx);
	if (result == OK)
		result = get_limit(regs->edi, &limit);
	if (result == OK)
		result = wait_for_members(&sets, limit);
	if (result < 0)
		return result;
	count = keep_ready(&sets);
	result = put_sets(&sets);
	if (result == OK)
		result = put_time_left(regs->edi, limit);
	return result == OK ? count : result;
}
