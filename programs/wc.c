/* SPDX-License-Identifier: MIT */
/* Counts lines, words and bytes. */
#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>

#include "lib/files.h"
#include "lib/usage.h"

#define ABOUT "counts lines, words and bytes"

static const struct usage usage = {
        "wc", "[-l] [-w] [-c] [FILE ...]", ABOUT,
        "Without a FILE, and for -, it counts in what it reads. With several files the last line tells how "
        "many there are in all.\n"
        "  -l  lines\n"
        "  -w  words\n"
        "  -c  bytes"};

enum { LINES = 1, WORDS = 2, BYTES = 4 };

struct counts {
	uint64_t lines, words, bytes;
};

static void count_bytes(struct counts *counts, const char *bytes, ssize_t count, int *in_word)
{
	for (ssize_t i = 0; i < count; i++) {
		int blank = isspace((unsigned char)bytes[i]) != 0;
		counts->lines += bytes[i] == '\n';
		counts->words += !blank && !*in_word;
		*in_word = !blank;
	}
	counts->bytes += (uint64_t)count;
}

/* Returns 0 or 1: the program's exit status. */
static int count_file(const char *name, struct counts *counts)
{
	static char buffer[FILES_BUFFER];
	int fd = files_open("wc", name), in_word = 0;
	ssize_t count = -1;
	while (fd >= 0 && (count = files_read("wc", name, fd, buffer, sizeof(buffer))) > 0)
		count_bytes(counts, buffer, count, &in_word);
	if (fd >= 0)
		files_close(fd);
	return count < 0;
}

static void print(const struct counts *counts, int which, const char *name)
{
	if (which & LINES)
		printf("%8" PRIu64, counts->lines);
	if (which & WORDS)
		printf("%8" PRIu64, counts->words);
	if (which & BYTES)
		printf("%9" PRIu64, counts->bytes);
	printf(name ? " %s\n" : "\n", name);
}

/* What is to be counted, by the options. */
static int parse(int argc, char **argv)
{
	static const char letters[] = "lwc";
	int which = 0, option;
	while ((option = usage_option(&usage, argc, argv, letters)) != -1)
		which |= 1 << (strchr(letters, option) - letters);
	return which ? which : LINES | WORDS | BYTES;
}

int main(int argc, char **argv)
{
	struct counts all = {0};
	int status = 0, which = parse(argc, argv);
	int files = argc - optind;
	if (files == 0) {
		status = count_file(FILES_STDIN, &all);
		print(&all, which, NULL);
	}
	for (int next = optind; next < argc; next++) {
		struct counts one = {0};
		int failed = count_file(argv[next], &one);
		if (!failed)
			print(&one, which, argv[next]);
		status |= failed;
		all.lines += one.lines;
		all.words += one.words;
		all.bytes += one.bytes;
	}
	if (files > 1)
		print(&all, which, "in all");
	return status;
}
