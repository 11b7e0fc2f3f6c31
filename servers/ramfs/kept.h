/* SPDX-License-Identifier: MIT */
/*
 * What must outlive ramfs: all that its clients have. It lies at KEPT_BASE, in memory that a successor finds
 * (vm_keep), so it may hold pointers to itself; the nodes of the archive's tree it names by inode, for each
 * successor reads the archive anew. Whatever says anything there is noted before it is changed (CHANGING) and
 * becomes true at the next kept_commit, with the answer to the request that has asked for it. Elements that
 * have never been used say nothing; nor do free ones but for their `next_free`, which in others says nothing.
 *
 * Memory that is touched for the first time has been asked for before (kept_has): a page fault without memory
 * would be the end of ramfs, and of each successor.
 */
#ifndef RAMFS_KEPT_H
#define RAMFS_KEPT_H

#include <granite/abi/layout.h>
#include <granite/once.h>
#include "client.h"
#include "pipe.h"

#define FILES_MAX    4096
#define KEPT_RECORDS 2048 /* the longest transaction closes all descriptors of two clients */

struct kept {
	uint32_t magic; /* KEPT_MAGIC; stored last when all is made anew */
	uint32_t log_used;
	endpoint_t origin;    /* the server that it began with */
	uint32_t events_done; /* the number of PM's last event that is done */
	struct once_trial trial;

	/* Elements from `fresh` on have never been used; `free` are those that are free again. */
	uint32_t clients_fresh, files_fresh, pipes_fresh;
	uint32_t nr_clients, nr_files, nr_pipes;
	struct client *clients_free;
	struct open_file *files_free;
	struct pipe *pipes_free;

	struct client *by_slot[ENDPOINT_SLOTS]; /* NULL: the slot's owner has nothing */
	struct journal_record records[KEPT_RECORDS];
	struct pipe pipes[PIPES_MAX];

	/* From here on only what is in use has memory. */
	struct client clients[ENDPOINT_SLOTS] __attribute__((aligned(PAGE_SIZE)));
	struct open_file files[FILES_MAX] __attribute__((aligned(PAGE_SIZE)));
	uint8_t pipe_bytes[PIPES_MAX][RAMFS_PIPE_CAPACITY] __attribute__((aligned(PAGE_SIZE)));
};

extern struct kept *kept;
extern struct journal journal;

/* Notes the object, which is about to change. */
#define CHANGING(object) JOURNAL_SAVE(&journal, object)

/*
 * Takes over what a predecessor has left in `memory`, or, if there is nothing that can be trusted, begins
 * anew with `self` as origin. Returns 1 if it was damaged; -ENOMEM.
 */
GRANITE_MUST_CHECK int kept_open(struct kept *memory, endpoint_t self);

/* Forgets everything. */
void kept_begin_anew(endpoint_t self);

void kept_commit(void);

/*
 * Whether the element `fresh` of an array, each of `bytes`, can be used: those before it have their pages.
 * 0: there is no memory, but what is kept back for services, which no client gets at.
 */
int kept_has(const void *array, uint32_t fresh, uint32_t bytes);

#endif
