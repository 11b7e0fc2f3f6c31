/* SPDX-License-Identifier: MIT */
/* links: servers/pm/stack.c */
/* The stack that a new program finds, read as a program's start code reads it. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/layout.h>
#include <granite/abi/types.h>

#include "servers/pm/stack.h"

static struct stack_image image;

static const struct elf_image program = {.entry = 0x08048123, .phdr_address = 0x08048034, .phnum = 5};

static const struct pm_descriptors descriptors = {.console = {5}, .pipes = {0, 9}, .server = 77};

static int build(const char *path, const char *strings, uint32_t bytes, uint32_t argc, uint32_t envc)
{
	struct stack_facts facts = {
	        .argc = argc, .envc = envc, .hwcap = 0x1234, .descriptors = descriptors, .pid = 4711};

	for (int i = 0; i < STACK_RANDOM_BYTES; i++)
		facts.random[i] = (uint8_t)(i + 1);
	memset(image.bytes, 0xaa, sizeof(image.bytes));
	memcpy(stack_begin(&image, path, bytes), strings, bytes);
	return stack_finish(&image, &facts, &program);
}

/* What the process would find at this address. */
static const void *at(uint32_t address)
{
	uint32_t bottom = STACK_TOP - STACK_IMAGE_MAX;

	assert_true(address >= stack_pointer(&image) && address < STACK_TOP);
	return &image.bytes[address - bottom];
}

static uint32_t word_at(uint32_t address)
{
	uint32_t word;

	assert_int_equal(address % 4, 0);
	memcpy(&word, at(address), sizeof(word));
	return word;
}

static uint32_t argument(uint32_t i)
{
	return word_at(stack_pointer(&image) + 4 + 4 * i);
}

static uint32_t aux_start(void)
{
	uint32_t address = stack_pointer(&image) + 4 + 4 * (word_at(stack_pointer(&image)) + 1);

	while (word_at(address))
		address += 4;
	return address + 4;
}

/* The value of an entry that is there exactly once. */
static uint32_t aux(uint32_t type)
{
	uint32_t value = 0;
	int found = 0;

	for (uint32_t a = aux_start(); word_at(a) != AT_NULL; a += 8) {
		if (word_at(a) == type) {
			value = word_at(a + 4);
			found++;
		}
	}
	assert_int_equal(found, 1);
	return value;
}

static void arguments_and_environment_are_found(void **state)
{
	static const char strings[] = "prog\0one\0\0A=1\0B=2";

	(void)state;
	assert_int_equal(build("/bin/prog", strings, sizeof(strings), 3, 2), OK);
	assert_int_equal(stack_pointer(&image) % 16, 0);
	assert_int_equal(word_at(stack_pointer(&image)), 3);
	assert_string_equal(at(argument(0)), "prog");
	assert_string_equal(at(argument(1)), "one");
	assert_string_equal(at(argument(2)), "");
	assert_int_equal(argument(3), 0);
	assert_string_equal(at(argument(4)), "A=1");
	assert_string_equal(at(argument(5)), "B=2");
	assert_int_equal(argument(6), 0);
}

static void the_auxiliary_vector_is_linux_s(void **state)
{
	(void)state;
	assert_int_equal(build("/bin/prog", "prog", 5, 1, 0), OK);
	assert_int_equal(aux(AT_SYSINFO), 0);
	assert_int_equal(aux(AT_HWCAP), 0x1234);
	assert_int_equal(aux(AT_PAGESZ), 4096);
	assert_int_equal(aux(AT_CLKTCK), 100);
	assert_int_equal(aux(AT_PHDR), 0x08048034);
	assert_int_equal(aux(AT_PHENT), 32);
	assert_int_equal(aux(AT_PHNUM), 5);
	assert_int_equal(aux(AT_BASE), 0);
	assert_int_equal(aux(AT_FLAGS), 0);
	assert_int_equal(aux(AT_ENTRY), 0x08048123);
	assert_int_equal(aux(AT_UID), 0);
	assert_int_equal(aux(AT_EUID), 0);
	assert_int_equal(aux(AT_GID), 0);
	assert_int_equal(aux(AT_EGID), 0);
	assert_int_equal(aux(AT_SECURE), 0);
	assert_string_equal(at(aux(AT_EXECFN)), "/bin/prog");
	assert_string_equal(at(aux(AT_PLATFORM)), "i686");
	for (uint32_t i = 0; i < STACK_RANDOM_BYTES; i++)
		assert_int_equal(*(const uint8_t *)at(aux(AT_RANDOM) + i), i + 1);
	assert_memory_equal(at(aux(PM_AT_DESCRIPTORS)), &descriptors, sizeof(descriptors));
	assert_int_equal(aux(PM_AT_PID), 4711);
	assert_int_equal(word_at(STACK_TOP - 4), 0);
}

