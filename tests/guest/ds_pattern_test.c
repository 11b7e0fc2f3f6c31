/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 seed=yes time=counted variants=ubsan */
/*
 * The bounds of servers/ds/pattern.h are bounds of what this C library's regcomp and regexec do: for the
 * dearest patterns that pass, and for many random ones, memory is counted, and instructions, which the time
 * stamp counter counts here. The heap is this program's own, so that all of it is seen.
 */
#include <errno.h>
#include <regex.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../../servers/ds/pattern.c"
#include "../../servers/ds/pattern_size.c"
#include "../../servers/ds/store.h"
#include "../../servers/ds/watch.h"
#include "tap.h"

#define HEAP          0x400000
#define COMPILE_BYTES 0x80000  /* most that may be taken while one is compiled */
#define KEPT_BYTES    0x8000   /* and afterwards */
#define MATCH_BYTES   0x2000   /* and while it is compared with a key */
#define STACK_BYTES   16384    /* of the stack */
#define WORK          512      /* instructions: a unit of watch_work() */
#define COMPILE_WORK  2500000  /* instructions, most that compiling one may take */
#define COMPILE_COST  16000    /* and for each unit of its cost */
#define PUBLISH_WORK  20000000 /* instructions: all that may be subscribed to, compared with one key */
#define RANDOM        6000

/* ---- The heap: taken in order, and all is free again when nothing is in use ---- */

static _Alignas(16) unsigned char heap[HEAP];
static size_t heap_top, heap_blocks, heap_used, heap_most;

/* In front of each block: how large it is. */
struct block {
	_Alignas(16) size_t bytes;
};

/* gcc would make a call of calloc() of malloc() and memset(), also within calloc(). */
static void *take(size_t bytes)
{
	struct block *block = (struct block *)(heap + heap_top);
	size_t whole = sizeof(*block) + ((bytes + 15) & ~(size_t)15);

	if (bytes > HEAP || whole > HEAP - heap_top) {
		errno = ENOMEM;
		return NULL;
	}
	block->bytes = bytes;
	heap_top += whole;
	heap_blocks++;
	heap_used += bytes;
	heap_most = heap_used > heap_most ? heap_used : heap_most;
	return block + 1;
}

void *malloc(size_t bytes)
{
	return take(bytes);
}

void free(void *memory)
{
	if (!memory)
		return;
	heap_used -= ((struct block *)memory - 1)->bytes;
	if (--heap_blocks == 0)
		heap_top = 0;
}

void *calloc(size_t count, size_t bytes)
{
	void *memory = bytes && count > HEAP / bytes ? NULL : take(count * bytes);

	KEEP(memory);
	return memory ? memset(memory, 0, count * bytes) : NULL;
}

void *realloc(void *memory, size_t bytes)
{
	size_t old = memory ? ((struct block *)memory - 1)->bytes : 0;
	void *larger = take(bytes);

	if (larger && memory) {
		memcpy(larger, memory, old < bytes ? old : bytes);
		free(memory);
	}
	return larger;
}

/* ---- The stack: how much of what lies below was written to ---- */

#define PAINT 0x5a

static __attribute__((noinline)) void paint(void)
{
	volatile unsigned char below[4 * STACK_BYTES];

	for (size_t i = 0; i < sizeof(below); i++)
		below[i] = PAINT;
}

static __attribute__((noinline)) size_t painted_over(void)
{
	volatile unsigned char below[4 * STACK_BYTES];
	size_t untouched = 0;

	__asm__ volatile("" : : "r"(below) : "memory"); /* it is read as it was left */
	while (untouched < sizeof(below) && below[untouched] == PAINT)
		untouched++;
	return sizeof(below) - untouched;
}

/* ---- One pattern ---- */

static size_t most_compiling, most_kept, most_matching, most_stack;
static uint64_t longest_compiling, compiling_of_cost,
        matching_of_work; /* instructions; percent of what is reckoned */
static char dearest[3][DS_PATTERN_MAX + 1];
static int passed, refused, disagreed;
static unsigned seed;

static void most(size_t *of, size_t bytes)
{
	*of = bytes > *of ? bytes : *of;
}

static uint64_t time_stamp(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* What the counter counts while one instruction is done: a constant here. */
static uint32_t ticks_of_one(void)
{
	static uint32_t ticks;
	uint32_t count = 10000;
	uint64_t begun = time_stamp();

	if (ticks)
		return ticks;
	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(count));
	ticks = (uint32_t)(time_stamp() - begun) / 20000;
	return ticks;
}

