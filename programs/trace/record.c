/* SPDX-License-Identifier: MIT */
/* Fetches records from the kernel's ring before they are overwritten. See trace.h. */
#include <errno.h>
#include <stdlib.h>
#include <granite/sys.h>

#include "trace.h"

#define ROOM_FIRST 4096 /* records */

static struct recording recording;
static size_t room;
static uint64_t next; /* the number of the record to be fetched */

static int make_room(void)
{
	size_t more = room ? 2 * room : ROOM_FIRST;
	struct trace_record *records;

	if (room - recording.count > TRACE_READ_MAX) /* one for those that are lost */
		return OK;
	records = realloc(recording.records, more * sizeof(*records));
	if (!records)
		return -ENOMEM;
	recording.records = records;
	room = more;
	return OK;
}

static void note_lost(uint64_t count)
{
	recording.records[recording.count++] =
	        (struct trace_record){.endpoint = NONE, .event = EVENT_LOST, .args = {(uint32_t)count}};
}

/* Fetches some. Returns how many; *end: where the ring ends by now. */
static int fetch_some(uint64_t *end)
{
	struct trace_record some[TRACE_READ_MAX];
	struct trace_span span;
	int count = make_room();

	if (count == OK)
		count = sys_trace_read(next, some, TRACE_READ_MAX, &span);
	if (count < 0)
		return count;
	if (span.first > next)
		note_lost(span.first - next);
	for (int i = 0; i < count; i++)
		recording.records[recording.count++] = some[i];
	next = span.first + (uint64_t)count;
	*end = span.next;
	return count;
}

/* Up to `end`, not further: each call may add to the ring. */
static int fetch_until(uint64_t end)
{
	uint64_t unused;

	while (next < end) {
		int result = fetch_some(&unused);

		if (result < 0)
			return result;
	}
	return OK;
}

int record_begin(uint32_t kinds)
{
	struct trace_span span;
	int result = make_room();

	if (result == OK)
		result = sys_trace_set(kinds, &span);
	if (result == OK)
		next = span.first;
	return result;
}

int record_fetch(void)
{
	uint64_t end;
	int result = fetch_some(&end);

	return result < 0 ? result : fetch_until(end);
}

const struct recording *record_end(void)
{
	struct trace_span span;

	if (sys_trace_set(0, &span) == OK)
		(void)fetch_until(span.next);
	return &recording;
}
