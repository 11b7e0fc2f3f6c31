/* SPDX-License-Identifier: MIT */
/*
 * Counting what one operation costs. Each program here holds rows; tools/bench starts the system anew for
 * each of them, under QEMU's -icount, where the time stamp counter counts instructions and nothing depends on
 * the host.
 *
 *     setup          once: peers, memory
 *     +-> prepare    undo what the last batch used up
 *     |   batch      operation(0), operation(1), ... operation(operations - 1)     <- counted
 *     +-- finish
 *
 * A batch in which an interrupt was taken is thrown away. Of the batches that remain the median counts. What
 * the same batch costs with an empty operation is subtracted: a row's figure is that of the operation's body
 * alone.
 *
 * A program's second line says what rights it needs beyond an ordinary service's: "bench: calls=vircopy
 * ports=2f8-2ff". With "manifest=rs.manifest" that file's services run beside it; their program is bin/bench,
 * which is the same one.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdint.h>
#include <granite/abi/counters.h>
#include <granite/abi/types.h>

/* Counted over one batch. */
struct sample {
	uint64_t insns;
	struct granite_counters counters;
};

struct row {
	const char *name;
	/* Of a batch. A power of two, so that the share of one is a number without end effects; few enough
	   that most batches see no timer tick (10 million instructions). */
	uint32_t operations;
	void (*operation)(uint32_t i);
	void (*setup)(void);       /* may be null, as those that follow */
	void (*prepare)(void);     /* before each batch */
	void (*finish)(void);      /* after each batch */
	uint32_t others;           /* so many more processes ... */
	void (*other)(uint32_t i); /* ... do this, and are left waiting in it */
	/* Instead of `operation`, for what does not begin and end in one process: counts one batch, and the
	   same without what is to be measured. Both between the marks. */
	void (*sample)(struct sample *sum), (*empty_sample)(struct sample *sum);
	uint32_t interrupts; /* that belong to a batch */
};

/* A row, and in any order what else it needs: .setup = f. tools/bench finds the names in the sources. */
#define ROW(row_name, row_operations, row_operation, ...)                                                 \
	{                                                                                                 \
		.name = row_name, .operations = row_operations, .operation = row_operation, ##__VA_ARGS__ \
	}

/* Functions that call copy(bytes), for the five sizes that are measured everywhere. */
#define COPY_SIZES            \
	COPY(copy_1, 1)       \
	COPY(copy_64, 64)     \
	COPY(copy_4k, 4096)   \
	COPY(copy_64k, 65536) \
	COPY(copy_1m, 1 << 20)
#define COPY(name, bytes)                 \
	static void name(uint32_t unused) \
	{                                 \
		(void)unused;             \
		copy(bytes);              \
	}

#define BENCH_MAIN(rows) bench_main(argc, argv, rows, sizeof(rows) / sizeof((rows)[0]))

/* Measures the row that is named on the command line and prints what tools/bench reads; returns main's exit
 * status. */
int bench_main(int argc, char **argv, const struct row *rows, uint32_t count);

/* Ends the program with a message if something that can't fail has failed. */
#define REQUIRE(condition) bench_require((condition) != 0, __FILE__, __LINE__, #condition)
void bench_require(int good, const char *file, int line, const char *text);

/* Starts a child that calls function(i) and never returns from it. Returns its endpoint; *pid may be null. */
endpoint_t bench_start(void (*function)(uint32_t i), uint32_t i, int *pid);

/* Lets all others run until they wait. */
void bench_settle(void);

/* Waits for ever, for nothing. */
void bench_idle(uint32_t unused);

/* Ends a child. */
void bench_end(int pid);

/* The instructions executed since the machine was switched on. */
static inline uint64_t bench_insns(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

void bench_counters(struct granite_counters *counters);

/* *sum: by how much `after` exceeds `before`. */
void bench_difference(struct granite_counters *sum, const struct granite_counters *before,
                      const struct granite_counters *after);

/*
 * Instructions that do nothing and stand for nothing else: tools/plugin/profile.c looks out for their bytes,
 * and counts from the one to the other.
 */
#define BENCH_MARK_BEGIN __asm__ volatile("nopl 0x6e676562(%%eax)" : : : "memory")
#define BENCH_MARK_END   __asm__ volatile("nopl 0x20646e65(%%eax)" : : : "memory")

#endif
