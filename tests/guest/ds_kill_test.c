/* SPDX-License-Identifier: MIT */
/* guest: timeout=300 time=counted flags=control calls=schedule seed=yes variants=ubsan */
/*
 * The data store is killed again and again, at random moments, while processes use it. Each has keys of its
 * own, and knows all that must be there, and what it must be told; it reads the others' too. One has a range,
 * one waits to be told what is changed after a kill. Nobody notices, and nobody waits for long.
 */
#include "ds_kill_others.h"
#include "pages.h"

#define WORKERS 5
#define RANGER  WORKERS       /* who has a range */
#define WAITER  (WORKERS + 1) /* who waits */
#define ALL     (WORKERS + 2)
#define KEYS    4
#define KILLS   120
#define LONG    10000 /* waits, for anybody to do anything */
#define TYPES   3
#define LONGEST 6000

enum { U32, STR, MEM };

static struct entry {
	int present, untold;
	uint32_t value;
} model[KEYS][TYPES];

static unsigned me;
static volatile sig_atomic_t is_over;

/* ---- Values: a text that says whose it is, of a length that the number says ---- */

static void make_key(char *key, unsigned worker, uint32_t number)
{
	snprintf(key, DS_KEY_SIZE, "w%u.%s%u", worker, number % 2 ? "a-key-that-is-longer-than-others-" : "",
	         (unsigned)number);
}

static size_t make_value(char *text, unsigned worker, uint32_t value)
{
	size_t length = value % 7 ? value % 100 : value % (LONGEST - 40);
	memset(text, 'a' + (int)(value % 26), length);
	return length + (size_t)sprintf(text + length, " %u of %u", (unsigned)value, worker);
}

static int publish(uint32_t key, uint32_t type, uint32_t value, int flags)
{
	static char text[LONGEST];
	char name[DS_KEY_SIZE];
	size_t length = make_value(text, me, value);
	make_key(name, me, key);
	return type == U32   ? ds_publish_u32(name, value, flags)
	       : type == STR ? ds_publish_str(name, text, flags)
	                     : ds_publish_mem(name, text, length, flags);
}

static int delete_entry(uint32_t key, uint32_t type)
{
	char name[DS_KEY_SIZE];
	make_key(name, me, key);
	return type == U32 ? ds_delete_u32(name) : type == STR ? ds_delete_str(name) : ds_delete_mem(name);
}

static void check_retrieve(uint32_t key, uint32_t type)
{
	static char text[LONGEST], found[LONGEST];
	const struct entry *entry = &model[key][type];
	size_t length = make_value(text, me, entry->value), size = sizeof(found);
	uint32_t value = 0;
	char name[DS_KEY_SIZE];
	make_key(name, me, key);
	CHECK_INT(type == U32   ? ds_retrieve_u32(name, &value)
	          : type == STR ? ds_retrieve_str(name, found, sizeof(found))
	                        : ds_retrieve_mem(name, found, &size),
	          entry->present ? OK : -ESRCH);
	if (entry->present && type == U32)
		CHECK_INT(value, entry->value);
	if (entry->present && type == STR)
		CHECK(strcmp(found, text) == 0);
	if (entry->present && type == MEM)
		CHECK(size == length && memcmp(found, text, length) == 0);
}

/* It may be there or not; but if it is, it is whole. */
static void check_another_s(void)
{
	static char text[LONGEST], found[LONGEST];
	unsigned worker = roll(WORKERS), value = 0, of = 0;
	char name[DS_KEY_SIZE];
	make_key(name, worker, roll(KEYS));
	int result = ds_retrieve_str(name, found, sizeof(found));
	CHECK(result == OK || result == -ESRCH);
	if (result != OK)
		return;
	const char *space = strchr(found, ' ');
	CHECK(space && sscanf(space, " %u of %u", &value, &of) == 2 && of == worker);
	make_value(text, worker, value);
	CHECK(strcmp(found, text) == 0);
	if (worker == me)
		return;
	result = ds_delete_str(name);
	CHECK(result == -EPERM || result == -ESRCH); /* its owner may have deleted it */
}

static void step_publish(uint32_t key, uint32_t type)
{
	struct entry *entry = &model[key][type];
	int overwrite = roll(3) ? DSF_OVERWRITE : 0;
	uint32_t value = roll(1000000);
	int result = publish(key, type, value, overwrite);
	CHECK_INT(result, entry->present && !overwrite ? -EEXIST : OK);
	if (result == OK)
		*entry = (struct entry){1, 1, value};
}

static void step_delete(uint32_t key, uint32_t type)
{
	struct entry *entry = &model[key][type];
	CHECK_INT(delete_entry(key, type), entry->present ? OK : -ESRCH);
	entry->untold |= entry->present;
	entry->present = 0;
}

/* ---- News: of its own keys ---- */

static struct entry *entry_named(const struct ds_change *change)
{
	char name[DS_KEY_SIZE];
	for (uint32_t key = 0; key < KEYS; key++) {
		make_key(name, me, key);
		if (strcmp(name, change->key) == 0)
			return &model[key][change->type - DS_TYPE_U32];
	}
	return NULL;
}

