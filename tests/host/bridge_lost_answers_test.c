/* SPDX-License-Identifier: MIT */
/* links: lib/bridge/files.c lib/bridge/paths.c lib/bridge/fd.c tests/host/bridge_user.c */
/*
 * The file server carries a call out, dies, and there is none for so long that the bridge gives up: what the
 * two know of descriptors differs. The server is played here.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/bridge/bridge.h"
#include "lib/bridge/fd.h"
#include "lib/bridge/files.h"
#include "lib/bridge/fileserver.h"

#include "bridge_user.h"

static struct {
	int file[FD_MAX]; /* which file each descriptor of the client's is; 0: it is closed */
	int nr_opened;
	int loses;  /* so many answers, of calls that are carried out; with the last one it is gone */
	int misses; /* so many calls, which are not */
	int is_gone, calls;
} server;

static int32_t open_in_server(int32_t fd)
{
	if (server.file[fd])
		return -EBUSY;
	server.file[fd] = ++server.nr_opened;
	return OK;
}

static int32_t close_in_server(int32_t fd)
{
	int32_t result = server.file[fd] ? OK : -EBADF;

	server.file[fd] = 0;
	return result;
}

static int32_t carry_out(int32_t operation, const struct message *m)
{
	const union ramfs_open_message *open = (const void *)m;
	const union ramfs_close_message *close = (const void *)m;
	const union ramfs_dup_message *dup = (const void *)m;
	const union ramfs_pipe_message *pipe = (const void *)m;

	switch (operation) {
	case RAMFS_OPEN:
		return open_in_server(open->req.fd);
	case RAMFS_CLOSE:
		return close_in_server(close->req.fd);
	case RAMFS_DUP:
		server.file[dup->req.to] = server.file[dup->req.fd];
		return OK;
	case RAMFS_PIPE:
		if (server.file[pipe->req.read_fd] || server.file[pipe->req.write_fd])
			return -EBUSY;
		assert_int_equal(open_in_server(pipe->req.read_fd), OK);
		return open_in_server(pipe->req.write_fd);
	default:
		fail();
		return -EBADCALL;
	}
}

int fileserver_is_there(void)
{
	return !server.is_gone;
}

static int32_t no_answer(int *left)
{
	--*left;
	server.is_gone = 1;
	return -EIO;
}

/* The reply overwrites the request. */
int32_t fileserver_call(enum file_call how, int32_t operation, struct message *m, const struct loan *loan)
{
	int32_t result = file_close_all_left();

	(void)how, (void)loan;
	if (result != OK)
		return result;
	server.calls++;
	if (server.misses)
		return no_answer(&server.misses);
	result = carry_out(operation, m);
	memset(m->m_bytes, 0xee, sizeof(m->m_bytes));
	if (server.loses)
		return no_answer(&server.loses);
	server.is_gone = 0;
	return result;
}

int32_t fileserver_ask(int32_t operation, struct message *m)
{
	return fileserver_call(FILE_CALL, operation, m, NULL);
}

int32_t fileserver_path(uint32_t path, int32_t fd, struct ramfs_path *request, struct loan *loan)
{
	*request = (struct ramfs_path){.directory = fd};
	*loan = (struct loan){.address = path};
	return OK;
}

/* ---- What paths.c links, and no test here calls ---- */

void fileserver_moved(int is_root)
{
	(void)is_root;
	fail();
}

uint32_t fileserver_directory(void)
{
	fail();
	return 0;
}

int32_t file_facts_of_path(int32_t directory, uint32_t path, struct file_facts *facts)
{
	(void)directory, (void)path, (void)facts;
	fail();
	return -ENOENT;
}

/* ---- The calls ---- */

static int32_t call(int32_t (*linux_call)(struct bridge_regs *), uint32_t ebx, uint32_t ecx)
{
	struct bridge_regs regs = {.ebx = ebx, .ecx = ecx};

	return linux_call(&regs);
}

static int32_t open_one(void)
{
	return call(linux_open, user_base(), O_RDONLY);
}

static int begin(void **state)
{
	const struct pm_descriptors console = {.console = {7}};

	(void)state;
	memset(&server, 0, sizeof(server));
	fd_begin(&console);
	return 0;
}

/* The two agree: all that is open here is open there, and nothing else. */
static void assert_same(void)
{
	for (int32_t fd = 0; fd < FD_MAX; fd++)
		assert_int_equal(fd_is_served(fd), server.file[fd] != 0);
}

static void a_number_that_was_opened_unheard_is_used_again(void **state)
{
	(void)state;
	server.loses = 1;
	assert_int_equal(open_one(), -EIO);
	assert_int_equal(server.file[3], 1);
	assert_int_equal(open_one(), 3);
	assert_int_equal(server.file[3], 2);
	assert_same();
}

