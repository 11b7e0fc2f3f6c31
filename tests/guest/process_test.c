/* SPDX-License-Identifier: MIT */
/* Processes as POSIX has them: fork, vfork, execve, exit, waitpid, process groups. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <granite/pm.h>

#include "tap.h"

#define SELF_PROGRAM "/bin/process_test"

static int shared_by_value = 1;

static void exit_with_7(void)
{
	_exit(7);
}

static void raise_kill(void)
{
	raise(SIGKILL);
}

static void waitpid_tells_exit_status_and_signal(void)
{
	CHECK_EXITED(tap_child(exit_with_7), 7);
	CHECK_KILLED(tap_child(raise_kill), SIGKILL);
}

static void change_it(void)
{
	CHECK_INT(shared_by_value, 1);
	shared_by_value = 2;
	CHECK(getppid() > 0 && getpid() != getppid());
}

static void a_forked_child_has_its_own_copy(void)
{
	CHECK_EXITED(tap_child(change_it), 0);
	CHECK_INT(shared_by_value, 1);
}

/* vfork's child runs in a copy or in place; either way the parent goes on only after it. */
static void the_parent_of_a_vfork_goes_on_after_exec_or_exit(void)
{
	pid_t pid = vfork();
	if (pid == 0)
		_exit(5);
	REQUIRE(pid > 0);
	int status;
	CHECK_INT(waitpid(pid, &status, WNOHANG), pid);
	CHECK_EXITED(status, 5);
}

static int exec_status(char *const argv[], char *const envp[])
{
	pid_t pid = fork();
	if (pid == 0) {
		execve(SELF_PROGRAM, argv, envp);
		_exit(99);
	}
	return tap_wait(pid);
}

static void execve_hands_over_arguments_and_environment(void)
{
	char *argv[] = {"process_test", "child", "two words", "", NULL};
	char *envp[] = {"STONE=granite", NULL};
	CHECK_EXITED(exec_status(argv, envp), 0);
}

/* Run in the new program. */
static int check_exec(int argc, char **argv)
{
	CHECK_INT(argc, 4);
	CHECK(strcmp(argv[2], "two words") == 0 && argv[3][0] == '\0' && argv[4] == NULL);
	CHECK(getenv("STONE") && strcmp(getenv("STONE"), "granite") == 0);
	CHECK(environ[1] == NULL);
	CHECK_INT(getauxval(AT_PAGESZ), 4096);
	CHECK(getauxval(AT_RANDOM) != 0 && getauxval(AT_PHDR) != 0);
	CHECK(getauxval(AT_ENTRY) != 0);
	CHECK_INT(getauxval(AT_SECURE), 0);
	return tap_failures > 0;
}

static void many_arguments_arrive(void)
{
	enum { MANY = 1000 };
	static char *argv[MANY + 1];
	static char words[MANY][16];
	for (int i = 0; i < MANY; i++) {
		snprintf(words[i], sizeof(words[i]), "word-%d", i);
		argv[i] = words[i];
	}
	strcpy(words[1], "many");
	char *envp[] = {NULL};
	CHECK_EXITED(exec_status(argv, envp), 0);
}

static int check_many(int argc, char **argv)
{
	CHECK_INT(argc, 1000);
	for (int i = 2; i < argc; i++) {
		char word[16];
		snprintf(word, sizeof(word), "word-%d", i);
		CHECK(strcmp(argv[i], word) == 0);
	}
	return tap_failures > 0;
}

static void too_many_arguments_are_refused(void)
{
	static char big[200000];
	memset(big, 'x', sizeof(big) - 1);
	char *argv[] = {"process_test", big, NULL};
	CHECK(execve(SELF_PROGRAM, argv, environ) == -1 && errno == E2BIG);
}

static void a_failed_exec_leaves_the_caller_as_it_was(void)
{
	char *argv[] = {"x", NULL};
	CHECK(execve("/bin/no-such-program", argv, environ) == -1 && errno == ENOENT);
	CHECK(execve("/etc/manifest", argv, environ) == -1 && (errno == ENOEXEC || errno == EACCES));
	CHECK(execve("", argv, environ) == -1 && errno == ENOENT);
}

static void pid_and_endpoint_stay_over_exec(void)
{
	char pid_text[16];
	pid_t pid = fork();
	if (pid == 0) {
		snprintf(pid_text, sizeof(pid_text), "%d", getpid());
		char *argv[] = {"process_test", "pid", pid_text, NULL};
		execve(SELF_PROGRAM, argv, environ);
		_exit(99);
	}
	CHECK_EXITED(tap_wait(pid), 0);
}

/* Nobody is asked for it: so it is compared with what PM says. */
static int knows_its_pid(void)
{
	union pm_getid_message call = {.req = {.pid = 0}};
	return pm_getid_call(&call) == OK && call.rep.pid == getpid() && call.rep.pid == syscall(SYS_gettid);
}

static void know_it_and_so_does_the_child(void)
{
	CHECK(knows_its_pid());
	pid_t pid = fork();
	if (pid == 0)
		_exit(knows_its_pid() ? 0 : 1);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK(knows_its_pid());
}

