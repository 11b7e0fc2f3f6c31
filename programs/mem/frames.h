/* SPDX-License-Identifier: MIT */
/* Who has each page frame of the machine. Pure code: who asks VM is main.c. */
#ifndef MEM_FRAMES_H
#define MEM_FRAMES_H

#include <stdint.h>
#include <granite/abi/info.h>
#include <granite/abi/vm.h>

enum owner {
	OWNER_NOTHING, /* no memory is there */
	OWNER_KERNEL,
	OWNER_VM,
	OWNER_TABLES,
	OWNER_POOL, /* kept for page tables, and free */
	OWNER_ARCHIVE,
	OWNER_SHARED, /* several processes */
	OWNER_FREE,
	OWNER_PROCESSES, /* from here on, one number a process */
};

struct frames {
	uint16_t *owner; /* of each frame, by its number */
	uint32_t count;
};

/* The machine before any process: 0, or -1: no memory for the table. */
int frames_init(struct frames *frames, const struct boot_info *info);
void frames_free(struct frames *frames);

/* Notes that `owner`, a process's number, has a page that VM tells of. The archive's frames stay the
 * archive's. */
void frames_claim(struct frames *frames, const struct vm_page *page, uint32_t owner);

/* Counts the frames of each of `nr_owners` owners. */
void frames_count(const struct frames *frames, uint32_t *counts, uint32_t nr_owners);

/* Whether the counts are what VM's account says. */
int frames_agree(const uint32_t *counts, uint32_t nr_owners, const struct vm_info_rep *info);

#endif
