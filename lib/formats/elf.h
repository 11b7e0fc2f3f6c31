/* SPDX-License-Identifier: MIT */
/*
 * Reader of static ELF32 programs for i386. Source: System V ABI, chapters 4 and 5,
 * and its Intel386 supplement. It judges a copy of a file's first bytes, and trusts
 * nothing in them. Every refusal is -ENOEXEC.
 */
#ifndef FORMATS_ELF_H
#define FORMATS_ELF_H

#include <stdint.h>
#include <granite/abi/types.h>

/* How much of a file's start the reader wants: the header, and the program headers, which must lie in it. */
#define ELF_HEAD_MAX     1024u

#define ELF_SEGMENTS_MAX 8

struct elf_header {
	uint8_t ident[16]; /* magic, class, byte order, version */
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint32_t entry;
	uint32_t phoff; /* where in the file the program headers are */
	uint32_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};

struct elf_program_header {
	uint32_t type;
	uint32_t offset; /* of the segment's first byte in the file */
	uint32_t vaddr;
	uint32_t paddr;
	uint32_t filesz;
	uint32_t memsz;
	uint32_t flags; /* ELF_PF_* */
	uint32_t align;
};

_Static_assert(sizeof(struct elf_header) == 52, "the ABI's ELF32 header");
_Static_assert(sizeof(struct elf_program_header) == 32, "the ABI's ELF32 program header");

#define ELF_PT_LOAD   1
#define ELF_PT_INTERP 3

#define ELF_PF_X      1
#define ELF_PF_W      2
#define ELF_PF_R      4

/* A part of the file that is to be in memory; beyond `file_bytes` it is zero. */
struct elf_segment {
	uint32_t address;
	uint32_t bytes;
	uint32_t offset; /* in the file; congruent to `address` modulo the page size */
	uint32_t file_bytes;
	uint32_t flags; /* ELF_PF_* */
};

/* What it takes to load a program. No two segments share a page; they ascend. */
struct elf_image {
	uint32_t entry;
	uint32_t phdr_address; /* where the program headers are in memory (AT_PHDR); 0: they are not */
	uint32_t phnum;
	uint32_t nr_segments;
	struct elf_segment segments[ELF_SEGMENTS_MAX];
};

/*
 * Reads a program. `head` holds the first `head_bytes` bytes of the file: all of them, or ELF_HEAD_MAX. The
 * file is `file_bytes` long, and its segments must lie in it, and in the process between min_address and
 * max_address, both page-aligned. OK, with *image filled, or -ENOEXEC: it is no static ELF32 program for
 * i386, its program headers are not in the head, or a segment or the entry can't be.
 */
GRANITE_MUST_CHECK int elf_segments(const void *head, uint32_t head_bytes, uint32_t file_bytes,
                                    uint32_t min_address, uint32_t max_address, struct elf_image *image);

#endif
