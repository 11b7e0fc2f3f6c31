/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>
#include <granite/abi/vmnotes.h>

#include "arch.h"
#include "boot.h"
#include "grant.h"
#include "kcall.h"
#include "notes.h"
#include "priv.h"

static int paging_on(struct proc *caller, phys_bytes directory, vir_bytes notes)
{
	if (vm_notes || !arch_directory_valid(directory) ||
	    !copy_in_range(caller, notes, sizeof(struct vm_notes)))
		return -EINVAL;
	vm_notes = (struct vm_notes *)(boot_info.vm_base + notes);
	arch_paging_on(directory);
	return OK;
}

/* For exec. Until SYS_EXEC starts what is in p's new memory, p has no program: where it was means nothing
 * there. */
static int set_directory(endpoint_t endpoint, phys_bytes directory)
{
	struct proc *p = proc_lookup(endpoint);

	if (!p)
		return -EDEADSRCDST;
	if (proc_small(p) || !arch_directory_valid(directory))
		return -EINVAL;
	proc_set_flags(p, RTS_NO_IMAGE);
	arch_set_directory(p, directory);
	grant_forget_all(p); /* what now stands where its table was is no table */
	return OK;
}

static int may_map(endpoint_t endpoint, phys_bytes start, phys_bytes bytes)
{
	struct proc *p = proc_lookup(endpoint);

	if (!p)
		return -EDEADSRCDST;
	return priv_may_read_physical(p, start, bytes) ? OK : -EPERM;
}

/* SYS_VMCTL, for VM: see enum vmctl_op. Errors: EDEADSRCDST; EINVAL: what VM asks makes no sense. */
int do_vmctl(struct proc *caller, const struct sys_vmctl_req *request, struct sys_vmctl_rep *reply)
{
	(void)reply;
	switch (request->op) {
	case VMCTL_PAGING:
		return paging_on(caller, request->a, request->b);
	case VMCTL_APPLY:
		notes_apply();
		return OK;
	case VMCTL_SETDIR:
		return set_directory(request->endpoint, request->a);
	case VMCTL_MAY_MAP:
		return may_map(request->endpoint, request->a, request->b);
	default:
		return -EINVAL;
	}
}
