/* SPDX-License-Identifier: MIT */
/* Which records are printed, and when they were made. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <granite/abi/ipc.h>

#include "../lib/terminal.h"
#include "../lib/wrap.h"
#include "trace.h"

/* ---- Time ---- */

/* What time stamps mean: the processor does not say how fast they count, but some records tell the time. */
struct time_base {
	uint64_t start; /* the first record's */
	double seconds; /* that one count takes */
};

static uint64_t time_told(const struct trace_record *record)
{
	return (uint64_t)record->args[1] << 32 | record->args[0];
}

static struct time_base time_base(const struct recording *recording)
{
	const struct trace_record *first = NULL, *last = NULL;
	struct time_base base = {0};

	for (size_t i = 0; i < recording->count; i++) {
		const struct trace_record *record = &recording->records[i];
		if (record->event != EVENT_TIME)
			continue;
		if (!first)
			first = record;
		last = record;
	}
	if (!first || first->time == last->time)
		return base;
	base.start = first->time;
	base.seconds =
	        (double)(time_told(last) - time_told(first)) / 1e9 / (double)(last->time - first->time);
	return base;
}

/* ---- Selection ---- */

/* By slot: the process there serves us just now, at first or second hand. */
static uint8_t serves_us[ENDPOINT_SLOTS];

static int is_ours(endpoint_t endpoint, endpoint_t self)
{
	return endpoint == self || (endpoint >= 0 && serves_us[ENDPOINT_SLOT(endpoint)]);
}

/* A server works for whose request it took last, until it waits for the next. */
static void begin_service(const struct trace_record *record, endpoint_t self)
{
	uint32_t call = IPC_STATUS_CALL(record->number);

	if (record->event == EVENT_DELIVERED &&
	    (call == IPC_SENDREC || record->number & IPC_STATUS_FROM_KERNEL))
		serves_us[ENDPOINT_SLOT(record->endpoint)] =
		        (uint8_t)is_ours((endpoint_t)record->args[0], self);
}

static void end_service(const struct trace_record *record)
{
	if (record->event == EVENT_RECEIVE || record->event == EVENT_NAME)
		serves_us[ENDPOINT_SLOT(record->endpoint)] = 0;
}

static int is_wanted(endpoint_t endpoint, const struct selection *selection)
{
	for (int i = 0; i < selection->nr_labels; i++)
		if (names_is(endpoint, selection->labels[i]))
			return 1;
	for (int i = 0; i < selection->nr_endpoints; i++)
		if (selection->endpoints[i] == endpoint)
			return 1;
	return selection->nr_labels + selection->nr_endpoints == 0;
}

/* That a server waits after a reply_receive, be it a verdict, goes without saying. (No recording begins with
 * EVENT_RECEIVE.) */
static int is_implied(const struct trace_record *record)
{
	const struct trace_record *before = record - 1;

	if (record->event != EVENT_RECEIVE)
		return 0;
	if (before->event == EVENT_VERDICT)
		return (endpoint_t)before->args[1] == record->endpoint;
	return before->event == EVENT_SEND && before->number == IPC_REPLY_RECEIVE &&
	       before->endpoint == record->endpoint;
}

static int is_selected(const struct trace_record *record, const struct selection *selection)
{
	endpoint_t other = text_other(record);

	if (!(text_kind(record) & selection->kinds) || is_ours(record->endpoint, selection->self) ||
	    other == selection->self)
		return 0;
	if (is_implied(record))
		return 0;
	return is_wanted(record->endpoint, selection) || (other != NONE && is_wanted(other, selection));
}

/* Nobody runs, twice in a row: in between only we ourselves ran, which is not shown. */
static int is_repeated(const struct trace_record *record, const struct trace_record *printed)
{
	return printed && printed->event == EVENT_IDLE && record->event == EVENT_IDLE;
}

/* ---- Printing ---- */

#define MIDDLE_COLUMN 14 /* of text_format's three */
#define LAST_COLUMN   32
#define NARROW        70 /* columns of a terminal on which the last one is not kept below the others */
#define CONTINUED     31 /* where the rest of a line goes on that is too long for the terminal */

/* Returns whether there was something to print. */
static int print(const struct trace_record *record, const struct time_base *base)
{
	char text[TEXT_MAX];
	const char *process = record->endpoint == NONE ? "" : names_process(record->endpoint);

	text_format(record, text, sizeof(text));
	if (!text[0])
		return 0;
	int kept = terminal_width() < NARROW ? MIDDLE_COLUMN : LAST_COLUMN;
	int length = (int)strlen(text), head = length < kept ? length : kept;
	int column =
	        printf("%+11.6f  %-14s  %.*s", (double)(int64_t)(record->time - base->start) * base->seconds,
	               process, head, text);
	if (kept == MIDDLE_COLUMN)
		head += (int)strspn(text + head, " ");
	wrap_line(stdout, text + head, column, CONTINUED, terminal_width());
	return 1;
}

static void print_gap(uint32_t lost)
{
	printf("%11s  -- %" PRIu32 " records are missing here --\n", "", lost);
}

void show(const struct recording *recording, const struct selection *selection)
{
	struct time_base base = time_base(recording);
	const struct trace_record *printed = NULL; /* the last one */
	uint64_t lost = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct trace_record *record = &recording->records[i];
		if (record->event == EVENT_LOST) {
			print_gap(record->args[0]);
			lost += record->args[0];
			continue;
		}
		begin_service(record, selection->self);
		if (is_selected(record, selection) && !is_repeated(record, printed) && print(record, &base))
			printed = record;
		end_service(record);
		names_see(record);
	}
	if (!printed)
		fprintf(stderr, "trace: nothing of what was asked for has happened\n");
	if (lost > 0)
		printf("%" PRIu64
		       " records were overwritten before they could be read: -k and fewer things at a "
		       "time help.\n",
		       lost);
}
