/* SPDX-License-Identifier: MIT */
/* How processes begin and end, and what services keep beyond that. */
#include "grants_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/errno.h>

#include "servers/vm/memory.h"
#include "servers/vm/vm.h"

static struct person *nobody(void)
{
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint == NONE)
			return &people[i];
	return NULL;
}

/* ---- Kept memory ---- */

/* Each name is used once: that it is found again is not what this is about. */
static uint32_t names;

void lives_start(void)
{
	names = 0;
}

void keep(struct person *p)
{
	struct vm_keep_req request = {.address = 0};
	struct vm_keep_rep reply = {0};
	uint32_t first = KEPT_FIRST + random_below(KEPT_PAGES), pages = 1 + random_below(8);
	int result, expected = p->service ? OK : -EPERM;

	if (pages > PAGES - first)
		pages = PAGES - first;
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE;
	snprintf(request.name, sizeof(request.name), "%u", names++);
	for (uint32_t i = first; i < first + pages; i++)
		if (p->service && p->page[i].mapped)
			expected = -EEXIST;
	model_touch(p, first, pages);
	vm_call_begins(p, 0);
	result = MACHINE_CALL(keep, p->endpoint, &request, &reply);
	acting = NULL;
	if (expected == OK && result == -ENOMEM && memory_short(0, 4))
		return;
	assert_int_equal(result, expected);
	if (result != OK)
		return;
	model_map(p, first, pages, VM_PROT_READ | VM_PROT_WRITE);
	for (uint32_t i = first; i < first + pages; i++)
		p->page[i].named = true;
	tally.kept++;
}

static bool has_kept(const struct person *p)
{
	for (uint32_t i = KEPT_FIRST; i < PAGES; i++)
		if (p->page[i].named)
			return true;
	return false;
}

/* That it was lent, or lives together with what was lent to others. */
static bool has_lendings(const struct person *p)
{
	for (uint32_t i = KEPT_FIRST; i < PAGES; i++)
		if (p->page[i].mapped && p->page[i].cell->users > 1)
			return true;
	return false;
}

static void ask_to_succeed(const struct person *dead, endpoint_t heir, int expected)
{
	struct vm_succeed_req request = {.old = dead->endpoint, .new = heir};
	int result;

	vm_call_begins(NULL, 0);
	result = MACHINE_CALL(succeed, RS_PROC_NR, &request, NULL);
	assert_int_equal(result, expected);
}

void give_up(struct person *dead)
{
	tally.given_up += has_lendings(dead);
	ask_to_succeed(dead, NONE, OK);
	model_leave(dead);
	dead->endpoint = NONE;
}

static struct person *free_place(void)
{
	for (int i = 0; i < LEFT; i++)
		if (left[i].endpoint == NONE)
			return &left[i];
	give_up(&left[random_below(LEFT)]);
	return free_place();
}

static struct person *left_to(const struct person *heir)
{
	for (int i = 0; i < LEFT; i++)
		if (left[i].endpoint != NONE && left[i].heir == heir->endpoint)
			return &left[i];
	return NULL;
}

static struct person *somebody_dead(void)
{
	for (int tries = 0; tries < 20; tries++) {
		struct person *dead = &left[random_below(LEFT)];

		if (dead->endpoint != NONE)
			return dead;
	}
	return NULL;
}

/* false: there is another, or p is another's. */
static bool name_heir(struct person *dead, const struct person *p)
{
	const struct person *other = left_to(p);
	bool busy = (other && other != dead) || (dead->heir != p->endpoint && person_of(dead->heir));

	ask_to_succeed(dead, p->endpoint, busy ? -EBUSY : OK);
	if (!busy)
		dead->heir = p->endpoint;
	return !busy;
}

/* The heir has what was left, and only then what it had itself goes: that may have been lent to the dead. */
static void leave_and_inherit(struct person *heir)
{
	struct person *dead = left_to(heir);
	endpoint_t left_by = dead ? dead->endpoint : NONE;

	if (dead)
		dead->endpoint = heir->endpoint;
	model_leave(heir);
	if (!dead)
		return;
	tally.inherited += has_lendings(dead);
	model_inherit(heir, dead, left_by);
}

/* ---- Lives ---- */

