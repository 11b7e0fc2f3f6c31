/* SPDX-License-Identifier: MIT */
/*
 * Where sharing whole pages copy-on-write begins to cost less than copying them (SHARE_MIN in
 * kernel/safecopy.c), and what it costs if all of them are written to afterwards. bench/crossover.gp draws
 * the curves.
 */
#define _GNU_SOURCE
#include "lender.h"

static void copied(uint32_t pages)
{
	GRANITE_IGNORE(sys_safecopyfrom(other, grant, 0, AT(memory) + SHIFT, pages * PAGE_SIZE));
}

/* The i-th piece of so many pages: in a batch no page is shared twice. */
static void shared(uint32_t i, uint32_t pages)
{
	vir_bytes offset = i * pages * PAGE_SIZE;

	GRANITE_IGNORE(sys_safecopyfrom(other, grant, offset, AT(memory) + offset, pages * PAGE_SIZE));
}

static void written(uint32_t i, uint32_t pages)
{
	shared(i, pages);
	for (uint32_t page = i * pages; page < (i + 1) * pages; page++)
		memory[page * PAGE_SIZE] = 'w';
}

#define COPIED(pages)                               \
	static void copied_##pages(uint32_t unused) \
	{                                           \
		(void)unused;                       \
		copied(pages);                      \
	}
#define SHARED(pages)                           \
	static void shared_##pages(uint32_t i)  \
	{                                       \
		shared(i, pages);               \
	}                                       \
	static void written_##pages(uint32_t i) \
	{                                       \
		written(i, pages);              \
	}

COPIED(1)
COPIED(2)
COPIED(4)
COPIED(8)
COPIED(16)
COPIED(32)
SHARED(4)
SHARED(8)
SHARED(16)
SHARED(32)

/* clang-format off */
static const struct row rows[] = {
	ROW("crossover.copied_1", 256, copied_1, .setup = start_lender),
	ROW("crossover.copied_2", 256, copied_2, .setup = start_lender),
	ROW("crossover.copied_4", 256, copied_4, .setup = start_lender),
	ROW("crossover.copied_8", 128, copied_8, .setup = start_lender),
	ROW("crossover.copied_16", 64, copied_16, .setup = start_lender),
	ROW("crossover.copied_32", 32, copied_32, .setup = start_lender),
	ROW("crossover.shared_4", 64, shared_4, .setup = start_lender, .prepare = make_all_dirty),
	ROW("crossover.shared_8", 32, shared_8, .setup = start_lender, .prepare = make_all_dirty),
	ROW("crossover.shared_16", 16, shared_16, .setup = start_lender, .prepare = make_all_dirty),
	ROW("crossover.shared_32", 8, shared_32, .setup = start_lender, .prepare = make_all_dirty),
	ROW("crossover.written_4", 64, written_4, .setup = start_lender, .prepare = make_all_dirty),
	ROW("crossover.written_8", 32, written_8, .setup = start_lender, .prepare = make_all_dirty),
	ROW("crossover.written_16", 16, written_16, .setup = start_lender, .prepare = make_all_dirty),
	ROW("crossover.written_32", 8, written_32, .setup = start_lender, .prepare = make_all_dirty),
};
/* clang-format on */

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
