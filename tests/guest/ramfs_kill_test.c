/* SPDX-License-Identifier: MIT */
/* guest: seed=yes time=counted timeout=600 flags=control calls=schedule variants=ubsan */
/*
 * The file server is killed hundreds of times, at random moments, while programs use it: they read and seek
 * in files, list directories, send numbered bytes through pipes, to children and to programs that these call,
 * and poll. None of them notices: no error, no byte lost, doubled or wrong, no position that is another, and
 * nobody hangs. In the end every page is where it was.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "kill_under_load.h"

#define KILLS     400
#define FILE_NAME "/bin/sh"

static uint8_t *contents; /* of FILE_NAME */
static uint32_t file_bytes;

/* ---- Files ---- */

static void read_a_file(void)
{
	static uint8_t part[9000];
	uint32_t done = 0, most = 1 + below(sizeof(part));
	int fd = open(FILE_NAME, O_RDONLY);
	ssize_t count;
	REQUIRE(fd >= 0);
	while ((count = read(fd, part, most)) > 0) {
		REQUIRE(memcmp(part, contents + done, (size_t)count) == 0);
		done += (uint32_t)count;
		REQUIRE(lseek(fd, 0, SEEK_CUR) == (off_t)done);
	}
	CHECK_INT(count, 0);
	CHECK_INT(done, file_bytes);
	CHECK_INT(close(fd), 0);
}

static void seek_and_read(void)
{
	uint8_t part[64];
	int fd = open(FILE_NAME, O_RDONLY), other = dup(fd);
	uint32_t at = 0;
	REQUIRE(fd >= 0 && other >= 0);
	for (int i = 0; i < 40; i++) {
		uint32_t by = below(500);
		if (at + by + sizeof(part) > file_bytes || once_in(8))
			at = by = 0;
		CHECK_INT(lseek(once_in(2) ? fd : other, by, at ? SEEK_CUR : SEEK_SET), at + by);
		at += by;
		CHECK_INT(read(once_in(2) ? fd : other, part, sizeof(part)), sizeof(part));
		REQUIRE(memcmp(part, contents + at, sizeof(part)) == 0);
		at += sizeof(part);
	}
	CHECK_INT(close(fd) | close(other), 0);
}

/* ---- Directories ---- */

static uint32_t names_sum, names_count;

static void list(uint32_t *sum, uint32_t *count)
{
	DIR *directory = opendir("/bin");
	struct dirent *entry;
	*sum = *count = 0;
	REQUIRE(directory != NULL);
	while ((entry = readdir(directory))) {
		for (const char *c = entry->d_name; *c; c++)
			*sum = fold(*sum, (uint8_t)*c);
		++*count;
	}
	CHECK_INT(closedir(directory), 0);
}

static void list_a_directory(void)
{
	uint32_t sum, count;
	char name[32];
	struct stat stat;
	list(&sum, &count);
	CHECK_INT(count, names_count);
	CHECK_INT(sum, names_sum);
	CHECK_INT(chdir(once_in(2) ? "/bin" : "/etc"), 0);
	CHECK(getcwd(name, sizeof(name)) != NULL);
	CHECK_INT(lstat(strcmp(name, "/bin") == 0 ? "sh" : "manifest", &stat), 0);
}

/* ---- Pipes ---- */

#define STREAM_BYTES 60000

static uint8_t stream_byte(uint32_t number)
{
	return (uint8_t)(number * 7 + number / 251);
}

static void write_stream(int fd)
{
	static uint8_t part[20000];
	for (uint32_t done = 0; done < STREAM_BYTES;) {
		uint32_t bytes = 1 + below(once_in(3) ? sizeof(part) : 300);
		if (bytes > STREAM_BYTES - done)
			bytes = STREAM_BYTES - done;
		for (uint32_t i = 0; i < bytes; i++)
			part[i] = stream_byte(done + i);
		CHECK_INT(write(fd, part, bytes), bytes);
		done += bytes;
	}
}

static void read_stream(int fd)
{
	static uint8_t part[20000];
	uint32_t done = 0;
	ssize_t count;
	while ((count = read(fd, part, 1 + below(once_in(3) ? sizeof(part) : 300))) > 0)
		for (ssize_t i = 0; i < count; i++)
			REQUIRE(part[i] == stream_byte(done++));
	CHECK_INT(count, 0);
	CHECK_INT(done, STREAM_BYTES);
}

static int fds[2];

static void be_the_writer(void)
{
	CHECK_INT(close(fds[0]), 0);
	write_stream(fds[1]);
}

