/* SPDX-License-Identifier: MIT */
/*
 * What the partners of grant_model_test.c see, against the model; and where the pages are, by VM's account.
 * The test has `partners`, and the model's code is in it.
 */
#ifndef GUEST_GRANT_MODEL_WATCH_H
#define GUEST_GRANT_MODEL_WATCH_H

#include "../host/grants_choose.c"
#include "../host/grants_model.c"
#include "grant_model_partner.h"
#include "pages.h"

#define ALL_PAGES UINT64_MAX

_Static_assert(WINDOW_PAGES == 64, "a window's pages are the bits of a number");

static struct partner partners[PEOPLE];

static inline int64_t ask(const struct person *p, lending_task *task, int64_t a, int64_t b, int64_t c,
                          int64_t d)
{
	return lending_do(partners[p - people], task, a, b, c, d);
}

bool model_present(endpoint_t endpoint, vir_bytes address)
{
	uint32_t page = page_at(address);

	return page < WINDOW_PAGES && ask(person_of(endpoint), can_read, (int64_t)(1ull << page), 0, 0, 0);
}

/* Nobody writes while VM is at work here. */
const uint32_t *model_contents(endpoint_t endpoint, vir_bytes address)
{
	(void)endpoint, (void)address;
	return NULL;
}

/* Of the window's pages, a bit each. */
static inline uint64_t mapped(const struct person *p)
{
	uint64_t result = 0;

	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		result |= (uint64_t)p->page[i].mapped << i;
	return result;
}

static inline uint64_t allowed(const struct person *p, bool write)
{
	uint64_t result = 0;

	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		result |= (uint64_t)may(&p->page[i], write) << i;
	return result;
}

/* What VM says is in the window: the pages that are present; those that can be written to as they are. */
struct table {
	uint64_t present, writable;
	phys_bytes frame[WINDOW_PAGES];
};

static inline struct table table_of(const struct person *p)
{
	static struct vm_page found[WINDOW_PAGES];
	uint32_t from = page_address(0);
	int count = vm_pages(p->endpoint, VM_PAGES_MEMORY, &from, found, WINDOW_PAGES);
	struct table table = {0};

	if (count < 0)
		model_wrong("vm_pages gives %d of %d", count, p->endpoint);
	for (int i = 0; i < count; i++) {
		uint32_t page = page_at(found[i].address);

		if (page >= WINDOW_PAGES)
			continue;
		table.present |= 1ull << page;
		table.writable |= (uint64_t)((found[i].flags & VM_PAGE_WRITE) != 0) << page;
		table.frame[page] = found[i].frame;
	}
	return table;
}

/* ---- Contents ---- */

static struct {
	uint64_t number;
	bool known;
} contents[CELLS];

static inline uint64_t number_of_cell(const struct cell *cell)
{
	if (!contents[cell - cells].known)
		contents[cell - cells].number = number_of(cell->word);
	contents[cell - cells].known = true;
	return contents[cell - cells].number;
}

static inline uint64_t expected_contents(const struct person *p, uint64_t pages)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		if (pages >> i & 1)
			number = number_of_all(number, number_of_cell(p->page[i].cell));
	return number;
}

/* Of these pages those in which there should be anything but zeros. */
static inline uint64_t not_zeros(const struct person *p, uint64_t pages)
{
	static const uint32_t zeros[PAGE_WORDS];
	uint64_t result = 0, zero = number_of(zeros);

	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		if (pages >> i & 1 && p->page[i].mapped && number_of_cell(p->page[i].cell) != zero)
			result |= 1ull << i;
	return result;
}

/* The page is not as it should be: in what? */
static inline void tell_difference(const struct person *p, uint32_t page)
{
	for (uint32_t i = 0; i < PAGE_WORDS; i++) {
		vir_bytes address = page_address(page) + i * WORD;
		uint32_t word = (uint32_t)ask(p, get, address, 0, 0, 0);

		if (word != p->page[page].cell->word[i])
			model_wrong("%d: its word at %x is %x, should be %x", p->endpoint, address, word,
			            p->page[page].cell->word[i]);
	}
}

static inline void compare_contents(const struct person *p, uint64_t pages)
{
	if ((uint64_t)ask(p, contents_of, (int64_t)pages, 0, 0, 0) == expected_contents(p, pages))
		return;
	for (uint32_t i = 0; i < WINDOW_PAGES; i++)
		if (pages >> i & 1)
			tell_difference(p, i);
	model_wrong("%d: the contents of pages %llx are not as they should be", p->endpoint, pages);
}

/* ---- Views ---- */

static inline void compare_bits(const struct person *p, const char *what, uint64_t are, uint64_t should)
{
	if (are == should)
		return;
	model_wrong("%d %s its page at %x", p->endpoint,
	            are & ~should                ? what
	            : strcmp(what, "reads") == 0 ? "does not read"
	                                         : "does not write to",
	            page_address((uint32_t)__builtin_ctzll(are ^ should)));
}

/*
 * What the process reads of these pages, and what it writes to. To read a page that VM has not brought in yet
 * would bring it in, and to write to one would end its being shared. So that these things are left for others
 * to come by, only `some` of the pages that are absent, and must be zeros, are read, and `some` are written
 * to.
 */
