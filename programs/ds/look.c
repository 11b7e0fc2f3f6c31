/* SPDX-License-Identifier: MIT */
/* list, get, stats. */
#include <errno.h>
#include <regex.h>
#include <unistd.h>

#include "../lib/format.h"
#include "../lib/processes.h"
#include "../lib/terminal.h"
#include "ds.h"
#include "text.h"

#define LINE_WIDTH 79

int ds_walk(int (*take)(void *context, const struct ds_entry *entry), void *context)
{
	static struct ds_entry entries[DS_LIST_MAX];
	uint32_t from = 0;

	do {
		int count = ds_list(&from, entries, DS_LIST_MAX);

		if (count < 0)
			return count;
		for (int i = 0; i < count; i++)
			if (take(context, &entries[i]))
				return OK;
	} while (from);
	return OK;
}

const char *ds_string_of(const char *key, size_t *length)
{
	static char value[DS_VALUE_MAX + 1];

	if (ds_retrieve_str(key, value, sizeof(value)) != OK)
		return NULL;
	*length = strlen(value);
	return value;
}

/* ---- list ---- */

struct list {
	const regex_t *pattern; /* NULL: all */
	struct processes processes;
	uint32_t count;
	int width;
};

static const char *owner_of(const struct list *list, const struct ds_entry *entry, char text[TEXT_MAX])
{
	const struct process *process;
	char name[TEXT_MAX];

	if (entry->owner[0])
		return text_name(text, entry->owner);
	process = processes_by_endpoint(&list->processes, entry->endpoint);
	if (process)
		snprintf(text, TEXT_MAX, "%s %d", text_name(name, process->kernel.name), process->pm.pid);
	else
		snprintf(text, TEXT_MAX, "(has ended)");
	return text;
}

static int compile(regex_t *compiled, const char *pattern)
{
	char whole[TEXT_MAX];

	if ((size_t)snprintf(whole, sizeof(whole), "^(%s)$", pattern) >= sizeof(whole))
		return -1;
	return regcomp(compiled, whole, REG_EXTENDED | REG_NOSUB);
}

static int take_listed(void *context, const struct ds_entry *entry)
{
	char value[TEXT_MAX], owner[TEXT_MAX], private[TEXT_MAX];
	struct list *list = context;
	const char *bytes = "";
	size_t length = 0;

	if (list->pattern && regexec(list->pattern, entry->key, 0, NULL, 0) != 0)
		return 0;
	if (list->count++ == 0)
		text_print_line(stdout, list->width, "KEY", "TYPE", "VALUE", "OWNER", "PRIV");
	if (entry->type == DS_TYPE_STR || entry->flags & DSF_PRIV_RETRIEVE)
		bytes = entry->type == DS_TYPE_STR ? ds_string_of(entry->key, &length) : NULL;
	text_value(value, text_value_width(list->width), entry, bytes, length);
	text_print_line(stdout, list->width, entry->key, text_type(entry->type), value,
	                owner_of(list, entry, owner), text_private(private, entry->flags));
	return 0;
}

int ds_list_command(const char *pattern)
{
	struct list list = {.count = 0};
	regex_t compiled;
	int result;

	if (pattern && compile(&compiled, pattern) != 0)
		usage_wrong(&usage, 0, pattern, "a regular expression");
	list.pattern = pattern ? &compiled : NULL;
	list.width = terminal_width() == TERMINAL_UNLIMITED ? LINE_WIDTH : terminal_width();
	processes_take(&list.processes);
	result = ds_walk(take_listed, &list);
	processes_free(&list.processes);
	if (pattern)
		regfree(&compiled);
	if (result != OK)
		return ds_complain("list", result);
	if (list.count == 0)
		printf(pattern ? "No key matches.\n" : "There is nothing.\n");
	return 0;
}

/* ---- get ---- */

struct get {
	const char *key;
	struct ds_entry found[DS_TYPES]; /* by type; type 0: there is none */
	uint32_t count;
};

static int take_found(void *context, const struct ds_entry *entry)
{
	struct get *get = context;

	if (strcmp(get->key, entry->key) == 0 && get->found[entry->type].type == 0) {
		get->found[entry->type] = *entry;
		get->count++;
	}
	return 0;
}

static int get_bytes(const char *key)
{
	static uint8_t bytes[DS_VALUE_MAX];
	size_t length = sizeof(bytes);
	int result = ds_retrieve_mem(key, bytes, &length);

	if (result == OK)
		text_print_bytes(stdout, bytes, length);
	return result;
}

static int get_value(const struct ds_entry *entry)
{
	static char string[DS_VALUE_MAX + 1];
	char text[TEXT_MAX];
	uint32_t number;
	int result = OK;

	switch (entry->type) {
	case DS_TYPE_U32:
		result = ds_retrieve_u32(entry->key, &number);
		if (result == OK)
			printf("%u\n", (unsigned)number);
		return result;
	case DS_TYPE_STR:
		result = ds_retrieve_str(entry->key, string, sizeof(string));
		if (result == OK)
			text_print_string(stdout, string, isatty(STDOUT_FILENO));
		return result;
	case DS_TYPE_MEM:
		return get_bytes(entry->key);
	default:
		puts(text_value(text, LINE_WIDTH, entry, "", 0));
		return OK;
	}
}

/* With several types each value has its own in front. */
int ds_get_command(const char *key)
{
	static struct get get;
	int result, status = 0;

	get.key = key;
	result = ds_walk(take_found, &get);
	if (result != OK || get.count == 0)
		return ds_complain(key, result != OK ? result : -ESRCH);
	for (uint32_t type = 1; type < DS_TYPES; type++) {
		if (get.found[type].type == 0)
			continue;
		if (get.count > 1)
			printf("%s: ", text_type(type));
		result = get_value(&get.found[type]);
		if (result != OK)
			status = ds_complain(key, result);
	}
	return status;
}

/* ---- stats ---- */

static void print_count(const char *what, uint32_t count)
{
	char text[FORMAT_MAX];

	printf("%-32s %10s\n", what, format_count(text, count));
}

static void print_size(const char *what, uint32_t bytes)
{
	char text[FORMAT_MAX];

	printf("%-32s %10s\n", what, format_bytes(text, bytes));
}

int ds_stats_command(void)
{
	struct ds_statistics statistics;
	int result = ds_stats(&statistics);

	if (result != OK)
		return ds_complain("stats", result);
	print_count("numbers (u32)", statistics.types[DS_TYPE_U32]);
	print_count("strings (str)", statistics.types[DS_TYPE_STR]);
	print_count("memory ranges, copied (mem)", statistics.types[DS_TYPE_MEM]);
	print_count("memory ranges, mapped (map)", statistics.types[DS_TYPE_MAP]);
	print_count("labels of services", statistics.types[DS_TYPE_LABEL]);
	print_size("their keys and values", statistics.value_bytes);
	print_count("owners and subscribers", statistics.owners);
	print_count("subscriptions", statistics.subscriptions);
	print_count("changes not told yet", statistics.notices);
	print_size("room", statistics.bytes);
	print_size("of that, free", statistics.bytes_free);
	print_count("started since boot", statistics.starts);
	return 0;
}
