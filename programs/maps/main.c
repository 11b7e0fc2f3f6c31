/* SPDX-License-Identifier: MIT */
/* Shows what is where in a process's memory. */
#include <inttypes.h>
#include <granite/region_words.h>
#include <granite/vm.h>

#include "../lib/archive.h"
#include "../lib/format.h"
#include "../lib/processes.h"
#include "../lib/terminal.h"
#include "../lib/usage.h"
#include "../lib/wrap.h"

#define WHAT_COLUMN        55
#define WHAT_COLUMN_NARROW 35
#define WHAT_LEAST         20 /* columns for what it is */

#define ABOUT              "shows what is where in a process's memory"

static const struct usage usage = {
        "maps", "PROCESS", ABOUT,
        "PROCESS is a number or a name as `ps` shows it.\n"
        "  MAY      what the process may do there: r read, w write, x execute\n"
        "  PRESENT  of the size, what has been brought in so far: pages come when they are "
        "touched\n"
        "  SHARED   of that, what others have too; such a page is copied when it is written to"};

static int is_narrow; /* the columns TO and SHARED are left out */

static void print_size(uint64_t pages)
{
	char text[FORMAT_MAX];
	printf(" %8s", pages ? format_pages(text, pages) : "-");
}

static void print_present(uint32_t resident, uint32_t shared)
{
	print_size(resident);
	if (!is_narrow)
		print_size(shared);
}

static void print_region(const struct vm_region_rep *region, const struct vm_region_rep *before,
                         const struct archive *archive)
{
	char rights[4], words[REGION_WORDS_MAX], size[FORMAT_MAX];
	printf("  %08" PRIx32, region->start);
	if (!is_narrow)
		printf(" - %08" PRIx32, region->end);
	printf(" %8s  %s", format_bytes(size, region->end - region->start),
	       region_rights(region->prot, rights));
	print_present(region->resident, region->shared);
	printf("  %.*s\n", terminal_room(is_narrow ? WHAT_COLUMN_NARROW : WHAT_COLUMN),
	       region_words(region, before, archive_name(archive, region->offset), words));
}

static void print_total(const struct vm_procinfo_rep *total)
{
	char mapped[FORMAT_MAX], tables[FORMAT_MAX];
	printf("  %-*s %8s     ", is_narrow ? 8 : 19, is_narrow ? "together" : "all together",
	       format_pages(mapped, total->mapped));
	print_present(total->resident, total->shared);
	printf("\n\nIts page tables take %s more.\n", format_pages(tables, total->tables));
}

static int print_regions(endpoint_t endpoint, const struct archive *archive)
{
	struct vm_region_rep region, before;
	const struct vm_region_rep *last = NULL;
	vir_bytes next = 0;
	int result;
	is_narrow = terminal_room(WHAT_COLUMN) < WHAT_LEAST;
	puts(is_narrow ? "  FROM         SIZE  MAY  PRESENT  WHAT IT IS"
	               : "  FROM       TO           SIZE  MAY  PRESENT   SHARED  WHAT IT IS");
	while ((result = vm_region(endpoint, next, &region)) == OK) {
		print_region(&region, last, archive);
		before = region;
		last = &before;
		next = region.end;
	}
	return result == -ENOENT ? OK : result;
}

static int print_memory(const struct process *process)
{
	struct vm_procinfo_rep total;
	struct archive archive;
	printf("%s, pid %d\n\n", process->kernel.name, process->pm.pid);
	archive_take(&archive);
	int result = print_regions(process->kernel.endpoint, &archive);
	archive_free(&archive);
	if (result == OK)
		result = vm_procinfo(process->kernel.endpoint, &total);
	if (result == OK)
		print_total(&total);
	else
		fprintf(stderr, "maps: %s has just ended\n", process->kernel.name);
	return result != OK;
}

static int print_process(const struct process *process)
{
	char size[FORMAT_MAX], text[256];
	if (process_is_zombie(process)) {
		fprintf(stderr, "maps: %s has ended and has no memory any more\n", process->kernel.name);
		return 1;
	}
	if (!process->kernel.small)
		return print_memory(process);
	snprintf(text, sizeof(text),
	         "%s is a small process: it has no mappings, but one segment of %s within the kernel's "
	         "region, all "
	         "of it present.",
	         process->kernel.name, format_bytes(size, process_memory(process)));
	wrap_line(stdout, text, 0, 0, terminal_text_width());
	return 0;
}

int main(int argc, char **argv)
{
	struct processes all;
	usage_check(&usage, argc, argv, 1, 1);
	processes_take(&all);
	const struct process *process = processes_named(&all, argv[1], "maps");
	int status = process ? print_process(process) : 1;
	processes_free(&all);
	return status;
}
