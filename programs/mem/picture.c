/* SPDX-License-Identifier: MIT */
/* A picture of physical memory. See picture.h. */
#include <inttypes.h>
#include <string.h>
#include <granite/abi/layout.h>

#include "../lib/colours.h"
#include "picture.h"

#define FRAMES_PER_MIB ((1u << 20) / PAGE_SIZE)

#define ROW_HEAD       15 /* columns before a row's first character */

uint32_t picture_columns(int width)
{
	uint32_t columns = PICTURE_COLUMNS;
	while (columns > PICTURE_LEAST && (int)columns + ROW_HEAD > width)
		columns /= 2;
	return columns;
}

uint32_t picture_scale(const struct frames *frames, uint32_t columns)
{
	uint32_t scale = 1;
	while ((uint64_t)scale * columns * PICTURE_ROWS < frames->count)
		scale *= 2;
	return scale;
}

static int counts_for_little(uint32_t owner)
{
	return owner == OWNER_FREE || owner == OWNER_POOL || owner == OWNER_NOTHING;
}

/* How many of [first, end) are the owner's. */
static uint32_t share_of(const struct frames *frames, uint32_t first, uint32_t end, uint32_t owner)
{
	uint32_t count = 0;
	for (uint32_t n = first; n < end; n++)
		count += frames->owner[n] == owner;
	return count;
}

/* Memory that is used counts more than free memory, that more than none; among equals the larger share wins.
 */
static int outdoes(uint32_t owner, uint32_t share, uint32_t best, uint32_t best_share)
{
	if (counts_for_little(owner) != counts_for_little(best))
		return counts_for_little(best);
	if ((owner == OWNER_NOTHING) != (best == OWNER_NOTHING))
		return best == OWNER_NOTHING;
	return share > best_share;
}

uint32_t picture_owner(const struct frames *frames, uint32_t first, uint32_t scale)
{
	uint32_t end = first + scale < frames->count ? first + scale : frames->count;
	uint32_t best = OWNER_NOTHING, best_share = 0, last = OWNER_NOTHING;
	for (uint32_t n = first; n < end; n++) {
		uint32_t owner = frames->owner[n];
		if (owner == best || owner == last)
			continue; /* counted already */
		last = owner;
		uint32_t share = share_of(frames, first, end, owner);
		if (!outdoes(owner, share, best, best_share))
			continue;
		best = owner;
		best_share = share;
	}
	return best;
}

/* ---- Letters ---- */

static const char fixed[OWNER_PROCESSES] = {
        [OWNER_NOTHING] = ' ', [OWNER_KERNEL] = 'K',  [OWNER_VM] = 'V',     [OWNER_TABLES] = 'T',
        [OWNER_POOL] = ',',    [OWNER_ARCHIVE] = 'A', [OWNER_SHARED] = '+', [OWNER_FREE] = '.',
};

static int is_small_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static char choose_letter(const char *name, const char *used)
{
	for (; *name; name++)
		if (is_small_letter(*name) && !used[*name - 'a'])
			return *name;
	for (int c = 'a'; c <= 'z'; c++)
		if (!used[c - 'a'])
			return (char)c;
	return PICTURE_OTHERS;
}

void picture_letters(char *letters, const char *const *names, uint32_t nr_processes)
{
	char used[26] = {0};
	memcpy(letters, fixed, sizeof(fixed));
	for (uint32_t i = 0; i < nr_processes; i++) {
		char letter = choose_letter(names[i], used);
		if (letter != PICTURE_OTHERS)
			used[letter - 'a'] = 1;
		letters[OWNER_PROCESSES + i] = letter;
	}
}

/* ---- Drawing ---- */

const char *picture_colour(uint32_t owner)
{
	static const char *const few[OWNER_PROCESSES] = {
	        [OWNER_KERNEL] = COLOUR_RED,    [OWNER_VM] = COLOUR_CYAN,
	        [OWNER_TABLES] = COLOUR_BLUE,   [OWNER_ARCHIVE] = COLOUR_MAGENTA,
	        [OWNER_SHARED] = COLOUR_YELLOW,
	};
	if (owner >= OWNER_PROCESSES)
		return COLOUR_GREEN;
	return few[owner] ? few[owner] : "";
}

/* A piece, with a change of colour only where it differs from that of the piece before. */
static void print_piece(FILE *out, uint32_t owner, const char *letters, const char **colour)
{
	if (*colour && strcmp(*colour, picture_colour(owner)) != 0) {
		fprintf(out, "%s%s", **colour ? COLOUR_END : "", picture_colour(owner));
		*colour = picture_colour(owner);
	}
	fputc(letters[owner], out);
}

static void print_row(FILE *out, const struct picture *picture, uint32_t first)
{
	const char *colour = picture->coloured ? "" : NULL;
	fprintf(out, "%6" PRIu32 ".%02" PRIu32 " MiB  ", first / FRAMES_PER_MIB,
	        first % FRAMES_PER_MIB * 100 / FRAMES_PER_MIB);
	for (uint32_t i = 0; i < picture->columns && first < picture->frames->count; i++) {
		print_piece(out, picture_owner(picture->frames, first, picture->scale), picture->letters,
		            &colour);
		first += picture->scale;
	}
	fprintf(out, "%s\n", colour && *colour ? COLOUR_END : "");
}

void picture_print(FILE *out, const struct picture *picture, uint32_t first)
{
	for (int row = 0; row < PICTURE_ROWS && first < picture->frames->count; row++) {
		print_row(out, picture, first);
		first += picture->scale * picture->columns;
	}
}
