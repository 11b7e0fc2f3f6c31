/* SPDX-License-Identifier: MIT */
/*
 * The grammar is that of POSIX extended regular expressions (XBD 9.4 and 9.5.3), without what it leaves
 * undefined.
 */
#include <errno.h>
#include <string.h>

#include "pattern.h"
#include "pattern_size.h"

/* What is between a parenthesis, or the start, and here. */
struct level {
	struct part before;   /* alternatives that are complete */
	struct part sequence; /* of the present alternative, all but its last item */
	struct part item;     /* the last item, which may still be repeated */
	int alternatives;     /* complete */
	int items;            /* of the present alternative */
	int repeatable;       /* the last item can be */
};

struct reader {
	const char *at, *end;
	struct level levels[PATTERN_DEPTH + 1];
	int depth;
	struct pattern_shape *shape;
	int in_prefix; /* all so far was literal */
};

/* ---- Levels ---- */

static struct level *level_of(struct reader *reader)
{
	return &reader->levels[reader->depth];
}

static void add_item(struct reader *reader, const struct part *item, int repeatable)
{
	struct level *level = level_of(reader);

	level->sequence = part_concatenated(&level->sequence, &level->item);
	level->item = *item;
	level->items++;
	level->repeatable = repeatable;
}

/* The present alternative is complete. -EINVAL: it is empty. */
static int end_alternative(struct reader *reader)
{
	struct level *level = level_of(reader);
	struct part part = part_concatenated(&level->sequence, &level->item);

	if (level->items == 0)
		return -EINVAL;
	level->before = level->alternatives ? part_alternative(&level->before, &part) : part;
	level->alternatives++;
	level->sequence = part_nothing;
	level->item = part_nothing;
	level->items = 0;
	level->repeatable = 0;
	return OK;
}

/* ---- The prefix ---- */

static void leave_prefix(struct reader *reader)
{
	reader->in_prefix = 0;
	reader->shape->literal = 0;
}

/* The last character may be missing. */
static void shorten_prefix(struct reader *reader)
{
	if (reader->in_prefix)
		reader->shape->prefix_length--;
	leave_prefix(reader);
}

/* Nothing that stands before the first | must be there. */
static void drop_prefix(struct reader *reader)
{
	if (reader->depth == 0)
		reader->shape->prefix_length = 0;
	leave_prefix(reader);
}

/* ---- Reading ---- */

static int read_character(struct reader *reader, char character)
{
	struct part one = part_one_of(1);

	if (reader->in_prefix)
		reader->shape->prefix[reader->shape->prefix_length++] = character;
	add_item(reader, &one, 1);
	return OK;
}

static int read_anchor(struct reader *reader, char anchor)
{
	/* In front it says nothing new: the whole key has to match. */
	if (anchor == '$' || level_of(reader)->items)
		leave_prefix(reader);
	add_item(reader, &part_nothing, 0);
	return OK;
}

/* Only what has a meaning without it. */
static int read_escaped(struct reader *reader)
{
	if (reader->at == reader->end || !*reader->at || !strchr("^.[]$()|*+?{}\\/-", *reader->at))
		return -EINVAL;
	return read_character(reader, *reader->at++);
}

/* Behind `[`, at `.`, `=` or `:`: skips what belongs to it, and the bracket at its end. */
static int read_bracket_name(struct reader *reader)
{
	char kind = *reader->at++;

	for (; reader->end - reader->at >= 2; reader->at++)
		if (reader->at[0] == kind && reader->at[1] == ']') {
			reader->at += 2;
			return OK;
		}
	return -EINVAL;
}

/* A bracket expression stands for one character, but begins and ends with as many as it has members. */
static int read_bracket(struct reader *reader)
{
	uint32_t members = 1; /* its complement has one range more */
	const char *first;

	leave_prefix(reader);
	if (reader->at < reader->end && *reader->at == '^')
		reader->at++;
	for (first = reader->at; reader->at < reader->end; members++) {
		char character = *reader->at++;

		if (character == ']' && reader->at - 1 != first) {
			struct part part = part_one_of(members);

			add_item(reader, &part, 1);
			return OK;
		}
		if (character == '[' && reader->at < reader->end && *reader->at &&
		    strchr(".=:", *reader->at) && read_bracket_name(reader) != OK)
			return -EINVAL;
	}
	return -EINVAL;
}

