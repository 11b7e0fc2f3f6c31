/* SPDX-License-Identifier: MIT */
/* guest: timeout=60 time=counted flags=control manifest=ds_early.manifest programs=ds_early.c variants=no */
/*
 * RS has more labels to tell than can be under way to the data store: the services that it starts are known
 * there by their labels all the same, from their first calls on.
 */
#include "ds_kill.h"

#define SERVICES 60
#define ROUNDS   4

static void name(char text[DS_KEY_SIZE], const char *format, int service)
{
	snprintf(text, DS_KEY_SIZE, format, service);
}

static void await_news(void)
{
	struct ds_change change = {.what = 0};
	struct message m;
	do
		CHECK_INT(ipc_receive(ANY, &m, NULL), OK);
	while (!ds_is_notification(&m));
	while (ds_check_change(&change) == OK)
		CHECK(strcmp(change.key, "early.failed") != 0);
}

/* Whether it has said that it is another process than before. */
static int has_come(int service, uint32_t before)
{
	char key[DS_KEY_SIZE];
	uint32_t now = before;
	name(key, "early.%02d", service);
	int result = ds_retrieve_u32(key, &now);
	CHECK(result == OK || result == -ESRCH);
	return now != before;
}

static void check_owner(const struct ds_entry *entry, uint32_t processes[])
{
	char label[DS_KEY_SIZE];
	int service = atoi(entry->key + strlen("early."));
	name(label, "early%02d", service);
	CHECK(strcmp(entry->owner, label) == 0);
	CHECK_INT(entry->endpoint, entry->number);
	CHECK_INT(entry->endpoint, rs_lookup(label));
	processes[service] = entry->number;
}

/* All are there again, as their labels. */
static void check_owners(uint32_t processes[])
{
	static struct ds_entry entries[DS_LIST_MAX];
	uint32_t from = 0, seen = 0;
	do {
		int count = ds_list(&from, entries, DS_LIST_MAX);
		CHECK(count >= 0);
		for (int i = 0; i < count; i++)
			if (strncmp(entries[i].key, "early.", strlen("early.")) == 0) {
				check_owner(&entries[i], processes);
				seen++;
			}
	} while (from != 0);
	CHECK_INT(seen, SERVICES);
}

static int is_ours(const struct rs_status_rep *status)
{
	return strncmp(status->label, "early", strlen("early")) == 0;
}

static void kill_all(void)
{
	struct rs_status_rep status = {0};
	for (uint32_t i = 0; rs_status(i, &status) == OK; i++)
		if (is_ours(&status))
			CHECK_INT(kill(status.pid, SIGKILL), 0);
}

static int all_run(void)
{
	struct rs_status_rep status = {0};
	for (uint32_t i = 0; rs_status(i, &status) == OK; i++)
		if (is_ours(&status) && status.pid == 0)
			return 0;
	return 1;
}

/* They begin while there is no data store, which then hears of all of them at a time. */
static void begin_anew(void)
{
	ds_kill();
	while (ds_pid() == 0)
		sys_yield();
	ds_kill(); /* the second time it is not started at once */
	kill_all();
	do
		usleep(1000);
	while (!all_run());
	ds_raise();
}

static void services_are_known_from_their_first_calls_on(void)
{
	static uint32_t processes[SERVICES];
	CHECK_INT(ds_subscribe("early\\..*", DSF_INITIAL), OK);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < SERVICES; i++)
			while (!has_come(i, processes[i]))
				await_news();
		check_owners(processes);
		begin_anew();
	}
}

static void who_is_no_service_has_no_label(void)
{
	char label[PROC_NAME_MAX];
	pid_t child = fork();
	if (child == 0)
		_exit(rs_label(sys_self(), label) == -ESRCH ? 0 : 1);
	int status = -1;
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK_INT(status, 0);
	CHECK_INT(rs_label(rs_lookup("early07"), label), OK);
	CHECK(strcmp(label, "early07") == 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(who_is_no_service_has_no_label),
	        TEST(services_are_known_from_their_first_calls_on),
	};
	return TAP_RUN(tests);
}
