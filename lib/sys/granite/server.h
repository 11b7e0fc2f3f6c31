/* SPDX-License-Identifier: MIT */
/*
 * The loop that every server runs, and the tables it dispatches by. A server named `pm` writes:
 *
 *   in pm.h, for all its files:        #define OP(number, NAME, name) SERVER_DECLARE(pm, name)
 *   in one .c, the table's entries:    #define OP(number, NAME, name) SERVER_WRAP(pm, name)
 *   and there, the table:              static const struct server_op ops[] = {
 *                                      #define OP(number, NAME, name) SERVER_ENTRY(PM_BASE, NAME, name)
 *                                      };
 *
 * each followed by #include <granite/abi/ops/pm.def> and #undef OP. Every operation then needs its handler:
 *
 *   int do_wait(endpoint_t caller, const struct pm_wait_req *request, struct pm_wait_rep *reply);
 *
 * The request is the server's own copy. The reply comes zeroed. The handler returns OK or a negative errno,
 * which is sent together with the reply, or SERVER_NO_REPLY.
 */
#ifndef GRANITE_SERVER_H
#define GRANITE_SERVER_H

#include <stddef.h>
#include <granite/abi/server.h>
#include <granite/ipc.h>

/* What a handler may return besides OK and errors. */
enum server_control {
	SERVER_NO_REPLY = 1, /* no answer now; perhaps later, by server_reply */
};

/* An entry with a null handler is an operation that does not exist. */
struct server_op {
	int (*handle)(endpoint_t caller, const void *request, void *reply);
};

#define SERVER_DECLARE(interface, name)                                                  \
	int do_##name(endpoint_t caller, const struct interface##_##name##_req *request, \
	              struct interface##_##name##_rep *reply);

/* Gives the handler the type that all table entries have. It costs a jump at most. */
#define SERVER_WRAP(interface, name)                                                 \
	static int serve_##name(endpoint_t caller, const void *request, void *reply) \
	{                                                                            \
		const struct interface##_##name##_req *typed_request = request;      \
		struct interface##_##name##_rep *typed_reply = reply;                \
                                                                                     \
		return do_##name(caller, typed_request, typed_reply);                \
	}

#define SERVER_ENTRY(base, NAME, name) [(NAME) - (base)] = {serve_##name},

struct server_table {
	const struct server_op *ops;
	uint32_t base, count; /* the operations base .. base + count - 1 */
};

#define SERVER_TABLE(base, ops)                           \
	{                                                 \
		ops, base, sizeof(ops) / sizeof((ops)[0]) \
	}

/* It must not change once the server runs. Tables may be empty, and the functions null. */
struct server {
	struct server_table calls;        /* what processes ask */
	struct server_table kernel_calls; /* what the kernel asks on a process's behalf; nobody else can */
	struct server_table told; /* what others tell, by ipc_senda; whatever comes of it, no answer */
	/* Takes a notification: payload struct notify_payload. Those of RS the loop answers itself. */
	void (*notified)(const struct message *m);
	void (*cancelled)(endpoint_t caller); /* ends the call that this one has under way: SERVER_CANCEL */
};

/*
 * Serves for ever. Only requests are answered: what was sent by ipc_sendrec or ipc_send. Returns only, with
 * the negative errno, when receiving itself fails.
 */
GRANITE_MUST_CHECK int server_run(const struct server *server);

/*
 * Answers `client`, whose handler returned SERVER_NO_REPLY, with `result` and the `bytes` of *reply (null and
 * 0: an empty one). ENOTREADY, EDEADSRCDST: the client does not wait any more.
 */
int server_reply(endpoint_t client, int result, const void *reply, size_t bytes);

#endif
