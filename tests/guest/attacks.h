/* SPDX-License-Identifier: MIT */
/*
 * What the tests of attacks on grants share: whatever a partner can try by a grant, tables of grants that are
 * written past the library, memory with a pattern in which every change shows, and a look at what is left
 * afterwards.
 */
#ifndef GUEST_ATTACKS_H
#define GUEST_ATTACKS_H

#include "lending.h"
#include "system_state.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct partner first, second;
static endpoint_t self;
static char *mine;   /* the test's; partners have copies at the same place */
static char *theirs; /* where partners copy to and from, and map */

/* ---- What partners try: range is PAIR(offset, bytes) ---- */

static inline int64_t take(int64_t granter, int64_t grant, int64_t range, int64_t address)
{
	return sys_safecopyfrom((endpoint_t)granter, grant, LOW(range), (vir_bytes)address, HIGH(range));
}

static inline int64_t give(int64_t granter, int64_t grant, int64_t range, int64_t address)
{
	return sys_safecopyto((endpoint_t)granter, grant, LOW(range), (vir_bytes)address, HIGH(range));
}

static inline int64_t set(int64_t granter, int64_t grant, int64_t range, int64_t byte)
{
	return sys_safememset((endpoint_t)granter, grant, LOW(range), (int)byte, HIGH(range));
}

static inline int64_t take_by_vector(int64_t granter, int64_t grant, int64_t range, int64_t address)
{
	struct vscp_vec element = {
	        .v_from = (endpoint_t)granter,
	        .v_to = SELF,
	        .v_gid = grant,
	        .v_offset = LOW(range),
	        .v_addr = (vir_bytes)address,
	        .v_bytes = HIGH(range),
	};
	return sys_vsafecopy(&element, 1);
}

static inline int64_t map(int64_t granter, int64_t grant, int64_t range, int64_t address)
{
	return sys_safemap((endpoint_t)granter, grant, LOW(range), (vir_bytes)address, HIGH(range), 0);
}

static inline int64_t map_writable(int64_t granter, int64_t grant, int64_t range, int64_t address)
{
	return sys_safemap((endpoint_t)granter, grant, LOW(range), (vir_bytes)address, HIGH(range), 1);
}

/* The rights that each takes. */
static const struct attempt {
	lending_task *task;
	uint32_t rights;
} attempts[] = {
        {take, CPF_READ}, {take_by_vector, CPF_READ}, {give, CPF_WRITE},
        {set, CPF_WRITE}, {map, CPF_READ | CPF_MAP},  {map_writable, CPF_READ | CPF_WRITE | CPF_MAP},
};

/* Whatever the partner tries with a page of it, this is the answer. */
static inline void check_refused(struct partner partner, endpoint_t granter, cp_grant_id_t grant, int error)
{
	for (unsigned i = 0; i < COUNT(attempts); i++)
		CHECK_INT(
		        lending_do(partner, attempts[i].task, granter, grant, PAIR(0, PAGE_SIZE), AT(theirs)),
		        error);
}

static inline int64_t get(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return *(volatile uint8_t *)(uintptr_t)address;
}

static inline int64_t put(int64_t address, int64_t byte, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	*(volatile uint8_t *)(uintptr_t)address = (uint8_t)byte;
	return 0;
}

/* Ends a mapping, and has fresh pages of its own there. */
static inline int64_t unmap(int64_t address, int64_t bytes, int64_t unused, int64_t unused2)
{
	int result = sys_safeunmap((vir_bytes)address);
	(void)unused, (void)unused2;
	return result == OK ? map_own(address, bytes, RW, 0) : result;
}

/* ---- Records written past the library, in whichever process ---- */

#define RAW_SLOTS 128 /* more than a page of them */

static struct cp_grant raw_table[RAW_SLOTS] __attribute__((aligned(4096)));
static uint64_t raw_sequence;

