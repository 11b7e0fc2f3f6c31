/* SPDX-License-Identifier: MIT */
/* The table of grants: its slots, the numbers of its ids, its records. See grant_table.h. */
#include "grant_table.h"

#include <granite/abi/layout.h>
#include <granite/vm.h>

/*
 * As large as it can become, so that it never moves: pages not yet touched cost nothing. Only a signal
 * handler can interrupt what is done here, and it ends before that goes on; the atomic steps are for it.
 */
static struct cp_grant table[GRANTS_MAX];

static struct {
	/* The list of free slots. Low half: the first one + 1; high half: how often the list was changed. */
	uint64_t free;
	uint64_t sequence; /* the next; its low GRANT_SEQUENCE_BITS are 0 if none are left */
	uint32_t used;     /* slots from here on have never been used */
} state __attribute__((aligned(8)));

/* If its two halves are read at different times exchange() finds that out. */
static uint64_t load(const volatile uint64_t *word)
{
	return *word;
}

/* 1: *word was `old`, and is now `new`. (Not __atomic_*: that would want libatomic for 64 bits.) */
static int exchange(uint64_t *word, uint64_t old, uint64_t new)
{
	return __sync_bool_compare_and_swap(word, old, new);
}

/* What a record's `unused` says: in the list of free slots, the next one + 1; in use, 0 or this. */
#define WAS_MAPPABLE 1u

/* ---- Slots ---- */

#define CHANGES(free) ((free) & ~0xffffffffull)
#define CHANGED       0x100000000ull

static int take_unused(void)
{
	uint32_t slot = __atomic_fetch_add(&state.used, 1, __ATOMIC_RELAXED);

	if (slot < GRANTS_MAX)
		return (int)slot;
	__atomic_fetch_sub(&state.used, 1, __ATOMIC_RELAXED);
	return -ENOSPC;
}

static int take_slot(void)
{
	uint64_t free;
	uint32_t first;

	do {
		free = load(&state.free);
		first = (uint32_t)free;
		if (!first)
			return take_unused();
	} while (!exchange(&state.free, free, CHANGES(free) + CHANGED + table[first - 1].unused));
	return (int)first - 1;
}

static void give_slot(uint32_t slot)
{
	uint64_t free;

	do {
		free = load(&state.free);
		table[slot].unused = (uint32_t)free;
	} while (!exchange(&state.free, free, CHANGES(free) + CHANGED + slot + 1));
}

/* ---- Sequence numbers ---- */

/* Makes the table known to the kernel, and gets numbers from it; the first is left out, to mark the end. */
static int renew_sequence(uint64_t old)
{
	uint64_t first;
	int result = sys_setgrant(table, GRANTS_MAX, &first);

	if (result == OK)
		(void)exchange(&state.sequence, old, first + 1);
	return result;
}

static int take_sequence(uint64_t *sequence)
{
	for (;;) {
		*sequence = load(&state.sequence);
		if (*sequence % GRANT_SEQUENCES == 0) {
			int result = renew_sequence(*sequence);

			if (result != OK)
				return result;
		} else if (exchange(&state.sequence, *sequence, *sequence + 1)) {
			return OK;
		}
	}
}

/* ---- Contents ---- */

static int is_process(endpoint_t endpoint)
{
	return endpoint > 0;
}

static int whole_pages(const struct cp_grant *content)
{
	return content->start % PAGE_SIZE == 0 &&
	       (content->bytes % PAGE_SIZE == 0 ||
	        (content->flags & CPF_INDIRECT && content->bytes == GRANT_ALL));
}

static int one_kind(uint32_t flags)
{
	uint32_t kind = flags & CPF_KIND;

	return kind == CPF_DIRECT || kind == CPF_INDIRECT || kind == CPF_MAGIC;
}

static int rights_make_sense(const struct cp_grant *content)
{
	uint32_t flags = content->flags;

	if (flags & ~(CPF_ACCESS | CPF_KIND) || !(flags & CPF_RIGHTS) || !one_kind(flags))
		return 0;
	if (!(flags & CPF_MAP))
		return 1;
	return flags & CPF_READ && !(flags & CPF_MAGIC) && content->who_to != ANY && whole_pages(content);
}

int grant_table_check(const struct cp_grant *content)
{
	if (!is_process(content->who_to) && content->who_to != ANY)
		return -EINVAL;
	if (!(content->flags & CPF_DIRECT) && !is_process(content->who_from))
		return -EINVAL;
	if (content->flags & CPF_INDIRECT && content->from_id <= 0)
		return -EINVAL;
	if (content->start + content->bytes < content->start && content->bytes != GRANT_ALL)
		return -EINVAL;
	return rights_make_sense(content) ? OK : -EINVAL;
}

struct cp_grant grant_direct(endpoint_t who_to, vir_bytes addr, size_t bytes, int access)
{
	return (struct cp_grant){
	        .flags = CPF_DIRECT | (uint32_t)access,
	        .who_to = who_to,
	        .start = addr,
	        .bytes = bytes,
	};
}

