/* SPDX-License-Identifier: MIT */
/* Shows who has lent memory to whom. */
#include <errno.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "../lib/processes.h"
#include "../lib/terminal.h"
#include "../lib/usage.h"
#include "picture.h"
#include "seen.h"
#include "take.h"

#define ABOUT "shows who has lent memory to whom"

static const struct usage usage = {
        "grants", "[PROCESS [ADDRESS]]", ABOUT,
        "Without arguments it shows all grants, below who gave them. What was passed on stands below what it "
        "was made of, and so does each mapping below the grant that it was made by.\n"
        "  PROCESS  a number or a name as `ps` shows it: what it gives, what it was given, what it maps\n"
        "  ADDRESS  in hexadecimal, as `maps` shows it: who can read, write or map that page, and how\n"
        "  #3.17    a grant: slot 3 of its giver's table, the 17th that was made; with /2 behind it, in "
        "the second table that the process has had\n"
        "  direct   of the giver's own memory; `indirect` passes on what another gave, `magic` gives "
        "another's memory\n"
        "  FROM TO  of a grant, in the memory of its owner; of a mapping, in that of who maps it\n"
        "  MAY      what the system lets the grantee do, whatever the grant says: r read, w write, m map; u: "
        "nothing stays mapped when it is taken back; t: a copy fails rather than wait for memory\n"
        "What gives nothing says why."};

/* ---- One page ---- */

/* The address, or the program's end. */
static vir_bytes parse_address(const char *text)
{
	char *end;

	errno = 0;
	unsigned long address = strtoul(text, &end, 16);
	if (end == text || *end || errno || *text == '-' || *text == '+' || *text == ' ')
		usage_wrong(&usage, 0, text, "an address, such as 8048000");
	return (vir_bytes)address;
}

/* Says that there is no such page; returns the exit status. */
static int nothing_there(const struct process *process, vir_bytes address)
{
	fprintf(stderr, "grants: %s has nothing at %08lx\n", process->kernel.name, (unsigned long)address);
	return 1;
}

/* That is no error of whoever asks. */
static int just_ended(const struct process *process)
{
	printf("%s has just ended: nobody sees its memory any more.\n", process->kernel.name);
	return 0;
}

static int rights_at(endpoint_t endpoint, vir_bytes address, int *prot)
{
	struct vm_region_rep region;
	int result = vm_region(endpoint, address, &region);

	if (result == OK && region.start > address)
		result = -ENOENT;
	*prot = result == OK ? (int)region.prot : 0;
	return result;
}

/* A small process has no pages of its own, but one segment; nobody can map it. */
static int look_at_segment(const struct process *process, struct seen *seen)
{
	seen->owner = process->kernel.endpoint;
	seen->owner_address = seen->address;
	seen->owner_prot = VM_PROT_READ | VM_PROT_WRITE;
	return seen->address < process->kernel.segment_bytes ? OK : -ENOENT;
}

static int look_at_page(struct seen *seen, struct found *viewers)
{
	struct vm_viewers_rep page;
	int prot, result = rights_at(seen->asked, seen->address, &prot);

	if (result == OK)
		result = take_viewers(viewers, seen->asked, seen->address, &page);
	if (result == OK)
		result = rights_at(page.owner, page.address, &seen->owner_prot);
	if (result != OK)
		return result;
	seen->owner = page.owner;
	seen->owner_address = page.address;
	seen->sharers = page.sharers;
	return OK;
}

static int show_page(const struct picture *picture, const struct process *process, vir_bytes address)
{
	struct found viewers = {0};
	struct seen seen = {
	        .asked = process->kernel.endpoint,
	        .address = address - address % PAGE_SIZE,
	        .viewers = &viewers,
	};
	int result = process->kernel.small ? look_at_segment(process, &seen) : look_at_page(&seen, &viewers);

	if (result == OK)
		seen_print(picture, &seen);
	found_free(&viewers);
	if (result == -ENOENT || result == -EINVAL)
		return nothing_there(process, address);
	if (result == -EDEADSRCDST)
		return just_ended(process);
	if (result != OK)
		take_give_up("who sees the page is not told", result);
	return 0;
}

/* ---- All of it ---- */

static int show_process(const struct picture *picture, const struct process *process, const char *address)
{
	if (process_is_zombie(process)) {
		fprintf(stderr, "grants: %s has ended and has no grants any more\n", process->kernel.name);
		return 1;
	}
	if (address)
		return show_page(picture, process, parse_address(address));
	picture_process(picture, process);
	return 0;
}

static int show(const struct picture *picture, int argc, char **argv)
{
	const struct process *process;

	if (argc == 1) {
		picture_everything(picture);
		return 0;
	}
	process = processes_named(picture->all, argv[1], "grants");
	return process ? show_process(picture, process, argc > 2 ? argv[2] : NULL) : 1;
}

int main(int argc, char **argv)
{
	struct processes all;
	struct found found;
	struct graph graph;

	usage_check(&usage, argc, argv, 0, 2);
	if (argc > 2)
		(void)parse_address(argv[2]);
	processes_take(&all);
	processes_sort_as_tree(&all);
	take_found(&found, &all);
	if (graph_make(&graph, &found, &all) != 0)
		take_give_up("no room for all grants", -ENOMEM);
	struct picture picture = {stdout, &graph, &found, &all, terminal_width()};
	int status = show(&picture, argc, argv);
	graph_free(&graph);
	found_free(&found);
	processes_free(&all);
	return status;
}
