/* SPDX-License-Identifier: MIT */
/* The simulated machine's memory against the model: what can be seen without VM's help. Whole pages. */
#include "grants_compare.h"

#include <string.h>

#include "vm_machine.h"

static void compare_words(const struct person *p, uint32_t page, const uint32_t *words)
{
	const uint32_t *expected = p->page[page].cell->word;

	if (memcmp(words, expected, PAGE_SIZE) == 0)
		return;
	for (uint32_t i = 0; i < PAGE_WORDS; i++)
		if (words[i] != expected[i])
			model_wrong("%d: word %u of its page at %x is %x, should be %x", p->endpoint, i,
			            page_address(page), words[i], expected[i]);
}

/* What is there, whether it may be reached or not: of a program's pages those that are absent are in the
 * archive; others are zeros. */
static void compare_contents(const struct person *p, uint32_t page)
{
	static const uint32_t zeros[PAGE_WORDS];
	const uint32_t *words = machine_contents(p->endpoint, page_address(page));
	bool is_program = page >= WINDOW_PAGES && page < TABLE_PAGE;

	if (words && !p->page[page].mapped)
		model_wrong("%d has a page at %x that it should not have", p->endpoint, page_address(page));
	if (words || (p->page[page].mapped && !is_program))
		compare_words(p, page, words ? words : zeros);
}

static bool is_dead(const struct person *p)
{
	return p >= left && p < left + LEFT;
}

void compare_page(struct person *p, uint32_t page)
{
	vir_bytes address = page_address(page);
	const uint32_t *words;

	compare_contents(p, page);
	if (is_dead(p))
		return;
	words = machine_reach(p->endpoint, address, false);
	if (words && !may(&p->page[page], false))
		model_wrong("%d can read at %x", p->endpoint, address);
	if (machine_reach(p->endpoint, address, true) && !may(&p->page[page], true))
		model_wrong("%d can write at %x", p->endpoint, address);
	if (words)
		compare_words(p, page, words);
}

/* Pages as they are reached, by the place of their first word. */
static struct sight {
	const uint32_t *place;
	const struct cell *cell;
	bool written; /* by one at least */
} sights[2048];

static void see(const struct person *p, uint32_t page)
{
	const uint32_t *place = machine_reach(p->endpoint, page_address(page), false);
	struct sight *sight = &sights[(uintptr_t)place / PAGE_SIZE % 2048];

	if (!place)
		return;
	while (sight->place && sight->place != place)
		sight = &sights[(sight + 1 - sights) % 2048];
	if (!sight->place)
		*sight = (struct sight){place, p->page[page].cell, false};
	sight->written |= machine_reach(p->endpoint, page_address(page), true) != NULL;
	if (sight->cell != p->page[page].cell)
		sight->cell = NULL; /* different pages show it */
	if (sight->written && !sight->cell)
		model_wrong("%d: the page at %x can be written to, and shows where it should not",
		            p->endpoint, page_address(page));
}

void compare_all(void)
{
	memset(sights, 0, sizeof(sights));
	for (int i = 0; i < PEOPLE; i++) {
		for (uint32_t page = 0; people[i].endpoint != NONE && page < PAGES; page++) {
			compare_page(&people[i], page);
			see(&people[i], page);
		}
	}
	for (int i = 0; i < LEFT; i++)
		for (uint32_t page = KEPT_FIRST; left[i].endpoint != NONE && page < PAGES; page++)
			compare_page(&left[i], page);
}
