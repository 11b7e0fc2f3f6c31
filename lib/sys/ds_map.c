/* SPDX-License-Identifier: MIT */
/* The client functions of <granite/ds.h> for mapped ranges. */
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>

#include "ds_client.h"
#include "ds_peer.h"

#define TRIES 3

/* The store tells which grant has ended. One that is not there any more was taken back by the caller itself.
 */
void ds_client_ended(cp_grant_id_t grant)
{
	if (grant > 0)
		ds_peer_take_back(grant);
}

/* ---- Publishing ---- */

static int range_access(int flags)
{
	return CPF_READ | CPF_MAP | (flags & DSMF_WRITABLE ? CPF_WRITE : 0);
}

/*
 * The grant of the range stays when the call is over. If DS dies under the call the same grant is offered to
 * its successor, for which it is not meant: which refuses it, or says that the range was mapped by it
 * already.
 */
static int publish_once(struct message *m, const struct ds_loan *loans, cp_grant_id_t *grant, void *range,
                        size_t bytes, int flags, int *again)
{
	int result = ds_client_find();
	endpoint_t ds = ds_client_endpoint();

	*again = 0;
	if (result != OK)
		return result;
	*grant = ds_peer_lend(ds, range, bytes, range_access(flags));
	if (*grant < 0)
		return (int)*grant;
	((union ds_publish_map_message *)m)->req.grant = *grant;
	result = ds_client_call(DS_PUBLISH_MAP, m, loans);
	if (result != OK)
		ds_peer_take_back(*grant);
	*again = result == -EPERM && ds_client_endpoint() != ds;
	return result;
}

int ds_publish_map(const char *key, void *range, size_t bytes, int flags)
{
	union ds_publish_map_message call, request = {.req = {.flags = (uint32_t)flags}};
	struct ds_loan loans[DS_LOANS] = {0};
	cp_grant_id_t grant;
	int again, result;

	if ((uintptr_t)range % PAGE_SIZE || bytes % PAGE_SIZE || bytes == 0 || bytes > DS_RANGE_MAX)
		return -EINVAL;
	request.req.serial = ds_client_serial();
	request.req.bytes = (uint32_t)bytes;
	do {
		call = request;
		result = ds_client_key(&call.req.key, &loans[0], key, DS_TYPE_MAP);
		if (result != OK)
			return result;
		result = publish_once(&call.m, loans, &grant, range, bytes, flags, &again);
	} while (again);
	if (result == OK)
		ds_client_ended(call.rep.ended);
	return result;
}

int ds_snapshot_map(const char *key, int *nr_snapshot)
{
	union ds_snapshot_message call = {.req = {.serial = 0}};
	struct ds_loan loans[DS_LOANS] = {0};
	int result = ds_client_key(&call.req.key, &loans[0], key, DS_TYPE_MAP);

	if (result != OK)
		return result;
	call.req.serial = ds_client_serial();
	result = ds_client_call(DS_SNAPSHOT, &call.m, loans);
	if (result == OK)
		*nr_snapshot = (int)call.rep.number;
	return result;
}

int ds_drop_snapshot(const char *key, int nr_snapshot)
{
	union ds_drop_snapshot_message call = {.req = {.number = (uint32_t)nr_snapshot}};
	struct ds_loan loans[DS_LOANS] = {0};
	int result = ds_client_key(&call.req.key, &loans[0], key, DS_TYPE_MAP);

	if (result != OK)
		return result;
	call.req.serial = ds_client_serial();
	return ds_client_call(DS_DROP_SNAPSHOT, &call.m, loans);
}

/* ---- Retrieving ---- */

/* Asks for the range, or has it copied to `address`. */
static int ask(union ds_retrieve_map_message *call, const char *key, void *address, size_t *length,
               int nr_snapshot, int flags)
{
	size_t room = *length < DS_RANGE_MAX ? *length : DS_RANGE_MAX;
	size_t lent = flags & DSMF_MAP_MAPPED ? 0 : room;
	struct ds_loan loans[DS_LOANS];
	int result;

	call->req = (struct ds_retrieve_map_req){
	        .bytes = (uint32_t)room, .number = (uint32_t)nr_snapshot, .flags = (uint32_t)flags};
	result = ds_client_key(&call->req.key, &loans[0], key, DS_TYPE_MAP);
	if (result != OK)
		return result;
	loans[1] = (struct ds_loan){&call->req.grant, address, lent, CPF_WRITE};
	result = ds_client_call(DS_RETRIEVE_MAP, &call->m, loans);
	return ds_client_length(result, call->rep.bytes, room, DS_RANGE_MAX, length);
}

/* Between the answer and this the data store may have died, or the range have ended: then one asks again. */
static int map(const union ds_retrieve_map_message *call, void *address, int flags)
{
	int writable = (flags & DSMF_WRITABLE) != 0;
	int result = ds_peer_map(ds_client_endpoint(), call->rep.grant, address, call->rep.bytes, writable);

	if (result == -EDEADSRCDST)
		ds_client_lost();
	return result;
}

int ds_retrieve_map(const char *key, void *address, size_t *length, int nr_snapshot, int flags)
{
	union ds_retrieve_map_message call;
	size_t room = *length;
	int result = -EINVAL;

	if (flags & DSMF_MAP_MAPPED && (uintptr_t)address % PAGE_SIZE)
		return -EINVAL;
	for (int tries = 0; tries < TRIES; tries++) {
		*length = room;
		result = ask(&call, key, address, length, nr_snapshot, flags);
		if (result != OK || !(flags & DSMF_MAP_MAPPED))
			return result;
		result = map(&call, address, flags);
		if (result != -EDEADSRCDST && result != -EPERM && result != -EFAULT)
			return result;
	}
	return result == -EFAULT || result == -EPERM ? -ESRCH : result;
}
