/* SPDX-License-Identifier: MIT */
/* The life of a process, through the C library as any program does it. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/sys.h>

#include "measure.h"

static char *const arguments[] = {"true", NULL};

static void wait_for(pid_t pid)
{
	REQUIRE(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

/* No call of anybody: the bridge knows it. */
static void get_pid(uint32_t unused)
{
	(void)unused;
	(void)getpid();
}

/* A call to PM, which is what most system calls of the C library are here. */
static void get_parent_s_pid(uint32_t unused)
{
	(void)unused;
	(void)getppid();
}

static void fork_exit_wait(uint32_t unused)
{
	(void)unused;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	wait_for(pid);
}

static void vfork_exit_wait(uint32_t unused)
{
	(void)unused;
	pid_t pid = vfork();
	if (pid == 0)
		_exit(0);
	wait_for(pid);
}

static void have_children(uint32_t children)
{
	for (uint32_t i = 0; i < children; i++)
		bench_start(bench_idle, i, NULL);
}

static void have_10_children(void)
{
	have_children(10);
}

static void have_500_children(void)
{
	have_children(500);
}

/* The program is a static one whose main returns at once: the C library's start and end are in this row. */
static void fork_exec_exit_wait(uint32_t unused)
{
	(void)unused;
	pid_t pid = fork();
	if (pid == 0) {
		execve("/bin/true", arguments, environ);
		_exit(127);
	}
	wait_for(pid);
}

static void vfork_exec_exit_wait(uint32_t unused)
{
	(void)unused;
	pid_t pid = vfork();
	if (pid == 0) {
		execve("/bin/true", arguments, environ);
		_exit(127);
	}
	wait_for(pid);
}

/* ---- Signals ---- */

static void do_nothing(int signal)
{
	(void)signal;
}

static void catch_signal(void)
{
	REQUIRE(signal(SIGUSR1, do_nothing) != SIG_ERR);
}

/* kill, the handler, and back. */
static void signal_oneself(uint32_t unused)
{
	(void)unused;
	(void)kill(getpid(), SIGUSR1);
}

/* ---- The end of a process that another waits for, and that has notified another ---- */

static endpoint_t notified;

static void notify_and_idle(uint32_t i)
{
	REQUIRE(ipc_notify(notified) == OK);
	bench_idle(i);
}

static void start_and_end_notifier(uint32_t i)
{
	struct message m;
	int pid, status;
	REQUIRE(ipc_receive(bench_start(notify_and_idle, i, &pid), &m, &status) == OK);
	bench_end(pid);
}

static void be_notified(void)
{
	notified = sys_self();
}

/* Of scale.fork_exit_wait: other processes in the system. Of scale.children: the child's siblings. */
static const struct row rows[] = {
        ROW("proc.getpid", 256, get_pid),
        ROW("proc.getppid", 256, get_parent_s_pid),
        ROW("proc.fork_exit_wait", 8, fork_exit_wait),
        ROW("proc.vfork_exit_wait", 8, vfork_exit_wait),
        ROW("proc.fork_exec_exit_wait", 4, fork_exec_exit_wait),
        ROW("proc.vfork_exec_exit_wait", 4, vfork_exec_exit_wait),
        ROW("scale.fork_exit_wait_10", 8, fork_exit_wait, .others = 10),
        ROW("scale.fork_exit_wait_500", 8, fork_exit_wait, .others = 500),
        ROW("scale.fork_exec_exit_wait_10", 4, fork_exec_exit_wait, .others = 10),
        ROW("scale.fork_exec_exit_wait_500", 4, fork_exec_exit_wait, .others = 500),
        ROW("scale.signal_10", 64, signal_oneself, .setup = catch_signal, .others = 10),
        ROW("scale.signal_500", 64, signal_oneself, .setup = catch_signal, .others = 500),
        ROW("scale.end_of_peer_10", 4, start_and_end_notifier, .setup = be_notified, .others = 10),
        ROW("scale.end_of_peer_500", 4, start_and_end_notifier, .setup = be_notified, .others = 500),
        ROW("scale.children_10", 8, fork_exit_wait, .setup = have_10_children),
        ROW("scale.children_500", 8, fork_exit_wait, .setup = have_500_children),
};

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
