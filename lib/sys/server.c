/* SPDX-License-Identifier: MIT */
/*
 * The server loop. It has two messages. The reply to the request in one is built in the
 * other, which then takes the next request. So nothing is copied, and a handler may still
 * read its request when it fills the reply.
 */
#include <string.h>
#include <granite/server.h>

static int receive(struct message *m, int *status)
{
	int result;

	do
		result = ipc_receive(ANY, m, status);
	while (result == -EINTR);
	return result;
}

/* The message last held another client's request, which this client must not see. */
static void clear_payload(struct message *m)
{
#pragma GCC unroll 14
	for (int word = 0; word < MESSAGE_PAYLOAD / 4; word++)
		m->m_words[word] = 0;
}

static inline int serve(const struct server_table *table, const struct message *request,
                        struct message *reply)
{
	uint32_t index = (uint32_t)request->m_type - table->base;

	clear_payload(reply);
	if (index >= table->count || !table->ops[index].handle)
		return -EBADCALL;
	return table->ops[index].handle(request->m_source, request->m_bytes, reply->m_bytes);
}

/* RS asks in this way whether the server still takes messages: its heartbeat. */
static void notified(const struct server *server, const struct message *m)
{
	if (m->m_source == RS_PROC_NR)
		ipc_notify(RS_PROC_NR);
	else if (server->notified)
		server->notified(m);
}

/* An asynchronous message. Only PM knows of signals. */
static void told(const struct server *server, const struct message *m, struct message *unused)
{
	const struct server_cancel_req *request = (const void *)m->m_bytes;

	if (m->m_type != SERVER_CANCEL)
		serve(&server->told, m, unused);
	else if (server->cancelled && m->m_source == PM_PROC_NR)
		server->cancelled(request->endpoint);
}

static __attribute__((cold)) void take_unasked(const struct server *server, const struct message *m,
                                               int status, struct message *unused)
{
	if (status == IPC_NOTIFY)
		notified(server, m);
	else if (status == IPC_SENDA)
		told(server, m, unused);
}

/* Whose answer is waited for, perhaps. NULL: nobody's. */
static const struct server_table *asked(const struct server *server, int status)
{
	if (status == IPC_SENDREC || status == IPC_SEND)
		return &server->calls;
	return status == (IPC_SEND | IPC_STATUS_FROM_KERNEL) ? &server->kernel_calls : NULL;
}

/*
 * What kind of message it is says the status, which the kernel writes, and not the message: a process that
 * sends the number of a kernel operation gets EBADCALL. What asks for no answer never gets one, not even an
 * error: two servers that answer each other's answers would do so for ever. That is also why an answer that
 * the server did not wait for (IPC_SENDNB, IPC_REPLY_RECEIVE) is passed over.
 */
static int dispatch(const struct server *server, const struct message *request, int status,
                    struct message *reply)
{
	const struct server_table *table = asked(server, status);

	if (table)
		return serve(table, request, reply);
	take_unasked(server, request, status, reply);
	return SERVER_NO_REPLY;
}

/* A client that is dead, or does not wait, goes without its reply, and the server just receives. */
static int answer_and_receive(endpoint_t client, int result, struct message *m, int *status)
{
	m->m_type = result;
	if (ipc_reply_receive(client, m, status) == OK)
		return OK;
	return receive(m, status);
}

int server_run(const struct server *server)
{
	struct message messages[2];
	struct message *request = &messages[0], *other = &messages[1], *swap;
	int status, result;

	result = receive(request, &status);
	while (result == OK) {
		result = dispatch(server, request, status, other);
		if (result == SERVER_NO_REPLY) {
			result = receive(request, &status);
			continue;
		}
		result = answer_and_receive(request->m_source, result, other, &status);
		swap = request;
		request = other;
		other = swap;
	}
	return result;
}

int server_reply(endpoint_t client, int result, const void *reply, size_t bytes)
{
	struct message m = {.m_type = result};

	if (bytes > MESSAGE_PAYLOAD)
		return -EINVAL;
	if (bytes)
		memcpy(m.m_bytes, reply, bytes);
	return ipc_sendnb(client, &m);
}
