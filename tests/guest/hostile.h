/* SPDX-License-Identifier: MIT */
/*
 * What hostile tests share: traps with arguments that no type would allow, memory laid out page by page, all
 * operations there are, and values that somebody may not have thought of.
 */
#ifndef GUEST_HOSTILE_H
#define GUEST_HOSTILE_H

#include <setjmp.h>
#include <granite/abi/console.h>
#include <granite/abi/layout.h>
#include <granite/abi/pm.h>
#include <granite/abi/ds_calls.h>
#include <granite/abi/ds_label.h>
#include <granite/abi/ramfs.h>
#include <granite/abi/rs.h>
#include <granite/abi/server.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT(pointer)  ((vir_bytes)(uintptr_t)(pointer))
#define POINTER(at)  ((void *)(uintptr_t)(at))

/* ---- Traps ---- */

#define KILLED 1 /* no result of a trap is positive */

static inline int raw_kcall(vir_bytes message)
{
	int result;
	__asm__ volatile("int %[vector]"
	                 : "=a"(result)
	                 : "a"(message), [vector] "i"(KCALL_VECTOR)
	                 : "memory", "cc");
	return result;
}

static inline int raw_ipc(uint32_t call, endpoint_t other, vir_bytes message)
{
	int status;
	return ipc_trap(call, other, POINTER(message), &status);
}

/* One of Linux's calls, not by way of the C library. */
static inline int raw_linux(uint32_t number, const uint32_t a[6])
{
	int result = (int)number;
	const uint32_t *at = a;
	__asm__ volatile("pushl %%ebp\n\t"
	                 "movl 20(%[at]), %%ebp\n\t"
	                 "movl 16(%[at]), %%edi\n\t"
	                 "int %[vector]\n\t"
	                 "popl %%ebp"
	                 : "+a"(result), [at] "+D"(at)
	                 : "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), [vector] "i"(SYSCALL_VECTOR)
	                 : "memory", "cc");
	return result;
}

static sigjmp_buf survived;
static vir_bytes killed_at; /* si_addr of the last SIGSEGV */

static inline void survive(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	killed_at = AT(info->si_addr);
	siglongjmp(survived, 1);
}

static inline void catch_segv(void)
{
	struct sigaction action = {.sa_sigaction = survive, .sa_flags = SA_SIGINFO};
	CHECK_INT(sigaction(SIGSEGV, &action, NULL), 0);
}

/* The same, where a SIGSEGV is a result: KILLED. After catch_segv(). */
static inline int try_kcall(vir_bytes message)
{
	return sigsetjmp(survived, 1) ? KILLED : raw_kcall(message);
}

static inline int try_ipc(uint32_t call, endpoint_t other, vir_bytes message)
{
	return sigsetjmp(survived, 1) ? KILLED : raw_ipc(call, other, message);
}

static inline int try_linux(uint32_t number, const uint32_t arguments[6])
{
	return sigsetjmp(survived, 1) ? KILLED : raw_linux(number, arguments);
}

/* ---- Memory: two pages of any kinds between two that must stay as they are ---- */

enum page_kind { PAGE_RW, PAGE_FRESH, PAGE_RO, PAGE_NONE, PAGE_GONE, PAGE_KINDS };

#define ARENA_PAGES 4
#define FENCE_BYTE  0xa7

static uint8_t *arena; /* the fence, two pages, the fence */

static inline uint8_t *arena_page(int page)
{
	return arena + (1 + page) * PAGE_SIZE;
}

static inline void arena_make(void)
{
	vir_bytes at;
	CHECK_INT(vm_mmap(0, ARENA_PAGES * PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE, 0, &at), OK);
	arena = POINTER(at);
	memset(arena, FENCE_BYTE, PAGE_SIZE);
	memset(arena + 3 * PAGE_SIZE, FENCE_BYTE, PAGE_SIZE);
}

/* Fresh pages, with `bytes` of *contents from arena_page(0) + offset on, but on those that stay untouched. */
static inline void arena_lay_out(const enum page_kind kinds[2], uint32_t offset, const void *contents,
                                 uint32_t bytes)
{
	static const int prot[] = {
	        [PAGE_RW] = VM_PROT_READ | VM_PROT_WRITE, [PAGE_RO] = VM_PROT_READ, [PAGE_NONE] = 0};
	vir_bytes at = AT(arena_page(0));
	CHECK_INT(vm_mmap(at, 2 * PAGE_SIZE, prot[PAGE_RW], VM_MAP_FIXED, &at), OK);
	for (uint32_t i = 0; i < bytes; i++)
		if (kinds[(offset + i) / PAGE_SIZE] != PAGE_FRESH)
			arena_page(0)[offset + i] = ((const uint8_t *)contents)[i];
	for (int page = 0; page < 2; page++) {
		if (kinds[page] == PAGE_GONE)
			CHECK_INT(vm_munmap(AT(arena_page(page)), PAGE_SIZE), OK);
		else if (kinds[page] == PAGE_RO || kinds[page] == PAGE_NONE)
			CHECK_INT(vm_mprotect(AT(arena_page(page)), PAGE_SIZE, prot[kinds[page]]), OK);
	}
}

