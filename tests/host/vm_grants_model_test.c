/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c kernel/grant.c kernel/safecopy.c kernel/proc.c kernel/sched.c
 * kernel/priv.c kernel/sys/do_safemap.c kernel/sys/do_safecopyfrom.c kernel/sys/do_safecopyto.c
 * kernel/sys/do_setgrant.c tests/host/vm_check.c tests/host/vm_machine.c tests/host/kernel_calls.c
 * tests/host/kernel_machine.c tests/host/grants_model.c tests/host/grants_choose.c tests/host/grants_calls.c
 * tests/host/vm_state.c
 */
/*
 * Processes lend each other memory, map and copy what was lent, write, fork, take it back, unmap, die and run
 * other programs, in random order: the kernel's code that judges and VM's that carries out, against a simple
 * model. VM is interrupted again and again; then others run with what they have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "grants_steps.h"
#include "servers/vm/frames.h"
#include "servers/vm/memory.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"
#include "servers/vm/vm.h"
#include "vm_check.h"

#define STEPS 30000 /* on each of four machines: 120,000 a seed */

_Static_assert(GRANTS <= KERNEL_GRANTS, "all grants are in a table");

struct tally tally;
struct person *acting;
static struct vm_info_rep empty;

/* ---- What the model needs ---- */

void model_wrong(const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fail_msg("%s", text);
	abort();
}

const uint32_t *model_contents(endpoint_t endpoint, vir_bytes address)
{
	return machine_contents(endpoint, address);
}

const uint32_t *model_reached(endpoint_t endpoint, vir_bytes address, bool write)
{
	return machine_reach(endpoint, address, write);
}

/* ---- VM ---- */

static struct vm_info_rep account(void)
{
	struct vm_info_rep info = {0};

	assert_int_equal(do_info(PM_PROC_NR, NULL, &info), OK);
	return info;
}

bool memory_short(uint32_t pages, uint32_t pool)
{
	return frames_available() < pages || pool_available() < pool;
}

void vm_call_begins(struct person *p, uint32_t other_needs)
{
	acting = p;
	model_vm_begins(frames_available(), other_needs);
}

/* ---- While VM is interrupted ---- */

static bool can_run(const struct person *p)
{
	return p->endpoint != NONE && p != acting && !kernel_busy(p->endpoint);
}

static void access_meanwhile(struct person *p, uint32_t page, uint32_t i, bool write)
{
	vir_bytes address = page_address(page) + i * WORD_STRIDE;
	uint32_t *word = machine_access(p->endpoint, address, write);

	if (!word)
		return;
	if (!may(&p->page[page], write))
		fail_msg("%d can %s at %x while VM is at work", p->endpoint, write ? "write" : "read",
		         address);
	if (*word != *model_word(p, address) && !model_was_written(p->page[page].cell, i, *word))
		fail_msg("%d reads %x at %x while VM is at work, should be %x", p->endpoint, *word, address,
		         *model_word(p, address));
	if (write)
		model_write_meanwhile(p, address, *word = random_below(1u << 31));
}

/* Mostly one that lives together with others: it is those that VM is about. */
static uint32_t pick_page(const struct person *p)
{
	uint32_t page = random_below(PAGES);

	for (int tries = 0; tries < 12 && !(p->page[page].mapped && p->page[page].cell->users > 1); tries++)
		page = random_below(PAGES);
	return page;
}

void others_run(void)
{
	if (kernel_undisturbed())
		return;
	for (int i = 0; i < 12; i++) {
		struct person *p = &people[random_below(PEOPLE)];
		uint32_t page = pick_page(p);

		if (can_run(p))
			access_meanwhile(p, page, random_below(PAGE_WORDS),
			                 model_writes_left() && random_below(2));
		if (can_run(p) && random_below(200) == 0)
			forbid_meanwhile(p);
	}
}

/* ---- Steps ---- */

struct person *somebody(void)
{
	for (int tries = 0; tries < 50; tries++) {
		struct person *p = &people[random_below(PEOPLE)];

		if (p->endpoint != NONE && !kernel_busy(p->endpoint))
			return p;
	}
	return NULL;
}

static struct person *nobody(void)
{
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint == NONE)
			return &people[i];
	return NULL;
}

