/* SPDX-License-Identifier: MIT */
/* Reader of static ELF32 programs for i386: see elf.h. */
#include <string.h>
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/abi/types.h>
#include <formats/elf.h>

#define CLASS_32      1
#define DATA_LITTLE   1
#define VERSION_1     1
#define TYPE_EXEC     2
#define MACHINE_386   3
#define IDENT_CLASS   4
#define IDENT_DATA    5
#define IDENT_VERSION 6

static int ident_ok(const uint8_t *ident)
{
	return memcmp(ident, "\177ELF", 4) == 0 && ident[IDENT_CLASS] == CLASS_32 &&
	       ident[IDENT_DATA] == DATA_LITTLE && ident[IDENT_VERSION] == VERSION_1;
}

static int header_ok(const struct elf_header *header)
{
	return ident_ok(header->ident) && header->type == TYPE_EXEC && header->machine == MACHINE_386 &&
	       header->version == VERSION_1 && header->phnum > 0 &&
	       header->phentsize == sizeof(struct elf_program_header);
}

static uint32_t table_bytes(const struct elf_header *header)
{
	return header->phnum * (uint32_t)sizeof(struct elf_program_header);
}

static int range_within(uint32_t start, uint32_t bytes, uint32_t limit)
{
	return start <= limit && bytes <= limit - start;
}

/* Copies the header. -ENOEXEC: it is not one of an i386 program, or its table is not within the head. */
static int read_header(const void *head, uint32_t head_bytes, struct elf_header *header)
{
	if (head_bytes < sizeof(*header))
		return -ENOEXEC;
	memcpy(header, head, sizeof(*header));
	if (!header_ok(header) || !range_within(header->phoff, table_bytes(header), head_bytes))
		return -ENOEXEC;
	return OK;
}

/* The address behind the segment's last page; the caller has checked that nothing wraps. */
static uint32_t segment_page_end(const struct elf_segment *segment)
{
	return (segment->address + segment->bytes + PAGE_SIZE - 1) & -PAGE_SIZE;
}

static int load_ok(const struct elf_program_header *load, uint32_t file_bytes, uint32_t min_address,
                   uint32_t max_address)
{
	return load->filesz <= load->memsz && range_within(load->offset, load->filesz, file_bytes) &&
	       load->vaddr >= min_address && range_within(load->vaddr, load->memsz, max_address) &&
	       (load->vaddr - load->offset) % PAGE_SIZE == 0;
}

/* Appends a PT_LOAD that load_ok approved, if there is room and it lies behind the last one's pages. */
static int append_segment(struct elf_image *image, const struct elf_program_header *load)
{
	struct elf_segment *segment = &image->segments[image->nr_segments];

	if (image->nr_segments == ELF_SEGMENTS_MAX)
		return -ENOEXEC;
	if (image->nr_segments > 0 && load->vaddr < segment_page_end(segment - 1))
		return -ENOEXEC;
	segment->address = load->vaddr;
	segment->bytes = load->memsz;
	segment->offset = load->offset;
	segment->file_bytes = load->filesz;
	segment->flags = load->flags & (ELF_PF_R | ELF_PF_W | ELF_PF_X);
	image->nr_segments++;
	return OK;
}

static int entry_ok(const struct elf_image *image)
{
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if ((segment->flags & ELF_PF_X) && image->entry >= segment->address &&
		    image->entry - segment->address < segment->bytes)
			return 1;
	}
	return 0;
}

/* Where the file's range [offset, offset + bytes) is in memory, or 0. */
static uint32_t address_of_range(const struct elf_image *image, uint32_t offset, uint32_t bytes)
{
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (offset >= segment->offset &&
		    range_within(offset - segment->offset, bytes, segment->file_bytes))
			return segment->address + (offset - segment->offset);
	}
	return 0;
}

int elf_segments(const void *head, uint32_t head_bytes, uint32_t file_bytes, uint32_t min_address,
                 uint32_t max_address, struct elf_image *image)
{
	struct elf_header header;

	if (read_header(head, head_bytes, &header) != OK)
		return -ENOEXEC;
	memset(image, 0, sizeof(*image));
	image->entry = header.entry;
	image->phnum = header.phnum;
	for (uint32_t i = 0; i < header.phnum; i++) {
		struct elf_program_header program;

		memcpy(&program, (const char *)head + header.phoff + i * sizeof(program), sizeof(program));
		if (program.type == ELF_PT_INTERP)
			return -ENOEXEC;
		if (program.type != ELF_PT_LOAD || program.memsz == 0)
			continue;
		if (!load_ok(&program, file_bytes, min_address, max_address) ||
		    append_segment(image, &program) != OK)
			return -ENOEXEC;
	}
	image->phdr_address = address_of_range(image, header.phoff, table_bytes(&header));
	return entry_ok(image) ? OK : -ENOEXEC;
}
