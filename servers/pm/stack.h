/* SPDX-License-Identifier: MIT */
/*
 * What a new program finds on its stack: System V ABI i386 supplement, "Process Initialization", with the
 * auxiliary vector of Linux/i386. Pure; built in PM's memory, from the top down:
 *
 *   STACK_TOP      4 zero bytes
 *                  the program's path (AT_EXECFN)
 *                  the strings, arguments first
 *                  "i686" (AT_PLATFORM), 16 random bytes (AT_RANDOM), descriptors (PM_AT_DESCRIPTORS)
 *                  auxiliary vector, ended by AT_NULL
 *                  envp[], 0
 *                  argv[], 0
 *   esp            argc                                            16-byte aligned
 */
#ifndef PM_STACK_H
#define PM_STACK_H

#include <stdint.h>
#include <formats/elf.h>
#include <granite/abi/pm.h>

#define STACK_PATH_MAX     4096              /* PATH_MAX: of a path, with its end */
#define STACK_POINTERS_MAX (PM_ARGS_MAX / 4) /* argc + envc */
#define STACK_RANDOM_BYTES 16
#define STACK_AUX_BYTES    512 /* room for the auxiliary vector, the small strings and alignment */
#define STACK_IMAGE_MAX    (STACK_PATH_MAX + PM_ARGS_MAX + 4 * STACK_POINTERS_MAX + STACK_AUX_BYTES)

_Static_assert(STACK_IMAGE_MAX % 16 == 0, "the image's end is STACK_TOP, aligned");

/* bytes[STACK_IMAGE_MAX] would be at STACK_TOP; bytes[start] is the lowest one in use. */
struct stack_image {
	uint32_t start;
	uint32_t path, strings, platform, random, descriptors; /* where in `bytes` these begin */
	uint32_t strings_bytes;
	uint8_t bytes[STACK_IMAGE_MAX] __attribute__((aligned(16)));
};

struct stack_facts {
	uint32_t argc, envc;
	uint32_t hwcap; /* cpuid(1).edx */
	uint8_t random[STACK_RANDOM_BYTES];
	struct pm_descriptors descriptors;
	int32_t pid;
};

/*
 * Begins an image and returns where its strings_bytes (at most PM_ARGS_MAX) bytes of strings are to be put.
 * `path` is shorter than STACK_PATH_MAX.
 */
uint8_t *stack_begin(struct stack_image *image, const char *path, uint32_t strings_bytes);

/*
 * Completes it. -E2BIG: argc + envc > STACK_POINTERS_MAX; -EINVAL: the strings
 * are not exactly argc + envc ended strings.
 */
GRANITE_MUST_CHECK int stack_finish(struct stack_image *image, const struct stack_facts *facts,
                                    const struct elf_image *program);

/* Where in the process the finished image begins: the program's first stack pointer. */
uint32_t stack_pointer(const struct stack_image *image);

static inline uint32_t stack_bytes(const struct stack_image *image)
{
	return STACK_IMAGE_MAX - image->start;
}

#endif
