/* SPDX-License-Identifier: MIT */
/* guest: mem=32 timeout=180 */
/*
 * A family of processes uses up all memory, all page tables, or all room for asynchronous messages. What they
 * get is refused in time, and everybody else goes on: VM, PM, RS, the console, and processes that were there
 * before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <granite/abi/layout.h>
#include <granite/abi/server.h>
#include <granite/console.h>
#include <granite/grant.h>
#include <granite/rs.h>
#include <granite/sys.h>

#include "pages.h"
#include "starved.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static endpoint_t parent, console;

static void nothing(void)
{
}

/* ---- Witnesses: they need no memory any more, and see whether the system serves them ---- */

#define WITNESSES 8

enum question { REHEARSE = 1, ASK };

static struct witness {
	pid_t pid;
	endpoint_t endpoint;
} witnesses[WITNESSES];

/* Nothing here is on a page not yet touched when it counts. */
static struct message letter;
static char text[] = "# a witness is served\n";
static cp_grant_id_t text_grant;

static int call(endpoint_t server, int32_t operation, const void *request, size_t bytes)
{
	memset(&letter, 0, sizeof(letter));
	memcpy(letter.m_bytes, request, bytes);
	return call_server(server, operation, &letter);
}

/* What the servers say to somebody whom they may see for the first time. OK, or the first error. */
static int ask_all(enum question question)
{
	const struct console_write_req write = {text_grant, sizeof(text) - 1};
	const struct vm_procinfo_req procinfo = {SELF};
	const struct pm_getid_req getid = {0};
	const struct rs_lookup_req lookup = {"console"};
	int result = call(VM_PROC_NR, VM_PROCINFO, &procinfo, sizeof(procinfo));
	if (result == OK)
		result = call(PM_PROC_NR, PM_GETID, &getid, sizeof(getid));
	if (result == OK)
		result = call(RS_PROC_NR, RS_LOOKUP, &lookup, sizeof(lookup));
	if (result == OK)
		result = question == REHEARSE ? call(console, CONSOLE_GETATTR, NULL, 0)
		                              : call(console, CONSOLE_WRITE, &write, sizeof(write));
	return result;
}

static void be_a_witness(void)
{
	struct message m;
	text_grant = cpf_grant_direct(console, (vir_bytes)(uintptr_t)text, sizeof(text) - 1, CPF_READ);
	int status, result = ipc_receive(ANY, &m, &status);
	while (result == OK) {
		m.m_type = ask_all((enum question)m.m_type);
		result = ipc_reply_receive(m.m_source, &m, &status);
	}
}

static int ask_witness(const struct witness *witness, enum question question)
{
	struct message m = {.m_type = question};
	int result = ipc_sendrec(witness->endpoint, &m);
	return result == OK ? m.m_type : result;
}

/* Their slots in the kernel's table are far apart, and so are their places in each server's own tables. */
static void call_witnesses(void)
{
	for (int i = 0; i < WITNESSES; i++) {
		for (int slot = 0; slot < ENDPOINT_SLOTS / WITNESSES; slot++)
			CHECK_EXITED(tap_child(nothing), 0);
		witnesses[i].pid = tap_start(be_a_witness);
		witnesses[i].endpoint = pm_endpoint(witnesses[i].pid);
		CHECK_INT(ask_witness(&witnesses[i], REHEARSE), OK);
	}
	CHECK_INT(ask_all(REHEARSE), OK);
}

static void check_witnesses(void)
{
	for (int i = 0; i < WITNESSES; i++)
		CHECK_INT(ask_witness(&witnesses[i], ASK), OK);
}

static void dismiss_witnesses(void)
{
	for (int i = 0; i < WITNESSES; i++)
		end(witnesses[i].pid);
}

/* ---- Hogs: each takes what there is when it is told to, says so, and holds it ---- */

#define HOGS 6

static pid_t hogs[HOGS];

static void tell_parent(int32_t type)
{
	struct message m = {.m_type = type};
	CHECK_INT(ipc_send(parent, &m), OK);
}

static enum question asked_by_parent(void)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(parent, &m, &status), OK);
	return (enum question)m.m_type;
}

static void hold(void)
{
	for (;;)
		pause();
}

static int (*take_all)(void);

/* Before it takes anything it has told once that it has taken nothing: its own pages are there then. */
static void be_a_hog(void)
{
	while (asked_by_parent() == REHEARSE)
		tell_parent(0);
	tell_parent(take_all());
	hold();
}

/* Returns the sum of what they say they have taken. */
static int feed_hogs(enum question question)
{
	int sum = 0;
	for (int i = 0; i < HOGS; i++) {
		struct message m = {.m_type = question};
		int status;
		endpoint_t hog = pm_endpoint(hogs[i]);
		CHECK_INT(ipc_send(hog, &m), OK);
		CHECK_INT(ipc_receive(hog, &m, &status), OK);
		sum += m.m_type;
	}
	return sum;
}

static void start_hogs(int (*eat)(void))
{
	take_all = eat;
	for (int i = 0; i < HOGS; i++)
		hogs[i] = tap_start(be_a_hog);
	CHECK_INT(feed_hogs(REHEARSE), 0);
	for (int i = 0; i < WITNESSES; i++)
		CHECK_INT(ask_witness(&witnesses[i], REHEARSE), OK);
}

