/* SPDX-License-Identifier: MIT */
/* links: tests/host/ramfs_machine.c servers/ramfs/client.c servers/ramfs/io.c servers/ramfs/poll.c
 * servers/ramfs/calls.c servers/ramfs/pipe.c servers/ramfs/tree.c servers/ramfs/kept.c servers/ramfs/serve.c
 * lib/sys/journal.c lib/sys/once.c lib/formats/cpio.c */
/* Descriptors, pipes and polls: ramfs's real code on a machine of our own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "ramfs_machine.h"
#include "seed.h"

#define NOT_ANSWERED (-12345) /* neither a number of bytes nor an error */

static endpoint_t a, b, c;

static int boot(void **state)
{
	static const char *const names[] = {"bin/sh", "etc/manifest", "top", NULL};

	(void)state;
	machine_boot(names);
	a = machine_endpoint(1);
	b = machine_endpoint(2);
	c = machine_endpoint(3);
	return 0;
}

/* Nothing is left when all clients have gone. */
static int all_gone(void **state)
{
	(void)state;
	for (int i = 1; i < CLIENTS_MAX; i++)
		tell_exited(machine_endpoint(i));
	assert_int_equal(client_count(), 0);
	assert_int_equal(file_count(), 0);
	assert_int_equal(pipe_count(), 0);
	return 0;
}

/* ---- Calls ---- */

/* The result of a handler that may have answered by itself: `value` of the reply, or a negative errno. */
static int answered(endpoint_t caller, int result, uint32_t value, int answers)
{
	struct machine_client *client = machine_client(caller);

	if (result == OK)
		return (int)value;
	if (result != SERVER_NO_REPLY)
		return result;
	if (client->answers == answers)
		return NOT_ANSWERED;
	memcpy(&value, client->reply, sizeof(value));
	return client->result == OK ? (int)value : client->result;
}

/* What came later. */
static int late_answer(endpoint_t caller)
{
	struct machine_client *client = machine_client(caller);
	uint32_t value;

	memcpy(&value, client->reply, sizeof(value));
	return client->result == OK ? (int)value : client->result;
}

static int open_at(endpoint_t caller, int32_t directory, const char *path, int32_t fd, uint32_t flags)
{
	struct ramfs_open_req request = {
	        .path = {.bytes = (uint32_t)strlen(path), .directory = directory}, .fd = fd, .flags = flags};
	struct ramfs_open_rep reply;

	strcpy((char *)machine_at(caller, 0), path);
	return ask_open(caller, &request, &reply);
}

static int open_path(endpoint_t caller, const char *path, int32_t fd, uint32_t flags)
{
	return open_at(caller, RAMFS_CWD, path, fd, flags);
}

static int read_with(endpoint_t caller, int32_t fd, cp_grant_id_t at, uint32_t bytes, uint32_t flags,
                     uint64_t offset)
{
	const struct ramfs_read_req request = {
	        .grant = at, .fd = fd, .bytes = bytes, .flags = flags, .offset = offset};
	struct ramfs_read_rep reply = {0};
	int answers = machine_client(caller)->answers;
	int result = ask_read(caller, &request, &reply);

	return answered(caller, result, reply.bytes, answers);
}

static int read_to(endpoint_t caller, int32_t fd, cp_grant_id_t at, uint32_t bytes)
{
	return read_with(caller, fd, at, bytes, 0, 0);
}

static int write_from(endpoint_t caller, int32_t fd, cp_grant_id_t at, uint32_t bytes)
{
	const struct ramfs_write_req request = {.grant = at, .fd = fd, .bytes = bytes};
	struct ramfs_write_rep reply = {0};
	int answers = machine_client(caller)->answers;
	int result = ask_write(caller, &request, &reply);

	return answered(caller, result, reply.bytes, answers);
}

static int write_text(endpoint_t caller, int32_t fd, const char *text)
{
	strcpy((char *)machine_at(caller, 0x1000), text);
	return write_from(caller, fd, 0x1000, (uint32_t)strlen(text));
}

static void assert_reads(endpoint_t caller, int32_t fd, const char *text)
{
	int bytes = read_to(caller, fd, 0x2000, 100);

	assert_int_equal(bytes, strlen(text));
	assert_memory_equal(machine_at(caller, 0x2000), text, (size_t)bytes);
}

static int close_fd(endpoint_t caller, int32_t fd)
{
	const struct ramfs_close_req request = {.fd = fd};
	struct ramfs_close_rep reply;

	return ask_close(caller, &request, &reply);
}

static int dup_fd(endpoint_t caller, int32_t fd, int32_t to, uint32_t cloexec)
{
	const struct ramfs_dup_req request = {.fd = fd, .to = to, .cloexec = cloexec};
	struct ramfs_dup_rep reply;

	return ask_dup(caller, &request, &reply);
}

