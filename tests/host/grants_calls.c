/* SPDX-License-Identifier: MIT */
/* Grants given, used and taken back. */
#include "grants_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/errno.h>
#include <granite/abi/layout.h>

#include "servers/vm/vm.h"
#include "vm_state.h"

/* A kernel call that somebody makes by a grant. */
static struct call {
	bool copying, lent;
	uint64_t before; /* 0, or vm_state() before VM_LEND */
	struct wish wish;
	vir_bytes address; /* the caller's */
	uint32_t done;
	int expected; /* what VM must say to a VM_LEND */
	struct verdict verdict;
	bool vm_failed; /* it could not bring memory in */
	int judged;     /* at its end */
} calls[PEOPLE];

static struct call *call_of(const struct person *p)
{
	return &calls[p - people];
}

/* ---- Giving ---- */

/* Who has taken back a grant in its table, and has VM still to ask for its mappings. */
#define OWED_MAX 8
static struct grant_link owed[OWED_MAX + 1];
static uint32_t nr_owed;

static void touch_granted(struct person *p, const struct cp_grant *grant)
{
	uint32_t known = PAGES * PAGE_SIZE; /* more bytes than that nobody has */

	model_touch_bytes(p, grant->start, grant->bytes < known ? grant->bytes : known);
}

/* As <granite/grant.h> promises: the record says no, then VM is asked if it may have been mapped. */
static void forbid(struct person *p, uint32_t slot)
{
	struct cp_grant grant = p->grant[slot];
	struct grant_link link = {.id = grant.id, .endpoint = p->endpoint};

	if (grant.flags & CPF_DIRECT)
		touch_granted(p, &grant);
	memset(&p->grant[slot], 0, sizeof(grant));
	kernel_grant(p->endpoint, slot)->flags = 0;
	choose_later(&link);
	if (grant.unused)
		owed[nr_owed++] = link;
}

void ask_for_what_is_owed(void)
{
	while (nr_owed > 0) {
		const struct grant_link link = owed[--nr_owed];
		struct vm_revoke_req request = {.what = VM_REVOKE_GRANT, .grant = link.id};

		vm_call_begins(person_of(link.endpoint), 0);
		assert_int_equal(MACHINE_CALL(revoke, link.endpoint, &request, NULL), OK);
		tally.ended += model_revoke(person_of(link.endpoint), link.id);
		acting = NULL;
	}
}

static void take_back(struct person *p, uint32_t slot)
{
	forbid(p, slot);
	ask_for_what_is_owed();
}

void forbid_meanwhile(struct person *p)
{
	uint32_t slot = random_below(GRANTS);

	if (p->grant[slot].id && nr_owed < OWED_MAX)
		forbid(p, slot);
}

void take_grant_back(struct person *p)
{
	uint32_t slot = random_below(GRANTS);

	for (int tries = 0; tries < 10 && !p->grant[slot].id; tries++)
		slot = random_below(GRANTS);
	if (p->grant[slot].id)
		take_back(p, slot);
}

/* What stands in a slot of the table that the process does not use any more stays there. */
void give_grant(struct person *p)
{
	uint32_t slot = random_below(GRANTS);
	struct cp_grant grant = choose_grant(p);

	if (p->grant[slot].id)
		take_back(p, slot);
	grant.id = GRANT_ID(p->sequence++, slot);
	p->grant[slot] = *kernel_grant(p->endpoint, slot) = grant;
	tally.good_for[choose_good_for(p, &grant)]++;
}

/* By address: the right to map it goes from all grants of the page, then from who has mapped it. */
void take_page_back(struct person *p)
{
	uint32_t page = random_below(PAGES - 1);
	struct vm_revoke_req request = {
	        .what = VM_REVOKE_ADDRESS,
	};

	page += page >= TABLE_PAGE; /* that one it needs */
	request.address = page_address(page) + 5;
	for (uint32_t i = 0; i < GRANTS; i++) {
		struct cp_grant *grant = &p->grant[i];

		if (!(grant->flags & CPF_DIRECT) || request.address - grant->start >= grant->bytes)
			continue;
		grant->flags &= ~(uint32_t)CPF_MAP;
		kernel_grant(p->endpoint, i)->flags = grant->flags;
	}
	model_touch(p, page, 1);
	vm_call_begins(p, 0);
	assert_int_equal(MACHINE_CALL(revoke, p->endpoint, &request, NULL), OK);
	tally.ended += model_revoke_page(p, page);
	acting = NULL;
}

