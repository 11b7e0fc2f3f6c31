/* SPDX-License-Identifier: MIT */
/* guest: calls=schedule time=counted timeout=120 variants=ubsan */
/*
 * A server answers what it is asked by ipc_sendrec or ipc_send, and nothing else. Otherwise two servers that
 * tell each other something would answer each other's answers for ever, and nobody else would run.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <termios.h>
#include <granite/abi/counters.h>
#include <granite/ds.h>
#include <granite/grant.h>
#include <granite/rs.h>

#include "hostile.h"

#define TICK_NSECS 10000000u
#define UNKNOWN    0x7f0000 /* an operation of nobody's */

/* ---- What may come back ---- */

/* The first answer of the server's until a tick has passed, in which it has done all that it was sent: its
 * m_type, or 1 if there was none. */
static int answer_of(endpoint_t server)
{
	struct message m;
	int status, answer = 1;
	CHECK_INT(sys_setalarm(TICK_NSECS, 0, NULL), OK);
	do {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		if (m.m_source == server && answer == 1)
			answer = m.m_type;
	} while (m.m_source != CLOCK);
	return answer;
}

static int answer_to(uint32_t call, endpoint_t server, int32_t operation)
{
	struct message m = {.m_type = operation};
	m.m_words[0] = (uint32_t)sys_self();
	CHECK_INT(raw_ipc(call, server, AT(&m)), OK);
	return answer_of(server);
}

static void try_operation(const struct interface *interface, int32_t operation)
{
	CHECK_INT(answer_to(IPC_SENDA, interface->server, operation), 1);
	CHECK_INT(answer_to(IPC_SENDNB, interface->server, operation), 1);
}

/* Who has not called gets an answer from those alone that may send to everybody. */
static int expected_answer(endpoint_t server)
{
	int may_send = server == PM_PROC_NR || server == RS_PROC_NR || server == rs_lookup("ds");
	return may_send ? -EBADCALL : 1;
}

/* More urgent than servers: it waits for an answer before any of them begins with what it was sent. */
static void expect_no_answers(void)
{
	CHECK_INT(sys_schedule(sys_self(), SCHED_PRIO_DRIVER, 100), OK);
	for (const struct interface *i = interfaces + VM_INTERFACE; i < interfaces + INTERFACES; i++) {
		CHECK_INT(answer_to(IPC_SEND, i->server, UNKNOWN), expected_answer(i->server));
		CHECK_INT(answer_to(IPC_SEND, i->server, SERVER_CANCEL), expected_answer(i->server));
		for (uint32_t k = 0; k < i->count; k++)
			try_operation(i, i->operations[k].number);
		try_operation(i, SERVER_CANCEL);
		try_operation(i, UNKNOWN);
		try_operation(i, OK);
		try_operation(i, -EBADCALL);
		CHECK_INT(raw_ipc(IPC_NOTIFY, i->server, 0), OK);
		CHECK_INT(answer_of(i->server), 1);
	}
}

static void check_that_all_answer(void)
{
	for (int which = VM_INTERFACE; which < INTERFACES; which++) {
		struct message m = {.m_type = UNKNOWN};
		CHECK_INT(make_call(interfaces[which].server, &m), -EBADCALL);
	}
}

static void who_does_not_ask_gets_no_answer(void)
{
	CHECK_EXITED(tap_child(expect_no_answers), 0);
	check_that_all_answer();
}

/* ---- Interrupted calls ---- */

static volatile sig_atomic_t is_calling, interruptions;

static void note_interruption(int number)
{
	(void)number;
	interruptions += is_calling;
}

static void map_memory(void)
{
	void *memory = mmap(NULL, 0x400000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	memset(memory, 1, 0x400000);
	CHECK_INT(munmap(memory, 0x400000), 0);
}

static void await_signal(void)
{
	CHECK(pause() == -1 && errno == EINTR);
}

static void await_service(void)
{
	CHECK_INT(rs_await_intr("ramfs", rs_lookup("ramfs"), 1000000000), -EINTR);
}

static void read_terminal(void)
{
	char byte;
	CHECK(read(0, &byte, 1) == -1 && errno == EINTR);
}

static int ends[2];

static void read_pipe(void)
{
	char byte;
	CHECK(read(ends[0], &byte, 1) == -1 && errno == EINTR);
}

static char value[DS_VALUE_MAX], key[] = "interrupted";
static cp_grant_id_t key_grant, value_grant;

static void lend_to_ds(void)
{
	endpoint_t ds = interfaces[DS_INTERFACE].server;
	key_grant = cpf_grant_direct(ds, AT(key), sizeof(key) - 1, CPF_READ);
	value_grant = cpf_grant_direct(ds, AT(value), sizeof(value), CPF_READ);
}

/* Not by way of the library, which lets no signal in between. */
static void publish(void)
{
	union ds_publish_message m = {.req = {.key = {key_grant, sizeof(key) - 1, DS_TYPE_MEM},
	                                      .grant = value_grant,
	                                      .bytes = sizeof(value),
	                                      .flags = DSF_OVERWRITE}};
	int result = ds_publish_call_intr(interfaces[DS_INTERFACE].server, &m);
	CHECK(result == OK || result == -EINTR);
}

static void (*call)(void);

/* An alarm each tick. Some come while the call is under way, or the test would show nothing. */
static void call_until_interrupted_often(void)
{
	const struct sigaction action = {.sa_handler = note_interruption};
	const struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	if (call == publish)
		lend_to_ds();
	CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int i = 0; i < 100000 && interruptions < 10; i++) {
		is_calling = 1;
		call();
		is_calling = 0;
	}
	CHECK_INT(setitimer(ITIMER_REAL, &never, NULL), 0);
	CHECK(interruptions >= 10);
}

static uint64_t ipc_calls(void)
{
	struct granite_counters counters;
	CHECK_INT(sys_getinfo(GET_COUNTERS, &counters, sizeof(counters), 0), sizeof(counters));
	return counters.ipc_calls;
}

static void (*const calls[])(void) = {
        [VM_INTERFACE] = map_memory,         [PM_INTERFACE] = await_signal, [RS_INTERFACE] = await_service,
        [CONSOLE_INTERFACE] = read_terminal, [RAMFS_INTERFACE] = read_pipe, [DS_INTERFACE] = publish,
};

/* Servers that answer each other's answers do so a hundred thousand times in a tick, and only a tick, which
 * wakes PM, stops them. */
static void an_interrupted_call_leaves_the_servers_quiet(void)
{
	CHECK_INT(pipe(ends), 0);
	for (int which = VM_INTERFACE; which < INTERFACES; which++) {
		uint64_t before = ipc_calls();
		call = calls[which];
		CHECK_EXITED(tap_child(call_until_interrupted_often), 0);
		CHECK(ipc_calls() - before < 20000);
		check_that_all_answer();
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(who_does_not_ask_gets_no_answer),
	        TEST(an_interrupted_call_leaves_the_servers_quiet),
	};
	struct termios modes;

	interfaces[CONSOLE_INTERFACE].server = rs_lookup("console");
	interfaces[RAMFS_INTERFACE].server = rs_lookup("ramfs");
	interfaces[DS_INTERFACE].server = rs_lookup("ds");
	CHECK_INT(tcgetattr(0, &modes), 0);
	modes.c_lflag &= ~(tcflag_t)ICANON; /* so that reads wait even if the input has ended */
	CHECK_INT(tcsetattr(0, TCSANOW, &modes), 0);
	return TAP_RUN(tests);
}
