/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/*
 * Processes do random things to their memory, and each must see exactly what a simple
 * model says: an array of pages with rights and contents, copied by fork. Some keep memory, die, and others
 * come to have it. After every step VM's tables are checked against each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "servers/vm/frames.h"
#include "servers/vm/memory.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"
#include "servers/vm/vm.h"
#include "vm_check.h"
#include "vm_machine.h"

#define STEPS  20000
#define PEOPLE 6

/* ---- The model: windows of address space, about which all is known ---- */

#define WINDOW_PAGES 2048
#define WINDOWS      5
#define PAGES        (WINDOW_PAGES * WINDOWS)

static const vir_bytes windows[WINDOWS] = {
        0x08000000,                         /* the program and its heap */
        0x3ff80000,                         /* where things are mapped at fixed places */
        MMAP_TOP - WINDOW_PAGES *PAGE_SIZE, /* where VM finds places */
        STACK_TOP - STACK_SIZE_MAX,
        KEPT_BASE + BIG_PAGE_SIZE / 2,
};
#define KEPT_FIRST (4 * WINDOW_PAGES) /* from here on pages are kept */
#define NAMES      6                  /* of what is kept: from 1 on */

struct model_page {
	uint8_t mapped, prot, name;
	uint32_t word[PAGE_PIECES]; /* the first of each piece: four of a page are looked at */
};

struct person {
	endpoint_t endpoint; /* NONE: nobody */
	bool service;        /* may keep memory */
	vir_bytes heap_start, heap_end;
	struct model_page page[PAGES];
};

/* What a service has left. */
struct left {
	endpoint_t by, heir; /* by NONE: nothing */
	struct model_page page[WINDOW_PAGES];
};

/* How often it has happened. */
static struct {
	uint32_t kept, found, left, heirs, inherited, given_up;
} tally;

static struct person people[PEOPLE];
static struct left estate_of[PEOPLE];
static struct machine_size size;
static struct vm_info_rep empty; /* the account when there is no process */

static vir_bytes page_address(uint32_t page)
{
	return windows[page / WINDOW_PAGES] + page % WINDOW_PAGES * PAGE_SIZE;
}

static uint32_t page_at(vir_bytes address)
{
	for (uint32_t w = 0; w < WINDOWS; w++)
		if (address >= windows[w] && address - windows[w] < WINDOW_PAGES * PAGE_SIZE)
			return w * WINDOW_PAGES + (address - windows[w]) / PAGE_SIZE;
	fail_msg("%x is in no window", address);
	return 0;
}

static bool may(const struct model_page *page, bool write)
{
	return page->mapped && (write ? (page->prot & VM_PROT_WRITE) != 0 : page->prot != 0);
}

static bool range_mapped(const struct person *p, uint32_t first, uint32_t pages)
{
	for (uint32_t i = first; i < first + pages; i++)
		if (!p->page[i].mapped)
			return false;
	return true;
}

static bool range_free(const struct person *p, uint32_t first, uint32_t pages)
{
	for (uint32_t i = first; i < first + pages; i++)
		if (p->page[i].mapped)
			return false;
	return true;
}

static void model_map(struct person *p, uint32_t first, uint32_t pages, uint32_t prot)
{
	for (uint32_t i = first; i < first + pages; i++)
		p->page[i] = (struct model_page){.mapped = 1, .prot = prot};
}

static void model_unmap(struct person *p, uint32_t first, uint32_t pages)
{
	memset(&p->page[first], 0, pages * sizeof(p->page[0]));
}

/* ---- What VM may say when memory is short ---- */

static struct vm_info_rep account(void)
{
	struct vm_info_rep info = {0};

	assert_int_equal(do_info(PM_PROC_NR, NULL, &info), OK);
	assert_int_equal(info.spare, frames_available());
	info.spare = 0; /* not what is in use: what services give back is kept for them */
	return info;
}

/* What needs so many frames and pool pages may fail only if the machine does not have them. */
static void assert_short(uint32_t pages, uint32_t pool)
{
	assert_true(frames_available() < pages || pool_available() < pool);
}

static void assert_nothing_changed(const struct vm_info_rep *before)
{
	struct vm_info_rep now = account();

	assert_memory_equal(&now, before, sizeof(now));
}

/* ---- Steps ---- */

static struct person *somebody(void)
{
	struct person *p;

