/* SPDX-License-Identifier: MIT */
#include <granite/grant.h>
#include <granite/vm.h>

int sys_safeunmap(vir_bytes my_address)
{
	union vm_unlend_message call;

	call.req = (struct vm_unlend_req){.address = my_address};
	return vm_unlend_call(&call);
}
