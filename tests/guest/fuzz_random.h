/* SPDX-License-Identifier: MIT */
/* Where the fuzzer's arguments come from: a random sequence, and pools of addresses, endpoints, pids and
 * lengths. */
#ifndef GUEST_FUZZ_RANDOM_H
#define GUEST_FUZZ_RANDOM_H

#include "hostile.h"

/* ---- The sequence: splitmix32, which takes any seed ---- */

static uint32_t random_state;

static inline uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352du;
	x ^= x >> 15;
	x *= 0x846ca68bu;
	return x ^ x >> 16;
}

static inline uint32_t roll(void)
{
	random_state += 0x9e3779b9u;
	return mix(random_state);
}

static inline uint32_t below(uint32_t limit)
{
	return roll() % limit;
}

static inline int once_in(uint32_t times)
{
	return below(times) == 0;
}

/* An outcome becomes part of a hash: FNV-1a, word by word. */
static inline uint32_t fold(uint32_t hash, uint32_t word)
{
	return (hash ^ word) * 0x01000193u;
}

#define PICK(array) ((array)[below(COUNT(array))])

/* ---- Addresses ---- */

/* Beside the zoo: pages that calls map and unmap. */
#define PLAYGROUND_PAGES 64

static vir_bytes playground;

/* Once, for all that will be forked. */
static inline void addresses_make(void)
{
	zoo_make();
	CHECK_INT(vm_mmap(0, PLAYGROUND_PAGES * PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE, 0, &playground), OK);
}

/* In a writable page of the zoo, if no call has changed that. */
static inline vir_bytes good_address(uint32_t bytes)
{
	uint32_t page;
	do
		page = below(ZOO_PAGES);
	while (zoo_kinds[page] != PAGE_RW);
	uint32_t room = bytes < PAGE_SIZE ? PAGE_SIZE - bytes : 0;
	uint32_t offset = once_in(3) ? room : below(room + 1) & ~3u;
	return zoo + page * PAGE_SIZE + offset;
}

/* Where something of that size may be all there, half there, or not at all. */
static inline vir_bytes border_address(uint32_t bytes)
{
	const uint32_t offsets[] = {0,
	                            PAGE_SIZE - bytes,
	                            PAGE_SIZE - bytes + 1 + below(bytes),
	                            PAGE_SIZE - 1,
	                            PAGE_SIZE - 4,
	                            below(PAGE_SIZE)};
	return zoo + below(ZOO_PAGES) * PAGE_SIZE + PICK(offsets);
}

static inline vir_bytes any_address(uint32_t bytes)
{
	switch (below(10)) {
	case 0:
	case 1:
	case 2:
		return good_address(bytes);
	case 3:
	case 4:
	case 5:
		return border_address(bytes);
	case 6:
		return playground + below(PLAYGROUND_PAGES * PAGE_SIZE);
	case 7:
		return AT(any_address) & ~15u; /* code */
	case 8:
		return PICK(wild_values);
	default:
		return roll();
	}
}

static inline vir_bytes playground_address(void)
{
	if (once_in(16))
		return PICK(wild_values);
	return playground + below(PLAYGROUND_PAGES) * PAGE_SIZE + (once_in(16) ? below(PAGE_SIZE) : 0);
}

/* ---- Lengths and other numbers ---- */

static inline uint32_t any_length(void)
{
	static const uint32_t lengths[] = {0,
	                                   1,
	                                   4,
	                                   63,
	                                   64,
	                                   65,
	                                   PAGE_SIZE - 1,
	                                   PAGE_SIZE,
	                                   PAGE_SIZE + 1,
	                                   2 * PAGE_SIZE,
	                                   8 * PAGE_SIZE,
	                                   0x10000,
	                                   0x7fffffff,
	                                   PROC_SIZE,
	                                   PROC_SIZE + 1,
	                                   0xfffff000,
	                                   0xffffffff};
	return once_in(2) ? below(200) : PICK(lengths);
}

static inline uint32_t small_number(void)
{
	return once_in(8) ? PICK(wild_values) : below(6);
}

/* ---- Endpoints and pids: some live, some have lived, some never have ---- */

static endpoint_t known[16];
static int32_t known_pids[8];
static endpoint_t partners[2]; /* who probably answers; NONE */

static inline void know(endpoint_t endpoint)
{
	known[below(COUNT(known))] = endpoint;
}

static inline void look_into_the_process_table(void)
{
	static struct proc_info slots[32];
	uint32_t first = below(ENDPOINT_SLOTS / COUNT(slots)) * COUNT(slots);
	int bytes = sys_getinfo(GET_PROCTAB, slots, sizeof(slots), first);
	for (int i = 0; i < bytes / (int)sizeof(slots[0]); i++)
		if (slots[i].endpoint != NONE)
			know(slots[i].endpoint);
}

static inline void look_into_pm_s_table(void)
{
	union pm_procinfo_message call = {.req = {.index = below(64)}};
	if (pm_procinfo_call(&call) != OK)
		return;
	known_pids[below(COUNT(known_pids))] = call.rep.pid;
	know(call.rep.endpoint);
}

static inline void look_around(void)
{
	look_into_the_process_table();
	look_into_pm_s_table();
}

static inline endpoint_t any_endpoint(void)
{
	static const endpoint_t special[] = {ANY,        NONE,       SELF,       HARDWARE,  CLOCK,
	                                     VM_PROC_NR, PM_PROC_NR, RS_PROC_NR, INT32_MIN, INT32_MAX};
	const endpoint_t forged[] = {PICK(known) + (1 << ENDPOINT_SLOT_BITS), PICK(known) ^ 1,
	                             PICK(known) | INT32_MIN, (endpoint_t)roll()};
	switch (below(8)) {
	case 0:
		return PICK(special);
	case 1:
		return PICK(forged);
	case 2:
		return SELF;
	case 3:
		return PICK(partners);
	default:
		return PICK(known);
	}
}

static inline int32_t any_pid(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		return (int32_t)PICK(wild_values);
	case 2:
		return -PICK(known_pids);
	default:
		return PICK(known_pids);
	}
}

/* A word of a request of which nothing is known. */
static inline uint32_t any_word(void)
{
	switch (below(8)) {
	case 0:
	case 1:
	case 2:
		return any_address(64);
	case 3:
	case 4:
		return (uint32_t)any_endpoint();
	case 5:
		return any_length();
	case 6:
		return small_number();
	default:
		return PICK(wild_values);
	}
}

#endif
