/* SPDX-License-Identifier: MIT */
/* A tour of what the system can do. See demo.h. */
#include <unistd.h>

#include "../lib/colours.h"
#include "../lib/usage.h"
#include "demo.h"

#define ABOUT "shows what the system can do: a tour of two minutes"

static const struct usage usage = {
        "demo", "[PART | all]", ABOUT,
        "Without an argument it lists the parts; `all` goes through them, and waits for Enter "
        "between two. It really does what it says, and checks what it claims: if something is "
        "not so, its exit status is 1."};

static const struct part {
	const char *name, *title;
	void (*run)(void);
} parts[] = {
        {"crash", "Processes crash, and nobody else notices", part_crash},
        {"driver", "The terminal's driver is killed while you read", part_driver},
        {"store", "A worker and the data store are killed, and the work goes on", part_store},
        {"attack", "A hostile program tries what it must not do", part_attack},
        {"copy", "A process is doubled, but not its memory", part_copy},
        {"crowd", "Hundreds of processes come and go, and every page is accounted for", part_crowd},
        {"cost", "What a kernel call, a message, a page fault cost", part_cost},
};

#define NR_PARTS (sizeof(parts) / sizeof(parts[0]))

static void list_parts(void)
{
	puts("The parts:");
	for (size_t i = 0; i < NR_PARTS; i++)
		printf("  %-8s %s\n", parts[i].name, parts[i].title);
	puts("`demo NAME` shows one, `demo all` all of them.");
}

static const struct part *find(const char *name)
{
	for (size_t i = 0; i < NR_PARTS; i++)
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
	usage_fail(&usage, "there is no part %s; `demo` lists them", name);
}

/* Returns 0 if the tour is to end: at the end of the input, or after a q. */
static int wait_for_enter(void)
{
	char line[64];
	printf("\nEnter goes on, q and Enter ends the tour. ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && line[0] != 'q';
}

static void show_all(void)
{
	for (size_t i = 0; i < NR_PARTS; i++) {
		say_title("%u of %u: %s", (unsigned)i + 1, (unsigned)NR_PARTS, parts[i].title);
		parts[i].run();
		if (i + 1 < NR_PARTS && colours_wanted() && !wait_for_enter())
			return;
	}
}

static int verdict(void)
{
	unsigned failures = say_failures();
	if (failures)
		printf("\n%u of the claims did not hold.\n", failures);
	else
		puts("\nAll of that was so.");
	return failures > 0;
}

int main(int argc, char **argv)
{
	usage_check(&usage, argc, argv, 0, 1);
	if (argc == 1) {
		list_parts();
		return 0;
	}
	if (strcmp(argv[1], "all") == 0) {
		show_all();
	} else {
		const struct part *part = find(argv[1]);
		say_title("%s", part->title);
		part->run();
	}
	return verdict();
}
