/* SPDX-License-Identifier: MIT */
/* What `grants` shows of all processes, and of one. See picture.h. */
#include <inttypes.h>
#include <stdlib.h>

#include "../lib/wrap.h"
#include "line.h"
#include "names.h"
#include "picture.h"
#include "tree.h"

#define LEGEND                                                                                         \
	"MAY: r read, w write, m map; u: nothing stays mapped when it is taken back; t: a copy fails " \
	"rather than wait for memory."

#define READ_WELL 78 /* text is not wider, whatever room there is */

void picture_say(const struct picture *picture, const char *text)
{
	wrap_line(picture->out, text, 0, 0, picture->width < READ_WELL ? picture->width : READ_WELL);
}

static const char *plural(uint32_t count)
{
	return count == 1 ? "" : "s";
}

static uint32_t count_grants(const struct graph *graph, uint32_t first, uint32_t end)
{
	uint32_t count = 0;

	while (first + count < end && graph->nodes[first + count].grant)
		count++;
	return count;
}

/* ---- Everything ---- */

/* What stands on nothing is drawn; what stands on another's is drawn there. */
static void print_giver(const struct picture *picture, endpoint_t giver)
{
	char who[NAME_MAX_PROCESS];
	uint32_t first, end;

	graph_giver(picture->graph, giver, &first, &end);
	if (first == end)
		return;
	uint32_t grants = count_grants(picture->graph, first, end);
	fprintf(picture->out, "%s, %" PRIu32 " grant%s\n", name_process(who, picture->all, giver), grants,
	        plural(grants));
	for (uint32_t i = first; i < end; i++) {
		const struct node *node = &picture->graph->nodes[i];

		if (node->is_root)
			tree_draw(picture, node);
		else if (node->grant)
			tree_refer(picture, node);
	}
	fputc('\n', picture->out);
}

/* First those of the list; then those who have ended since. */
static void print_givers(const struct picture *picture)
{
	const struct graph *graph = picture->graph;

	for (uint32_t i = 0; i < picture->all->count; i++)
		if (!process_is_zombie(&picture->all->list[i]))
			print_giver(picture, picture->all->list[i].kernel.endpoint);
	for (uint32_t i = 0; i < graph->count; i++)
		if ((i == 0 || graph->nodes[i].giver != graph->nodes[i - 1].giver) &&
		    !processes_by_endpoint(picture->all, graph->nodes[i].giver))
			print_giver(picture, graph->nodes[i].giver);
}

struct counts {
	uint32_t givers, direct, indirect, magic, worthless;
	uint64_t pages; /* mapped */
};

static void count_node(struct counts *counts, const struct node *node)
{
	if (!node->grant) {
		counts->pages += node->mapping->pages;
		return;
	}
	counts->direct += (node->grant->flags & CPF_KIND) == CPF_DIRECT;
	counts->indirect += (node->grant->flags & CPF_KIND) == CPF_INDIRECT;
	counts->magic += (node->grant->flags & CPF_KIND) == CPF_MAGIC;
	counts->worthless += node->reach.owner == NONE;
}

static struct counts count(const struct graph *graph)
{
	struct counts counts = {0};
	endpoint_t last = NONE;

	for (uint32_t i = 0; i < graph->count; i++) {
		const struct node *node = &graph->nodes[i];

		count_node(&counts, node);
		if (node->grant && (counts.givers == 0 || node->giver != last))
			counts.givers++;
		if (node->grant)
			last = node->giver;
	}
	return counts;
}

static void print_grants(FILE *out, const struct picture *picture, const struct counts *counts)
{
	fprintf(out,
	        "%" PRIu32 " grant%s of %" PRIu32 " process%s: %" PRIu32 " direct, %" PRIu32
	        " indirect, %" PRIu32 " magic.",
	        picture->graph->nr_grants, plural(picture->graph->nr_grants), counts->givers,
	        counts->givers == 1 ? "" : "es", counts->direct, counts->indirect, counts->magic);
	if (counts->worthless)
		fprintf(out, " %" PRIu32 " of them give%s nothing.", counts->worthless,
		        counts->worthless == 1 ? "s" : "");
}