static int make_pipe(endpoint_t caller, int32_t in, int32_t out, uint32_t flags)
{
	const struct ramfs_pipe_req request = {.read_fd = in, .write_fd = out, .flags = flags};
	struct ramfs_pipe_rep reply;

	return ask_pipe(caller, &request, &reply);
}

static int seek(endpoint_t caller, int32_t fd, int64_t offset, uint32_t whence)
{
	const struct ramfs_seek_req request = {.fd = fd, .offset = offset, .whence = whence};
	struct ramfs_seek_rep reply = {0};
	int result = ask_seek(caller, &request, &reply);

	return result == OK ? (int)reply.offset : result;
}

static int poll_fds(endpoint_t caller, const struct ramfs_pollfd *polls, uint32_t count, int64_t nsecs)
{
	const struct ramfs_poll_req request = {.grant = 0x3000,
	                                       .count = count,
	                                       .limit = nsecs < 0 ? RAMFS_NO_LIMIT
	                                                          : machine.now + (uint64_t)nsecs};
	struct ramfs_poll_rep reply = {0};
	int answers = machine_client(caller)->answers, result;

	if (count <= RAMFS_FDS)
		memcpy(machine_at(caller, 0x3000), polls, count * sizeof(*polls));
	result = ask_poll(caller, &request, &reply);
	return answered(caller, result, reply.ready, answers);
}

static uint16_t polled(endpoint_t caller, int index)
{
	struct ramfs_pollfd entry;

	memcpy(&entry, machine_at(caller, 0x3000 + index * (int)sizeof(entry)), sizeof(entry));
	return entry.revents;
}

static uint16_t events_now(endpoint_t caller, int32_t fd)
{
	const struct ramfs_pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT};

	return poll_fds(caller, &entry, 1, 0) >= 0 ? polled(caller, 0) : 0xffff;
}

/* ---- Files ---- */

static void a_file_is_read_from_its_position(void **state)
{
	(void)state;
	assert_int_equal(open_path(a, "/etc/manifest", 3, O_RDONLY), OK);
	assert_int_equal(read_to(a, 3, 0x2000, 4), 4);
	assert_memory_equal(machine_at(a, 0x2000), "etc/", 4);
	assert_reads(a, 3, "manifest");
	assert_reads(a, 3, "");
	assert_int_equal(seek(a, 3, -8, SEEK_END), 4);
	assert_int_equal(seek(a, 3, 1, SEEK_CUR), 5);
	assert_reads(a, 3, "anifest");
	assert_int_equal(read_with(a, 3, 0x2000, 3, RAMFS_AT, 1), 3);
	assert_memory_equal(machine_at(a, 0x2000), "tc/", 3);
	assert_int_equal(seek(a, 3, 0, SEEK_CUR), 12);
	assert_int_equal(seek(a, 3, 1000, SEEK_SET), 1000);
	assert_reads(a, 3, "");
	assert_int_equal(read_with(a, 3, 0x2000, 3, RAMFS_AT, UINT64_MAX), -EINVAL);
}

static void seeks_that_can_not_be_change_nothing(void **state)
{
	(void)state;
	assert_int_equal(open_path(a, "top", 3, O_RDONLY), OK);
	assert_int_equal(make_pipe(a, 4, 5, 0), OK);
	assert_int_equal(seek(a, 3, 2, SEEK_SET), 2);
	assert_int_equal(seek(a, 3, -3, SEEK_CUR), -EINVAL);
	assert_int_equal(seek(a, 3, -1, SEEK_SET), -EINVAL);
	assert_int_equal(seek(a, 3, INT64_MAX, SEEK_CUR), -EOVERFLOW);
	assert_int_equal(seek(a, 3, 0, 3), -EINVAL);
	assert_int_equal(seek(a, 3, 0, SEEK_CUR), 2);
	assert_int_equal(seek(a, 4, 0, SEEK_CUR), -ESPIPE);
	assert_int_equal(seek(a, 6, 0, SEEK_CUR), -EBADF);
}

static void opening_has_linux_s_errors(void **state)
{
	(void)state;
	assert_int_equal(open_path(a, "no", 3, O_RDONLY), -ENOENT);
	assert_int_equal(open_path(a, "no", 3, O_RDWR | O_CREAT), -EROFS);
	assert_int_equal(open_path(a, "top", 3, O_RDWR), -EROFS);
	assert_int_equal(open_path(a, "top", 3, O_RDONLY | O_TRUNC), -EROFS);
	assert_int_equal(open_path(a, "top", 3, O_RDONLY | O_CREAT | O_EXCL), -EEXIST);
	assert_int_equal(open_path(a, "bin", 3, O_WRONLY), -EISDIR);
	assert_int_equal(open_path(a, "top", 3, O_DIRECTORY), -ENOTDIR);
	assert_int_equal(open_path(a, "top/x", 3, O_RDONLY), -ENOTDIR);
	assert_int_equal(open_path(a, "", 3, O_RDONLY), -ENOENT);
	assert_int_equal(open_path(a, "top", -1, O_RDONLY), -EINVAL);
	assert_int_equal(open_path(a, "top", RAMFS_FDS, O_RDONLY), -EINVAL);
	assert_int_equal(open_at(a, 9, "top", 3, O_RDONLY), -EBADF);
	assert_int_equal(file_count(), 0);
	assert_int_equal(open_path(a, "top", 3, O_RDONLY | O_CREAT), OK);
	assert_int_equal(open_path(a, "top", 3, O_RDONLY), -EBUSY);
	assert_int_equal(open_at(a, 3, "top", 4, O_RDONLY), -ENOTDIR);
	assert_int_equal(open_at(a, 9, "/top", 4, O_RDONLY), OK);
	assert_int_equal(write_from(a, 4, 0, 1), -EBADF);
}

