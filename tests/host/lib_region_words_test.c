/* SPDX-License-Identifier: MIT */
/* links: lib/sys/region_words.c programs/lib/archive.c */
/* What the regions of a process are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/layout.h>
#include <granite/pm.h>
#include <granite/region_words.h>

#include "programs/lib/archive.h"

#define NR_FILES 200

static struct archive archive;
static char text[REGION_WORDS_MAX];

/* Each file a page, after a page of records; the last one is empty. */
int pm_program(uint32_t index, struct pm_program_rep *program)
{
	if (index >= NR_FILES)
		return -ENOENT;
	*program = (struct pm_program_rep){.offset = (index + 1) * PAGE_SIZE, .bytes = PAGE_SIZE - 100};
	if (index == NR_FILES - 1)
		program->bytes = 0;
	snprintf(program->name, sizeof(program->name), "bin/%u", index);
	return OK;
}

static int setup(void **state)
{
	(void)state;
	archive_take(&archive);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	archive_free(&archive);
	return 0;
}

static void files_are_found_by_their_place(void **state)
{
	(void)state;
	assert_int_equal(archive.count, NR_FILES);
	assert_null(archive_name(&archive, 0));
	assert_null(archive_name(&archive, PAGE_SIZE - 1));
	assert_string_equal(archive_name(&archive, PAGE_SIZE), "bin/0");
	assert_string_equal(archive_name(&archive, 2 * PAGE_SIZE - 101), "bin/0");
	assert_null(archive_name(&archive, 2 * PAGE_SIZE - 100));
	assert_string_equal(archive_name(&archive, 150 * PAGE_SIZE), "bin/149");
	assert_null(archive_name(&archive, NR_FILES * PAGE_SIZE));
	assert_null(archive_name(&archive, UINT32_MAX));
}

static const char *words(struct vm_region_rep region, const struct vm_region_rep *before)
{
	return region_words(&region, before, archive_name(&archive, region.offset), text);
}

static const struct vm_region_rep data = {
        .start = 0x8000, .end = 0x9000, .prot = 3, .type = REGION_ARCHIVE, .offset = 3 * PAGE_SIZE};

static void a_programs_parts_have_its_name(void **state)
{
	(void)state;
	assert_string_equal(words(data, NULL), "data of bin/2");
	assert_string_equal(
	        words((struct vm_region_rep){.prot = 5, .type = REGION_ARCHIVE, .offset = PAGE_SIZE}, NULL),
	        "text of bin/0");
	assert_string_equal(
	        words((struct vm_region_rep){.prot = 1, .type = REGION_ARCHIVE, .offset = PAGE_SIZE}, NULL),
	        "constants of bin/0");
	assert_string_equal(words((struct vm_region_rep){.prot = 1, .type = REGION_ARCHIVE}, NULL),
	                    "the boot archive");
}

static void zeros_are_called_by_their_place(void **state)
{
	const struct vm_region_rep stack = {.start = STACK_TOP - STACK_SIZE_MAX, .end = STACK_TOP, .prot = 3};
	struct vm_region_rep zeros = {.start = 0x9000, .end = 0xb000, .prot = 3};

	(void)state;
	assert_string_equal(words(stack, &data), "stack");
	assert_string_equal(words(zeros, &data), "data (zeros)");
	assert_string_equal(words(zeros, NULL), "mapped by the program");
	zeros.heap = 1;
	assert_string_equal(words(zeros, &data), "data (zeros) and heap");
	zeros.start = 0xa000;
	assert_string_equal(words(zeros, &data), "heap");
	zeros.heap = 0;
	assert_string_equal(words(zeros, &data), "mapped by the program");
	zeros.type = 77;
	assert_string_equal(words(zeros, &data), "memory of type 77");
	zeros.type = REGION_LENT;
	assert_string_equal(words(zeros, &data), "lent by grant");
	zeros.type = REGION_KEPT;
	assert_string_equal(words(zeros, &data), "kept");
	memcpy(zeros.name, "exactly fifteen", VM_KEEP_NAME_MAX);
	assert_string_equal(words(zeros, &data), "kept: exactly fifteen");
}

static void rights_are_three_letters(void **state)
{
	char rights[4];

	(void)state;
	assert_string_equal(region_rights(0, rights), "---");
	assert_string_equal(region_rights(VM_PROT_READ | VM_PROT_WRITE, rights), "rw-");
	assert_string_equal(region_rights(VM_PROT_READ | VM_PROT_EXEC, rights), "r-x");
	assert_string_equal(region_rights(UINT32_MAX, rights), "rwx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(files_are_found_by_their_place),
	        cmocka_unit_test(a_programs_parts_have_its_name),
	        cmocka_unit_test(zeros_are_called_by_their_place),
	        cmocka_unit_test(rights_are_three_letters),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
