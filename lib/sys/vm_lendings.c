/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <granite/vm.h>

/* VM can't wait for its own service: the buffer must be there. */
static uint32_t make_present(struct vm_lending *lendings, uint32_t count)
{
	if (count > VM_LENDINGS_AT_ONCE)
		count = VM_LENDINGS_AT_ONCE;
	memset(lendings, 0, count * sizeof(lendings[0]));
	return count;
}

int vm_lendings(endpoint_t endpoint, uint32_t *from, struct vm_lending *lendings, uint32_t count)
{
	union vm_lendings_message call;
	int result;

	count = make_present(lendings, count);
	call.req = (struct vm_lendings_req){.endpoint = endpoint,
	                                    .from = *from,
	                                    .buffer = (vir_bytes)(uintptr_t)lendings,
	                                    .count = count};
	result = vm_lendings_call(&call);
	if (result != OK)
		return result;
	*from = call.rep.next;
	return (int)call.rep.count;
}

int vm_is_held(cp_grant_id_t grant)
{
	union vm_is_held_message call;
	int result;

	call.req = (struct vm_is_held_req){.grant = grant};
	result = vm_is_held_call(&call);
	return result == OK ? (int)call.rep.is_held : result;
}

int vm_viewers(endpoint_t endpoint, vir_bytes address, uint32_t *from, struct vm_lending *viewers,
               uint32_t count, struct vm_viewers_rep *page)
{
	union vm_viewers_message call;
	int result;

	count = make_present(viewers, count);
	call.req = (struct vm_viewers_req){.endpoint = endpoint,
	                                   .address = address,
	                                   .from = *from,
	                                   .buffer = (vir_bytes)(uintptr_t)viewers,
	                                   .count = count};
	result = vm_viewers_call(&call);
	if (result != OK)
		return result;
	if (page)
		*page = call.rep;
	*from = call.rep.next;
	return (int)call.rep.count;
}
