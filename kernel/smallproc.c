/* SPDX-License-Identifier: MIT */
#include "smallproc.h"

#include <formats/elf.h>
#include <granite/abi/layout.h>
#include <stddef.h>

#include "arch.h"
#include "boot.h"
#include "panic.h"
#include "string.h"

/* The auxiliary vector's types that the C library's start needs; numbers as in Linux's <elf.h>. */
enum {
	AT_NULL = 0,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_ENTRY = 9,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_SYSINFO = 32,
};

#define STACK_STRINGS 64 /* at the stack's top: the label and AT_RANDOM's 16 bytes */

static uint8_t head[ELF_HEAD_MAX];

static void read_archive(const struct cpio_archive *archive, uint32_t offset, void *to, uint32_t bytes)
{
	if (archive->read(archive->context, offset, to, bytes) != OK)
		panic("the boot archive can not be read at %x", offset);
}

static void find_program(const struct cpio_archive *archive, const char *path, struct cpio_entry *entry,
                         struct elf_image *image)
{
	uint32_t bytes;

	if (cpio_find(archive, path, entry) != OK)
		panic("the boot archive is damaged, or has no %s", path);
	if (cpio_checksum(archive, entry) != OK)
		panic("the boot archive is damaged: the checksum of %s is wrong", path);
	bytes = entry->bytes < ELF_HEAD_MAX ? entry->bytes : ELF_HEAD_MAX;
	read_archive(archive, entry->offset, head, bytes);
	if (elf_segments(head, bytes, entry->bytes, SMALL_IMAGE_BASE, PROC_BASE, image) != OK)
		panic("%s in the boot archive is not a static i386 program", path);
}

static void load_segments(const struct cpio_archive *archive, const struct cpio_entry *entry,
                          const struct elf_image *image, phys_bytes base)
{
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		read_archive(archive, entry->offset + segment->offset, (void *)(base + segment->address),
		             segment->file_bytes);
	}
}

/* What a C program expects at its stack pointer: argc, argv, envp, auxv. Returns that address. */
static vir_bytes build_stack(const struct elf_image *image, phys_bytes base, vir_bytes top, const char *label)
{
	vir_bytes strings = top - STACK_STRINGS;
	const uint32_t words[] = {
	        1,          strings + 16,
	        0,          0, /* argc, argv[0], the ends of argv and envp */
	        AT_PHDR,    image->phdr_address,
	        AT_PHENT,   sizeof(struct elf_program_header),
	        AT_PHNUM,   image->phnum,
	        AT_PAGESZ,  PAGE_SIZE,
	        AT_ENTRY,   image->entry,
	        AT_SECURE,  0,
	        AT_RANDOM,  strings,
	        AT_SYSINFO, 0,
	        AT_NULL,    0,
	};
	vir_bytes sp = (strings - sizeof(words)) & ~15u;

	memcpy((void *)(base + strings), &boot_info.epoch_secs, sizeof(boot_info.epoch_secs));
	memcpy((void *)(base + strings + 16), label, strlen(label) + 1);
	memcpy((void *)(base + sp), words, sizeof(words));
	return sp;
}

vir_bytes smallproc_load(struct proc *p, const struct cpio_archive *archive, const char *path,
                         const char *label, phys_bytes base, phys_bytes limit)
{
	const struct elf_segment *last;
	struct cpio_entry entry;
	struct elf_image image;
	vir_bytes end;

	find_program(archive, path, &entry, &image);
	last = &image.segments[image.nr_segments - 1];
	end = (last->address + last->bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	end += SMALL_ARENA_SIZE + SMALL_STACK_SIZE;
	if (end < last->address || end > limit - base)
		panic("not enough memory for %s", path);
	memset((void *)base, 0, end);
	load_segments(archive, &entry, &image, base);
	proc_set_name(p, label);
	arch_proc_start(p, image.entry, build_stack(&image, base, end, label));
	return end;
}
