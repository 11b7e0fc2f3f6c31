/* SPDX-License-Identifier: MIT */
/*
 * A machine for ramfs's host tests: clients' memory, answers, a clock, and an archive. A grant's number is
 * its address in the client's memory.
 */
#ifndef RAMFS_MACHINE_H
#define RAMFS_MACHINE_H

#include "servers/ramfs/ramfs.h"

#define CLIENTS_MAX   12
#define CLIENT_MEMORY 0x20000

struct machine_client {
	int lives;
	int answers; /* that came after the handler had put its request off */
	int result;
	uint8_t reply[MESSAGE_PAYLOAD];
	uint8_t memory[CLIENT_MEMORY];
};

struct machine {
	struct machine_client clients[CLIENTS_MAX];
	uint64_t now, alarm;
	int no_memory; /* pipe_memory has none */
};

extern struct machine machine;

/* A fresh machine with an empty server, and the archive of these names, each file holding its own name. */
void machine_boot(const char *const *names);

/* The endpoint of client `number`, from 1; it lives. */
endpoint_t machine_endpoint(int number);
struct machine_client *machine_client(endpoint_t endpoint);

/* A byte of the client's memory. */
uint8_t *machine_at(endpoint_t endpoint, cp_grant_id_t grant);

#endif
