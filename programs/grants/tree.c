/* SPDX-License-Identifier: MIT */
/* Grants and mappings drawn as a tree. See tree.h. */
#include <inttypes.h>
#include <string.h>

#include "chain.h"
#include "line.h"
#include "tree.h"

#define BRANCH    3 /* columns for each level */
#define LEAD_MAX  (2 + BRANCH * (GRAPH_LEVELS + 2))
#define WORDS_MAX (2 * NAME_MAX_PROCESS + NAME_MAX_GRANT + 40)
#define NOTE_MAX  (CHAIN_TEXT_MAX + 100)
#define NOTE_LEAD "     "
#define TOP       "  "

/* ---- Words ---- */

static const char *kind_of(const struct cp_grant *grant)
{
	switch (grant->flags & CPF_KIND) {
	case CPF_DIRECT:
		return "direct";
	case CPF_INDIRECT:
		return "indirect";
	case CPF_MAGIC:
		return "magic";
	default:
		return "of no kind";
	}
}

/* `giver`: 1 if the line must say who gives. */
static void grant_words(char words[WORDS_MAX], const struct picture *picture, const struct node *node,
                        int giver)
{
	char who[NAME_MAX_PROCESS], id[NAME_MAX_GRANT], whom[NAME_MAX_PROCESS];

	snprintf(words, WORDS_MAX, "%s%s%s %s to %s",
	         giver ? name_process(who, picture->all, node->giver) : "", giver ? " " : "",
	         name_grant(id, node->grant->id), kind_of(node->grant),
	         name_process(whom, picture->all, node->grant->who_to));
}

static void mapping_words(char words[WORDS_MAX], const struct picture *picture,
                          const struct vm_lending *mapping)
{
	char who[NAME_MAX_PROCESS];

	snprintf(words, WORDS_MAX, "%s maps %08" PRIx32 " at",
	         name_process(who, picture->all, mapping->holder), mapping->source);
}

/* Of a ring, or of what is deeper than can be, the next link is enough. */
static int is_cut_off(const struct node *node)
{
	return node->is_root && node->below != NO_NODE;
}

/* What a grant stands on, beyond itself: "" if it is memory of its own. */
static void below_words(char words[NOTE_MAX], const struct picture *picture, const struct node *node)
{
	struct chain chain = chain_of(picture->graph, node, is_cut_off(node) ? 2 : CHAIN_LINKS_MAX);
	char text[CHAIN_TEXT_MAX], who[NAME_MAX_PROCESS];
	uint32_t first = node->grant ? 1 : 0;

	words[0] = '\0';
	if (node->grant && (node->grant->flags & CPF_KIND) == CPF_MAGIC)
		snprintf(words, NOTE_MAX, "memory of %s",
		         name_process(who, picture->all, node->grant->who_from));
	else if (chain.count > first)
		snprintf(words, NOTE_MAX, "%s %s",
		         !node->grant               ? "by"
		         : chain.step[first].mapped ? "memory that it maps by"
		                                    : "on",
		         chain_words(text, &chain, first, picture->all));
}

/* Bytes of the grant below that are asked for: told only where they lead to no memory. */
static void part_words(char words[NOTE_MAX], const struct node *node)
{
	size_t length = strlen(words);

	if (node->grant && (node->grant->flags & CPF_KIND) == CPF_INDIRECT && node->reach.owner == NONE &&
	    node->grant->start)
		snprintf(words + length, NOTE_MAX - length, "%sfrom %" PRIx32 " on", length ? ", " : "",
		         node->grant->start);
}

static void standing_note(char words[NOTE_MAX], const struct node *node)
{
	size_t length = strlen(words);

	if (node->standing != STANDS)
		snprintf(words + length, NOTE_MAX - length, "%s%s", length ? ": " : "",
		         standing_words(node->standing));
}

/* ---- The tree ---- */

/* Where a node is drawn: at which level, and (bit n) whether another one follows at level n above it. */
struct place {
	int level;
	uint32_t open;
};

static int goes_on(const struct place *place, int level)
{
	return place->open >> level & 1;
}

static const struct place root = {0};