/* Pages of one window. */
static void pick_range(uint32_t *first, uint32_t *pages)
{
	uint32_t end;

	*first = random_below(random_below(6) ? WINDOW_PAGES : TABLE_PAGE);
	*pages = 1 + random_below(random_below(4) ? 6 : 40);
	end = *first < WINDOW_PAGES ? WINDOW_PAGES : TABLE_PAGE;
	if (*pages > end - *first)
		*pages = end - *first;
}

/* The same, also of what services keep. */
static void pick_any_range(uint32_t *first, uint32_t *pages)
{
	pick_range(first, pages);
	if (random_below(3))
		return;
	*first = KEPT_FIRST + random_below(KEPT_PAGES);
	*pages = 1 + *pages % (PAGES - *first);
}

/* A copy of what the page shares is promised. */
static bool copy_is_promised(const struct person *p, uint32_t page)
{
	const uint32_t *entry = pagetable_find(&process_space(p->endpoint)->pagetable, page_address(page));

	return entry && *entry && !(*entry & (PTE_LENT | PTE_DEVICE)) &&
	       frame_copy_promised(*entry & PTE_FRAME, *entry & PTE_PAID);
}

static void touch(struct person *p)
{
	uint32_t page = random_below(PAGES), i = random_below(PAGE_WORDS), value = random_below(1u << 31);
	vir_bytes address = page_address(page) + i * WORD_STRIDE;
	bool write = random_below(2);
	int result;

	vm_call_begins(p, 0);
	result = write ? machine_write(p->endpoint, address, value)
	               : machine_read(p->endpoint, address, &value);
	acting = NULL;
	if (!may(&p->page[page], write)) {
		assert_int_equal(result, p->page[page].mapped ? -EACCES : -EFAULT);
	} else if (result != OK) {
		assert_int_equal(result, -ENOMEM);
		assert_true(memory_short(1, 1) && !copy_is_promised(p, page));
	} else if (write) {
		*model_word(p, address) = value;
	} else {
		assert_int_equal(value, *model_word(p, address));
	}
}

static void touch_much(struct person *p)
{
	for (int i = 0; i < 20; i++)
		touch(p);
}

static uint32_t pick_prot(void)
{
	static const uint8_t prots[] = {0, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 5, 7, 2};

	return prots[random_below(sizeof(prots))];
}

static void map_range(struct person *p, uint32_t first, uint32_t pages, uint32_t prot, uint32_t flags)
{
	struct vm_mmap_req request = {
	        .address = page_address(first),
	        .bytes = pages * PAGE_SIZE,
	        .prot = prot,
	        .flags = VM_MAP_FIXED | flags,
	};
	struct vm_mmap_rep reply = {0};
	int result;

	vm_call_begins(p, flags & VM_MAP_POPULATE ? pages : 0);
	result = MACHINE_CALL(mmap, p->endpoint, &request, &reply);
	acting = NULL;
	if (result == OK) {
		model_map(p, first, pages, prot);
		return;
	}
	assert_int_equal(result, -ENOMEM);
	assert_true(memory_short(flags & VM_MAP_POPULATE ? pages : 0, 6));
}

static void map(struct person *p)
{
	uint32_t first, pages;

	pick_range(&first, &pages);
	map_range(p, first, pages, pick_prot(), random_below(4) ? 0 : VM_MAP_POPULATE);
}

/* Present from the start: a table's owner has written to it. */
static void map_table(struct person *p)
{
	map_range(p, TABLE_PAGE, 1, VM_PROT_READ | VM_PROT_WRITE, VM_MAP_POPULATE);
}

static void lose_table(struct person *p)
{
	struct vm_mprotect_req request = {page_address(TABLE_PAGE), PAGE_SIZE, 0};
	int result;

	if (!p->page[TABLE_PAGE].mapped || p->page[TABLE_PAGE].prot == 0) {
		map_table(p);
		return;
	}
	if (random_below(30))
		return;
	vm_call_begins(p, 0);
	result = MACHINE_CALL(mprotect, p->endpoint, &request, NULL);
	acting = NULL;
	assert_int_equal(result, OK);
	p->page[TABLE_PAGE].prot = 0;
}

