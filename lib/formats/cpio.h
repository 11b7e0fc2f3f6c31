/* SPDX-License-Identifier: MIT */
/*
 * Reader of cpio archives in the "newc" format (magic 070701, or 070702 with checksums), the boot
 * archive's. Source: cpio(5). Nothing in an archive is trusted: every number is checked against
 * the archive's size, on a copy. The archive is reached through a callback, so that the reader
 * works on physical memory as on an array.
 */
#ifndef FORMATS_CPIO_H
#define FORMATS_CPIO_H

#include <stdint.h>
#include <granite/abi/types.h>

#define CPIO_NAME_MAX     100 /* of a name, with its end; entries with longer names are skipped */

#define CPIO_MODE_TYPE    0170000u
#define CPIO_MODE_FILE    0100000u
#define CPIO_MODE_EXECUTE 0111u

struct cpio_archive {
	/* Copies `bytes` bytes from `offset` on, which lie within the archive. OK or a negative errno. */
	int (*read)(void *context, uint32_t offset, void *buffer, uint32_t bytes);
	void *context;
	uint32_t bytes; /* the archive's size; there may be padding behind its last entry */
};

struct cpio_entry {
	char name[CPIO_NAME_MAX]; /* as in the archive, always ended */
	uint32_t mode;            /* st_mode: CPIO_MODE_* */
	uint32_t offset;          /* of the data, from the archive's start */
	uint32_t bytes;           /* of data */
	uint32_t checksum;        /* the sum of the data's bytes; counts if `has_checksum` */
	uint32_t has_checksum;    /* 1: a 070702 entry */
};

/*
 * Reads the entry at *position (0: the first) and moves *position on to the next.
 * Returns 1: *entry is filled; 0: the archive's trailer is reached; -EINVAL: the archive is damaged here;
 * or what `read` returned. *entry and *position keep their values unless 1 is returned.
 */
GRANITE_MUST_CHECK int cpio_next(const struct cpio_archive *archive, uint32_t *position,
                                 struct cpio_entry *entry);

/* Finds the first entry called exactly `name`. OK, -ENOENT, or an error as of cpio_next. */
GRANITE_MUST_CHECK int cpio_find(const struct cpio_archive *archive, const char *name,
                                 struct cpio_entry *entry);

/* Compares an entry's data with its checksum. OK (also if it has none), -EINVAL, or what `read` returned. */
GRANITE_MUST_CHECK int cpio_checksum(const struct cpio_archive *archive, const struct cpio_entry *entry);

/* 1 if the entry is a regular file with an execute right, 0 if not. */
int cpio_executable(const struct cpio_entry *entry);

#endif