static void directories_are_listed_whatever_the_buffer(void **state)
{
	static const char *const names[] = {".", "..", "bin", "etc", "top"};
	uint32_t found = 0;

	(void)state;
	assert_int_equal(open_path(a, "/", 3, O_RDONLY | O_DIRECTORY), OK);
	for (;;) {
		const struct ramfs_getdents_req request = {.grant = 0x100, .fd = 3, .bytes = 30};
		struct ramfs_getdents_rep reply = {0};

		assert_int_equal(ask_getdents(a, &request, &reply), OK);
		if (reply.bytes == 0)
			break;
		for (uint32_t at = 0; at < reply.bytes;) {
			const uint8_t *entry = machine_at(a, 0x100 + at);
			uint16_t record;

			memcpy(&record, entry + 16, sizeof(record));
			assert_string_equal((const char *)entry + 19, names[found]);
			assert_int_equal(entry[18], found == 4 ? DT_REG : DT_DIR);
			found++;
			at += record;
		}
	}
	assert_int_equal(found, 5);
	const struct ramfs_getdents_req small = {.grant = 0x100, .fd = 3, .bytes = 20};
	struct ramfs_getdents_rep reply = {0};
	assert_int_equal(seek(a, 3, 0, SEEK_SET), 0);
	assert_int_equal(ask_getdents(a, &small, &reply), -EINVAL);
	assert_int_equal(read_to(a, 3, 0, 10), -EISDIR);
}

static void each_client_has_its_own_directory(void **state)
{
	const struct ramfs_chdir_req request = {.path = {.grant = 0, .bytes = 3, .directory = RAMFS_CWD}};
	struct ramfs_getcwd_req ask = {.grant = 0x100, .bytes = 5};
	struct ramfs_getcwd_rep told = {0};
	struct ramfs_chdir_rep reply;

	(void)state;
	strcpy((char *)machine_at(a, 0), "bin");
	assert_int_equal(ask_chdir(a, &request, &reply), OK);
	assert_int_equal(open_path(a, "sh", 3, O_RDONLY), OK);
	assert_int_equal(open_path(b, "sh", 3, O_RDONLY), -ENOENT);
	assert_int_equal(ask_getcwd(a, &ask, &told), OK);
	assert_string_equal((const char *)machine_at(a, 0x100), "/bin");
	assert_int_equal(told.bytes, 5);
	ask.bytes = 4;
	assert_int_equal(ask_getcwd(a, &ask, &told), -ERANGE);
	tell_forked(a, c);
	assert_int_equal(open_path(c, "../top", 4, O_RDONLY), OK);
	strcpy((char *)machine_at(a, 0), "shx");
	assert_int_equal(ask_chdir(a, &request, &reply), -ENOENT);
}

/* ---- Descriptors ---- */

static void a_fork_shares_positions(void **state)
{
	(void)state;
	assert_int_equal(open_path(a, "etc/manifest", 3, O_RDONLY), OK);
	tell_forked(a, b);
	assert_int_equal(read_to(a, 3, 0x2000, 4), 4);
	assert_reads(b, 3, "manifest");
	assert_int_equal(close_fd(a, 3), OK);
	assert_int_equal(seek(b, 3, 0, SEEK_CUR), 12);
	assert_int_equal(read_to(a, 3, 0, 1), -EBADF);
	tell_exited(b);
	assert_int_equal(file_count(), 0);
}

static void exec_closes_what_it_should(void **state)
{
	(void)state;
	assert_int_equal(open_path(a, "top", 3, O_RDONLY | O_CLOEXEC), OK);
	assert_int_equal(open_path(a, "top", 4, O_RDONLY), OK);
	assert_int_equal(dup_fd(a, 3, 5, 0), OK);
	assert_int_equal(dup_fd(a, 4, 6, 1), OK);
	tell_forked(a, b);
	tell_execed(b);
	assert_int_equal(close_fd(b, 3), -EBADF);
	assert_int_equal(close_fd(b, 6), -EBADF);
	assert_int_equal(close_fd(b, 5), OK);
	assert_int_equal(close_fd(b, 4), OK);
	assert_int_equal(close_fd(a, 3), OK);
	const struct ramfs_setfd_req request = {.fd = 6};
	struct ramfs_setfd_rep reply;
	assert_int_equal(ask_setfd(a, &request, &reply), OK);
	tell_execed(a);
	assert_int_equal(close_fd(a, 6), OK);
}

