/* SPDX-License-Identifier: MIT */
/*
 * The page frames above the identity map: who refers to them, and which are free. VM can't look into them;
 * what is in a frame is the business of notes (notes.h). Frames are named by their physical address.
 *
 * A frame that VM handed out lives as long as it is referred to. Each page-table entry that holds it is one
 * reference, and the boot archive holds one of each of its frames for ever.
 *
 * References are of two kinds. Those of entries into which a page was lent see whatever its owner does, and
 * are counted apart; the others share the frame copy-on-write. A frame that is lent has just one of the
 * others: its owner's.
 *
 * A snapshot (lend.h) is a frame shared copy-on-write, too, and whoever writes first needs a frame for the
 * copy. It is promised beforehand on account of who has the snapshot, so that the other need not find it. A
 * reference that came about so is paid for: its entry says so (PTE_PAID). A child of its holder's is paid for
 * as well, or there is none.
 *
 * A promise belongs to who has paid for it, and goes with it. Of those that share the frame unpaid, say the
 * owner and a child of its, all but the last find their frames themselves when they write, as if nobody had
 * paid. The last one may take a promise: all that are left have paid then, and one of them needs none. So
 * always, between the steps of an ending (lend_end.c) excepted,
 *
 *     promised == the lesser of: references paid for; all that share the frame, less one
 */
#ifndef VM_FRAMES_H
#define VM_FRAMES_H

#include <stdbool.h>

#include <granite/abi/info.h>
#include <granite/abi/layout.h>

struct frame {
	/* 0: free, or no memory at all. Page tables fit at most 2^30 entries, so this can't overflow. */
	uint32_t references;
	union {
		uint32_t next; /* while free: the next free one's index */
		struct {
			uint16_t lent;     /* references of pages lent; then there is one more */
			uint16_t promised; /* frames kept for copies of it */
		};
	};
};
#define FRAME_COUNT_MAX 0xffffu /* of lent and promised */

#define FRAMES_END      0xffffffffu /* of the list of free frames */

struct frames {
	struct frame *table;
	uint32_t first; /* number of the first frame in the table */
	uint32_t count;
	uint32_t free_list; /* an index, or FRAMES_END */

	/* Pages of memory: below the identity map's end; above it; of these, the archive's and the free. */
	uint32_t below, above, archive, free;
	uint32_t reserve;  /* so many of the free ones are kept back: see memory.h */
	uint32_t promised; /* and so many more, for copies: the sum of all frames' `promised` */
};

extern struct frames frames;

/* How long a table this machine needs, and its making. Everything but the archive is free then. */
uint32_t frames_table_bytes(const struct boot_info *info);
void frames_init(const struct boot_info *info, void *table);

/* Whether any of this physical memory is the machine's RAM. */
bool frames_are_memory(phys_bytes start, uint32_t bytes);

/* How many frame_allocate() would give. */
static inline uint32_t frames_available(void)
{
	uint32_t kept = frames.reserve + frames.promised;

	return frames.free > kept ? frames.free - kept : 0;
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

/* Gives one reference back, not of a page lent, and with the last one the frame. */
void frame_release(phys_bytes frame, bool paid);

/* How many share it copy-on-write, and whether it is more than one. */
static inline uint32_t frame_sharers(phys_bytes frame)
{
	return frame_of(frame)->references - frame_of(frame)->lent;
}

static inline bool frame_shared(phys_bytes frame)
{
	return frame_sharers(frame) > 1;
}

/* Whether anybody else refers to it, in whatever way. */
static inline bool frame_common(phys_bytes frame)
{
	return frame_of(frame)->references > 1;
}

static inline bool frame_lent(phys_bytes frame)
{
	return frame_of(frame)->lent > 0;
}

/* The frame, which is not shared, gets one more reference: of a page that is lent. */
void frame_lend(phys_bytes frame);

/* One of these references becomes one that shares the frame copy-on-write. */
void frame_unlend(phys_bytes frame);

/*
 * frame_promise keeps a free frame for a copy of this one, which is shared; frame_share_paid also adds the
 * reference that shares it. false: that can't be had, and nothing has changed.
 */
bool frame_promise(phys_bytes frame);
bool frame_share_paid(phys_bytes frame);

/*
 * Whether a frame is promised for the copy that who has such a reference makes; and as frame_allocate(), for
 * this copy. Then the reference is to be given back, and not as one paid for: what it had is used up.
 */
bool frame_copy_promised(phys_bytes frame, bool paid);
phys_bytes frame_allocate_copy(phys_bytes frame, bool paid);

#endif
