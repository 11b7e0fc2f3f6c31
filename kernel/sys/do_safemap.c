/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/abi/vm.h>

#include "arch.h"
#include "kcall.h"
#include "vmrequest.h"

static int range_valid(const struct proc *caller, const struct sys_safemap_req *request)
{
	return request->address % PAGE_SIZE == 0 && request->bytes % PAGE_SIZE == 0 && request->bytes > 0 &&
	       request->writable <= 1 && copy_in_range(caller, request->address, request->bytes);
}

static uint32_t lend_flags(const struct sys_safemap_req *request, const struct grant_use *use)
{
	return (request->writable ? VM_LEND_WRITE : 0) | (use->flags & CPF_UNMAP ? VM_LEND_UNMAP : 0);
}

/*
 * SYS_SAFEMAP: maps what was granted to the caller. Errors: those of grant_judge(); EINVAL a range that is
 * not whole pages of the caller, a small process on either side, or what VM says; see <granite/grant.h>.
 */
int do_safemap(struct proc *caller, const struct sys_safemap_req *request, struct sys_safemap_rep *reply)
{
	struct grant_wish wish = {
	        .granter = request->granter,
	        .id = request->grant,
	        .offset = request->offset,
	        .bytes = request->bytes,
	        .rights = CPF_READ | CPF_MAP | (request->writable ? CPF_WRITE : 0),
	};
	struct grant_use use;
	int result;

	(void)reply;
	if (!range_valid(caller, request))
		return -EINVAL;
	result = grant_judge(caller, &wish, &use);
	if (result != OK)
		return result;
	if (use.address % PAGE_SIZE || proc_small(caller) || proc_small(use.owner))
		return -EINVAL;
	return vm_lend(caller, &use, request->address, request->bytes, lend_flags(request, &use));
}
