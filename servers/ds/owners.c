/* SPDX-License-Identifier: MIT */
/*
 * Who is who, and who has died. RS tells of each label before its process runs, but may have more to tell
 * than can be under way: so of a caller that DS sees for the first time, and of no label of whose it has
 * heard, DS asks RS. PM tells of a death before RS can know of it, so when RS tells that a label has another
 * endpoint, or none, what the death has ended has been ended already. What has happened while there was no DS
 * is told by PM's events, which wait, and by RS, which tells a new DS all labels.
 */
#include <errno.h>
#include <string.h>

#include "ds.h"
#include "kept.h"
#include "ranges.h"

#define OWNERS_AT_ONCE 512 /* that are looked at */
#define LABEL_TAKES    64  /* ending one takes as long as looking at so many owners: RS is asked */

static const struct store_caller rs = {.is_rs = 1, .owner = {.label = "rs", .endpoint = RS_PROC_NR}};

endpoint_t owners_met[ENDPOINT_SLOTS];

void owners_begin(void)
{
	for (uint32_t i = 0; i < ENDPOINT_SLOTS; i++)
		owners_met[i] = NONE;
}

void owner_exited(endpoint_t endpoint)
{
	struct store_owner owner;

	store_owner_of(store, endpoint, &owner);
	store_owner_died(store, &owner);
	ranges_exited(endpoint);
	later_forget(endpoint);
}

/* ---- Labels ---- */

static struct label_note *note_of(const char *label)
{
	for (struct label_note *note = kept->labels; note < kept->labels + LABEL_NOTES; note++)
		if (note->endpoint != NONE && strcmp(note->text, label) == 0)
			return note;
	return NULL;
}

static struct label_note *free_note(void)
{
	for (struct label_note *note = kept->labels; note < kept->labels + LABEL_NOTES; note++)
		if (note->endpoint == NONE || !note->text[0])
			return note;
	return NULL;
}

/* Killed in between, it is a note of nothing, or of one that will be told again. */
static void note_label(const char *label, endpoint_t endpoint)
{
	struct label_note *note = note_of(label);

	if (!note)
		note = free_note();
	if (!note)
		return;
	note->endpoint = NONE;
	kept_in_order();
	memcpy(note->text, label, strlen(label) + 1);
	kept_in_order();
	note->endpoint = endpoint;
}

static struct store_key label_key(const char *label)
{
	return (struct store_key){.text = label, .length = (uint32_t)strlen(label), .type = DS_TYPE_LABEL};
}

/* The service does not run. If it never will what it owns is nobody's. */
static void label_ends(const char *label)
{
	const struct store_key key = label_key(label);
	struct store_owner owner = {.endpoint = NONE};
	int result = store_delete(store, &rs, &key);

	if (result != OK && result != -ESRCH)
		ds_log("the label %s stays: %s", label, strerror(-result));
	memcpy(owner.label, label, key.length);
	if (!service_returns(label))
		store_owner_ended(store, &owner);
	if (note_of(label))
		note_of(label)->endpoint = NONE;
}

static int label_begins(const char *label, endpoint_t endpoint)
{
	const struct store_key key = label_key(label);
	int result;

	note_label(label, endpoint);
	result = store_publish_label(store, &rs, &key, endpoint, DSF_OVERWRITE);
	if (result != OK)
		ds_log("the label %s can't be published: %s", label, strerror(-result));
	return result;
}

static int learn(endpoint_t caller)
{
	char known[DS_KEY_SIZE], label[PROC_NAME_MAX];
	int result;

	if (store_label_name(store, caller, known) == OK)
		return OK;
	result = service_label(caller, label);
	if (result == OK)
		return label_begins(label, caller);
	return result == -ESRCH ? OK : -EIO;
}

int owner_meet_first(endpoint_t caller)
{
	int result = learn(caller);

	if (result == OK)
		owners_met[ENDPOINT_SLOT(caller)] = caller;
	wake_all();
	return result;
}

int do_label(endpoint_t caller, const struct ds_label_req *request, struct ds_label_rep *reply)
{
	(void)reply;
	if (caller != RS_PROC_NR)
		return -EPERM;
	if (!request->label[0] || !memchr(request->label, '\0', sizeof(request->label)))
		return SERVER_NO_REPLY;
	if (request->endpoint == NONE)
		label_ends(request->label);
	else
		GRANITE_IGNORE(label_begins(request->label, request->endpoint)); /* it is logged */
	wake_all();
	later_go_on();
	return SERVER_NO_REPLY;
}

/* ---- Looking at everybody ---- */

static int is_dead(endpoint_t endpoint)
{
	return endpoint != NONE && !process_lives(endpoint);
}

/* What is still to be looked at: parts of the owners, and then labels. */
static uint32_t next_part = STORE_OWNER_PARTS, next_label = LABEL_NOTES;

#define OWNERS_MAX (WORK_BYTES / sizeof(struct store_owner))

_Static_assert(OWNERS_MAX >= 2 * ENDPOINT_SLOTS + LABEL_NOTES,
               "there is room for all that live, that have died meanwhile, and for services");

/* The deaths change the list of owners: so first all of a part are found. Returns how many those are. */
static uint32_t end_owners(void)
{
	struct store_owner *owners = (struct store_owner *)(void *)work;
	uint32_t count = store_list_owners(store, &next_part, owners, OWNERS_MAX);

	for (uint32_t i = 0; i < count && i < OWNERS_MAX; i++)
		if (is_dead(owners[i].endpoint))
			store_owner_died(store, &owners[i]);
	return count;
}

/* Whether it had to be ended. */
static int end_label(const struct label_note *note)
{
	char label[PROC_NAME_MAX];

	if (!note->text[0] || !is_dead(note->endpoint))
		return 0;
	memcpy(label, note->text, sizeof(label));
	label_ends(label);
	return 1;
}

void owners_check(void)
{
	next_part = next_label = 0;
}

int owners_are_looked_at(void)
{
	return next_label < LABEL_NOTES;
}

void owners_go_on(void)
{
	uint32_t count = 0;

	for (; next_part < STORE_OWNER_PARTS && count < OWNERS_AT_ONCE; next_part++)
		count += end_owners();
	while (next_part >= STORE_OWNER_PARTS && next_label < LABEL_NOTES && count < OWNERS_AT_ONCE)
		count += end_label(&kept->labels[next_label++]) ? LABEL_TAKES : 1;
}
