/* SPDX-License-Identifier: MIT */
/*
 * poll(2) and select(2). All open descriptors are the console, so there is one thing to wait for: the driver
 * is asked, with the time at which it must answer.
 */
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <granite/abi/console.h>
#include <granite/abi/errno.h>
#include <granite/sys.h>

#include "bridge.h"
#include "clocks.h"
#include "console.h"
#include "convert.h"
#include "fd.h"

#define READ_EVENTS     (POLLIN | POLLRDNORM)
#define WRITE_EVENTS    (POLLOUT | POLLWRNORM)
#define NSECS_PER_MSEC  1000000u
#define SELECT_MAX      1024 /* FD_SETSIZE */
#define BITS_PER_WORD   32
#define LIMIT_AFTER_MAX (CONSOLE_NO_LIMIT - 1)

_Static_assert(sizeof(struct pollfd) == 8, "as Linux has it");

/* Nanoseconds since boot, `nsecs` from now. */
static int32_t limit_after(uint64_t nsecs, uint64_t *limit)
{
	int32_t result = sys_clock(limit, NULL);

	*limit = nsecs < LIMIT_AFTER_MAX - *limit ? *limit + nsecs : LIMIT_AFTER_MAX;
	return result;
}

/* With nothing to wait for it is a sleep. */
static int32_t sleep_until_limit(uint64_t limit)
{
	uint64_t now, left;
	int32_t result = sys_clock(&now, NULL);

	return result == OK && limit > now ? sleep_for(limit - now, &left) : result;
}

/* ---- poll ---- */

/* What is asked of all the descriptors together. */
struct poll_sum {
	uint32_t events; /* CONSOLE_POLL_* */
	uint32_t open;   /* how many are descriptors */
	uint32_t closed; /* how many are none: nothing needs to be waited for */
};

static void add_up(struct poll_sum *sum, const struct pollfd *asked)
{
	if (asked->fd < 0)
		return;
	if (!fd_is_open(asked->fd)) {
		sum->closed++;
		return;
	}
	sum->open++;
	sum->events |= asked->events & READ_EVENTS ? CONSOLE_POLL_IN : 0;
	sum->events |= asked->events & WRITE_EVENTS ? CONSOLE_POLL_OUT : 0;
}

static short answer_for(const struct pollfd *asked, uint32_t ready)
{
	int events = 0;

	if (asked->fd < 0)
		return 0;
	if (!fd_is_open(asked->fd))
		return POLLNVAL;
	events |= ready & CONSOLE_POLL_IN ? READ_EVENTS : 0;
	events |= ready & CONSOLE_POLL_OUT ? WRITE_EVENTS : 0;
	return (short)(asked->events & events);
}

static uint32_t element(uint32_t address, uint32_t index)
{
	return address + index * sizeof(struct pollfd);
}

static int32_t sum_up(uint32_t address, uint32_t count, struct poll_sum *sum)
{
	struct pollfd asked;
	int32_t result = OK;

	for (uint32_t i = 0; i < count && result == OK; i++) {
		result = user_get(&asked, element(address, i), sizeof(asked));
		if (result == OK)
			add_up(sum, &asked);
	}
	return result;
}

/* Returns how many have an event. */
static int32_t store_answers(uint32_t address, uint32_t count, uint32_t ready)
{
	struct pollfd asked;
	int32_t found = 0, result = OK;

	for (uint32_t i = 0; i < count && result == OK; i++) {
		result = user_get(&asked, element(address, i), sizeof(asked));
		if (result != OK)
			break;
		asked.revents = answer_for(&asked, ready);
		found += asked.revents != 0;
		result = user_put(element(address, i), &asked, sizeof(asked));
	}
	return result == OK ? found : result;
}

/* poll(descriptors, count, msecs) */
int32_t linux_poll(struct bridge_regs *regs)
{
	struct poll_sum sum = {0};
	uint64_t limit = CONSOLE_NO_LIMIT;
	int32_t msecs = (int32_t)regs->edx, result = OK;

	if (regs->ecx > FD_MAX)
		return -EINVAL;
	result = sum_up(regs->ebx, regs->ecx, &sum);
	if (result == OK && sum.closed)
		msecs = 0;
	if (result == OK && msecs >= 0)
		result = limit_after((uint64_t)msecs * NSECS_PER_MSEC, &limit);
	if (result == OK && sum.open)
		result = console_poll(&sum.events, limit);
	else if (result == OK)
		result = sleep_until_limit(limit);
	return result == OK ? store_answers(regs->ebx, regs->ecx, sum.events) : result;
}

/* ---- select ---- */

/* The three sets, of which the third, of exceptions, never has any. */
enum { SET_READ, SET_WRITE, SET_EXCEPT, NR_SETS };

struct select_sets {
	uint32_t address[NR_SETS]; /* in the program; 0: there is none */
	uint32_t words;            /* of each */
	uint32_t bits[NR_SETS][SELECT_MAX / BITS_PER_WORD];
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

/* -EBADF: a member is not open. */
static int32_t sum_members(const struct select_sets *sets, uint32_t end, struct poll_sum *sum)
{
	for (uint32_t fd = 0; fd < end; fd++) {
		int reads = is_member(sets, SET_READ, fd), writes = is_member(sets, SET_WRITE, fd);

		if (!reads && !writes && !is_member(sets, SET_EXCEPT, fd))
			continue;
		if (!fd_is_open((int32_t)fd))
			return -EBADF;
		sum->open++;
		sum->events |= (reads ? CONSOLE_POLL_IN : 0) | (writes ? CONSOLE_POLL_OUT : 0);
	}
	return OK;
}

/* Leaves the members that are ready. Returns how many that are. */
static int32_t keep_ready(struct select_sets *sets, uint32_t end, uint32_t ready)
{
	static const uint32_t events[NR_SETS] = {CONSOLE_POLL_IN, CONSOLE_POLL_OUT, 0};
	int32_t count = 0;

	for (int set = 0; set < NR_SETS; set++) {
		for (uint32_t fd = 0; fd < end; fd++) {
			uint32_t *word = &sets->bits[set][fd / BITS_PER_WORD];

			if (ready & events[set])
				count += is_member(sets, set, fd);
			else
				*word &= ~(1u << fd % BITS_PER_WORD);
		}
	}
	return count;
}

/* `address` 0: without end. */
static int32_t get_limit(uint32_t address, uint64_t *limit)
{
	struct linux_timeval time;
	int32_t result;

	*limit = CONSOLE_NO_LIMIT;
	if (!address)
		return OK;
	result = user_get(&time, address, sizeof(time));
	if (result != OK)
		return result;
	if (time.sec < 0 || time.usec < 0)
		return -EINVAL;
	return limit_after((uint64_t)time.sec * NSECS_PER_SEC + (uint64_t)time.usec * NSECS_PER_USEC, limit);
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
	struct poll_sum sum = {0};
	uint64_t limit;
	int32_t result, count;

	if (regs->ebx > SELECT_MAX)
		return -EINVAL;
	memset(&sets, 0, sizeof(sets));
	result = get_sets(&sets, regs);
	if (result == OK)
		result = sum_members(&sets, regs->ebx, &sum);
	if (result == OK)
		result = get_limit(regs->edi, &limit);
	if (result == OK)
		result = sum.open ? console_poll(&sum.events, limit) : sleep_until_limit(limit);
	if (result != OK)
		return result;
	count = keep_ready(&sets, regs->ebx, sum.events);
	result = put_sets(&sets);
	if (result == OK)
		result = put_time_left(regs->edi, limit);
	return result == OK ? count : result;
}
