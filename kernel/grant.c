/* SPDX-License-Identifier: MIT */
#include "grant.h"

#include <granite/abi/bridge.h>
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>

#include "copy.h"
#include "priv.h"
#include "trace.h"

static int take_numbers(struct grant_numbers *numbers, uint64_t *sequence)
{
	if (numbers->blocks == GRANT_TABLES_MAX)
		return -ENOSPC;
	numbers->blocks++;
	*sequence = (uint64_t)numbers->blocks << GRANT_SEQUENCE_BITS;
	return OK;
}

int grant_set_table(struct proc *p, vir_bytes table, uint32_t entries, uint64_t *sequence)
{
	int result;

	if (entries > GRANT_SLOTS)
		return -EINVAL;
	if (!copy_in_range(p, table, entries * sizeof(struct cp_grant)))
		return -EFAULT;
	result = take_numbers(&p->table_numbers, sequence);
	if (result != OK)
		return result;
	p->grant_table = table;
	p->grant_entries = entries;
	return OK;
}

int grant_number_loans(struct proc *p, uint64_t *sequence)
{
	return take_numbers(&p->loan_numbers, sequence);
}

static void forget(struct grant_numbers *numbers)
{
	numbers->floor = numbers->blocks;
}

void grant_forget_all(struct proc *p)
{
	p->grant_entries = 0;
	forget(&p->table_numbers);
	forget(&p->loan_numbers);
}

void grant_inherit(struct proc *child, const struct proc *parent)
{
	child->table_numbers = parent->table_numbers;
	child->loan_numbers = parent->loan_numbers;
	grant_forget_all(child);
}

static int has_loans(const struct proc *granter)
{
	return granter->bridge_control != 0;
}

static vir_bytes loan_at(const struct proc *granter)
{
	return granter->bridge_control + offsetof(struct bridge_control, loan);
}

static vir_bytes record_at(const struct proc *granter, uint32_t slot)
{
	return granter->grant_table + slot * sizeof(struct cp_grant);
}

/* Where the record of an id would be. 0: there can be none. */
static int locate(const struct proc *granter, cp_grant_id_t id, vir_bytes *address)
{
	uint32_t slot = GRANT_SLOT(id), floor;

	if (slot < granter->grant_entries) {
		*address = record_at(granter, slot);
		floor = granter->table_numbers.floor;
	} else if (slot == GRANT_LOAN_SLOT && has_loans(granter)) {
		*address = loan_at(granter);
		floor = granter->loan_numbers.floor;
	} else {
		return 0;
	}
	return id > 0 && GRANT_SEQUENCE(id) >> GRANT_SEQUENCE_BITS > floor;
}

/*
 * Copies a record. Its granter has written it, so it is in memory. For what is not VM is never asked: anybody
 * may name any id, and a guess must not cost the table's owner a page.
 */
static int fetch(struct proc *granter, cp_grant_id_t id, struct cp_grant *record)
{
	vir_bytes address;

	return locate(granter, id, &address) && copy_at_once(granter, address, record, sizeof(*record));
}

/* What is being judged. From record to record it becomes the wish for the grant below. */
struct judgement {
	struct grant_wish wish;
	endpoint_t grantee; /* to whom the next record must have been given */
	uint32_t first;     /* 1: the grantee is the caller itself */
};

/* ANY is anybody who copies, but no link of a chain. */
static int is_for(const struct cp_grant *record, const struct judgement *judgement)
{
	if (record->who_to == judgement->grantee)
		return 1;
	return record->who_to == ANY && judgement->first && !(judgement->wish.rights & CPF_MAP);
}

static int allows(const struct cp_grant *record, const struct judgement *judgement)
{
	const struct grant_wish *wish = &judgement->wish;

	return record->id == wish->id && is_for(record, judgement) &&
	       (record->flags & wish->rights) == wish->rights && wish->offset <= record->bytes &&
	       wish->bytes <= record->bytes - wish->offset;
}

/* What is mapped is whole pages, in each record of the chain. */
static int is_aligned(const struct cp_grant *record)
{
	return record->start % PAGE_SIZE == 0 &&
	       (record->bytes % PAGE_SIZE == 0 || record->bytes == GRANT_ALL);
}

/* The memory that is wished for: it begins `wish->offset` behind `start` of `owner`. A record may name any
 * range; what counts is whether the process has it. */
static int find_memory(struct proc *owner, const struct cp_grant *record, const struct grant_wish *wish,
                       struct grant_use *use)
{
	if (!owner)
		return -EDEADSRCDST;
	if (record->start + wish->offset < record->start)
		return -EFAULT;
	use->owner = owner;
	use->address = record->start + wish->offset;
	return copy_in_range(owner, use->address, wish->bytes) ? OK : -EFAULT;
}

/*
 * The memory that a magic grant lends. Not that of those on whom all depends: who writes there may do
 * whatever they may. Out of line, for hardly a grant is magic.
 */
static __attribute__((noinline, cold)) int find_others_memory(const struct proc *granter,
                                                              const struct cp_grant *record,
                                                              const struct grant_wish *wish,
                                                              struct grant_use *use)
{
	struct proc *owner = proc_lookup(record->who_from);

