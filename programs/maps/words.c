/* SPDX-License-Identifier: MIT */
/* What a region of memory is, in words. See words.h. */
#include <stdio.h>
#include <string.h>
#include <granite/abi/layout.h>

#include "words.h"

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

const char *region_words(const struct vm_region_rep *region, const struct vm_region_rep *before,
                         const struct archive *archive, char text[WORDS_MAX])
{
	const char *name = archive_name(archive, region->offset);
	if (region->type == REGION_ANONYMOUS)
		snprintf(text, WORDS_MAX, "%s", zeros_words(region, before));
	else if (region->type == REGION_ARCHIVE && name)
		snprintf(text, WORDS_MAX, "%s of %s", part_of_program(region->prot), name);
	else if (region->type == REGION_ARCHIVE)
		snprintf(text, WORDS_MAX, "the boot archive");
	else
		snprintf(text, WORDS_MAX, "memory of type %u", region->type);
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
