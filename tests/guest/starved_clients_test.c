/* SPDX-License-Identifier: MIT */
/* guest: mem=32 time=counted timeout=90 variants=ubsan */
/*
 * Memory is used up, and clients that no server has met yet ask for all that could make one touch new memory:
 * they are served, or told that there is none, and of what is kept back for services nothing is taken for
 * them. Their slots in the kernel's table are far apart, and so are their places in each server's own tables.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <termios.h>
#include <granite/rs.h>

#include "pages.h"
#include "starved.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CLIENTS      32

static endpoint_t parent;

/* ---- What clients do: 0, or what is wrong ---- */

static int wrong_unless(int is_good)
{
	return is_good ? 0 : errno ? errno : -1;
}

static int write_to_the_console(void)
{
	return wrong_unless(write(1, "# served\n", 9) == 9);
}

static int ask_the_console(void)
{
	struct termios modes;
	return wrong_unless(tcgetattr(1, &modes) == 0 && tcsetattr(1, TCSANOW, &modes) == 0);
}

/* Nothing comes. */
static int wait_for_input(void)
{
	struct pollfd entry = {.fd = 0, .events = POLLIN};
	return wrong_unless(poll(&entry, 1, 10) == 0);
}

static void note(int number)
{
	(void)number;
}

static int have_a_signal_end_a_read(void)
{
	const struct sigaction action = {.sa_handler = note};
	const struct itimerval once = {.it_value = {0, 10000}};
	char byte;
	if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &once, NULL) != 0)
		return errno;
	return wrong_unless(read(0, &byte, 1) == -1 && errno == EINTR);
}

static int may_be_refused(int result)
{
	return wrong_unless(result >= 0 || errno == ENFILE || errno == EMFILE || errno == ENOMEM);
}

/* Its descriptors stay open: what they take stays taken. */
static int open_files(void)
{
	int fd, result = 0;
	for (int i = 0; i < 50 && result == 0; i++) {
		fd = open("/etc/manifest", O_RDONLY);
		result = may_be_refused(fd);
		if (fd < 0)
			break;
	}
	return result;
}

static int look_at_paths(void)
{
	struct stat status;
	char path[100];
	int fd = open("/etc", O_RDONLY | O_DIRECTORY), result = may_be_refused(fd);
	if (result != 0)
		return result;
	if (fd >= 0 && (syscall(SYS_getdents64, fd, path, sizeof(path)) <= 0 || close(fd) != 0))
		return errno;
	if (may_be_refused(chdir("/bin")) != 0 || may_be_refused(stat("/bin/sh", &status)) != 0)
		return errno;
	return may_be_refused(getcwd(path, sizeof(path)) ? 0 : -1);
}

static int fill_pipes(void)
{
	int ends[2];
	for (int i = 0; i < 10; i++) {
		if (pipe2(ends, O_NONBLOCK) != 0)
			return may_be_refused(-1);
		while (write(ends[1], "drop", 4) == 4)
			continue;
		if (errno != EAGAIN)
			return errno;
	}
	return 0;
}

static int wait_for_a_pipe(void)
{
	struct pollfd entry = {.events = POLLIN};
	int ends[2];
	if (pipe(ends) != 0)
		return may_be_refused(-1);
	entry.fd = ends[0];
	return wrong_unless(poll(&entry, 1, 10) == 0);
}

static int ask_pm_and_vm(void)
{
	struct vm_procinfo_rep info;
	if (setpgid(0, 0) != 0 || usleep(1000) != 0 || kill(0, SIGURG) != 0)
		return errno;
	if (fork() != -1 || errno != ENOMEM)
		return -1;
	return vm_procinfo(SELF, &info);
}

static int wait_for_a_service(void)
{
	return wrong_unless(rs_await("console", rs_lookup("console"), 10000000) == -ETIMEDOUT);
}

/* RS has a part of what is kept back to itself, in which it has room for all that it may touch. */
static int begin(void)
{
	int result = vm_own_memory();
	return result == OK ? wait_for_a_service() : result;
}

static int (*const acts[])(void) = {
        begin,
        write_to_the_console,
        ask_the_console,
        wait_for_input,
        have_a_signal_end_a_read,
        look_at_paths,
        open_files,
        fill_pipes,
        wait_for_a_pipe,
        ask_pm_and_vm,
        wait_for_a_service,
};

/* ---- Clients: each does what it is told by its number ---- */

static struct client {
	pid_t pid;
	endpoint_t endpoint;
} clients[CLIENTS];

static void be_a_client(void)
{
	struct message m;
	int status, result = ipc_receive(parent, &m, &status);
	while (result == OK) {
		errno = 0;
		m.m_type = acts[m.m_type]();
		result = ipc_reply_receive(parent, &m, &status);
	}
}

static int tell(const struct client *client, uint32_t act)
{
	struct message m = {.m_type = (int32_t)act};
	int result = ipc_sendrec(client->endpoint, &m);
	return result == OK ? m.m_type : result;
}

static void nothing(void)
{
}

static void call_clients(void)
{
	parent = sys_self();
	for (int i = 0; i < CLIENTS; i++) {
		for (int slot = 0; slot < ENDPOINT_SLOTS / CLIENTS; slot++)
			CHECK_EXITED(tap_child(nothing), 0);
		clients[i].pid = tap_start(be_a_client);
		clients[i].endpoint = pm_endpoint(clients[i].pid);
		CHECK_INT(tell(&clients[i], 0), 0);
	}
	CHECK_INT(vm_own_memory(), OK);
}

/* All do it. Whatever is free is kept back: nobody else could have taken any of it. */
static void act(uint32_t number)
{
	uint32_t before = pages_now().free;
	for (int i = 0; i < CLIENTS; i++)
		if (!CHECK_INT(tell(&clients[i], number), 0))
			printf("# that was client %d, act %u\n", i, (unsigned)number);
	if (!CHECK_INT(pages_now().free, before))
		printf("# that was act %u\n", (unsigned)number);
}

static void hold(void)
{
	wait_to_eat(parent);
	for (;;) {
		eat_frames();
		usleep(10000);
	}
}

static void check_services(void)
{
	struct rs_status_rep status;
	for (uint32_t index = 0; rs_status(index, &status) == OK; index++) {
		CHECK_INT(status.restarts, 0);
		CHECK_INT(status.state, RS_IS_RUNNING);
	}
}

static void clients_make_no_service_take_what_is_kept_back(void)
{
	call_clients();
	check_services();
	pid_t eater = tap_start(hold);
	let_eat(&eater, 1);
	for (int tries = 0; tries < 1000 && take(0, PAGE_SIZE, 0) == OK; tries++)
		usleep(1000);
	for (uint32_t i = 1; i < COUNT(acts); i++)
		act(i);
	check_services();
	end(eater);
	for (int i = 0; i < CLIENTS; i++)
		end(clients[i].pid);
	CHECK_EXITED(tap_child(nothing), 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(clients_make_no_service_take_what_is_kept_back),
	};
	return TAP_RUN(tests);
}
