/* SPDX-License-Identifier: MIT */
/* What processes do with memory of their own, and with what they have mapped. */
#include "grants_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/errno.h>

#include "servers/vm/frames.h"
#include "servers/vm/process.h"
#include "servers/vm/vm.h"

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

/* All of a page that can be written to as it is. */
static void fill(struct person *p, uint32_t page)
{
	uint32_t *words = machine_access(p->endpoint, page_address(page), true),
	         value = random_below(1u << 31);

	assert_non_null(words);
	for (uint32_t i = 0; i < PAGE_WORDS; i++)
		words[i] = value * (i + 1);
	memcpy(model_word(p, page_address(page)), words, PAGE_SIZE);
}

static void touch(struct person *p)
{
	uint32_t page = random_below(PAGES), i = random_below(PAGE_WORDS), value = random_below(1u << 31);
	vir_bytes address = page_address(page) + i * WORD;
	bool write = random_below(2);
	int result;

	model_touch(p, page, 1);
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
		tally.written++;
		if (random_below(4) == 0)
			fill(p, page);
	} else {
		assert_int_equal(value, *model_word(p, address));
	}
}

void touch_much(struct person *p)
{
	for (int i = 0; i < 20; i++)
		touch(p);
}

static uint32_t pick_prot(void)
{
	static const uint8_t prots[] = {0, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 5, 7, 2};

	return prots[random_below(sizeof(prots))];
}

void map_range(struct person *p, uint32_t first, uint32_t pages, uint32_t prot, uint32_t flags)
{
	struct vm_mmap_req request = {
	        .address = page_address(first),
	        .bytes = pages * PAGE_SIZE,
	        .prot = prot,
	        .flags = VM_MAP_FIXED | flags,
	};
	struct vm_mmap_rep reply = {0};
	int result;

	model_touch(p, first, pages);
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

void map(struct person *p)
{
	uint32_t first, pages;

	pick_range(&first, &pages);
	map_range(p, first, pages, pick_prot(), random_below(4) ? 0 : VM_MAP_POPULATE);
}

/* Present from the start: a table's owner has written to it. */
void map_table(struct person *p)
{
	map_range(p, TABLE_PAGE, 1, VM_PROT_READ | VM_PROT_WRITE, VM_MAP_POPULATE);
}

void lose_table(struct person *p)
{
	struct vm_mprotect_req request = {page_address(TABLE_PAGE), PAGE_SIZE, 0};
	int result;

	if (!p->page[TABLE_PAGE].mapped || p->page[TABLE_PAGE].prot == 0) {
		map_table(p);
		return;
	}
	if (random_below(30))
		return;
	model_touch(p, TABLE_PAGE, 1);
	vm_call_begins(p, 0);
	result = MACHINE_CALL(mprotect, p->endpoint, &request, NULL);
	acting = NULL;
	assert_int_equal(result, OK);
	p->page[TABLE_PAGE].prot = 0;
}

static bool has_any(const struct person *p, uint32_t first, uint32_t pages)
{
	for (uint32_t i = first; i < first + pages; i++)
		if (p->page[i].mapped)
			return true;
	return false;
}

void unmap(struct person *p)
{
	struct vm_munmap_req request;
	uint32_t first, pages;
	int result;

	pick_any_range(&first, &pages);
	request.address = page_address(first);
	request.bytes = pages * PAGE_SIZE;
	model_touch(p, first, pages);
	vm_call_begins(p, 0);
	result = MACHINE_CALL(munmap, p->endpoint, &request, NULL);
	acting = NULL;
	if (result == OK) {
		tally.unmapped += has_any(p, first, pages);
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

void protect(struct person *p)
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
	model_touch(p, first, pages);
	vm_call_begins(p, 0);
	result = MACHINE_CALL(mprotect, p->endpoint, &request, NULL);
	acting = NULL;
	if (expected == OK && result == -ENOMEM && memory_short(0, 2))
		return;
	assert_int_equal(result, expected);
	for (uint32_t i = first; result == OK && i < first + pages; i++)
		p->page[i].prot = request.prot;
}

void unlend(struct person *p)
{
	uint32_t page = random_below(PAGES);
	struct vm_unlend_req request;
	int result;

	for (int tries = 0; tries < 20 && !p->page[page].lent; tries++)
		page = random_below(PAGES);
	request.address = page_address(page) + random_below(PAGE_SIZE);
	model_touch(p, page, 1);
	vm_call_begins(p, 0);
	result = MACHINE_CALL(unlend, p->endpoint, &request, NULL);
	acting = NULL;
	assert_int_equal(result, p->page[page].lent ? OK : -EINVAL);
	tally.unlent += result == OK;
	if (result == OK)
		model_unlend(p, p->page[page].lent);
}
