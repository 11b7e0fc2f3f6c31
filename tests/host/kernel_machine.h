/* SPDX-License-Identifier: MIT */
/*
 * The kernel's part of grants on vm_machine's memory: its own code judges, asks VM and goes on; here is what
 * that stands on. Copies are of whole pieces (page_words.h). A process's table of grants lies in a page of
 * its memory, which may be there or not; what is in the table is kept aside.
 */
#ifndef TESTS_KERNEL_MACHINE_H
#define TESTS_KERNEL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include <granite/abi/grant.h>
#include <granite/abi/sys.h>
#include <granite/abi/vm.h>

#define KERNEL_GRANTS 24 /* that fit in a process's table */

/* What the kernel tells the test while it works for `caller`. */
struct kernel_hooks {
	/* A VM_LEND was judged for the last time. */
	void (*lending)(endpoint_t caller);
	/* A piece was copied. */
	void (*copied)(endpoint_t caller, endpoint_t from, vir_bytes from_address, endpoint_t to,
	               vir_bytes to_address);
	/* VM has done what it was asked, VM_*, or could not. */
	void (*served)(endpoint_t caller, int32_t type, const void *request, int result);
	/* Others run in between: whatever is in memory may change, but nothing that takes VM. */
	void (*others)(void);
};

void kernel_start(const struct kernel_hooks *hooks);

/* A process that VM has made, its end, and another program in it. What is in a parent's table is in its
 * child's. */
void kernel_add(endpoint_t endpoint, endpoint_t parent);
void kernel_remove(endpoint_t endpoint);
void kernel_forget_grants(endpoint_t endpoint);

/* Its table, whatever the kernel thinks of it. */
struct cp_grant *kernel_grant(endpoint_t endpoint, uint32_t slot);

/* Nobody but VM runs. */
bool kernel_undisturbed(void);

/*
 * Makes a kernel call, SYS_*. While it is busy then, others may run, who may call VM as well; kernel_go_on()
 * does the next piece of it.
 */
void kernel_call(endpoint_t endpoint, int32_t type, const void *request, size_t bytes);
bool kernel_busy(endpoint_t endpoint);
void kernel_go_on(endpoint_t endpoint);
int kernel_result(endpoint_t endpoint, void *reply, size_t bytes);

#endif
