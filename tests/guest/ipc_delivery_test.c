/* SPDX-License-Identifier: MIT */
/*
 * Messages to processes that change, or are gone, between the send and the delivery; and to buffers that are
 * not as they should be. The sender never suffers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/counters.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "tap.h"

static endpoint_t parent;

static endpoint_t endpoint_of(pid_t pid)
{
	endpoint_t endpoint = pm_endpoint(pid);
	CHECK(endpoint > 0);
	return endpoint;
}

static void let_others_run(void)
{
	usleep(30000);
}

static void *map_page(void)
{
	void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? NULL : page;
}

/* ---- Buffers ---- */

static void receive_into_fresh_memory(void)
{
	struct message *m = map_page();
	int status;
	REQUIRE(m != NULL);
	CHECK_INT(ipc_receive(parent, m, &status), OK);
	CHECK_INT(m->m_type, 77);
}

/* The receiver is not loaded when the message comes: it goes through the process table. */
static void a_message_to_a_process_not_loaded_is_buffered(void)
{
	struct granite_counters before, after;
	struct message m = {.m_type = 77};
	parent = sys_self();
	pid_t pid = tap_start(receive_into_fresh_memory);
	let_others_run();
	CHECK(sys_getinfo(GET_COUNTERS, &before, sizeof(before), 0) > 0);
	CHECK_INT(ipc_send(endpoint_of(pid), &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK(sys_getinfo(GET_COUNTERS, &after, sizeof(after), 0) > 0);
	CHECK(after.buffered_deliveries > before.buffered_deliveries);
}

static void receive_across_two_pages(void)
{
	char *pages = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct message *m = (struct message *)(pages + PAGE_SIZE - 20);
	int status;
	CHECK_INT(ipc_receive(parent, m, &status), OK);
	CHECK_INT(m->m_type, 77);
	CHECK_INT(m->m_bytes[MESSAGE_PAYLOAD - 1], 99);
}

static void a_message_may_lie_across_two_pages(void)
{
	struct message m = {.m_type = 77};
	m.m_bytes[MESSAGE_PAYLOAD - 1] = 99;
	parent = sys_self();
	pid_t pid = tap_start(receive_across_two_pages);
	let_others_run();
	CHECK_INT(ipc_send(endpoint_of(pid), &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void *volatile bad_buffer;

static void receive_into_bad_buffer(void)
{
	int status;
	(void)!ipc_receive(parent, bad_buffer, &status);
}

static void send_to_bad_buffer(void *buffer)
{
	struct message m = {.m_type = 77};
	bad_buffer = buffer;
	pid_t pid = tap_start(receive_into_bad_buffer);
	let_others_run();
	CHECK_INT(ipc_send(endpoint_of(pid), &m), OK);
	CHECK_KILLED(tap_wait(pid), SIGSEGV);
}

static void a_bad_buffer_is_its_owners_fault(void)
{
	parent = sys_self();
	char *pages = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED);
	CHECK_INT(munmap(pages + PAGE_SIZE, PAGE_SIZE), 0);
	send_to_bad_buffer(pages + PAGE_SIZE);
	send_to_bad_buffer(pages + PAGE_SIZE - 32); /* the second half is missing */
	send_to_bad_buffer(NULL);
	send_to_bad_buffer((void *)0x1000);
	CHECK_INT(mprotect(pages, PAGE_SIZE, PROT_READ), 0);
	send_to_bad_buffer(pages);
	send_to_bad_buffer((void *)(uintptr_t)send_to_bad_buffer);
	munmap(pages, PAGE_SIZE);
}

/* The answer to a call, too, may find no buffer: the server must not notice. */
static void call_with_read_only_message(void)
{
	struct message *m = map_page();
	REQUIRE(m != NULL);
	m->m_type = 1;
	CHECK_INT(mprotect(m, PAGE_SIZE, PROT_READ), 0);
	(void)!ipc_sendrec(parent, m);
}

static void an_answer_without_a_buffer_harms_only_the_caller(void)
{
	struct message m;
	int status;
	parent = sys_self();
	pid_t pid = tap_start(call_with_read_only_message);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(ipc_sendnb(m.m_source, &m), OK);
	CHECK_KILLED(tap_wait(pid), SIGSEGV);
}

static void ask_pm_with_read_only_message(void)
{
	union pm_getid_message *call = map_page();
	REQUIRE(call != NULL);
	call->m.m_type = PM_GETID;
	call->req.pid = 0;
	CHECK_INT(mprotect(call, PAGE_SIZE, PROT_READ), 0);
	(void)!ipc_sendrec(PM_PROC_NR, &call->m);
}

static void ask_the_kernel_with_read_only_message(void)
{
	struct message *m = map_page();
	int result;
	REQUIRE(m != NULL);
	m->m_type = SYS_SELF;
	CHECK_INT(mprotect(m, PAGE_SIZE, PROT_READ), 0);
	__asm__ volatile("int $0x31" : "=a"(result) : "a"(m) : "memory");
}

static void pm_and_the_kernel_do_not_suffer_from_bad_buffers(void)
{
	CHECK_KILLED(tap_child(ask_pm_with_read_only_message), SIGSEGV);
	CHECK_KILLED(tap_child(ask_the_kernel_with_read_only_message), SIGSEGV);
	CHECK_INT(sys_self(), pm_endpoint(getpid()));
}

/* ---- A page shared with another process ---- */

static union {
	struct message m;
	char page[PAGE_SIZE];
} shared __attribute__((aligned(4096)));

static void receive_into_shared_page(void)
{
	int status;
	CHECK_INT(ipc_receive(parent, &shared.m, &status), OK);
	CHECK_INT(shared.m.m_type, 77);
}

static void a_delivery_parts_a_page_shared_by_fork(void)
{
	struct message m = {.m_type = 77};
	parent = sys_self();
	memset(&shared, 7, sizeof(shared));
	pid_t pid = tap_start(receive_into_shared_page);
	let_others_run();
	CHECK_INT(ipc_send(endpoint_of(pid), &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
	for (unsigned i = 0; i < sizeof(shared); i++)
		REQUIRE(shared.page[i] == 7);
}

/* ---- Processes that change ---- */

static void send_slowly(void)
{
	struct message m = {.m_type = 77};
	let_others_run();
	CHECK_INT(ipc_send(parent, &m), OK);
}

static void receive_twice(void)
{
	int status;
	for (int i = 0; i < 2; i++) {
		struct message m = {0};
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		CHECK_INT(m.m_type, 77);
	}
}

/* Two senders wait for a process that forks before it takes their messages: they are the parent's, not the
 * child's. */
static void fork_with_senders_waiting(void)
{
	parent = sys_self();
	pid_t senders[2];
	for (int i = 0; i < 2; i++)
		senders[i] = tap_start(send_slowly);
	usleep(100000);
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	receive_twice();
	for (int i = 0; i < 2; i++)
		CHECK_EXITED(tap_wait(senders[i]), 0);
	CHECK_EXITED(tap_wait(child), 0);
}

static void messages_waiting_at_a_fork_are_the_parents(void)
{
	CHECK_EXITED(tap_child(fork_with_senders_waiting), 0);
}

static void send_and_expect_death(void)
{
	struct message m = {.m_type = 77};
	int result = ipc_send(parent, &m);
	CHECK_INT(result, -EDEADSRCDST);
}

static void call_and_expect_death(void)
{
	struct message m = {.m_type = 77};
	int result = ipc_sendrec(parent, &m);
	CHECK_INT(result, -EDEADSRCDST);
}

static pid_t waiting[20];

/* Half of them wait to send, half for an answer. Then the process they wait for dies. */
static void die_with_many_waiting(void)
{
	struct message m;
	int status;
	for (int i = 0; i < 10; i++) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		CHECK_INT(m.m_type, 77);
	}
	usleep(100000);
	raise(SIGKILL);
}

static void all_who_wait_for_a_process_learn_of_its_death(void)
{
	pid_t pid = tap_start(die_with_many_waiting);
	parent = endpoint_of(pid);
	for (int i = 0; i < 10; i++)
		waiting[i] = tap_start(call_and_expect_death);
	usleep(50000);
	for (int i = 10; i < 20; i++)
		waiting[i] = tap_start(send_and_expect_death);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	for (int i = 0; i < 20; i++)
		CHECK_EXITED(tap_wait(waiting[i]), 0);
}

/* A sender that is killed while it waits must vanish from the queue. */
static void a_sender_killed_while_it_waits_is_forgotten(void)
{
	struct message m;
	int status;
	parent = sys_self();
	pid_t first = tap_start(send_slowly);
	pid_t second = tap_start(send_slowly);
	pid_t third = tap_start(send_slowly);
	endpoint_t last = endpoint_of(third);
	usleep(100000);
	kill(first, SIGKILL);
	kill(second, SIGKILL);
	CHECK_KILLED(tap_wait(first), SIGKILL);
	CHECK_KILLED(tap_wait(second), SIGKILL);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(m.m_source, last);
	CHECK_EXITED(tap_wait(third), 0);
}

static void exec_with_a_sender_waiting(void)
{
	char *argv[] = {"sleep", "0.2", NULL};
	usleep(100000);
	execve("/bin/sleep", argv, environ);
}

static void send_to_who_execs(void)
{
	struct message m = {.m_type = 77};
	int result = ipc_send(parent, &m);
	CHECK(result == OK || result == -EDEADSRCDST);
}

/* The new program never receives; in the end it exits, and the sender learns that. Nobody else comes to harm.
 */
static void a_message_to_a_process_that_execs_harms_neither(void)
{
	pid_t pid = tap_start(exec_with_a_sender_waiting);
	parent = endpoint_of(pid);
	pid_t sender = tap_start(send_to_who_execs);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK_EXITED(tap_wait(sender), 0);
}

static void receive_for_ever(void)
{
	struct message m;
	int status;
	for (;;)
		(void)!ipc_receive(ANY, &m, &status);
}

/* Delivery and death in quick succession: the message is in the table when the process goes. */
static void death_right_after_a_delivery_is_harmless(void)
{
	for (int i = 0; i < 50; i++) {
		struct message m = {.m_type = i};
		pid_t pid = tap_start(receive_for_ever);
		endpoint_t receiver = endpoint_of(pid);
		if (i % 2)
			usleep(1000 * (i % 5));
		for (int j = 0; j < 5; j++)
			(void)ipc_sendnb(receiver, &m);
		CHECK_INT(kill(pid, SIGKILL), 0);
		CHECK_INT(ipc_send(receiver, &m), -EDEADSRCDST);
		CHECK_KILLED(tap_wait(pid), SIGKILL);
	}
}

static void a_stopped_process_gets_its_message_later(void)
{
	struct message m = {.m_type = 77};
	int status;
	parent = sys_self();
	pid_t pid = tap_start(receive_into_fresh_memory);
	let_others_run();
	CHECK_INT(kill(pid, SIGSTOP), 0);
	CHECK_INT(waitpid(pid, &status, WUNTRACED), pid);
	CHECK_INT(ipc_send(endpoint_of(pid), &m), OK);
	CHECK_INT(waitpid(pid, &status, WNOHANG), 0);
	CHECK_INT(kill(pid, SIGCONT), 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

static volatile sig_atomic_t caught;

static void note(int signal)
{
	caught = signal;
}

static void receive_until_signalled(void)
{
	struct message m;
	int status;
	struct sigaction action = {.sa_handler = note};
	CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_INT(ipc_receive(ANY, &m, &status), -EINTR);
	CHECK_INT(caught, SIGUSR1);
}

static void a_caught_signal_ends_a_receive(void)
{
	pid_t pid = tap_start(receive_until_signalled);
	let_others_run();
	CHECK_INT(kill(pid, SIGUSR1), 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_message_to_a_process_not_loaded_is_buffered),
	        TEST(a_message_may_lie_across_two_pages),
	        TEST(a_bad_buffer_is_its_owners_fault),
	        TEST(an_answer_without_a_buffer_harms_only_the_caller),
	        TEST(pm_and_the_kernel_do_not_suffer_from_bad_buffers),
	        TEST(a_delivery_parts_a_page_shared_by_fork),
	        TEST(messages_waiting_at_a_fork_are_the_parents),
	        TEST(all_who_wait_for_a_process_learn_of_its_death),
	        TEST(a_sender_killed_while_it_waits_is_forgotten),
	        TEST(a_message_to_a_process_that_execs_harms_neither),
	        TEST(death_right_after_a_delivery_is_harmless),
	        TEST(a_stopped_process_gets_its_message_later),
	        TEST(a_caught_signal_ends_a_receive),
	};
	return TAP_RUN(tests);
}
