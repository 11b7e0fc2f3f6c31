/* SPDX-License-Identifier: MIT */
/* guest: seed=yes time=counted timeout=300 flags=control manifest=rs.manifest programs=rs_subject.c
 * variants=no */
/*
 * Each of RS's services is killed a hundred times, at random moments, while programs use the console, files,
 * pipes and a server of ours, and some of those are killed too. Nobody hangs, nobody gets a wrong answer, and
 * in the end every page is where it was.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>

#include "fuzz_random.h"
#include "pages.h"
#include "rs_client.h"

#define KILLS     100
#define FILE_NAME "/bin/sh"

static const char *const victims[] = {"console", "ramfs", "ds", "serve", "one0"};

#define VICTIMS COUNT(victims)

static uint8_t contents[4096]; /* of FILE_NAME, its beginning */

/* ---- Workers: each does one thing until it is told to stop ---- */

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void read_files(void)
{
	uint8_t part[512];
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK(fd >= 0);
	for (uint32_t at = 0; at + sizeof(part) <= sizeof(contents); at += sizeof(part)) {
		CHECK_INT(read(fd, part, sizeof(part)), sizeof(part));
		CHECK(memcmp(part, contents + at, sizeof(part)) == 0);
	}
	CHECK_INT(close(fd), 0);
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

static void (*const works[])(void) = {read_files,     use_directories,      use_pipes,
                                      wait_at_a_pipe, write_to_the_console, wait_for_the_console,
                                      ask_a_server,   start_a_program};

#define WORKERS COUNT(works)

static pid_t workers[WORKERS];
static uint32_t starting;

/* No signal interrupts what it does. */
static void work(void)
{
	random_state = mix(random_state + starting);
	while (!stopped)
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

/*
 * Half of the time RS's own delay passes, otherwise it is cut short. RS may come first: among so many a
 * service does not always answer in time.
 */
static void kill_victim(const char *label)
{
	struct rs_outcome outcome;
	endpoint_t before;
	do {
		before = rs_await(label, NONE, 10 * RS_SECOND);
		CHECK(before >= 0);
		usleep(below(10000));
	} while (!rs_kill(label));
	if (once_in(2))
		CHECK_INT(rs_up(label, &outcome), OK);
	else
		CHECK(rs_await(label, before, 10 * RS_SECOND) >= 0);
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

static void everything_works_before(void)
{
	struct rs_outcome outcome;
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(read(fd, contents, sizeof(contents)), sizeof(contents));
	CHECK_INT(close(fd), 0);
	CHECK_INT(rs_down("good-always", &outcome), OK);
	CHECK_INT(rs_down("alive", &outcome), OK); /* among so many it would not answer in time */
	rs_wait_for("crash", RS_IS_GIVEN_UP);
	rs_wait_for("deaf", RS_IS_GIVEN_UP);
	rs_wait_for("bad-always", RS_IS_GIVEN_UP);
	rs_wait_for("bad-failure", RS_IS_GIVEN_UP);
	settle();
	CHECK_INT(sys_getinfo(GET_USAGE, &usage, sizeof(usage), 0), sizeof(usage));
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
	for (; total; total--) {
		uint32_t victim = below(VICTIMS);
		while (left[victim] == 0)
			victim = (victim + 1) % VICTIMS;
		left[victim]--;
		kill_victim(victims[victim]);
		if (once_in(10))
			kill_worker();
	}
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
	CHECK(rs_echo("serve") && rs_echo("one0"));
	read_files();
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

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(everything_works_before),
	        TEST(services_are_killed_again_and_again),
	        TEST(everything_works_afterwards),
	        TEST(every_page_is_where_it_was),
	};

	random_state = (uint32_t)strtoul(argc > 1 ? argv[1] : "1", NULL, 0);
	printf("# SEED=%u\n", (unsigned)random_state);
	return TAP_RUN(tests);
}