static void a_number_that_was_closed_unheard_is_used_again(void **state)
{
	(void)state;
	assert_int_equal(open_one(), 3);
	assert_int_equal(call(linux_close, 3, 0), OK);
	server.file[3] = 1; /* it was not carried out, which close does not tell */
	assert_int_equal(open_one(), 3);
	assert_int_equal(server.file[3], 2);
	assert_same();
}

static void a_pipe_takes_numbers_that_are_open_unheard(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		begin(NULL);
		server.file[3 + which] = 77;
		assert_int_equal(call(linux_pipe, user_base(), 0), OK);
		assert_same();
	}
	begin(NULL);
	server.loses = 1;
	assert_int_equal(call(linux_pipe, user_base(), 0), -EIO);
	assert_int_equal(call(linux_pipe, user_base(), 0), OK);
	assert_same();
}

static void it_is_tried_until_the_server_is_there(void **state)
{
	(void)state;
	server.file[3] = 77;
	server.loses = 2;
	assert_int_equal(open_one(), -EIO);
	assert_int_equal(open_one(), -EIO);
	assert_int_equal(open_one(), 3);
	assert_same();
}

/* Never is the one file taken for the other. */
static void a_dup_whose_answer_is_lost_leaves_neither_file(void **state)
{
	(void)state;
	assert_int_equal(open_one(), 3);
	assert_int_equal(open_one(), 4);
	server.loses = 1;
	assert_int_equal(call(linux_dup2, 3, 4), -EIO);
	assert_int_equal(fd_kind(4), FD_LOST);
	assert_int_equal(call(linux_close, 4, 0), OK);
	assert_int_equal(open_one(), 4);
	assert_int_equal(server.file[4], 3);
	assert_same();
	server.loses = 1;
	assert_int_equal(call(linux_dup, 3, 0), -EIO);
	assert_int_equal(fd_kind(5), FD_CLOSED);
	assert_int_equal(call(linux_dup, 3, 0), 5);
	assert_same();
}

static void note_calls(int expected)
{
	assert_int_equal(server.calls, expected);
	server.calls = 0;
}

/* Nobody who reads from a pipe waits for an end that is closed. */
static void what_was_not_closed_is_closed_before_the_next_call(void **state)
{
	(void)state;
	assert_int_equal(call(linux_pipe, user_base(), 0), OK);
	server.misses = 2;
	assert_int_equal(call(linux_close, 4, 0), OK);
	assert_true(server.file[4] != 0);
	assert_int_equal(call(linux_close, 3, 0),
	                 OK); /* there is no server still, and it is not waited for twice */
	note_calls(3);
	assert_int_equal(call(linux_dup, 0, 0), 3); /* the console: the server is not asked */
	note_calls(0);
	assert_int_equal(open_one(), 4);
	note_calls(3);
	assert_int_equal(server.file[3], 0);
	assert_same();
	assert_int_equal(call(linux_close, 4, 0), OK);
	note_calls(1);
	assert_same();
}

static void so_is_what_was_opened_unheard(void **state)
{
	(void)state;
	assert_int_equal(open_one(), 3);
	server.loses = 1;
	assert_int_equal(call(linux_pipe, user_base(), 0), -EIO);
	assert_true(server.file[4] && server.file[5]);
	assert_int_equal(call(linux_close, 3, 0), OK);
	assert_same();
	assert_int_equal(open_one(), 3);
	server.loses = 1;
	assert_int_equal(call(linux_dup, 3, 0), -EIO);
	assert_int_equal(call(linux_close, 3, 0), OK);
	assert_same();
}

static void what_is_lost_is_closed_there_when_it_is_closed_here(void **state)
{
	(void)state;
	assert_int_equal(open_one(), 3);
	assert_int_equal(open_one(), 4);
	server.loses = 1;
	assert_int_equal(call(linux_dup2, 3, 4), -EIO);
	assert_int_equal(call(linux_close, 4, 0), OK);
	assert_int_equal(call(linux_close, 3, 0), OK);
	assert_same();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
	        CASE(a_number_that_was_opened_unheard_is_used_again),
	        CASE(a_number_that_was_closed_unheard_is_used_again),
	        CASE(a_pipe_takes_numbers_that_are_open_unheard),
	        CASE(it_is_tried_until_the_server_is_there),
	        CASE(a_dup_whose_answer_is_lost_leaves_neither_file),
	        CASE(what_was_not_closed_is_closed_before_the_next_call),
	        CASE(so_is_what_was_opened_unheard),
	        CASE(what_is_lost_is_closed_there_when_it_is_closed_here),
	};

	return cmocka_run_group_tests(tests, user_setup, NULL);
}
