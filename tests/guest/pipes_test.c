/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 */
/* Pipes and poll, through the C library: between processes that live, wait, are interrupted and killed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <granite/grant.h>
#include <granite/ramfs.h>
#include <granite/rs.h>
#include <granite/sys.h>

#include "pages.h"

static int ends[2]; /* of the pipe that a test makes */

static void make_pipe(void)
{
	CHECK_INT(pipe(ends), 0);
}

static void close_pipe(void)
{
	close(ends[0]);
	close(ends[1]);
}

/* Waits until the process is blocked in a call of ramfs. */
static void wait_until_blocked(pid_t pid)
{
	endpoint_t server = rs_lookup("ramfs"), endpoint = pm_endpoint(pid);
	struct proc_info info;
	do {
		sys_yield();
		CHECK_INT(sys_getinfo(GET_PROCTAB, &info, sizeof(info), (uint32_t)ENDPOINT_SLOT(endpoint)),
		          sizeof(info));
	} while (info.endpoint == endpoint &&
	         !(info.blocked_on == server && info.rts_flags == RTS_RECEIVING));
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static void catch (int number, int flags)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
	CHECK_INT(sigaction(number, &action, NULL), 0);
	signals = 0;
}

/* ---- Bytes ---- */

static void what_goes_in_comes_out(void)
{
	char buffer[16] = "";
	make_pipe();
	CHECK_INT(write(ends[1], "one", 3), 3);
	CHECK_INT(write(ends[1], "two", 3), 3);
	CHECK_INT(read(ends[0], buffer, 4), 4);
	CHECK_INT(read(ends[0], buffer + 4, 10), 2);
	CHECK(strcmp(buffer, "onetwo") == 0);
	CHECK_INT(close(ends[1]), 0);
	CHECK_INT(read(ends[0], buffer, 10), 0);
	CHECK_INT(lseek(ends[0], 0, SEEK_CUR), -1);
	CHECK_INT(errno, ESPIPE);
	CHECK_INT(close(ends[0]), 0);
}

#define BIG 1000003

static uint8_t pattern(uint32_t i)
{
	return (uint8_t)(i * 31 + i / 4099);
}

static void write_big(void)
{
	uint8_t *bytes = malloc(BIG);
	for (uint32_t i = 0; i < BIG; i++)
		bytes[i] = pattern(i);
	close(ends[0]);
	CHECK_INT(write(ends[1], bytes, BIG), BIG);
}

