/* SPDX-License-Identifier: MIT */
/* The names of processes, as the records tell them, and of operations. See trace.h. */
#include <stdio.h>
#include <string.h>
#include <granite/abi/console.h>
#include <granite/abi/ipc.h>
#include <granite/abi/pm.h>
#include <granite/abi/ds_calls.h>
#include <granite/abi/ds_label.h>
#include <granite/abi/ramfs.h>
#include <granite/abi/rs.h>
#include <granite/abi/server.h>
#include <granite/abi/sys.h>
#include <granite/abi/vm.h>

#include "trace.h"

/* ---- Processes ---- */

#define LABEL_BYTES (PROC_NAME_MAX + sizeof("/2147483647"))

/* Who lives in the slot, or did so last. */
static struct {
	endpoint_t endpoint; /* 0: nobody ever */
	int lives;
	int shared; /* others that live are called the same */
	char label[PROC_NAME_MAX];
} slots[ENDPOINT_SLOTS];

static void compare_labels(const char *label)
{
	int count = 0;

	for (int i = 0; i < ENDPOINT_SLOTS; i++)
		count += slots[i].lives && strcmp(slots[i].label, label) == 0;
	for (int i = 0; i < ENDPOINT_SLOTS; i++)
		if (strcmp(slots[i].label, label) == 0)
			slots[i].shared = count > 1;
}

static void set_label(int slot, endpoint_t endpoint, const uint32_t *args)
{
	char old[PROC_NAME_MAX];

	memcpy(old, slots[slot].label, sizeof(old));
	slots[slot].endpoint = endpoint;
	slots[slot].lives = 1;
	memcpy(slots[slot].label, args, PROC_NAME_MAX);
	slots[slot].label[PROC_NAME_MAX - 1] = '\0';
	compare_labels(old);
	compare_labels(slots[slot].label);
}

void names_see(const struct trace_record *record)
{
	int slot = ENDPOINT_SLOT(record->endpoint);

	if (record->event == EVENT_NAME || record->event == EVENT_EXEC)
		set_label(slot, record->endpoint, record->args);
	if (record->event == EVENT_EXIT) {
		slots[slot].lives = 0;
		compare_labels(slots[slot].label);
	}
}

static const char *special(endpoint_t endpoint)
{
	switch (endpoint) {
	case ANY:
		return "anyone";
	case NONE:
		return "none";
	case SELF:
		return "itself";
	case HARDWARE:
		return "hardware";
	case CLOCK:
		return "clock";
	default:
		return NULL;
	}
}

const char *names_process(endpoint_t endpoint)
{
	static char texts[4][LABEL_BYTES];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	int slot = ENDPOINT_SLOT(endpoint);

	if (special(endpoint))
		return special(endpoint);
	if (slots[slot].endpoint != endpoint || !slots[slot].label[0])
		snprintf(text, LABEL_BYTES, "%d", endpoint);
	else if (slots[slot].shared)
		snprintf(text, LABEL_BYTES, "%s/%d", slots[slot].label, endpoint);
	else
		snprintf(text, LABEL_BYTES, "%s", slots[slot].label);
	return text;
}

int names_is(endpoint_t endpoint, const char *label)
{
	int slot = ENDPOINT_SLOT(endpoint);

	return endpoint >= 0 && slots[slot].endpoint == endpoint && strcmp(slots[slot].label, label) == 0;
}

/* ---- Operations ---- */

const char *names_operation(uint32_t number)
{
	switch (number) {
#define OP(number, NAME, name) \
	case number:           \
		return #NAME;
#include <granite/abi/ops/sys.def>
#include <granite/abi/ops/vm.def>
#include <granite/abi/ops/vm_kernel.def>
#include <granite/abi/ops/pm.def>
#include <granite/abi/ops/pm_kernel.def>
#include <granite/abi/ops/rs.def>
#include <granite/abi/ops/console.def>
#include <granite/abi/ops/ramfs.def>
#include <granite/abi/ops/ds.def>
#include <granite/abi/ops/ds_label.def>
#include <granite/abi/ops/server.def>
#undef OP
	case NOTIFY_MESSAGE:
		return "notification";
	default:
		return NULL;
	}
}

const char *names_args(uint32_t number)
{
	static const struct {
		uint32_t number;
		const char *text;
	} args[] = {
#define ARGS(NAME, text) {NAME, text},
#include <granite/abi/trace_args.def>
#undef ARGS
	};

	for (unsigned i = 0; i < sizeof(args) / sizeof(args[0]); i++)
		if (args[i].number == number)
			return args[i].text;
	return NULL;
}

const char *names_ipc_call(uint32_t number)
{
	static const char *const names[IPC_NR] = {
	        [IPC_SEND] = "send",
	        [IPC_RECEIVE] = "receive",
	        [IPC_SENDREC] = "sendrec",
	        [IPC_REPLY_RECEIVE] = "reply_receive",
	        [IPC_NOTIFY] = "notify",
	        [IPC_SENDNB] = "sendnb",
	        [IPC_SENDA] = "senda",
	        [IPC_SENDREC_INTR] = "sendrec_intr",
	        [IPC_NOTIFY_LATER] = "notify_later",
	};

	return number < IPC_NR && names[number] ? names[number] : "no IPC call";
}
