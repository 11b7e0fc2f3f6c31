/* SPDX-License-Identifier: MIT */
#include "frames.h"

#include <string.h>

#include "vm.h"

struct frames frames;

/* The machine's RAM. */
static struct boot_range ranges[BOOT_MMAP_MAX];
static uint32_t nr_ranges;

/* A range of frame numbers; numbers, because addresses would overflow at 4 GiB. */
struct span {
	uint32_t first, end;
};

static struct span span_of(phys_bytes start, uint32_t bytes)
{
	uint32_t first = start >> PAGE_SHIFT;

	return (struct span){first, first + (bytes >> PAGE_SHIFT)};
}

static struct span archive_span(const struct boot_info *info)
{
	return span_of(info->archive_start, page_up(info->archive_bytes));
}

static struct span table_span(const struct boot_info *info)
{
	struct span table = {info->region_end >> PAGE_SHIFT, archive_span(info).end};

	for (uint32_t i = 0; i < info->nr_ranges; i++) {
		struct span range = span_of(info->ranges[i].start, info->ranges[i].bytes);

		if (table.end < range.end)
			table.end = range.end;
	}
	return table.end > table.first ? table : (struct span){table.first, table.first};
}

uint32_t frames_table_bytes(const struct boot_info *info)
{
	struct span table = table_span(info);

	return (table.end - table.first) * sizeof(struct frame);
}

static void put_on_free_list(uint32_t index)
{
	frames.table[index].next = frames.free_list;
	frames.free_list = index;
	frames.free++;
}

/* From the end to the start, so that the list then starts with the lowest frame. */
static void add_memory(struct span range, struct span archive)
{
	for (uint32_t n = range.end; n-- > range.first;) {
		if (n < frames.first) {
			frames.below++;
		} else if (n < archive.first || n >= archive.end) {
			frames.above++;
			put_on_free_list(n - frames.first);
		}
	}
}

static void add_archive(struct span archive)
{
	for (uint32_t n = archive.first; n < archive.end; n++)
		frames.table[n - frames.first].references = 1;
	frames.archive = archive.end - archive.first;
	frames.above += frames.archive;
}

void frames_init(const struct boot_info *info, void *table)
{
	struct span span = table_span(info);

	nr_ranges = info->nr_ranges;
	memcpy(ranges, info->ranges, nr_ranges * sizeof(ranges[0]));
	memset(table, 0, frames_table_bytes(info));
	frames = (struct frames){
	        .table = table,
	        .first = span.first,
	        .count = span.end - span.first,
	        .free_list = FRAMES_END,
	};
	for (uint32_t i = info->nr_ranges; i-- > 0;)
		add_memory(span_of(info->ranges[i].start, info->ranges[i].bytes), archive_span(info));
	add_archive(archive_span(info));
}

bool frames_are_memory(phys_bytes start, uint32_t bytes)
{
	phys_bytes last = start + (bytes - 1);

	for (uint32_t i = 0; i < nr_ranges; i++)
		if (start <= ranges[i].start + (ranges[i].bytes - 1) && ranges[i].start <= last)
			return true;
	return false;
}

static phys_bytes take(void)
{
	uint32_t index = frames.free_list;

	frames.free_list = frames.table[index].next;
	frames.free--;
	frames.table[index] = (struct frame){.references = 1};
	return (frames.first + index) << PAGE_SHIFT;
}

phys_bytes frame_allocate(void)
{
	return frames_available() ? take() : 0;
}

static void take_promise_back(struct frame *f)
{
	f->promised--;
	frames.promised--;
}

/* A promise goes with who has paid for it. If only such are left, one of them needs none. */
void frame_release(phys_bytes frame, bool paid)
{
	struct frame *f = frame_of(frame);

	vmassert(f->references > f->lent);
	f->references--;
	if (f->promised && (paid || f->promised == f->references - f->lent))
		take_promise_back(f);
	if (f->references == 0)
		put_on_free_list(f - frames.table);
}

void frame_lend(phys_bytes frame)
{
	struct frame *f = frame_of(frame);

	vmassert(!frame_shared(frame) && f->lent < FRAME_COUNT_MAX);
	f->references++;
	f->lent++;
}

void frame_unlend(phys_bytes frame)
{
	vmassert(frame_lent(frame));
	frame_of(frame)->lent--;
}

static bool promise(struct frame *f)
{
	if (!frames_available() || f->promised == FRAME_COUNT_MAX)
		return false;
	f->promised++;
	frames.promised++;
	return true;
}

bool frame_promise(phys_bytes frame)
{
	vmassert(frame_of(frame)->promised + 1u < frame_sharers(frame));
	return promise(frame_of(frame));
}

bool frame_share_paid(phys_bytes frame)
{
	struct frame *f = frame_of(frame);

	if (!promise(f))
		return false;
	f->references++;
	return true;
}

bool frame_copy_promised(phys_bytes frame, bool paid)
{
	uint32_t promised = frame_of(frame)->promised;

	return promised && (paid || promised + 1 == frame_sharers(frame));
}

phys_bytes frame_allocate_copy(phys_bytes frame, bool paid)
{
	if (!frame_copy_promised(frame, paid))
		return frame_allocate();
	take_promise_back(frame_of(frame));
	return take();
}
