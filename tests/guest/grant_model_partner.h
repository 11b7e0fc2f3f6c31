/* SPDX-License-Identifier: MIT */
/* What the partners of grant_model_test.c do, and what they see. */
#ifndef GUEST_GRANT_MODEL_PARTNER_H
#define GUEST_GRANT_MODEL_PARTNER_H

#include <setjmp.h>
#include <granite/pm.h>

#include "../host/grants_model.h"
#include "lending.h"

#define PROGRAM "/bin/grant_model_test"

static sigjmp_buf fault;

static inline void faulted(int signal)
{
	siglongjmp(fault, signal);
}

static inline void serve(void)
{
	/* It comes again and again, and no mask is kept for each time. */
	sigaction(SIGSEGV, &(struct sigaction){.sa_handler = faulted, .sa_flags = SA_NODEFER}, NULL);
	lending_serve();
}

static inline bool reads(vir_bytes address)
{
	if (sigsetjmp(fault, 0))
		return false;
	(void)*(volatile uint32_t *)(uintptr_t)address;
	return true;
}

/* What is there stays. */
static inline bool writes(vir_bytes address)
{
	if (sigsetjmp(fault, 0))
		return false;
	/* Of an atomic addition of nothing clang would leave the read. */
	__asm__ volatile("lock addl $0, (%0)" : : "r"((uint32_t *)(uintptr_t)address) : "memory", "cc");
	return true;
}

/* Of these pages of the window, a bit each: those with which it can do that. */
static inline int64_t pages_that(bool (*can)(vir_bytes address), int64_t pages)
{
	uint64_t result = 0;

	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		if ((uint64_t)pages >> i & 1 && can(page_address(i)))
			result |= 1ull << i;
	return (int64_t)result;
}

static inline int64_t can_read(int64_t pages, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return pages_that(reads, pages);
}

static inline int64_t can_write(int64_t pages, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return pages_that(writes, pages);
}

/* A number for all words of a page: no other page has it, but for one in so many. */
static inline uint64_t number_of(const uint32_t *words)
{
	uint32_t a = 0x811c9dc5, b = 1;

	for (uint32_t i = 0; i < PAGE_WORDS; i++) {
		a = (a ^ words[i]) * 0x01000193;
		b = b * 0x9e3779b1 + words[i];
	}
	return (uint64_t)a << 32 | b;
}

static inline uint64_t number_of_all(uint64_t before, uint64_t number)
{
	return (before ^ number) * 0x100000001b3u;
}

/* Of these pages, all of which it can read. */
static inline int64_t contents_of(int64_t pages, int64_t unused, int64_t unused2, int64_t unused3)
{
	uint64_t number = 0;

	(void)unused, (void)unused2, (void)unused3;
	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		if ((uint64_t)pages >> i & 1)
			number = number_of_all(number,
			                       number_of((const uint32_t *)(uintptr_t)page_address(i)));
	return (int64_t)number;
}

/* A word that it can read. */
static inline int64_t get(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return *(volatile uint32_t *)(uintptr_t)address;
}

/* -1: it may not. */
static inline int64_t put(int64_t address, int64_t value, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	if (!writes((vir_bytes)address))
		return -1;
	*(volatile uint32_t *)(uintptr_t)address = (uint32_t)value;
	return 0;
}

/* All of a page. */
static inline void fill_words(uint32_t *words, uint32_t value)
{
	for (uint32_t i = 0; i < PAGE_WORDS; i++)
		words[i] = value * (i + 1);
}

static inline int64_t fill(int64_t address, int64_t value, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	if (!writes((vir_bytes)address))
		return -1;
	fill_words((uint32_t *)(uintptr_t)address, (uint32_t)value);
	return 0;
}

static inline int64_t unmap(int64_t address, int64_t bytes, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return vm_munmap((vir_bytes)address, (size_t)bytes);
}

static inline int64_t protect(int64_t address, int64_t bytes, int64_t prot, int64_t unused)
{
	(void)unused;
	return vm_mprotect((vir_bytes)address, (size_t)bytes, (int)prot);
}

static inline int64_t grant_indirect_to(int64_t who_access, int64_t who_from, int64_t id, int64_t range)
{
	return cpf_grant_indirect_sub((endpoint_t)LOW(who_access), (endpoint_t)who_from, id, LOW(range),
	                              HIGH(range), (int)HIGH(who_access));
}

static inline int64_t map_grant(int64_t granter_write, int64_t id, int64_t range, int64_t address)
{
	return sys_safemap((endpoint_t)LOW(granter_write), id, LOW(range), (vir_bytes)address, HIGH(range),
	                   HIGH(granter_write) != 0);
}

/* The same in two pieces. */
static inline int copy_by_vector(endpoint_t granter, bool reading, cp_grant_id_t id, int64_t range,
                                 vir_bytes address)
{
	uint32_t first = HIGH(range) / 2;
	struct vscp_vec pieces[2];

	for (uint32_t i = 0; i < 2; i++)
		pieces[i] = (struct vscp_vec){
		        .v_from = reading ? granter : SELF,
		        .v_to = reading ? SELF : granter,
		        .v_gid = id,
		        .v_offset = LOW(range) + i * first,
		        .v_addr = address + i * first,
		        .v_bytes = i ? HIGH(range) - first : first,
		};
	return sys_vsafecopy(pieces, 2);
}

/* Where it begins decides how. */
static inline bool in_two(uint32_t offset)
{
	return offset / PIECE % 2;
}

static inline int64_t copy(int64_t granter_from, int64_t id, int64_t range, int64_t address)
{
	endpoint_t granter = (endpoint_t)LOW(granter_from);

	if (in_two(LOW(range)))
		return copy_by_vector(granter, HIGH(granter_from), id, range, (vir_bytes)address);
	if (HIGH(granter_from))
		return sys_safecopyfrom(granter, id, LOW(range), (vir_bytes)address, HIGH(range));
	return sys_safecopyto(granter, id, LOW(range), (vir_bytes)address, HIGH(range));
}

static inline int64_t have_child(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	pid_t pid = fork();

	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	if (pid == 0) {
		serve();
		_exit(0);
	}
	return pid;
}

/* The signal by which the child was killed. */
static inline int64_t wait_for(int64_t pid, int64_t unused, int64_t unused2, int64_t unused3)
{
	int status = 0;

	(void)unused, (void)unused2, (void)unused3;
	return waitpid((pid_t)pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

/* The new program answers. */
static inline int64_t run_anew(int64_t parent, int64_t unused, int64_t unused2, int64_t unused3)
{
	char number[16];
	char *argv[] = {"grant_model_test", "partner", number, NULL}, *environment[] = {NULL};

	(void)unused, (void)unused2, (void)unused3;
	snprintf(number, sizeof(number), "%d", (int)parent);
	execve(PROGRAM, argv, environment);
	return -errno;
}

static inline int partner_main(const char *parent)
{
	struct message m = {0};

	lending_parent = atoi(parent);
	if (ipc_send(lending_parent, &m) == OK)
		serve();
	return 0;
}

#endif