	do
		p = &people[random_below(PEOPLE)];
	while (p->endpoint == NONE);
	return p;
}

static void pick_range(uint32_t *first, uint32_t *pages)
{
	*first = random_below(PAGES);
	*pages = 1 + random_below(random_below(8) ? 12 : 1200);
	if (*pages > WINDOW_PAGES - *first % WINDOW_PAGES)
		*pages = WINDOW_PAGES - *first % WINDOW_PAGES;
}

/* A page, mostly one that is mapped. */
static uint32_t pick_page(const struct person *p)
{
	uint32_t page = random_below(PAGES);

	for (int tries = 0; tries < 40 && !p->page[page].mapped; tries++)
		page = random_below(PAGES);
	return page;
}

static void touch(struct person *p)
{
	uint32_t page = pick_page(p), word = random_below(PAGE_PIECES), value = 0;
	vir_bytes address = page_address(page) + word * PIECE;
	bool write = random_below(2);
	int result;

	if (write)
		result = machine_write(p->endpoint, address, value = random_below(1u << 31));
	else
		result = machine_read(p->endpoint, address, &value);
	if (!may(&p->page[page], write)) {
		assert_int_equal(result, p->page[page].mapped ? -EACCES : -EFAULT);
	} else if (result != OK) {
		assert_int_equal(result, -ENOMEM);
		assert_short(1, 1);
	} else if (write) {
		p->page[page].word[word] = value;
	} else {
		assert_int_equal(value, p->page[page].word[word]);
	}
}

static void touch_much(struct person *p)
{
	for (int i = 0; i < 40; i++)
		touch(p);
}

static uint32_t pick_prot(void)
{
	static const uint8_t prots[] = {0, 1, 3, 3, 3, 5, 7, 2};

	return prots[random_below(sizeof(prots))];
}

/* What VM put below the window. */
static void unmap_again(const struct person *p, vir_bytes address, uint32_t bytes)
{
	struct vm_munmap_req request = {.address = address, .bytes = bytes};

	assert_int_equal(MACHINE_CALL(munmap, p->endpoint, &request, NULL), OK);
}

static void map_somewhere(struct person *p)
{
	struct vm_mmap_req request = {.prot = pick_prot(), .flags = random_below(4) ? 0 : VM_MAP_POPULATE};
	struct vm_info_rep before = account();
	struct vm_mmap_rep reply = {0};
	uint32_t first, pages;
	int result;

	pick_range(&first, &pages);
	pages = pages % 300 + 1;
	request.bytes = pages * PAGE_SIZE - random_below(PAGE_SIZE);
	if (first / WINDOW_PAGES == 1 && first + pages <= 2 * WINDOW_PAGES)
		request.address = page_address(first) + random_below(PAGE_SIZE);
	result = MACHINE_CALL(mmap, p->endpoint, &request, &reply);
	if (result == OK && reply.address >= windows[1] + WINDOW_PAGES * PAGE_SIZE &&
	    reply.address < windows[2]) {
		unmap_again(p, reply.address, request.bytes);
		return;
	}
	if (result == OK) {
		first = page_at(reply.address);
		assert_true(range_free(p, first, pages));
		model_map(p, first, pages, request.prot);
		return;
	}
	assert_int_equal(result, -ENOMEM);
	assert_short(request.flags && request.prot ? pages : 0, 6);
	assert_nothing_changed(&before);
}

static void map_fixed(struct person *p)
{
	struct vm_mmap_req request = {
	        .prot = pick_prot(),
	        .flags =
	                VM_MAP_FIXED | random_below(2) * VM_MAP_NOREPLACE | random_below(2) * VM_MAP_POPULATE,
	};
	struct vm_info_rep before = account();
	struct vm_mmap_rep reply = {0};
	uint32_t first, pages;
	int result;

	pick_range(&first, &pages);
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE;
	result = MACHINE_CALL(mmap, p->endpoint, &request, &reply);
	if (first >= KEPT_FIRST) {
		assert_int_equal(result, -EINVAL);
		assert_nothing_changed(&before);
		return;
	}
	if (result == OK) {
		assert_int_equal(reply.address, request.address);
		assert_true(!(request.flags & VM_MAP_NOREPLACE) || range_free(p, first, pages));
		model_map(p, first, pages, request.prot);
		return;
	}
	if (result == -EEXIST) {
		assert_true(request.flags & VM_MAP_NOREPLACE);
		assert_false(range_free(p, first, pages));
	} else {
		assert_int_equal(result, -ENOMEM);
		assert_short(request.flags & VM_MAP_POPULATE ? pages : 0, 6);
	}
	assert_nothing_changed(&before);
}