/* What stands before a node: bars for the levels above it, then `own`, BRANCH columns, unless it is a root.
 */
static void put_lead(char lead[LEAD_MAX], const struct place *place, const char *own)
{
	strcpy(lead, TOP);
	for (int level = 1; level < place->level && level < GRAPH_LEVELS; level++)
		strcat(lead, goes_on(place, level) ? "|  " : "   ");
	if (place->level > 0)
		strcat(lead, own);
}

static void lead_of(char lead[LEAD_MAX], const struct place *place)
{
	put_lead(lead, place, goes_on(place, place->level) ? "|- " : "`- ");
}

/* What stands before the further lines of a node. */
static void follow_of(char follow[LEAD_MAX], const struct place *place, const struct node *node)
{
	put_lead(follow, place, goes_on(place, place->level) ? "|  " : "   ");
	strcat(follow, node->first == NO_NODE ? "   " : "|  ");
}

static void print_node(const struct picture *picture, const struct node *node, const struct place *place,
                       const char *note)
{
	char words[WORDS_MAX], lead[LEAD_MAX], follow[LEAD_MAX];
	struct columns columns = node->grant ? columns_of_grant(node) : columns_of_mapping(node->mapping);

	if (node->grant)
		grant_words(words, picture, node, place->level > 0);
	else
		mapping_words(words, picture, node->mapping);
	lead_of(lead, place);
	follow_of(follow, place, node);
	line_print(picture->out, picture->width, lead, follow, words, &columns);
	if (*note)
		line_note(picture->out, picture->width, follow, note);
}

static void note_of(char note[NOTE_MAX], const struct picture *picture, const struct node *node, int level)
{
	note[0] = '\0';
	if (level == 0 || (node->grant && (node->grant->flags & CPF_KIND) == CPF_MAGIC))
		below_words(note, picture, node);
	part_words(note, node);
	standing_note(note, node);
}

/* No deeper than GRAPH_LEVELS. */
static void draw(const struct picture *picture, const struct node *node, const struct place *place)
{
	struct place within = {.level = place->level + 1, .open = place->open};
	char note[NOTE_MAX];

	note_of(note, picture, node, place->level);
	print_node(picture, node, place, note);
	for (uint32_t i = node->first; i != NO_NODE; i = picture->graph->nodes[i].next) {
		within.open = place->open;
		if (picture->graph->nodes[i].next != NO_NODE)
			within.open |= 1u << within.level;
		draw(picture, &picture->graph->nodes[i], &within);
	}
}

void tree_draw(const struct picture *picture, const struct node *node)
{
	draw(picture, node, &root);
}

void tree_refer(const struct picture *picture, const struct node *node)
{
	struct node alone = *node;
	char note[NOTE_MAX];

	alone.first = NO_NODE;
	below_words(note, picture, node);
	strncat(note, "; drawn there", NOTE_MAX - strlen(note) - 1);
	print_node(picture, &alone, &root, note);
}

void tree_given(const struct picture *picture, const struct node *node)
{
	struct columns columns = columns_of_grant(node);
	char words[WORDS_MAX], note[NOTE_MAX];

	grant_words(words, picture, node, 1);
	line_print(picture->out, picture->width, TOP, TOP, words, &columns);
	note_of(note, picture, node, 0);
	if (*note)
		line_note(picture->out, picture->width, NOTE_LEAD, note);
}

void tree_mapped(const struct picture *picture, const struct vm_lending *mapping)
{
	struct columns columns = columns_of_mapping(mapping);
	struct chain chain = chain_of_mapping(picture->found, mapping);
	char words[WORDS_MAX], note[NOTE_MAX], text[CHAIN_TEXT_MAX], who[NAME_MAX_PROCESS];

	snprintf(words, WORDS_MAX, "%08" PRIx32 " of %s at", mapping->source,
	         name_process(who, picture->all, mapping->owner));
	line_print(picture->out, picture->width, TOP, TOP, words, &columns);
	snprintf(note, NOTE_MAX, "by %s", chain_words(text, &chain, 0, picture->all));
	line_note(picture->out, picture->width, NOTE_LEAD, note);
}
