/* SPDX-License-Identifier: MIT */
#include "boot.h"

#include <granite/abi/errno.h>
#include <granite/abi/layout.h>

#include "arch.h"
#include "log.h"
#include "panic.h"
#include "priv.h"
#include "sched.h"
#include "smallproc.h"
#include "string.h"
#include "trace.h"

struct boot_info boot_info;

extern char kernel_end[]; /* from the link script */

/* VM gets this share of memory for page tables and its own, within limits. */
#define POOL_SHARE 8
#define POOL_MIN   (1u << 20)
#define POOL_MAX   (128u << 20)

static phys_bytes round_up(phys_bytes n, phys_bytes to)
{
	return (n + to - 1) & ~(to - 1);
}

int boot_option(const char *name, char *value, unsigned size)
{
	size_t length = strlen(name);
	const char *s = boot_info.cmdline;
	unsigned i;

	for (; *s; s++) {
		if ((s != boot_info.cmdline && s[-1] != ' ') || strncmp(s, name, length) || s[length] != '=')
			continue;
		s += length + 1;
		for (i = 0; i + 1 < size && s[i] && s[i] != ' '; i++)
			value[i] = s[i];
		value[i] = '\0';
		return 1;
	}
	return 0;
}

static void copy_physical(phys_bytes from, phys_bytes to, uint32_t bytes)
{
	struct arch_copy_result result;

	if (to > from && to - from < bytes)
		arch_copy_backward(from, to, bytes, &result);
	else
		arch_copy(from, to, bytes, &result);
}

/* The usable memory around the kernel: the kernel region lies in it. */
static const struct boot_range *range_of_kernel(void)
{
	for (uint32_t i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *range = &boot_info.ranges[i];

		if (range->start <= (phys_bytes)kernel_end &&
		    (phys_bytes)kernel_end - range->start < range->bytes)
			return range;
	}
	panic("the loader's memory map does not contain the kernel");
}

/* To the top of the highest memory that has room for it. */
static void move_archive(void)
{
	uint32_t bytes = round_up(boot_info.archive_bytes, PAGE_SIZE);

	if (boot_info.archive_bytes == 0)
		panic("no boot archive: start the kernel with granite.cpio as its module (qemu: -initrd)");
	for (uint32_t i = boot_info.nr_ranges; i-- > 0;) {
		const struct boot_range *range = &boot_info.ranges[i];
		phys_bytes place = range->start + range->bytes - bytes;

		if (range->bytes < bytes || place < round_up((phys_bytes)kernel_end, PAGE_SIZE))
			continue;
		copy_physical(boot_info.archive_start, place, boot_info.archive_bytes);
		boot_info.archive_start = place;
		return;
	}
	panic("not enough memory for the boot archive of %u KiB", bytes / 1024);
}

static int read_physical(void *context, uint32_t offset, void *buffer, uint32_t bytes)
{
	(void)context;
	copy_physical(boot_info.archive_start + offset, (phys_bytes)buffer, bytes);
	return OK;
}

static uint32_t pool_share(void)
{
	uint32_t pages = 0;

	for (uint32_t i = 0; i < boot_info.nr_ranges; i++)
		pages += boot_info.ranges[i].bytes / PAGE_SIZE;
	pages /= POOL_SHARE;
	return pages * PAGE_SIZE < POOL_MAX ? pages * PAGE_SIZE : POOL_MAX;
}

/* The kernel region ends with VM's pool. */
static void place_region_end(phys_bytes pool_start, phys_bytes limit)
{
	boot_info.region_end = round_up(pool_start + pool_share(), BIG_PAGE_SIZE);
	if (boot_info.region_end > KERNEL_MAX)
		boot_info.region_end = KERNEL_MAX;
	if (boot_info.region_end > limit) /* less will do: a hole, or the archive, comes early */
		boot_info.region_end = limit & ~(BIG_PAGE_SIZE - 1);
	if (boot_info.region_end < pool_start + POOL_MIN)
		panic("not enough memory: %u KiB would be needed before any program",
		      boot_info.region_end / 1024);
}

static struct proc *new_boot_process(endpoint_t endpoint, uint32_t priv_id, uint32_t priority)
{
	struct proc *p = proc_allocate();

	if (!p || p->endpoint != endpoint)
		panic("boot process %u has the wrong place", priv_id);
	p->misc_flags = MF_SMALL;
	priv_assign(p, &priv_table[priv_id]);
	sched_set(p, priority, SCHED_DEFAULT_QUANTUM);
	return p;
}

/* PM may read the archive, to start programs. */
static void grant_archive(struct priv_spec *spec)
{
	spec->nr_phys = 1;
	spec->phys[0].start = boot_info.archive_start;
	spec->phys[0].bytes = boot_info.archive_bytes;
}

void boot_processes(void)
{
	const struct boot_range *range = range_of_kernel();
	struct cpio_archive archive = {.read = read_physical};
	struct proc *vm = new_boot_process(VM_PROC_NR, PRIV_ID_VM, SCHED_PRIO_VM);
	struct proc *pm = new_boot_process(PM_PROC_NR, PRIV_ID_PM, SCHED_PRIO_PM);
	phys_bytes base = round_up((phys_bytes)kernel_end, PAGE_SIZE);
	phys_bytes limit = range->start + range->bytes;
	vir_bytes end;

	move_archive();
	archive.bytes = boot_info.archive_bytes;
	if (boot_info.archive_start < limit && boot_info.archive_start > range->start)
		limit = boot_info.archive_start;

	end = smallproc_load(pm, &archive, "bin/pm", "pm", base, limit);
	arch_proc_init_small(pm, base, end);
	grant_archive(&priv_table[PRIV_ID_PM].spec);

	/* VM comes last: its segment goes on over the pool. */
	base += end;
	end = smallproc_load(vm, &archive, "bin/vm", "vm", base, limit);
	place_region_end(base + end, limit);
	arch_proc_init_small(vm, base, boot_info.region_end - base);
	boot_info.vm_base = base;
	boot_info.pool_start = end;
	boot_info.pool_end = boot_info.region_end - base;
	TRACE(PROCESS, label(EVENT_NAME, vm));
	TRACE(PROCESS, label(EVENT_NAME, pm));
	proc_clear_flags(vm, RTS_NO_IMAGE);
	proc_clear_flags(pm, RTS_NO_IMAGE);
}
