/* SPDX-License-Identifier: MIT */
/* Memory: Linux's calls in VM's words. */
#define _GNU_SOURCE /* MREMAP_MAYMOVE */
#include <sys/mman.h>
#include <sys/stat.h>
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "bridge.h"
#include "files.h"

#define PROT_KNOWN (PROT_READ | PROT_WRITE | PROT_EXEC)

/* brk(address): the break as it is afterwards, moved or not */
int32_t linux_brk(struct bridge_regs *regs)
{
	vir_bytes now;
	int32_t result = vm_brk(regs->ebx, &now);

	return result == OK ? (int32_t)now : result;
}

static uint32_t vm_flags_of(uint32_t flags)
{
	uint32_t vm_flags = 0;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		vm_flags |= VM_MAP_FIXED;
	if (flags & MAP_FIXED_NOREPLACE)
		vm_flags |= VM_MAP_NOREPLACE;
	if (flags & (MAP_POPULATE | MAP_LOCKED))
		vm_flags |= VM_MAP_POPULATE;
	return vm_flags;
}

/* What mmap was given. */
struct mapping {
	uint32_t address, bytes, prot, flags;
	int32_t fd;
	uint64_t offset; /* in the file */
};

/* Only files can be mapped, for they alone have pages; and memory is never shared. */
static int32_t check_file(const struct mapping *mapping)
{
	struct file_facts facts;
	int32_t result = file_facts_of_fd(mapping->fd, &facts);

	if (result != OK)
		return result;
	return S_ISREG(facts.file.mode) && (mapping->flags & MAP_TYPE) == MAP_PRIVATE ? OK : -ENODEV;
}

static int32_t check_mapping(const struct mapping *mapping)
{
	uint32_t type = mapping->flags & MAP_TYPE;

	if (mapping->prot & ~PROT_KNOWN || mapping->offset % PAGE_SIZE)
		return -EINVAL;
	if (!(mapping->flags & MAP_ANONYMOUS))
		return check_file(mapping);
	return type == MAP_PRIVATE ? OK : -EINVAL;
}

/* Puts the file's bytes into the new mapping; what is behind the file's end stays zero. */
static int32_t fill(const struct mapping *mapping, uint32_t place)
{
	int32_t result = file_read(mapping->fd, place, mapping->bytes, RAMFS_AT, mapping->offset);

	if (result >= 0 && !(mapping->prot & PROT_WRITE))
		result = vm_mprotect(place, mapping->bytes, mapping->prot);
	return result < 0 ? result : OK;
}

/*
 * The server writes the archive's bytes into new pages here. Whole pages are shared until they are written
 * to, if there are four or more; fewer are copied, and so is what follows the last whole page.
 */
static int32_t map_file(const struct mapping *mapping, vir_bytes *place)
{
	int32_t result = vm_mmap(mapping->address, mapping->bytes, VM_PROT_READ | VM_PROT_WRITE,
	                         vm_flags_of(mapping->flags & ~(uint32_t)(MAP_POPULATE | MAP_LOCKED)), place);

	if (result != OK)
		return result;
	result = fill(mapping, *place);
	if (result != OK)
		GRANITE_IGNORE(vm_munmap(*place, mapping->bytes)); /* it was mapped just now */
	return result;
}

static int32_t map(const struct mapping *mapping)
{
	vir_bytes place;
	int32_t result = check_mapping(mapping);

	if (result != OK)
		return result;
	result = mapping->flags & MAP_ANONYMOUS ? vm_mmap(mapping->address, mapping->bytes, mapping->prot,
	                                                  vm_flags_of(mapping->flags), &place)
	                                        : map_file(mapping, &place);
	return result == OK ? (int32_t)place : result;
}

/* mmap2(address, bytes, prot, flags, fd, page offset) */
int32_t linux_mmap2(struct bridge_regs *regs)
{
	const struct mapping mapping = {regs->ebx, regs->ecx,          regs->edx,
	                                regs->esi, (int32_t)regs->edi, (uint64_t)regs->ebp * PAGE_SIZE};

	return map(&mapping);
}

/* mmap(arguments) */
int32_t linux_mmap(struct bridge_regs *regs)
{
	struct linux_mmap_args args;
	struct mapping mapping;
	int32_t result = user_get(&args, regs->ebx, sizeof(args));

	if (result != OK)
		return result;
	mapping = (struct mapping){args.address, args.bytes, args.prot, args.flags, args.fd, args.offset};
	return map(&mapping);
}

/* munmap(address, bytes) */
int32_t linux_munmap(struct bridge_regs *regs)
{
	return vm_munmap(regs->ebx, regs->ecx);
}

/* mprotect(address, bytes, prot) */
int32_t linux_mprotect(struct bridge_regs *regs)
{
	if (regs->edx & ~PROT_KNOWN)
		return -EINVAL;
	if (regs->ecx == 0)
		return 0;
	return vm_mprotect(regs->ebx, regs->ecx, regs->edx);
}

static uint32_t page_up(uint32_t bytes)
{
	return (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

/* mremap(address, old bytes, new bytes, flags): shrinks in place. To grow, realloc allocates and copies. */
int32_t linux_mremap(struct bridge_regs *regs)
{
	uint32_t old = page_up(regs->ecx), new = page_up(regs->edx);
	int32_t result;

	if (regs->ebx % PAGE_SIZE || new == 0 || (regs->esi & ~MREMAP_MAYMOVE))
		return -EINVAL;
	if (new > old)
		return -ENOMEM;
	result = new < old ? vm_munmap(regs->ebx + new, old - new) : OK;
	return result == OK ? (int32_t)regs->ebx : result;
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* of Linux 5.14; musl's headers have no name for it yet */
#endif

/* madvise(address, bytes, advice): advice that changes no contents may be ignored */
int32_t linux_madvise(struct bridge_regs *regs)
{
	switch (regs->edx) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_FREE:
		return regs->ebx % PAGE_SIZE ? -EINVAL : 0;
	case MADV_POPULATE_WRITE:
		return regs->ebx % PAGE_SIZE ? -EINVAL : vm_populate(regs->ebx, regs->ecx);
	default:
		return -EINVAL;
	}
}

static int is_empty(const struct linux_user_desc *desc)
{
	return desc->base == 0 && desc->limit == 0 &&
	       desc->flags == (USER_DESC_READ_ONLY | USER_DESC_NOT_PRESENT);
}

/* The kernel has only 32-bit data segments for reading and writing. */
static int is_usual(const struct linux_user_desc *desc)
{
	uint32_t must = USER_DESC_32BIT;
	uint32_t must_not = USER_DESC_CONTENTS | USER_DESC_READ_ONLY | USER_DESC_NOT_PRESENT;

	return (desc->flags & (must | must_not)) == must;
}

static int32_t set_segment(struct linux_user_desc *desc)
{
	uint32_t flags = desc->flags & USER_DESC_PAGES ? SETTLS_PAGES : 0;

	if (is_empty(desc))
		flags = SETTLS_CLEAR;
	else if (!is_usual(desc))
		return -EINVAL;
	return sys_settls(desc->entry_number, desc->base, desc->limit, flags, &desc->entry_number);
}

/* set_thread_area(desc) */
int32_t linux_set_thread_area(struct bridge_regs *regs)
{
	struct linux_user_desc desc;
	int32_t result = user_get(&desc, regs->ebx, sizeof(desc));

	if (result == OK)
		result = set_segment(&desc);
	return result == OK ? user_put(regs->ebx, &desc.entry_number, sizeof(desc.entry_number)) : result;
}
