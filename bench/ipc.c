/* SPDX-License-Identifier: MIT */
/* Kernel calls and messages. What they return is looked at once, in the setup: looking costs instructions
 * too. */
#define _GNU_SOURCE
#include <granite/pm.h>
#include <granite/sys.h>

#include "measure.h"

static endpoint_t parent, peer;

/* ---- The smallest kernel call: a trap, a message in, the caller's endpoint, a message out ---- */

static void null_call(uint32_t unused)
{
	(void)unused;
	GRANITE_IGNORE(sys_self());
}

/* ---- A round trip: 64 bytes there, 64 bytes back ---- */

static void sendrec(uint32_t unused)
{
	struct message m;
	(void)unused;
	m.m_type = 1;
	GRANITE_IGNORE(ipc_sendrec(peer, &m));
}

/* A server with a page table that does nothing but answer: one trap a round trip. */
static void echo(uint32_t unused)
{
	struct message m = {0};
	int status;
	(void)unused;
	int result = ipc_receive(ANY, &m, &status);
	while (result == OK)
		result = ipc_reply_receive(m.m_source, &m, &status);
}

static void start_echo(void)
{
	struct message m = {.m_type = 1};
	peer = bench_start(echo, 0, NULL);
	REQUIRE(ipc_sendrec(peer, &m) == OK && m.m_type == 1);
}

/*
 * The server is a small process, PM, and the request one that it does not have. So the server loop of lib/sys
 * is in it (clear the reply, look up the operation, answer EBADCALL), and nothing of PM's own.
 */
static void choose_pm(void)
{
	struct message m = {.m_type = 1};
	peer = PM_PROC_NR;
	REQUIRE(ipc_sendrec(peer, &m) == OK && m.m_type == -EBADCALL);
}

/* ---- A notification there and one back: two traps on each side ---- */

static void notify(uint32_t unused)
{
	struct message m;
	int status;
	(void)unused;
	GRANITE_IGNORE(ipc_notify(peer));
	GRANITE_IGNORE(ipc_receive(peer, &m, &status));
}

static void notify_back(uint32_t unused)
{
	struct message m;
	int status;
	(void)unused;
	while (ipc_receive(parent, &m, &status) == OK)
		GRANITE_IGNORE(ipc_notify(parent));
}

static void start_notifier(void)
{
	struct message m;
	int status;
	parent = sys_self();
	peer = bench_start(notify_back, 0, NULL);
	REQUIRE(ipc_notify(peer) == OK && ipc_receive(peer, &m, &status) == OK);
}

/* ---- The same among many processes ---- */

/*
 * A message from a process that had to queue for it, behind `others` that wait there all the time: the server
 * asks for this one's alone.
 */
static void receive_from_peer(uint32_t unused)
{
	struct message m;
	int status;
	(void)unused;
	GRANITE_IGNORE(ipc_receive(peer, &m, &status));
}

static void send_to_parent(uint32_t unused)
{
	struct message m;
	(void)unused;
	m.m_type = 1;
	while (ipc_send(parent, &m) == OK)
		;
}

static void start_sender(void)
{
	struct message m;
	int status;
	parent = sys_self();
	peer = bench_start(send_to_parent, 0, NULL);
	REQUIRE(ipc_receive(peer, &m, &status) == OK);
}

/* The server's half of a round trip: its client calls again at once. */
static void answer(uint32_t unused)
{
	struct message m;
	int status;
	(void)unused;
	m.m_type = 1;
	GRANITE_IGNORE(ipc_reply_receive(peer, &m, &status));
}

static void call_parent(uint32_t unused)
{
	struct message m;
	(void)unused;
	m.m_type = 1;
	while (ipc_sendrec(parent, &m) == OK)
		;
}

static void start_client(void)
{
	struct message m;
	int status;
	parent = sys_self();
	peer = bench_start(call_parent, 0, NULL);
	REQUIRE(ipc_receive(peer, &m, &status) == OK);
}

/* To a process that waits for it, takes it at once, and waits again. */
static void send_nonblocking(uint32_t unused)
{
	struct message m;
	(void)unused;
	m.m_type = 1;
	GRANITE_IGNORE(ipc_sendnb(peer, &m));
}

