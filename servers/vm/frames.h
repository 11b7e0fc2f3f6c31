/* SPDX-License-Identifier: MIT */
/*
 * The page frames above the identity map: who refers to them, and which are free. VM can't look into them;
 * what is in a frame is the business of notes (notes.h). Frames are named by their physical address.
 *
 * A frame that VM handed out lives as long as it is referred to. Each page-table entry that holds it is one
 * reference, and the boot archive holds one of each of its frames for ever.
 */
#ifndef VM_FRAMES_H
#define VM_FRAMES_H

#include <stdbool.h>

#include <granite/abi/info.h>
#include <granite/abi/layout.h>

struct frame {
	/* 0: free, or no memory at all. Page tables fit at most 2^30 entries, so this can't overflow. */
	uint32_t references;
	uint32_t next; /* while free: the next free one's index; otherwise unused (the tests count here) */
};

#define FRAMES_END 0xffffffffu /* of the list of free frames */

struct frames {
	struct frame *table;
	uint32_t first; /* number of the first frame in the table */
	uint32_t count;
	uint32_t free_list; /* an index, or FRAMES_END */

	/* Pages of memory: below the identity map's end; above it; of these, the archive's and the free. */
	uint32_t below, above, archive, free;
	uint32_t reserve; /* so many free ones are not given out: see memory.h */
};

extern struct frames frames;

/* How long a table this machine needs, and its making. Everything but the archive is free then. */
uint32_t frames_table_bytes(const struct boot_info *info);
void frames_init(const struct boot_info *info, void *table);

/* How many frame_allocate() would give. */
static inline uint32_t frames_available(void)
{
	return frames.free > frames.reserve ? frames.free - frames.reserve : 0;
}

/* A frame with one reference and unknown contents; 0: there is none. */
phys_bytes frame_allocate(void);

static inline struct frame *frame_of(phys_bytes frame)
{
	return &frames.table[(frame >> PAGE_SHIFT) - frames.first];
}

static inline void frame_share(phys_bytes frame)
{
	frame_of(frame)->references++;
}

/* Gives one reference back, and with the last one the frame. */
void frame_release(phys_bytes frame);

static inline bool frame_shared(phys_bytes frame)
{
	return frame_of(frame)->references > 1;
}

#endif
