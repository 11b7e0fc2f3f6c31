/* SPDX-License-Identifier: MIT */
/* The C library's own work in an ordinary program: formatting, memory, sorting, expressions, jumps,
 * arithmetic. */
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <sys/socket.h>
#include <setjmp.h>
#include <time.h>

#include "tap.h"

#define COUNT 5000

static void printf_formats(void)
{
	char text[200];
	int length = snprintf(text, sizeof(text), "%d|%5s|%-5s|%08x|%c|%lld|%%|%.3f|%g|%p", -7, "ab", "cd",
	                      0xbeef, 'z', 1234567890123456789ll, 3.14159, 1e100, (void *)16);
	CHECK_INT(length, strlen(text));
	CHECK(strcmp(text, "-7|   ab|cd   |0000beef|z|1234567890123456789|%|3.142|1e+100|0x10") == 0);
	int number = 0;
	char word[10];
	CHECK_INT(sscanf("42 words", "%d %9s", &number, word), 2);
	CHECK(number == 42 && strcmp(word, "words") == 0);
}

/* Blocks of all sizes, each filled with its own byte; none may disturb another. */
static void malloc_blocks_do_not_overlap(void)
{
	static unsigned char *blocks[200];
	static size_t sizes[200];
	srand(1);
	for (int i = 0; i < 2000; i++) {
		int slot = rand() % 200;
		for (size_t j = 0; blocks[slot] && j < sizes[slot]; j++)
			REQUIRE(blocks[slot][j] == slot);
		free(blocks[slot]);
		sizes[slot] = rand() % 100 == 0 ? 300000 : rand() % 3000;
		blocks[slot] = malloc(sizes[slot]);
		REQUIRE(blocks[slot] != NULL);
		memset(blocks[slot], slot, sizes[slot]);
	}
	for (int slot = 0; slot < 200; slot++)
		free(blocks[slot]);
}

static void calloc_gives_zeros_and_realloc_keeps_bytes(void)
{
	char *dirty = malloc(400000);
	REQUIRE(dirty != NULL);
	memset(dirty, 0xff, 400000);
	free(dirty);
	char *clean = calloc(400, 1000);
	REQUIRE(clean != NULL);
	for (int i = 0; i < 400000; i++)
		REQUIRE(clean[i] == 0);
	strcpy(clean, "kept");
	clean = realloc(clean, 2000000);
	REQUIRE(clean != NULL);
	CHECK(strcmp(clean, "kept") == 0);
	free(clean);
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;
	return (x > y) - (x < y);
}

static void qsort_sorts(void)
{
	static int numbers[COUNT];
	srand(2);
	for (int i = 0; i < COUNT; i++)
		numbers[i] = rand();
	qsort(numbers, COUNT, sizeof(numbers[0]), compare_ints);
	for (int i = 1; i < COUNT; i++)
		REQUIRE(numbers[i - 1] <= numbers[i]);
	CHECK(bsearch(&numbers[77], numbers, COUNT, sizeof(numbers[0]), compare_ints) != NULL);
}

static void regular_expressions_match(void)
{
	regex_t expression;
	regmatch_t match[2];
	REQUIRE(regcomp(&expression, "^([a-z]+)[0-9]{2,3}$", REG_EXTENDED) == 0);
	CHECK_INT(regexec(&expression, "granite386", 2, match, 0), 0);
	CHECK(match[1].rm_so == 0 && match[1].rm_eo == 7);
	CHECK_INT(regexec(&expression, "granite3", 0, NULL, 0), REG_NOMATCH);
	regfree(&expression);
	CHECK(regcomp(&expression, "(", REG_EXTENDED) != 0);
}

static jmp_buf back;

static int jump_away(const void *a, const void *b)
{
	longjmp(back, *(const int *)a > *(const int *)b ? 7 : 8);
}

static void longjmp_comes_back_from_deep_within(void)
{
	int numbers[] = {2, 1};
	volatile int kept = 5;
	int value = setjmp(back);
	if (value == 0) {
		kept = 6;
		qsort(numbers, 2, sizeof(numbers[0]), jump_away);
	}
	CHECK(value == 7 || value == 8);
	CHECK_INT(kept, 6);
}

static void floating_point_computes(void)
{
	volatile double one = 1.0;
	CHECK(fabs(4 * atan(one) - 3.14159265358979) < 1e-14);
	CHECK(sqrt(one + 1) * sqrt(one + 1) - 2 < 1e-15);
	CHECK(isinf(one / (one - 1)) && isnan((one - 1) / (one - 1)));
	long double sum = 0;
	for (int i = 1; i <= 1000; i++)
		sum += 1.0L / i;
	CHECK(fabsl(sum - 7.485470860550345L) < 1e-15L);
	volatile double tenth = one / 10; /* rounded to a double */
	CHECK(strtod("0.1", NULL) == tenth);
}

static void dates_are_broken_down(void)
{
	time_t time = 951827696; /* a leap day */
	struct tm parts;
	REQUIRE(gmtime_r(&time, &parts) != NULL);
	CHECK(parts.tm_year == 100 && parts.tm_mon == 1 && parts.tm_mday == 29 && parts.tm_hour == 12);
	CHECK_INT(mktime(&parts), time);
}

static __thread int per_thread = 42;

static void errno_and_thread_variables_live_behind_gs(void)
{
	errno = 0;
	CHECK(strtol("99999999999999", NULL, 10) == 0x7fffffff);
	CHECK_INT(errno, ERANGE);
	CHECK_INT(per_thread++, 42);
	CHECK_INT(per_thread, 43);
}

static void the_environment_can_be_changed(void)
{
	CHECK_INT(setenv("STONE", "granite", 1), 0);
	CHECK(getenv("STONE") && strcmp(getenv("STONE"), "granite") == 0);
	CHECK_INT(unsetenv("STONE"), 0);
	CHECK(getenv("STONE") == NULL);
}

static void calls_not_there_yet_say_so(void)
{
	CHECK(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == ENOSYS);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(printf_formats),
	        TEST(malloc_blocks_do_not_overlap),
	        TEST(calloc_gives_zeros_and_realloc_keeps_bytes),
	        TEST(qsort_sorts),
	        TEST(regular_expressions_match),
	        TEST(longjmp_comes_back_from_deep_within),
	        TEST(floating_point_computes),
	        TEST(dates_are_broken_down),
	        TEST(errno_and_thread_variables_live_behind_gs),
	        TEST(the_environment_can_be_changed),
	        TEST(calls_not_there_yet_say_so),
	};
	return TAP_RUN(tests);
}
