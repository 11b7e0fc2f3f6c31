/* SPDX-License-Identifier: MIT */
/*
 * The boot archive. PM looks entries up in an index that is made once. What the index has no room for is
 * found by reading on from its end.
 */
#include <errno.h>
#include <string.h>
#include <granite/abi/types.h>
#include "pm.h"

#define INDEX_MAX 256

static phys_bytes archive_start;
static struct cpio_archive archive;
static struct cpio_entry entries[INDEX_MAX];
static uint32_t hashes[INDEX_MAX]; /* of their names: most are told apart without being compared */
static uint32_t nr_entries;
static uint32_t beyond; /* the archive's position behind the last indexed entry */

/* FNV-1a, 32 bits (Fowler, Noll, Vo). */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static int read_physical(void *context, uint32_t offset, void *buffer, uint32_t bytes)
{
	(void)context;
	return memory_read(NONE, archive_start + offset, buffer, bytes);
}

int archive_init(phys_bytes start, uint32_t bytes)
{
	int result = 1;

	archive_start = start;
	archive = (struct cpio_archive){.read = read_physical, .bytes = bytes};
	nr_entries = 0;
	beyond = 0;
	while (nr_entries < INDEX_MAX && (result = cpio_next(&archive, &beyond, &entries[nr_entries])) == 1) {
		hashes[nr_entries] = hash_of(entries[nr_entries].name);
		nr_entries++;
	}
	return result < 0 ? result : OK;
}

int archive_entry(uint32_t index, struct cpio_entry *entry)
{
	uint32_t position = beyond, at = nr_entries;
	int result;

	if (index < nr_entries) {
		*entry = entries[index];
		return OK;
	}
	do
		result = cpio_next(&archive, &position, entry);
	while (result == 1 && at++ < index);
	return result == 1 ? OK : result == 0 ? -ENOENT : result;
}

/* The first entry from the index's end on that `matches` says is the one. */
static int find_beyond(int (*matches)(const struct cpio_entry *entry, const void *key), const void *key,
                       struct cpio_entry *entry)
{
	uint32_t position = beyond;
	int result;

	do
		result = cpio_next(&archive, &position, entry);
	while (result == 1 && !matches(entry, key));
	return result == 1 ? OK : result == 0 ? -ENOENT : result;
}

static int has_name(const struct cpio_entry *entry, const void *key)
{
	return strcmp(entry->name, key) == 0;
}

int archive_find(const char *name, struct cpio_entry *entry)
{
	uint32_t hash = hash_of(name);

	for (uint32_t i = 0; i < nr_entries; i++) {
		if (hashes[i] == hash && has_name(&entries[i], name)) {
			*entry = entries[i];
			return OK;
		}
	}
	return find_beyond(has_name, name, entry);
}

static int has_byte(const struct cpio_entry *entry, const void *key)
{
	return *(const uint32_t *)key - entry->offset < entry->bytes;
}

int archive_find_at(uint32_t offset, struct cpio_entry *entry)
{
	for (uint32_t i = 0; i < nr_entries; i++) {
		if (has_byte(&entries[i], &offset)) {
			*entry = entries[i];
			return OK;
		}
	}
	return find_beyond(has_byte, &offset, entry);
}

int archive_read(uint32_t offset, void *buffer, uint32_t bytes)
{
	return read_physical(NULL, offset, buffer, bytes);
}