static int read_open(struct reader *reader)
{
	leave_prefix(reader);
	if (reader->depth == PATTERN_DEPTH)
		return -E2BIG;
	reader->depth++;
	*level_of(reader) = (struct level){.sequence = part_nothing, .item = part_nothing};
	return OK;
}

static int read_close(struct reader *reader)
{
	struct part group;

	if (reader->depth == 0 || end_alternative(reader) != OK)
		return -EINVAL;
	group = level_of(reader)->before;
	reader->depth--;
	add_item(reader, &group, 1);
	return OK;
}

/* ---- Repetition ---- */

/* -1: no number there, or one that is too large. */
static int read_number(struct reader *reader)
{
	int number = -1;

	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		number = (number < 0 ? 0 : number * 10) + *reader->at - '0';
		if (number > PATTERN_REPEAT)
			return -1;
	}
	return number;
}

static int skip(struct reader *reader, char character)
{
	if (reader->at == reader->end || *reader->at != character)
		return 0;
	reader->at++;
	return 1;
}

/* Behind `{`: "3}", "3,}" or "3,5}". */
static int read_interval(struct reader *reader, int *min, int *max)
{
	*min = *max = read_number(reader);
	if (*min < 0)
		return -EINVAL;
	if (skip(reader, ',')) {
		if (skip(reader, '}')) {
			*max = -1;
			return OK;
		}
		*max = read_number(reader);
	}
	return *max >= *min && skip(reader, '}') ? OK : -EINVAL;
}

static int read_repetition(struct reader *reader, char kind)
{
	struct level *level = level_of(reader);
	int min = kind == '+', max = kind == '?' ? 1 : -1;

	if (!level->repeatable)
		return -EINVAL;
	if (kind == '{' && read_interval(reader, &min, &max) != OK)
		return -EINVAL;
	if (min == 0)
		shorten_prefix(reader);
	leave_prefix(reader);
	level->item = kind == '+' ? part_looped(&level->item) : part_repeated(&level->item, min, max);
	level->repeatable = 0;
	return OK;
}

/* ---- All of it ---- */

/* What follows the prefix may be anything, if this is the end. */
static int read_any(struct reader *reader)
{
	reader->shape->open = reader->in_prefix && reader->end - reader->at == 1 && *reader->at == '*';
	leave_prefix(reader);
	return read_character(reader, '.');
}

static int read_item(struct reader *reader)
{
	char character = *reader->at++;

	switch (character) {
	case '\0':
		return -EINVAL;
	case '\\':
		return read_escaped(reader);
	case '[':
		return read_bracket(reader);
	case '.':
		return read_any(reader);
	case '^':
	case '$':
		return read_anchor(reader, character);
	case '(':
		return read_open(reader);
	case ')':
		return read_close(reader);
	case '|':
		drop_prefix(reader);
		return end_alternative(reader);
	case '*':
	case '+':
	case '?':
	case '{':
		return read_repetition(reader, character);
	default:
		return read_character(reader, character);
	}
}

static int is_small(const struct part *part)
{
	return part->positions <= PATTERN_POSITIONS && part->steps <= PATTERN_STEPS &&
	       part->lists <= PATTERN_LISTS;
}

int pattern_judge(const char *text, uint32_t length, struct pattern_shape *shape)
{
	struct reader reader = {.at = text, .end = text + length, .shape = shape, .in_prefix = 1};
	const struct part *all = &reader.levels[0].before;
	int result;

	if (length > DS_PATTERN_MAX)
		return -E2BIG;
	memset(shape, 0, sizeof(*shape));
	shape->literal = 1;
	*level_of(&reader) = (struct level){.sequence = part_nothing, .item = part_nothing};
	while (reader.at < reader.end) {
		result = read_item(&reader);
		if (result != OK)
			return result;
	}
	if (reader.depth || end_alternative(&reader) != OK)
		return -EINVAL;
	shape->positions = all->positions;
	shape->steps = all->steps;
	shape->lists = all->lists;
	shape->cost = shape->literal || shape->open ? 0 : PATTERN_BEGIN + all->steps + all->first;
	return is_small(all) ? OK : -E2BIG;
}
