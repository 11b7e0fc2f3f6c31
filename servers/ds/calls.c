/* SPDX-License-Identifier: MIT */
/* See calls.h. */
#include <errno.h>
#include <string.h>

#include "calls.h"
#include "ds.h"

struct calls *calls;

/* ---- Whether the call under way has been done ---- */

struct store_key call_key(const struct call *call)
{
	return (struct store_key){.text = call->text, .length = call->text_length, .type = call->type};
}

/* A value that was there already and the same counts as done: that makes no difference but for a notice. */
static int value_is_there(const struct call *call, const struct store_caller *caller)
{
	struct store_key key = call_key(call);
	struct store_entry entry;
	int result = store_retrieve(store, caller, &key, work, WORK_BYTES, &entry);

	if (result == -EPERM)
		return 0; /* another's, to be written only. It is written again, which who can't read it can't
		             tell */
	if (result != OK)
		return 0;
	if (key.type == DS_TYPE_U32 || key.type == DS_TYPE_LABEL)
		return entry.number == call->number;
	return entry.length == call->length && memcmp(work, calls->staged, call->length) == 0;
}

static int exists(const struct call *call, const struct store_caller *caller)
{
	struct store_key key = call_key(call);
	struct store_entry entry;

	return store_retrieve(store, caller, &key, NULL, 0, &entry) != -ESRCH;
}

static int snapshot_exists(const struct call *call, const struct store_caller *caller)
{
	struct store_key key = call_key(call);
	struct store_map map;

	return call->number && store_retrieve_map(store, caller, &key, call->number, &map) == OK;
}

static int flags_are_there(const struct call *call, const struct store_caller *caller)
{
	struct store_key key = call_key(call);
	struct store_entry entry;

	if (store_retrieve(store, caller, &key, NULL, 0, &entry) != OK)
		return 1;
	return strcmp(entry.owner.label, caller->owner.label) != 0 ||
	       (!entry.owner.label[0] && entry.owner.endpoint != caller->owner.endpoint) ||
	       entry.flags == (call->flags & DSF_PRIV);
}

static int published(const struct call *call, const struct store_caller *caller)
{
	if (!call->existed)
		return exists(call, caller);
	return value_is_there(call, caller) && flags_are_there(call, caller);
}

/* A new place each time: so where there is a range, it is this one. */
static int range_is_there(const struct call *call, uint64_t *number)
{
	struct store_map map;
	uint64_t position = 0;

	while (store_map_next(store, &position, &map, NULL) == OK)
		if (map.address == call->address) {
			*number = map.number ? map.number : call->ended;
			return 1;
		}
	return 0;
}

int call_is_subscribed(const struct call *call)
{
	const struct store_caller caller = request_caller(call->caller);

	return store_is_subscribed(store, &caller, call->text, call->text_length);
}

static int done(const struct call *call, uint64_t *value)
{
	struct store_caller caller = request_caller(call->caller);

	*value = call->ended;
	switch (call->kind) {
	case CALL_PUBLISH:
		return published(call, &caller);
	case CALL_PUBLISH_MAP:
	case CALL_SNAPSHOT:
		return range_is_there(call, value);
	case CALL_DROP_SNAPSHOT:
		return call->existed && !snapshot_exists(call, &caller);
	case CALL_DELETE:
		return call->existed && !exists(call, &caller);
	case CALL_SUBSCRIBE:
		return !call->existed && call_is_subscribed(call);
	case CALL_UNSUBSCRIBE:
		return call->existed && !call_is_subscribed(call);
	default:
		return 0;
	}
}

/* ---- Noting ---- */

/* A record whose serial is 0 says nothing: so it is never half of one and half of another. */
static void note_done(const struct call *call, uint64_t value)
{
	struct call_done *record = &calls->done[ENDPOINT_SLOT(call->caller)];

	record->serial = 0;
	calls_in_order();
	record->endpoint = call->caller;
	record->value = value;
	calls_in_order();
	record->serial = call->serial;
}

static void set_state(enum call_state state)
{
	calls_in_order();
	calls->call.state = state;
	calls_in_order();
}

int calls_repeated(endpoint_t caller, uint64_t serial, uint64_t *value)
{
	const struct call_done *record = &calls->done[ENDPOINT_SLOT(caller)];

	if (serial == 0 || record->serial != serial || record->endpoint != caller)
		return 0;
	*value = record->value;
	return 1;
}

struct call *calls_note(enum call_kind kind, endpoint_t caller, uint64_t serial, const char *text,
                        uint32_t length)
{
	struct call *call = &calls->call;

	call->kind = kind;
	call->caller = caller;
	call->serial = serial;
	call->existed = call->type = call->flags = call->number = call->length = call->address = 0;
	call->ended = 0;
	call->text_length = length;
	memcpy(call->text, text, length);
	return call;
}

struct call *calls_note_entry(enum call_kind kind, const struct store_caller *caller, uint64_t serial,
                              const struct store_key *key)
{
	struct call *call = calls_note(kind, caller->owner.endpoint, serial, key->text, key->length);

	call->type = key->type;
	call->existed = (uint32_t)exists(call, caller);
	return call;
}

struct call *calls_note_drop(const struct store_caller *caller, uint64_t serial, const struct store_key *key,
                             uint32_t number)
{
	struct call *call = calls_note_entry(CALL_DROP_SNAPSHOT, caller, serial, key);

	call->number = number;
	call->existed = (uint32_t)snapshot_exists(call, caller);
	return call;
}

void calls_begin(void)
{
	set_state(CALL_BEGUN);
}

int calls_end(int result, uint64_t value)
{
	calls_in_order();
	if (result == OK)
		note_done(&calls->call, value);
	set_state(CALL_NONE);
	return result;
}

void calls_open(struct calls *memory)
{
	uint64_t value = 0;
	int result;

	calls = memory;
	calls->starts++;
	if (calls->call.state != CALL_BEGUN)
		return;
	result = done(&calls->call, &value) ? OK : -EINTR;
	calls_end(result, value);
}
