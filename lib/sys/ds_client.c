/* SPDX-License-Identifier: MIT */
/*
 * Calls of the data store, and what happens when it dies under one:
 *
 *     find it (RS) -> lend -> call ------------------------------> take back -> done
 *       ^                      | it is dead                ^
 *       `---- take back <------' (by then it may have      |
 *             or not have done the call)                   `-- it knows the call by its serial number: what
 *                                                              its predecessor has done is not done again
 *
 * The grants are given anew, to the successor. Serial numbers begin with the time, so that a process that has
 * called exec does not use those of its former program: there was less than one call in a nanosecond.
 *
 * The data store may be any service of its label. What it answers is checked here before it is used as a
 * length, or as a text.
 */
#include <string.h>
#include <granite/abi/errno.h>

#include "ds_client.h"
#include "ds_peer.h"

static struct {
	endpoint_t ds;   /* as RS last told; NONE: not asked yet, or found dead */
	endpoint_t dead; /* the last one that was found dead */
	uint64_t serial; /* of the last call; 0: there was none */
	int gives_up;    /* calls are not repeated */
} client = {.ds = NONE, .dead = NONE};

endpoint_t ds_client_endpoint(void)
{
	return client.ds;
}

uint64_t ds_client_serial(void)
{
	if (!client.serial)
		client.serial = ds_peer_now();
	return ++client.serial;
}

void ds_set_retry(int wanted)
{
	client.gives_up = !wanted;
}

int ds_client_key(struct ds_key *to, struct ds_loan *loan, const char *key, uint32_t type)
{
	size_t length = key ? strnlen(key, DS_KEY_MAX + 1) : 0;

	if (length == 0 || length > DS_KEY_MAX)
		return -EINVAL;
	to->bytes = (uint32_t)length;
	to->type = type;
	*loan = (struct ds_loan){&to->grant, key, length, CPF_READ};
	return OK;
}

/* ---- Finding it ---- */

/* A signal's handler has run when this goes on. */
static endpoint_t await(void)
{
	endpoint_t found;

	do
		found = ds_peer_find(1, client.dead);
	while (found == -EINTR);
	return found == -ESRCH ? -ENODEV : found;
}

static endpoint_t look_up(void)
{
	endpoint_t found = ds_peer_find(0, NONE);

	return found == -ESRCH ? -EAGAIN : found;
}

int ds_client_find(void)
{
	endpoint_t found;

	if (client.ds != NONE)
		return OK;
	found = client.gives_up ? look_up() : await();
	if (found < 0)
		return found;
	client.ds = found;
	return OK;
}

int ds_is_notification(const struct message *m)
{
	endpoint_t found;

	if (m->m_type != NOTIFY_MESSAGE || m->m_source < 0)
		return 0;
	if (m->m_source == client.ds)
		return 1;
	found = ds_peer_find(0, NONE);
	if (found != m->m_source)
		return 0;
	client.ds = found;
	return 1;
}

void ds_client_lost(void)
{
	client.dead = client.ds;
	client.ds = NONE;
}

/* ---- Calling it ---- */

static void take_back(const struct ds_loan *loans, int count)
{
	for (int i = 0; i < count; i++)
		if (loans[i].grant && loans[i].bytes)
			ds_peer_take_back(*loans[i].grant);
}

static int lend(const struct ds_loan *loans)
{
	for (int i = 0; i < DS_LOANS; i++) {
		const struct ds_loan *loan = &loans[i];
		cp_grant_id_t id = 0;

		if (!loan->grant)
			continue;
		if (loan->bytes)
			id = ds_peer_lend(client.ds, loan->memory, loan->bytes, loan->access);
		if (id < 0) {
			take_back(loans, i);
			return (int)id;
		}
		*loan->grant = id;
	}
	return OK;
}

/* The reply overwrites the message, so who takes back must know the grants by another copy of them. */
static int call_once(int32_t operation, struct message *m, const struct ds_loan *loans)
{
	cp_grant_id_t ids[DS_LOANS] = {0};
	int result = lend(loans);

	if (result != OK)
		return result;
	for (int i = 0; i < DS_LOANS; i++)
		if (loans[i].grant)
			ids[i] = *loans[i].grant;
	result = ds_peer_call(client.ds, operation, m);
	for (int i = 0; i < DS_LOANS; i++)
		if (ids[i])
			ds_peer_take_back(ids[i]);
	return result;
}

int ds_client_call(int32_t operation, struct message *m, const struct ds_loan loans[DS_LOANS])
{
	const struct message request = *m;
	int result;

	for (;;) {
		result = ds_client_find();
		if (result != OK)
			return result;
		*m = request;
		result = call_once(operation, m, loans);
		if (result != -EDEADSRCDST)
			return result > 0 ? -EIO : result;
		ds_client_lost();
		if (client.gives_up)
			return result;
	}
}

/* ---- What it answers ---- */

int ds_client_length(int result, uint32_t told, size_t room, size_t most, size_t *length)
{
	int fits = told <= room;

	if (result != OK && result != -ERANGE)
		return result;
	if (fits != (result == OK) || told > most)
		return -EIO;
	*length = told;
	return result;
}

int ds_client_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) ? OK : -EIO;
}