static void unmap(struct person *p)
{
	struct vm_munmap_req request;
	uint32_t first, pages;
	int result;

	pick_range(&first, &pages);
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE - random_below(PAGE_SIZE);
	result = MACHINE_CALL(munmap, p->endpoint, &request, NULL);
	if (result == OK) {
		model_unmap(p, first, pages);
		return;
	}
	assert_int_equal(result, -ENOMEM);
	assert_short(0, 2);
}

static void protect(struct person *p)
{
	struct vm_mprotect_req request = {.prot = pick_prot()};
	uint32_t first = pick_page(p), pages = 1;
	int result;

	while (random_below(20) && pages < WINDOW_PAGES - first % WINDOW_PAGES &&
	       p->page[first + pages].mapped)
		pages++;
	if (random_below(8) == 0)
		pick_range(&first, &pages);
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE;
	result = MACHINE_CALL(mprotect, p->endpoint, &request, NULL);
	if (!range_mapped(p, first, pages)) {
		assert_int_equal(result, -ENOMEM);
	} else if (result == OK) {
		for (uint32_t i = first; i < first + pages; i++)
			p->page[i].prot = request.prot;
	} else {
		assert_int_equal(result, -ENOMEM);
		assert_short(0, 2);
	}
}

static void move_break(struct person *p)
{
	struct vm_brk_req request = {.address = p->heap_start - 5000 + random_below(400 * PAGE_SIZE)};
	struct vm_brk_rep reply = {0};
	uint32_t old = page_at(page_up(p->heap_end)), new = page_at(page_up(request.address));

	assert_int_equal(MACHINE_CALL(brk, p->endpoint, &request, &reply), OK);
	if (reply.address == p->heap_end && reply.address != request.address) {
		if (request.address >= p->heap_start && (new <= old || range_free(p, old, new - old)))
			assert_short(0, 2);
		return;
	}
	assert_int_equal(reply.address, request.address);
	p->heap_end = request.address;
	if (new > old)
		model_map(p, old, new - old, VM_PROT_READ | VM_PROT_WRITE);
	else
		model_unmap(p, new, old - new);
}

static void ask_memory(struct person *p)
{
	struct vm_memreq_req request = {.endpoint = p->endpoint, .write = random_below(2)};
	uint32_t first = pick_page(p), pages = 1, ok = 1;
	int result;

	while (random_below(20) && pages < WINDOW_PAGES - first % WINDOW_PAGES &&
	       p->page[first + pages].mapped)
		pages++;
	request.address = page_address(first) + random_below(PAGE_SIZE);
	request.bytes = page_address(first) + pages * PAGE_SIZE - request.address;
	for (uint32_t i = first; i < first + pages; i++)
		ok &= may(&p->page[i], request.write);
	result = MACHINE_CALL(memreq, somebody()->endpoint, &request, NULL);
	if (!ok) {
		assert_int_equal(result, -EFAULT);
	} else if (result != OK) {
		assert_int_equal(result, -ENOMEM);
		assert_short(1, 1);
	}
}

/* ---- Kept memory ---- */

/* The pages from the first to the last of that name; false: there is none. *whole: they all have it. */
static bool extent(const struct person *p, uint8_t name, uint32_t *first, uint32_t *pages, bool *whole)
{
	uint32_t count = 0, last = 0;

	for (uint32_t i = KEPT_FIRST; i < PAGES; i++) {
		if (p->page[i].name != name)
			continue;
		if (count++ == 0)
			*first = i;
		last = i;
	}
	*pages = last - *first + 1;
	*whole = count == *pages;
	return count > 0;
}

static int keep_expected(const struct person *p, uint8_t name, uint32_t first, uint32_t pages, bool *found)
{
	uint32_t old_first = 0, old_pages;
	bool whole;

	if (!p->service)
		return -EPERM;
	*found = extent(p, name, &old_first, &old_pages, &whole);
	if (*found)
		return whole && first == old_first && pages == old_pages ? OK : -EINVAL;
	return range_free(p, first, pages) ? OK : -EEXIST;
}

