/* SPDX-License-Identifier: MIT */
/* guest: timeout=240 time=counted flags=control calls=schedule seed=yes variants=ubsan */
/*
 * Processes share keys: they overwrite what is others', keep their own to themselves, subscribe, and die,
 * while the data store is killed at random moments. One process tells each in turn what to do, so that there
 * is a reference, which knows of no kills: it says what each call must answer, and who must be told of what.
 */
#include "ds_kill.h"
#include "lending.h"

#define PEOPLE 4
#define KEYS   4
#define TYPES  2
#define STEPS  3000
#define PAUSE  6000 /* microseconds: up to twice that between two kills */

enum { U32, STR };

static struct entry {
	int present, owner, flags;
	uint32_t value;
	int untold[PEOPLE];
} model[KEYS * TYPES];

static int subscribed[PEOPLE];
static struct partner people[PEOPLE];
static const char *const names[KEYS] = {"s.a", "s.b", "s.c", "s.d"};

static struct entry *entry_of(uint32_t key, uint32_t type)
{
	return &model[key * TYPES + type];
}

/* ---- What each is told to do ---- */

static int64_t publish(int64_t key, int64_t type, int64_t value, int64_t flags)
{
	char text[300];
	snprintf(text, sizeof(text), "%*u", (int)(value % 250) + 1, (unsigned)value);
	return type == U32 ? ds_publish_u32(names[key], (uint32_t)value, (int)flags)
	                   : ds_publish_str(names[key], text, (int)flags);
}

/* The value, or a negative errno. */
static int64_t retrieve(int64_t key, int64_t type, int64_t unused, int64_t unused2)
{
	char text[300];
	uint32_t value = 0;
	(void)unused, (void)unused2;
	int result = type == U32 ? ds_retrieve_u32(names[key], &value)
	                         : ds_retrieve_str(names[key], text, sizeof(text));
	if (result == OK && type == STR)
		value = (uint32_t)strtoul(text, NULL, 10);
	return result == OK ? (int64_t)value : result;
}

static int64_t delete_entry(int64_t key, int64_t type, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return type == U32 ? ds_delete_u32(names[key]) : ds_delete_str(names[key]);
}

static int64_t subscribe(int64_t flags, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return ds_subscribe("s\\..*", (int)flags);
}

static int64_t unsubscribe(int64_t unused, int64_t unused1, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused1, (void)unused2, (void)unused3;
	return ds_unsubscribe("s\\..*");
}

/* One change: key, type and what has happened, in one number; or a negative errno. */
static int64_t check(int64_t unused, int64_t unused1, int64_t unused2, int64_t unused3)
{
	struct ds_change change;
	(void)unused, (void)unused1, (void)unused2, (void)unused3;
	int result = ds_check_change(&change);
	return result == OK ? (change.key[2] - 'a') << 16 | (int64_t)change.type << 8 | (int64_t)change.what
	                    : result;
}

/* ---- The reference ---- */

static int keeps(const struct entry *entry, int who, int flag)
{
	return entry->flags & flag && entry->owner != who;
}

static void tell(struct entry *entry)
{
	for (int who = 0; who < PEOPLE; who++)
		if (subscribed[who] && !keeps(entry, who, DSF_PRIV_SUBSCRIBE))
			entry->untold[who] = 1;
}

static void step_publish(int who, uint32_t key, uint32_t type)
{
	struct entry *entry = entry_of(key, type);
	int overwrite = roll(3) ? DSF_OVERWRITE : 0, private = (roll(3) ? 0 : DSF_PRIV_OVERWRITE) |
	                                                       (roll(3) ? 0 : DSF_PRIV_RETRIEVE) |
	                                                       (roll(4) ? 0 : DSF_PRIV_SUBSCRIBE);
	uint32_t value = roll(1000000);
	int expected = !entry->present                         ? OK
	               : !overwrite                            ? -EEXIST
	               : keeps(entry, who, DSF_PRIV_OVERWRITE) ? -EPERM
	                                                       : OK;
	CHECK_INT(lending_do(people[who], publish, key, type, value, overwrite | private), expected);
	if (expected != OK)
		return;
	if (!entry->present)
		entry->owner = who;
	if (entry->owner == who)
		entry->flags = private;
	entry->present = 1;
	entry->value = value;
	tell(entry);
}

static void step_retrieve(int who, uint32_t key, uint32_t type)
{
	const struct entry *entry = entry_of(key, type);
	CHECK_INT(lending_do(people[who], retrieve, key, type, 0, 0), !entry->present ? -ESRCH
	                                                              : keeps(entry, who, DSF_PRIV_RETRIEVE)
	                                                                      ? -EPERM
	                                                                      : (int64_t)entry->value);
}