void set_table(struct person *p)
{
	struct sys_setgrant_req request = {.table = page_address(TABLE_PAGE), .entries = GRANTS};
	struct sys_setgrant_rep reply;

	kernel_call(p->endpoint, SYS_SETGRANT, &request, sizeof(request));
	assert_int_equal(kernel_result(p->endpoint, &reply, sizeof(reply)), OK);
	p->sequence = reply.sequence + 1;
}

/* ---- What the kernel tells ---- */

static void judged_to_lend(endpoint_t caller)
{
	struct person *p = person_of(caller);
	struct call *call = call_of(p);
	bool write = call->wish.rights & CPF_WRITE;

	assert_false(call->copying);
	assert_int_equal(model_judge(&call->wish, &call->verdict), OK);
	call->expected = model_may_lend(p, &call->verdict, call->wish.bytes / PAGE_SIZE, write);
	call->before = random_below(4) ? 0 : vm_state();
	vm_call_begins(p, call->wish.bytes / PAGE_SIZE);
}

static void lent(struct person *p, struct call *call, int result)
{
	uint32_t page = page_at(call->address), pages = call->wish.bytes / PAGE_SIZE;

	assert_true(result == OK || !call->before || vm_state() == call->before);
	if (call->expected == OK && result == -ENOMEM && memory_short(pages, 8)) {
		call->expected = result;
		return;
	}
	assert_int_equal(result, call->expected);
	if (result != OK)
		return;
	model_lend(p, &call->verdict, page, pages, call->wish.rights & CPF_WRITE);
	tally.lent[model_depth(p->page[page].lent)]++;
}

/* The next pieces of a copy are what they are, and still allowed. */
static void advance(struct call *call, struct person *from, vir_bytes from_address, struct person *to,
                    vir_bytes to_address, uint32_t bytes)
{
	bool reading = call->wish.rights & CPF_READ;
	vir_bytes theirs = reading ? from_address : to_address, mine = reading ? to_address : from_address;

	assert_true(call->copying && call->done + bytes <= call->wish.bytes);
	assert_int_equal(model_judge(&call->wish, &call->verdict), OK);
	assert_ptr_equal(reading ? from : to, call->verdict.owner);
	assert_int_equal((reading ? to : from)->endpoint, call->wish.caller);
	assert_int_equal(theirs, call->verdict.address + call->done);
	assert_int_equal(mine, call->address + call->done);
	for (uint32_t i = 0; i < bytes; i += PIECE) {
		assert_true(may(&from->page[page_at(from_address + i)], false));
		assert_true(may(&to->page[page_at(to_address + i)], true));
		model_copy(to, to_address + i, from, from_address + i, PIECE);
	}
	call->done += bytes;
}

static void copied(endpoint_t caller, endpoint_t from, vir_bytes from_address, endpoint_t to,
                   vir_bytes to_address)
{
	advance(call_of(person_of(caller)), person_of(from), from_address, person_of(to), to_address, PIECE);
	tally.copied++;
}

/* Pages that live together with others are copied really. */
static void assert_private(const struct person *p, vir_bytes address, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += PAGE_SIZE)
		assert_int_equal(p->page[page_at(address + i)].cell->users, 1);
}

/* What was shared before VM gave up is copied already. */
static void partly_shared(struct person *from, vir_bytes from_address, struct person *to,
                          vir_bytes to_address, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += PAGE_SIZE) {
		const uint32_t *now = machine_contents(to->endpoint, to_address + i);

		if (page_at(from_address + i) == PAGES || page_at(to_address + i) == PAGES)
			return;
		if (now && may(&to->page[page_at(to_address + i)], true) &&
		    may(&from->page[page_at(from_address + i)], false) &&
		    memcmp(now, model_word(from, from_address + i), PAGE_SIZE) == 0)
			model_copy(to, to_address + i, from, from_address + i, PAGE_SIZE);
	}
}