static void pick_kept(const struct person *p, uint8_t name, uint32_t *first, uint32_t *pages)
{
	bool whole;

	if (random_below(2) && extent(p, name, first, pages, &whole))
		return;
	*first = KEPT_FIRST + random_below(WINDOW_PAGES);
	*pages = 1 + random_below(random_below(4) ? 12 : 600);
	if (*pages > PAGES - *first)
		*pages = PAGES - *first;
}

static void keep(struct person *p)
{
	uint8_t name = (uint8_t)(1 + random_below(NAMES));
	struct vm_keep_req request = {.name = {(char)('a' + name)}};
	struct vm_keep_rep reply = {0};
	struct vm_info_rep before = account();
	uint32_t first = 0, pages = 0;
	bool found = false;
	int expected, result;

	pick_kept(p, name, &first, &pages);
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE - random_below(PAGE_SIZE);
	expected = keep_expected(p, name, first, pages, &found);
	result = MACHINE_CALL(keep, p->endpoint, &request, &reply);
	if (result == OK && expected == OK) {
		assert_int_equal(reply.found, found);
		tally.kept += !found;
		tally.found += found;
		if (!found)
			model_map(p, first, pages, VM_PROT_READ | VM_PROT_WRITE);
		for (uint32_t i = first; i < first + pages; i++)
			p->page[i].name = name;
		return;
	}
	if (expected == OK && !found && result == -ENOMEM)
		assert_short(0, 4);
	else
		assert_int_equal(result, expected);
	assert_nothing_changed(&before);
}

static bool lives(endpoint_t endpoint)
{
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint == endpoint && endpoint != NONE)
			return true;
	return false;
}

static struct left *left_to(endpoint_t heir)
{
	for (int i = 0; i < PEOPLE; i++)
		if (estate_of[i].by != NONE && estate_of[i].heir == heir && heir != NONE)
			return &estate_of[i];
	return NULL;
}

static struct left *left_by(endpoint_t dead)
{
	for (int i = 0; i < PEOPLE; i++)
		if (estate_of[i].by == dead && dead != NONE)
			return &estate_of[i];
	return lives(dead) ? NULL : left_to(dead);
}

static int succeed_expected(const struct left *left, endpoint_t new)
{
	if (new != NONE && !lives(new))
		return -EDEADSRCDST;
	if (!left)
		return -ESRCH;
	if (new != NONE &&
	    ((left_to(new) && left_to(new) != left) || (left->heir != new &&lives(left->heir))))
		return -EBUSY;
	return OK;
}

static void ask_to_succeed(endpoint_t old, endpoint_t new)
{
	struct vm_succeed_req request = {.old = old, .new = new};
	struct left *left = left_by(old);
	int expected = succeed_expected(left, new);

	assert_int_equal(MACHINE_CALL(succeed, RS_PROC_NR, &request, NULL), expected);
	if (expected != OK)
		return;
	left->heir = new;
	tally.heirs += new != NONE;
	tally.given_up += new == NONE;
	if (new == NONE)
		left->by = NONE;
}

/* Mostly somebody who lives, for one who has left something. */
static void succeed(struct person *p)
{
	static endpoint_t seen[8];
	const struct left *left = &estate_of[random_below(PEOPLE)];
	endpoint_t old = left->by, new = p->endpoint;

	if (random_below(8) == 0)
		old = random_below(2) ? left->heir : seen[random_below(8)];
	if (random_below(8) == 0)
		new = random_below(2) ? NONE : seen[random_below(8)];
	seen[random_below(8)] = p->endpoint;
	ask_to_succeed(old, new);
}

static bool has_names(const struct person *p)
{
	for (uint32_t i = KEPT_FIRST; i < PAGES; i++)
		if (p->page[i].name)
			return true;
	return false;
}

/* There is room for one more than there are living people to die: otherwise the first is given up. */
static void leave_kept(const struct person *p)
{
	struct left *left = estate_of;

	while (left < estate_of + PEOPLE && left->by != NONE)
		left++;
	if (left == estate_of + PEOPLE) {
		left = &estate_of[random_below(PEOPLE)];
		ask_to_succeed(left->by, NONE);
	}
	tally.left++;
	left->by = p->endpoint;
	left->heir = NONE;
	memcpy(left->page, &p->page[KEPT_FIRST], sizeof(left->page));
}

static void inherit(struct person *p)
{
	struct left *left = left_to(p->endpoint);

	if (!left)
		return;
	memcpy(&p->page[KEPT_FIRST], left->page, sizeof(left->page));
	left->by = NONE;
	tally.inherited++;
}

