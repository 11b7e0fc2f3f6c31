/* SPDX-License-Identifier: MIT */
/* What tests share that use up the system's memory: processes that eat it. */
#ifndef GUEST_STARVED_H
#define GUEST_STARVED_H

#include <granite/abi/layout.h>
#include <granite/pm.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "tap.h"

#define RW (VM_PROT_READ | VM_PROT_WRITE)

static inline int take(vir_bytes at, uint32_t bytes, int flags)
{
	vir_bytes got;
	return vm_mmap(at, bytes, RW, VM_MAP_POPULATE | flags, &got);
}

/* Takes frames until there are none. Returns how many. */
static inline int eat_frames(void)
{
	int pages = 0;
	for (uint32_t bytes = 1u << 22; bytes >= PAGE_SIZE;)
		if (take(0, bytes, 0) == OK)
			pages += (int)(bytes / PAGE_SIZE);
		else
			bytes /= 2;
	return pages;
}

/* Takes page tables until there are none, or the process may have no more. Returns how many. */
static inline int eat_tables(void)
{
	int tables = 0;
	vir_bytes at = 0x10000000;
	for (; at < MMAP_TOP && take(at, PAGE_SIZE, VM_MAP_FIXED | VM_MAP_NOREPLACE) == OK;
	     at += BIG_PAGE_SIZE)
		tables++;
	return tables;
}

/*
 * For who forks eaters, before these begin: what it has is not shared with them any more, and needs no memory
 * when there is none. (Its heap is not among it.)
 */
static inline void let_eat(const pid_t *eaters, uint32_t count)
{
	struct message go = {0};
	CHECK_INT(vm_own_memory(), OK);
	for (uint32_t i = 0; i < count; i++)
		CHECK_INT(ipc_send(pm_endpoint(eaters[i]), &go), OK);
}

static inline void wait_to_eat(endpoint_t parent)
{
	struct message go;
	int status;
	CHECK_INT(vm_own_memory(), OK);
	CHECK_INT(ipc_receive(parent, &go, &status), OK);
}

static inline void end(pid_t pid)
{
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

#endif
