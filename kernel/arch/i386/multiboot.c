/* SPDX-License-Identifier: MIT */
/*
 * What the loader tells: memory, command line, archive. Multiboot Specification 0.6.96, section 3.3. It is
 * copied before anything is moved, and trusted no further than it must be.
 */
#include "boot.h"
#include "machine.h"
#include "panic.h"
#include "string.h"

#define LOADER_MAGIC 0x2badb002u

enum { INFO_CMDLINE = 0x4, INFO_MODULES = 0x8, INFO_MMAP = 0x40 };
#define MMAP_AVAILABLE 1

struct multiboot_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4],
	        mmap_length, mmap_addr;
};

struct multiboot_module {
	uint32_t start, end, string, reserved;
};

struct multiboot_range {
	uint32_t size; /* of what follows */
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

extern char kernel_end[];

/* The information lies anywhere below 4 GiB, perhaps beyond the kernel's own segment. */
static void fetch(uint32_t address, void *to, uint32_t bytes)
{
	uint32_t done;

	phys_copy(address, (uint32_t)to, bytes, &done);
}

static void read_cmdline(uint32_t address)
{
	size_t length;

	fetch(address, boot_info.cmdline, BOOT_CMDLINE_MAX - 1);
	/* What lies behind its end is nobody's business. */
	length = strlen(boot_info.cmdline);
	memset(boot_info.cmdline + length, 0, BOOT_CMDLINE_MAX - length);
}

/* Keeps the ranges ascending, and apart from each other; a loader's map need not be. */
static void add_range(uint64_t start, uint64_t end)
{
	struct boot_range *ranges = boot_info.ranges;
	uint32_t i = boot_info.nr_ranges;

	start = (start + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	if (end > 0xfffff000u)
		end = 0xfffff000u;
	end &= ~(uint64_t)(PAGE_SIZE - 1);
	if (start >= end || i == BOOT_MMAP_MAX)
		return;
	for (; i > 0 && ranges[i - 1].start > start; i--)
		ranges[i] = ranges[i - 1];
	ranges[i] = (struct boot_range){start, end - start};
	boot_info.nr_ranges++;
}

static void cut_overlaps(void)
{
	struct boot_range *ranges = boot_info.ranges;
	uint32_t kept = 0;

	for (uint32_t i = 1; i < boot_info.nr_ranges; i++) {
		uint32_t end = ranges[kept].start + ranges[kept].bytes;
		uint32_t this_end = ranges[i].start + ranges[i].bytes;

		if (ranges[i].start > end)
			ranges[++kept] = ranges[i];
		else if (this_end > end)
			ranges[kept].bytes = this_end - ranges[kept].start;
	}
	if (boot_info.nr_ranges)
		boot_info.nr_ranges = kept + 1;
}

static void read_memory_map(const struct multiboot_info *info)
{
	uint32_t at = 0;

	while (at + sizeof(struct multiboot_range) <= info->mmap_length) {
		struct multiboot_range range;

		fetch(info->mmap_addr + at, &range, sizeof(range));
		if (range.size < sizeof(range) - sizeof(range.size) ||
		    range.size > info->mmap_length - at - sizeof(range.size))
			panic("the loader's memory map is damaged");
		if (range.type == MMAP_AVAILABLE && range.base + range.length > range.base)
			add_range(range.base, range.base + range.length);
		at += range.size + sizeof(range.size);
	}
	cut_overlaps();
}

static void read_module(const struct multiboot_info *info)
{
	struct multiboot_module module;

	if (!(info->flags & INFO_MODULES) || info->mods_count == 0)
		return;
	fetch(info->mods_addr, &module, sizeof(module));
	if (module.end <= module.start || module.start < (uint32_t)kernel_end)
		panic("the loader put the boot archive in an impossible place: %x to %x", module.start,
		      module.end);
	boot_info.archive_start = module.start;
	boot_info.archive_bytes = module.end - module.start;
}

void multiboot_read(uint32_t magic, uint32_t address)
{
	struct multiboot_info info;

	if (magic == LOADER_MAGIC) {
		fetch(address, &info, sizeof(info));
		if (info.flags & INFO_CMDLINE)
			read_cmdline(info.cmdline);
	}
	uart_init();
	if (magic != LOADER_MAGIC)
		panic("not started by a Multiboot loader: %x", magic);
	if (!(info.flags & INFO_MMAP))
		panic("the loader gives no memory map");
	read_memory_map(&info);
	read_module(&info);
}