/* Whether all of a range of the two pages may be read, or written. */
static inline int arena_allows(const enum page_kind kinds[2], uint32_t offset, uint32_t bytes, int write)
{
	for (uint32_t page = offset / PAGE_SIZE; bytes && page <= (offset + bytes - 1) / PAGE_SIZE; page++)
		if (kinds[page] >= (write ? PAGE_RO : PAGE_NONE))
			return 0;
	return 1;
}

static inline void arena_check_fences(void)
{
	for (unsigned i = 0; i < PAGE_SIZE; i++) {
		REQUIRE(arena[i] == FENCE_BYTE);
		REQUIRE(arena[3 * PAGE_SIZE + i] == FENCE_BYTE);
	}
}

/* ---- More memory: pages of all kinds in a row ---- */

/* A row of pages of all kinds, each beside one of another kind. */
static const enum page_kind zoo_kinds[] = {PAGE_RW, PAGE_GONE,  PAGE_RW,   PAGE_RO, PAGE_RW,  PAGE_NONE,
                                           PAGE_RW, PAGE_FRESH, PAGE_GONE, PAGE_RO, PAGE_GONE};
#define ZOO_PAGES COUNT(zoo_kinds)

static vir_bytes zoo;

static inline void lay_out_page(uint32_t page)
{
	vir_bytes at = zoo + page * PAGE_SIZE, got;
	(void)!vm_mmap(at, PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE, VM_MAP_FIXED, &got);
	if (zoo_kinds[page] == PAGE_GONE)
		(void)!vm_munmap(at, PAGE_SIZE);
	else if (zoo_kinds[page] == PAGE_RO || zoo_kinds[page] == PAGE_NONE)
		(void)!vm_mprotect(at, PAGE_SIZE, zoo_kinds[page] == PAGE_RO ? VM_PROT_READ : 0);
}

static inline void zoo_lay_out(void)
{
	for (uint32_t page = 0; page < ZOO_PAGES; page++)
		lay_out_page(page);
}

static inline void zoo_make(void)
{
	CHECK_INT(vm_mmap(0, ZOO_PAGES * PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE, 0, &zoo), OK);
	zoo_lay_out();
}

/* ---- Operations ---- */

struct operation {
	const char *name;
	int32_t number;
	uint32_t words; /* of the request */
};