static void send_asynchronously(uint32_t unused)
{
	struct message m;
	(void)unused;
	m.m_type = 1;
	GRANITE_IGNORE(ipc_senda(peer, &m));
}

static void swallow(uint32_t unused)
{
	struct message m;
	int status;
	(void)unused;
	while (ipc_receive(parent, &m, &status) == OK)
		;
}

static void start_swallower(void)
{
	struct message m = {.m_type = 1};
	parent = sys_self();
	peer = bench_start(swallow, 0, NULL);
	bench_settle();
	REQUIRE(ipc_sendnb(peer, &m) == OK && ipc_senda(peer, &m) == OK);
}

/* What the kernel knows of one process. */
static void get_info(uint32_t unused)
{
	struct proc_info info;
	(void)unused;
	GRANITE_IGNORE(sys_getinfo(GET_PROCTAB, &info, sizeof(info), (uint32_t)ENDPOINT_SLOT(peer)));
}

/* ---- To arm an alarm that rings amid those of `others`: as many ring before as after ---- */

#define SECOND 1000000000ull
static uint64_t amid;

static void set_alarm(uint32_t unused)
{
	(void)unused;
	GRANITE_IGNORE(sys_setalarm(amid, 0, NULL));
}

static void set_alarm_amid_10(void)
{
	amid = 1005 * SECOND;
	REQUIRE(sys_setalarm(amid, 0, NULL) == OK);
}

static void set_alarm_amid_500(void)
{
	amid = 1250 * SECOND;
	REQUIRE(sys_setalarm(amid, 0, NULL) == OK);
}

static void wait_for_alarm(uint32_t i)
{
	REQUIRE(sys_setalarm((1000 + i) * SECOND, 0, NULL) == OK);
	bench_idle(i);
}

/* `others` without more wait in a receive. */
static const struct row rows[] = {
        ROW("ipc.null_call", 256, null_call),
        ROW("ipc.sendrec_64B", 256, sendrec, .setup = start_echo),
        ROW("ipc.sendrec_64B_small", 256, sendrec, .setup = choose_pm),
        ROW("ipc.notify", 256, notify, .setup = start_notifier),
        ROW("scale.null_call_10", 256, null_call, .others = 10),
        ROW("scale.null_call_500", 256, null_call, .others = 500),
        ROW("scale.sendrec_10", 256, sendrec, .setup = start_echo, .others = 10),
        ROW("scale.sendrec_500", 256, sendrec, .setup = start_echo, .others = 500),
        ROW("scale.notify_10", 256, notify, .setup = start_notifier, .others = 10),
        ROW("scale.notify_500", 256, notify, .setup = start_notifier, .others = 500),
        ROW("scale.reply_receive_10", 256, answer, .setup = start_client, .others = 10),
        ROW("scale.reply_receive_500", 256, answer, .setup = start_client, .others = 500),
        ROW("scale.sendnb_10", 256, send_nonblocking, .setup = start_swallower, .others = 10),
        ROW("scale.sendnb_500", 256, send_nonblocking, .setup = start_swallower, .others = 500),
        ROW("scale.senda_10", 256, send_asynchronously, .setup = start_swallower, .others = 10),
        ROW("scale.senda_500", 256, send_asynchronously, .setup = start_swallower, .others = 500),
        ROW("scale.getinfo_10", 256, get_info, .setup = start_echo, .others = 10),
        ROW("scale.getinfo_500", 256, get_info, .setup = start_echo, .others = 500),
        ROW("scale.senders_10", 256, receive_from_peer, .setup = start_sender, .others = 10,
            .other = send_to_parent),
        ROW("scale.senders_500", 256, receive_from_peer, .setup = start_sender, .others = 500,
            .other = send_to_parent),
        ROW("scale.alarm_10", 256, set_alarm, .setup = set_alarm_amid_10, .others = 10,
            .other = wait_for_alarm),
        ROW("scale.alarm_500", 256, set_alarm, .setup = set_alarm_amid_500, .others = 500,
            .other = wait_for_alarm),
};

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