static void shared(struct person *p, const struct vm_share_req *request, int result)
{
	struct person *from = person_of(request->source), *to = person_of(request->destination);

	if (result != OK) {
		tally.not_shared++;
		partly_shared(from, request->source_address, to, request->destination_address,
		              request->bytes);
		return;
	}
	advance(call_of(p), from, request->source_address, to, request->destination_address, request->bytes);
	assert_private(from, request->source_address, request->bytes);
	assert_private(to, request->destination_address, request->bytes);
	tally.shared++;
}

/* VM could not bring memory in: there is none left, or none there. The call ends with that, whatever comes
 * next. */
static void not_brought(const struct vm_memreq_req *request, int result)
{
	const struct person *owner = person_of(request->endpoint);
	bool there = owner != NULL;

	for (uint32_t i = 0; there && i < request->bytes; i += PIECE) {
		uint32_t page = page_at(request->address + i);

		there = page < PAGES && may(&owner->page[page], request->write);
	}
	if (result == -ENOMEM)
		assert_true(there && memory_short(1, 1));
	else
		assert_true(result == -EFAULT && !there);
}

static void served(endpoint_t caller, int32_t type, const void *request, int result)
{
	struct person *p = person_of(caller);
	struct call *call = call_of(p);

	if (type == VM_LEND) {
		call->lent = true;
		lent(p, call, result);
	} else if (type == VM_SHARE) {
		shared(p, request, result);
	} else if (result != OK) {
		not_brought(request, result);
		call->vm_failed = true;
	}
	acting = NULL;
}

const struct kernel_hooks grants_hooks = {
        .lending = judged_to_lend,
        .copied = copied,
        .served = served,
        .others = others_run,
};

/* ---- Using ---- */

/* What a grant gives is changed, or it is taken back, by who gave it, while a call of another by it waits. */
static void change_grant_used(const struct wish *wish)
{
	struct person *giver = person_of(wish->granter);

	for (uint32_t slot = 0; giver && !kernel_busy(giver->endpoint) && slot < GRANTS; slot++) {
		if (giver->grant[slot].id != wish->id)
			continue;
		take_back(giver, slot);
		if (random_below(2))
			return;
		giver->grant[slot] = choose_grant(giver);
		giver->grant[slot].id = wish->id;
		*kernel_grant(giver->endpoint, slot) = giver->grant[slot];
	}
}

/* Once it has a result others may take back what it was judged by. */
static void judge_at_end(struct call *call, endpoint_t endpoint)
{
	if (!kernel_busy(endpoint))
		call->judged = model_judge(&call->wish, &call->verdict);
}

/* The call to its end; others do what they like in between. False: its process was killed. */
static bool make_call(struct person *p, int32_t type, const void *request, size_t bytes)
{
	static int nested;
	endpoint_t endpoint = p->endpoint;

	vm_call_begins(p, 0);
	kernel_call(endpoint, type, request, bytes);
	acting = NULL;
	judge_at_end(call_of(p), endpoint);
	ask_for_what_is_owed();
	tally.suspended += kernel_busy(endpoint);
	while (kernel_busy(endpoint)) {
		if (nested < 3 && random_below(3) == 0) {
			nested++;
			if (random_below(8))
				step();
			else
				change_grant_used(&call_of(p)->wish);
			nested--;
			if (p->endpoint != endpoint)
				return false;
		}
		vm_call_begins(p, 0);
		kernel_go_on(endpoint);
		acting = NULL;
		judge_at_end(call_of(p), endpoint);
		ask_for_what_is_owed();
	}
	return true;
}

static void check_refusal(const struct call *call, int result)
{
	tally.refused++;
	if (result == -EFAULT && call->vm_failed)
		return;
	assert_int_equal(result, call->judged);
}

