/* SPDX-License-Identifier: MIT */
/* Who sees a page: the owner, whoever has it mapped, whoever may by a grant. See seen.h. */
#include <inttypes.h>
#include <granite/abi/layout.h>

#include "../lib/wrap.h"
#include "chain.h"
#include "names.h"
#include "seen.h"

#define WHO_COLUMNS 23
#define BY_COLUMN   (2 + WHO_COLUMNS + 1 + 8 + 1 + NAME_MAX_ACCESS - 1 + 2)
#define PLACE_MAX   12
#define SENTENCE    160

/* `place`: an address, or words. Where there is little room what follows stands below. */
static void print_row(const struct picture *picture, const char *who, const char *place, uint32_t access,
                      const char *by)
{
	char letters[NAME_MAX_ACCESS];

	fprintf(picture->out, "  %-*s %-8s %s  ", WHO_COLUMNS, who, place, name_access(letters, access));
	if (picture->width < BY_COLUMN + WRAP_LEAST) {
		fprintf(picture->out, "\n%8s", "");
		wrap_line(picture->out, by, 8, 8, picture->width);
	} else {
		wrap_line(picture->out, by, BY_COLUMN, BY_COLUMN, picture->width);
	}
}

static const char *place_of(char text[PLACE_MAX], vir_bytes address)
{
	snprintf(text, PLACE_MAX, "%08" PRIx32, address);
	return text;
}

/* ---- Who has it ---- */

static void print_viewer(const struct picture *picture, const struct seen *seen,
                         const struct vm_lending *viewer)
{
	struct chain chain = chain_of_mapping(seen->viewers, viewer);
	char who[NAME_MAX_PROCESS], place[PLACE_MAX], text[CHAIN_TEXT_MAX];
	uint32_t access = CPF_READ;

	if (viewer->flags & VM_LEND_WRITE)
		access |= CPF_WRITE;
	if (viewer->flags & VM_LEND_UNMAP)
		access |= CPF_UNMAP;
	print_row(picture, name_process(who, picture->all, viewer->holder), place_of(place, viewer->start),
	          access, chain_words(text, &chain, 0, picture->all));
}

static void print_owner(const struct picture *picture, const struct seen *seen)
{
	char who[NAME_MAX_PROCESS], place[PLACE_MAX];
	uint32_t access = (seen->owner_prot & VM_PROT_READ ? CPF_READ : 0) |
	                  (seen->owner_prot & VM_PROT_WRITE ? CPF_WRITE : 0);

	print_row(picture, name_process(who, picture->all, seen->owner), place_of(place, seen->owner_address),
	          access, "its own memory");
}

/* ---- Who may have it ---- */

static int holds_page(const struct reach *reach, vir_bytes page)
{
	return reach->start < reach->end && reach->start < (uint64_t)page + PAGE_SIZE && reach->end > page;
}

/* Whether a grant gives some of the page, at whatever place it is to be seen. */
static int gives_page(const struct seen *seen, const struct reach *reach)
{
	uint32_t i;

	if (reach->owner == NONE || !(reach->access & CPF_RIGHTS))
		return 0;
	if (reach->owner == seen->owner && holds_page(reach, seen->owner_address))
		return 1;
	i = found_first(seen->viewers, reach->owner, reach->start - reach->start % PAGE_SIZE);
	return i < seen->viewers->nr_mappings && seen->viewers->mappings[i].lending.holder == reach->owner &&
	       holds_page(reach, seen->viewers->mappings[i].lending.start);
}

static void print_grantee(const struct picture *picture, const struct node *node)
{
	struct chain chain = chain_of(picture->graph, node, CHAIN_LINKS_MAX);
	char who[NAME_MAX_PROCESS], text[CHAIN_TEXT_MAX];

	print_row(picture, name_process(who, picture->all, node->grant->who_to), "may", node->reach.access,
	          chain_words(text, &chain, 0, picture->all));
}

/* ---- All of it ---- */

static void print_sentence(const struct picture *picture, const struct seen *seen)
{
	char asked[NAME_MAX_PROCESS], owner[NAME_MAX_PROCESS], text[SENTENCE];

	name_process(asked, picture->all, seen->asked);
	if (seen->asked == seen->owner)
		snprintf(text, sizeof(text), "The page at %08" PRIx32 " of %s is its own.",
		         seen->owner_address, asked);
	else
		snprintf(text, sizeof(text),
		         "The page at %08" PRIx32 " of %s is the one at %08" PRIx32 " of %s.", seen->address,
		         asked, seen->owner_address, name_process(owner, picture->all, seen->owner));
	picture_say(picture, text);
}

static void print_sharers(const struct picture *picture, uint32_t sharers)
{
	char text[SENTENCE];

	if (!sharers)
		return;
	snprintf(text, sizeof(text),
	         "It is shared copy-on-write with %" PRIu32
	         " other page%s: they do not see what is written from "
	         "now on.",
	         sharers, sharers == 1 ? "" : "s");
	picture_say(picture, text);
}

void seen_print(const struct picture *picture, const struct seen *seen)
{
	print_sentence(picture, seen);
	fprintf(picture->out, "\n  %-*s %-8s %s    %s\n", WHO_COLUMNS, "WHO", "WHERE", "MAY", "BY");
	print_owner(picture, seen);
	for (uint32_t i = 0; i < seen->viewers->nr_mappings; i++)
		print_viewer(picture, seen, &seen->viewers->mappings[i].lending);
	for (uint32_t i = 0; i < picture->graph->count; i++) {
		const struct node *node = &picture->graph->nodes[i];

		if (node->grant && gives_page(seen, &node->reach))
			print_grantee(picture, node);
	}
	fputc('\n', picture->out);
	print_sharers(picture, seen->sharers);
	picture_say(picture,
	            "WHERE an address stands the page is mapped; `may`: it can be copied, or mapped if there "
	            "is an m, whenever the grantee likes.");
}