static void another_s_descriptors_are_no_one_else_s(void **state)
{
	(void)state;
	assert_int_equal(open_path(a, "top", 3, O_RDONLY), OK);
	assert_int_equal(read_to(b, 3, 0, 1), -EBADF);
	assert_int_equal(close_fd(b, 3), -EBADF);
	assert_int_equal(dup_fd(b, 3, 4, 0), -EBADF);
	assert_int_equal(open_at(b, 3, "x", 4, O_RDONLY), -EBADF);
	/* Nor does one that gets the same slot have them. */
	assert_int_equal(read_to(ENDPOINT_MAKE(1, 2), 3, 0, 1), -EBADF);
}

static void who_is_dead_gets_nothing(void **state)
{
	(void)state;
	machine_client(a)->lives = 0;
	assert_int_equal(make_pipe(a, 3, 4, 0), -EDEADSRCDST);
	assert_int_equal(client_count(), 0);
}

static void a_dup_replaces_what_was_there(void **state)
{
	(void)state;
	assert_int_equal(open_path(a, "top", 3, O_RDONLY), OK);
	assert_int_equal(make_pipe(a, 4, 5, 0), OK);
	assert_int_equal(dup_fd(a, 3, 4, 0), OK);
	assert_reads(a, 4, "top");
	assert_int_equal(write_text(a, 5, "x"), -EPIPE);
	assert_int_equal(dup_fd(a, 3, 3, 0), -EINVAL);
	assert_int_equal(dup_fd(a, 3, RAMFS_FDS, 0), -EINVAL);
	assert_int_equal(dup_fd(a, 3, -1, 0), -EINVAL);
}

/* As many as it can. */
static uint32_t make_pipes(endpoint_t client)
{
	uint32_t pipes = 0;

	for (int32_t fd = 0; fd < RAMFS_FDS; fd += 2) {
		int result = make_pipe(client, fd, fd + 1, 0);

		assert_true(result == OK || result == -ENFILE);
		pipes += result == OK;
	}
	return pipes;
}

/* Ordinary processes take three quarters and no more, services the rest; clients 8 and on are services. */
static void pipes_run_out_politely(void **state)
{
	uint32_t pipes = 0;

	(void)state;
	for (int i = 1; i < 8; i++)
		pipes += make_pipes(machine_endpoint(i));
	assert_int_equal(pipes, PIPES_MAX / 4 * 3);
	for (int i = 8; i < CLIENTS_MAX; i++) {
		machine_client(machine_endpoint(i))->is_service = 1;
		pipes += make_pipes(machine_endpoint(i));
	}
	assert_int_equal(pipes, PIPES_MAX);
	assert_int_equal(file_count(), 2 * PIPES_MAX);
	assert_int_equal(close_fd(machine_endpoint(8), 0), OK);
	assert_int_equal(close_fd(machine_endpoint(8), 1), OK);
	assert_int_equal(close_fd(a, 0), OK);
	assert_int_equal(close_fd(a, 1), OK);
	assert_int_equal(make_pipe(a, 0, 1, 0), -ENFILE); /* though there is room: it is not for all */
	assert_int_equal(make_pipe(machine_endpoint(8), 0, 1, 0), OK);
	all_gone(NULL);
	assert_int_equal(make_pipe(a, 0, 1, 0), OK);
}

/* As many as the client may have besides those that there are. */
static uint32_t open_files(endpoint_t client, struct open_file **files)
{
	uint32_t count = 0;

	while ((files[count] = file_open(client_find(client), tree_root(), NULL, O_RDONLY)) != NULL) {
		count++;
		kept_commit();
	}
	return count;
}

static void open_files_run_out_politely(void **state)
{
	static struct open_file *files[FILES_MAX + 1];
	uint32_t count;

	(void)state;
	assert_int_equal(open_path(a, "top", 3, O_RDONLY), OK);
	assert_int_equal(open_path(b, "top", 3, O_RDONLY), OK);
	machine_client(b)->is_service = 1;
	count = open_files(a, files);
	assert_int_equal(count, FILES_MAX / 4 * 3 - 2);
	assert_int_equal(open_path(a, "top", 4, O_RDONLY), -ENFILE);
	assert_int_equal(open_path(b, "top", 4, O_RDONLY), OK);
	count += open_files(b, files + count);
	assert_int_equal(count, FILES_MAX - 3);
	assert_int_equal(open_path(b, "top", 5, O_RDONLY), -ENFILE);
	while (count > 0) {
		file_discard(files[--count]);
		kept_commit();
	}
	assert_int_equal(open_path(a, "top", 4, O_RDONLY), OK);
}

