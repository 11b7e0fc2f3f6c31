/* SPDX-License-Identifier: MIT */
/* guest: seed=yes time=counted timeout=300 flags=control calls=schedule manifest=rs_kill.manifest
 * programs=rs_subject.c variants=no */
/*
 * The data store, the console driver, the file server and services of ours are killed together, each two
 * hundred times, at random moments, while programs use them and check every value, and some of those are
 * killed too. Nobody hangs, nobody gets a wrong answer, and in the end every page is where it was.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>

#include "kill_under_load.h"
#include "store_load.h"

#define KILLS     200
#define FILE_NAME "/bin/demo"

static const char *const victims[] = {"console", "ramfs", "ds", "serve", "one0"};

#define VICTIMS COUNT(victims)

static uint8_t contents[65536]; /* of FILE_NAME, its beginning */

/* ---- Workers: each does one thing until it is told to stop ---- */

/* One descriptor for all calls: its place is where the last one has left it. */
static void read_a_file(void)
{
	static uint8_t part[9000];
	static int fd = -1;
	static uint32_t at;
	uint32_t bytes = 1 + below(sizeof(part));
	if (fd < 0)
		fd = open(FILE_NAME, O_RDONLY);
	if (at == sizeof(contents))
		CHECK_INT(lseek(fd, at = 0, SEEK_SET), 0);
	if (bytes > sizeof(contents) - at)
		bytes = sizeof(contents) - at;
	CHECK_INT(read(fd, part, bytes), bytes);
	CHECK(memcmp(part, contents + at, bytes) == 0);
	at += bytes;
	CHECK_INT(lseek(fd, 0, SEEK_CUR), at);
}

/* A relative path never means another file than it did. */
static void use_directories(void)
{
	CHECK_INT(chdir("/bin"), 0);
	for (int i = 0; i < 20; i++) {
		int fd = open("sh", O_RDONLY);
		CHECK(fd >= 0);
		CHECK_INT(close(fd), 0);
	}
}

static void use_pipes(void)
{
	int fds[2];
	uint32_t word = 0;
	CHECK_INT(pipe(fds), 0);
	for (uint32_t i = 1; i < 20; i++) {
		CHECK_INT(write(fds[1], &i, sizeof(i)), sizeof(i));
		CHECK_INT(read(fds[0], &word, sizeof(word)), sizeof(word));
		CHECK_INT(word, i);
	}
	CHECK_INT(close(fds[0]) | close(fds[1]), 0);
}

/* A child waits for what never comes, until its parent has gone. */
static void wait_at_a_pipe(void)
{
	int fds[2];
	char byte;
	CHECK_INT(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) > 0);
	}
	CHECK(pid > 0);
	usleep(1000 * below(50));
	close(fds[0]);
	close(fds[1]);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void write_to_the_console(void)
{
	static const char line[] = "# x\n";
	CHECK_INT(write(1, line, sizeof(line) - 1), sizeof(line) - 1);
	usleep(5000);
}

static void wait_for_the_console(void)
{
	struct pollfd entry = {.fd = 0, .events = POLLIN};
	int ready = poll(&entry, 1, (int)below(30));
	CHECK(ready == 0 || (stopped && errno == EINTR));
	CHECK(isatty(0));
}

static void ask_a_server(void)
{
	CHECK(rs_echo(once_in(2) ? "serve" : "one0"));
}

