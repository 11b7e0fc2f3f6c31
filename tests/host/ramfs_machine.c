/* SPDX-License-Identifier: MIT */
/* A machine for ramfs's host tests. See ramfs_machine.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ramfs_machine.h"

#define ARCHIVE_BYTES 0x10000

struct machine machine;
const uint8_t *archive_data;

static uint8_t archive[ARCHIVE_BYTES];
static struct kept memory; /* what outlives ramfs */

static void tick(void)
{
	if (machine.tick)
		machine.tick();
}

/* ---- What ramfs sees ---- */

static uint8_t *lent(endpoint_t client, cp_grant_id_t grant, uint32_t offset, uint32_t bytes)
{
	uint64_t at = (uint64_t)grant + offset;

	if (grant < 0 || at > CLIENT_MEMORY || bytes > CLIENT_MEMORY - at)
		return NULL;
	return machine_client(client)->memory + at;
}

int lent_read(endpoint_t client, cp_grant_id_t grant, uint32_t offset, void *buffer, uint32_t bytes)
{
	const uint8_t *from = lent(client, grant, offset, bytes);

	if (!machine_client(client)->lives)
		return -EDEADSRCDST;
	if (!from)
		return -EFAULT;
	tick();
	memcpy(buffer, from, bytes);
	tick();
	return OK;
}

int lent_write(endpoint_t client, cp_grant_id_t grant, uint32_t offset, const void *buffer, uint32_t bytes)
{
	uint8_t *to = lent(client, grant, offset, bytes);

	if (!machine_client(client)->lives)
		return -EDEADSRCDST;
	if (!to)
		return -EFAULT;
	tick();
	memcpy(to, buffer, bytes);
	tick();
	return OK;
}

int process_lives(endpoint_t endpoint)
{
	return machine_client(endpoint)->lives;
}

int process_is_service(endpoint_t endpoint)
{
	return machine_client(endpoint)->is_service;
}

uint64_t uptime_now(void)
{
	return machine.now;
}

void alarm_set(uint64_t when)
{
	machine.alarm = when;
}

int memory_ready(void *address, size_t bytes)
{
	(void)address;
	(void)bytes;
	return 1;
}

int memory_spare(void *address, size_t bytes)
{
	(void)address;
	(void)bytes;
	return !machine.no_memory;
}

/* A new process's: what the last one had there is forgotten. */
void *volatile_memory(size_t bytes)
{
	static _Alignas(16) uint8_t bss[0x100000];

	assert_in_range(bytes, 1, sizeof(bss));
	return memset(bss, 0, bytes);
}

int server_reply(endpoint_t client, int result, const void *reply, size_t bytes)
{
	struct machine_client *c = machine_client(client);

	assert_true(bytes <= sizeof(c->reply));
	if (!c->lives)
		return -EDEADSRCDST;
	tick();
	c->answers++;
	c->result = result;
	memset(c->reply, 0, sizeof(c->reply));
	if (bytes)
		memcpy(c->reply, reply, bytes);
	if (machine.answered)
		machine.answered(client);
	tick();
	return OK;
}

/* ---- What the tests use ---- */

endpoint_t machine_endpoint(int number)
{
	return ENDPOINT_MAKE(number, 1);
}

struct machine_client *machine_client(endpoint_t endpoint)
{
	int slot = ENDPOINT_SLOT(endpoint);

	assert_true(slot > 0 && slot < CLIENTS_MAX);
	return &machine.clients[slot];
}

void machine_restart(void)
{
	assert_int_equal(kept_open(&memory, machine_endpoint(CLIENTS_MAX)), OK);
	waits_open();
	assert_true(clients_open());
}

int machine_ask(endpoint_t caller, int32_t operation, const void *request, size_t request_bytes, void *reply,
                size_t reply_bytes)
{
	struct message sent = {.m_type = operation}, answer = {0};
	int result;

	memcpy(sent.m_bytes, request, request_bytes);
	machine.serial++;
	sent.m_words[ONCE_SERIAL_WORD] = (uint32_t)machine.serial;
	sent.m_words[ONCE_SERIAL_WORD + 1] = (uint32_t)(machine.serial >> 32);
	result = ramfs_calls.ops[operation - RAMFS_BASE].handle(caller, sent.m_bytes, answer.m_bytes);
	memcpy(reply, answer.m_bytes, reply_bytes);
	return result;
}

uint8_t *machine_at(endpoint_t endpoint, cp_grant_id_t grant)
{
	return machine_client(endpoint)->memory + grant;
}

/* ---- The archive ---- */

static uint32_t put_entry(uint32_t at, const char *name, const char *data)
{
	unsigned name_bytes = (unsigned)strlen(name) + 1, bytes = (unsigned)strlen(data);

	at += (uint32_t)sprintf((char *)archive + at,
	                        "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1u, 0100644u,
	                        0u, 0u, 1u, 0u, bytes, 0u, 0u, 0u, 0u, name_bytes, 0u);
	memcpy(archive + at, name, name_bytes);
	at = (at + name_bytes + 3) & ~3u;
	memcpy(archive + at, data, bytes);
	return (at + bytes + 3) & ~3u;
}

static int read_archive(void *context, uint32_t offset, void *buffer, uint32_t bytes)
{
	(void)context;
	memcpy(buffer, archive + offset, bytes);
	return OK;
}

void machine_boot(const char *const *names)
{
	struct cpio_archive cpio = {.read = read_archive, .bytes = ARCHIVE_BYTES};
	uint32_t at = 0, left_out;

	memset(&memory, 0, sizeof(memory));
	memset(&machine, 0, sizeof(machine));
	for (int slot = 1; slot < CLIENTS_MAX; slot++)
		machine.clients[slot].lives = 1;
	memset(archive, 0, sizeof(archive));
	archive_data = archive;
	for (; *names; names++)
		at = put_entry(at, *names, *names);
	put_entry(at, "TRAILER!!!", "");
	assert_int_equal(tree_init(&cpio, &left_out), OK);
	assert_int_equal(left_out, 0);
	machine_restart();
}
