/* SPDX-License-Identifier: MIT */
/* The server loop, on a scripted kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* The kernel's side is played here: with its guard defined, <granite/ipc.h> comes out empty. */
#define GRANITE_IPC_H
#include <granite/abi/endpoint.h>
#include <granite/abi/errno.h>
#include <granite/abi/ipc.h>
#include <granite/abi/message.h>

static int ipc_receive(endpoint_t source, struct message *m, int *status);
static int ipc_reply_receive(endpoint_t client, struct message *m, int *status);
static int ipc_sendnb(endpoint_t client, struct message *m);
static int ipc_notify(endpoint_t destination);

#include "lib/sys/server.c"

#define BASE   0x900
#define KBASE  0x980
#define TBASE  0x9c0
#define CLIENT 77
#define STOP   (-EPERM) /* what receiving gives when the script has ended */

struct event {
	int result; /* of receiving; not OK: nothing comes */
	int type, status;
	uint32_t word;
	endpoint_t source; /* 0: CLIENT */
};

struct answer {
	endpoint_t client;
	struct message m;
};

static const struct event *script;
static struct answer answers[16];
static int nr_answers, nr_notified, refuse_replies;

static int next_event(struct message *m, int *status)
{
	struct event event = *script;

	if (event.result != STOP)
		script++;
	if (event.result != OK)
		return event.result;
	memset(m, 0xee, sizeof(*m));
	m->m_source = event.source ? event.source : CLIENT;
	m->m_type = event.type;
	m->m_words[0] = event.word;
	*status = event.status;
	return OK;
}

static int ipc_receive(endpoint_t source, struct message *m, int *status)
{
	assert_int_equal(source, ANY);
	return next_event(m, status);
}

static int ipc_sendnb(endpoint_t client, struct message *m)
{
	answers[nr_answers].client = client;
	answers[nr_answers++].m = *m;
	return OK;
}

static int ipc_reply_receive(endpoint_t client, struct message *m, int *status)
{
	if (refuse_replies)
		return -ENOTREADY;
	assert_int_equal(ipc_sendnb(client, m), OK);
	return next_event(m, status);
}

static int nr_beats;

static int ipc_notify(endpoint_t destination)
{
	assert_int_equal(destination, RS_PROC_NR);
	nr_beats++;
	return OK;
}

static int reply_zeroed;

static int twice(endpoint_t caller, const void *request, void *reply)
{
	const uint32_t *value = request;
	uint32_t *result = reply;
	static const uint8_t zeros[MESSAGE_PAYLOAD];

	assert_int_equal(caller, CLIENT);
	reply_zeroed = memcmp(reply, zeros, sizeof(zeros)) == 0;
	*result = 1;
	assert_int_equal(*value, 21); /* the request is still there after the reply is begun */
	*result = 2 * *value;
	return OK;
}

static int later(endpoint_t caller, const void *request, void *reply)
{
	(void)caller, (void)request, (void)reply;
	return SERVER_NO_REPLY;
}

static int kernel_only(endpoint_t caller, const void *request, void *reply)
{
	(void)caller, (void)request, (void)reply;
	return -ENOMEM;
}

static uint32_t told_word;

/* As if it were asked. */
static int note_told(endpoint_t caller, const void *request, void *reply)
{
	(void)caller, (void)reply;
	told_word = *(const uint32_t *)request;
	return OK;
}

static void notified_once(const struct message *m)
{
	assert_int_equal(m->m_source, CLIENT);
	nr_notified++;
}

static const struct server_op ops[] = {{twice}, {NULL}, {later}};
static const struct server_op kernel_ops[] = {{kernel_only}};
static const struct server_op told_ops[] = {{note_told}};
static const struct server server = {.calls = SERVER_TABLE(BASE, ops),
                                     .kernel_calls = SERVER_TABLE(KBASE, kernel_ops),
                                     .told = SERVER_TABLE(TBASE, told_ops),
                                     .notified = notified_once};

static void serve_script(const struct event *events)
{
	nr_answers = nr_notified = refuse_replies = 0;
	script = events;
	assert_int_equal(server_run(&server), STOP);
}

