/* SPDX-License-Identifier: MIT */
/* What all files of VM share: its handlers, one for each operation, and how it gives up. */
#ifndef VM_VM_H
#define VM_VM_H

#include <granite/abi/layout.h>
#include <granite/abi/vm.h>
#include <granite/server.h>

#define OP(number, NAME, name) SERVER_DECLARE(vm, name)
#include <granite/abi/ops/vm.def>
#include <granite/abi/ops/vm_kernel.def>
#undef OP

/* VM found itself in a state that can't be: ends the system, which can't live without VM. */
__attribute__((noreturn)) void vm_panic(const char *reason);

#ifdef DEBUG_VMASSERT
#define vmassert(condition) ((condition) ? (void)0 : vm_panic(#condition))
#else
#define vmassert(condition) ((void)(0 && (condition)))
#endif

static inline vir_bytes page_down(vir_bytes address)
{
	return address & ~(PAGE_SIZE - 1);
}

/* Of at most 4 GiB less a page. */
static inline vir_bytes page_up(vir_bytes address)
{
	return page_down(address + PAGE_SIZE - 1);
}

#endif