static inline cp_grant_id_t raw_id(uint32_t slot)
{
	return GRANT_ID(raw_sequence, slot);
}

static inline void raw_begin(void)
{
	memset(raw_table, 0, sizeof(raw_table));
	CHECK_INT(sys_setgrant(raw_table, RAW_SLOTS, &raw_sequence), OK);
}

/* The library's table is the process's again. */
static inline void raw_end(void)
{
	cpf_reload();
	CHECK_INT(cpf_revoke(cpf_grant_direct(self, 0, 0, CPF_READ)), OK);
}

static inline cp_grant_id_t raw_grant(uint32_t slot, struct cp_grant record)
{
	record.id = raw_id(slot);
	raw_table[slot] = record;
	KEEP(raw_table);
	return record.id;
}

static inline struct cp_grant raw_direct(endpoint_t who_to, vir_bytes start, uint32_t bytes, uint32_t access)
{
	return (struct cp_grant){
	        .flags = CPF_DIRECT | access, .who_to = who_to, .start = start, .bytes = bytes};
}

static inline struct cp_grant raw_indirect(endpoint_t who_to, endpoint_t who_from, cp_grant_id_t from)
{
	return (struct cp_grant){
	        .flags = CPF_INDIRECT | CPF_RIGHTS,
	        .who_to = who_to,
	        .who_from = who_from,
	        .from_id = from,
	        .bytes = GRANT_ALL,
	};
}

/* ---- Memory in which a change shows ---- */

static inline uint8_t pattern(uint32_t i)
{
	return (uint8_t)(i * 7 + i / PAGE_SIZE + 1);
}

static inline void fill_pattern(char *memory, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		memory[i] = (char)pattern(i);
}

static inline void check_pattern(const char *memory, uint32_t start, uint32_t end)
{
	for (uint32_t i = start; i < end; i++)
		if (!CHECK_INT((uint8_t)memory[i], pattern(i)))
			return;
}

/* Whether all of it, whole words, is this byte. */
static inline int all_are(const char *memory, uint32_t bytes, char byte)
{
	const uint32_t *word = (const void *)memory;
	for (uint32_t i = 0; i < bytes / 4; i++)
		if (word[i] != (uint8_t)byte * 0x01010101u)
			return 0;
	return 1;
}

/* With time=counted, nanoseconds that stand for instructions. */
static inline uint64_t counted_time(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* ---- Beginning and end ---- */

static struct system_state at_first;

/* Between two pages that can't be reached. */
static inline char *guarded_pages(unsigned pages)
{
	char *block = lending_pages(pages + 2);
	CHECK_INT(mprotect(block, PAGE_SIZE, PROT_NONE), 0);
	CHECK_INT(mprotect(block + (pages + 1) * PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
	return block + PAGE_SIZE;
}

/* Whoever has mapped anything once keeps a page of VM's for what it maps later: let it be there from the
 * start. */
static inline void map_once(void)
{
	struct partner partner = lending_start();
	cp_grant_id_t id = lending_do(partner, grant_memory, self, AT(theirs), PAGE_SIZE, CPF_READ | CPF_MAP);
	CHECK_INT(sys_safemap(partner.endpoint, id, 0, AT(theirs), PAGE_SIZE, 0), OK);
	CHECK_INT(unmap(AT(theirs), PAGE_SIZE, 0, 0), OK);
	lending_end(partner);
}

/* Partners are started, and have `theirs` of their own. */
static inline void attacks_begin(unsigned pages)
{
	self = sys_self();
	mine = guarded_pages(pages);
	theirs = guarded_pages(pages);
	fill_pattern(mine, pages * PAGE_SIZE);
	map_once();
	at_first = state_now();
	first = lending_start();
	second = lending_start();
}

static inline void attacks_end(void)
{
	lending_end(first);
	lending_end(second);
}

/* All that was made for attackers and attacked is gone. */
static inline void nothing_is_left(void)
{
	check_state(&at_first);
}

#endif
