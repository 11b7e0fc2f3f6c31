/* SPDX-License-Identifier: MIT */
/* Shows where every page of the machine is: a picture, and the account. */
#include <inttypes.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "../lib/colours.h"
#include "../lib/format.h"
#include "../lib/number.h"
#include "../lib/processes.h"
#include "../lib/terminal.h"
#include "../lib/usage.h"
#include "../lib/wrap.h"
#include "frames.h"
#include "picture.h"

#define ABOUT "shows who has which part of the machine's memory"

static const struct usage usage = {
        "mem", "[-p] [-z MIB]", ABOUT,
        "First a picture: a character for each equal piece of the memory says who has most of "
        "it; below, what each character means and how much there is. Processes have small "
        "letters.\n"
        "  -p      is plain: no colours\n"
        "  -z MIB  looks closer, from so many MiB on: a character is a page of 4 KiB"};

#define BAR            16 /* columns that stand for all memory */
#define TEXT_COLUMN    34 /* where the text in a line of the legend begins */
#define MIB_MAX        4095
#define FRAMES_PER_MIB ((1u << 20) / PAGE_SIZE)
#define ATTEMPTS       5 /* to see all of it at one moment */

/* What is known of memory at one moment. */
struct view {
	struct vm_info_rep info;
	struct boot_info boot;
	struct processes all;
	struct frames frames;
	uint32_t *counts; /* frames of each owner: process i is owner OWNER_PROCESSES + i */
	uint32_t *listed; /* of each process: all its pages, whoever has them too; and the last: what the dead
	                     have left */
	char *letters;
	int exact; /* the frames seen are those that VM's account speaks of */
};

static _Noreturn void give_up(const char *what, int result)
{
	fprintf(stderr, "mem: %s: %s\n", what, strerror(-result));
	exit(1);
}

static void *allocate(size_t count, size_t bytes)
{
	void *room = calloc(count, bytes);
	if (!room)
		give_up("no memory", -ENOMEM);
	return room;
}

static uint32_t nr_owners(const struct view *view)
{
	return OWNER_PROCESSES + view->all.count + 1;
}

/* ---- Looking ---- */

/* Claims all pages of one kind. Returns how many: of a process that ends meanwhile, only some. */
static uint32_t claim(struct view *view, endpoint_t endpoint, enum vm_pages_what what, uint32_t owner)
{
	static struct vm_page pages[VM_PAGES_AT_ONCE];
	uint32_t from = 0, claimed = 0;
	do {
		int count = vm_pages(endpoint, what, &from, pages, VM_PAGES_AT_ONCE);
		if (count == -EPERM)
			give_up("whose the pages are", -EPERM);
		for (int i = 0; i < count; i++)
			frames_claim(&view->frames, &pages[i], owner);
		claimed += count > 0 ? (uint32_t)count : 0;
		if (count < 0)
			return claimed;
	} while (from);
	return claimed;
}

static void claim_all(struct view *view)
{
	uint32_t last = view->all.count;
	(void)claim(view, VM_PROC_NR, VM_PAGES_TABLES, 0);
	view->listed[last] = claim(view, VM_PROC_NR, VM_PAGES_MEMORY, OWNER_PROCESSES + last);
	for (uint32_t i = 0; i < view->all.count; i++) {
		const struct process *process = &view->all.list[i];
		if (process->kernel.small || process_is_zombie(process))
			continue;
		(void)claim(view, process->kernel.endpoint, VM_PAGES_TABLES, 0);
		view->listed[i] = claim(view, process->kernel.endpoint, VM_PAGES_MEMORY, OWNER_PROCESSES + i);
	}
}

static void forget(struct view *view)
{
	processes_free(&view->all);
	frames_free(&view->frames);
	free(view->counts);
	free(view->listed);
	free(view->letters);
}

static void look_once(struct view *view)
{
	int result = sys_getinfo(GET_BOOTINFO, &view->boot, sizeof(view->boot), 0);
	if (result != (int)sizeof(view->boot))
		give_up("what memory there is", result);
	processes_take(&view->all);
	processes_sort_as_tree(&view->all);
	if (frames_init(&view->frames, &view->boot) != 0)
		give_up("no memory", -ENOMEM);
	view->counts = allocate(nr_owners(view), sizeof(view->counts[0]));
	view->listed = allocate(view->all.count + 1, sizeof(view->listed[0]));
	view->letters = allocate(nr_owners(view), sizeof(view->letters[0]));
	claim_all(view);
	frames_count(&view->frames, view->counts, nr_owners(view));
	if ((result = vm_info(&view->info)) != OK)
		give_up("no account", result);
	view->exact = frames_agree(view->counts, nr_owners(view), &view->info);
}

/* Processes come, go and grow while they are looked at one by one; mostly there is a quiet moment. */
static void look(struct view *view)
{
	look_once(view);
	for (int i = 1; i < ATTEMPTS && !view->exact; i++) {
		forget(view);
		look_once(view);
	}
}

/* ---- Showing ---- */

static void choose_letters(struct view *view)
{
	const char **names = allocate(view->all.count + 1, sizeof(names[0]));
	for (uint32_t i = 0; i < view->all.count; i++)
		names[i] = view->listed[i] ? view->all.list[i].kernel.name : "";
	names[view->all.count] = view->listed[view->all.count] ? "left" : "";
	picture_letters(view->letters, names, view->all.count + 1);
	free(names);
}

