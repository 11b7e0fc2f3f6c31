/* SPDX-License-Identifier: MIT */
/* The client functions of <granite/ds.h>. */
#include <string.h>
#include <granite/abi/errno.h>

#include "ds_client.h"

/* ---- Publishing ---- */

/* As in a message, a negative set of flags has bits that nobody knows. */
static int publish(const char *key, uint32_t type, const void *value, size_t length, uint32_t number,
                   int flags)
{
	union ds_publish_message call = {.req = {.number = number, .flags = (uint32_t)flags}};
	struct ds_loan loans[DS_LOANS];
	int result = ds_client_key(&call.req.key, &loans[0], key, type);

	if (result != OK)
		return result;
	if (length > DS_VALUE_MAX)
		return -E2BIG;
	call.req.serial = ds_client_serial();
	call.req.bytes = (uint32_t)length;
	loans[1] = (struct ds_loan){&call.req.grant, value, length, CPF_READ};
	return ds_client_call(DS_PUBLISH, &call.m, loans);
}

int ds_publish_u32(const char *key, uint32_t value, int flags)
{
	return publish(key, DS_TYPE_U32, NULL, 0, value, flags);
}

int ds_publish_str(const char *key, const char *value, int flags)
{
	return publish(key, DS_TYPE_STR, value, strnlen(value, DS_VALUE_MAX + 1), 0, flags);
}

int ds_publish_mem(const char *key, const void *value, size_t length, int flags)
{
	return publish(key, DS_TYPE_MEM, value, length, 0, flags);
}

int ds_publish_label(const char *key, endpoint_t endpoint, int flags)
{
	return publish(key, DS_TYPE_LABEL, NULL, 0, (uint32_t)endpoint, flags);
}

static int delete (const char *key, uint32_t type)
{
	union ds_delete_message call = {.req = {.serial = 0}};
	struct ds_loan loans[DS_LOANS] = {0};
	int result = ds_client_key(&call.req.key, &loans[0], key, type);

	if (result != OK)
		return result;
	call.req.serial = ds_client_serial();
	result = ds_client_call(DS_DELETE, &call.m, loans);
	if (result == OK)
		ds_client_ended(call.rep.ended);
	return result;
}

int ds_delete_u32(const char *key)
{
	return delete (key, DS_TYPE_U32);
}

int ds_delete_str(const char *key)
{
	return delete (key, DS_TYPE_STR);
}

int ds_delete_mem(const char *key)
{
	return delete (key, DS_TYPE_MEM);
}

int ds_delete_map(const char *key)
{
	return delete (key, DS_TYPE_MAP);
}

int ds_delete_label(const char *key)
{
	return delete (key, DS_TYPE_LABEL);
}

/* ---- Retrieving ---- */

/* *length is the buffer's size, and then the value's, also after ERANGE. */
static int retrieve(const char *key, uint32_t type, void *value, size_t *length, uint32_t *number)
{
	union ds_retrieve_message call = {.req = {.bytes = 0}};
	size_t size = *length < DS_VALUE_MAX ? *length : DS_VALUE_MAX;
	struct ds_loan loans[DS_LOANS];
	int result = ds_client_key(&call.req.key, &loans[0], key, type);

	if (result != OK)
		return result;
	call.req.bytes = (uint32_t)size;
	loans[1] = (struct ds_loan){&call.req.grant, value, size, CPF_WRITE};
	result = ds_client_call(DS_RETRIEVE, &call.m, loans);
	result = ds_client_length(result, call.rep.bytes, size, DS_VALUE_MAX, length);
	if (result == OK && number)
		*number = call.rep.number;
	return result;
}

int ds_retrieve_u32(const char *key, uint32_t *value)
{
	size_t length = 0;

	return retrieve(key, DS_TYPE_U32, NULL, &length, value);
}

int ds_retrieve_str(const char *key, char *value, size_t size)
{
	size_t length = size ? size - 1 : 0;
	int result = retrieve(key, DS_TYPE_STR, value, &length, NULL);

	if (result == OK && size == 0)
		return -ERANGE;
	if (result == OK)
		value[length] = '\0';
	return result;
}

int ds_retrieve_mem(const char *key, void *value, size_t *length)
{
	return retrieve(key, DS_TYPE_MEM, value, length, NULL);
}