/* It comes first: a place that once had memory keeps it. */
static void without_memory_there_is_no_pipe(void **state)
{
	(void)state;
	machine.no_memory = 1;
	assert_int_equal(make_pipe(a, 3, 4, 0), -ENFILE);
	assert_int_equal(file_count(), 0);
	machine.no_memory = 0;
	assert_int_equal(make_pipe(a, 3, 4, 0), OK);
}

/* ---- Pipes ---- */

/* A pipe of a's: the reading end is 3 of `a`, the writing end 4 of `b`. */
static void connect(uint32_t flags)
{
	assert_int_equal(make_pipe(a, 3, 4, flags), OK);
	tell_forked(a, b);
	assert_int_equal(close_fd(a, 4), OK);
	assert_int_equal(close_fd(b, 3), OK);
}

static void bytes_come_out_as_they_went_in(void **state)
{
	(void)state;
	connect(0);
	assert_int_equal(write_text(b, 4, "one"), 3);
	assert_int_equal(write_text(b, 4, "two"), 3);
	assert_int_equal(read_to(a, 3, 0x2000, 4), 4);
	assert_memory_equal(machine_at(a, 0x2000), "onet", 4);
	assert_reads(a, 3, "wo");
	assert_int_equal(read_to(a, 3, 0, 0), 0);
	assert_int_equal(write_from(b, 4, 0, 0), 0);
	assert_int_equal(read_to(b, 4, 0, 1), -EBADF);
	assert_int_equal(write_text(a, 3, "x"), -EBADF);
	assert_int_equal(read_with(a, 3, 0, 1, RAMFS_AT, 0), -ESPIPE);
}

static void a_reader_waits_for_a_writer(void **state)
{
	(void)state;
	connect(0);
	assert_int_equal(read_to(a, 3, 0x2000, 10), NOT_ANSWERED);
	assert_int_equal(write_text(b, 4, "now"), 3);
	assert_int_equal(machine_client(a)->answers, 1);
	assert_int_equal(late_answer(a), 3);
	assert_memory_equal(machine_at(a, 0x2000), "now", 3);
}

static void the_last_writer_s_end_is_the_reader_s(void **state)
{
	(void)state;
	connect(0);
	tell_forked(b, c);
	assert_int_equal(read_to(a, 3, 0x2000, 10), NOT_ANSWERED);
	tell_exited(b);
	assert_int_equal(machine_client(a)->answers, 0);
	assert_int_equal(write_text(c, 4, "last"), 4);
	assert_int_equal(late_answer(a), 4);
	assert_int_equal(read_to(a, 3, 0x2000, 10), NOT_ANSWERED);
	tell_exited(c);
	assert_int_equal(machine_client(a)->answers, 2);
	assert_int_equal(late_answer(a), 0);
	assert_reads(a, 3, "");
}

static void what_was_written_outlives_its_writer(void **state)
{
	(void)state;
	connect(0);
	assert_int_equal(write_text(b, 4, "will"), 4);
	tell_exited(b);
	assert_reads(a, 3, "will");
	assert_reads(a, 3, "");
}

static void without_a_reader_writing_is_epipe(void **state)
{
	struct ramfs_write_rep reply;

	(void)state;
	connect(0);
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY + 1), NOT_ANSWERED);
	tell_exited(a);
	assert_int_equal(machine_client(b)->answers, 1);
	assert_int_equal(late_answer(b), RAMFS_PIPE_CAPACITY);
	memcpy(&reply, machine_client(b)->reply, sizeof(reply));
	assert_int_equal(reply.broken, 1);
	assert_int_equal(write_text(b, 4, "x"), -EPIPE);
}

static void a_big_write_goes_on_as_it_is_read(void **state)
{
	uint32_t total = 5 * RAMFS_PIPE_CAPACITY + 77, done = 0;

	(void)state;
	connect(0);
	for (uint32_t i = 0; i < total; i++)
		*machine_at(b, i) = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(write_from(b, 4, 0, total), NOT_ANSWERED);
	while (done < total) {
		int bytes = read_to(a, 3, done, 5000);

		assert_true(bytes > 0 && bytes <= 5000);
		done += (uint32_t)bytes;
	}
	assert_memory_equal(machine_at(a, 0), machine_at(b, 0), total);
	assert_int_equal(late_answer(b), total);
}

