/* SPDX-License-Identifier: MIT */
/* Message passing: every primitive, and what it refuses. What hostile arguments come to:
 * hostile_traps_test.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <granite/abi/layout.h>
#include <granite/rs.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "tap.h"

static endpoint_t parent;

static endpoint_t endpoint_of(pid_t pid)
{
	endpoint_t endpoint = pm_endpoint(pid);
	CHECK(endpoint > 0);
	return endpoint;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

/* So long that whoever runs meanwhile is waiting where it should be. */
static void let_others_run(void)
{
	usleep(30000);
}

static void fill(struct message *m, int32_t type)
{
	m->m_type = type;
	for (int i = 0; i < MESSAGE_PAYLOAD; i++)
		m->m_bytes[i] = (uint8_t)(type + i);
}

static int is_filled(const struct message *m, int32_t type)
{
	for (int i = 0; i < MESSAGE_PAYLOAD; i++)
		if (m->m_bytes[i] != (uint8_t)(type + i))
			return 0;
	return m->m_type == type;
}

/* ---- The primitives ---- */

static void send_three(void)
{
	for (int i = 0; i < 3; i++) {
		struct message m;
		fill(&m, 100 + i);
		m.m_source = 12345; /* a forgery, of no effect */
		CHECK_INT(ipc_send(parent, &m), OK);
	}
}

static void a_message_arrives_whole_and_tells_its_sender(void)
{
	parent = sys_self();
	pid_t pid = tap_start(send_three);
	endpoint_t child = endpoint_of(pid);
	for (int i = 0; i < 3; i++) {
		struct message m = {0};
		int status = -1;
		CHECK_INT(ipc_receive(i == 1 ? child : ANY, &m, &status), OK);
		CHECK(is_filled(&m, 100 + i));
		CHECK_INT(m.m_source, child);
		CHECK_INT(status, IPC_SEND);
	}
	CHECK_EXITED(tap_wait(pid), 0);
}

static void serve_doubling(void)
{
	struct message m;
	int status;
	int result = ipc_receive(ANY, &m, &status);
	while (result == OK) {
		m.m_words[0] *= 2;
		result = ipc_reply_receive(m.m_source, &m, &status);
	}
	CHECK_INT(result, OK);
}

static void sendrec_and_reply_receive_make_a_round_trip(void)
{
	pid_t pid = tap_start(serve_doubling);
	endpoint_t server = endpoint_of(pid);
	for (uint32_t i = 0; i < 1000; i++) {
		struct message m = {.m_type = 1};
		m.m_words[0] = i;
		REQUIRE(ipc_sendrec(server, &m) == OK);
		REQUIRE(m.m_words[0] == 2 * i && m.m_source == server);
	}
	end(pid);
}

static void receive_from_the_later_one(void)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(parent, &m, &status), OK);
	endpoint_t wanted = (endpoint_t)m.m_words[0];
	let_others_run();
	CHECK_INT(ipc_receive(wanted, &m, &status), OK);
	CHECK_INT(m.m_source, wanted);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK(m.m_source != wanted);
}

static endpoint_t receiver;

static void send_to_receiver(void)
{
	struct message m = {.m_type = 5};
	CHECK_INT(ipc_send(receiver, &m), OK);
}

static void receive_can_choose_its_sender(void)
{
	parent = sys_self();
	pid_t receiver_pid = tap_start(receive_from_the_later_one);
	receiver = endpoint_of(receiver_pid);
	pid_t first = tap_start(send_to_receiver);
	pid_t second = tap_start(send_to_receiver);
	struct message m = {.m_type = 1};
	m.m_words[0] = (uint32_t)endpoint_of(second);
	CHECK_INT(ipc_send(receiver, &m), OK);
	CHECK_EXITED(tap_wait(first), 0);
	CHECK_EXITED(tap_wait(second), 0);
	CHECK_EXITED(tap_wait(receiver_pid), 0);
}