int ds_retrieve_label_num(const char *key, endpoint_t *endpoint)
{
	uint32_t number = 0;
	size_t length = 0;
	int result = retrieve(key, DS_TYPE_LABEL, NULL, &length, &number);

	if (result == OK)
		*endpoint = (endpoint_t)number;
	return result;
}

int ds_retrieve_label_name(char *key, endpoint_t endpoint)
{
	union ds_name_message call = {.req = {.endpoint = endpoint}};
	const struct ds_loan loans[DS_LOANS] = {{&call.req.grant, key, DS_KEY_SIZE, CPF_WRITE}};

	int result = ds_client_call(DS_NAME, &call.m, loans);

	return result == OK ? ds_client_text(key, DS_KEY_SIZE) : result;
}

/* ---- News ---- */

static size_t pattern_length(const char *regex)
{
	return regex ? strnlen(regex, DS_PATTERN_MAX + 1) : 0;
}

int ds_subscribe(const char *regex, int flags)
{
	union ds_subscribe_message call = {.req = {.flags = (uint32_t)flags}};
	size_t length = pattern_length(regex);
	const struct ds_loan loans[DS_LOANS] = {{&call.req.grant, regex, length, CPF_READ}};

	call.req.serial = ds_client_serial();
	call.req.bytes = (uint32_t)length;
	return ds_client_call(DS_SUBSCRIBE, &call.m, loans);
}

int ds_unsubscribe(const char *regex)
{
	union ds_unsubscribe_message call = {.req = {.serial = 0}};
	size_t length = pattern_length(regex);
	const struct ds_loan loans[DS_LOANS] = {{&call.req.grant, regex, length, CPF_READ}};

	call.req.serial = ds_client_serial();
	call.req.bytes = (uint32_t)length;
	return ds_client_call(DS_UNSUBSCRIBE, &call.m, loans);
}

/* If the data store dies right after its answer it may tell the same change again, unless it knows of this.
 */
static uint32_t last_seen;

int ds_check_change(struct ds_change *change)
{
	union ds_check_message call = {.req = {.seen = last_seen}};
	const struct ds_loan loans[DS_LOANS] = {{&call.req.grant, change->key, DS_KEY_SIZE, CPF_WRITE}};
	int result = ds_client_call(DS_CHECK, &call.m, loans);

	if (result == -ENOENT)
		last_seen = 0;
	if (result == OK)
		result = ds_client_text(change->key, DS_KEY_SIZE);
	if (result != OK)
		return result;
	last_seen = call.rep.number;
	change->type = call.rep.type;
	change->what = call.rep.what;
	change->owner = call.rep.owner;
	return OK;
}

int ds_check(char *key, int *type, endpoint_t *owner)
{
	struct ds_change change;
	int result = ds_check_change(&change);

	if (result != OK)
		return result;
	memcpy(key, change.key, DS_KEY_SIZE);
	if (type)
		*type = (int)change.type;
	if (owner)
		*owner = change.owner;
	return OK;
}

/* ---- Looking ---- */

/* OK, or EIO: one of the entries can't be. */
static int check_entries(const struct ds_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (entries[i].type >= DS_TYPES || ds_client_text(entries[i].key, DS_KEY_SIZE) != OK ||
		    ds_client_text(entries[i].owner, DS_KEY_SIZE) != OK)
			return -EIO;
	return OK;
}

int ds_list(uint32_t *from, struct ds_entry *entries, uint32_t count)
{
	union ds_list_message call = {.req = {.from = *from, .count = count}};
	struct ds_loan loans[DS_LOANS] = {{&call.req.grant, entries, 0, CPF_WRITE}};
	uint32_t room;
	int result;

	if (count > DS_LIST_MAX)
		call.req.count = DS_LIST_MAX;
	loans[0].bytes = call.req.count * sizeof(*entries);
	room = call.req.count;
	result = ds_client_call(DS_LIST, &call.m, loans);
	if (result == OK)
		result = call.rep.count > room ? -EIO : check_entries(entries, call.rep.count);
	if (result != OK)
		return result;
	*from = call.rep.next;
	return (int)call.rep.count;
}

int ds_stats(struct ds_statistics *statistics)
{
	union ds_stats_message call = {.req = {.bytes = sizeof(*statistics)}};
	const struct ds_loan loans[DS_LOANS] = {
	        {&call.req.grant, statistics, sizeof(*statistics), CPF_WRITE}};

	return ds_client_call(DS_STATS, &call.m, loans);
}
