/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <granite/abi/priv.h>
#include <granite/sys.h>

#include "frames.h"
#include "kept.h"
#include "pool.h"
#include "process.h"
#include "vm.h"

/* Adds a page that is found at `position`. false: the list is full, and goes on there. */
static bool add(struct page_list *list, uint32_t position, struct vm_page page)
{
	if (list->count == list->limit) {
		list->next = position;
		return false;
	}
	list->page[list->count++] = page;
	return true;
}

static void begin(struct page_list *list)
{
	list->count = list->next = 0;
}

/* ---- An address space ---- */

static int add_entry(void *context, vir_bytes address, uint32_t *entry)
{
	phys_bytes frame = *entry & PTE_FRAME;
	struct vm_page page = {
	        .address = address,
	        .frame = frame,
	        .flags = *entry & PTE_WRITE ? VM_PAGE_WRITE : 0,
	};

	if (*entry & PTE_DEVICE)
		return OK; /* no page frame of the machine's */
	if (frame_common(frame))
		page.flags |= VM_PAGE_SHARED;
	return add(context, address, page) ? OK : -E2BIG;
}

/* false: the list is full. */
static bool add_memory(const struct space *space, vir_bytes from, struct page_list *list)
{
	const struct region *region;
	int result = OK;

	for (region = regions_first(&space->regions, from, PROC_SIZE); region && result == OK;
	     region = regions_next(&space->regions, region, PROC_SIZE))
		result = pagetable_each(&space->pagetable, region->start > from ? region->start : from,
		                        region->end, add_entry, list);
	return result == OK;
}

void pages_of_memory(const struct space *space, vir_bytes from, struct page_list *list)
{
	begin(list);
	(void)add_memory(space, page_down(from), list);
}

static const struct space *nth_estate(uint32_t number)
{
	const struct space *estate = estates;

	while (estate && number-- > 0)
		estate = estate->kept->next;
	return estate;
}

/* A position is an address, and in the bits that it does not use the estate's number. */
void pages_of_estates(uint32_t from, struct page_list *list)
{
	uint32_t number = from % PAGE_SIZE;
	const struct space *estate = nth_estate(number);

	begin(list);
	from = page_down(from);
	for (; estate && number < PAGE_SIZE; estate = estate->kept->next, number++, from = 0) {
		if (add_memory(estate, from, list))
			continue;
		list->next |= number;
		return;
	}
}

/* ---- Its tables ---- */

enum position {
	POSITION_SPACE,
	POSITION_DIRECTORY,
	POSITION_NAMES,
	POSITION_LEAVES,
	POSITION_LENDINGS = POSITION_LEAVES + REGION_LEAVES_MAX,
	POSITION_TABLES = POSITION_LENDINGS + LENDING_PAGES_MAX,
	POSITION_END = POSITION_TABLES + (PROC_SLOT_END - PROC_SLOT_FIRST),
};

static struct vm_page record(const void *page)
{
	return (struct vm_page){.frame = pool_physical(page), .flags = VM_PAGE_RECORD};
}

static struct vm_page leaf(const struct space *space, uint32_t index)
{
	return index < space->regions.nr_leaves ? record(space->regions.leaf[index]) : (struct vm_page){0};
}

static struct vm_page lendings(const struct space *space, uint32_t index)
{
	return index < space->lendings.nr_pages ? record(space->lendings.page[index]) : (struct vm_page){0};
}

static struct vm_page table(const struct space *space, uint32_t index)
{
	uint32_t entry = space->pagetable.directory[PROC_SLOT_FIRST + index];

	if (!entry)
		return (struct vm_page){0};
	return (struct vm_page){
	        .address = index << BIG_PAGE_SHIFT, .frame = entry & PTE_FRAME, .flags = VM_PAGE_TABLE};
}