/* A program that begins while its servers are dead. */
static void start_a_program(void)
{
	char *argv[] = {"true", NULL};
	pid_t pid = fork();
	if (pid == 0) {
		execve("/bin/true", argv, environ);
		_exit(99);
	}
	CHECK(pid > 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void (*const works[])(void) = {
        read_a_file,          use_directories, use_pipes,       wait_at_a_pipe, write_to_the_console,
        wait_for_the_console, ask_a_server,    start_a_program, use_the_store,  follow_labels};

#define WORKERS COUNT(works)

static pid_t workers[WORKERS];
static uint32_t starting;

/* No signal interrupts what it does. */
static void work(void)
{
	CHECK_INT(sys_schedule(sys_self(), SCHED_PRIO_USER, 50), OK); /* its parent kills */
	random_state = mix(random_state + starting);
	while (!stopped && !tap_failures)
		works[starting]();
}

static void start_worker(uint32_t number)
{
	starting = number;
	roll();
	workers[number] = tap_start(work);
}

/* ---- The killer ---- */

static void kill_worker(void)
{
	uint32_t number = below(WORKERS);
	CHECK_INT(kill(workers[number], SIGKILL), 0);
	CHECK_KILLED(tap_wait(workers[number]), SIGKILL);
	start_worker(number);
}

/* RS may come first: among so many a service does not always answer in time. */
static void kill_victim(const char *label)
{
	struct rs_outcome outcome;
	endpoint_t before;
	do
		before = rs_await(label, NONE, 10 * RS_SECOND);
	while (CHECK(before >= 0) && !load_kill_after(label, below(10000)));
	if (once_in(10))
		CHECK(rs_await(label, before, 10 * RS_SECOND) >= 0);
	else
		CHECK_INT(rs_up(label, &outcome), OK);
}

/* All services are there, and so are their predecessors' ends. */
static void settle(void)
{
	struct rs_outcome outcome;
	for (uint32_t i = 0; i < VICTIMS; i++)
		CHECK_INT(rs_restart(victims[i], &outcome), OK);
	CHECK(rs_echo("serve"));
	sleep(1);
}

static struct account before;
static struct kernel_usage usage;
static struct ds_statistics store;

static void everything_works_before(void)
{
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(read(fd, contents, sizeof(contents)), sizeof(contents));
	CHECK_INT(close(fd), 0);
	settle();
	CHECK_INT(sys_getinfo(GET_USAGE, &usage, sizeof(usage), 0), sizeof(usage));
	CHECK_INT(ds_stats(&store), OK);
	before = account_now();
}

static void services_are_killed_again_and_again(void)
{
	const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
	uint32_t left[VICTIMS], total = KILLS * VICTIMS;
	CHECK_INT(sigaction(SIGTERM, &action, NULL), 0); /* the workers inherit it */
	for (uint32_t i = 0; i < VICTIMS; i++)
		left[i] = KILLS;
	for (uint32_t i = 0; i < WORKERS; i++)
		start_worker(i);
	load_begin_to_kill();
	for (; total; total--) {
		uint32_t victim = below(VICTIMS);
		while (left[victim] == 0)
			victim = (victim + 1) % VICTIMS;
		left[victim]--;
		kill_victim(victims[victim]);
		if (once_in(10))
			kill_worker();
	}
	load_end_to_kill();
	for (uint32_t i = 0; i < WORKERS; i++)
		CHECK_INT(kill(workers[i], SIGTERM), 0);
	for (uint32_t i = 0; i < WORKERS; i++)
		CHECK_EXITED(tap_wait(workers[i]), 0);
}

static void everything_works_afterwards(void)
{
	for (uint32_t i = 0; i < VICTIMS; i++)
		CHECK(rs_status_of(victims[i]).restarts >= KILLS);
	settle();
	for (uint32_t i = 0; i < VICTIMS; i++)
		CHECK(store_agrees_with_rs(victims[i]));
	CHECK(rs_echo("serve") && rs_echo("one0"));
	read_a_file();
	use_pipes();
	start_a_program();
}

static void every_page_is_where_it_was(void)
{
	struct kernel_usage now;
	check_account(&before);
	CHECK_INT(sys_getinfo(GET_USAGE, &now, sizeof(now), 0), sizeof(now));
	CHECK_INT(now.processes, usage.processes);
	CHECK_INT(now.async_messages, usage.async_messages);
	CHECK_INT(now.interrupts, usage.interrupts);
}

/* The workers' entries and subscriptions have gone with them, and all others are there. */
static void the_store_has_what_it_had(void)
{
	struct ds_statistics now;
	CHECK_INT(ds_stats(&now), OK);
	for (uint32_t type = 1; type < DS_TYPES; type++)
		CHECK_INT(now.types[type], store.types[type]);
	CHECK_INT(now.value_bytes, store.value_bytes);
	CHECK_INT(now.bytes_free, store.bytes_free);
	CHECK_INT(now.owners, store.owners);
	CHECK_INT(now.subscriptions, store.subscriptions);
	CHECK_INT(now.notices, store.notices);
	CHECK(now.starts > store.starts + KILLS / 2); /* one killed at its start is not counted */
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(everything_works_before),     TEST(services_are_killed_again_and_again),
	        TEST(everything_works_afterwards), TEST(the_store_has_what_it_had),
	        TEST(every_page_is_where_it_was),
	};

	load_seed(argc, argv);
	return TAP_RUN(tests);
}