static void small_writes_are_not_torn(void **state)
{
	(void)state;
	connect(0);
	tell_forked(b, c);
	memset(machine_at(b, 0), 'b', CLIENT_MEMORY);
	memset(machine_at(c, 0), 'c', CLIENT_MEMORY);
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY - 100), RAMFS_PIPE_CAPACITY - 100);
	assert_int_equal(write_from(b, 4, 0, 200), NOT_ANSWERED);
	assert_int_equal(write_from(c, 4, 0, 50), NOT_ANSWERED); /* not before b's */
	assert_int_equal(read_to(a, 3, 0, 50), 50);
	assert_int_equal(machine_client(b)->answers, 1);
	assert_int_equal(read_to(a, 3, 0, 50), 50);
	assert_int_equal(machine_client(b)->answers, 2);
	assert_int_equal(read_to(a, 3, 0, RAMFS_PIPE_CAPACITY), RAMFS_PIPE_CAPACITY);
	assert_int_equal(read_to(a, 3, 0x8000, 1000), 50);
	assert_int_equal(*machine_at(a, RAMFS_PIPE_CAPACITY - 1), 'b');
	assert_int_equal(*machine_at(a, 0x8000), 'c');
}

static void who_may_not_wait_does_not(void **state)
{
	(void)state;
	connect(O_NONBLOCK);
	assert_int_equal(read_to(a, 3, 0, 10), -EAGAIN);
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY + 5), RAMFS_PIPE_CAPACITY);
	assert_int_equal(write_from(b, 4, 0, 5), -EAGAIN);
	assert_int_equal(read_to(a, 3, 0, 3), 3);
	assert_int_equal(write_from(b, 4, 0, 5), -EAGAIN); /* all or nothing */
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_BUF + 1), 3);
	const struct ramfs_status_req blocking = {.fd = 3, .set = 1};
	struct ramfs_status_rep status;
	assert_int_equal(ask_status(a, &blocking, &status), OK);
	assert_int_equal(status.flags, O_RDONLY);
	assert_int_equal(read_to(a, 3, 0, CLIENT_MEMORY), RAMFS_PIPE_CAPACITY);
	assert_int_equal(read_with(a, 3, 0, 10, RAMFS_NOWAIT, 0), -EAGAIN);
	assert_int_equal(read_to(a, 3, 0, 10), NOT_ANSWERED);
}

/* The one behind it had room all the time, and waited for its turn alone. */
static void who_gives_up_lets_the_next_one_on(void **state)
{
	(void)state;
	connect(0);
	tell_forked(b, c);
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY - 3), RAMFS_PIPE_CAPACITY - 3);
	assert_int_equal(write_from(b, 4, 0, 5), NOT_ANSWERED);
	assert_int_equal(write_from(c, 4, 0, 1), NOT_ANSWERED);
	wait_cancel(b);
	assert_int_equal(machine_client(c)->answers, 1);
	assert_int_equal(write_from(b, 4, 0, 5), NOT_ANSWERED);
	assert_int_equal(write_from(c, 4, 0, 1), NOT_ANSWERED);
	tell_execed(b);
	assert_int_equal(machine_client(c)->answers, 2);
}

static void a_cancelled_call_ends_with_what_it_has_done(void **state)
{
	(void)state;
	connect(0);
	assert_int_equal(read_to(a, 3, 0, 10), NOT_ANSWERED);
	wait_cancel(a);
	assert_int_equal(late_answer(a), -EINTR);
	wait_cancel(a); /* nothing is under way */
	assert_int_equal(machine_client(a)->answers, 1);
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY + 5), NOT_ANSWERED);
	wait_cancel(b);
	assert_int_equal(late_answer(b), RAMFS_PIPE_CAPACITY);
	assert_int_equal(write_from(b, 4, 0, 5), NOT_ANSWERED);
	wait_cancel(b);
	assert_int_equal(late_answer(b), -EINTR);
	assert_int_equal(read_to(a, 3, 0, CLIENT_MEMORY), RAMFS_PIPE_CAPACITY);
}

/* It has written more than it asks for now, and holds nobody up. */
static void a_write_repeated_with_less_is_done(void **state)
{
	static const uint32_t less[] = {1, 5, RAMFS_PIPE_BUF, RAMFS_PIPE_BUF + 1, RAMFS_PIPE_CAPACITY - 1};
	uint64_t serial;

	(void)state;
	for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
		connect(0);
		tell_forked(b, c);
		assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY + 5), NOT_ANSWERED);
		serial = machine.serial;
		assert_int_equal(write_from(c, 4, 0, 7), NOT_ANSWERED);
		assert_int_equal(events_now(b, 4), 0); /* which gives the write up */
		machine.serial = serial - 1;
		assert_int_equal(write_from(b, 4, 0, less[i]), less[i]);
		machine.serial = serial + 100;
		assert_int_equal(read_to(a, 3, 0, CLIENT_MEMORY), RAMFS_PIPE_CAPACITY);
		assert_int_equal(late_answer(c), 7);
		assert_int_equal(read_to(a, 3, 0, CLIENT_MEMORY), 7);
		tell_exited(a);
		tell_exited(b);
		tell_exited(c);
	}
}

