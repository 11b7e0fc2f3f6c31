/* SPDX-License-Identifier: MIT */
/* Records as text: carries out the texts of <granite/abi/trace.h>. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <granite/abi/errno.h>
#include <granite/abi/vm.h>

#include "../lib/errors.h"
#include "../lib/signals.h"
#include "trace.h"

#define NR_ARGS  4
#define NSEC_SEC 1e9

static const struct {
	const char *text;
	uint32_t kind;
} events[] = {
#define EVENT(number, NAME, kind, text) [number] = {text, TRACE_##kind},
        TRACE_EVENTS(EVENT)
#undef EVENT
};
#define NR_EVENTS (sizeof(events) / sizeof(events[0]))

/* Where columns begin. */
static const size_t columns[] = {14, 32};

struct output {
	char *text;
	size_t size, used;
	unsigned column;
};

static __attribute__((format(printf, 2, 3))) void put(struct output *out, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(out->text + out->used, out->size - out->used, format, arguments);
	va_end(arguments);
	if (length > 0)
		out->used += (size_t)length;
	if (out->used >= out->size)
		out->used = out->size - 1;
}

static void end_column(struct output *out)
{
	if (out->used > 0 && out->text[out->used - 1] != ' ')
		put(out, " ");
	while (out->column < sizeof(columns) / sizeof(columns[0]) && out->used < columns[out->column] &&
	       out->used < out->size - 1)
		put(out, " ");
	out->column++;
}

static void put_result(struct output *out, int32_t result)
{
	const char *name = result < 0 && result > INT32_MIN ? error_name(-result) : NULL;

	if (result == OK)
		put(out, "OK");
	else if (name)
		put(out, "%s", name);
	else
		put(out, "%d", result);
}

/* A request's number, or the result in its reply. */
static void put_type(struct output *out, uint32_t type)
{
	const char *name = names_operation(type);

	if (name)
		put(out, "%s", name);
	else
		put_result(out, (int32_t)type);
}

static void put_fault(struct output *out, uint32_t error)
{
	put(out, "%s, %s", error & VM_FAULT_WRITE ? "write" : "read",
	    error & VM_FAULT_PRESENT ? "not allowed" : "not there");
}

static void put_seconds(struct output *out, uint32_t low, uint32_t high)
{
	put(out, "%g s", (double)((uint64_t)high << 32 | low) / NSEC_SEC);
}

static void put_text(struct output *out, const char *text, uint32_t number, const uint32_t *args, int count);

/* What the operation is given, as far as that was recorded. */
static void put_args(struct output *out, uint32_t operation, const uint32_t *args, int count)
{
	const char *text = names_args(operation);

	if (text)
		put_text(out, text, operation, args, count);
}

/* args: the operand and the `count` - 1 arguments behind it. */
static void put_operand(struct output *out, char form, const uint32_t *args, int count)
{
	char label[NR_ARGS * sizeof(args[0]) + 1] = {0};

	switch (form) {
	case 'e':
		put(out, "%s", names_process((endpoint_t)args[0]));
		break;
	case 'm':
		put_type(out, args[0]);
		break;
	case 'r':
		put_result(out, (int32_t)args[0]);
		break;
	case 'c':
		put(out, "%s", names_ipc_call(args[0] & ~(uint32_t)TRACE_QUEUED));
		break;
	case 's':
		put(out, "%s", signal_name((int)args[0]));
		break;
	case 'f':
		put_fault(out, args[0]);
		break;
	case 'w':
		put(out, "%s", args[0] ? ", to be written" : "");
		break;
	case 'l':
		memcpy(label, args, (size_t)count * sizeof(args[0]));
		put(out, "%s", label);
		break;
	case 't':
		put_seconds(out, args[0], count > 1 ? args[1] : 0);
		break;
	case 'd':
		put(out, "%d", (int32_t)args[0]);
		break;
	case 'u':
		put(out, "%u", args[0]);
		break;
	default:
		put(out, "0x%x", args[0]);
		break;
	}
}

/* {an}: the operation is the number, and its arguments are all there are; {a1}: those behind argument 1. */
static void put_braces(struct output *out, char form, char which, uint32_t number, const uint32_t *args,
                       int count)
{
	int index = which == 'n' ? 0 : which - '0';

	if (index >= count)
		put(out, "?");
	else if (form == 'a' && which == 'n')
		put_args(out, number, args, count);
	else if (form == 'a')
		put_args(out, args[index], args + index + 1, count - index - 1);
	else if (which == 'n')
		put_operand(out, form, &number, 1);
	else
		put_operand(out, form, args + index, count - index);
}

static void put_text(struct output *out, const char *text, uint32_t number, const uint32_t *args, int count)
{
	for (; *text; text++) {
		if (*text == '\t') {
			end_column(out);
		} else if (*text == '{') {
			put_braces(out, text[1], text[2], number, args, count);
			text += 3;
		} else {
			put(out, "%c", *text);
		}
	}
}

void text_format(const struct trace_record *record, char *text, size_t size)
{
	struct output out = {.text = text, .size = size};

	text[0] = '\0';
	if (record->event >= NR_EVENTS || !events[record->event].text)
		put(&out, "event %u", record->event);
	else
		put_text(&out, events[record->event].text, record->number, record->args, NR_ARGS);
	while (out.used > 0 && text[out.used - 1] == ' ')
		text[--out.used] = '\0';
}

uint32_t text_kind(const struct trace_record *record)
{
	return record->event < NR_EVENTS ? events[record->event].kind : 0;
}

/* The first operand that is an endpoint. */
endpoint_t text_other(const struct trace_record *record)
{
	const char *operand;

	if (record->event >= NR_EVENTS || !events[record->event].text)
		return NONE;
	operand = strstr(events[record->event].text, "{e");
	return operand ? (endpoint_t)record->args[operand[2] - '0'] : NONE;
}