/* ---- Lives ---- */

static bool anybody(void)
{
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint != NONE)
			return true;
	return false;
}

static struct person *nobody(void)
{
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint == NONE)
			return &people[i];
	return NULL;
}

static void fork_person(struct person *p)
{
	struct person *child = nobody();
	struct vm_info_rep before = account();
	endpoint_t endpoint;
	int result, fail = random_below(4) == 0;

	if (!child)
		return;
	if (fail)
		machine_fail_next_fork();
	result = machine_fork(p->endpoint, &endpoint);
	if (result == OK) {
		*child = *p;
		child->endpoint = endpoint;
		child->service = false;
		model_unmap(child, KEPT_FIRST, WINDOW_PAGES);
		return;
	}
	if (result == -ENOMEM)
		assert_short(FORK_FRAMES, 60);
	else
		assert_true(fail && result == -EAGAIN);
	assert_nothing_changed(&before);
}

static void exit_person(struct person *p)
{
	machine_exit(p->endpoint);
	if (has_names(p))
		leave_kept(p);
	memset(p, 0, sizeof(*p));
	p->endpoint = NONE;
}

/* ---- Exec ---- */

static void model_segment(struct person *p, const struct vm_segment *segment)
{
	uint32_t first = page_at(page_down(segment->address));
	uint32_t end = page_at(page_up(segment->address + segment->bytes));
	vir_bytes start = page_down(segment->address), file_end = segment->address + segment->file_bytes;

	model_map(p, first, end - first, segment->prot);
	for (vir_bytes a = start; segment->file_bytes && a < page_up(file_end); a += PIECE)
		if (a < file_end || segment->bytes == segment->file_bytes)
			p->page[page_at(page_down(a))].word[a / PIECE % PAGE_PIECES] =
			        archive_word(a - segment->address + segment->archive_offset);
	p->heap_start = p->heap_end = page_address(end);
}

/* Text, data with a tail, and perhaps more of zeros alone. */
static void random_plan(struct vm_exec_plan *plan)
{
	uint32_t text = (random_below(20) + 1) * PIECE, data = (random_below(20) + 1) * PIECE;
	uint32_t within = random_below(PAGE_PIECES) * PIECE;
	vir_bytes start = windows[0] + 0x48000;

	*plan = (struct vm_exec_plan){.nr_segments = 2 + random_below(2), .stack_bytes = random_below(20000)};
	plan->segments[0] = (struct vm_segment){start, text, PAGE_SIZE, text, VM_PROT_READ | VM_PROT_EXEC};
	plan->segments[1] = (struct vm_segment){
	        .address = page_up(start + text) + within,
	        .bytes = data + random_below(2) * (random_below(30) + 1) * PIECE,
	        .archive_offset = random_below(4) * PAGE_SIZE + within,
	        .file_bytes = data,
	        .prot = VM_PROT_READ | VM_PROT_WRITE,
	};
	plan->segments[2] = (struct vm_segment){
	        .address = page_up(plan->segments[1].address + plan->segments[1].bytes),
	        .bytes = 1 + random_below(50000),
	        .prot = VM_PROT_READ | VM_PROT_WRITE,
	};
}

static void exec_person(struct person *p)
{
	struct vm_info_rep before = account();
	struct vm_exec_plan plan;
	int result;

	random_plan(&plan);
	result = machine_exec(p->endpoint, &plan);
	if (result != OK) {
		assert_int_equal(result, -ENOMEM);
		assert_short(7, 8);
		assert_nothing_changed(&before);
		return;
	}
	memset(p->page, 0, sizeof(p->page));
	for (uint32_t i = 0; i < plan.nr_segments; i++)
		model_segment(p, &plan.segments[i]);
	model_map(p, 3 * WINDOW_PAGES, WINDOW_PAGES, VM_PROT_READ | VM_PROT_WRITE);
	inherit(p);
}

static void new_person(struct person *p)
{
	if (!p || machine_fork(NONE, &p->endpoint) != OK)
		return;
	memset(p->page, 0, sizeof(p->page));
	p->heap_start = p->heap_end = windows[0];
	p->service = random_below(3) > 0;
	if (p->service)
		machine_make_service(p->endpoint);
	exec_person(p);
	if (p->heap_start == windows[0])
		exit_person(p);
}