static void a_request_is_answered_with_a_clean_reply(void **state)
{
	const struct event events[] = {{.type = BASE, .status = IPC_SENDREC, .word = 21}, {.result = STOP}};

	(void)state;
	serve_script(events);
	assert_int_equal(nr_answers, 1);
	assert_int_equal(answers[0].client, CLIENT);
	assert_int_equal(answers[0].m.m_type, OK);
	assert_int_equal(answers[0].m.m_words[0], 42);
	assert_int_equal(answers[0].m.m_words[13], 0);
	assert_true(reply_zeroed);
}

static void unknown_operations_are_refused(void **state)
{
	const struct event events[] = {{.type = BASE + 1, .status = IPC_SENDREC},
	                               {.type = BASE + 3, .status = IPC_SENDREC},
	                               {.type = BASE - 1, .status = IPC_SENDREC},
	                               {.type = 0, .status = IPC_SENDREC},
	                               {.type = INT32_MIN, .status = IPC_SEND},
	                               {.type = TBASE, .status = IPC_SENDREC},
	                               {.type = SERVER_CANCEL, .status = IPC_SENDREC, .source = PM_PROC_NR},
	                               {.result = STOP}};

	(void)state;
	serve_script(events);
	assert_int_equal(nr_answers, 7);
	for (int i = 0; i < 7; i++)
		assert_int_equal(answers[i].m.m_type, -EBADCALL);
}

static void the_kernels_operations_cannot_be_forged(void **state)
{
	const struct event events[] = {{.type = KBASE, .status = IPC_SENDREC},
	                               {.type = KBASE, .status = IPC_SEND | IPC_STATUS_FROM_KERNEL},
	                               {.type = BASE, .status = IPC_SEND | IPC_STATUS_FROM_KERNEL},
	                               {.result = STOP}};

	(void)state;
	serve_script(events);
	assert_int_equal(nr_answers, 3);
	assert_int_equal(answers[0].m.m_type, -EBADCALL);
	assert_int_equal(answers[1].m.m_type, -ENOMEM);
	assert_int_equal(answers[2].m.m_type, -EBADCALL);
}

static void notifications_and_delayed_answers_get_no_reply(void **state)
{
	const struct event events[] = {
	        {.type = NOTIFY_MESSAGE, .status = IPC_NOTIFY},
	        {.type = BASE + 2, .status = IPC_SENDREC},
	        {.result = -EINTR},
	        {.type = NOTIFY_MESSAGE, .status = IPC_SENDREC}, /* a request in disguise */
	        {.result = STOP}};

	(void)state;
	serve_script(events);
	assert_int_equal(nr_notified, 1);
	assert_int_equal(nr_answers, 1);
	assert_int_equal(answers[0].m.m_type, -EBADCALL);
}

/* Who is asked by a request, or by another, has not been asked by RS. */
static void the_loop_answers_heartbeats_itself(void **state)
{
	const struct event events[] = {{.type = NOTIFY_MESSAGE, .status = IPC_NOTIFY, .source = RS_PROC_NR},
	                               {.type = NOTIFY_MESSAGE, .status = IPC_NOTIFY},
	                               {.type = NOTIFY_MESSAGE, .status = IPC_SENDREC, .source = RS_PROC_NR},
	                               {.result = STOP}};

	(void)state;
	nr_beats = 0;
	serve_script(events);
	assert_int_equal(nr_beats, 1);
	assert_int_equal(nr_notified, 1);
	assert_int_equal(nr_answers, 1);
}

static void a_client_that_does_not_wait_stops_nobody(void **state)
{
	const struct event events[] = {{.type = BASE, .status = IPC_SEND, .word = 21},
	                               {.type = BASE, .status = IPC_SENDREC, .word = 21},
	                               {.result = STOP}};

	(void)state;
	script = events;
	nr_answers = 0;
	refuse_replies = 1;
	assert_int_equal(server_run(&server), STOP);
	assert_int_equal(nr_answers, 0);
}

