/* SPDX-License-Identifier: MIT */
/* ramfs's start and its loop. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <granite/log.h>
#include <granite/vm.h>

#include "ramfs.h"

const uint8_t *archive_data;

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

/* ---- The loop ---- */

/* A process that asks again has given up what it was waiting for. */
#define OP(number, NAME, name)                                                       \
	static int serve_##name(endpoint_t caller, const void *request, void *reply) \
	{                                                                            \
		struct client *client = client_find(caller);                         \
                                                                                     \
		if (client)                                                          \
			wait_drop(client);                                           \
		return do_##name(caller, request, reply);                            \
	}
#include <granite/abi/ops/ramfs.def>
#undef OP

static const struct server_op calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(RAMFS_BASE, NAME, name)
#include <granite/abi/ops/ramfs.def>
#undef OP
};

/* Without PM's events descriptors would be lost or kept for ever: then better none. */
static void pull_or_end(void)
{
	int result = events_pull();

	if (result == OK)
		return;
	log_line("ramfs", "pm does not tell what becomes of processes: %s", strerror(-result));
	exit(EXIT_FAILURE);
}

static void notified(const struct message *m)
{
	if (m->m_source == PM_PROC_NR)
		pull_or_end();
	else if (m->m_source == CLOCK)
		poll_expire();
}

int main(void)
{
	static const struct server server = {
	        .calls = SERVER_TABLE(RAMFS_BASE, calls),
	        .notified = notified,
	        .cancelled = wait_cancel,
	};
	int result = open_archive();

	if (result != OK) {
		log_line("ramfs", "the archive can't be read: %s", strerror(-result));
		return EXIT_FAILURE;
	}
	pipe_init();
	pull_or_end();
	log_line("ramfs", "receiving fails: %s", strerror(-server_run(&server)));
	return EXIT_FAILURE;
}
