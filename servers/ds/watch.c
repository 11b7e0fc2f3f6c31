/* SPDX-License-Identifier: MIT */
/*
 * The compiled patterns. They are found by what their keys must begin with: a table has them by a hash of
 * these characters. For a key the hash of its first 0, 1, 2, ... characters is looked up, for the lengths
 * that some pattern has. So a key is compared only with the patterns that it may match, and how many others
 * there are does not matter.
 */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "watch.h"

#define BUCKETS      1024 /* as many as there are patterns at most */
#define BUCKETS_BITS 10
#define NO_SLOT      UINT32_MAX

/* Invariant: in its bucket, and `first` begins the list of the slots that have it, which is not empty. */
struct pattern {
	struct pattern *next; /* with the same bucket */
	uint32_t first;       /* slot */
	uint32_t length, prefix_length;
	char text[DS_PATTERN_MAX];
	char prefix[DS_PATTERN_MAX];
	int needs_regex; /* otherwise it matches its prefix alone, or, if `open`, all that begins with it */
	int open;
	uint32_t cost; /* struct pattern_shape */
	regex_t regex;
};

struct slot {
	struct pattern *pattern; /* NULL: none */
	uint32_t next, previous; /* with the same pattern */
};

struct watch {
	uint32_t secret;                      /* of the hash: nobody can choose prefixes of one bucket */
	uint32_t patterns, cost;              /* of all of them */
	uint32_t lengths[DS_PATTERN_MAX + 1]; /* how many patterns have a prefix of this length */
	uint32_t lengths_end;                 /* no pattern has one of this length, or of more */
	struct pattern *buckets[BUCKETS];
	struct slot slots[];
};

/* ---- Prefixes ---- */

/* Multiplicative (D. E. Knuth, The Art of Computer Programming, 6.4): the highest bits are the best. */
static uint32_t longer(uint32_t hash, char character)
{
	return ((hash << 5 | hash >> 27) ^ (uint8_t)character) * 2654435761u;
}

static struct pattern **bucket_at(const struct watch *watch, uint32_t hash)
{
	return (struct pattern **)&watch->buckets[hash >> (32 - BUCKETS_BITS)];
}

static struct pattern **bucket_of(const struct watch *watch, const char *prefix, uint32_t length)
{
	uint32_t hash = watch->secret;

	for (uint32_t i = 0; i < length; i++)
		hash = longer(hash, prefix[i]);
	return bucket_at(watch, hash);
}

/* ---- Patterns ---- */

/* The whole key must match, wherever the pattern has its own anchors and alternatives. */
static int compile(regex_t *regex, const char *text, uint32_t length)
{
	char whole[DS_PATTERN_MAX + 5] = "^(";
	int result;

	memcpy(whole + 2, text, length);
	memcpy(whole + 2 + length, ")$", 3);
	result = regcomp(regex, whole, REG_EXTENDED | REG_NOSUB);
	if (result == REG_ESPACE)
		return -ENOMEM;
	return result == 0 ? OK : -EINVAL;
}

static void destroy(struct pattern *pattern)
{
	if (pattern->needs_regex)
		regfree(&pattern->regex);
	free(pattern);
}

/* A pattern without slots, and in no bucket. */
static int make(const char *text, uint32_t length, const struct pattern_shape *shape, struct pattern **made)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	int result;

	if (!pattern)
		return -ENOMEM;
	pattern->first = NO_SLOT;
	pattern->length = length;
	memcpy(pattern->text, text, length);
	pattern->prefix_length = shape->prefix_length;
	memcpy(pattern->prefix, shape->prefix, shape->prefix_length);
	pattern->needs_regex = !shape->literal && !shape->open;
	pattern->open = shape->open;
	pattern->cost = shape->cost;
	result = pattern->needs_regex ? compile(&pattern->regex, text, length) : OK;
	if (result == OK)
		*made = pattern;
	else
		free(pattern);
	return result;
}

static void link_pattern(struct watch *watch, struct pattern *pattern)
{
	struct pattern **bucket = bucket_of(watch, pattern->prefix, pattern->prefix_length);

	pattern->next = *bucket;
	*bucket = pattern;
	if (watch->lengths[pattern->prefix_length]++ == 0 && pattern->prefix_length >= watch->lengths_end)
		watch->lengths_end = pattern->prefix_length + 1;
	watch->patterns++;
	watch->cost += pattern->cost;
}

static void unlink_pattern(struct watch *watch, struct pattern *pattern)
{
	struct pattern **link = bucket_of(watch, pattern->prefix, pattern->prefix_length);

	while (*link != pattern)
		link = &(*link)->next;
	*link = pattern->next;
	watch->lengths[pattern->prefix_length]--;
	while (watch->lengths_end > 0 && watch->lengths[watch->lengths_end - 1] == 0)
		watch->lengths_end--;
	watch->patterns--;
	watch->cost -= pattern->cost;
}

