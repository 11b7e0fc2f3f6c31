/* SPDX-License-Identifier: MIT */
/* Requests that are carried out once: see <granite/once.h>. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <granite/once.h>

/* The place that says nothing is filled, and then made the one that counts. */
void once_answer(struct journal *journal, struct once *once, uint64_t serial, int result, const void *reply,
                 size_t bytes)
{
	const uint32_t *words = reply;
	uint32_t other = !once->current;
	struct once_answer *answer = &once->answers[other];

	assert(bytes <= sizeof(answer->reply));
	if (serial == 0)
		return;
	answer->serial = serial;
	answer->result = result;
	for (size_t i = 0; i < ONCE_REPLY_WORDS; i++)
		answer->reply[i] = i < bytes / sizeof(*words) ? words[i] : 0;
	journal_set(journal, &once->current, other);
}

void once_progress(struct journal *journal, struct once *once, uint64_t serial, uint32_t bytes)
{
	if (serial == 0)
		return;
	JOURNAL_SAVE(journal, once->begun);
	once->begun = serial;
	journal_set(journal, &once->progress, bytes);
}

uint32_t once_done_so_far(const struct once *once, uint64_t serial)
{
	return serial && once->begun == serial ? once->progress : 0;
}

void once_tell(const struct once *once, uint64_t serial, struct once_outcome *outcome)
{
	const struct once_answer *answer = once ? &once->answers[once->current] : NULL;

	outcome->is_done = answer && serial && answer->serial == serial;
	outcome->progress = once ? once_done_so_far(once, serial) : 0;
	if (!outcome->is_done)
		return;
	outcome->result = answer->result;
	memcpy(outcome->reply, answer->reply, sizeof(outcome->reply));
}

/* ---- Requests that are a server's end ---- */

int once_try(struct once_trial *trial, endpoint_t caller, uint64_t serial)
{
	if (trial->deaths >= ONCE_DEATHS_MAX && serial && trial->deadly == serial &&
	    trial->deadly_caller == caller)
		return -EIO;
	trial->caller = caller;
	trial->serial = serial;
	journal_barrier();
	return OK;
}

void once_survived(struct once_trial *trial)
{
	journal_barrier();
	trial->serial = 0;
}

void once_succeed(struct once_trial *trial)
{
	if (trial->serial == 0)
		return;
	if (trial->serial != trial->deadly || trial->caller != trial->deadly_caller)
		trial->deaths = 0;
	trial->deadly = trial->serial;
	trial->deadly_caller = trial->caller;
	trial->deaths++;
	once_survived(trial);
}
