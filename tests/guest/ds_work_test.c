/* SPDX-License-Identifier: MIT */
/* guest: timeout=240 time=counted flags=control variants=ubsan */
/*
 * Somebody has as many long keys, and as dear a pattern, as it may, and asks for all at once, or dies. Others
 * are answered meanwhile as always; the one who has asked waits. Nor is it different when the data store is
 * killed. Time is counted in instructions.
 */
#include "ds_kill.h"
#include "pages.h"

#define KEYS    600
#define PATTERN ".*.*.*.*.*.*.*.*.*.*.*Z?.*"
/* Nanoseconds, which are instructions here: at most that for a call, with a start of DS; RS has patience for
 * 40 times that. */
#define LONGEST 100000000

static void make_key(char *key, unsigned number)
{
	memset(key, 'a', DS_KEY_MAX);
	snprintf(key + DS_KEY_MAX - 6, 7, "%06u", number);
}

static void publish_all(void)
{
	char key[DS_KEY_SIZE];
	for (unsigned i = 0; i < KEYS; i++) {
		make_key(key, i);
		CHECK_INT(ds_publish_u32(key, i, 0), OK);
	}
}

static void subscribe_and_look(void)
{
	struct ds_change change;
	unsigned count = 0;
	publish_all();
	CHECK_INT(ds_subscribe(PATTERN, DSF_INITIAL), OK);
	while (ds_check_change(&change) == OK)
		count += change.what == DS_CREATED && change.key[DS_KEY_MAX - 7] == 'a';
	CHECK_INT(count, KEYS);
}

static void publish_and_die(void)
{
	publish_all();
}

static void watch(void)
{
	CHECK_INT(ds_subscribe(PATTERN, 0), OK);
	for (;;)
		pause();
}

static struct ds_statistics statistics(void)
{
	struct ds_statistics now = {0};
	CHECK_INT(ds_stats(&now), OK);
	return now;
}

static uint64_t uptime(void)
{
	uint64_t nsecs = 0;
	uint32_t epoch;
	CHECK_INT(sys_clock(&nsecs, &epoch), OK);
	return nsecs;
}

/* Like anybody who has nothing to do with it. Returns how long the longest call took. */
static uint64_t live_on(void)
{
	uint64_t begun = uptime(), published;
	uint32_t value = 0;
	CHECK_INT(ds_publish_u32("mine", 7, DSF_OVERWRITE), OK);
	published = uptime();
	CHECK_INT(ds_retrieve_u32("mine", &value), OK);
	CHECK_INT(value, 7);
	return published - begun > uptime() - published ? published - begun : uptime() - published;
}

static uint64_t longest;

static int is_there(pid_t child, int *status)
{
	uint64_t took = live_on();
	longest = took > longest ? took : longest;
	usleep(5000);
	return waitpid(child, status, WNOHANG) == 0;
}

static void others_are_answered_while_somebody_is_told_all(void)
{
	uint32_t starts = statistics().starts, subscriptions = statistics().subscriptions, calls = 0,
	         kills = 0;
	int status = -1;
	pid_t child = tap_start(subscribe_and_look);
	while (statistics().subscriptions == subscriptions)
		usleep(1000);
	longest = 0;
	for (; is_there(child, &status); calls++)
		if (calls == 20 || calls == 40) {
			ds_kill_and_raise();
			kills++;
		}
	CHECK_EXITED(status, 0);
	printf("# %u calls meanwhile, the longest took %u instructions\n", (unsigned)calls,
	       (unsigned)longest);
	CHECK(calls > 60);
	CHECK(longest < LONGEST);
	CHECK_INT(kills, 2);
	CHECK_INT(statistics().starts, starts + kills); /* RS has heard of it all the time */
}

static void others_are_answered_while_a_death_is_told(void)
{
	uint32_t starts = statistics().starts, entries = statistics().types[DS_TYPE_U32], calls = 0, value;
	char key[DS_KEY_SIZE];
	pid_t watcher = tap_start(watch), child = tap_start(publish_and_die);
	CHECK_EXITED(tap_wait(child), 0);
	make_key(key, KEYS / 2);
	CHECK_INT(ds_retrieve_u32(key, &value), -ESRCH);
	CHECK(statistics().types[DS_TYPE_U32] > entries + KEYS / 2);
	longest = 0;
	for (; statistics().types[DS_TYPE_U32] > entries + 1; calls++) {
		CHECK(is_there(watcher, NULL));
		if (calls == 20)
			ds_kill_and_raise();
	}
	printf("# %u calls meanwhile, the longest took %u instructions\n", (unsigned)calls,
	       (unsigned)longest);
	CHECK(calls > 60);
	CHECK(longest < LONGEST);
	CHECK_INT(statistics().starts, starts + 1);
	kill(watcher, SIGKILL);
	tap_wait(watcher);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(others_are_answered_while_somebody_is_told_all),
	        TEST(others_are_answered_while_a_death_is_told),
	};
	return TAP_RUN(tests);
}
