/* SPDX-License-Identifier: MIT */
/* VM, the memory server: see README.md. */
#include <string.h>

#include <granite/sys.h>

#include "memory.h"
#include "notes.h"
#include "pagetable.h"
#include "vm.h"

#define OP(number, NAME, name) SERVER_WRAP(vm, name)
#include <granite/abi/ops/vm.def>
#include <granite/abi/ops/vm_kernel.def>
#undef OP

static const struct server_op calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(VM_BASE, NAME, name)
#include <granite/abi/ops/vm.def>
#undef OP
};

static const struct server_op kernel_calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(VM_KERNEL_BASE, NAME, name)
#include <granite/abi/ops/vm_kernel.def>
#undef OP
};

void vm_panic(const char *reason)
{
	sys_diagctl("[vm] panic: ", 12);
	sys_diagctl(reason, strlen(reason));
	sys_diagctl("\n", 1);
	for (;;)
		sys_abort(ABORT_PANIC, 0);
}

static void start(void)
{
	struct boot_info info;

	if (sys_getinfo(GET_BOOTINFO, &info, sizeof(info), 0) != sizeof(info))
		vm_panic("no boot information");
	memory_init(&info, (void *)(uintptr_t)info.pool_start);
	if (sys_vmctl_paging(pagetable_kernel_only(), &vm_notes) != OK)
		vm_panic("paging can not be turned on");
}

int main(void)
{
	static const struct server server = {
	        .calls = SERVER_TABLE(VM_BASE, calls),
	        .kernel_calls = SERVER_TABLE(VM_KERNEL_BASE, kernel_calls),
	};

	start();
	if (server_run(&server) != OK)
		vm_panic("no more requests can be received");
	return 0;
}
