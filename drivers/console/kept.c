/* SPDX-License-Identifier: MIT */
/* What outlives the driver: see kept.h. */
#include <errno.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "kept.h"

#define KEPT_MAGIC 0x4e434752u /* "RGCN" */

struct kept *kept;
struct journal journal;

/* Killed in here, it is made again by the next. */
static void begin_anew(enum line_kind kind)
{
	journal_store(&kept->magic, 0);
	journal_barrier();
	memset((uint8_t *)kept + sizeof(kept->magic), 0, sizeof(*kept) - sizeof(kept->magic));
	kept->origin = sys_self();
	line_init(&kept->line, kind);
	ring_expect(&kept->typed);
	journal_barrier();
	journal_store(&kept->magic, KEPT_MAGIC);
}

/* All pages at once: one that can't be had later would be the end of the driver, and of its successors. */
static int get_memory(void)
{
	int result = vm_keep("console", KEPT_BASE, sizeof(*kept), NULL);

	kept = (struct kept *)(uintptr_t)KEPT_BASE;
	return result == OK ? vm_populate(KEPT_BASE, sizeof(*kept)) : result;
}

int kept_open(enum line_kind kind)
{
	int result = get_memory();

	if (result != OK)
		return result;
	journal = (struct journal){.memory = (uint8_t *)kept,
	                           .bytes = sizeof(*kept),
	                           .used = &kept->log_used,
	                           .records = kept->records,
	                           .size = KEPT_RECORDS};
	if (kept->magic != KEPT_MAGIC || journal_recover(&journal) != OK || kept->line.kind != kind)
		begin_anew(kind);
	ring_recover(&kept->typed);
	once_succeed(&kept->trial);
	return OK;
}

void kept_commit(void)
{
	if (journal_is_open(&journal))
		journal_commit(&journal);
}

/* Never another's requests under the caller's name, wherever it is killed. */
struct once *client_once(endpoint_t caller)
{
	struct client *client = &kept->clients[ENDPOINT_SLOT(caller)];

	if (client->endpoint != caller) {
		client->endpoint = 0;
		journal_barrier();
		client->once = (struct once){0};
		journal_barrier();
		client->endpoint = caller;
	}
	return &client->once;
}

void kept_answer(endpoint_t caller, uint64_t serial, int result, const void *reply, size_t bytes)
{
	once_answer(&journal, client_once(caller), serial, result, reply, bytes);
	kept_commit();
}
