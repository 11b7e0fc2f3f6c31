/* SPDX-License-Identifier: MIT */
/* What outlives ramfs: see kept.h. */
#include <stddef.h>
#include <string.h>

#include "kept.h"
#include "ramfs.h"

#define KEPT_MAGIC 0x534d5247u /* "GRMS" */
#define HEAD_BYTES offsetof(struct kept, clients)

struct kept *kept;
struct journal journal;

/* Killed in here, it is made again by the next. */
void kept_begin_anew(endpoint_t self)
{
	journal_store(&kept->magic, 0);
	journal_barrier();
	memset((uint8_t *)kept + sizeof(kept->magic), 0, HEAD_BYTES - sizeof(kept->magic));
	kept->origin = self;
	journal_barrier();
	journal_store(&kept->magic, KEPT_MAGIC);
}

int kept_open(struct kept *memory, endpoint_t self)
{
	int is_damaged;

	kept = memory;
	journal = (struct journal){.memory = (uint8_t *)memory,
	                           .bytes = sizeof(*memory),
	                           .used = &memory->log_used,
	                           .records = memory->records,
	                           .size = KEPT_RECORDS};
	if (!memory_ready(memory, HEAD_BYTES))
		return -ENOMEM;
	if (memory->magic != KEPT_MAGIC) {
		kept_begin_anew(self);
		return OK;
	}
	is_damaged = journal_recover(&journal) != OK;
	if (is_damaged)
		kept_begin_anew(self);
	once_succeed(&memory->trial);
	return is_damaged;
}

void kept_commit(void)
{
	if (journal_is_open(&journal))
		journal_commit(&journal);
}

/* The page that its end is on may be that of the one before it. */
int kept_has(const void *array, uint32_t fresh, uint32_t bytes)
{
	uintptr_t start = (uintptr_t)array + (uintptr_t)fresh * bytes, end = start + bytes;
	uintptr_t first = (fresh ? start - 1 : start) / PAGE_SIZE + (fresh != 0);
	uintptr_t last = (end - 1) / PAGE_SIZE;

	return first > last || memory_spare((void *)(first * PAGE_SIZE), (last - first + 1) * PAGE_SIZE);
}
