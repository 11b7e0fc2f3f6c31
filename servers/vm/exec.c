/* SPDX-License-Identifier: MIT */
/*
 * Exec: a new address space is built beside the old one, and takes its place when it is whole. Who is the
 * heir of another has it built in what that one left.
 */
#include <granite/sys.h>

#include "kept.h"
#include "notes.h"
#include "process.h"
#include "types.h"
#include "vm.h"

#define PROT_ALL (VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXEC)

static vir_bytes segment_end(const struct vm_segment *segment)
{
	return segment->address + segment->bytes;
}

/* Where the bytes of the file end, and the zeros begin. */
static vir_bytes file_end(const struct vm_segment *segment)
{
	return segment->address + segment->file_bytes;
}

/* How many zeros must be written behind the file's bytes: the rest of the page, if the segment goes on. */
static uint32_t tail_bytes(const struct vm_segment *segment)
{
	if (segment->file_bytes == 0 || segment->file_bytes == segment->bytes)
		return 0;
	return page_up(file_end(segment)) - file_end(segment);
}

static bool in_process(const struct vm_segment *segment)
{
	return segment->address >= PROC_MIN_ADDRESS && segment->address < MMAP_TOP && segment->bytes > 0 &&
	       segment->bytes <= MMAP_TOP - segment->address;
}

static bool in_archive(const struct vm_segment *segment)
{
	return segment->file_bytes <= segment->bytes && segment->archive_offset <= archive_bytes() &&
	       segment->file_bytes <= archive_bytes() - segment->archive_offset;
}

/* Zeros are written behind the file's bytes, so they can't be in memory that is read-only. */
static bool segment_valid(const struct vm_segment *segment)
{
	if (!in_process(segment) || !in_archive(segment) || segment->prot & ~PROT_ALL)
		return false;
	if (segment->file_bytes && (segment->address - segment->archive_offset) % PAGE_SIZE != 0)
		return false;
	return segment->prot & VM_PROT_WRITE || tail_bytes(segment) == 0;
}

static bool plan_valid(const struct vm_exec_plan *plan)
{
	if (plan->nr_segments == 0 || plan->nr_segments > VM_SEGMENTS_MAX ||
	    plan->stack_bytes > STACK_SIZE_MAX)
		return false;
	for (uint32_t i = 0; i < plan->nr_segments; i++)
		if (!segment_valid(&plan->segments[i]))
			return false;
	return true;
}

/* ---- Building ---- */

static int map(struct space *space, const struct region *region)
{
	int result;

	if (region->start == region->end)
		return OK;
	result = space_map(space, region);
	return result == -EEXIST ? -EINVAL : result; /* segments overlap */
}

/*
 * Text and constants come in at once, as all that is lent: it takes no frame, only entries, and each page
 * fault would cost much more. Not what can be written: the first write would take its page fault all the
 * same.
 */
static int map_at_once(struct space *space, const struct region *file)
{
	if (file->prot & VM_PROT_WRITE || !region_allows(file, false))
		return OK;
	return space_bring_all(space, file->start, file->end, false);
}

/*
 * What follows a file's last bytes in the archive is another file's: the segment gets a copy of that page,
 * with zeros behind them.
 */
static int clear_tail(struct space *space, const struct vm_segment *segment)
{
	vir_bytes end = file_end(segment);
	int result = space_bring(space, end, true);

	if (result == OK)
		note_add(NOTE_ZERO, (*pagetable_find(&space->pagetable, end) & PTE_FRAME) | end % PAGE_SIZE,
		         0);
	return result;
}

static int map_segment(struct space *space, const struct vm_segment *segment)
{
	vir_bytes start = page_down(segment->address), end = page_up(segment_end(segment));
	vir_bytes zeros = segment->file_bytes ? page_up(file_end(segment)) : start;
	struct region file = {
	        .start = start,
	        .end = zeros,
	        .object = archive_start() + page_down(segment->archive_offset),
	        .prot = segment->prot,
	        .type = REGION_ARCHIVE,
	};
	struct region rest = {.start = zeros, .end = end, .prot = segment->prot, .type = REGION_ANONYMOUS};
	int result = map(space, &file);

	if (result == OK)
		result = map(space, &rest);
	if (result == OK)
		result = map_at_once(space, &file);
	if (result == OK && tail_bytes(segment))
		result = clear_tail(space, segment);
	if (end > space->heap_start)
		space->heap_start = space->heap_end = end;
	return result;
}

static int map_stack(struct space *space, uint32_t present)
{
	struct region stack = {
	        .start = STACK_TOP - STACK_SIZE_MAX,
	        .end = STACK_TOP,
	        .prot = VM_PROT_READ | VM_PROT_WRITE,
	        .type = REGION_ANONYMOUS,
	};
	int result = map(space, &stack);

	return result == OK ? space_bring_all(space, STACK_TOP - present, STACK_TOP, true) : result;
}

static int build(struct space *space, const struct vm_exec_plan *plan)
{
	int result = OK;

	for (uint32_t i = 0; i < plan->nr_segments && result == OK; i++)
		result = map_segment(space, &plan->segments[i]);
	return result == OK ? map_stack(space, plan->stack_bytes) : result;
}

/* ---- Taking the old one's place ---- */

/*
 * The process does not run from the change of directories on, so it never sees what is taken back. Mostly it
 * waits for PM anyway; but it may have only sent its request.
 */
static int replace(struct process *process, struct space *new)
{
	struct space *old = process->space;
	int result = sys_vmctl_setdir(process->endpoint, pagetable_physical(&new->pagetable));

	if (result != OK)
		return result;
	process->space = new;
	new->endpoint = process->endpoint;
	space_destroy(old);
	return OK;
}

static int build_and_replace(struct process *process, struct space *new, const struct vm_exec_plan *plan)
{
	int result = build(new, plan);

	return result == OK ? replace(process, new) : result;
}

/* The new program is built in what it inherits. */
static int exec_heir(struct process *process, struct space *estate, const struct vm_exec_plan *plan)
{
	int result = build_and_replace(process, estate, plan);

	if (result == OK)
		estate_accept(estate);
	else
		estate_restore(estate);
	return result;
}

static int exec(struct process *process, const struct vm_exec_plan *plan)
{
	struct space *estate, *new;
	int result;

	estate = estate_of_heir(process->endpoint);
	if (estate)
		return exec_heir(process, estate, plan);
	new = space_create();
	if (!new)
		return -ENOMEM;
	result = build_and_replace(process, new, plan);
	if (result != OK)
		space_destroy(new);
	return result;
}

int process_exec(struct process *process, const struct vm_exec_plan *plan)
{
	int result;

	if (!plan_valid(plan))
		return -EINVAL;
	if (process_is_service(process))
		process_becomes_service(process);
	if (!process_has_reserve(process))
		return exec(process, plan);
	memory_open(RESERVE_FOR_RS);
	result = exec(process, plan);
	memory_close();
	return result;
}

int do_exec(endpoint_t caller, const struct vm_exec_req *request, struct vm_exec_rep *reply)
{
	struct process *process = process_find(request->endpoint);
	struct vm_exec_plan plan;
	int result;

	(void)reply;
	if (caller != PM_PROC_NR)
		return -EPERM;
	if (!process)
		return -EDEADSRCDST;
	result = sys_vircopy(caller, request->plan, SELF, (vir_bytes)(uintptr_t)&plan, sizeof(plan),
	                     VIRCOPY_TRY);
	return result == OK ? process_exec(process, &plan) : result;
}
