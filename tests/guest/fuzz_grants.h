/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer's grants. Workers and their partners have small tables, and know each other's ids: sequence
 * numbers begin alike in all of them.
 */
#ifndef GUEST_FUZZ_GRANTS_H
#define GUEST_FUZZ_GRANTS_H

#include <granite/abi/grant.h>

#include "fuzz_random.h"

#define TABLE_SLOTS 8
#define TABLE_IDS   2 /* sequence numbers used, the first one most times */

static struct cp_grant grants[TABLE_SLOTS];

/* With the numbers of a process's first table. */
static inline cp_grant_id_t likely_grant(uint32_t slot)
{
	return GRANT_ID(GRANT_SEQUENCES + (once_in(6) ? below(TABLE_IDS) : 0), slot);
}

static inline cp_grant_id_t any_grant(void)
{
	if (once_in(8))
		return (cp_grant_id_t)((uint64_t)any_word() << 32 | any_word());
	return likely_grant(below(TABLE_SLOTS));
}

/* One of the pages that may be mapped by grant, most times. */
static inline vir_bytes page_address(void)
{
	return once_in(8) ? any_address(64) : once_in(2) ? good_address(PAGE_SIZE) : playground_address();
}

static inline uint32_t page_length(void)
{
	return once_in(8) ? any_length() : PAGE_SIZE * (once_in(2) ? 1 : 1 + below(3));
}

static inline uint32_t any_access(void)
{
	static const uint32_t kinds[] = {CPF_DIRECT,   CPF_DIRECT,   CPF_DIRECT,
	                                 CPF_INDIRECT, CPF_INDIRECT, CPF_MAGIC};
	if (once_in(12))
		return any_word();
	return PICK(kinds) | CPF_READ | (once_in(3) ? 0 : CPF_MAP) | (roll() & CPF_ACCESS);
}

static inline endpoint_t grantee(void) /* or granter */
{
	return once_in(8) ? any_endpoint() : PICK(partners);
}

static inline int write_a_record(uint32_t slot)
{
	grants[slot] = (struct cp_grant){
	        .id = once_in(8) ? any_grant() : likely_grant(slot),
	        .from_id = any_grant(),
	        .flags = any_access(),
	        .who_to = once_in(8) ? ANY : grantee(),
	        .who_from = grantee(),
	        .start = once_in(6) ? 0 : page_address(),
	        .bytes = once_in(6)   ? GRANT_ALL
	                 : once_in(3) ? page_length()
	                              : 4 * PAGE_SIZE,
	};
	return (int)slot;
}

/* The caller's own table; a fork has none. */
static inline int open_grants(void)
{
	struct message m = {.m_type = SYS_SETGRANT, .m_words = {AT(grants), TABLE_SLOTS}};
	for (uint32_t slot = 0; slot < TABLE_SLOTS; slot++)
		write_a_record(slot);
	return raw_kcall(AT(&m));
}

static inline int erase_a_record(void)
{
	uint32_t slot = below(TABLE_SLOTS);
	grants[slot].id = once_in(2) ? GRANT_INVALID : 0;
	return (int)slot;
}

#endif