	if (wish->rights & CPF_MAP || !(granter->priv->spec.flags & PRIV_MAGIC))
		return -EPERM;
	if (owner && proc_is_vital(owner))
		return -EPERM;
	return find_memory(owner, record, wish, use);
}

/*
 * Out of line, for most grants are direct. SELF is nobody here: it is a caller's word, and in a record would
 * be whoever uses the grant.
 */
static __attribute__((noinline, cold)) int go_below(struct proc *granter, const struct cp_grant *record,
                                                    struct judgement *judgement)
{
	if (record->who_from == SELF)
		return -EDEADSRCDST;
	if (record->start + judgement->wish.offset < record->start)
		return -EPERM;
	judgement->wish.granter = record->who_from;
	judgement->wish.id = record->from_id;
	judgement->wish.offset += record->start;
	judgement->grantee = granter->endpoint;
	judgement->first = 0;
	return OK;
}

/* One record. 1: the chain goes on; otherwise the judgement. */
static int judge_record(struct proc *caller, struct judgement *judgement, struct grant_use *use)
{
	struct proc *granter = proc_resolve(caller, judgement->wish.granter);
	struct cp_grant record;
	int result;

	if (!granter)
		return -EDEADSRCDST;
	if (!fetch(granter, judgement->wish.id, &record) || !allows(&record, judgement))
		return -EPERM;
	if (judgement->wish.rights & CPF_MAP && !is_aligned(&record))
		return -EINVAL;
	use->link[use->depth++] = (struct grant_link){.id = record.id, .endpoint = granter->endpoint};
	use->flags |= record.flags & (CPF_UNMAP | CPF_TRY);
	switch (record.flags & CPF_KIND) {
	case CPF_DIRECT:
		return find_memory(granter, &record, &judgement->wish, use);
	case CPF_INDIRECT:
		result = go_below(granter, &record, judgement);
		return result == OK ? 1 : result;
	case CPF_MAGIC:
		return find_others_memory(granter, &record, &judgement->wish, use);
	default:
		return -EPERM;
	}
}

static int judge_chain(struct proc *caller, const struct grant_wish *wish, struct grant_use *use)
{
	struct judgement judgement = {.wish = *wish, .grantee = caller->endpoint, .first = 1};
	int result;

	use->depth = 0;
	use->flags = 0;
	do {
		if (use->depth == GRANT_DEPTH_MAX)
			return -ELOOP;
		result = judge_record(caller, &judgement, use);
	} while (result == 1);
	return result;
}

int grant_judge(struct proc *caller, const struct grant_wish *wish, struct grant_use *use)
{
	int result = judge_chain(caller, wish, use);

	if (result == OK)
		TRACE(GRANT, put(EVENT_GRANT, 0, caller->endpoint, use->owner->endpoint, use->address,
		                 wish->bytes, use->depth));
	else
		TRACE(GRANT, put(EVENT_GRANT_REFUSED, 0, caller->endpoint, wish->granter, result, 0, 0));
	return result;
}

/* --- looking at all of them --- */

/* Slots looked at in one call, for it to be short. */
#define SLOTS_AT_ONCE 1024

static int is_grant(const struct proc *p, const struct cp_grant *record, vir_bytes address)
{
	vir_bytes its;

	return record->flags & CPF_KIND && locate(p, record->id, &its) && its == address;
}

/* Copies the record at an address. 0: the page is not there. *found: how many that has made more. */
static int list_record(struct proc *p, vir_bytes address, struct cp_grant *grants, uint32_t *found)
{
	if (!copy_at_once(p, address, &grants[*found], sizeof(*grants)))
		return 0;
	*found += is_grant(p, &grants[*found], address);
	return 1;
}

/* The slot after the page that the slot's record ends in, or the table's end. */
static uint32_t next_page(const struct proc *p, uint32_t slot)
{
	vir_bytes page = (record_at(p, slot) + sizeof(struct cp_grant) - 1) / PAGE_SIZE + 1;
	uint32_t next = (page * PAGE_SIZE - p->grant_table) / sizeof(struct cp_grant);

	return next < p->grant_entries ? next : p->grant_entries;
}

static uint32_t list_table(struct proc *p, uint32_t *slot, struct cp_grant *grants, uint32_t count)
{
	uint32_t found = 0, end = p->grant_entries;

	if (*slot < end && end - *slot > SLOTS_AT_ONCE)
		end = *slot + SLOTS_AT_ONCE;
	while (*slot < end && found < count)
		*slot = list_record(p, record_at(p, *slot), grants, &found) ? *slot + 1 : next_page(p, *slot);
	return found;
}

uint32_t grant_list(struct proc *p, uint32_t slot, struct cp_grant *grants, uint32_t count, uint32_t *next)
{
	uint32_t found = list_table(p, &slot, grants, count);

	if (slot >= p->grant_entries && slot <= GRANT_LOAN_SLOT && found < count) {
		if (has_loans(p))
			(void)list_record(p, loan_at(p), grants, &found);
		slot = GRANT_LOAN_SLOT + 1;
	}
	*next = slot <= GRANT_LOAN_SLOT ? slot : 0;
	return found;
}
