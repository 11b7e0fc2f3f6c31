/* SPDX-License-Identifier: MIT */
/* Which file of the boot archive is where. */
#ifndef PROGRAMS_LIB_ARCHIVE_H
#define PROGRAMS_LIB_ARCHIVE_H

#include <stdint.h>
#include <granite/abi/pm.h>

struct archive {
	struct pm_program_rep *entries;
	uint32_t count;
};

/* The archive's directory, from PM; what can't be had is missing. */
void archive_take(struct archive *archive);
void archive_free(struct archive *archive);

/* The name of the file whose data is at `offset`, or NULL: the archive's own records are. */
const char *archive_name(const struct archive *archive, uint32_t offset);

#endif