static void print_legend(const struct view *view, uint32_t owner, uint32_t pages, const char *text,
                         int coloured)
{
	char size[FORMAT_MAX], bar[FORMAT_MAX];
	const char *colour = coloured ? picture_colour(owner) : "";
	printf("   %s%c%s  %8s  %-*s  %.*s\n", colour, view->letters[owner], *colour ? COLOUR_END : "",
	       format_pages(size, pages), BAR, format_bar(bar, pages, view->info.total, BAR),
	       terminal_room(TEXT_COLUMN), text);
}

static void print_process(const struct view *view, uint32_t index, int coloured)
{
	const struct process *process = &view->all.list[index];
	uint32_t own = view->counts[OWNER_PROCESSES + index];
	char text[96], size[FORMAT_MAX] = "";
	format_pages(size, view->listed[index] - own);
	snprintf(text, sizeof(text), "%s, pid %d; shares %s", process->kernel.name, process->pm.pid, size);
	print_legend(view, OWNER_PROCESSES + index, own, text, coloured);
}

static void print_processes(const struct view *view, int coloured)
{
	uint32_t last = view->all.count;
	for (uint32_t i = 0; i < last; i++)
		if (view->listed[i])
			print_process(view, i, coloured);
	if (view->listed[last])
		print_legend(view, OWNER_PROCESSES + last, view->counts[OWNER_PROCESSES + last],
		             "kept for the successors of services", coloured);
	if (view->counts[OWNER_SHARED])
		print_legend(view, OWNER_SHARED, view->counts[OWNER_SHARED], "shared between processes",
		             coloured);
}

static void print_account(const struct view *view, int coloured)
{
	const struct vm_info_rep *info = &view->info;
	char size[FORMAT_MAX];
	print_legend(view, OWNER_KERNEL, info->kernel, "kernel, and the programs of pm and vm", coloured);
	print_legend(view, OWNER_VM, info->vm_tables, "what vm keeps of frames and processes", coloured);
	print_legend(view, OWNER_TABLES, info->pool_used, "page tables of processes", coloured);
	print_legend(view, OWNER_POOL, info->pool_free, "free, for page tables", coloured);
	print_legend(view, OWNER_ARCHIVE, info->archive, "boot archive: all processes share its pages",
	             coloured);
	print_processes(view, coloured);
	print_legend(view, OWNER_FREE, info->free, "free, for processes", coloured);
	printf("      %8s  in all\n", format_pages(size, info->total));
}

/* Returns the exit status. */
static int check(const struct view *view)
{
	uint32_t sum = 0;
#define ACCOUNT(name, text) sum += view->info.name;
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
	if (!view->exact)
		puts("\nProcesses changed meanwhile: not every page is shown at its place.");
	if (sum == view->info.total)
		return 0;
	fprintf(stderr,
	        "mem: the parts are %" PRIu32 " pages, the whole is %" PRIu32 ": vm's account is wrong\n",
	        sum, view->info.total);
	return 1;
}

struct options {
	int plain, zoom;
	long start; /* in MiB, if zoom */
};

static struct options read_options(int argc, char **argv)
{
	struct options options = {0};
	int option;
	while ((option = usage_option(&usage, argc, argv, "pz:")) != -1) {
		if (option == 'p')
			options.plain = 1;
		else if (number_parse(optarg, 0, MIB_MAX, &options.start) == 0)
			options.zoom = 1;
		else
			usage_wrong(&usage, 'z', optarg, "a number of MiB");
	}
	if (optind < argc)
		usage_fail(&usage, "'%s' is too much", argv[optind]);
	return options;
}

static void print_scale(const struct view *view, const struct picture *picture, int zoom)
{
	char text[128], size[FORMAT_MAX];
	if (zoom)
		snprintf(text, sizeof(text), "Each character is %s of memory, one page.",
		         format_pages(size, picture->scale));
	else
		snprintf(text, sizeof(text),
		         "Each character is %s and shows who has most of it. Closer: `mem -z %" PRIu32 "`",
		         format_pages(size, picture->scale),
		         view->boot.region_end / FRAMES_PER_MIB / PAGE_SIZE);
	putchar('\n');
	wrap_line(stdout, text, 0, 0, terminal_width());
	putchar('\n');
}

/* Returns 0, or -1: there is nothing at the place asked for. */
static int print_picture(const struct view *view, const struct options *options, int coloured)
{
	char text[FORMAT_MAX];
	uint32_t first = options->zoom ? (uint32_t)options->start * FRAMES_PER_MIB : 0;
	struct picture picture = {&view->frames, view->letters, 1, picture_columns(terminal_width()),
	                          coloured};
	if (!options->zoom)
		picture.scale = picture_scale(&view->frames, picture.columns);
	if (first >= view->frames.count) {
		fprintf(stderr, "mem: memory ends at %s\n", format_pages(text, view->frames.count));
		return -1;
	}
	picture_print(stdout, &picture, first);
	print_scale(view, &picture, options->zoom);
	return 0;
}

int main(int argc, char **argv)
{
	struct view view = {0};
	struct options options = read_options(argc, argv);
	int coloured = !options.plain && colours_wanted();
	look(&view);
	choose_letters(&view);
	if (print_picture(&view, &options, coloured) != 0)
		return 1;
	print_account(&view, coloured);
	int status = check(&view);
	forget(&view);
	return status;
}
