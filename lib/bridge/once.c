/* SPDX-License-Identifier: MIT */
/* Serial numbers of requests: see once.h. */
#include "once.h"

static uint64_t last; /* 0: there was none yet */

static uint64_t time_stamp(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

uint64_t once_stamp(struct message *m)
{
	if (last == 0)
		last = time_stamp();
	last++;
	m->m_words[ONCE_SERIAL_WORD] = (uint32_t)last;
	m->m_words[ONCE_SERIAL_WORD + 1] = (uint32_t)(last >> 32);
	return last;
}
