/* SPDX-License-Identifier: MIT */
/* What the files of `trace` share. */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <granite/abi/endpoint.h>
#include <granite/abi/trace.h>

/* record.c: from the kernel's ring into memory of our own. */

/* Where some could not be read in time stands a record with this event; args[0] says how many. */
#define EVENT_LOST 0

struct recording {
	struct trace_record *records;
	size_t count;
};

/* Begins to record `kinds`. Returns OK or a negative errno, as sys_trace_set. */
int record_begin(uint32_t kinds);

/* Fetches what there is by now, often enough before the ring is full. -ENOMEM: no room for more. */
int record_fetch(void);

/* Ends it, and fetches the rest. The result is record.c's. */
const struct recording *record_end(void);

/* names.c: numbers to names. */

/* Learns from the record what processes are called from now on. */
void names_see(const struct trace_record *record);

/* A process's label, with its endpoint while others have the same; or what an endpoint stands for. The text
 * lasts until the next call but three. */
const char *names_process(endpoint_t endpoint);

/* Whether the process has this label. */
int names_is(endpoint_t endpoint, const char *label);

/* A kernel call or a request, by its number, and the text that shows what it is given; NULL: unknown. */
const char *names_operation(uint32_t number);
const char *names_args(uint32_t number);

const char *names_ipc_call(uint32_t number);

/* text.c: a record as text; pure, but for the names. */

#define TEXT_MAX 160

/* Writes what the record says, without time and process, in columns; cut after `size` - 1 bytes. Empty: it is
 * not for people. */
void text_format(const struct trace_record *record, char *text, size_t size);

/* The other process that the record tells of, or NONE. */
endpoint_t text_other(const struct trace_record *record);

/* The bit of its kind; 0 for EVENT_LOST. */
uint32_t text_kind(const struct trace_record *record);

/* show.c: what of it is printed. */

#define WANTED_MAX 16

struct selection {
	uint32_t kinds;
	endpoint_t self;                  /* whose own doings are left out */
	const char *labels[WANTED_MAX];   /* only processes called so, ... */
	endpoint_t endpoints[WANTED_MAX]; /* ... or these; if neither are any, all */
	int nr_labels, nr_endpoints;
};

void show(const struct recording *recording, const struct selection *selection);

#endif