/* What it may change, if it stands. */
static void touch_wished(struct person *p, const struct call *call)
{
	struct verdict verdict;

	model_touch_bytes(p, call->address, call->wish.bytes);
	if (model_judge(&call->wish, &verdict) == OK)
		model_touch_bytes(verdict.owner, verdict.address, call->wish.bytes);
}

static struct call *new_call(struct person *p, uint32_t rights)
{
	struct call *call = call_of(p);

	*call = (struct call){.done = 0};
	choose_wish(p, rights, &call->wish);
	return call;
}

void map_grant(struct person *p)
{
	bool write = random_below(2);
	struct call *call = new_call(p, CPF_READ | CPF_MAP | (write ? CPF_WRITE : 0));
	uint32_t page = random_below(random_below(20) ? WINDOW_PAGES : TABLE_PAGE), pages;
	struct sys_safemap_req request;
	int result;

	if (random_below(3) == 0)
		page = KEPT_FIRST + random_below(KEPT_PAGES);
	pages = (page < WINDOW_PAGES ? WINDOW_PAGES : page < TABLE_PAGE ? TABLE_PAGE : PAGES) - page;
	if (call->wish.bytes > pages * PAGE_SIZE)
		call->wish.bytes = pages * PAGE_SIZE;
	call->address = page_address(page);
	request = (struct sys_safemap_req){
	        .grant = call->wish.id,
	        .granter = call->wish.granter,
	        .offset = call->wish.offset,
	        .address = call->address,
	        .bytes = call->wish.bytes,
	        .writable = write,
	};
	touch_wished(p, call);
	if (!make_call(p, SYS_SAFEMAP, &request, sizeof(request)))
		return;
	result = kernel_result(p->endpoint, NULL, 0);
	take_in((uint64_t)result);
	if (call->lent)
		assert_int_equal(result, call->expected);
	else
		check_refusal(call, result);
}

static bool overlaps(const struct call *call)
{
	struct verdict verdict;

	return model_judge(&call->wish, &verdict) == OK && verdict.owner->endpoint == call->wish.caller;
}

/* Whether what is left of the copy can't be made. */
static bool out_of_reach(const struct person *p, const struct call *call)
{
	bool reading = call->wish.rights & CPF_READ;

	for (uint32_t i = call->done; i < call->wish.bytes; i += PIECE) {
		uint32_t theirs = page_at(call->verdict.address + i), mine = page_at(call->address + i);

		if (theirs == PAGES || !may(&call->verdict.owner->page[theirs], !reading))
			return true;
		if (mine == PAGES || !may(&p->page[mine], reading))
			return true;
	}
	return false;
}

static void check_copy(const struct person *p, const struct call *call, int result)
{
	if (result == OK) {
		assert_int_equal(call->done, call->wish.bytes);
		return;
	}
	if (call->judged != OK || result != -EFAULT) {
		check_refusal(call, result);
		return;
	}
	assert_true(call->vm_failed || call->verdict.flags & CPF_TRY || out_of_reach(p, call));
}

void copy_by_grant(struct person *p)
{
	bool reading = random_below(2);
	struct call *call = new_call(p, reading ? CPF_READ : CPF_WRITE);
	struct sys_safecopyfrom_req request;
	int result;

	call->copying = true;
	call->address = page_address(random_below(WINDOW_PAGES));
	if (random_below(3) == 0) {
		call->address += random_below(PAGE_PIECES) * PIECE;
		call->wish.offset += random_below(PAGE_PIECES) * PIECE;
		call->wish.bytes -= random_below(PAGE_PIECES) * PIECE;
	}
	if (overlaps(call))
		return;
	request = (struct sys_safecopyfrom_req){
	        .grant = call->wish.id,
	        .granter = call->wish.granter,
	        .offset = call->wish.offset,
	        .address = call->address,
	        .bytes = call->wish.bytes,
	};
	touch_wished(p, call);
	if (!make_call(p, reading ? SYS_SAFECOPYFROM : SYS_SAFECOPYTO, &request, sizeof(request)))
		return;
	result = kernel_result(p->endpoint, NULL, 0);
	take_in((uint64_t)result);
	check_copy(p, call, result);
}