static inline void compare(const struct person *p, uint64_t pages, uint64_t some)
{
	struct table table = table_of(p);
	uint64_t may_read = allowed(p, false), may_write = allowed(p, true), looked_at;

	if (table.present & ~mapped(p) || table.writable & ~may_write)
		model_wrong(
		        "%d: of its pages %llx are present, %llx can be written to; %llx are mapped, %llx "
		        "may be written to",
		        p->endpoint, table.present, table.writable, mapped(p), may_write);
	looked_at = pages & (table.present | ~may_read | not_zeros(p, pages) | some);
	compare_bits(p, "reads", (uint64_t)ask(p, can_read, (int64_t)looked_at, 0, 0, 0),
	             looked_at & may_read);
	looked_at &= may_read;
	compare_contents(p, looked_at);
	looked_at &= ~may_write | some;
	compare_bits(p, "writes to", (uint64_t)ask(p, can_write, (int64_t)looked_at, 0, 0, 0),
	             looked_at & may_write);
}

static inline void compare_all(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		if (p->endpoint != NONE)
			compare(p, ALL_PAGES, ALL_PAGES);
}

static uint64_t touched[PEOPLE];

static inline void note_touched(struct person *p, uint32_t page)
{
	if (p->page[page].mapped)
		contents[p->page[page].cell - cells].known = false;
	if (page < WINDOW_PAGES)
		touched[p - people] |= 1ull << page;
}

/* A quarter of all pages. */
static inline uint64_t some_pages(void)
{
	uint32_t low = random_below(UINT32_MAX) & random_below(UINT32_MAX);

	return (uint64_t)(random_below(UINT32_MAX) & random_below(UINT32_MAX)) << 32 | low;
}

static inline void compare_touched(void)
{
	memset(touched, 0, sizeof(touched));
	model_each_touched(note_touched);
	for (int i = 0; i < PEOPLE; i++)
		if (touched[i])
			compare(&people[i], touched[i], some_pages());
}

/* ---- Frames ---- */

static struct seen {
	phys_bytes frame;
	const struct cell *cell;
	bool writable;
} seen[PEOPLE * WINDOW_PAGES];
static uint32_t nr_seen;

/* Pages that live together are one frame; others may be only as long as nobody can write to it. */
static inline void see(const struct person *p, uint32_t page, const struct table *table)
{
	struct seen new = {table->frame[page], p->page[page].cell, table->writable >> page & 1};

	for (struct seen *old = seen; old < seen + nr_seen; old++) {
		bool same = old->cell == new.cell, one = old->frame == new.frame;

		if (same != one && (same || old->writable || new.writable))
			model_wrong("%d: its page at %x is in frame %x, another's that %s is in %x",
			            p->endpoint, page_address(page), new.frame,
			            same ? "lives with it" : "does not", old->frame);
	}
	seen[nr_seen++] = new;
}

/* When all pages of everybody have been read, and written to: */
static inline void check_frames(void)
{
	nr_seen = 0;
	for (struct person *p = people; p < people + PEOPLE; p++) {
		struct table table;

		if (p->endpoint == NONE)
			continue;
		table = table_of(p);
		if (table.present != mapped(p))
			model_wrong("%d: pages %llx are resident, should be %llx", p->endpoint, table.present,
			            mapped(p));
		for (uint32_t i = 0; i < WINDOW_PAGES; i++)
			if (table.present >> i & 1)
				see(p, i, &table);
	}
}

/* ---- The account ---- */

#define FRAMES_MAX 0x100000

static uint32_t frame_bits[FRAMES_MAX / 32];
static struct boot_info machine;

/* Each frame once; neither devices' nor the archive's. */
static inline uint32_t count_frames(const struct vm_page *pages, int count)
{
	uint32_t new = 0;

	for (int i = 0; i < count; i++) {
		phys_bytes frame = pages[i].frame;
		uint32_t *bits = &frame_bits[frame / PAGE_SIZE / 32], bit = 1u << frame / PAGE_SIZE % 32;

		if (frame < machine.region_end || frame - machine.archive_start < machine.archive_bytes)
			continue;
		new += !(*bits & bit);
		*bits |= bit;
	}
	return new;
}

/* All that a process has. */
static inline void count_process(endpoint_t endpoint, uint32_t *frames, uint32_t *tables)
{
	static struct vm_page pages[VM_PAGES_AT_ONCE];
	struct vm_procinfo_rep info;
	uint32_t from = 0, told = 0;
	int count;

	if (vm_procinfo(endpoint, &info) != OK)
		return; /* a small process */
	do {
		count = vm_pages(endpoint, VM_PAGES_MEMORY, &from, pages, VM_PAGES_AT_ONCE);
		if (count < 0)
			model_wrong("vm_pages gives %d of %d", count, endpoint);
		*frames += count_frames(pages, count);
		told += (uint32_t)count;
	} while (from);
	if (told != info.resident && endpoint != sys_self())
		model_wrong("%d has %u pages, and %u are told of", endpoint, info.resident, told);
	*tables += info.tables;
}

/* No page is lost, and none is counted twice: what all processes have is what VM says that all have. */
static inline void check_pages(void)
{
	static struct proc_info processes[32];
	uint32_t frames = 0, tables = 0;
	struct vm_info_rep info;

	if (sys_getinfo(GET_BOOTINFO, &machine, sizeof(machine), 0) != sizeof(machine))
		model_wrong("there is nothing to know of the machine");
	memset(frame_bits, 0, sizeof(frame_bits));
	for (uint32_t first = 0; first < ENDPOINT_SLOTS; first += 32) {
		if (sys_getinfo(GET_PROCTAB, processes, sizeof(processes), first) != sizeof(processes))
			model_wrong("the process table is not to be had");
		for (int i = 0; i < 32; i++)
			if (processes[i].endpoint != NONE)
				count_process(processes[i].endpoint, &frames, &tables);
	}
	info = pages_now();
	if (info.process != frames || info.pool_used != tables)
		model_wrong("processes have %u pages and %u tables, by VM's account %u and %u", frames,
		            tables, info.process, info.pool_used);
}

#endif