static void who_dies_while_it_waits_leaves_the_bytes_to_others(void **state)
{
	(void)state;
	connect(0);
	tell_forked(a, c);
	assert_int_equal(read_to(a, 3, 0, 10), NOT_ANSWERED);
	assert_int_equal(read_to(c, 3, 0x2000, 10), NOT_ANSWERED);
	machine_client(a)->lives = 0; /* PM has not told it yet */
	assert_int_equal(write_text(b, 4, "kept"), 4);
	assert_int_equal(late_answer(c), 4);
	assert_memory_equal(machine_at(c, 0x2000), "kept", 4);
	tell_exited(a);
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY + 5), NOT_ANSWERED);
	tell_exited(b);
	assert_int_equal(read_to(c, 3, 0, CLIENT_MEMORY), RAMFS_PIPE_CAPACITY);
	assert_int_equal(read_to(c, 3, 0, 10), 0);
}

static void a_bad_buffer_is_its_owner_s_alone(void **state)
{
	(void)state;
	connect(0);
	tell_forked(a, c);
	assert_int_equal(read_to(a, 3, CLIENT_MEMORY, 10), NOT_ANSWERED);
	assert_int_equal(read_to(c, 3, 0, 10), NOT_ANSWERED);
	assert_int_equal(write_text(b, 4, "x"), 1);
	assert_int_equal(late_answer(a), -EFAULT);
	assert_int_equal(late_answer(c), 1);
	assert_int_equal(write_from(b, 4, CLIENT_MEMORY, 1), -EFAULT);
	assert_int_equal(write_from(b, 4, -1, 1), -EFAULT);
	assert_int_equal(read_with(a, 3, 0, 1, RAMFS_NOWAIT, 0), -EAGAIN);
}

static void exec_ends_what_was_not_waited_for(void **state)
{
	(void)state;
	connect(0);
	assert_int_equal(read_to(a, 3, 0, 10), NOT_ANSWERED);
	tell_execed(a);
	assert_int_equal(write_text(b, 4, "x"), 1);
	assert_int_equal(machine_client(a)->answers, 0);
	assert_reads(a, 3, "x");
}

/* ---- Poll ---- */

static void readiness_is_linux_s(void **state)
{
	(void)state;
	connect(0);
	assert_int_equal(events_now(a, 3), 0);
	assert_int_equal(events_now(b, 4), POLLOUT);
	assert_int_equal(write_from(b, 4, 0, RAMFS_PIPE_CAPACITY - RAMFS_PIPE_BUF + 1),
	                 RAMFS_PIPE_CAPACITY - RAMFS_PIPE_BUF + 1);
	assert_int_equal(events_now(a, 3), POLLIN);
	assert_int_equal(events_now(b, 4), 0);
	tell_forked(a, c);
	tell_exited(a);
	assert_int_equal(events_now(b, 4), 0);
	assert_int_equal(read_to(c, 3, 0, CLIENT_MEMORY), RAMFS_PIPE_CAPACITY - RAMFS_PIPE_BUF + 1);
	assert_int_equal(close_fd(c, 3), OK);
	assert_int_equal(events_now(b, 4), POLLOUT | POLLERR);
	assert_int_equal(make_pipe(c, 3, 4, 0), OK);
	assert_int_equal(write_text(c, 4, "x"), 1);
	assert_int_equal(close_fd(c, 4), OK);
	assert_int_equal(events_now(c, 3), POLLIN | POLLHUP);
	assert_reads(c, 3, "x");
	assert_int_equal(events_now(c, 3), POLLHUP);
	assert_int_equal(events_now(c, 9), POLLNVAL);
	assert_int_equal(open_path(c, "top", 9, O_RDONLY), OK);
	assert_int_equal(events_now(c, 9), POLLIN | POLLOUT);
}

static void a_poll_waits_for_any_of_its_pipes(void **state)
{
	const struct ramfs_pollfd polls[] = {
	        {.fd = -1}, {.fd = 3, .events = POLLIN}, {.fd = 5, .events = POLLIN}};

	(void)state;
	connect(0);
	assert_int_equal(make_pipe(a, 5, 6, 0), OK);
	assert_int_equal(poll_fds(a, polls, 3, -1), NOT_ANSWERED);
	assert_int_equal(machine.alarm, 0);
	assert_int_equal(write_text(b, 4, "x"), 1);
	assert_int_equal(machine_client(a)->answers, 1);
	assert_int_equal(late_answer(a), 1);
	assert_int_equal(polled(a, 0), 0);
	assert_int_equal(polled(a, 1), POLLIN);
	assert_int_equal(polled(a, 2), 0);
	assert_reads(a, 3, "x");
	assert_int_equal(poll_fds(a, polls, 3, -1), NOT_ANSWERED);
	tell_exited(b);
	assert_int_equal(late_answer(a), 1);
	assert_int_equal(polled(a, 1), POLLHUP);
	assert_int_equal(poll_fds(a, polls, RAMFS_FDS + 1, 0), -EINVAL);
}

