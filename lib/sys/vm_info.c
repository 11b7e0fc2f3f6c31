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

int vm_region(endpoint_t endpoint, vir_bytes address, struct vm_region_rep *region)
{
	union vm_region_message call;
	int result;

	call.req = (struct vm_region_req){.endpoint = endpoint, .address = address};
	result = vm_region_call(&call);
	if (result == OK)
		*region = call.rep;
	return result;
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