static void everybody_knows_its_own_pid(void)
{
	know_it_and_so_does_the_child();
	CHECK_EXITED(tap_child(know_it_and_so_does_the_child), 0);
	pid_t pid = vfork();
	if (pid == 0)
		_exit(knows_its_pid() ? 0 : 1);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK(knows_its_pid());
	char *argv[] = {"process_test", "own-pid", "", NULL};
	CHECK(posix_spawn(&pid, SELF_PROGRAM, NULL, NULL, argv, environ) == 0);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK(knows_its_pid());
}

static void waiting_without_children_fails(void)
{
	CHECK(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
	CHECK(waitpid(1, NULL, 0) == -1 && errno == ECHILD);
}

static void pause_for_ever(void)
{
	for (;;)
		pause();
}

static void wnohang_does_not_wait(void)
{
	pid_t pid = tap_start(pause_for_ever);
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

static void a_stopped_child_is_told_and_goes_on(void)
{
	int status;
	pid_t pid = tap_start(pause_for_ever);
	CHECK_INT(kill(pid, SIGSTOP), 0);
	CHECK_INT(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_INT(kill(pid, SIGCONT), 0);
	CHECK_INT(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	CHECK_INT(kill(pid, SIGTERM), 0);
	CHECK_KILLED(tap_wait(pid), SIGTERM);
}

static void make_an_orphan(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		while (getppid() != 1)
			usleep(1000);
		_exit(0);
	}
}

static void orphans_go_to_process_1(void)
{
	CHECK_EXITED(tap_child(make_an_orphan), 0);
	usleep(50000);
	CHECK(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
}

static void children_are_told_in_any_order(void)
{
	pid_t pids[10];
	for (int i = 0; i < 10; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(i);
	}
	for (int i = 9; i >= 0; i--)
		CHECK_EXITED(tap_wait(pids[i]), i);
}

static void group_of_its_own(void)
{
	CHECK_INT(setpgid(0, 0), 0);
	CHECK_INT(getpgrp(), getpid());
	pid_t pid = tap_start(pause_for_ever);
	CHECK_INT(getpgid(pid), getpid());
	signal(SIGUSR1, SIG_IGN);
	CHECK_INT(kill(0, SIGUSR1), 0);
	CHECK_KILLED(tap_wait(pid), SIGUSR1);
}

static void kill_reaches_a_process_group(void)
{
	CHECK_EXITED(tap_child(group_of_its_own), 0);
	CHECK(kill(-99999, SIGTERM) == -1 && errno == ESRCH);
	CHECK(kill(99999, 0) == -1 && errno == ESRCH);
	CHECK_INT(kill(getpid(), 0), 0);
	CHECK(kill(getpid(), 65) == -1 && errno == EINVAL);
}

/* ---- The list of processes ---- */

static int find_in_list(pid_t pid, struct pm_procinfo_rep *found)
{
	struct pm_procinfo_rep info;
	int times = 0;
	for (uint32_t index = 0; pm_procinfo(index, &info) == OK; index = info.next) {
		if (info.pid != pid)
			continue;
		*found = info;
		times++;
	}
	return times;
}

static void sleep_long(void)
{
	sleep(100);
}

static void the_list_tells_who_sleeps_and_who_is_a_zombie(void)
{
	struct pm_procinfo_rep info;
	pid_t pid = tap_start(sleep_long);
	usleep(100000);
	REQUIRE(CHECK_INT(find_in_list(pid, &info), 1));
	CHECK_INT(info.endpoint, pm_endpoint(pid));
	CHECK_INT(info.ppid, getpid());
	CHECK_INT(info.waits, WAITS_SLEEP);
	kill(pid, SIGSTOP);
	REQUIRE(CHECK_INT(find_in_list(pid, &info), 1));
	CHECK_INT(info.flags & PM_PROC_STOPPED, PM_PROC_STOPPED);
	kill(pid, SIGKILL);
	REQUIRE(CHECK_INT(find_in_list(pid, &info), 1));
	CHECK_INT(info.endpoint, NONE);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	CHECK_INT(find_in_list(pid, &info), 0);
	CHECK_INT(pm_procinfo(UINT32_MAX, &info), -ENOENT);
}

static int check_pid(const char *expected)
{
	return getpid() != atoi(expected);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(waitpid_tells_exit_status_and_signal),
	        TEST(a_forked_child_has_its_own_copy),
	        TEST(the_parent_of_a_vfork_goes_on_after_exec_or_exit),
	        TEST(execve_hands_over_arguments_and_environment),
	        TEST(many_arguments_arrive),
	        TEST(too_many_arguments_are_refused),
	        TEST(a_failed_exec_leaves_the_caller_as_it_was),
	        TEST(pid_and_endpoint_stay_over_exec),
	        TEST(everybody_knows_its_own_pid),
	        TEST(waiting_without_children_fails),
	        TEST(wnohang_does_not_wait),
	        TEST(a_stopped_child_is_told_and_goes_on),
	        TEST(orphans_go_to_process_1),
	        TEST(children_are_told_in_any_order),
	        TEST(kill_reaches_a_process_group),
	        TEST(the_list_tells_who_sleeps_and_who_is_a_zombie),
	};
	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return check_exec(argc, argv);
	if (argc > 2 && strcmp(argv[1], "many") == 0)
		return check_many(argc, argv);
	if (argc > 2 && strcmp(argv[1], "pid") == 0)
		return check_pid(argv[2]);
	if (argc > 2 && strcmp(argv[1], "own-pid") == 0)
		return knows_its_pid() ? 0 : 1;
	return TAP_RUN(tests);
}