static void a_poll_ends_when_its_time_is_over(void **state)
{
	const struct ramfs_pollfd entry = {.fd = 3, .events = POLLIN};

	(void)state;
	machine.now = 1000;
	connect(0);
	tell_forked(a, c);
	assert_int_equal(poll_fds(a, &entry, 1, 500), NOT_ANSWERED);
	assert_int_equal(machine.alarm, 1500);
	assert_int_equal(poll_fds(c, &entry, 1, 200), NOT_ANSWERED);
	assert_int_equal(machine.alarm, 1200);
	machine.now = 1200;
	poll_expire();
	assert_int_equal(late_answer(c), 0);
	assert_int_equal(machine_client(a)->answers, 0);
	assert_int_equal(machine.alarm, 1500);
	machine.now = 1501;
	poll_expire();
	assert_int_equal(late_answer(a), 0);
	assert_int_equal(poll_fds(a, &entry, 1, INT64_MAX), NOT_ANSWERED);
	wait_cancel(a);
	assert_int_equal(late_answer(a), -EINTR);
}

/* ---- Anything ---- */

/*
 * Random calls of all clients; what comes out of each pipe is what went into it, in order, and in the end
 * nothing is left. Each byte written to a pipe is its number there.
 */
static void random_traffic_is_neither_lost_nor_mixed(void **state)
{
	unsigned seed = test_seed();
	uint32_t written = 0, got = 0, wanted_write = 0;
	int reading = 0, writing = 0;

	(void)state;
	connect(0);
	for (int turn = 0; turn < 20000; turn++) {
		uint32_t bytes = 1 + (uint32_t)rand_r(&seed) % (rand_r(&seed) % 4 ? 300 : 40000);
		int result;

		if (reading && machine_client(a)->answers == reading) {
			for (int i = 0; i < late_answer(a); i++)
				assert_int_equal(*machine_at(a, i), (uint8_t)(got++ % 251));
			reading = 0;
		}
		if (writing && machine_client(b)->answers == writing) {
			assert_int_equal(late_answer(b), wanted_write);
			written += wanted_write;
			writing = 0;
		}
		if (rand_r(&seed) % 2 && !writing) {
			for (uint32_t i = 0; i < bytes; i++)
				*machine_at(b, i) = (uint8_t)((written + i) % 251);
			result = write_from(b, 4, 0, bytes);
			wanted_write = bytes;
			writing = result == NOT_ANSWERED ? machine_client(b)->answers + 1 : 0;
			written += writing ? 0 : bytes;
		} else if (!reading) {
			result = read_to(a, 3, 0, bytes);
			if (result == NOT_ANSWERED) {
				reading = machine_client(a)->answers + 1;
				continue;
			}
			for (int i = 0; i < result; i++)
				assert_int_equal(*machine_at(a, i), (uint8_t)(got++ % 251));
		}
		assert_false(reading && writing && machine_client(a)->answers < reading &&
		             machine_client(b)->answers < writing);
	}
	assert_true(got > 100000 && written + wanted_write >= got);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, boot, all_gone)
	const struct CMUnitTest tests[] = {
	        CASE(without_memory_there_is_no_pipe),
	        CASE(a_file_is_read_from_its_position),
	        CASE(seeks_that_can_not_be_change_nothing),
	        CASE(opening_has_linux_s_errors),
	        CASE(directories_are_listed_whatever_the_buffer),
	        CASE(each_client_has_its_own_directory),
	        CASE(a_fork_shares_positions),
	        CASE(exec_closes_what_it_should),
	        CASE(another_s_descriptors_are_no_one_else_s),
	        CASE(who_is_dead_gets_nothing),
	        CASE(a_dup_replaces_what_was_there),
	        CASE(pipes_run_out_politely),
	        CASE(open_files_run_out_politely),
	        CASE(bytes_come_out_as_they_went_in),
	        CASE(a_reader_waits_for_a_writer),
	        CASE(the_last_writer_s_end_is_the_reader_s),
	        CASE(what_was_written_outlives_its_writer),
	        CASE(without_a_reader_writing_is_epipe),
	        CASE(a_big_write_goes_on_as_it_is_read),
	        CASE(small_writes_are_not_torn),
	        CASE(who_may_not_wait_does_not),
	        CASE(who_gives_up_lets_the_next_one_on),
	        CASE(a_cancelled_call_ends_with_what_it_has_done),
	        CASE(a_write_repeated_with_less_is_done),
	        CASE(who_dies_while_it_waits_leaves_the_bytes_to_others),
	        CASE(a_bad_buffer_is_its_owner_s_alone),
	        CASE(exec_ends_what_was_not_waited_for),
	        CASE(readiness_is_linux_s),
	        CASE(a_poll_waits_for_any_of_its_pipes),
	        CASE(a_poll_ends_when_its_time_is_over),
	        CASE(random_traffic_is_neither_lost_nor_mixed),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