static void step_news(void)
{
	struct ds_change change;
	int result;
	while ((result = ds_check_change(&change)) == OK) {
		struct entry *entry = entry_named(&change);
		if (!CHECK(entry && entry->untold))
			return;
		entry->untold = 0;
		CHECK_INT((change.what & DS_DELETED) != 0, !entry->present);
	}
	CHECK_INT(result, -ENOENT);
	for (uint32_t key = 0; key < KEYS; key++)
		for (uint32_t type = 0; type < TYPES; type++)
			CHECK(!model[key][type].untold);
}

static void step(void)
{
	uint32_t key = roll(KEYS), type = roll(TYPES);
	switch (roll(9)) {
	case 0:
		step_news();
		return;
	case 5:
		check_another_s();
		return;
	case 1:
	case 2:
		step_delete(key, type);
		return;
	case 3:
	case 4:
		check_retrieve(key, type);
		return;
	default:
		step_publish(key, type);
		return;
	}
}

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

static void work(void)
{
	char pattern[16];
	uint32_t steps = 0;
	signal(SIGTERM, end);
	dice += me * 0x1234567u;
	map_progress();
	if (me == RANGER) {
		work_with_range(me, &is_over);
		return;
	}
	if (me == WAITER) {
		wait_for_news(me);
		return;
	}
	snprintf(pattern, sizeof(pattern), "w%u\\..*", me);
	CHECK_INT(ds_subscribe(pattern, 0), OK);
	for (; !is_over && !tap_failures; steps++) {
		step();
		progress[me]++;
	}
	step_news();
	CHECK_INT(ds_subscribe(pattern, 0), -EEXIST);
	printf("# %u steps\n", (unsigned)steps);
	CHECK(steps > 20);
}

/* ---- The killer ---- */

static pid_t workers[ALL];

static void start_all(void)
{
	test_endpoint = sys_self();
	progress = pages(PAGE_SIZE);
	for (me = 0; me < ALL; me++) {
		workers[me] = tap_start(work);
		lend_progress(pm_endpoint(workers[me]));
	}
}

static void end_all(void)
{
	for (unsigned i = 0; i < WAITER; i++)
		kill(workers[i], SIGTERM);
	for (unsigned i = 0; i < WAITER; i++)
		CHECK_EXITED(tap_wait(workers[i]), 0);
	kill(workers[WAITER], SIGKILL); /* it would wait for ever */
	CHECK_KILLED(tap_wait(workers[WAITER]), SIGKILL);
	CHECK_INT(ds_delete_u32("n.tick"), OK);
	CHECK_INT(munmap((void *)(uintptr_t)progress, PAGE_SIZE), 0);
}

/* Each does something after the kill, and what is changed after it reaches who waits for that. */
static void await_all(uint32_t kills, const uint32_t *before)
{
	CHECK_INT(ds_publish_u32("n.tick", kills, DSF_OVERWRITE), OK);
	for (unsigned i = 0; i < ALL; i++) {
		int waits = 0;
		while ((i == WAITER ? progress[i] != kills : progress[i] == before[i]) && waits++ < LONG)
			usleep(500);
		if (!CHECK(waits <= LONG))
			printf("# worker %u has done nothing since kill %u\n", i, (unsigned)kills);
	}
}

/* More urgent than DS, which would be idle otherwise whenever it is killed. */
#define URGENT 2

static void kill_often(int times)
{
	start_all();
	CHECK_INT(sys_schedule(sys_self(), URGENT, 50), OK);
	for (int i = 1; i <= times && !tap_failures; i++) {
		uint32_t before[ALL];
		usleep(200 + roll(40000));
		ds_kill_and_raise();
		memcpy(before, (void *)(uintptr_t)progress, sizeof(before));
		if (i % 4 == 0)
			await_all((uint32_t)i, before);
	}
	CHECK_INT(sys_schedule(sys_self(), SCHED_PRIO_USER, 50), OK);
	end_all();
}

static uint32_t pages_of_ds(void)
{
	struct vm_procinfo_rep info = {0};
	CHECK_INT(vm_procinfo(rs_lookup("ds"), &info), OK);
	return info.resident;
}

static void nobody_notices_that_the_data_store_is_killed(void)
{
	struct ds_statistics before, after;
	kill_often(20); /* so that all is there that is used for the first time */
	CHECK_INT(ds_stats(&before), OK);
	struct account account = account_now();
	uint32_t pages = pages_of_ds();
	kill_often(KILLS);
	CHECK_INT(ds_stats(&after), OK);
	check_account(&account);
	CHECK(pages_of_ds() <= pages + 8);
	CHECK_INT(after.bytes_free, before.bytes_free);
	CHECK_INT(after.owners, before.owners);
	CHECK_INT(after.subscriptions, before.subscriptions);
	/* One that was killed before it had counted its start is not counted. */
	CHECK(after.starts > before.starts + KILLS / 2 && after.starts <= before.starts + KILLS);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(nobody_notices_that_the_data_store_is_killed),
	};
	dice_from(argc, argv);
	return TAP_RUN(tests);
}