/* Not even with an error: it might be a server's answer, and its sender would answer this one. */
static void what_asks_for_no_answer_gets_none(void **state)
{
	static const int kinds[] = {IPC_SENDA, IPC_SENDNB, IPC_REPLY_RECEIVE};
	static const int types[] = {OK, -EBADCALL, BASE, BASE + 1, BASE + 2, KBASE, SERVER_CANCEL};
	struct event events[sizeof(kinds) / sizeof(kinds[0]) * sizeof(types) / sizeof(types[0]) + 1];
	int count = 0;

	(void)state;
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		for (size_t type = 0; type < sizeof(types) / sizeof(types[0]); type++)
			events[count++] = (struct event){
			        .type = types[type], .status = kinds[kind], .source = PM_PROC_NR};
	events[count] = (struct event){.result = STOP};
	serve_script(events);
	assert_int_equal(nr_answers, 0);
}

static void what_is_told_is_taken_from_asynchronous_messages_alone(void **state)
{
	const struct event events[] = {{.type = TBASE, .status = IPC_SENDA, .word = 1},
	                               {.type = TBASE, .status = IPC_SENDREC, .word = 2},
	                               {.type = TBASE, .status = IPC_SENDNB, .word = 3},
	                               {.type = TBASE + 1, .status = IPC_SENDA, .word = 4},
	                               {.result = STOP}};

	(void)state;
	serve_script(events);
	assert_int_equal(told_word, 1);
	assert_int_equal(nr_answers, 1);
	assert_int_equal(answers[0].m.m_type, -EBADCALL);
}

static endpoint_t given_up[4];
static int nr_cancelled;

static void note_cancelled(endpoint_t caller)
{
	given_up[nr_cancelled++] = caller;
}

static void only_pm_cancels_calls(void **state)
{
	static const struct server cancels = {.calls = SERVER_TABLE(BASE, ops), .cancelled = note_cancelled};
	const struct event events[] = {
	        {.type = SERVER_CANCEL, .status = IPC_SENDA, .word = 5, .source = PM_PROC_NR},
	        {.type = SERVER_CANCEL, .status = IPC_SENDA, .word = 6},
	        {.type = SERVER_CANCEL, .status = IPC_SENDREC, .word = 7},
	        {.type = SERVER_CANCEL, .status = IPC_SENDREC, .word = 8, .source = PM_PROC_NR},
	        {.result = STOP}};

	(void)state;
	nr_answers = nr_cancelled = refuse_replies = 0;
	script = events;
	assert_int_equal(server_run(&cancels), STOP);
	assert_int_equal(nr_cancelled, 1);
	assert_int_equal(given_up[0], 5);
	assert_int_equal(nr_answers, 2);
	assert_int_equal(answers[0].m.m_type, -EBADCALL);
	assert_int_equal(answers[0].m.m_words[0], 0);
	serve_script(events); /* one whose calls never wait */
	assert_int_equal(nr_cancelled, 1);
	assert_int_equal(nr_answers, 2);
}

static void server_reply_sends_only_what_fits(void **state)
{
	uint32_t words[MESSAGE_PAYLOAD / 4 + 1] = {5, 6};

	(void)state;
	nr_answers = 0;
	assert_int_equal(server_reply(CLIENT, -EINTR, words, 4), OK);
	assert_int_equal(answers[0].m.m_type, -EINTR);
	assert_int_equal(answers[0].m.m_words[0], 5);
	assert_int_equal(answers[0].m.m_words[1], 0);
	assert_int_equal(server_reply(CLIENT, OK, words, sizeof(words)), -EINVAL);
	assert_int_equal(nr_answers, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_request_is_answered_with_a_clean_reply),
	        cmocka_unit_test(unknown_operations_are_refused),
	        cmocka_unit_test(the_kernels_operations_cannot_be_forged),
	        cmocka_unit_test(notifications_and_delayed_answers_get_no_reply),
	        cmocka_unit_test(the_loop_answers_heartbeats_itself),
	        cmocka_unit_test(a_client_that_does_not_wait_stops_nobody),
	        cmocka_unit_test(what_asks_for_no_answer_gets_none),
	        cmocka_unit_test(what_is_told_is_taken_from_asynchronous_messages_alone),
	        cmocka_unit_test(only_pm_cancels_calls),
	        cmocka_unit_test(server_reply_sends_only_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
