/* SPDX-License-Identifier: MIT */
/* Reader of cpio archives: see cpio.h. */
#include <string.h>
#include <granite/abi/errno.h>
#include <granite/abi/types.h>
#include <formats/cpio.h>

#define MAGIC_BYTES  6
#define FIELD_DIGITS 8
#define HEADER_BYTES 110

/* The header: the magic, then these fields, each FIELD_DIGITS hexadecimal digits. */
enum field {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_NLINK,
	FIELD_MTIME,
	FIELD_FILESIZE,
	FIELD_DEVMAJOR,
	FIELD_DEVMINOR,
	FIELD_RDEVMAJOR,
	FIELD_RDEVMINOR,
	FIELD_NAMESIZE, /* with the name's end, and with whatever NULs pad it */
	FIELD_CHECK,
	FIELD_COUNT
};

_Static_assert(MAGIC_BYTES + FIELD_COUNT * FIELD_DIGITS == HEADER_BYTES, "the header's fields fill it");

/* One read fetches the header and as much of the name as is kept. */
#define HEAD_BYTES (HEADER_BYTES + CPIO_NAME_MAX)

/* Of a hexadecimal digit; -1: it is none. */
static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* OK, or -EINVAL: a field is not FIELD_DIGITS digits. */
static int header_fields(const char *header, uint32_t fields[FIELD_COUNT])
{
	const char *digit = header + MAGIC_BYTES;

	for (int field = 0; field < FIELD_COUNT; field++) {
		uint32_t value = 0;

		for (int i = 0; i < FIELD_DIGITS; i++) {
			int nibble = digit_value(*digit++);

			if (nibble < 0)
				return -EINVAL;
			value = value << 4 | (uint32_t)nibble;
		}
		fields[field] = value;
	}
	return OK;
}

/* Whether an entry of this magic has a checksum: 0 or 1. -EINVAL: it is not our format. */
static int header_has_checksum(const char *header)
{
	if (memcmp(header, "070701", MAGIC_BYTES) == 0)
		return 0;
	if (memcmp(header, "070702", MAGIC_BYTES) == 0)
		return 1;
	return -EINVAL;
}

/*
 * Moves *position by `bytes` and then to the next multiple of 4, where the format puts what follows.
 * -EINVAL: the bytes themselves lie beyond `limit`. The padding may: nothing will be read there.
 */
static int advance(uint32_t *position, uint32_t bytes, uint32_t limit)
{
	uint32_t end, padding;

	if (*position > limit || bytes > limit - *position)
		return -EINVAL;
	end = *position + bytes;
	padding = -end & 3;
	*position = padding <= limit - end ? end + padding : limit;
	return OK;
}

/* The name's length, CPIO_NAME_MAX if it is longer than we keep, or -EINVAL if it has no end. */
static int name_length(const char *name, uint32_t name_bytes)
{
	uint32_t kept = name_bytes < CPIO_NAME_MAX ? name_bytes : CPIO_NAME_MAX;

	for (uint32_t i = 0; i < kept; i++)
		if (name[i] == '\0')
			return (int)i;
	return kept == CPIO_NAME_MAX ? CPIO_NAME_MAX : -EINVAL;
}

/* Copies the header at `position`, and as much of the name as is kept. -EINVAL: there is no whole header. */
static int read_head(const struct cpio_archive *archive, uint32_t position, char head[HEAD_BYTES])
{
	uint32_t available;

	if (position > archive->bytes || archive->bytes - position < HEADER_BYTES)
		return -EINVAL;
	available = archive->bytes - position;
	return archive->read(archive->context, position, head,
	                     available < HEAD_BYTES ? available : HEAD_BYTES);
}

/*
 * Judges a head of which `available` bytes are in the archive. Fills the entry, but for its offset, and in
 * *head_bytes how long header and name are together. OK or -EINVAL.
 */
static int parse_head(const char *head, uint32_t available, struct cpio_entry *entry, uint32_t *head_bytes)
{
	uint32_t fields[FIELD_COUNT];
	int has_checksum = header_has_checksum(head), length;

	if (has_checksum < 0 || header_fields(head, fields) != OK ||
	    fields[FIELD_NAMESIZE] > available - HEADER_BYTES)
		return -EINVAL;
	length = name_length(head + HEADER_BYTES, fields[FIELD_NAMESIZE]);
	if (length < 0)
		return -EINVAL;
	memset(entry, 0, sizeof(*entry));
	if (length < CPIO_NAME_MAX)
		memcpy(entry->name, head + HEADER_BYTES, (uint32_t)length);
	entry->mode = fields[FIELD_MODE];
	entry->bytes = fields[FIELD_FILESIZE];
	entry->checksum = fields[FIELD_CHECK];
	entry->has_checksum = (uint32_t)has_checksum;
	*head_bytes = HEADER_BYTES + fields[FIELD_NAMESIZE];
	return OK;
}

/* Reads one entry as cpio_next does, but also those that are skipped there: their name comes out empty. */
static int read_entry(const struct cpio_archive *archive, uint32_t *position, struct cpio_entry *entry)
{
	char head[HEAD_BYTES];
	uint32_t next = *position, head_bytes;
	int error = read_head(archive, next, head);

	if (error == OK)
		error = parse_head(head, archive->bytes - next, entry, &head_bytes);
	if (error == OK)
		error = advance(&next, head_bytes, archive->bytes);
	if (error != OK)
		return error;
	entry->offset = next;
	if (advance(&next, entry->bytes, archive->bytes) != OK)
		return -EINVAL;
	*position = next;
	return OK;
}

int cpio_next(const struct cpio_archive *archive, uint32_t *position, struct cpio_entry *entry)
{
	struct cpio_entry found;
	uint32_t next = *position;

	do {
		int error = read_entry(archive, &next, &found);

		if (error != OK)
			return error;
	} while (found.name[0] == '\0');

	if (strcmp(found.name, "TRAILER!!!") == 0)
		return 0;
	*position = next;
	*entry = found;
	return 1;
}

int cpio_find(const struct cpio_archive *archive, const char *name, struct cpio_entry *entry)
{
	struct cpio_entry found;
	uint32_t position = 0;
	int result;

	while ((result = cpio_next(archive, &position, &found)) == 1) {
		if (strcmp(found.name, name) == 0) {
			*entry = found;
			return OK;
		}
	}
	return result == 0 ? -ENOENT : result;
}

int cpio_checksum(const struct cpio_archive *archive, const struct cpio_entry *entry)
{
	uint8_t buffer[256];
	uint32_t sum = 0, done = 0;

	if (!entry->has_checksum)
		return OK;
	while (done < entry->bytes) {
		uint32_t left = entry->bytes - done;
		uint32_t chunk = left < sizeof(buffer) ? left : sizeof(buffer);
		int error = archive->read(archive->context, entry->offset + done, buffer, chunk);

		if (error != OK)
			return error;
		for (uint32_t i = 0; i < chunk; i++)
			sum += buffer[i];
		done += chunk;
	}
	return sum == entry->checksum ? OK : -EINVAL;
}

int cpio_executable(const struct cpio_entry *entry)
{
	return (entry->mode & CPIO_MODE_TYPE) == CPIO_MODE_FILE && (entry->mode & CPIO_MODE_EXECUTE) != 0;
}