static void unmap(struct person *p)
{
	struct vm_munmap_req request;
	uint32_t first, pages;
	int result;

	pick_any_range(&first, &pages);
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE;
	vm_call_begins(p, 0);
	result = MACHINE_CALL(munmap, p->endpoint, &request, NULL);
	acting = NULL;
	if (result == OK) {
		model_unmap(p, first, pages);
		return;
	}
	assert_int_equal(result, -ENOMEM);
	assert_true(memory_short(0, 2));
}

static int protect_expected(const struct person *p, uint32_t first, uint32_t pages, uint32_t prot)
{
	int expected = OK;

	for (uint32_t i = first; i < first + pages; i++) {
		const struct page *page = &p->page[i];

		if (page->lent && prot & VM_PROT_WRITE && !page->lent->write)
			return -EACCES;
		if (!page->mapped)
			expected = -ENOMEM;
	}
	return expected;
}

static void protect(struct person *p)
{
	struct vm_mprotect_req request = {.prot = pick_prot()};
	uint32_t first, pages;
	int result, expected;

	pick_any_range(&first, &pages);
	pages = (pages - 1) % 6 + 1;
	while (pages > 1 && !p->page[first + pages - 1].mapped)
		pages--;
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE;
	expected = protect_expected(p, first, pages, request.prot);
	vm_call_begins(p, 0);
	result = MACHINE_CALL(mprotect, p->endpoint, &request, NULL);
	acting = NULL;
	if (expected == OK && result == -ENOMEM && memory_short(0, 2))
		return;
	assert_int_equal(result, expected);
	for (uint32_t i = first; result == OK && i < first + pages; i++)
		p->page[i].prot = request.prot;
}

static void unlend(struct person *p)
{
	uint32_t page = random_below(PAGES);
	struct vm_unlend_req request;
	int result;

	for (int tries = 0; tries < 20 && !p->page[page].lent; tries++)
		page = random_below(PAGES);
	request.address = page_address(page) + random_below(PAGE_SIZE);
	vm_call_begins(p, 0);
	result = MACHINE_CALL(unlend, p->endpoint, &request, NULL);
	acting = NULL;
	assert_int_equal(result, p->page[page].lent ? OK : -EINVAL);
	if (result == OK)
		model_unlend(p, p->page[page].lent);
}

/* ---- Kept memory ---- */

