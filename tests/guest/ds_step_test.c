/* SPDX-License-Identifier: MIT */
/* guest: timeout=300 time=counted calls=step seed=yes variants=no */
/*
 * The data store dies after the first instructions of a call, after some more, and so on, until the call is
 * answered before. Each time the call succeeds, and all is as if there had been no death. A seed chooses one
 * in EVERY instructions of a publish: the seeds from 0 to EVERY - 1 are all of them (make fuzz SEEDS=0-7
 * TEST=guest/ds_step_test). (Of the store itself tests/host/ds_kill_test.c tries every instruction of every
 * call in each run; here it is the whole server.)
 */
#include "ds_kill.h"
#include "lending.h"

#define EVERY 8
#define SOME  (16 * EVERY) /* of other calls */

static char *range, *room;

/* ---- What is done: each brings itself back to where it began ---- */

static uint32_t round_number;

static void check_change(const char *key, uint32_t what)
{
	struct ds_change change = {.what = 0};
	CHECK_INT(ds_check_change(&change), OK);
	CHECK(strcmp(change.key, key) == 0);
	CHECK_INT(change.what, what);
	CHECK_INT(ds_check_change(&change), -ENOENT);
}

static void publish(void)
{
	CHECK_INT(ds_publish_u32("step", round_number, 0), OK);
}

static void check_published(void)
{
	uint32_t value = ~round_number;
	CHECK_INT(ds_retrieve_u32("step", &value), OK);
	CHECK_INT(value, round_number);
	check_change("step", DS_CREATED);
	CHECK_INT(ds_delete_u32("step"), OK);
	check_change("step", DS_DELETED);
}

static void make_entry(void)
{
	CHECK_INT(ds_publish_str("step", "before", 0), OK);
	check_change("step", DS_CREATED);
}

static void overwrite(void)
{
	CHECK_INT(ds_publish_str("step", "a longer string than there was before, which takes two blocks",
	                         DSF_OVERWRITE),
	          OK);
}

static void check_overwritten(void)
{
	char value[100] = "";
	CHECK_INT(ds_retrieve_str("step", value, sizeof(value)), OK);
	CHECK(strncmp(value, "a longer", 8) == 0);
	check_change("step", DS_CHANGED);
	CHECK_INT(ds_delete_str("step"), OK);
	check_change("step", DS_DELETED);
}

static void delete (void)
{
	CHECK_INT(ds_delete_str("step"), OK);
}

static void check_deleted(void)
{
	CHECK_INT(ds_delete_str("step"), -ESRCH);
	check_change("step", DS_DELETED);
}

static void check(void)
{
	check_change("step", DS_CREATED);
}

static void delete_seen(void)
{
	delete ();
	check_change("step", DS_DELETED);
}

static void publish_unseen(void)
{
	CHECK_INT(ds_publish_str("step", "unseen", 0), OK);
}

static void publish_range(void)
{
	CHECK_INT(ds_publish_map("step", range, PAGE_SIZE, 0), OK);
}

static void check_range(void)
{
	size_t length = PAGE_SIZE;
	int number = 0;
	range[0] = (char)round_number;
	CHECK_INT(ds_retrieve_map("step", room, &length, 0, DSMF_COPY_MAPPED), OK);
	CHECK_INT(room[0], (char)round_number);
	CHECK_INT(ds_snapshot_map("step", &number), OK);
	CHECK_INT(number, 1);
	check_change("step", DS_CREATED);
	CHECK_INT(ds_delete_map("step"), OK);
	check_change("step", DS_DELETED);
}

static void make_range(void)
{
	range[0] = (char)round_number;
	publish_range();
	check_change("step", DS_CREATED);
}

static int number;

static void snapshot(void)
{
	number = 0;
	CHECK_INT(ds_snapshot_map("step", &number), OK);
}

