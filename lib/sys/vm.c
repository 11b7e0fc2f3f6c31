/* SPDX-License-Identifier: MIT */
#include <granite/vm.h>

int vm_brk(vir_bytes address, vir_bytes *now)
{
	union vm_brk_message call;
	int result;

	call.req = (struct vm_brk_req){.address = address};
	result = vm_brk_call(&call);
	if (result == OK)
		*now = call.rep.address;
	return result;
}

int vm_mmap(vir_bytes hint, size_t bytes, int prot, int flags, vir_bytes *address)
{
	union vm_mmap_message call;
	int result;

	call.req = (struct vm_mmap_req){.address = hint, .bytes = bytes, .prot = prot, .flags = flags};
	result = vm_mmap_call(&call);
	if (result == OK)
		*address = call.rep.address;
	return result;
}

int vm_munmap(vir_bytes address, size_t bytes)
{
	union vm_munmap_message call;

	call.req = (struct vm_munmap_req){.address = address, .bytes = bytes};
	return vm_munmap_call(&call);
}

int vm_mprotect(vir_bytes address, size_t bytes, int prot)
{
	union vm_mprotect_message call;

	call.req = (struct vm_mprotect_req){.address = address, .bytes = bytes, .prot = prot};
	return vm_mprotect_call(&call);
}

static int populate(vir_bytes address, size_t bytes, uint32_t flags)
{
	union vm_populate_message call;
	int result = OK;

	while (bytes > 0 && result == OK) {
		uint32_t now = bytes < VM_MEMREQ_BYTES_MAX ? bytes : VM_MEMREQ_BYTES_MAX;

		call.req = (struct vm_populate_req){.address = address, .bytes = now, .flags = flags};
		result = vm_populate_call(&call);
		address += now;
		bytes -= now;
	}
	return result;
}

int vm_populate(vir_bytes address, size_t bytes)
{
	return populate(address, bytes, 0);
}

int vm_populate_spare(vir_bytes address, size_t bytes)
{
	return populate(address, bytes, VM_POPULATE_SPARE);
}

int vm_map_phys(phys_bytes physical, size_t bytes, int prot, vir_bytes *address)
{
	union vm_map_phys_message call;
	int result;

	call.req = (struct vm_map_phys_req){.physical = physical, .bytes = bytes, .prot = (uint32_t)prot};
	result = vm_map_phys_call(&call);
	if (result == OK)
		*address = call.rep.address;
	return result;
}