/* Each name is used once: that it is found again is not what this is about. */
static void keep(struct person *p)
{
	static uint32_t names;
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

static void give_up(struct person *dead)
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
static void exit_person(struct person *p)
{
	endpoint_t endpoint = p->endpoint;
	struct person *place = has_kept(p) ? free_place() : NULL;

	ask_for_what_is_owed(); /* by p, while others gave way */
	tally.left += place && has_lendings(p);
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

static void fork_person(struct person *p)
{
	struct person *child = nobody();
	endpoint_t endpoint;
	int result;

	if (!child)
		return;
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
		for (vir_bytes i = 0; i < segment->file_bytes; i += WORD_STRIDE)
			*model_word(p, segment->address + i) = archive_word(segment->archive_offset + i);
	}
}

static void exec_person(struct person *p)
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

static void new_person(struct person *p)
{
	uint32_t execs = tally.execs;
	struct person *dead = somebody_dead();

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
static void kill_one(void)
{
	struct person *p = &people[random_below(PEOPLE)];

	if (p->endpoint != NONE)
		exit_person(p);
}

/* RS names an heir, which mostly comes to have it, or gives up. */
static void succeed(struct person *p)
{
	struct person *dead = somebody_dead();

	if (!dead)
		return;
	if (random_below(2) == 0)
		give_up(dead);
	else if (name_heir(dead, p) && random_below(4))
		exec_person(p);
}

static void sometimes_take_page_back(struct person *p)
{
	if (random_below(6) == 0)
		take_page_back(p);
}

void step(void)
{
	static void (*const acts[])(struct person * p) = {
	        touch_much,
	        touch_much,
	        touch_much,
	        map,
	        unmap,
	        protect,
	        unlend,
	        give_grant,
	        give_grant,
	        give_grant,
	        give_grant,
	        give_grant,
	        take_grant_back,
	        sometimes_take_page_back,
	        map_grant,
	        map_grant,
	        map_grant,
	        map_grant,
	        copy_by_grant,
	        copy_by_grant,
	        copy_by_grant,
	        lose_table,
	        keep,
	        keep,
	};
	uint32_t act = random_below(1000);
	struct person *p = somebody();

	if (act < 16 || !p)
		new_person(nobody());
	else if (act < 18)
		exec_person(p);
	else if (act < 26)
		kill_one();
	else if (act < 32)
		succeed(p);
	else if (act < 47)
		fork_person(p);
	else
		acts[random_below(sizeof(acts) / sizeof(acts[0]))](p);
	ask_for_what_is_owed();
}

/* ---- Watching ---- */

static void look_around(void)
{
	for (int i = 0; i < 20; i++) {
		struct person *p = &people[random_below(PEOPLE)];

		if (p->endpoint != NONE)
			model_compare_page(p, random_below(PAGES));
	}
}

/* Every page of everybody is read: what was not there yet is brought in. */
static void read_all(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		for (uint32_t page = 0; p->endpoint != NONE && page < PAGES; page++) {
			uint32_t value;
			int result = machine_read(p->endpoint, page_address(page), &value);

			if (result == -ENOMEM)
				assert_true(memory_short(1, 1));
			else
				assert_int_equal(result == OK, may(&p->page[page], false));
		}
}

static void check_vm(void)
{
	const char *wrong = vm_check();

	if (wrong)
		fail_msg("%s", wrong);
}

static void watch(int i)
{
	look_around();
	if (i % 20 == 0)
		model_compare_all();
	if (i % 100 == 0)
		check_vm();
	if (i % 1000 == 999) {
		read_all();
		model_compare_all();
	}
}

/* Nothing is kept back for RS: so memory comes to its end, and what was promised must still be there. */
static void without_reserve(void)
{
	endpoint_t rs;

	assert_int_equal(machine_fork(NONE, &rs), OK);
	assert_int_equal(rs, RS_PROC_NR);
	machine_exit(rs);
	memory_keep_reserve(RESERVE_NONE);
}

static int start(void **state)
{
	random_start();
	machine_start(*state);
	without_reserve();
	model_start();
	acting = NULL;
	kernel_start(&grants_hooks);
	machine_interrupts(60, others_run);
	empty = account();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	machine_stop();
	return 0;
}

static void everybody_has_gone(void)
{
	struct vm_info_rep now;

	for (struct person *p = people; p < people + PEOPLE; p++)
		if (p->endpoint != NONE)
			exit_person(p);
	for (struct person *dead = left; dead < left + LEFT; dead++)
		if (dead->endpoint != NONE)
			give_up(dead);
	check_vm();
	now = account();
	assert_memory_equal(&now, &empty, sizeof(now));
}

static void everybody_sees_what_the_model_says(void **state)
{
	(void)state;
	for (int i = 0; i < STEPS; i++) {
		step();
		watch(i);
	}
	everybody_has_gone();
}

static void what_it_is_about_has_come_up(void **state)
{
	(void)state;
	for (uint32_t depth = 1; depth <= GRANT_DEPTH_MAX; depth++)
		assert_true(tally.lent[depth] > 0);
	assert_true(tally.refused > 1000 && tally.suspended > 1000);
	assert_true(tally.copied > 1000 && tally.shared > 20 && tally.not_shared > 20);
	assert_true(tally.kept > 500 && tally.left > 20 && tally.inherited > 4 && tally.given_up > 0);
	assert_true(tally.forks > 50 && tally.execs > 50 && tally.exits > 50);
}

int main(void)
{
	static struct machine_size large = {2000, 40, 20000}, few_frames = {2000, 40, 260},
	                           small_pool = {100, 40, 20000}, tiny = {70, 40, 200};
	const struct CMUnitTest tests[] = {
	        {"with_plenty_of_memory", everybody_sees_what_the_model_says, start, stop, &large},
	        {"with_few_frames", everybody_sees_what_the_model_says, start, stop, &few_frames},
	        {"with_a_small_pool", everybody_sees_what_the_model_says, start, stop, &small_pool},
	        {"with_little_of_both", everybody_sees_what_the_model_says, start, stop, &tiny},
	        cmocka_unit_test(what_it_is_about_has_come_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