static void step_delete(int who, uint32_t key, uint32_t type)
{
	struct entry *entry = entry_of(key, type);
	int expected = !entry->present ? -ESRCH : entry->owner != who ? -EPERM : OK;
	CHECK_INT(lending_do(people[who], delete_entry, key, type, 0, 0), expected);
	if (expected != OK)
		return;
	entry->present = 0;
	tell(entry);
}

static void step_subscribe(int who)
{
	int flags = roll(2) ? DSF_INITIAL : 0;
	CHECK_INT(lending_do(people[who], subscribe, flags, 0, 0, 0), subscribed[who] ? -EEXIST : OK);
	if (subscribed[who])
		return;
	subscribed[who] = 1;
	for (struct entry *entry = model; flags && entry < model + KEYS * TYPES; entry++)
		entry->untold[who] = entry->present && !keeps(entry, who, DSF_PRIV_SUBSCRIBE);
}

static void is_subscribed_no_more(int who)
{
	subscribed[who] = 0;
	for (struct entry *entry = model; entry < model + KEYS * TYPES; entry++)
		entry->untold[who] = 0;
}

static void step_unsubscribe(int who)
{
	CHECK_INT(lending_do(people[who], unsubscribe, 0, 0, 0, 0), subscribed[who] ? OK : -ESRCH);
	is_subscribed_no_more(who);
}

static void step_check(int who)
{
	int64_t told;
	while ((told = lending_do(people[who], check, 0, 0, 0, 0)) >= 0) {
		struct entry *entry =
		        entry_of((uint32_t)(told >> 16), (uint32_t)(told >> 8 & 0xff) - DS_TYPE_U32);
		if (!CHECK(entry->untold[who]))
			return;
		entry->untold[who] = 0;
		if (!keeps(entry, who, DSF_PRIV_SUBSCRIBE))
			CHECK_INT((told & DS_DELETED) != 0, !entry->present);
	}
	CHECK_INT(told, -ENOENT);
	for (struct entry *entry = model; entry < model + KEYS * TYPES; entry++)
		CHECK(!entry->untold[who]);
}

/* Another takes the place of one who dies. */
static void step_die(int who)
{
	lending_end(people[who]);
	people[who] = lending_start();
	is_subscribed_no_more(who);
	for (struct entry *entry = model; entry < model + KEYS * TYPES; entry++) {
		if (!entry->present || entry->owner != who)
			continue;
		entry->present = 0;
		tell(entry);
	}
}

static void step(void)
{
	int who = (int)roll(PEOPLE);
	uint32_t key = roll(KEYS), type = roll(TYPES);
	switch (roll(16)) {
	case 0:
		step_check(who);
		return;
	case 1:
		step_subscribe(who);
		return;
	case 2:
		if (roll(3) == 0)
			step_unsubscribe(who);
		return;
	case 3:
		if (roll(3) == 0)
			step_die(who);
		return;
	case 4:
	case 5:
		step_delete(who, key, type);
		return;
	case 6:
	case 7:
	case 8:
		step_retrieve(who, key, type);
		return;
	default:
		step_publish(who, key, type);
		return;
	}
}

/* ---- */

/* More urgent than DS, which would be idle otherwise whenever it is killed. */
#define URGENT 2

static void kill_for_ever(void)
{
	CHECK_INT(sys_schedule(sys_self(), URGENT, 50), OK);
	for (;;) {
		usleep(200 + roll(2 * PAUSE));
		ds_kill_and_raise();
	}
}

static void who_shares_keys_notices_no_kills(void)
{
	struct ds_statistics before = {0}, after = {0};
	CHECK_INT(ds_stats(&before), OK);
	for (int who = 0; who < PEOPLE; who++)
		people[who] = lending_start();
	pid_t killer = tap_start(kill_for_ever);
	for (int i = 0; i < STEPS && !tap_failures; i++)
		step();
	CHECK_INT(kill(killer, SIGKILL), 0);
	CHECK_KILLED(tap_wait(killer), SIGKILL);
	for (int who = 0; who < PEOPLE; who++)
		step_check(who);
	for (int who = 0; who < PEOPLE; who++)
		lending_end(people[who]);
	CHECK_INT(ds_stats(&after), OK);
	printf("# %u kills\n", (unsigned)(after.starts - before.starts));
	CHECK(after.starts - before.starts > 20);
	CHECK_INT(after.types[DS_TYPE_U32] + after.types[DS_TYPE_STR],
	          before.types[DS_TYPE_U32] + before.types[DS_TYPE_STR]);
	CHECK_INT(after.subscriptions, before.subscriptions);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(who_shares_keys_notices_no_kills),
	};
	dice_from(argc, argv);
	return TAP_RUN(tests);
}
