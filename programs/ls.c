/* SPDX-License-Identifier: MIT */
/* Lists directories. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/terminal.h"
#include "lib/usage.h"

#define ABOUT "lists files, and what is in directories"
#define GAP   2 /* blanks between two columns */

static const struct usage usage = {
        "ls", "[-l] [FILE ...]", ABOUT,
        "In alphabetical order, and in columns where it writes to a terminal; without a FILE what is in the "
        "working directory. A directory's name has a slash behind it.\n"
        "  -l  a line for each: what it is and who may what, its size in bytes, its name"};

struct entry {
	char *name;
	struct stat stat;
};

/* Of one directory, or of the files that were named. */
struct listing {
	struct entry *entries;
	size_t count, room;
};

static int is_long;

/* ---- Collecting ---- */

/* -1: no memory. */
static int add(struct listing *listing, const char *name, const struct stat *stat)
{
	if (listing->count == listing->room) {
		size_t room = listing->room ? 2 * listing->room : 16;
		struct entry *more = realloc(listing->entries, room * sizeof(*more));
		if (!more)
			return -1;
		listing->entries = more;
		listing->room = room;
	}
	struct entry entry = {strdup(name), *stat};
	if (!entry.name)
		return -1;
	listing->entries[listing->count++] = entry;
	return 0;
}

static void clear(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->entries[i].name);
	free(listing->entries);
	*listing = (struct listing){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int complain(const char *name)
{
	fprintf(stderr, "ls: %s: %s\n", name, strerror(errno));
	return 1;
}

/* ---- Printing ---- */

static size_t width_of(const struct entry *entry)
{
	return strlen(entry->name) + (S_ISDIR(entry->stat.st_mode) != 0);
}

static void print_name(const struct entry *entry, size_t width)
{
	printf("%s%s", entry->name, S_ISDIR(entry->stat.st_mode) ? "/" : "");
	for (size_t printed = width_of(entry); printed < width; printed++)
		putchar(' ');
}

/* Columns are filled from top to bottom, as many as there is room for; only one where there is no terminal.
 */
static void print_columns(const struct listing *listing)
{
	size_t widest = 0;
	for (size_t i = 0; i < listing->count; i++)
		if (width_of(&listing->entries[i]) > widest)
			widest = width_of(&listing->entries[i]);
	int width = terminal_width();
	size_t columns = width == TERMINAL_UNLIMITED ? 1 : ((size_t)width + GAP) / (widest + GAP);
	if (columns == 0)
		columns = 1;
	size_t rows = (listing->count + columns - 1) / columns;
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = row; i < listing->count; i += rows)
			print_name(&listing->entries[i], i + rows < listing->count ? widest + GAP : 0);
		putchar('\n');
	}
}

static char kind_letter(mode_t mode)
{
	return S_ISDIR(mode) ? 'd' : S_ISFIFO(mode) ? 'p' : S_ISCHR(mode) ? 'c' : '-';
}

static void print_lines(const struct listing *listing)
{
	static const char rights[] = "rwxrwxrwx";
	for (size_t i = 0; i < listing->count; i++) {
		const struct entry *entry = &listing->entries[i];
		putchar(kind_letter(entry->stat.st_mode));
		for (int bit = 0; bit < 9; bit++)
			putchar(entry->stat.st_mode & (0400 >> bit) ? rights[bit] : '-');
		printf(" %10" PRIdMAX "  ", (intmax_t)entry->stat.st_size);
		print_name(entry, 0);
		putchar('\n');
	}
}

static void print(struct listing *listing)
{
	if (listing->count > 1)
		qsort(listing->entries, listing->count, sizeof(listing->entries[0]), by_name);
	if (is_long)
		print_lines(listing);
	else
		print_columns(listing);
}

/* ---- Directories ---- */

static int is_hidden(const char *name)
{
	return name[0] == '.';
}

/* Adds what is in an open directory. Returns 0, or 1 if something could not be told. */
static int read_entries(DIR *directory, struct listing *listing)
{
	const struct dirent *found;
	int status = 0;
	while (errno = 0, (found = readdir(directory))) {
		struct stat stat;
		if (is_hidden(found->d_name))
			continue;
		if (fstatat(dirfd(directory), found->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
		    add(listing, found->d_name, &stat) != 0)
			status = complain(found->d_name);
	}
	return errno ? complain("a directory") : status;
}

static int list_directory(const char *name)
{
	struct listing listing = {0};
	DIR *directory = opendir(name);
	if (!directory)
		return complain(name);
	int status = read_entries(directory, &listing);
	closedir(directory);
	print(&listing);
	clear(&listing);
	return status;
}

/* ---- Arguments ---- */

/* Prints the files first, and then the directories, each with its name if there is anything else. */
static int list_all(char **names, int count)
{
	struct listing files = {0};
	struct stat stat_of;
	int status = 0, told = 0;
	for (int i = 0; i < count; i++) {
		if (stat(names[i], &stat_of) != 0 ||
		    (!S_ISDIR(stat_of.st_mode) && add(&files, names[i], &stat_of) != 0))
			status = complain(names[i]);
	}
	if (files.count) {
		print(&files);
		told = 1;
	}
	for (int i = 0; i < count; i++) {
		if (stat(names[i], &stat_of) != 0 || !S_ISDIR(stat_of.st_mode))
			continue;
		if (count > 1)
			printf("%s%s:\n", told ? "\n" : "", names[i]);
		status |= list_directory(names[i]);
		told = 1;
	}
	clear(&files);
	return status;
}

int main(int argc, char **argv)
{
	static char here[] = ".", *only_here[] = {here};
	while (usage_option(&usage, argc, argv, "l") != -1)
		is_long = 1;
	return optind < argc ? list_all(argv + optind, argc - optind) : list_all(only_here, 1);
}
