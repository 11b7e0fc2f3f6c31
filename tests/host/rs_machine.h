/* SPDX-License-Identifier: MIT */
/*
 * A machine for RS's host tests: PM, the kernel, a clock, clients and a data store, of which everything can
 * be seen and set. The manifest, and all that RS makes of it, is the real code.
 */
#ifndef RS_MACHINE_H
#define RS_MACHINE_H

#include <granite/abi/ds_label.h>
#include "servers/rs/rs.h"

#define MACHINE_PROCS   4096
#define MACHINE_CLIENTS 64
#define MSEC            1000000ull
#define SEC             (1000 * MSEC)

/* A service's process, by its pid. */
struct machine_proc {
	const struct manifest_service *entry;
	endpoint_t endpoint;
	int lives, is_released, is_zombie, status;
	int has_executed;
	int ignores_term, is_deaf; /* to SIGTERM; to heartbeats */
	int asked;                 /* heartbeats */
};

/* A client that waits for RS's answer, or has got it. */
struct machine_client {
	int waits, answers;
	int result;
	uint8_t reply[MESSAGE_PAYLOAD];
};

struct machine {
	uint64_t now, alarm;   /* NEVER: none is set */
	uint32_t nr_looked_up; /* programs in the archive */
	struct machine_proc procs[MACHINE_PROCS];
	int next_pid;
	int fork_error, rights_error; /* of the next processes; 0: none */
	int dies_at_once;             /* the next processes are killed before they have their rights */
	int may_control;              /* the callers have PRIV_CONTROL */
	int powered_off;              /* with machine.off_status */
	uint32_t off_status;
	struct machine_client clients[MACHINE_CLIENTS];
	char log[65536];

	int dies_with_bequest; /* the heir, when it is named */
	uint32_t nr_bequests;
	struct bequest {
		endpoint_t old, heir;
	} bequests[16];

	int store_refuses; /* messages are answered by this errno; 0: they arrive */
	uint32_t nr_told;
	struct ds_label_req told[4096];
	endpoint_t told_whom;
};

extern struct machine machine;
extern struct manifest machine_manifest;

/* Starts RS with this manifest; programs of the archive are all but those called bin/missing. */
void machine_boot(const char *manifest);

struct service *machine_service(const char *label);
/* The process of a service. */
struct machine_proc *machine_proc(const char *label);

/* A process ends by itself, or is killed by somebody: RS is told later, by machine_reap. */
void machine_exit(const char *label, int code);
void machine_kill(const char *label, int signal);
/* It says that exec has failed, which is true until it has_executed. Its result. */
int machine_not_executed(const char *label, int error);
void machine_reap(void);

/* Lets time pass: alarms ring, those who are not deaf answer. */
void machine_pass(uint64_t nsecs);

/* What a client asks, and its result; SERVER_NO_REPLY: it waits. */
int machine_up(uint32_t client, const char *label);
int machine_down(uint32_t client, const char *label);
int machine_restart(uint32_t client, const char *label);
int machine_await(uint32_t client, const char *label, endpoint_t dead, uint64_t nsecs);
endpoint_t machine_client(uint32_t client);
/* What it has been told. */
struct rs_outcome machine_outcome(uint32_t client);
/* Whom it has awaited, with success. */
endpoint_t machine_found(uint32_t client);

endpoint_t machine_lookup(const char *label);
const char *machine_label_of(endpoint_t endpoint); /* "": it has none */
struct rs_status_rep machine_status(const char *label);
/* How often the log has this. */
int machine_logged(const char *text);

/* RS's invariants hold. */
void machine_check(void);

#endif
