/* SPDX-License-Identifier: MIT */
#include <granite/vm.h>

int vm_info(struct vm_info_rep *info)
{
	union vm_info_message call;
	int result = vm_info_call(&call);

	if (result == OK)
		*info = call.rep;
	return result;
}

int vm_procinfo(endpoint_t endpoint, struct vm_procinfo_rep *info)
{
	union vm_procinfo_message call;
	int result;

	call.req = (struct vm_procinfo_req){.endpoint = endpoint};
	result = vm_procinfo_call(&call);
	if (result == OK)
		*info = call.rep;
	return result;
}

static int ask_region(endpoint_t endpoint, vir_bytes address, uint32_t below, struct vm_region_rep *region)
{
	union vm_region_message call;
	int result;

	call.req = (struct vm_region_req){.endpoint = endpoint, .address = address, .below = below};
	result = vm_region_call(&call);
	if (result == OK)
		*region = call.rep;
	return result;
}

int vm_region(endpoint_t endpoint, vir_bytes address, struct vm_region_rep *region)
{
	return ask_region(endpoint, address, 0, region);
}

int vm_region_below(endpoint_t endpoint, vir_bytes address, struct vm_region_rep *region)
{
	return ask_region(endpoint, address, 1, region);
}

/* VM can't wait for its own service: a page of the buffer that is not present would be -EFAULT. */
static void make_present(struct vm_page *pages, uint32_t count)
{
	volatile struct vm_page *page = pages;

	for (uint32_t i = 0; i < count; i++)
		page[i].address = page[i].flags = 0; /* its first and its last word */
}

int vm_pages(endpoint_t endpoint, enum vm_pages_what what, uint32_t *from, struct vm_page *pages,
             uint32_t count)
{
	union vm_pages_message call;
	int result;

	if (count > VM_PAGES_AT_ONCE)
		count = VM_PAGES_AT_ONCE;
	make_present(pages, count);
	call.req = (struct vm_pages_req){.endpoint = endpoint,
	                                 .what = what,
	                                 .from = *from,
	                                 .buffer = (vir_bytes)(uintptr_t)pages,
	                                 .count = count};
	result = vm_pages_call(&call);
	if (result != OK)
		return result;
	*from = call.rep.next;
	return (int)call.rep.count;
}

int vm_map_archive(const void **address, size_t *bytes)
{
	union vm_map_archive_message call;
	int result = vm_map_archive_call(&call);

	if (result != OK)
		return result;
	*address = (const void *)(uintptr_t)call.rep.address;
	*bytes = call.rep.bytes;
	return OK;
}
