/* SPDX-License-Identifier: MIT */
/* links: lib/formats/elf.c */
/* The ELF reader: a good program, and every field of it made bad. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <formats/elf.h>
#include <granite/abi/types.h>

#include "seed.h"

#define FILE_BYTES  0x3000u
#define MIN_ADDRESS 0x10000u
#define MAX_ADDRESS 0xb0000000u
#define TEXT        0x08048000u
#define PT_PHDR     6
#define PT_TLS      7

/*
 * As a linker lays a small program out: text with the headers, data with
 * bss, and TLS, which is no concern of ours.
 */
struct program {
	struct elf_header header;
	struct elf_program_header table[10];
};

static struct program good(void)
{
	struct program p = {
	        .header = {.ident = {0x7f, 'E', 'L', 'F', 1, 1, 1},
	                   .type = 2,
	                   .machine = 3,
	                   .version = 1,
	                   .entry = TEXT + 0x100,
	                   .phoff = sizeof(struct elf_header),
	                   .ehsize = sizeof(struct elf_header),
	                   .phentsize = sizeof(struct elf_program_header),
	                   .phnum = 3},
	        .table =
	                {{.type = ELF_PT_LOAD,
	                  .offset = 0,
	                  .vaddr = TEXT,
	                  .filesz = 0x1800,
	                  .memsz = 0x1800,
	                  .flags = ELF_PF_R | ELF_PF_X,
	                  .align = 0x1000},
	                 {.type = ELF_PT_LOAD,
	                  .offset = 0x1800,
	                  .vaddr = TEXT + 0x2800,
	                  .filesz = 0x200,
	                  .memsz = 0x1000,
	                  .flags = ELF_PF_R | ELF_PF_W,
	                  .align = 0x1000},
	                 {.type = PT_TLS, .offset = 0x1800, .vaddr = TEXT + 0x2800, .filesz = 4, .memsz = 4}},
	};

	return p;
}

/* The head is copied to memory of its exact size, at an odd address. */
static int segments_of(const struct program *p, uint32_t bytes, struct elf_image *image)
{
	char *block = malloc(bytes + 1);
	int result;

	memcpy(block + 1, p, bytes);
	result = elf_segments(block + 1, bytes, FILE_BYTES, MIN_ADDRESS, MAX_ADDRESS, image);
	free(block);
	return result;
}

static void assert_refused(const struct program *p)
{
	struct elf_image image;

	assert_int_equal(segments_of(p, sizeof(*p), &image), -ENOEXEC);
}

static void a_good_program_is_understood(void **state)
{
	struct program p = good();
	struct elf_image image;

	(void)state;
	assert_int_equal(segments_of(&p, sizeof(p), &image), OK);
	assert_int_equal(image.entry, TEXT + 0x100);
	assert_int_equal(image.phdr_address, TEXT + sizeof(struct elf_header));
	assert_int_equal(image.phnum, 3);
	assert_int_equal(image.nr_segments, 2);
	assert_int_equal(image.segments[0].address, TEXT);
	assert_int_equal(image.segments[0].flags, ELF_PF_R | ELF_PF_X);
	assert_int_equal(image.segments[1].offset, 0x1800);
	assert_int_equal(image.segments[1].file_bytes, 0x200);
	assert_int_equal(image.segments[1].bytes, 0x1000);
}

static void headers_outside_memory_have_no_address(void **state)
{
	struct program p = good();
	struct elf_image image;

	(void)state;
	p.table[0].offset = 0x1000;
	p.table[0].filesz = 0x800;
	assert_int_equal(segments_of(&p, sizeof(p), &image), OK);
	assert_int_equal(image.phdr_address, 0);
}

#define REFUSED(change)                    \
	do {                               \
		struct program p = good(); \
		change;                    \
		assert_refused(&p);        \
	} while (0)

static void other_files_are_refused(void **state)
{
	(void)state;
	REFUSED(p.header.ident[0] = 0x7e);
	REFUSED(p.header.ident[4] = 2); /* 64 bits */
	REFUSED(p.header.ident[5] = 2); /* big-endian */
	REFUSED(p.header.ident[6] = 0);
	REFUSED(p.header.type = 3); /* shared object */
	REFUSED(p.header.machine = 62);
	REFUSED(p.header.version = 2);
	REFUSED(p.header.phentsize = 56);
	REFUSED(p.header.phnum = 0);
	REFUSED(p.header.phnum = 0xffff);
	REFUSED(p.header.phoff = sizeof(struct program) - 32);
	REFUSED(p.header.phoff = 0xfffffff0);
	REFUSED(p.table[2].type = ELF_PT_INTERP);
}

static void every_truncated_head_is_refused(void **state)
{
	struct program p = good();
	struct elf_image image;
	uint32_t needed = sizeof(struct elf_header) + 3 * sizeof(struct elf_program_header);

	(void)state;
	for (uint32_t bytes = 0; bytes < needed; bytes++)
		assert_int_equal(segments_of(&p, bytes, &image), -ENOEXEC);
	assert_int_equal(segments_of(&p, needed, &image), OK);
}