static void check_snapshot(void)
{
	size_t length = PAGE_SIZE;
	CHECK_INT(number, 1);
	range[0]++;
	CHECK_INT(ds_retrieve_map("step", room, &length, 1, DSMF_COPY_SNAPSHOT), OK);
	CHECK_INT(room[0], (char)round_number);
	CHECK_INT(ds_delete_map("step"), OK);
	check_change("step", DS_DELETED);
}

static void make_snapshots(void)
{
	make_range();
	snapshot();
	range[0]++;
	snapshot();
	CHECK_INT(number, 2);
}

static void drop_snapshot(void)
{
	CHECK_INT(ds_drop_snapshot("step", 1), OK);
}

static void check_dropped(void)
{
	size_t length = PAGE_SIZE;
	CHECK_INT(ds_retrieve_map("step", room, &length, 1, DSMF_COPY_SNAPSHOT), -ENOENT);
	CHECK_INT(ds_retrieve_map("step", room, &length, 2, DSMF_COPY_SNAPSHOT), OK);
	CHECK_INT(room[0], (char)(round_number + 1));
	CHECK_INT(ds_delete_map("step"), OK);
	check_change("step", DS_DELETED);
}

/* ---- Killing ---- */

static int is_new(endpoint_t before)
{
	return rs_lookup("ds") != before;
}

/* 0: the call was answered before the store could die of it. */
static int kill_in(void (*prepare)(void), void (*call)(void), void (*after)(void), uint32_t instructions)
{
	if (prepare)
		prepare();
	endpoint_t ds = rs_lookup("ds");
	CHECK_INT(sys_step(ds, instructions), OK);
	call();
	int was_killed = is_new(ds);
	if (!was_killed)
		CHECK_INT(sys_step(ds, 0), OK);
	after();
	return was_killed && !tap_failures;
}

static void kill_everywhere(void (*prepare)(void), void (*call)(void), void (*after)(void), uint32_t stride)
{
	struct ds_statistics before, later;
	uint32_t instructions = 1 + dice % stride;
	CHECK_INT(ds_stats(&before), OK);
	for (; kill_in(prepare, call, after, instructions); instructions += stride)
		round_number++;
	CHECK_INT(ds_stats(&later), OK);
	CHECK_INT(later.bytes_free, before.bytes_free);
	CHECK_INT(later.owners, before.owners);
	printf("# %u instructions, %u deaths\n", (unsigned)instructions,
	       (unsigned)(later.starts - before.starts));
	CHECK(instructions > 500);
}

static void begin(void)
{
	range = lending_pages(1);
	room = lending_pages(1);
	REQUIRE(range && room);
	memset(range, '-', PAGE_SIZE);
	memset(room, '-', PAGE_SIZE);
	CHECK_INT(ds_subscribe("step", 0), OK);
}

static void a_publish_is_done_once_wherever_the_store_dies(void)
{
	kill_everywhere(NULL, publish, check_published, EVERY);
}

static void so_is_an_overwrite(void)
{
	kill_everywhere(make_entry, overwrite, check_overwritten, SOME);
}

static void so_is_a_deletion(void)
{
	kill_everywhere(make_entry, delete, check_deleted, SOME);
}

static void changes_are_told_once(void)
{
	kill_everywhere(publish_unseen, check, delete_seen, SOME);
}

static void ranges_are_published_once(void)
{
	kill_everywhere(NULL, publish_range, check_range, SOME);
}

static void snapshots_are_taken_once(void)
{
	kill_everywhere(make_range, snapshot, check_snapshot, SOME);
}

static void snapshots_are_dropped_once(void)
{
	kill_everywhere(make_snapshots, drop_snapshot, check_dropped, SOME);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(begin),
	        TEST(a_publish_is_done_once_wherever_the_store_dies),
	        TEST(so_is_an_overwrite),
	        TEST(so_is_a_deletion),
	        TEST(changes_are_told_once),
	        TEST(ranges_are_published_once),
	        TEST(snapshots_are_taken_once),
	        TEST(snapshots_are_dropped_once),
	};
	dice_from(argc, argv);
	return TAP_RUN(tests);
}