static void end_hogs(void)
{
	for (int i = 0; i < HOGS; i++)
		end(hogs[i]);
}

static void all_frames_taken_harm_nobody_else(void)
{
	call_witnesses();
	start_hogs(eat_frames);
	uint32_t before = pages_now().free;
	CHECK(feed_hogs(ASK) > 3000);
	CHECK_INT(take(0, PAGE_SIZE, 0), -ENOMEM);
	check_witnesses();
	/* A fork would at once need memory that nobody has: it is refused while that can still be said. */
	for (int i = 0; i < 10; i++) {
		CHECK_INT(fork(), -1);
		CHECK_INT(errno, ENOMEM);
	}
	check_witnesses();
	end_hogs();
	CHECK(pages_now().free > before);
	CHECK_EXITED(tap_child(nothing), 0);
	dismiss_witnesses();
}

static void all_page_tables_taken_harm_nobody_else(void)
{
	call_witnesses();
	start_hogs(eat_tables);
	CHECK(feed_hogs(ASK) > 1000);
	CHECK_INT(take(0x10000000, PAGE_SIZE, VM_MAP_FIXED | VM_MAP_NOREPLACE), -ENOMEM);
	CHECK_INT(fork(), -1);
	CHECK_INT(errno, ENOMEM);
	check_witnesses();
	end_hogs();
	CHECK_EXITED(tap_child(nothing), 0);
	dismiss_witnesses();
}

/* ---- Asynchronous messages ---- */

#define RECEIVERS 60
#define SENDERS   80

static pid_t receivers[RECEIVERS], senders[SENDERS];
static endpoint_t receiver_endpoints[RECEIVERS];

static void send_as_many_as_go(void)
{
	struct message m = {.m_type = 1};
	int sent = 0;
	for (int i = 0; i < RECEIVERS; i++)
		while (ipc_senda(receiver_endpoints[i], &m) == OK)
			sent++;
	tell_parent(sent);
	hold();
}

/* Who waits for PM, as hold() does, takes no message: what is sent stays in the pool. */
static int fill_message_pool(void)
{
	int sum = 0;
	for (int i = 0; i < RECEIVERS; i++) {
		receivers[i] = tap_start(hold);
		receiver_endpoints[i] = pm_endpoint(receivers[i]);
	}
	for (int i = 0; i < SENDERS; i++) {
		struct message m;
		int status;
		senders[i] = tap_start(send_as_many_as_go);
		CHECK_INT(ipc_receive(pm_endpoint(senders[i]), &m, &status), OK);
		sum += m.m_type;
	}
	return sum;
}

static void empty_message_pool(void)
{
	for (int i = 0; i < SENDERS; i++)
		end(senders[i]);
	for (int i = 0; i < RECEIVERS; i++)
		end(receivers[i]);
}

/* A server that answers nobody until it is told to cancel. */
static void cancel_only(void)
{
	const struct server_cancel_req *cancel = (const void *)letter.m_bytes;
	int status;
	while (ipc_receive(ANY, &letter, &status) == OK) {
		struct message answer = {.m_type = -EINTR};
		if (letter.m_type == SERVER_CANCEL && letter.m_source == PM_PROC_NR)
			CHECK_INT(ipc_sendnb(cancel->endpoint, &answer), OK);
	}
}

static endpoint_t server;

static void on_signal(int number)
{
	(void)number;
}

static void call_until_interrupted(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct message m;
	CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
	tell_parent(1);
	CHECK_INT(call_server_intr(server, 1, &m), -EINTR);
}

/* PM has a server end a call by a message from the same pool. */
static void check_that_a_signal_ends_a_call(void)
{
	struct message m;
	int status;
	pid_t serving = tap_start(cancel_only);
	server = pm_endpoint(serving);
	pid_t calling = tap_start(call_until_interrupted);
	CHECK_INT(ipc_receive(pm_endpoint(calling), &m, &status), OK);
	usleep(50000);
	CHECK_INT(kill(calling, SIGUSR1), 0);
	CHECK_EXITED(tap_wait(calling), 0);
	end(serving);
}

static void all_room_for_messages_taken_harms_nobody_else(void)
{
	struct message m = {.m_type = 1};
	int first, second;
	call_witnesses();
	first = fill_message_pool();
	CHECK(first > 500);
	for (int i = 0; i < RECEIVERS; i++)
		CHECK_INT(ipc_senda(receiver_endpoints[i], &m), -EAGAIN);
	check_witnesses();
	check_that_a_signal_ends_a_call();
	empty_message_pool();
	second = fill_message_pool();
	CHECK_INT(second, first);
	empty_message_pool();
	dismiss_witnesses();
}

/* ---- All ---- */

static struct account at_first;

static void setup(void)
{
	parent = sys_self();
	console = rs_lookup("console");
	CHECK(console > 0);
	at_first = account_now();
}

static void every_page_is_back(void)
{
	check_account(&at_first);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(all_frames_taken_harm_nobody_else),
	        TEST(all_page_tables_taken_harm_nobody_else),
	        TEST(all_room_for_messages_taken_harms_nobody_else),
	        TEST(every_page_is_back),
	};
	return TAP_RUN(tests);
}
