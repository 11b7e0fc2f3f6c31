/* SPDX-License-Identifier: MIT */
/*
 * Whole pages copied by sharing them. The kernel asks for it in the middle of a copy, has judged it at this
 * moment, and runs nobody else before VM has answered. If VM can't, it stops anywhere: the pages shared so
 * far hold what copies would, and the kernel copies all of them.
 */
#include "frames.h"
#include "notes.h"
#include "pairs.h"
#include "process.h"
#include "types.h"
#include "vm.h"

struct sharing {
	struct space *source, *destination;
	struct flush source_flush, destination_flush;
};

static bool range_valid(vir_bytes address, uint32_t bytes)
{
	return address % PAGE_SIZE == 0 && bytes % PAGE_SIZE == 0 && address < PROC_SIZE &&
	       bytes <= PROC_SIZE - address;
}

/* Private memory all of it, with the right that copying would need. */
static bool may_share(const struct space *space, vir_bytes start, uint32_t bytes, bool write)
{
	const struct region *region = regions_find(&space->regions, start);

	if (!regions_allow(&space->regions, start, start + bytes, write))
		return false;
	for (; region; region = regions_next(&space->regions, region, start + bytes))
		if (!memory_types[region->type]->shareable)
			return false;
	return true;
}

/* Takes the right to write from the source's entry. */
static void protect_source(struct sharing *sharing, vir_bytes address, uint32_t *entry)
{
	if (!(*entry & PTE_WRITE))
		return;
	pagetable_set(entry, *entry & ~PTE_WRITE);
	flush_page(&sharing->source_flush, address);
}

/*
 * What is to become the destination's entry. Who first writes to a shared frame finds one promised for the
 * copy. Not if it is the archive's: nobody ever writes to that, and its own reference would keep the promise
 * from being taken back.
 */
static bool share_frame(phys_bytes frame, uint32_t *entry)
{
	*entry = frame | PTE_PRESENT | PTE_USER;
	if (frame - archive_start() < archive_bytes()) {
		frame_share(frame);
		return true;
	}
	*entry |= PTE_PAID;
	return frame_share_paid(frame);
}

/* What is at pair->from takes the place of what is at pair->to. */
static int share_present(struct sharing *sharing, const struct page_pair *pair)
{
	phys_bytes frame = *pair->from_entry & PTE_FRAME;
	uint32_t old = *pair->to_entry, new;

	if (frame == (old & PTE_FRAME))
		return OK; /* shared already */
	if (frame_lent(frame) || (old && frame_lent(old & PTE_FRAME)))
		return -EBUSY;
	if (!share_frame(frame, &new))
		return -ENOMEM;
	protect_source(sharing, pair->from, pair->from_entry);
	pagetable_set(pair->to_entry, new);
	if (old) {
		flush_page(&sharing->destination_flush, pair->to);
		frame_release(old & PTE_FRAME, old & PTE_PAID);
	}
	vm_notes.shared_pages++;
	return OK;
}

static int share_page(void *context, const struct page_pair *pair)
{
	struct sharing *sharing = context;
	int result = *pair->from_entry ? OK : space_bring(sharing->source, pair->from, false);

	return result == OK ? share_present(sharing, pair) : result;
}

int do_share(endpoint_t caller, const struct vm_share_req *request, struct vm_share_rep *reply)
{
	struct sharing sharing = {
	        .source = process_space(request->source),
	        .destination = process_space(request->destination),
	};
	uint32_t bytes = request->bytes;
	int result;

	(void)caller;
	(void)reply;
	if (!sharing.source || !sharing.destination || sharing.source == sharing.destination ||
	    !range_valid(request->source_address, bytes) ||
	    !range_valid(request->destination_address, bytes) ||
	    !may_share(sharing.source, request->source_address, bytes, false) ||
	    !may_share(sharing.destination, request->destination_address, bytes, true))
		return -EINVAL;
	sharing.source_flush.directory = pagetable_physical(&sharing.source->pagetable);
	sharing.destination_flush.directory = pagetable_physical(&sharing.destination->pagetable);
	result = pagetable_each_pair(&sharing.source->pagetable, request->source_address,
	                             &sharing.destination->pagetable, request->destination_address, bytes,
	                             share_page, &sharing);
	flush_end(&sharing.source_flush);
	flush_end(&sharing.destination_flush);
	return result;
}
