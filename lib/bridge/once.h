/* SPDX-License-Identifier: MIT */
/* Requests that are carried out once, though their server dies: <granite/abi/once.h>. */
#ifndef BRIDGE_ONCE_H
#define BRIDGE_ONCE_H

#include <string.h>
#include <granite/abi/errno.h>
#include <granite/abi/once.h>

/*
 * Gives the request a serial number that this process has never used, nor the program that it was before an
 * exec: the time-stamp counter when it began, and one more for each request, which all take longer than a
 * tick of the counter.
 */
uint64_t once_stamp(struct message *m);

/* The answer to a request of before, as if it had come now. */
static inline int32_t once_take_answer(struct message *m, const struct once_outcome *outcome)
{
	memset(m->m_bytes, 0, sizeof(m->m_bytes));
	memcpy(m->m_words, outcome->reply, sizeof(outcome->reply));
	return outcome->result;
}

/* Only writes are ever done in part; what was written is told, whatever came then. Their replies begin with
 * it. */
static inline int32_t once_take_progress(struct message *m, const struct once_outcome *outcome)
{
	memset(m->m_bytes, 0, sizeof(m->m_bytes));
	m->m_words[0] = outcome->progress;
	return OK;
}

#endif