static void segments_must_lie_in_the_file(void **state)
{
	(void)state;
	REFUSED(p.table[1].filesz = p.table[1].memsz = 0x1801);
	REFUSED(p.table[1].offset = 0xfffff800);
	REFUSED(p.table[1].filesz = 0xffffffff);
	REFUSED(p.table[1].memsz = 0x100); /* less than in the file */
}

static void segments_must_lie_in_the_process(void **state)
{
	(void)state;
	REFUSED(p.table[0].vaddr = MIN_ADDRESS - 0x1000; p.header.entry = p.table[0].vaddr);
	REFUSED(p.table[1].vaddr = MAX_ADDRESS - 0x800);
	REFUSED(p.table[1].vaddr = MAX_ADDRESS + 0x800);
	REFUSED(p.table[1].memsz = 0xffffffff);
	REFUSED(p.table[1].memsz = MAX_ADDRESS);
	REFUSED(p.table[1].vaddr = 0xfffff800; p.table[1].memsz = 0x1000);
}

static void segments_must_not_share_a_page_or_go_back(void **state)
{
	(void)state;
	REFUSED(p.table[1].vaddr = TEXT + 0x1800);
	REFUSED(p.table[1].vaddr = TEXT + 0x800);
	REFUSED(p.table[1].vaddr = TEXT - 0x7800);
	REFUSED(p.table[1] = p.table[0]);
}

static void addresses_must_agree_with_offsets(void **state)
{
	(void)state;
	REFUSED(p.table[1].vaddr += 4);
	REFUSED(p.table[0].offset = 0x10);
}

static void the_entry_must_be_code(void **state)
{
	(void)state;
	REFUSED(p.header.entry = 0);
	REFUSED(p.header.entry = TEXT + 0x1800);
	REFUSED(p.header.entry = TEXT - 1);
	REFUSED(p.header.entry = TEXT + 0x2900);
	REFUSED(p.table[0].flags = ELF_PF_R);
	REFUSED(p.table[0].type = p.table[1].type = 0);
}

static void more_segments_than_a_plan_holds_are_refused(void **state)
{
	struct program p = good();
	struct elf_image image;

	(void)state;
	for (uint32_t i = 2; i <= ELF_SEGMENTS_MAX; i++) {
		p.table[i] = p.table[1];
		p.table[i].vaddr += i * 0x10000;
	}
	p.header.phnum = ELF_SEGMENTS_MAX;
	assert_int_equal(segments_of(&p, sizeof(p), &image), OK);
	p.header.phnum = ELF_SEGMENTS_MAX + 1;
	assert_refused(&p);
}

static void empty_segments_do_not_count(void **state)
{
	struct program p = good();
	struct elf_image image;

	(void)state;
	p.table[2] = (struct elf_program_header){.type = ELF_PT_LOAD, .vaddr = 3};
	assert_int_equal(segments_of(&p, sizeof(p), &image), OK);
	assert_int_equal(image.nr_segments, 2);
}

static void check_accepted(const struct elf_image *image)
{
	uint32_t end = MIN_ADDRESS;

	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segments[i];

		assert_true(s->address >= end && s->bytes <= MAX_ADDRESS - s->address);
		assert_true(s->file_bytes <= s->bytes && s->offset <= FILE_BYTES);
		assert_true(s->file_bytes <= FILE_BYTES - s->offset);
		end = s->address + s->bytes;
	}
}

static void random_damage_never_leads_astray(void **state)
{
	unsigned seed = test_seed();

	(void)state;
	srand(seed);
	for (int round = 0; round < 50000; round++) {
		struct program p = good();
		struct elf_image image;

		for (int i = rand() % 3 + 1; i; i--)
			((uint8_t *)&p)[(unsigned)rand() % (sizeof(struct elf_header) + 96)] =
			        (uint8_t)rand();
		if (segments_of(&p, sizeof(p), &image) == OK)
			check_accepted(&image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_good_program_is_understood),
	        cmocka_unit_test(headers_outside_memory_have_no_address),
	        cmocka_unit_test(other_files_are_refused),
	        cmocka_unit_test(every_truncated_head_is_refused),
	        cmocka_unit_test(segments_must_lie_in_the_file),
	        cmocka_unit_test(segments_must_lie_in_the_process),
	        cmocka_unit_test(segments_must_not_share_a_page_or_go_back),
	        cmocka_unit_test(addresses_must_agree_with_offsets),
	        cmocka_unit_test(the_entry_must_be_code),
	        cmocka_unit_test(more_segments_than_a_plan_holds_are_refused),
	        cmocka_unit_test(empty_segments_do_not_count),
	        cmocka_unit_test(random_damage_never_leads_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
