/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "measure.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/sys.h>

#define WARM_UP 3   /* batches not counted: code, stacks and tables are touched for the first time */
#define BATCHES 15  /* of which the median is taken: an odd number */
#define TRIES   500 /* until there are as many without an interrupt */

void bench_require(int good, const char *file, int line, const char *text)
{
	if (good)
		return;
	printf("%s:%d: not so: %s\n", file, line, text);
	exit(1);
}

/* ---- Other processes ---- */

endpoint_t bench_start(void (*function)(uint32_t i), uint32_t i, int *pid)
{
	pid_t child = fork();
	if (child == 0) {
		function(i);
		_exit(1);
	}
	REQUIRE(child > 0);
	if (pid)
		*pid = child;
	endpoint_t endpoint = pm_endpoint(child);
	REQUIRE(endpoint > 0);
	return endpoint;
}

void bench_settle(void)
{
	usleep(20000); /* two ticks of the clock; while all wait, time passes for nothing */
}

void bench_idle(uint32_t unused)
{
	struct message m;
	int status;
	(void)unused;
	for (;;)
		GRANITE_IGNORE(ipc_receive(HARDWARE, &m, &status)); /* it has no line */
}

void bench_end(int pid)
{
	REQUIRE(kill(pid, SIGKILL) == 0);
	REQUIRE(waitpid(pid, NULL, 0) == pid);
}

static endpoint_t measurer;
static const struct row *measured;

/* They are this process's children, not the measuring one's: PM looks through those whenever one is waited
 * for. */
static void start_others_and_idle(uint32_t unused)
{
	for (uint32_t i = 0; i < measured->others; i++)
		bench_start(measured->other ? measured->other : bench_idle, i, NULL);
	REQUIRE(ipc_notify(measurer) == OK);
	bench_idle(unused);
}

static void start_others(const struct row *row)
{
	struct message m;
	int status;
	measurer = sys_self();
	measured = row;
	REQUIRE(ipc_receive(bench_start(start_others_and_idle, 0, NULL), &m, &status) == OK);
}

/* ---- One batch ---- */

void bench_counters(struct granite_counters *counters)
{
	REQUIRE(sys_getinfo(GET_COUNTERS, counters, sizeof(*counters), 0) == (int)sizeof(*counters));
}

void bench_difference(struct granite_counters *sum, const struct granite_counters *before,
                      const struct granite_counters *after)
{
#define COUNTER(name, text) sum->name = after->name - before->name;
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
}

static void no_operation(uint32_t unused)
{
	(void)unused;
}

/* Not inlined: what it costs with no_operation is what it costs with any operation. */
__attribute__((noinline)) static void count_batch(void (*operation)(uint32_t i), uint32_t operations,
                                                  struct sample *sum)
{
	struct granite_counters before, after;
	bench_counters(&before);
	uint64_t start = bench_insns();
	BENCH_MARK_BEGIN;
	for (uint32_t i = 0; i < operations; i++)
		operation(i);
	BENCH_MARK_END;
	uint64_t end = bench_insns();
	bench_counters(&after);
	sum->insns = end - start;
	bench_difference(&sum->counters, &before, &after);
}

static void count_row(const struct row *row, struct sample *sum)
{
	if (row->prepare)
		row->prepare();
	if (row->sample)
		row->sample(sum);
	else
		count_batch(row->operation, row->operations, sum);
	if (row->finish)
		row->finish();
}

/* ---- The median of many ---- */

struct numbered_sample {
	struct sample sum;
	uint32_t number; /* which batch of all it was, from 1 */
};

static int by_insns(const void *a, const void *b)
{
	const struct numbered_sample *left = a, *right = b;
	if (left->sum.insns != right->sum.insns)
		return left->sum.insns < right->sum.insns ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

/* *number goes on counting batches from where it was. */
static struct numbered_sample median(const struct row *row, uint32_t *number)
{
	static struct numbered_sample samples[BATCHES];
	uint32_t good = 0;
	for (uint32_t i = 0; good < BATCHES; i++) {
		struct numbered_sample *s = &samples[good];
		REQUIRE(i < TRIES);
		count_row(row, &s->sum);
		s->number = ++*number;
		if (i >= WARM_UP && s->sum.counters.interrupts == row->interrupts)
			good++;
	}
	qsort(samples, BATCHES, sizeof(samples[0]), by_insns);
	return samples[BATCHES / 2];
}

static void print_sample(const char *what, const struct numbered_sample *sample)
{
	printf("%s number=%" PRIu32 " insns=%" PRIu64, what, sample->number, sample->sum.insns);
#define COUNTER(name, text) printf(" " #name "=%" PRIu64, sample->sum.counters.name);
	GRANITE_COUNTERS(COUNTER)
#undef COUNTER
	printf("\n");
}

static void measure(const struct row *row)
{
	struct row empty = {
	        .operations = row->operations, .operation = no_operation, .sample = row->empty_sample};
	uint32_t number = 0;
	if (row->setup)
		row->setup();
	if (row->others)
		start_others(row);
	bench_settle();
	struct numbered_sample loop = median(&empty, &number);
	struct numbered_sample batch = median(row, &number);
	printf("operations %" PRIu32 "\n", row->operations);
	print_sample("loop", &loop);
	print_sample("batch", &batch);
}

int bench_main(int argc, char **argv, const struct row *rows, uint32_t count)
{
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ); /* nothing is printed while it counts */
	for (uint32_t i = 0; i < count; i++)
		if (argc == 2 && !strcmp(argv[1], rows[i].name)) {
			measure(&rows[i]);
			return 0;
		}
	printf("no such row\n");
	return 1;
}
