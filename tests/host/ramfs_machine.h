/* SPDX-License-Identifier: MIT */
/*
 * A machine for ramfs's host tests: clients' memory, answers, a clock, and an archive. A grant's number is
 * its address in the client's memory.
 */
#ifndef RAMFS_MACHINE_H
#define RAMFS_MACHINE_H

#include <string.h>
#include "servers/ramfs/kept.h"
#include "servers/ramfs/ramfs.h"

#define CLIENTS_MAX   12
#define CLIENT_MEMORY 0x20000

struct machine_client {
	int lives, is_service;
	int answers; /* that came after the handler had put its request off */
	int result;
	uint8_t reply[MESSAGE_PAYLOAD];
	uint8_t memory[CLIENT_MEMORY];
};

struct machine {
	struct machine_client clients[CLIENTS_MAX];
	uint64_t now, alarm;
	int no_memory;      /* pages that are not there can't be had */
	void (*tick)(void); /* called before and after whatever ramfs does to others; or NULL */
	void (*answered)(endpoint_t client);
	uint64_t serial; /* of the last request that was sent by machine_ask */
};

extern struct machine machine;

/* The next ramfs, which finds what the last one has kept. */
void machine_restart(void);

/* Sends ramfs a request. As its handler: the answer may come later. */
int machine_ask(endpoint_t caller, int32_t operation, const void *request, size_t request_bytes, void *reply,
                size_t reply_bytes);

/* ask_read(caller, &request, &reply) and so on. */
#define OP(number, NAME, name)                                                                      \
	static inline int ask_##name(endpoint_t caller, const struct ramfs_##name##_req *request,   \
	                             struct ramfs_##name##_rep *reply)                              \
	{                                                                                           \
		return machine_ask(caller, NAME, request, sizeof(*request), reply, sizeof(*reply)); \
	}
#include <granite/abi/ops/ramfs.def>
#undef OP

/* PM tells what has become of a process. */
static inline void tell_event(endpoint_t endpoint, endpoint_t what)
{
	const struct pm_event event = {.endpoint = endpoint, .what = what};

	event_take(&event);
}

static inline void tell_forked(endpoint_t parent, endpoint_t child)
{
	tell_event(child, parent);
}

static inline void tell_execed(endpoint_t endpoint)
{
	tell_event(endpoint, PM_EVENT_EXEC);
}

static inline void tell_exited(endpoint_t endpoint)
{
	tell_event(endpoint, PM_EVENT_EXIT);
}

/* A fresh machine with an empty server, and the archive of these names, each file holding its own name. */
void machine_boot(const char *const *names);

/* The endpoint of client `number`, from 1; it lives. */
endpoint_t machine_endpoint(int number);
struct machine_client *machine_client(endpoint_t endpoint);

/* A byte of the client's memory. */
uint8_t *machine_at(endpoint_t endpoint, cp_grant_id_t grant);

#endif
