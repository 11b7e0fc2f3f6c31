/* SPDX-License-Identifier: MIT */
/* Which file of the boot archive is where. See archive.h. */
#include <stdlib.h>
#include <granite/pm.h>

#include "archive.h"

#define ENTRIES_AT_ONCE 64

void archive_take(struct archive *archive)
{
	struct pm_program_rep entry;
	*archive = (struct archive){NULL, 0};
	while (pm_program(archive->count, &entry) == OK) {
		if (archive->count % ENTRIES_AT_ONCE == 0) {
			size_t room = archive->count + ENTRIES_AT_ONCE;
			struct pm_program_rep *more = realloc(archive->entries, room * sizeof(entry));
			if (!more)
				return;
			archive->entries = more;
		}
		archive->entries[archive->count++] = entry;
	}
}

void archive_free(struct archive *archive)
{
	free(archive->entries);
	*archive = (struct archive){NULL, 0};
}

const char *archive_name(const struct archive *archive, uint32_t offset)
{
	for (uint32_t i = 0; i < archive->count; i++) {
		const struct pm_program_rep *entry = &archive->entries[i];
		if (offset >= entry->offset && offset - entry->offset < entry->bytes)
			return entry->name;
	}
	return NULL;
}