struct cp_grant grant_indirect(endpoint_t who_to, endpoint_t who_from, cp_grant_id_t grant, size_t offset,
                               size_t bytes, int access)
{
	return (struct cp_grant){
	        .flags = CPF_INDIRECT | (uint32_t)access,
	        .who_to = who_to,
	        .who_from = who_from,
	        .from_id = grant,
	        .start = offset,
	        .bytes = bytes,
	};
}

struct cp_grant grant_magic(endpoint_t who_to, endpoint_t who_from, vir_bytes addr, size_t bytes, int access)
{
	return (struct cp_grant){
	        .flags = CPF_MAGIC | (uint32_t)access,
	        .who_to = who_to,
	        .who_from = who_from,
	        .start = addr,
	        .bytes = bytes,
	};
}

/* ---- Records ---- */

/* The flags are what makes the record a grant: they come last, and go first. */
static void set_flags(struct cp_grant *record, uint32_t flags)
{
	__atomic_store_n(&record->flags, flags, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void fill(struct cp_grant *record, const struct cp_grant *content)
{
	if (!content)
		return;
	record->from_id = content->from_id;
	record->who_to = content->who_to;
	record->who_from = content->who_from;
	record->start = content->start;
	record->bytes = content->bytes;
	set_flags(record, content->flags);
}

cp_grant_id_t grant_table_add(const struct cp_grant *content)
{
	int result = content ? grant_table_check(content) : OK;
	uint64_t sequence;
	int slot;

	if (result == OK)
		result = take_sequence(&sequence);
	if (result != OK)
		return result;
	slot = take_slot();
	if (slot < 0)
		return slot;
	set_flags(&table[slot], 0);
	table[slot].unused = 0;
	table[slot].id = GRANT_ID(sequence, slot);
	fill(&table[slot], content);
	return table[slot].id;
}

static struct cp_grant *find(cp_grant_id_t id)
{
	uint32_t slot = GRANT_SLOT(id);

	return id > 0 && slot < state.used && slot < GRANTS_MAX && table[slot].id == id ? &table[slot] : NULL;
}

const struct cp_grant *grant_table_find(cp_grant_id_t id)
{
	return find(id);
}

/*
 * A copy is judged by the record each time it goes on, so for a grant to copy by it is enough that the record
 * says no. Mappings are VM's, and what was passed on may have been mapped.
 */
static int disable(struct cp_grant *record)
{
	uint32_t flags = record->flags;

	set_flags(record, 0);
	if (flags & (CPF_MAP | CPF_INDIRECT) || record->unused == WAS_MAPPABLE)
		return vm_revoke_grant(record->id);
	return OK;
}

int grant_table_set(cp_grant_id_t id, const struct cp_grant *content)
{
	struct cp_grant *record = find(id);
	int result = content ? grant_table_check(content) : OK;

	if (!record)
		return -EPERM;
	if (result == OK)
		result = disable(record);
	if (result == OK)
		fill(record, content);
	return result;
}

int grant_table_remove(cp_grant_id_t id)
{
	struct cp_grant *record = find(id);
	int result;

	if (!record)
		return -EPERM;
	result = disable(record);
	/* Unless a signal handler has done so meanwhile. */
	if (__sync_bool_compare_and_swap(&record->id, id, 0))
		give_slot(GRANT_SLOT(id));
	return result;
}

/* ---- The right to map alone ---- */

static void forbid_mapping(struct cp_grant *record)
{
	record->unused = WAS_MAPPABLE;
	__atomic_fetch_and(&record->flags, ~(uint32_t)CPF_MAP, __ATOMIC_SEQ_CST);
}

int sys_saferevmap_gid(cp_grant_id_t grant)
{
	struct cp_grant *record = find(grant);

	if (!record)
		return -EPERM;
	forbid_mapping(record);
	return vm_revoke_grant(grant);
}

/* All records must say no before VM is asked. One that a signal handler makes meanwhile is a new grant. */
int sys_saferevmap_addr(vir_bytes address)
{
	for (uint32_t slot = 0; slot < state.used && slot < GRANTS_MAX; slot++)
		if (table[slot].flags & CPF_DIRECT && address - table[slot].start < table[slot].bytes)
			forbid_mapping(&table[slot]);
	return vm_revoke_address(address);
}

void grant_table_rest(vir_bytes *start, vir_bytes *end)
{
	*start = ((vir_bytes)(uintptr_t)&table[GRANT_TABLE_BEGINS] + PAGE_SIZE - 1) & -PAGE_SIZE;
	*end = (vir_bytes)(uintptr_t)&table[GRANTS_MAX] & -PAGE_SIZE;
}

void cpf_reload(void)
{
	state.free = state.sequence = 0;
	state.used = 0;
}