/* Senders leave the queue at its head, in its middle and at its end, by being chosen and by dying. */
static void who_leaves_the_queue_does_not_disturb_the_others(void)
{
	enum { SENDERS = 8 };
	static const int chosen = 3, dead[] = {0, 4, 7}, left[] = {1, 2, 5, 6};
	pid_t pids[SENDERS];
	endpoint_t endpoints[SENDERS];
	struct message m;
	int status;

	receiver = sys_self();
	for (int i = 0; i < SENDERS; i++) {
		pids[i] = tap_start(send_to_receiver);
		endpoints[i] = endpoint_of(pids[i]);
		let_others_run();
	}
	for (int i = 0; i < 3; i++)
		end(pids[dead[i]]);
	CHECK_INT(ipc_receive(endpoints[chosen], &m, &status), OK);
	CHECK_INT(m.m_source, endpoints[chosen]);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		CHECK_INT(m.m_source, endpoints[left[i]]);
		CHECK_EXITED(tap_wait(pids[left[i]]), 0);
	}
	CHECK_EXITED(tap_wait(pids[chosen]), 0);
}

static void wait_for_one(void)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(parent, &m, &status), OK);
	CHECK(is_filled(&m, 77));
	CHECK_INT(status, IPC_SENDNB);
}

static void sendnb_only_reaches_who_waits(void)
{
	struct message m;
	parent = sys_self();
	fill(&m, 77);
	pid_t busy = tap_start(let_others_run);
	CHECK_INT(ipc_sendnb(endpoint_of(busy), &m), -ENOTREADY);
	CHECK_EXITED(tap_wait(busy), 0);
	pid_t pid = tap_start(wait_for_one);
	let_others_run();
	CHECK_INT(ipc_sendnb(endpoint_of(pid), &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void notify_parent_often(void)
{
	for (int i = 0; i < 50; i++)
		CHECK_INT(ipc_notify(parent), OK);
	pause();
}

static void notifications_coalesce_and_carry_the_time(void)
{
	parent = sys_self();
	pid_t pid = tap_start(notify_parent_often);
	endpoint_t child = endpoint_of(pid);
	let_others_run();
	struct message m;
	int status;
	CHECK_INT(ipc_receive(child, &m, &status), OK);
	CHECK_INT(m.m_type, NOTIFY_MESSAGE);
	CHECK_INT(m.m_source, child);
	CHECK_INT(IPC_STATUS_CALL(status), IPC_NOTIFY);
	struct notify_payload payload;
	memcpy(&payload, m.m_bytes, sizeof(payload));
	uint64_t now;
	CHECK_INT(sys_clock(&now, NULL), OK);
	CHECK(payload.timestamp > 0 && payload.timestamp <= now);
	CHECK_INT(payload.interrupts, 0);
	CHECK_INT(sys_setalarm(20000000, 0, NULL), OK);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(m.m_source, CLOCK); /* and not a second one of the child's */
	end(pid);
}

static void forge_a_notification(void)
{
	struct message m = {.m_type = NOTIFY_MESSAGE, .m_source = CLOCK};
	CHECK_INT(ipc_send(parent, &m), OK);
}

static void a_notification_can_be_told_from_a_message_like_one(void)
{
	struct message m;
	int status;
	parent = sys_self();
	pid_t pid = tap_start(forge_a_notification);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(m.m_source, endpoint_of(pid));
	CHECK_INT(status, IPC_SEND);
	CHECK_EXITED(tap_wait(pid), 0);
}

/* ---- Notifications that can wait ---- */

static int rts_flags_of(endpoint_t endpoint)
{
	struct proc_info info;
	CHECK_INT(sys_getinfo(GET_PROCTAB, &info, sizeof(info), ENDPOINT_SLOT(endpoint)), sizeof(info));
	CHECK_INT(info.endpoint, endpoint);
	return (int)info.rts_flags;
}

static void take_in(int how, int32_t type)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(m.m_source, parent);
	CHECK_INT(IPC_STATUS_CALL(status), how);
	if (how != IPC_NOTIFY)
		CHECK_INT(m.m_type, type);
}

static const int things_that_come[] = {IPC_SEND,  IPC_SENDREC, IPC_SENDREC_INTR,
                                       IPC_SENDA, IPC_SENDNB,  IPC_REPLY_RECEIVE};
static int comes;

static void learn_it_with_the_next(void)
{
	struct message m = {.m_type = 43};
	take_in(IPC_NOTIFY, 0);
	take_in(comes == IPC_SENDREC_INTR ? IPC_SENDREC : comes, 42);
	if (comes == IPC_SENDREC || comes == IPC_SENDREC_INTR)
		CHECK_INT(ipc_send(parent, &m), OK);
}

static void send_it(endpoint_t child)
{
	struct message m = {.m_type = 42};
	int status;
	if (comes == IPC_SENDNB || comes == IPC_REPLY_RECEIVE) {
		/* As it has the notification to take. */
		CHECK_INT(ipc_trap((uint32_t)comes, child, &m, &status), -ENOTREADY);
		let_others_run();
	}
	if (comes == IPC_REPLY_RECEIVE)
		CHECK_INT(ipc_notify(parent), OK); /* to have something to receive */
	CHECK_INT(ipc_trap((uint32_t)comes, child, &m, &status), OK);
	if (comes == IPC_REPLY_RECEIVE)
		return;
	CHECK_INT(m.m_type, comes == IPC_SENDREC || comes == IPC_SENDREC_INTR ? 43 : 42);
}

static void notified_for_later_is_not_woken_but_told_before_the_next(void)
{
	parent = sys_self();
	for (unsigned i = 0; i < sizeof(things_that_come) / sizeof(things_that_come[0]); i++) {
		comes = things_that_come[i];
		pid_t pid = tap_start(learn_it_with_the_next);
		endpoint_t child = endpoint_of(pid);
		let_others_run();
		CHECK_INT(rts_flags_of(child), RTS_RECEIVING);
		CHECK_INT(ipc_notify_later(child), OK);
		CHECK_INT(ipc_notify_later(child), OK);
		let_others_run();
		CHECK_INT(rts_flags_of(child), RTS_RECEIVING | RTS_NOTED);
		send_it(child);
		CHECK_EXITED(tap_wait(pid), 0);
	}
}

static void take_two_notifications(void)
{
	struct message m;
	int status, clock = 0, others = 0;
	CHECK_INT(sys_setalarm(50000000, 0, NULL), OK);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		CHECK_INT(IPC_STATUS_CALL(status), IPC_NOTIFY);
		clock += m.m_source == CLOCK;
		others += m.m_source == parent;
	}
	CHECK(clock == 1 && others == 1);
}

static void notified_for_later_is_told_of_it_by_the_next_notification(void)
{
	parent = sys_self();
	pid_t pid = tap_start(take_two_notifications);
	let_others_run();
	CHECK_INT(ipc_notify_later(endpoint_of(pid)), OK);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void await_the_parent(void)
{
	struct message m = {.m_type = 1};
	int status;
	CHECK_INT(ipc_receive(parent, &m, &status), OK);
	CHECK_INT(status, IPC_NOTIFY);
	CHECK_INT(ipc_sendrec(parent, &m), OK);
	take_in(IPC_NOTIFY, 0);
}

/* Nor does who does something else, and is notified meanwhile, sleep over it. */
static void who_waits_for_the_notifier_alone_is_woken_at_once(void)
{
	struct message m;
	parent = sys_self();
	pid_t pid = tap_start(await_the_parent);
	endpoint_t child = endpoint_of(pid);
	let_others_run();
	CHECK_INT(ipc_notify_later(child), OK);
	CHECK_INT(ipc_receive(child, &m, NULL), OK);
	CHECK_INT(ipc_notify_later(child), OK); /* while it waits for the answer */
	CHECK_INT(ipc_sendnb(child, &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
}

static endpoint_t noted;

static void notify_it_and_end(void)
{
	CHECK_INT(ipc_notify_later(noted), OK);
	CHECK_INT(rts_flags_of(noted), RTS_RECEIVING | RTS_NOTED);
}

static void take_the_message(void)
{
	take_in(IPC_SENDNB, 42);
}

static void what_a_dead_one_notified_of_keeps_nobody_waiting(void)
{
	struct message m = {.m_type = 42};
	parent = sys_self();
	pid_t pid = tap_start(take_the_message);
	noted = endpoint_of(pid);
	let_others_run();
	CHECK_EXITED(tap_child(notify_it_and_end), 0);
	CHECK_INT(rts_flags_of(noted), RTS_RECEIVING);
	CHECK_INT(ipc_sendnb(noted, &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
}

/* ---- Asynchronous messages ---- */

static void send_many_then_ask(void)
{
	struct message m;
	int count = 0;
	fill(&m, 0);
	while (count < 1000 && ipc_senda(parent, &m) == OK)
		fill(&m, ++count);
	CHECK_INT(count, SENDA_MAX_PER_SENDER);
	CHECK_INT(ipc_senda(parent, &m), -EAGAIN);
	fill(&m, 200);
	CHECK_INT(ipc_send(parent, &m), OK);
	/* They are taken by now, so there is room again. */
	CHECK_INT(ipc_senda(parent, &m), OK);
	CHECK_INT(ipc_send(parent, &m), OK);
}

static void asynchronous_messages_are_bounded_and_keep_their_order(void)
{
	struct message m;
	int status;
	parent = sys_self();
	pid_t pid = tap_start(send_many_then_ask);
	let_others_run();
	for (int i = 0; i < SENDA_MAX_PER_SENDER; i++) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		CHECK_INT(status, IPC_SENDA);
		CHECK(is_filled(&m, i));
	}
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(status, IPC_SEND);
	int kinds = 0;
	for (int i = 0; i < 2; i++) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		kinds |= 1 << IPC_STATUS_CALL(status);
	}
	CHECK_INT(kinds, 1 << IPC_SENDA | 1 << IPC_SEND);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void answer_late_with_noise_before(void)
{
	struct message request, noise = {.m_type = 666};
	int status;
	CHECK_INT(ipc_receive(parent, &request, &status), OK);
	CHECK_INT(ipc_senda(parent, &noise), OK);
	CHECK_INT(ipc_notify(parent), OK);
	let_others_run();
	request.m_type = 42;
	CHECK_INT(ipc_sendnb(parent, &request), OK);
}

static void nothing_asynchronous_is_taken_for_a_reply(void)
{
	struct message m = {.m_type = 1};
	int status;
	parent = sys_self();
	pid_t pid = tap_start(answer_late_with_noise_before);
	CHECK_INT(ipc_sendrec(endpoint_of(pid), &m), OK);
	CHECK_INT(m.m_type, 42);
	int noise = 0, notification = 0;
	for (int i = 0; i < 2; i++) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		noise += m.m_type == 666 && status == IPC_SENDA;
		notification += m.m_type == NOTIFY_MESSAGE && IPC_STATUS_CALL(status) == IPC_NOTIFY;
	}
	CHECK_INT(noise, 1);
	CHECK_INT(notification, 1);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void interrupt_the_caller_of_another(void)
{
	struct message m = {.m_type = 666};
	CHECK_INT(ipc_sendnb(parent, &m), -ENOTREADY);
	CHECK_INT(ipc_senda(parent, &m), OK);
	pause();
}

static void answer_after_the_intruder(void)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(parent, &m, &status), OK);
	pid_t pid = tap_start(interrupt_the_caller_of_another);
	let_others_run();
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	m.m_type = 42;
	m.m_words[0] = (uint32_t)pid;
	CHECK_INT(ipc_sendnb(parent, &m), OK);
}

static void only_the_server_called_can_answer(void)
{
	struct message m = {.m_type = 1};
	int status;
	parent = sys_self();
	pid_t pid = tap_start(answer_after_the_intruder);
	CHECK_INT(ipc_sendrec(endpoint_of(pid), &m), OK);
	CHECK_INT(m.m_type, 42);
	pid_t intruder = (pid_t)m.m_words[0];
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(m.m_type, 666);
	CHECK_INT(kill(intruder, SIGKILL), 0);
	CHECK_EXITED(tap_wait(pid), 0);
}

/* ---- Refusals ---- */

static void wait_for_a_dead_peer(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		let_others_run();
		_exit(0);
	}
	struct message m = {.m_type = 1};
	int status;
	endpoint_t child = endpoint_of(pid);
	CHECK_INT(ipc_receive(child, &m, &status), -EDEADSRCDST);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK_INT(ipc_send(child, &m), -EDEADSRCDST);
	CHECK_INT(ipc_sendrec(child, &m), -EDEADSRCDST);
	CHECK_INT(ipc_receive(child, &m, &status), -EDEADSRCDST);
	CHECK_INT(ipc_notify(child), -EDEADSRCDST);
	CHECK_INT(ipc_notify_later(child), -EDEADSRCDST);
	CHECK_INT(ipc_sendnb(child, &m), -EDEADSRCDST);
	CHECK_INT(ipc_senda(child, &m), -EDEADSRCDST);
	CHECK_INT(ipc_reply_receive(child, &m, &status), -EDEADSRCDST);
}

static void die_instead_of_taking(void)
{
	let_others_run();
	raise(SIGKILL);
}

static void die_instead_of_answering(void)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	raise(SIGKILL);
}

static void a_peer_that_dies_is_reported(void)
{
	struct message m = {.m_type = 1};
	CHECK_EXITED(tap_child(wait_for_a_dead_peer), 0);
	pid_t pid = tap_start(die_instead_of_taking);
	CHECK_INT(ipc_send(endpoint_of(pid), &m), -EDEADSRCDST);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	pid = tap_start(die_instead_of_answering);
	CHECK_INT(ipc_sendrec(endpoint_of(pid), &m), -EDEADSRCDST);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

static endpoint_t next_in_cycle;
static int cycle_call;

static void call_next(void)
{
	struct message m = {.m_type = 1};
	let_others_run();
	int result = cycle_call == IPC_SEND ? ipc_send(next_in_cycle, &m) : ipc_sendrec(next_in_cycle, &m);
	CHECK(result == -EDEADSRCDST || result == -ELOCKED);
	_exit(result == -ELOCKED ? 1 : 0);
}

static void close_cycle_of_two(void)
{
	struct message m = {.m_type = 1};
	next_in_cycle = sys_self();
	pid_t pid = tap_start(call_next);
	endpoint_t child = endpoint_of(pid);
	usleep(100000); /* it waits for us by now */
	CHECK_INT(ipc_send(child, &m), -ELOCKED);
	CHECK_INT(ipc_sendrec(child, &m), -ELOCKED);
	end(pid);
}

static void close_cycle_of_three(void)
{
	struct message m = {.m_type = 1};
	next_in_cycle = sys_self();
	pid_t first = tap_start(call_next);
	next_in_cycle = endpoint_of(first);
	pid_t second = tap_start(call_next);
	endpoint_t last = endpoint_of(second);
	usleep(100000);
	CHECK_INT(ipc_send(last, &m), -ELOCKED);
	CHECK_INT(ipc_sendrec(last, &m), -ELOCKED);
	end(second);
	end(first);
}

static void a_cycle_of_waiting_processes_is_refused(void)
{
	static const int calls[] = {IPC_SEND, IPC_SENDREC};
	for (int i = 0; i < 2; i++) {
		cycle_call = calls[i];
		CHECK_EXITED(tap_child(close_cycle_of_two), 0);
		CHECK_EXITED(tap_child(close_cycle_of_three), 0);
	}
}

static void a_reply_to_who_does_not_wait_is_refused(void)
{
	struct message m = {.m_type = 1};
	int status;
	pid_t pid = tap_start(let_others_run);
	CHECK_INT(ipc_reply_receive(endpoint_of(pid), &m, &status), -ENOTREADY);
	CHECK_EXITED(tap_wait(pid), 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_message_arrives_whole_and_tells_its_sender),
	        TEST(sendrec_and_reply_receive_make_a_round_trip),
	        TEST(receive_can_choose_its_sender),
	        TEST(who_leaves_the_queue_does_not_disturb_the_others),
	        TEST(sendnb_only_reaches_who_waits),
	        TEST(notifications_coalesce_and_carry_the_time),
	        TEST(a_notification_can_be_told_from_a_message_like_one),
	        TEST(notified_for_later_is_not_woken_but_told_before_the_next),
	        TEST(notified_for_later_is_told_of_it_by_the_next_notification),
	        TEST(who_waits_for_the_notifier_alone_is_woken_at_once),
	        TEST(what_a_dead_one_notified_of_keeps_nobody_waiting),
	        TEST(asynchronous_messages_are_bounded_and_keep_their_order),
	        TEST(nothing_asynchronous_is_taken_for_a_reply),
	        TEST(only_the_server_called_can_answer),
	        TEST(a_peer_that_dies_is_reported),
	        TEST(a_cycle_of_waiting_processes_is_refused),
	        TEST(a_reply_to_who_does_not_wait_is_refused),
	};
	return TAP_RUN(tests);
}