static struct pattern *find(const struct watch *watch, const struct pattern_shape *shape, const char *text,
                            uint32_t length)
{
	struct pattern *pattern = *bucket_of(watch, shape->prefix, shape->prefix_length);

	while (pattern && (pattern->length != length || memcmp(pattern->text, text, length) != 0))
		pattern = pattern->next;
	return pattern;
}

/* The pattern with this text, a new one if there is none. */
static int get(struct watch *watch, const char *text, uint32_t length, struct pattern **found)
{
	struct pattern_shape shape;
	int result = pattern_judge(text, length, &shape);

	if (result != OK)
		return result;
	*found = find(watch, &shape, text, length);
	if (*found)
		return OK;
	result = make(text, length, &shape, found);
	if (result == OK)
		link_pattern(watch, *found);
	return result;
}

int watch_judge(const struct watch *watch, const char *text, uint32_t length, uint32_t *cost, uint32_t *more)
{
	struct pattern_shape shape;
	int result = pattern_judge(text, length, &shape);

	if (result != OK)
		return result;
	*cost = shape.cost;
	*more = find(watch, &shape, text, length) ? 0 : shape.cost;
	return OK;
}

#define PLAIN_MEMORY    0x2000  /* of one that is not compiled; rather too much */
#define COMPILED_MEMORY 0x80000 /* of one that is: the dearest takes 390 KB meanwhile */

uint32_t watch_memory(const struct watch *watch, const char *text, uint32_t length)
{
	struct pattern_shape shape;

	if (pattern_judge(text, length, &shape) != OK || find(watch, &shape, text, length))
		return 0;
	return shape.literal || shape.open ? PLAIN_MEMORY : COMPILED_MEMORY;
}

uint32_t watch_cost(const struct watch *watch)
{
	return watch->cost;
}

/* ---- Slots ---- */

struct watch *watch_new(uint32_t slots, uint32_t secret)
{
	struct watch *watch = calloc(1, sizeof(*watch) + slots * sizeof(struct slot));

	if (watch)
		watch->secret = secret;
	return watch;
}

int watch_add(struct watch *watch, uint32_t slot, const char *text, uint32_t length)
{
	struct pattern *pattern;
	int result = get(watch, text, length, &pattern);

	if (result != OK)
		return result;
	watch->slots[slot] = (struct slot){pattern, pattern->first, NO_SLOT};
	if (pattern->first != NO_SLOT)
		watch->slots[pattern->first].previous = slot;
	pattern->first = slot;
	return OK;
}

void watch_remove(struct watch *watch, uint32_t slot)
{
	struct slot *this = &watch->slots[slot];
	struct pattern *pattern = this->pattern;

	if (this->previous != NO_SLOT)
		watch->slots[this->previous].next = this->next;
	else
		pattern->first = this->next;
	if (this->next != NO_SLOT)
		watch->slots[this->next].previous = this->previous;
	this->pattern = NULL;
	if (pattern->first != NO_SLOT)
		return;
	unlink_pattern(watch, pattern);
	destroy(pattern);
}

void watch_free(struct watch *watch)
{
	for (uint32_t i = 0; watch && i < BUCKETS; i++)
		for (struct pattern *pattern = watch->buckets[i], *next; pattern; pattern = next) {
			next = pattern->next;
			destroy(pattern);
		}
	free(watch);
}

uint32_t watch_slot_cost(const struct watch *watch, uint32_t slot)
{
	return watch->slots[slot].pattern->cost;
}

uint32_t watch_patterns(const struct watch *watch)
{
	return watch->patterns;
}

/* ---- Matching ---- */

static int matches(const struct pattern *pattern, const char *key, uint32_t length)
{
	if (pattern->prefix_length > length || memcmp(pattern->prefix, key, pattern->prefix_length) != 0)
		return 0;
	if (!pattern->needs_regex)
		return pattern->open || pattern->prefix_length == length;
	/* Without memory it can't be told: rather one notice too many. */
	return regexec(&pattern->regex, key, 0, NULL, 0) != REG_NOMATCH;
}

int watch_slot_matches(const struct watch *watch, uint32_t slot, const char *key, uint32_t length)
{
	return matches(watch->slots[slot].pattern, key, length);
}

uint32_t watch_match(const struct watch *watch, const char *key, uint32_t length,
                     void (*found)(void *context, uint32_t slot), void *context)
{
	uint32_t hash = watch->secret, work = 0, looks = 0;
	uint32_t end = length < watch->lengths_end ? length + 1 : watch->lengths_end;

	for (uint32_t prefix = 0; prefix < end; hash = longer(hash, key[prefix++])) {
		const struct pattern *pattern = watch->lengths[prefix] ? *bucket_at(watch, hash) : NULL;

		for (; pattern; pattern = pattern->next) {
			looks++;
			if (pattern->prefix_length != prefix)
				continue;
			work += watch_work(pattern->cost, length);
			if (!matches(pattern, key, length))
				continue;
			for (uint32_t slot = pattern->first; slot != NO_SLOT; slot = watch->slots[slot].next)
				found(context, slot);
		}
	}
	return work + looks / WATCH_LOOKS;
}