static uint64_t instructions(void)
{
	return time_stamp() / ticks_of_one();
}

static void most_of(uint64_t *of, char *dear, uint64_t number, const char *pattern)
{
	if (number <= *of)
		return;
	*of = number;
	strcpy(dear, pattern);
}

static uint64_t time_of_match(const regex_t *regex, const char *key)
{
	uint64_t begun = instructions();

	if (regexec(regex, key, 0, NULL, 0) == REG_ESPACE)
		disagreed++;
	return instructions() - begun;
}

/* An interrupt may come between; but not twice, where what it takes matters. */
static void match(const regex_t *regex, const char *pattern, uint32_t cost, const char *key)
{
	uint64_t first, second, reckoned = (uint64_t)watch_work(cost, (uint32_t)strlen(key)) * WORK;

	heap_most = heap_used;
	first = time_of_match(regex, key);
	second = time_of_match(regex, key);
	if (cost)
		most_of(&matching_of_work, dearest[2], (first < second ? first : second) * 100 / reckoned,
		        pattern);
	most(&most_matching, heap_most - heap_used);
}

/* Keys of all lengths, of the characters that patterns here are made of. */
static void match_all(const regex_t *regex, const char *pattern, uint32_t cost)
{
	static const uint32_t lengths[] = {1, 5, 20, 40, DS_KEY_MAX};
	char key[DS_KEY_SIZE];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (int c = 0; c < 4; c++) {
			memset(key, "ab.x"[c], lengths[i]);
			key[lengths[i] - 1] = c % 2 ? 'a' : 'b';
			key[lengths[i]] = '\0';
			match(regex, pattern, cost, key);
		}
}

/* As watch.c does it. */
static void try(const char *pattern)
{
	char whole[DS_PATTERN_MAX + 5];
	struct pattern_shape shape;
	size_t length = strlen(pattern);
	uint64_t begun;
	regex_t regex;

	if (pattern_judge(pattern, (uint32_t)length, &shape) != OK) {
		refused++;
		return;
	}
	passed++;
	whole[0] = '^';
	whole[1] = '(';
	memcpy(whole + 2, pattern, length);
	memcpy(whole + 2 + length, ")$", 3);
	heap_most = 0;
	paint();
	begun = instructions();
	if (regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB) != 0) {
		disagreed++;
		return;
	}
	begun = instructions() - begun;
	if (shape.cost) {
		most_of(&longest_compiling, dearest[0], begun, pattern);
		most_of(&compiling_of_cost, dearest[1], begun / shape.cost, pattern);
	}
	most(&most_stack, painted_over());
	most(&most_compiling, heap_most);
	most(&most_kept, heap_used);
	match_all(&regex, pattern, shape.cost);
	regfree(&regex);
}

/* ---- Many ---- */

/* With each of them repeated more and more often, until it is refused; with ever more parts, too. */
static void try_growing(const char *first, const char *again, const char *last)
{
	char pattern[DS_PATTERN_MAX + 1];

	strcpy(pattern, first);
	while (strlen(pattern) + strlen(again) + strlen(last) <= DS_PATTERN_MAX) {
		strcat(pattern, again);
		strcat(pattern, last);
		try(pattern);
		pattern[strlen(pattern) - strlen(last)] = '\0';
	}
}

static void put_number(char *text, unsigned number)
{
	char digits[4] = {(char)('0' + number / 100), (char)('0' + number / 10 % 10),
	                  (char)('0' + number % 10), '\0'};

	strcat(text, digits);
}

static void try_repeated(const char *first, const char *last)
{
	for (unsigned count = 1; count <= PATTERN_REPEAT; count++) {
		char pattern[DS_PATTERN_MAX + 1];

		strcpy(pattern, first);
		put_number(pattern, count);
		strcat(pattern, last);
		try(pattern);
	}
}