static void the_stack_pointer_is_aligned_for_any_length(void **state)
{
	char strings[64];

	(void)state;
	memset(strings, 'x', sizeof(strings));
	for (uint32_t bytes = 1; bytes <= sizeof(strings); bytes++) {
		strings[bytes - 1] = '\0';
		assert_int_equal(build("p", strings, bytes, 1, 0), OK);
		assert_int_equal(stack_pointer(&image) % 16, 0);
		assert_int_equal(strlen(at(argument(0))), bytes - 1);
		strings[bytes - 1] = 'x';
	}
}

static void no_byte_of_an_earlier_image_is_left(void **state)
{
	(void)state;
	assert_int_equal(build("p", "a", 2, 1, 0), OK);
	for (uint32_t i = image.start; i < STACK_IMAGE_MAX; i++)
		assert_int_not_equal(image.bytes[i], 0xaa);
}

static void no_arguments_at_all_is_legal(void **state)
{
	(void)state;
	assert_int_equal(build("p", "", 0, 0, 0), OK);
	assert_int_equal(word_at(stack_pointer(&image)), 0);
	assert_int_equal(argument(0), 0);
	assert_int_equal(argument(1), 0);
	assert_int_equal(aux(AT_PHNUM), 5);
}

static void strings_that_do_not_match_the_counts_are_refused(void **state)
{
	(void)state;
	assert_int_equal(build("p", "a\0b", 4, 1, 0), -EINVAL);
	assert_int_equal(build("p", "a\0b", 4, 2, 1), -EINVAL);
	assert_int_equal(build("p", "a\0b", 3, 2, 0), -EINVAL); /* no end */
	assert_int_equal(build("p", "a\0b", 3, 1, 0), -EINVAL);
	assert_int_equal(build("p", "a", 1, 0, 0), -EINVAL);
	assert_int_equal(build("p", "", 0, 1, 0), -EINVAL);
}

static void too_many_arguments_are_refused(void **state)
{
	(void)state;
	assert_int_equal(build("p", "a", 2, STACK_POINTERS_MAX + 1, 0), -E2BIG);
	assert_int_equal(build("p", "a", 2, STACK_POINTERS_MAX, 1), -E2BIG);
	assert_int_equal(build("p", "a", 2, UINT32_MAX, 2), -E2BIG);
	assert_int_equal(build("p", "a", 2, 2, UINT32_MAX), -E2BIG);
}

static void the_largest_image_fits(void **state)
{
	static char strings[PM_ARGS_MAX], path[STACK_PATH_MAX];

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	memset(strings, 'x', sizeof(strings));
	for (uint32_t i = 0; i < STACK_POINTERS_MAX; i++)
		strings[sizeof(strings) - 1 - i] = '\0';
	assert_int_equal(build(path, strings, sizeof(strings), 1, STACK_POINTERS_MAX - 1), OK);
	assert_true(image.start < STACK_IMAGE_MAX);
	assert_int_equal(strlen(at(aux(AT_EXECFN))), STACK_PATH_MAX - 1);
	assert_int_equal(word_at(STACK_TOP - 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(arguments_and_environment_are_found),
	        cmocka_unit_test(the_auxiliary_vector_is_linux_s),
	        cmocka_unit_test(the_stack_pointer_is_aligned_for_any_length),
	        cmocka_unit_test(no_byte_of_an_earlier_image_is_left),
	        cmocka_unit_test(no_arguments_at_all_is_legal),
	        cmocka_unit_test(strings_that_do_not_match_the_counts_are_refused),
	        cmocka_unit_test(too_many_arguments_are_refused),
	        cmocka_unit_test(the_largest_image_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
