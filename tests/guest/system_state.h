/* SPDX-License-Identifier: MIT */
/* All that a test can see of what the system holds for processes: pages, slots, messages, alarms, rights. */
#ifndef GUEST_SYSTEM_STATE_H
#define GUEST_SYSTEM_STATE_H

#include <granite/abi/layout.h>
#include <granite/abi/priv.h>

#include "pages.h"

#define STATE_PROCESSES 32

/* What does not change while a process goes on. */
struct standing {
	endpoint_t endpoint;
	uint32_t priority, priv_id, priv_flags;
	char name[PROC_NAME_MAX];
};

struct system_state {
	struct account account;
	struct kernel_usage usage;
	uint32_t count, alarms; /* processes, and how many of them have an alarm set */
	struct standing processes[STATE_PROCESSES];
};

static inline void note_standing(struct system_state *state, const struct proc_info *info)
{
	if (!CHECK(state->count < STATE_PROCESSES))
		return;
	struct standing *standing = &state->processes[state->count++];
	state->alarms += info->alarm;
	standing->endpoint = info->endpoint;
	standing->priority = info->priority;
	standing->priv_id = info->priv_id;
	standing->priv_flags = info->priv_flags;
	memcpy(standing->name, info->name, sizeof(standing->name));
}

static inline struct system_state state_now(void)
{
	static struct proc_info slots[32];
	struct system_state state;
	memset(&state, 0, sizeof(state));
	for (uint32_t first = 0; first < ENDPOINT_SLOTS; first += 32) {
		CHECK_INT(sys_getinfo(GET_PROCTAB, slots, sizeof(slots), first), sizeof(slots));
		for (int i = 0; i < 32; i++)
			if (slots[i].endpoint != NONE)
				note_standing(&state, &slots[i]);
	}
	CHECK_INT(sys_getinfo(GET_USAGE, &state.usage, sizeof(state.usage), 0), sizeof(state.usage));
	state.account = account_now();
	return state;
}

/* Nothing is left of what has been done since, and the processes of then are as they were. */
static inline void check_state(const struct system_state *before)
{
	const struct system_state now = state_now();
	check_account(&before->account);
	CHECK_INT(now.usage.processes, before->usage.processes);
	CHECK_INT(now.usage.async_messages, before->usage.async_messages);
	/* A server may have one for what it still has to do: for a client that it does not yet know to be
	 * dead, say. */
	CHECK_INT(now.usage.alarms, now.alarms);
	CHECK_INT(now.usage.interrupts, before->usage.interrupts);
	CHECK_INT(now.count, before->count);
	for (uint32_t i = 0; i < before->count; i++)
		CHECK(!memcmp(&now.processes[i], &before->processes[i], sizeof(now.processes[i])));
}

#endif