static void try_dear_ones(void)
{
	static const char *const growing[][3] = {
	        {"(a", "|b", ")*"},
	        {"(a", "|a", ")+"},
	        {"a", "|b", ""},
	        {"", "a?", ""},
	        {"(", "a?", ")*"},
	        {"", "a*", ""},
	        {"", ".*", ""},
	        {"(", ".*", ")*"},
	        {"", "(a|b)*", ""},
	        {"", "[ab.]*", ""},
	        {"[a", "b", "]"},
	        {"[^a", "bd", "]*"},
	        {"", "[[:alpha:]]", ""},
	        {"", "(a|b)", ""},
	        {"", "(ab?)+", ""},
	        {"(a", "|ab*", ")*"},
	        {"", "a{2}", ""},
	        {"", "(a?b?){2}", ""},
	        {"x", "(a|b*|.)", "$"},
	        {"", "a", ""},
	        {"", ".*", "Z"},
	        {"[^", "[:alpha:]", "]*"},
	        {"(.*", "|.*", ")Z"},
	        {"(", "(a|b|.)*", ")+"},
	        {"", "[^[:alpha:][:digit:]]*", ""},
	        {"(a?", "(b?|.)", ")*"},
	};
	static const char *const repeated[][2] = {
	        {"a{", "}"},           {"(a?){", "}"},    {"(a*){", "}"},   {"(ab|cd){", "}"},
	        {"a{0,", "}"},         {"(ab){0,", "}"},  {".{", ",}"},     {"([ab]{3}){0,", "}"},
	        {"((a{2}){2}){", "}"}, {"(a|b?){", ",}"}, {"[^a-x]{", "}"}, {"(a{0,", "}){2}"},
	        {"(a+){", "}"},
	};

	for (size_t i = 0; i < sizeof(growing) / sizeof(growing[0]); i++)
		try_growing(growing[i][0], growing[i][1], growing[i][2]);
	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++)
		try_repeated(repeated[i][0], repeated[i][1]);
}

static void try_random_ones(void)
{
	static const char *const parts[] = {"a",     "b",     ".",   "(",     ")",    "|",     "*",
	                                    "?",     "+",     "{2}", "{0,9}", "{7,}", "[a-c]", "[^ab]",
	                                    "(a|b)", "(ab)*", "(",   ")",     "x",    "^",     "$"};

	for (int i = 0; i < RANDOM; i++) {
		char pattern[DS_PATTERN_MAX + 1] = "";
		int count = 1 + rand_r(&seed) % 30;

		while (count-- > 0)
			strcat(pattern, parts[(size_t)rand_r(&seed) % (sizeof(parts) / sizeof(parts[0]))]);
		try(pattern);
	}
}

/* ---- The tests ---- */

static void check_all(void)
{
	printf("# %d passed, %d were refused\n", passed, refused);
	printf("# compiling: %u bytes, %u of stack; kept: %u; matching: %u\n", (unsigned)most_compiling,
	       (unsigned)most_stack, (unsigned)most_kept, (unsigned)most_matching);
	printf("# instructions: compiling %u (%s), of each unit of cost %u (%s)\n",
	       (unsigned)longest_compiling, dearest[0], (unsigned)compiling_of_cost, dearest[1]);
	printf("# matching: %u percent of what is reckoned (%s)\n", (unsigned)matching_of_work, dearest[2]);
	CHECK_INT(disagreed, 0);
	CHECK(longest_compiling > 0 && longest_compiling <= COMPILE_WORK);
	CHECK(compiling_of_cost > 0 && compiling_of_cost <= COMPILE_COST);
	CHECK(matching_of_work > 0 && matching_of_work <= 100);
	CHECK((uint64_t)watch_work(STORE_COST, DS_KEY_MAX) * WORK / 100 * matching_of_work < PUBLISH_WORK);
	CHECK(most_compiling > 0 && most_compiling <= COMPILE_BYTES);
	CHECK(most_stack > 0 && most_stack <= STACK_BYTES);
	CHECK(most_kept > 0 && most_kept <= KEPT_BYTES);
	CHECK(most_matching > 0 && most_matching <= MATCH_BYTES);
	CHECK_INT(heap_blocks, 0);
}

static void dear_patterns_stay_within_the_bounds(void)
{
	try_dear_ones();
	CHECK(passed > 1000);
	CHECK(refused > 1000);
	check_all();
}

static void random_patterns_stay_within_the_bounds(void)
{
	passed = refused = 0;
	try_random_ones();
	CHECK(passed > 100);
	check_all();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(dear_patterns_stay_within_the_bounds),
	        TEST(random_patterns_stay_within_the_bounds),
	};

	seed = argc > 1 ? (unsigned)strtoul(argv[argc - 1], NULL, 0) : 1;
	return TAP_RUN(tests);
}