/* Where its memory goes is found before: that may take VM. */
void exit_person(struct person *p)
{
	endpoint_t endpoint = p->endpoint;
	struct person *place = has_kept(p) ? free_place() : NULL;

	ask_for_what_is_owed(); /* by p, while others gave way */
	tally.left += place && has_lendings(p);
	model_touch(p, 0, PAGES);
	vm_call_begins(p, 0);
	kernel_remove(endpoint);
	machine_exit(endpoint);
	acting = NULL;
	if (place)
		model_leave_kept(p, place);
	else
		model_leave(p);
	memset(p, 0, sizeof(*p));
	p->endpoint = NONE;
	tally.exits++;
}

void fork_person(struct person *p)
{
	struct person *child = nobody();
	endpoint_t endpoint;
	int result;

	if (!child)
		return;
	model_touch(p, 0, PAGES);
	vm_call_begins(p, 0);
	result = machine_fork(p->endpoint, &endpoint);
	if (result != OK) {
		assert_int_equal(result, -ENOMEM);
		assert_true(memory_short(FORK_FRAMES + PAGES, 60));
		acting = NULL;
		return;
	}
	child->endpoint = endpoint;
	kernel_add(endpoint, p->endpoint);
	model_fork(p, child);
	acting = NULL;
	set_table(child);
	tally.forks++;
}

static void model_program(struct person *p, const struct vm_exec_plan *plan)
{
	for (uint32_t s = 0; s < plan->nr_segments; s++) {
		const struct vm_segment *segment = &plan->segments[s];

		model_map(p, page_at(segment->address), segment->bytes / PAGE_SIZE, segment->prot);
		for (vir_bytes i = 0; i < segment->file_bytes; i += WORD)
			*model_word(p, segment->address + i) = archive_word(segment->archive_offset + i);
	}
}

void exec_person(struct person *p)
{
	const struct vm_exec_plan plan = {
	        .nr_segments = 2,
	        .segments = {{page_address(WINDOW_PAGES), TEXT_PAGES * PAGE_SIZE, random_below(4) * PAGE_SIZE,
	                      TEXT_PAGES * PAGE_SIZE, VM_PROT_READ | VM_PROT_EXEC},
	                     {page_address(WINDOW_PAGES + TEXT_PAGES), DATA_PAGES * PAGE_SIZE,
	                      random_below(8) * PAGE_SIZE, DATA_PAGES / 2 * PAGE_SIZE,
	                      VM_PROT_READ | VM_PROT_WRITE}},
	};
	int result;

	model_touch(p, 0, PAGES);
	vm_call_begins(p, 8);
	result = machine_exec(p->endpoint, &plan);
	if (result != OK) {
		acting = NULL;
		assert_int_equal(result, -ENOMEM);
		assert_true(memory_short(8, 10));
		return;
	}
	kernel_forget_grants(p->endpoint);
	leave_and_inherit(p);
	model_program(p, &plan);
	acting = NULL;
	map_table(p);
	map_range(p, 0, WINDOW_PAGES, VM_PROT_READ | VM_PROT_WRITE, 0);
	for (int i = 0; p->service && i < 4; i++)
		keep(p);
	set_table(p);
	tally.execs++;
}

void new_person(void)
{
	uint32_t execs = tally.execs;
	struct person *p = nobody(), *dead = somebody_dead();

	if (!p || machine_fork(NONE, &p->endpoint) != OK)
		return;
	kernel_add(p->endpoint, NONE);
	p->service = random_below(4) > 0;
	if (p->service) {
		machine_make_service(p->endpoint);
		if (dead && random_below(8))
			(void)name_heir(dead, p);
	}
	exec_person(p);
	if (tally.execs == execs)
		exit_person(p);
}

/* Anybody, in the middle of whatever it does. */
void kill_one(void)
{
	struct person *p = &people[random_below(PEOPLE)];

	if (p->endpoint != NONE)
		exit_person(p);
}

/* RS names an heir, which mostly comes to have it, or gives up. */
void succeed(struct person *p)
{
	struct person *dead = somebody_dead();

	if (!dead)
		return;
	if (random_below(2) == 0)
		give_up(dead);
	else if (name_heir(dead, p) && random_below(4))
		exec_person(p);
}
