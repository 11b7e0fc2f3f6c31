/* SPDX-License-Identifier: MIT */
/* A new program's stack: see stack.h. */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/abi/types.h>
#include "stack.h"

#define CLOCK_TICKS_PER_SECOND 100 /* Linux's USER_HZ, what times(2) counts in */

/* Where in the process the byte at `offset` of the image will be. */
static uint32_t address_of(uint32_t offset)
{
	return STACK_TOP - STACK_IMAGE_MAX + offset;
}

static void push_bytes(struct stack_image *image, const void *bytes, uint32_t count)
{
	image->start -= count;
	memcpy(&image->bytes[image->start], bytes, count);
}

uint8_t *stack_begin(struct stack_image *image, const char *path, uint32_t strings_bytes)
{
	image->start = STACK_IMAGE_MAX;
	push_bytes(image, "\0\0\0", 4);
	push_bytes(image, path, (uint32_t)strlen(path) + 1);
	image->path = image->start;
	image->start -= strings_bytes;
	image->strings = image->start;
	image->strings_bytes = strings_bytes;
	return &image->bytes[image->strings];
}

/* Whether the strings are exactly `count` strings, each with its end. */
static int strings_ok(const struct stack_image *image, uint32_t count)
{
	const uint8_t *strings = &image->bytes[image->strings];
	uint32_t ends = 0;

	for (uint32_t i = 0; i < image->strings_bytes; i++)
		ends += strings[i] == '\0';
	return ends == count &&
	       (count == 0 ? image->strings_bytes == 0 : strings[image->strings_bytes - 1] == '\0');
}

/* Words are put upwards, from the final stack pointer. */
static void put_word(struct stack_image *image, uint32_t *at, uint32_t word)
{
	memcpy(&image->bytes[*at], &word, sizeof(word));
	*at += sizeof(word);
}

/* `count` pointers to the strings from *string on, which moves behind them, and a null pointer. */
static void put_pointers(struct stack_image *image, uint32_t *at, uint32_t *string, uint32_t count)
{
	while (count--) {
		put_word(image, at, address_of(*string));
		*string += (uint32_t)strlen((const char *)&image->bytes[*string]) + 1;
	}
	put_word(image, at, 0);
}

struct aux {
	uint32_t type, value;
};

#define AUX_COUNT 21

static void put_auxv(struct stack_image *image, uint32_t *at, const struct stack_facts *facts,
                     const struct elf_image *program)
{
	const struct aux auxv[AUX_COUNT] = {
	        {AT_SYSINFO, 0}, /* the start code writes its bridge's entry here */
	        {AT_HWCAP, facts->hwcap},
	        {AT_PAGESZ, PAGE_SIZE},
	        {AT_CLKTCK, CLOCK_TICKS_PER_SECOND},
	        {AT_PHDR, program->phdr_address},
	        {AT_PHENT, sizeof(struct elf_program_header)},
	        {AT_PHNUM, program->phnum},
	        {AT_BASE, 0},
	        {AT_FLAGS, 0},
	        {AT_ENTRY, program->entry},
	        {AT_UID, 0},
	        {AT_EUID, 0},
	        {AT_GID, 0},
	        {AT_EGID, 0},
	        {AT_SECURE, 0},
	        {AT_RANDOM, address_of(image->random)},
	        {AT_EXECFN, address_of(image->path)},
	        {AT_PLATFORM, address_of(image->platform)},
	        {PM_AT_DESCRIPTORS, address_of(image->descriptors)},
	        {PM_AT_PID, (uint32_t)facts->pid},
	        {AT_NULL, 0},
	};

	for (uint32_t i = 0; i < AUX_COUNT; i++) {
		put_word(image, at, auxv[i].type);
		put_word(image, at, auxv[i].value);
	}
}

/* Puts argc, the pointers and the auxiliary vector below what is there, and zeros into the gap between. */
static void put_words(struct stack_image *image, const struct stack_facts *facts,
                      const struct elf_image *program)
{
	uint32_t words = 1 + facts->argc + 1 + facts->envc + 1;
	uint32_t bytes = words * 4 + AUX_COUNT * (uint32_t)sizeof(struct aux);
	uint32_t end = image->start, at = (end - bytes) & ~15u, string = image->strings;

	image->start = at;
	put_word(image, &at, facts->argc);
	put_pointers(image, &at, &string, facts->argc);
	put_pointers(image, &at, &string, facts->envc);
	put_auxv(image, &at, facts, program);
	memset(&image->bytes[at], 0, end - at);
}

int stack_finish(struct stack_image *image, const struct stack_facts *facts, const struct elf_image *program)
{
	if (facts->argc > STACK_POINTERS_MAX || facts->envc > STACK_POINTERS_MAX - facts->argc)
		return -E2BIG;
	if (!strings_ok(image, facts->argc + facts->envc))
		return -EINVAL;
	push_bytes(image, "i686", 5);
	image->platform = image->start;
	push_bytes(image, facts->random, STACK_RANDOM_BYTES);
	image->random = image->start;
	push_bytes(image, &facts->descriptors, sizeof(facts->descriptors));
	image->descriptors = image->start;
	put_words(image, facts, program);
	return OK;
}

uint32_t stack_pointer(const struct stack_image *image)
{
	return address_of(image->start);
}