/* Without flags: nothing is there. */
static struct vm_page at_position(const struct space *space, uint32_t position)
{
	if (position == POSITION_SPACE)
		return record(space);
	if (position == POSITION_DIRECTORY)
		return (struct vm_page){.frame = pagetable_physical(&space->pagetable),
		                        .flags = VM_PAGE_TABLE};
	if (position == POSITION_NAMES)
		return space->kept ? record(space->kept) : (struct vm_page){0};
	if (position < POSITION_LENDINGS)
		return leaf(space, position - POSITION_LEAVES);
	if (position < POSITION_TABLES)
		return lendings(space, position - POSITION_LENDINGS);
	return table(space, position - POSITION_TABLES);
}

/* Its positions follow `before` others. false: the list is full. */
static bool add_tables(const struct space *space, uint32_t from, uint32_t before, struct page_list *list)
{
	for (uint32_t position = from; position < POSITION_END; position++) {
		struct vm_page page = at_position(space, position);

		if (page.flags && !add(list, before + position, page))
			return false;
	}
	return true;
}

void pages_of_tables(const struct space *space, uint32_t from, struct page_list *list)
{
	begin(list);
	(void)add_tables(space, from, 0, list);
}

static uint32_t frame_table_pages(void)
{
	return page_up(frames.count * sizeof(struct frame)) >> PAGE_SHIFT;
}

/* Position 0 is the table of frames' beginning, and after its end comes the directory. */
static bool add_vm(uint32_t from, struct page_list *list)
{
	phys_bytes start = pool_physical(frames.table);
	uint32_t last = frame_table_pages();

	for (uint32_t position = from; position <= last; position++) {
		phys_bytes frame =
		        position < last ? start + (position << PAGE_SHIFT) : pagetable_kernel_only();

		if (!add(list, position, (struct vm_page){.frame = frame, .flags = VM_PAGE_RECORD}))
			return false;
	}
	return true;
}

void pages_of_vm(uint32_t from, struct page_list *list)
{
	uint32_t before = frame_table_pages() + 1;
	const struct space *estate;

	begin(list);
	if (!add_vm(from, list))
		return;
	from = from > before ? from - before : 0;
	before += from / POSITION_END * POSITION_END;
	for (estate = nth_estate(from / POSITION_END); estate; estate = estate->kept->next) {
		if (!add_tables(estate, from % POSITION_END, before, list))
			return;
		before += POSITION_END;
		from = 0;
	}
}

/* ---- The call ---- */

static int collect(const struct space *space, endpoint_t endpoint, const struct vm_pages_req *request,
                   struct page_list *list)
{
	if (request->what == VM_PAGES_TABLES && endpoint == VM_PROC_NR)
		pages_of_vm(request->from, list);
	else if (endpoint == VM_PROC_NR)
		pages_of_estates(request->from, list);
	else if (!space)
		return -EDEADSRCDST;
	else if (request->what == VM_PAGES_TABLES)
		pages_of_tables(space, request->from, list);
	else
		pages_of_memory(space, request->from, list);
	return OK;
}

int do_pages(endpoint_t caller, const struct vm_pages_req *request, struct vm_pages_rep *reply)
{
	static struct page_list list;
	endpoint_t endpoint = request->endpoint == SELF ? caller : request->endpoint;
	int result;

	if (!process_has_privilege(caller, PRIV_INSPECT))
		return -EPERM;
	if (request->what > VM_PAGES_TABLES || request->count == 0)
		return -EINVAL;
	list.limit = request->count < VM_PAGES_AT_ONCE ? request->count : VM_PAGES_AT_ONCE;
	result = collect(estate_or_space(endpoint), endpoint, request, &list);
	if (result == OK)
		result = sys_vircopy(SELF, (vir_bytes)(uintptr_t)list.page, caller, request->buffer,
		                     list.count * sizeof(list.page[0]), VIRCOPY_TRY);
	if (result != OK)
		return result;
	reply->count = list.count;
	reply->next = list.next;
	return OK;
}