#define OPERATION(interface, number, NAME, name) \
	{#NAME, number, (sizeof(struct interface##_##name##_req) + 3) / 4},

static const struct operation kernel_operations[] = {
#define OP(number, NAME, name) OPERATION(sys, number, NAME, name)
#include <granite/abi/ops/sys.def>
#undef OP
};

static const struct operation vm_operations[] = {
#define OP(number, NAME, name) OPERATION(vm, number, NAME, name)
#include <granite/abi/ops/vm.def>
#include <granite/abi/ops/vm_kernel.def>
#undef OP
};

static const struct operation pm_operations[] = {
#define OP(number, NAME, name) OPERATION(pm, number, NAME, name)
#include <granite/abi/ops/pm.def>
#include <granite/abi/ops/pm_kernel.def>
#undef OP
};

static const struct operation rs_operations[] = {
#define OP(number, NAME, name) OPERATION(rs, number, NAME, name)
#include <granite/abi/ops/rs.def>
#undef OP
#define OP(number, NAME, name) OPERATION(server, number, NAME, name)
#include <granite/abi/ops/server.def>
#undef OP
};

static const struct operation console_operations[] = {
#define OP(number, NAME, name) OPERATION(console, number, NAME, name)
#include <granite/abi/ops/console.def>
#undef OP
#define OP(number, NAME, name) OPERATION(server, number, NAME, name)
#include <granite/abi/ops/server.def>
#undef OP
};

static const struct operation ramfs_operations[] = {
#define OP(number, NAME, name) OPERATION(ramfs, number, NAME, name)
#include <granite/abi/ops/ramfs.def>
#undef OP
#define OP(number, NAME, name) OPERATION(server, number, NAME, name)
#include <granite/abi/ops/server.def>
#undef OP
};

static const struct operation ds_operations[] = {
#define OP(number, NAME, name) OPERATION(ds, number, NAME, name)
#include <granite/abi/ops/ds.def>
#include <granite/abi/ops/ds_label.def>
#undef OP
};

#define TO_KERNEL NONE /* where a server stands otherwise */

struct interface {
	endpoint_t server; /* those of the console, of ramfs and of ds are to be filled in */
	const struct operation *operations;
	uint32_t count;
};

enum {
	KERNEL_INTERFACE,
	VM_INTERFACE,
	PM_INTERFACE,
	RS_INTERFACE,
	CONSOLE_INTERFACE,
	RAMFS_INTERFACE,
	DS_INTERFACE,
	INTERFACES
};

#define INTERFACE(server, operations)                 \
	{                                             \
		server, operations, COUNT(operations) \
	}

static struct interface interfaces[INTERFACES] __attribute__((unused)) = {
        [KERNEL_INTERFACE] = INTERFACE(TO_KERNEL, kernel_operations),
        [VM_INTERFACE] = INTERFACE(VM_PROC_NR, vm_operations),
        [PM_INTERFACE] = INTERFACE(PM_PROC_NR, pm_operations),
        [RS_INTERFACE] = INTERFACE(RS_PROC_NR, rs_operations),
        [CONSOLE_INTERFACE] = INTERFACE(NONE, console_operations),
        [RAMFS_INTERFACE] = INTERFACE(NONE, ramfs_operations),
        [DS_INTERFACE] = INTERFACE(NONE, ds_operations),
};

/* Makes the call that *m asks for, of the kernel or a server: the result, or why the call could not be made.
 */
static inline int make_call(endpoint_t server, struct message *m)
{
	int result = server == TO_KERNEL ? raw_kcall(AT(m)) : raw_ipc(IPC_SENDREC, server, AT(m));
	return server == TO_KERNEL || result != OK ? result : m->m_type;
}

static inline int is_basic_call(int32_t number)
{
	static const int32_t basic[] = PRIV_BASIC_CALLS;
	for (unsigned i = 0; i < COUNT(basic); i++)
		if (basic[i] == number)
			return 1;
	return 0;
}

static inline const struct operation *operation_find(const struct interface *interface, int32_t number)
{
	for (uint32_t i = 0; i < interface->count; i++)
		if (interface->operations[i].number == number)
			return &interface->operations[i];
	return NULL;
}

/* What every process may ask for, and what would be no mistake of the system's: its end. */
static inline int ends_the_system(int32_t number, const struct message *m)
{
	if (number == PM_REBOOT)
		return m->m_words[0] == ABORT_POWEROFF || m->m_words[0] == ABORT_RESET;
	return number == SYS_ABORT && m->m_words[0] >= ABORT_POWEROFF && m->m_words[0] <= ABORT_PANIC;
}

/* ---- Values ---- */

/* As a process's address, the linear address wraps around to the kernel's. */
#define KERNEL_ADDRESS(linear) ((vir_bytes)(linear)-PROC_BASE)

static const uint32_t wild_values[] = {
        0,
        1,
        2,
        3,
        4,
        63,
        64,
        0xff,
        PAGE_SIZE - 1,
        PAGE_SIZE,
        0xffff,
        PROC_MIN_ADDRESS,
        0x7fffffff,
        0x80000000,
        KEPT_BASE,
        KEPT_END - PAGE_SIZE,
        KEPT_END,
        STACK_TOP - STACK_SIZE_MAX - PAGE_SIZE,
        PROC_SIZE - PAGE_SIZE,
        PROC_SIZE - 64,
        PROC_SIZE - 63,
        PROC_SIZE - 1,
        PROC_SIZE,
        PROC_SIZE + 1,
        KERNEL_ADDRESS(0),
        KERNEL_ADDRESS(0x100000),
        KERNEL_ADDRESS(WINDOW_BASE),
        0xfffff000,
        0xffffffc0,
        0xffffffc1,
        (uint32_t)CLOCK,
        (uint32_t)HARDWARE,
        (uint32_t)SELF,
        (uint32_t)NONE,
        (uint32_t)ANY,
        VM_PROC_NR,
        PM_PROC_NR,
        RS_PROC_NR,
};

static endpoint_t somebody = NONE; /* a living process, for tests that have one to lose or to keep */

/* These, somebody, and places in the zoo: where a page begins, and where what begins there goes over to the
 * next. */
#define HOSTILE_VALUES (COUNT(wild_values) + 1 + 2 * ZOO_PAGES)

static inline uint32_t hostile_value(uint32_t i)
{
	if (i < COUNT(wild_values))
		return wild_values[i];
	if (i == COUNT(wild_values))
		return (uint32_t)somebody;
	i -= COUNT(wild_values) + 1;
	return zoo + (i / 2) * PAGE_SIZE + (i % 2 ? PAGE_SIZE - 6 : 0);
}

#endif
