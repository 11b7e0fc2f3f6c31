/* SPDX-License-Identifier: MIT */
#include <granite/vm.h>

int vm_revoke_grant(cp_grant_id_t grant)
{
	union vm_revoke_message call;

	call.req = (struct vm_revoke_req){.what = VM_REVOKE_GRANT, .grant = grant};
	return vm_revoke_call(&call);
}

int vm_revoke_address(vir_bytes address)
{
	union vm_revoke_message call;

	call.req = (struct vm_revoke_req){.what = VM_REVOKE_ADDRESS, .address = address};
	return vm_revoke_call(&call);
}
