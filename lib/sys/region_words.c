/* SPDX-License-Identifier: MIT */
/* See <granite/region_words.h>. */
#include <stdio.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/region_words.h>

static const char *part_of_program(uint32_t prot)
{
	if (prot & VM_PROT_EXEC)
		return "text";
	return prot & VM_PROT_WRITE ? "data" : "constants";
}

static int follows_data(const struct vm_region_rep *region, const struct vm_region_rep *before)
{
	return before && before->end == region->start && before->type == REGION_ARCHIVE &&
	       before->prot & VM_PROT_WRITE;
}

static const char *zeros_words(const struct vm_region_rep *region, const struct vm_region_rep *before)
{
	if (region->end == STACK_TOP)
		return "stack";
	if (region->heap)
		return follows_data(region, before) ? "data (zeros) and heap" : "heap";
	return follows_data(region, before) ? "data (zeros)" : "mapped by the program";
}

/* As the table of types has it; NULL: it has not. */
static const char *type_words(uint32_t type)
{
	static const char *const words[] = {
#define TYPE(NAME, text) [NAME] = text,
	        VM_REGION_TYPES(TYPE)
#undef TYPE
	};

	return type < sizeof(words) / sizeof(words[0]) ? words[type] : NULL;
}

const char *region_words(const struct vm_region_rep *region, const struct vm_region_rep *before,
                         const char *file, char text[REGION_WORDS_MAX])
{
	if (region->type == REGION_ANONYMOUS)
		snprintf(text, REGION_WORDS_MAX, "%s", zeros_words(region, before));
	else if (region->type == REGION_ARCHIVE && file)
		snprintf(text, REGION_WORDS_MAX, "%s of %s", part_of_program(region->prot), file);
	else if (region->type == REGION_ARCHIVE)
		snprintf(text, REGION_WORDS_MAX, "the boot archive");
	else if (region->type == REGION_KEPT && region->name[0])
		snprintf(text, REGION_WORDS_MAX, "kept: %.*s", VM_KEEP_NAME_MAX - 1, region->name);
	else if (type_words(region->type))
		snprintf(text, REGION_WORDS_MAX, "%s", type_words(region->type));
	else
		snprintf(text, REGION_WORDS_MAX, "memory of type %u", region->type);
	return text;
}

const char *region_rights(uint32_t prot, char text[4])
{
	text[0] = prot & VM_PROT_READ ? 'r' : '-';
	text[1] = prot & VM_PROT_WRITE ? 'w' : '-';
	text[2] = prot & VM_PROT_EXEC ? 'x' : '-';
	text[3] = '\0';
	return text;
}
