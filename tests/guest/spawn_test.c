/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 */
/* Programs that start others: popen, system, posix_spawn; and what an exec passes on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tap.h"

extern char **environ;

static const char *read_all(FILE *stream)
{
	static char text[4096];
	size_t count = fread(text, 1, sizeof(text) - 1, stream);
	text[count] = '\0';
	return text;
}

static void popen_reads_what_a_command_prints(void)
{
	FILE *stream = popen("echo one; echo two | cat", "r");
	CHECK(stream && strcmp(read_all(stream), "one\ntwo\n") == 0);
	CHECK_EXITED(pclose(stream), 0);
	stream = popen("wc -c < /bin/sh", "r");
	struct stat stat_of;
	CHECK_INT(stat("/bin/sh", &stat_of), 0);
	CHECK(stream && atoi(read_all(stream)) == stat_of.st_size);
	CHECK_EXITED(pclose(stream), 0);
}

/* The command's status is told by a pipe: what it counted comes out as its exit status. */
static void popen_writes_what_a_command_reads(void)
{
	FILE *stream = popen("cat | sha256sum | cat > /dev/null", "w");
	CHECK(stream != NULL);
	CHECK_EXITED(pclose(stream), 2); /* > is refused */
	stream = popen("exit 9", "w");
	CHECK_EXITED(pclose(stream), 9);
}

static void system_tells_the_status(void)
{
	CHECK_INT(system("true"), 0);
	CHECK_EXITED(system("false"), 1);
	CHECK_EXITED(system("exit 42"), 42);
	CHECK_EXITED(system("nosuchprogram"), 127);
	CHECK_EXITED(system("echo x | false"), 1);
	CHECK_EXITED(system("false | true"), 0);
	CHECK(system(NULL) != 0);
}

static void posix_spawn_does_its_file_actions(void)
{
	static char *const arguments[] = {"cat", "-", NULL};
	posix_spawn_file_actions_t actions;
	char text[16] = "";
	int ends[2];
	pid_t pid;
	CHECK_INT(pipe(ends), 0);
	CHECK_INT(posix_spawn_file_actions_init(&actions), 0);
	CHECK_INT(posix_spawn_file_actions_addopen(&actions, 0, "/etc/manifest", O_RDONLY, 0), 0);
	CHECK_INT(posix_spawn_file_actions_adddup2(&actions, ends[1], 1), 0);
	CHECK_INT(posix_spawn_file_actions_addclose(&actions, ends[0]), 0);
	CHECK_INT(posix_spawnp(&pid, "cat", &actions, NULL, arguments, environ), 0);
	close(ends[1]);
	CHECK_INT(read(ends[0], text, 8), 8);
	CHECK(strcmp(text, "# What i") == 0);
	close(ends[0]);
	(void)tap_wait(pid); /* it may get SIGPIPE, or have written all */
	posix_spawn_file_actions_destroy(&actions);
}

static void posix_spawn_tells_why_it_failed(void)
{
	static char *const arguments[] = {"x", NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;
	CHECK_INT(posix_spawn(&pid, "/bin/nothing", NULL, NULL, arguments, environ), ENOENT);
	CHECK_INT(posix_spawn(&pid, "/etc/manifest", NULL, NULL, arguments, environ), EACCES);
	CHECK_INT(posix_spawn_file_actions_init(&actions), 0);
	CHECK_INT(posix_spawn_file_actions_addopen(&actions, 0, "/nothing", O_RDONLY, 0), 0);
	CHECK_INT(posix_spawn(&pid, "/bin/true", &actions, NULL, arguments, environ), ENOENT);
	posix_spawn_file_actions_destroy(&actions);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	CHECK_INT(errno, ECHILD);
	CHECK_INT(open("/bin/sh", O_RDONLY), 3);
	close(3);
}

/* ---- What exec passes on ---- */

static int ends[2];

static void become_sleep(void)
{
	close(ends[0]);
	execl("/bin/sleep", "sleep", "1000", NULL);
}

static void exec_closes_what_it_is_told_to(void)
{
	char byte;
	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = tap_start(become_sleep);
	close(ends[1]);
	CHECK_INT(read(ends[0], &byte, 1), 0); /* while it sleeps */
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	close(ends[0]);
}

static void fail_to_exec(void)
{
	close(ends[0]);
	execl("/bin/nothing", "nothing", NULL);
	CHECK_INT(errno, ENOENT);
	CHECK_INT(write(ends[1], "still", 5), 5);
}

static void an_exec_that_fails_closes_nothing(void)
{
	char text[6] = "";
	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EXITED(tap_child(fail_to_exec), 0);
	close(ends[1]);
	CHECK_INT(read(ends[0], text, 5), 5);
	CHECK(strcmp(text, "still") == 0);
	close(ends[0]);
}

static void become_cat(void)
{
	int fd = open("/etc/manifest", O_RDONLY);
	CHECK_INT(lseek(fd, 10, SEEK_SET), 10);
	CHECK_INT(dup2(fd, 0), 0);
	CHECK_INT(dup2(ends[1], 1), 1);
	CHECK_INT(chdir("/bin"), 0);
	execl("/bin/sh", "sh", "-c", "cat; ls sh", NULL);
}

static void files_positions_and_directories_outlive_exec(void)
{
	static char got[8192], expected[8192];
	int fd = open("/etc/manifest", O_RDONLY);
	ssize_t bytes = pread(fd, expected, sizeof(expected) - 4, 10), done = 0, count;
	memcpy(expected + bytes, "sh\n", 4);
	close(fd);
	CHECK_INT(pipe(ends), 0);
	pid_t pid = tap_start(become_cat);
	close(ends[1]);
	while ((count = read(ends[0], got + done, sizeof(got) - 1 - (size_t)done)) > 0)
		done += count;
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK_INT(done, bytes + 3);
	CHECK(strcmp(got, expected) == 0);
	close(ends[0]);
}

/* Closed standard descriptors stay closed: cat has no input. */
static void become_cat_without_input(void)
{
	close(0);
	close(2);
	execl("/bin/cat", "cat", NULL);
}

static void what_was_closed_stays_closed(void)
{
	CHECK_EXITED(tap_child(become_cat_without_input), 1);
}

static void many_children_share_one_pipe(void)
{
	char text[64];
	int all = 0;
	ssize_t count;
	CHECK_INT(pipe(ends), 0);
	for (int i = 0; i < 20; i++) {
		if (fork())
			continue;
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/echo", "echo", "abc", NULL);
		_exit(1);
	}
	close(ends[1]);
	while ((count = read(ends[0], text, sizeof(text))) > 0)
		all += (int)count;
	CHECK_INT(all, 20 * 4);
	for (int i = 0; i < 20; i++)
		CHECK(waitpid(-1, NULL, 0) > 0);
	close(ends[0]);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(popen_reads_what_a_command_prints), TEST(popen_writes_what_a_command_reads),
	        TEST(system_tells_the_status),           TEST(posix_spawn_does_its_file_actions),
	        TEST(posix_spawn_tells_why_it_failed),   TEST(exec_closes_what_it_is_told_to),
	        TEST(an_exec_that_fails_closes_nothing), TEST(files_positions_and_directories_outlive_exec),
	        TEST(what_was_closed_stays_closed),      TEST(many_children_share_one_pipe),
	};
	return TAP_RUN(tests);
}
