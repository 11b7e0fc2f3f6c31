/* SPDX-License-Identifier: MIT */
/* What the processes of grant_cast.h do for the test: each has its window somewhere, and serves. */
#ifndef GUEST_GRANT_TASKS_H
#define GUEST_GRANT_TASKS_H

#include <setjmp.h>

#include "grant_reference.h"
#include "lending.h"

#define WINDOW (0x40000000u - PAGES / 2 * PAGE_SIZE) /* on either side of a page table's end */

static const char *cast_program; /* its file: what a process becomes by exec */

static sigjmp_buf cast_fault;

static void cast_faulted(int signal)
{
	siglongjmp(cast_fault, signal);
}

static inline void cast_serve(void)
{
	const struct sigaction faulted = {.sa_handler = cast_faulted, .sa_flags = SA_NODEFER};
	CHECK_INT(sigaction(SIGSEGV, &faulted, NULL), 0);
	signal(SIGCHLD, SIG_IGN); /* children leave no zombies */
	lending_serve();
}

static inline bool poke_byte(int64_t address, int64_t byte)
{
	if (sigsetjmp(cast_fault, 0))
		return false;
	*(volatile uint8_t *)(uintptr_t)address = (uint8_t)byte;
	return true;
}

static inline bool peek_byte(int64_t address)
{
	if (sigsetjmp(cast_fault, 0))
		return false;
	(void)*(volatile uint8_t *)(uintptr_t)address;
	return true;
}

/* The first of all bytes that is not as expected; BYTES: none; -EFAULT: not all can be read. */
static inline int64_t find_difference(const volatile uint32_t *window, const uint32_t *expected)
{
	if (sigsetjmp(cast_fault, 0))
		return -EFAULT;
	for (uint32_t i = 0; i < BYTES / sizeof(*window); i++)
		if (window[i] != expected[i])
			return i * sizeof(*window);
	return BYTES;
}

/* Writes a byte at the offset in each of the pages; to which of them it could. */
static inline int64_t do_poke(int64_t base, int64_t pages, int64_t offset, int64_t byte)
{
	int64_t written = 0;
	for (unsigned page = 0; page < PAGES; page++)
		if (pages >> page & 1 && poke_byte(base + page * PAGE_SIZE + offset, byte))
			written |= 1 << page;
	return written;
}

/* Which pages can be read. */
static inline int64_t do_reach(int64_t base, int64_t unused, int64_t unused2, int64_t unused3)
{
	int64_t reached = 0;
	(void)unused, (void)unused2, (void)unused3;
	for (unsigned page = 0; page < PAGES; page++)
		if (peek_byte(base + page * PAGE_SIZE))
			reached |= 1 << page;
	return reached;
}

/* Compares the window with a store, as find_difference does. The copy of the store lies so that no pages are
 * shared for it. */
static inline int64_t do_compare(int64_t base, int64_t store, int64_t reference, int64_t unused)
{
	static uint32_t expected[BYTES / 4 + 1] __attribute__((aligned(PAGE_SIZE)));
	int result = sys_safecopyfrom(lending_parent, reference, (vir_bytes)store, AT(expected + 1), BYTES);
	(void)unused;
	return result == OK ? find_difference((uint32_t *)(uintptr_t)base, expected + 1) : result;
}

static inline int64_t do_fill(int64_t base, int64_t seed, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	pattern((void *)(uintptr_t)base, (uint32_t)seed);
	return OK;
}

static inline int64_t do_unmap(int64_t base, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return munmap((void *)(uintptr_t)base, BYTES) ? -errno : OK;
}

static inline int64_t do_pass_on(int64_t to, int64_t from, int64_t grant, int64_t access)
{
	return cpf_grant_indirect_sub((endpoint_t)to, (endpoint_t)from, grant, 0, BYTES, (int)access);
}

static inline int64_t do_copy_from(int64_t granter, int64_t grant, int64_t offset, int64_t at_bytes)
{
	return sys_safecopyfrom((endpoint_t)granter, grant, (vir_bytes)offset, WINDOW + LOW(at_bytes),
	                        HIGH(at_bytes));
}

static inline int64_t do_copy_to(int64_t granter, int64_t grant, int64_t offset, int64_t at_bytes)
{
	return sys_safecopyto((endpoint_t)granter, grant, (vir_bytes)offset, WINDOW + LOW(at_bytes),
	                      HIGH(at_bytes));
}

static inline int64_t do_map(int64_t granter, int64_t grant, int64_t writable, int64_t unused)
{
	(void)unused;
	return sys_safemap((endpoint_t)granter, grant, 0, WINDOW, BYTES, (int)writable);
}

static inline int64_t do_fork(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	pid_t pid = fork();
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	if (pid != 0)
		return pid;
	lending_serve();
	_exit(0);
}

static inline int64_t do_exit(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	_exit(0);
}

/* The new program answers. */
static inline int64_t do_exec(int64_t parent, int64_t unused, int64_t unused2, int64_t unused3)
{
	char number[16];
	char *argv[] = {"partner", number, NULL};
	(void)unused, (void)unused2, (void)unused3;
	snprintf(number, sizeof(number), "%d", (int)parent);
	execv(cast_program, argv);
	return -errno;
}

static inline int cast_partner_main(char **argv)
{
	struct message m = {0};
	lending_parent = atoi(argv[1]);
	if (ipc_send(lending_parent, &m) == OK)
		cast_serve();
	return 0;
}

static inline bool cast_is_partner(char **argv)
{
	return strcmp(argv[0], "partner") == 0;
}

#endif