static void send_a_stream(void)
{
	CHECK_INT(pipe(fds), 0);
	pid_t pid = tap_start(be_the_writer);
	CHECK_INT(close(fds[1]), 0);
	read_stream(fds[0]);
	CHECK_INT(close(fds[0]), 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

/* What a program writes that begins with the pipe as its output, and finds the file by a path. */
static void become_cat(void)
{
	char *argv[] = {"cat", FILE_NAME, NULL};
	CHECK_INT(close(fds[0]), 0);
	CHECK_INT(dup2(fds[1], 1), 1);
	CHECK_INT(close(fds[1]), 0);
	execve("/bin/cat", argv, environ);
	_exit(99);
}

static void start_a_program_that_writes(void)
{
	static uint8_t part[5000];
	uint32_t done = 0;
	ssize_t count;
	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = tap_start(become_cat);
	CHECK_INT(close(fds[1]), 0);
	while ((count = read(fds[0], part, sizeof(part))) > 0) {
		REQUIRE(done + (uint32_t)count <= file_bytes);
		REQUIRE(memcmp(part, contents + done, (size_t)count) == 0);
		done += (uint32_t)count;
	}
	CHECK_INT(count, 0);
	CHECK_INT(done, file_bytes);
	CHECK_INT(close(fds[0]), 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void write_late(void)
{
	CHECK_INT(close(fds[0]), 0);
	usleep(1000 * below(40));
	CHECK_INT(write(fds[1], "late", 4), 4);
	usleep(1000 * below(40));
}

/* Its last signal tells it to stop; it ends what it has begun. */
static void poll_for(struct pollfd *entry)
{
	int ready;
	do
		ready = poll(entry, 1, -1);
	while (ready == -1 && errno == EINTR && stopped);
	CHECK_INT(ready, 1);
}

static void poll_a_pipe(void)
{
	char bytes[8];
	CHECK_INT(pipe(fds), 0);
	pid_t pid = tap_start(write_late);
	CHECK_INT(close(fds[1]), 0);
	struct pollfd entry = {.fd = fds[0], .events = POLLIN};
	poll_for(&entry);
	CHECK_INT(entry.revents & ~POLLHUP, POLLIN); /* the writer may have gone while there was no server */
	CHECK_INT(read(fds[0], bytes, sizeof(bytes)), 4);
	CHECK(memcmp(bytes, "late", 4) == 0);
	poll_for(&entry);
	CHECK_INT(entry.revents, POLLHUP);
	CHECK_INT(read(fds[0], bytes, sizeof(bytes)), 0);
	CHECK_INT(close(fds[0]), 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

/* A signal ends a read, but never takes what was read: all that is written arrives. */
static volatile sig_atomic_t alarms;

static void note(int number)
{
	(void)number;
	alarms++;
}

static void write_slowly(void)
{
	CHECK_INT(close(fds[0]), 0);
	for (uint32_t i = 0; i < 40; i++) {
		usleep(below(5000));
		CHECK_INT(write(fds[1], &i, sizeof(i)), sizeof(i));
	}
}

static void read_between_signals(void)
{
	const struct sigaction action = {.sa_handler = note};
	const struct itimerval often = {{0, 7000}, {0, 7000}}, never = {{0, 0}, {0, 0}};
	uint32_t word, next = 0;
	ssize_t count;
	CHECK_INT(pipe(fds), 0);
	pid_t pid = tap_start(write_slowly);
	CHECK_INT(close(fds[1]), 0);
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
	while ((count = read(fds[0], &word, sizeof(word))) != 0) {
		REQUIRE(count == sizeof(word) || (count == -1 && errno == EINTR));
		if (count > 0)
			CHECK_INT(word, next++);
	}
	CHECK_INT(setitimer(ITIMER_REAL, &never, NULL), 0);
	CHECK_INT(next, 40);
	CHECK_INT(close(fds[0]), 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

/* ---- Workers ---- */

static void (*const works[])(void) = {read_a_file,   seek_and_read,       list_a_directory,
                                      send_a_stream, send_a_stream,       start_a_program_that_writes,
                                      poll_a_pipe,   read_between_signals};

static const struct load load = {"ramfs", works, sizeof(works) / sizeof(works[0])};

/* ---- Tests ---- */

static struct account before;

static void everything_is_as_it_should_be(void)
{
	struct rs_outcome outcome;
	struct stat stat;
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(fstat(fd, &stat), 0);
	file_bytes = (uint32_t)stat.st_size;
	contents = malloc(file_bytes);
	CHECK_INT(read(fd, contents, file_bytes), file_bytes);
	CHECK_INT(close(fd), 0);
	list(&names_sum, &names_count);
	load_run_once(&load);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(rs_restart("ramfs", &outcome), OK);
	sleep(1);
	before = account_now();
}

static void nobody_notices_that_the_file_server_is_killed(void)
{
	kill_under_load(&load, KILLS);
}

static void everything_is_as_it_was(void)
{
	struct rs_outcome outcome;
	CHECK_INT(rs_restart("ramfs", &outcome), OK);
	load_run_once(&load);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(rs_restart("ramfs", &outcome), OK);
	sleep(1);
	check_account(&before);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(everything_is_as_it_should_be),
	        TEST(nobody_notices_that_the_file_server_is_killed),
	        TEST(everything_is_as_it_was),
	};

	load_seed(argc, argv);
	return TAP_RUN(tests);
}