/* ---- Watching ---- */

/* What is there already must be right. */
static void look_at(struct person *p)
{
	uint32_t value;

	for (uint32_t page = 0; page < PAGES; page++) {
		for (uint32_t word = 0; word < PAGE_PIECES; word++) {
			if (!machine_peek(p->endpoint, page_address(page) + word * PIECE, &value))
				break;
			assert_true(may(&p->page[page], false));
			assert_int_equal(value, p->page[page].word[word]);
		}
	}
}

static void check_all(void)
{
	const char *wrong = vm_check();

	if (wrong)
		fail_msg("%s", wrong);
}

static void look_at_all(void)
{
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint != NONE)
			look_at(&people[i]);
}

static struct person *acting;

static void step(void)
{
	static void (*const acts[])(struct person * p) = {
	        touch_much, touch_much, touch_much, touch_much, map_somewhere, map_somewhere,
	        map_fixed,  map_fixed,  unmap,      unmap,      unmap,         protect,
	        protect,    move_break, ask_memory, ask_memory, fork_person,   keep,
	        keep,       keep,       succeed,    succeed,
	};
	uint32_t act = random_below(100);

	acting = !anybody() || act < 3 ? nobody() : somebody();
	if (!anybody() || act < 3)
		new_person(acting);
	else if (act < 6 || (act < 15 && left_to(acting->endpoint)))
		exec_person(acting);
	else if (act < 9)
		exit_person(acting);
	else
		acts[random_below(sizeof(acts) / sizeof(acts[0]))](acting);
}

static int start(void **state)
{
	size = *(const struct machine_size *)*state;
	random_start();
	machine_start(&size);
	memset(people, 0, sizeof(people));
	for (int i = 0; i < PEOPLE; i++)
		people[i].endpoint = estate_of[i].by = NONE;
	empty = account();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	machine_stop();
	return 0;
}

/*
 * Everybody but who has called VM runs while VM is interrupted: without
 * a word from VM, and with its own memory.
 */
static void others_run(void)
{
	static unsigned chance = 1;

	for (int i = 0; i < 40; i++) {
		struct person *p = &people[i % PEOPLE];
		uint32_t page, value;

		chance = chance * 1103515245 + 12345;
		page = (chance >> 8) % PAGES;
		if (p == acting || p->endpoint == NONE ||
		    !machine_peek(p->endpoint, page_address(page), &value))
			continue;
		if (may(&p->page[page], false) && value == p->page[page].word[0])
			continue;
		fprintf(stderr, "while VM was interrupted, somebody saw the wrong thing\n");
		abort();
	}
}

static void everybody_sees_the_own_memory(void **state)
{
	(void)state;
	for (int i = 0; i < STEPS; i++) {
		step();
		check_all();
		if (i % 50 == 0)
			look_at_all();
	}
	for (int i = 0; i < PEOPLE; i++)
		if (people[i].endpoint != NONE)
			exit_person(&people[i]);
	for (int i = 0; i < PEOPLE; i++)
		if (estate_of[i].by != NONE)
			ask_to_succeed(estate_of[i].by, NONE);
	check_all();
	assert_nothing_changed(&empty);
}

static void interrupts_at_any_place_do_no_harm(void **state)
{
	machine_interrupts(1000, others_run);
	everybody_sees_the_own_memory(state);
}

static void what_it_is_about_has_come_up(void **state)
{
	(void)state;
	assert_true(tally.kept > 1000 && tally.found > 400 && tally.left > 300);
	assert_true(tally.heirs > 300 && tally.inherited > 200 && tally.given_up > 50);
}

int main(void)
{
	static struct machine_size large = {2000, 40, 20000}, few_frames = {2000, 40, 1000},
	                           small_pool = {220, 40, 20000}, tiny = {150, 40, 900};
	const struct CMUnitTest tests[] = {
	        {"with_plenty_of_memory", everybody_sees_the_own_memory, start, stop, &large},
	        {"with_few_frames", everybody_sees_the_own_memory, start, stop, &few_frames},
	        {"with_a_small_pool", everybody_sees_the_own_memory, start, stop, &small_pool},
	        {"with_interrupts", interrupts_at_any_place_do_no_harm, start, stop, &large},
	        {"with_little_of_both", everybody_sees_the_own_memory, start, stop, &tiny},
	        cmocka_unit_test(what_it_is_about_has_come_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
