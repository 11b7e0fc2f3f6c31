/* SPDX-License-Identifier: MIT */
/* bench: calls=vircopy */
/*
 * sys_vircopy from another process's memory to the caller's. Both have page tables, all pages are present,
 * nothing is shared. Of 16 windows one pays for a load of CR3: that is in the figures.
 */
#define _GNU_SOURCE
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "measure.h"

#define LARGEST (1 << 20)

static char memory[LARGEST] __attribute__((aligned(PAGE_SIZE)));
static endpoint_t other;

static void fill_and_idle(uint32_t i)
{
	memset(memory, (int)i, sizeof(memory));
	bench_idle(i);
}

static void start_other(void)
{
	other = bench_start(fill_and_idle, 'x', NULL);
	memset(memory, 'y', sizeof(memory));
	bench_settle();
	REQUIRE(sys_vircopy(other, (vir_bytes)memory, SELF, (vir_bytes)memory, sizeof(memory), 0) == OK);
	REQUIRE(memory[0] == 'x' && memory[LARGEST - 1] == 'x');
}

static void copy(uint32_t bytes)
{
	GRANITE_IGNORE(sys_vircopy(other, (vir_bytes)memory, SELF, (vir_bytes)memory, bytes, 0));
}

COPY_SIZES

/* clang-format off */
static const struct row rows[] = {
	ROW("copy.1B", 256, copy_1, .setup = start_other),
	ROW("copy.64B", 256, copy_64, .setup = start_other),
	ROW("copy.4KiB", 256, copy_4k, .setup = start_other),
	ROW("copy.64KiB", 64, copy_64k, .setup = start_other),
	ROW("copy.1MiB", 16, copy_1m, .setup = start_other),
};
/* clang-format on */

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
