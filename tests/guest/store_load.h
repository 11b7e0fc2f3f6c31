/* SPDX-License-Identifier: MIT */
/*
 * What a worker does with the data store while that and others are killed: it knows every value that must be
 * there, and every endpoint that it must have been told of.
 */
#ifndef GUEST_STORE_LOAD_H
#define GUEST_STORE_LOAD_H

#include <granite/ds.h>

#include "fuzz_random.h"
#include "rs_client.h"

#define STORE_KEYS    4
#define STORE_LONGEST 3000

/* ---- Values: entries of its own, which last from one call to the next ---- */

static struct {
	int is_there;
	uint32_t number, bytes, seed;
} stored[STORE_KEYS];

static uint8_t store_text[STORE_LONGEST];

static inline void store_make_text(uint32_t which)
{
	for (uint32_t i = 0; i < stored[which].bytes; i++)
		store_text[i] = (uint8_t)mix(stored[which].seed + i);
}

static inline void store_check(uint32_t which, const char *key)
{
	static uint8_t found[STORE_LONGEST];
	size_t length = sizeof(found);
	uint32_t number = 0;
	int expected = stored[which].is_there ? OK : -ESRCH;
	CHECK_INT(ds_retrieve_u32(key, &number), expected);
	CHECK_INT(ds_retrieve_mem(key, found, &length), expected);
	if (!stored[which].is_there)
		return;
	store_make_text(which);
	CHECK_INT(number, stored[which].number);
	CHECK_INT(length, stored[which].bytes);
	CHECK(memcmp(found, store_text, length) == 0);
}

static inline void store_publish(uint32_t which, const char *key)
{
	int flags = stored[which].is_there ? DSF_OVERWRITE : 0;
	if (stored[which].is_there && once_in(4))
		CHECK_INT(ds_publish_u32(key, 0, 0), -EEXIST);
	stored[which].number = roll();
	stored[which].bytes = below(once_in(4) ? STORE_LONGEST : 100);
	stored[which].seed = roll();
	stored[which].is_there = 1;
	store_make_text(which);
	CHECK_INT(ds_publish_u32(key, stored[which].number, flags), OK);
	CHECK_INT(ds_publish_mem(key, store_text, stored[which].bytes, flags), OK);
}

static inline void store_delete(uint32_t which, const char *key)
{
	int expected = stored[which].is_there ? OK : -ESRCH;
	CHECK_INT(ds_delete_u32(key), expected);
	CHECK_INT(ds_delete_mem(key), expected);
	stored[which].is_there = 0;
}

static inline void use_the_store(void)
{
	uint32_t which = below(STORE_KEYS);
	char key[DS_KEY_SIZE];
	snprintf(key, sizeof(key), "load.%d.%u", (int)getpid(), (unsigned)which);
	store_check(which, key);
	if (once_in(3))
		store_delete(which, key);
	else
		store_publish(which, key);
}

/* ---- Labels: each leads to who is there now, and each change is told ---- */

static struct followed {
	const char *label;
	endpoint_t endpoint; /* as of the last look */
	int is_told;         /* of a change, which may have come since then */
} followed[] = {{.label = "serve", .endpoint = NONE}, {.label = "ramfs", .endpoint = NONE}};

static inline void store_note(const char *key)
{
	uint32_t known = 0;
	for (uint32_t i = 0; i < COUNT(followed); i++) {
		int is_it = strcmp(key, followed[i].label) == 0;
		followed[i].is_told |= is_it;
		known += (uint32_t)is_it;
	}
	CHECK_INT(known, 1);
}

static inline void store_take_news(void)
{
	struct ds_change change;
	int result;
	while ((result = ds_check_change(&change)) == OK) {
		CHECK_INT(change.type, DS_TYPE_LABEL);
		store_note(change.key);
	}
	CHECK_INT(result, -ENOENT);
}

static inline endpoint_t store_label(const char *label)
{
	endpoint_t endpoint = NONE;
	int result = ds_retrieve_label_num(label, &endpoint);
	CHECK(result == OK || result == -ESRCH);
	return result == OK ? endpoint : NONE;
}

/* RS may know somebody newer already: that is told within a second. */
static inline int store_agrees_with_rs(const char *label)
{
	for (int i = 0; i < 1000; i++) {
		int now = rs_lookup(label);
		if (store_label(label) == (now >= 0 ? now : NONE))
			return 1;
		usleep(1000);
	}
	return 0;
}

/* What has changed between two looks is told, at the latest when it is asked for after the second. */
static inline void follow_label(struct followed *label)
{
	int was_told = label->is_told;
	endpoint_t now = store_label(label->label);
	label->is_told = 0;
	store_take_news();
	CHECK(now == label->endpoint || was_told || label->is_told);
	label->endpoint = now;
	CHECK(store_agrees_with_rs(label->label));
}

static inline void follow_labels(void)
{
	static int is_subscribed;
	if (!is_subscribed)
		CHECK_INT(ds_subscribe("serve|ramfs", DSF_INITIAL), OK);
	is_subscribed = 1;
	for (uint32_t i = 0; i < COUNT(followed); i++)
		follow_label(&followed[i]);
	usleep(below(5000));
}

#endif
