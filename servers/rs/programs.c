/* SPDX-License-Identifier: MIT */
/* The boot archive, which VM maps into RS. */
#include <errno.h>
#include <string.h>
#include <formats/cpio.h>
#include <formats/elf.h>
#include <granite/abi/layout.h>
#include <granite/vm.h>
#include "rs.h"

static const char *archive_data;
static struct cpio_archive archive;

static int read_mapped(void *context, uint32_t offset, void *buffer, uint32_t bytes)
{
	(void)context;
	memcpy(buffer, archive_data + offset, bytes);
	return OK;
}

int programs_init(void)
{
	const void *address;
	size_t bytes;
	int result = vm_map_archive(&address, &bytes);

	if (result != OK)
		return result;
	archive_data = address;
	archive = (struct cpio_archive){.read = read_mapped, .bytes = (uint32_t)bytes};
	return OK;
}

int programs_read(const char *name, struct span *data)
{
	struct cpio_entry entry;
	int result = cpio_find(&archive, name, &entry);

	if (result != OK)
		return result;
	*data = (struct span){archive_data + entry.offset, entry.bytes};
	return OK;
}

/*
 * Of a service that can't be executed RS would only see that it ends.
 * So it looks beforehand, and can say why.
 */
enum rs_problem programs_problem(const char *path)
{
	struct cpio_entry entry;
	struct elf_image image;
	uint32_t head;

	if (cpio_find(&archive, path + strspn(path, "/"), &entry) != OK)
		return RS_NO_PROGRAM;
	if (!cpio_executable(&entry))
		return RS_NOT_EXECUTABLE;
	if (entry.offset % PAGE_SIZE)
		return RS_NOT_ON_A_PAGE;
	head = entry.bytes < ELF_HEAD_MAX ? entry.bytes : ELF_HEAD_MAX;
	if (elf_segments(archive_data + entry.offset, head, entry.bytes, PROC_MIN_ADDRESS, MMAP_TOP,
	                 &image) != OK)
		return RS_NO_I386_PROGRAM;
	return RS_NO_PROBLEM;
}
