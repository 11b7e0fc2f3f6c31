/* SPDX-License-Identifier: MIT */
/* ramfs's start and its loop. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <granite/log.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "kept.h"
#include "ramfs.h"

const uint8_t *archive_data;

static endpoint_t self;

/* ---- The start ---- */

static int read_mapped(void *context, uint32_t offset, void *buffer, uint32_t bytes)
{
	(void)context;
	memcpy(buffer, archive_data + offset, bytes);
	return OK;
}

/* A damaged archive's files are served as far as they could be read. */
static int open_archive(void)
{
	struct cpio_archive archive = {.read = read_mapped};
	const void *address;
	uint32_t left_out;
	size_t bytes;
	int result = vm_map_archive(&address, &bytes);

	if (result != OK)
		return result;
	archive_data = address;
	archive.bytes = (uint32_t)bytes;
	result = tree_init(&archive, &left_out);
	if (left_out)
		log_line("ramfs", "%" PRIu32 " files of the archive have names that can't be", left_out);
	if (result != -EINVAL)
		return result;
	log_line("ramfs", "the archive is damaged");
	return OK;
}

static int open_kept(void)
{
	struct kept *memory = (struct kept *)(uintptr_t)KEPT_BASE;
	int result = vm_keep("ramfs", KEPT_BASE, sizeof(*memory), NULL);

	if (result == OK)
		result = kept_open(memory, self);
	if (result == 1)
		log_line("ramfs", "what was kept is damaged: all descriptors are lost");
	if (result < 0)
		return result;
	waits_open();
	return clients_open() ? OK : -ENOMEM;
}

/* ---- The loop ---- */

/* Without PM's events descriptors would be lost or kept for ever: then better none. */
static void pull_or_end(void)
{
	int result = events_pull(self);

	if (result == OK)
		return;
	log_line("ramfs", "pm does not tell what becomes of processes: %s", strerror(-result));
	exit(EXIT_FAILURE);
}

/* The first time it may be that PM still has events for a predecessor whose kept memory is gone. */
static void pull_first(void)
{
	if (events_pull(self) == -ERANGE)
		log_line("ramfs", "what the last one kept is gone: all descriptors are lost");
	pull_or_end();
}

static void notified(const struct message *m)
{
	if (m->m_source == PM_PROC_NR)
		pull_or_end();
	else if (m->m_source == CLOCK)
		poll_expire();
}

static void start(const char *what, int result)
{
	if (result == OK)
		return;
	log_line("ramfs", "%s: %s", what, strerror(-result));
	exit(EXIT_FAILURE);
}

int main(void)
{
	struct server server = {.calls = ramfs_calls, .notified = notified, .cancelled = wait_cancel};

	self = sys_self();
	start("its own memory can't be had", vm_own_memory());
	start("the archive can't be read", open_archive());
	start("what was kept can't be had", open_kept());
	pull_first();
	log_line("ramfs", "receiving fails: %s", strerror(-server_run(&server)));
	return EXIT_FAILURE;
}