/* How many pages each holder has, by the sorted list of mappings. */
static void print_pages(FILE *out, const struct picture *picture, const struct counts *counts)
{
	const struct found *found = picture->found;
	char who[NAME_MAX_PROCESS];

	if (found->nr_mappings == 0) {
		fprintf(out, " Nothing is mapped by them.");
		return;
	}
	fprintf(out, " %" PRIu64 " page%s lent:", counts->pages, counts->pages == 1 ? " is" : "s are");
	for (uint32_t i = 0; i < found->nr_mappings;) {
		endpoint_t holder = found->mappings[i].lending.holder;
		uint64_t pages = 0;
		int is_first = i == 0;

		for (; i < found->nr_mappings && found->mappings[i].lending.holder == holder; i++)
			pages += found->mappings[i].lending.pages;
		fprintf(out, "%s %" PRIu64 " to %s", is_first ? "" : ",", pages,
		        name_process(who, picture->all, holder));
	}
	fputc('.', out);
}

/* One paragraph, however long; without memory for it, one line. */
static void print_summary(const struct picture *picture)
{
	struct counts counts = count(picture->graph);
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	if (memory) {
		print_grants(memory, picture, &counts);
		print_pages(memory, picture, &counts);
	}
	if (memory && fclose(memory) == 0)
		picture_say(picture, text);
	free(text);
	picture_say(picture, LEGEND);
}

void picture_everything(const struct picture *picture)
{
	if (picture->graph->count == 0) {
		picture_say(picture, "Nobody has granted anything, and nothing is mapped by a grant.");
		return;
	}
	line_title(picture->out, picture->width);
	print_givers(picture);
	print_summary(picture);
}

/* ---- One process ---- */

static uint32_t print_gives(const struct picture *picture, endpoint_t endpoint)
{
	uint32_t first, end, shown = 0;

	graph_giver(picture->graph, endpoint, &first, &end);
	for (uint32_t i = first; i < end; i++) {
		const struct node *node = &picture->graph->nodes[i];

		if (!node->grant && !node->is_root)
			continue;
		if (shown++ == 0)
			fputs("It gives:\n", picture->out);
		tree_draw(picture, node);
	}
	return shown;
}

static uint32_t print_given(const struct picture *picture, endpoint_t endpoint)
{
	uint32_t shown = 0;

	for (uint32_t i = 0; i < picture->graph->count; i++) {
		const struct node *node = &picture->graph->nodes[i];

		if (!node->grant || (node->grant->who_to != endpoint && node->grant->who_to != ANY))
			continue;
		if (shown++ == 0)
			fputs("It was given:\n", picture->out);
		tree_given(picture, node);
	}
	return shown;
}

static uint32_t print_maps(const struct picture *picture, endpoint_t endpoint)
{
	uint32_t shown = 0;

	for (uint32_t i = 0; i < picture->found->nr_mappings; i++) {
		const struct vm_lending *mapping = &picture->found->mappings[i].lending;

		if (mapping->holder != endpoint)
			continue;
		if (shown++ == 0)
			fputs("It maps:\n", picture->out);
		tree_mapped(picture, mapping);
	}
	return shown;
}

/* The sentence of what was not shown. */
static void print_missing(const struct picture *picture, uint32_t gives, uint32_t given, uint32_t maps)
{
	char text[80];

	snprintf(text, sizeof(text), "It %s%s%s%s%s.", gives ? "" : "gives nothing",
	         !gives && !given ? ", " : "", given ? "" : "was given nothing",
	         (!gives || !given) && !maps ? ", and " : "", maps ? "" : "maps nothing by grants");
	if (!gives || !given || !maps)
		picture_say(picture, text);
}

void picture_process(const struct picture *picture, const struct process *process)
{
	char who[NAME_MAX_PROCESS];

	name_process(who, picture->all, process->kernel.endpoint);
	if (picture->graph->count)
		line_title(picture->out, picture->width);
	fprintf(picture->out, "%s\n", who);
	uint32_t gives = print_gives(picture, process->kernel.endpoint);
	uint32_t given = print_given(picture, process->kernel.endpoint);
	uint32_t maps = print_maps(picture, process->kernel.endpoint);
	print_missing(picture, gives, given, maps);
	if (gives + given + maps)
		picture_say(picture, LEGEND);
}