static void a_big_write_comes_whole_and_in_order(void)
{
	static uint8_t buffer[5000];
	uint32_t done = 0;
	ssize_t count;
	make_pipe();
	pid_t pid = tap_start(write_big);
	close(ends[1]);
	while ((count = read(ends[0], buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < count; i++)
			REQUIRE(buffer[i] == pattern(done++));
	CHECK_INT(count, 0);
	CHECK_INT(done, BIG);
	CHECK_EXITED(tap_wait(pid), 0);
	close(ends[0]);
}

#define WRITERS 5
#define ROUNDS  20

static int writer;

static void write_blocks(void)
{
	static uint8_t block[PIPE_BUF];
	close(ends[0]);
	memset(block, 'a' + writer, sizeof(block));
	for (int i = 0; i < ROUNDS; i++) {
		struct iovec halves[] = {{block, 1000}, {block, sizeof(block) - 1000}};
		if (i % 2)
			CHECK_INT(write(ends[1], block, sizeof(block)), sizeof(block));
		else
			CHECK_INT(writev(ends[1], halves, 2), sizeof(block));
	}
}

static void read_whole(int fd, uint8_t *buffer, size_t bytes)
{
	size_t done = 0;
	ssize_t count = 1;
	while (done < bytes && (count = read(fd, buffer + done, bytes - done)) > 0)
		done += (size_t)count;
	CHECK_INT(done, bytes);
}

static void blocks_of_pipe_buf_bytes_are_not_torn(void)
{
	static uint8_t block[PIPE_BUF];
	pid_t pids[WRITERS];
	int counts[WRITERS] = {0};
	make_pipe();
	for (writer = 0; writer < WRITERS; writer++)
		pids[writer] = tap_start(write_blocks);
	close(ends[1]);
	for (int i = 0; i < WRITERS * ROUNDS; i++) {
		read_whole(ends[0], block, sizeof(block));
		REQUIRE(block[0] >= 'a' && block[0] < 'a' + WRITERS);
		for (unsigned j = 1; j < sizeof(block); j++)
			REQUIRE(block[j] == block[0]);
		counts[block[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++) {
		CHECK_INT(counts[i], ROUNDS);
		CHECK_EXITED(tap_wait(pids[i]), 0);
	}
	CHECK_INT(read(ends[0], block, 1), 0);
	close(ends[0]);
}

/* stdio reads so: its first vector may be full when the pipe is empty. */
static void a_read_of_vectors_waits_for_the_first_bytes_only(void)
{
	char first[3], second[100];
	struct iovec vectors[] = {{first, 3}, {second, 100}};
	make_pipe();
	CHECK_INT(write(ends[1], "abc", 3), 3);
	CHECK_INT(readv(ends[0], vectors, 2), 3);
	CHECK_INT(write(ends[1], "abcdef", 6), 6);
	CHECK_INT(readv(ends[0], vectors, 2), 6);
	CHECK(memcmp(second, "def", 3) == 0);
	close_pipe();
}

/* ---- Ends ---- */

static void write_one(void)
{
	close(ends[0]);
	CHECK_INT(write(ends[1], "x", 1), 1);
}

static void write_to_nobody(void)
{
	close(ends[0]);
	(void)!write(ends[1], "x", 1);
}

static void without_readers_there_is_sigpipe(void)
{
	make_pipe();
	CHECK_EXITED(tap_child(write_one), 0);
	close(ends[0]);
	CHECK_KILLED(tap_child(write_to_nobody), SIGPIPE);
	catch (SIGPIPE, 0);
	CHECK_INT(write(ends[1], "x", 1), -1);
	CHECK_INT(errno, EPIPE);
	CHECK_INT(signals, 1);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(write(ends[1], "x", 1), -1);
	CHECK_INT(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
}

static void write_for_ever(void)
{
	static uint8_t bytes[100000];
	close(ends[0]);
	for (;;)
		if (write(ends[1], bytes, sizeof(bytes)) < 0)
			return;
}

static void a_killed_writer_is_the_end_and_what_it_wrote_is_kept(void)
{
	static uint8_t buffer[PAGE_SIZE];
	ssize_t count, all = 0;
	make_pipe();
	pid_t pid = tap_start(write_for_ever);
	close(ends[1]);
	CHECK_INT(read(ends[0], buffer, 10), 10);
	wait_until_blocked(pid);
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	while ((count = read(ends[0], buffer, sizeof(buffer))) > 0)
		all += count;
	CHECK_INT(count, 0);
	CHECK_INT(all, RAMFS_PIPE_CAPACITY);
	close(ends[0]);
}

static void read_for_ever(void)
{
	char byte;
	close(ends[1]);
	while (read(ends[0], &byte, 1) > 0)
		;
}

static void a_killed_reader_is_epipe(void)
{
	static uint8_t bytes[2 * RAMFS_PIPE_CAPACITY];
	make_pipe();
	pid_t pid = tap_start(read_for_ever);
	close(ends[0]);
	wait_until_blocked(pid);
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(write(ends[1], bytes, sizeof(bytes)), -1);
	CHECK_INT(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
}

/* The writer waits for room when the last reader goes: what went in counts, and SIGPIPE comes. */
static void write_more_than_fits(void)
{
	static uint8_t bytes[RAMFS_PIPE_CAPACITY + 100];
	close(ends[0]);
	catch (SIGPIPE, 0);
	CHECK_INT(write(ends[1], bytes, sizeof(bytes)), RAMFS_PIPE_CAPACITY);
	CHECK_INT(signals, 1);
}

static void a_writer_does_not_outwait_its_readers(void)
{
	make_pipe();
	pid_t pid = tap_start(write_more_than_fits);
	wait_until_blocked(pid);
	close_pipe();
	CHECK_EXITED(tap_wait(pid), 0);
}

/* ---- Signals ---- */

static void read_with_signals(void)
{
	char byte;
	close(ends[1]);
	catch (SIGUSR1, 0);
	catch (SIGUSR2, SA_RESTART);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(read(ends[0], &byte, 1), -1);
		CHECK_INT(errno, EINTR);
	}
	CHECK_INT(signals, 3);
	CHECK_INT(read(ends[0], &byte, 1), 1);
	CHECK_INT(signals, 4);
	/* All that was lent is taken back. */
	static cp_grant_id_t ids[GRANTS_MAX];
	CHECK_INT(cpf_getgrants(ids, GRANTS_MAX), GRANTS_MAX);
}

static void signals_interrupt_or_restart_a_read(void)
{
	make_pipe();
	pid_t pid = tap_start(read_with_signals);
	close(ends[0]);
	for (int i = 0; i < 3; i++) {
		wait_until_blocked(pid);
		CHECK_INT(kill(pid, SIGUSR1), 0);
	}
	wait_until_blocked(pid);
	CHECK_INT(kill(pid, SIGUSR2), 0);
	wait_until_blocked(pid);
	CHECK_INT(write(ends[1], "x", 1), 1);
	CHECK_EXITED(tap_wait(pid), 0);
	close(ends[1]);
}

static void write_with_signal(void)
{
	static uint8_t bytes[3 * RAMFS_PIPE_CAPACITY];
	close(ends[0]);
	catch (SIGUSR1, 0);
	CHECK_INT(write(ends[1], bytes, sizeof(bytes)), RAMFS_PIPE_CAPACITY);
	CHECK_INT(write(ends[1], bytes, 1), -1);
	CHECK_INT(errno, EINTR);
}

static void a_signal_ends_a_write_with_what_was_written(void)
{
	make_pipe();
	pid_t pid = tap_start(write_with_signal);
	close(ends[1]);
	for (int i = 0; i < 2; i++) {
		wait_until_blocked(pid);
		CHECK_INT(kill(pid, SIGUSR1), 0);
	}
	CHECK_EXITED(tap_wait(pid), 0);
	close(ends[0]);
}

static void read_one(void)
{
	char byte;
	close(ends[1]);
	CHECK_INT(read(ends[0], &byte, 1), 1);
	CHECK_INT(byte, '2');
}

/* While it is stopped another may read; when it goes on it waits again. */
static void a_stopped_reader_takes_nothing(void)
{
	char byte;
	int status;
	make_pipe();
	pid_t pid = tap_start(read_one);
	wait_until_blocked(pid);
	CHECK_INT(kill(pid, SIGSTOP), 0);
	CHECK_INT(waitpid(pid, &status, WUNTRACED), pid);
	CHECK_INT(write(ends[1], "1", 1), 1);
	CHECK_INT(read(ends[0], &byte, 1), 1);
	CHECK_INT(byte, '1');
	CHECK_INT(kill(pid, SIGCONT), 0);
	CHECK_INT(write(ends[1], "2", 1), 1);
	CHECK_EXITED(tap_wait(pid), 0);
	close_pipe();
}

/* ---- Flags ---- */

static void without_waiting_there_is_eagain(void)
{
	static uint8_t bytes[RAMFS_PIPE_CAPACITY + 1];
	CHECK_INT(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	CHECK_INT(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(ends[0], F_GETFL), O_RDONLY | O_NONBLOCK);
	CHECK_INT(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK);
	CHECK_INT(read(ends[0], bytes, 1), -1);
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(write(ends[1], bytes, sizeof(bytes)), RAMFS_PIPE_CAPACITY);
	CHECK_INT(write(ends[1], bytes, 1), -1);
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(read(ends[0], bytes, 100), 100);
	CHECK_INT(write(ends[1], bytes, 101), -1);
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(fcntl(ends[0], F_SETFL, 0), 0);
	CHECK_INT(fcntl(ends[0], F_GETFL), O_RDONLY);
	close_pipe();
	CHECK_INT(pipe2(ends, O_DIRECTORY), -1);
	CHECK_INT(errno, EINVAL);
	CHECK_INT(syscall(SYS_pipe, 8), -1);
	CHECK_INT(errno, EFAULT);
	make_pipe();
	CHECK(ends[0] == 3 && ends[1] == 4);
	close_pipe();
}

/* ---- poll ---- */

static short events_of(int fd, short events)
{
	struct pollfd entry = {.fd = fd, .events = events};
	int result = poll(&entry, 1, 0);
	CHECK_INT(result, entry.revents != 0);
	return entry.revents;
}

static void readiness_is_told(void)
{
	static uint8_t bytes[RAMFS_PIPE_CAPACITY];
	make_pipe();
	CHECK_INT(events_of(ends[0], POLLIN), 0);
	CHECK_INT(events_of(ends[1], POLLOUT), POLLOUT);
	CHECK_INT(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
	CHECK_INT(events_of(ends[0], POLLIN), POLLIN);
	CHECK_INT(events_of(ends[1], POLLOUT), 0);
	close(ends[1]);
	CHECK_INT(events_of(ends[0], POLLIN), POLLIN | POLLHUP);
	CHECK_INT(read(ends[0], bytes, sizeof(bytes)), sizeof(bytes));
	CHECK_INT(events_of(ends[0], POLLIN), POLLHUP);
	CHECK_INT(events_of(ends[1], POLLIN), POLLNVAL);
	CHECK_INT(events_of(1, POLLOUT), POLLOUT);
	CHECK_INT(events_of(0, 0), 0);
	close(ends[0]);
	make_pipe();
	close(ends[0]);
	CHECK_INT(events_of(ends[1], POLLOUT), POLLOUT | POLLERR);
	close(ends[1]);
}

static void poll_and_tell(void)
{
	struct pollfd entries[] = {{.fd = -5, .events = POLLIN}, {.fd = ends[0], .events = POLLIN}};
	close(ends[1]);
	CHECK_INT(poll(entries, 2, -1), 1);
	CHECK_INT(entries[0].revents, 0);
	CHECK_INT(entries[1].revents, POLLIN);
	CHECK_INT(poll(entries, 2, -1), 1);
	char byte;
	CHECK_INT(read(ends[0], &byte, 1), 1);
	CHECK_INT(poll(entries, 2, -1), 1);
	CHECK_INT(entries[1].revents, POLLHUP);
}

static void a_poll_wakes_when_there_is_something(void)
{
	make_pipe();
	pid_t pid = tap_start(poll_and_tell);
	close(ends[0]);
	wait_until_blocked(pid);
	CHECK_INT(write(ends[1], "x", 1), 1);
	wait_until_blocked(pid);
	close(ends[1]);
	CHECK_EXITED(tap_wait(pid), 0);
}

static uint64_t now(void)
{
	uint64_t uptime = 0;
	CHECK_INT(sys_clock(&uptime, NULL), OK);
	return uptime;
}

/* Not shorter than asked for; how much longer depends on what else runs. */
static void polls_end_when_their_time_is_over(void)
{
	struct pollfd entry = {.events = POLLIN};
	make_pipe();
	entry.fd = ends[0];
	for (nfds_t count = 0; count < 2; count++) {
		uint64_t start = now();
		CHECK_INT(poll(&entry, count, 50), 0);
		CHECK(now() - start >= 50000000);
	}
	close_pipe();
}

static void poll_with_mask(void)
{
	struct pollfd entry = {.fd = ends[0], .events = POLLIN};
	sigset_t blocked, none, after;
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	catch (SIGUSR1, 0);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	CHECK_INT(kill(getpid(), SIGUSR1), 0);
	CHECK_INT(signals, 0);
	CHECK_INT(ppoll(&entry, 1, NULL, &none), -1); /* it is there already */
	CHECK_INT(errno, EINTR);
	CHECK_INT(signals, 1);
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHECK(sigismember(&after, SIGUSR1));
	CHECK_INT(ppoll(&entry, 1, NULL, &none), -1); /* it comes while we wait */
	CHECK_INT(errno, EINTR);
	CHECK_INT(signals, 2);
	const struct timespec short_time = {.tv_nsec = 1000};
	CHECK_INT(ppoll(&entry, 1, &short_time, &none), 0);
	CHECK_INT(kill(getpid(), SIGUSR1), 0);
	CHECK_INT(signals, 2);
	CHECK_INT(ppoll(&entry, 1, &short_time, NULL), 0);
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHECK(sigismember(&after, SIGUSR1) && signals == 2);
}

static void ppoll_lets_signals_in_while_it_waits(void)
{
	make_pipe();
	pid_t pid = tap_start(poll_with_mask);
	wait_until_blocked(pid);
	CHECK_INT(kill(pid, SIGUSR1), 0);
	CHECK_EXITED(tap_wait(pid), 0);
	close_pipe();
}

/* ---- Nothing is left, and nobody hangs ---- */

static void a_thousand_pipes_leave_nothing(void)
{
	struct vm_procinfo_rep before, after;
	for (int i = 0; i < 1010; i++) {
		if (i == 10)
			CHECK_INT(vm_procinfo(rs_lookup("ramfs"), &before), OK);
		make_pipe();
		CHECK_INT(write(ends[1], "x", 1), 1);
		close_pipe();
	}
	CHECK_INT(vm_procinfo(rs_lookup("ramfs"), &after), OK);
	CHECK_INT(after.resident, before.resident);
}

static void take_all(void)
{
	while (pipe(ends) == 0)
		;
	CHECK(errno == EMFILE || errno == ENFILE);
	pause();
}

/* Returns when it has them. */
static pid_t start_taker(void)
{
	pid_t pid = tap_start(take_all);
	struct proc_info info;
	endpoint_t endpoint = pm_endpoint(pid);
	do {
		sys_yield();
		CHECK_INT(sys_getinfo(GET_PROCTAB, &info, sizeof(info), (uint32_t)ENDPOINT_SLOT(endpoint)),
		          sizeof(info));
	} while (info.blocked_on != PM_PROC_NR);
	return pid;
}

static void get_none(void)
{
	CHECK_INT(pipe(ends), -1);
	CHECK_INT(errno, ENFILE);
}

/* Takers get some 30 each, together three quarters of all there are: this process, a service, gets more. */
static void services_have_pipes_when_others_have_taken_all(void)
{
	pid_t takers[9];
	for (int i = 0; i < 9; i++)
		takers[i] = start_taker();
	CHECK_EXITED(tap_child(get_none), 0);
	make_pipe();
	close_pipe();
	for (int i = 0; i < 9; i++) {
		kill(takers[i], SIGKILL);
		CHECK_KILLED(tap_wait(takers[i]), SIGKILL);
	}
}

/* Requests without waiting for answers: the server must not wait for who sends them. */
static void ask_and_go(void)
{
	endpoint_t server = rs_lookup("ramfs");
	union ramfs_read_message reading = {.req = {.fd = ends[0], .bytes = 10, .grant = 12345}};
	union ramfs_poll_message polling = {.req = {.limit = RAMFS_NO_LIMIT}};
	reading.m.m_type = RAMFS_READ;
	polling.m.m_type = RAMFS_POLL;
	for (int i = 0; i < 50; i++) {
		CHECK_INT(ipc_send(server, &reading.m), OK);
		CHECK_INT(ipc_send(server, &polling.m), OK);
		(void)ipc_senda(server, &reading.m);
	}
}

static void open_and_die(void)
{
	endpoint_t server = rs_lookup("ramfs");
	union ramfs_pipe_message call = {.req = {.read_fd = 3, .write_fd = 4}};
	call.m.m_type = RAMFS_PIPE;
	CHECK_INT(ipc_send(server, &call.m), OK);
	kill(getpid(), SIGKILL);
}

static void who_does_not_wait_stops_nobody(void)
{
	char byte;
	make_pipe();
	for (int i = 0; i < 20; i++) {
		CHECK_EXITED(tap_child(ask_and_go), 0);
		CHECK_KILLED(tap_child(open_and_die), SIGKILL);
	}
	CHECK_INT(write(ends[1], "y", 1), 1);
	CHECK_INT(read(ends[0], &byte, 1), 1);
	CHECK_INT(byte, 'y');
	close_pipe();
	a_thousand_pipes_leave_nothing();
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(what_goes_in_comes_out),
	        TEST(a_big_write_comes_whole_and_in_order),
	        TEST(blocks_of_pipe_buf_bytes_are_not_torn),
	        TEST(a_read_of_vectors_waits_for_the_first_bytes_only),
	        TEST(without_readers_there_is_sigpipe),
	        TEST(a_killed_writer_is_the_end_and_what_it_wrote_is_kept),
	        TEST(a_killed_reader_is_epipe),
	        TEST(a_writer_does_not_outwait_its_readers),
	        TEST(signals_interrupt_or_restart_a_read),
	        TEST(a_signal_ends_a_write_with_what_was_written),
	        TEST(a_stopped_reader_takes_nothing),
	        TEST(without_waiting_there_is_eagain),
	        TEST(readiness_is_told),
	        TEST(a_poll_wakes_when_there_is_something),
	        TEST(polls_end_when_their_time_is_over),
	        TEST(ppoll_lets_signals_in_while_it_waits),
	        TEST(a_thousand_pipes_leave_nothing),
	        TEST(services_have_pipes_when_others_have_taken_all),
	        TEST(who_does_not_wait_stops_nobody),
	};
	return TAP_RUN(tests);
}
