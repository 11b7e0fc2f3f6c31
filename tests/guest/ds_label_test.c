/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted flags=control manifest=ds_label.manifest programs=rs_subject.c variants=no
 */
/*
 * A service's label in the data store, with RS itself: who has subscribed to it is notified when the service
 * is another process, and finds that.
 */
#include "ds_kill.h"

static const char label[] = "labelled";

static pid_t service_pid(void)
{
	struct rs_status_rep status = {0};
	for (uint32_t i = 0; rs_status(i, &status) == OK; i++)
		if (strcmp(status.label, label) == 0)
			return status.pid;
	return 0;
}

/* What the data store says; NONE: that there is no such label just now. */
static endpoint_t endpoint_now(void)
{
	endpoint_t endpoint = NONE;
	int result = ds_retrieve_label_num(label, &endpoint);
	CHECK(result == OK || result == -ESRCH);
	return result == OK ? endpoint : NONE;
}

/* Only a notification makes it look. */
static void await_change_from(endpoint_t before)
{
	while (endpoint_now() == before || endpoint_now() == NONE) {
		struct ds_change change = {.what = 0};
		struct message m;
		do
			CHECK_INT(ipc_receive(ANY, &m, NULL), OK);
		while (!ds_is_notification(&m));
		while (ds_check_change(&change) == OK) {
			CHECK(strcmp(change.key, label) == 0);
			CHECK_INT(change.type, DS_TYPE_LABEL);
		}
	}
}

static void check_restarted(endpoint_t before)
{
	char name[DS_KEY_SIZE];
	await_change_from(before);
	CHECK(endpoint_now() != before);
	CHECK_INT(endpoint_now(), rs_lookup(label));
	CHECK_INT(ds_retrieve_label_name(name, endpoint_now()), OK);
	CHECK(strcmp(name, label) == 0);
	CHECK_INT(ds_retrieve_label_name(name, before), -ESRCH);
}

/* RS tells the data store of it when it has started it. */
static endpoint_t first_endpoint(void)
{
	CHECK_INT(ds_subscribe(label, DSF_INITIAL), OK);
	await_change_from(NONE);
	CHECK_INT(endpoint_now(), rs_lookup(label));
	return endpoint_now();
}

static void who_watches_a_label_is_told_of_a_restart(void)
{
	struct rs_outcome outcome;
	endpoint_t before = first_endpoint();
	CHECK_INT(rs_restart(label, &outcome), OK);
	check_restarted(before);
}

static void who_watches_a_label_is_told_of_a_death(void)
{
	endpoint_t before = endpoint_now();
	CHECK_INT(kill(service_pid(), SIGKILL), 0);
	check_restarted(before);
}

static void it_is_told_though_the_data_store_dies_too(void)
{
	for (int i = 0; i < 5; i++) {
		endpoint_t before = endpoint_now();
		CHECK_INT(kill(service_pid(), SIGKILL), 0);
		usleep(i * 1500);
		ds_kill_and_raise();
		check_restarted(before);
	}
	CHECK_INT(ds_unsubscribe(label), OK);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(who_watches_a_label_is_told_of_a_restart),
	        TEST(who_watches_a_label_is_told_of_a_death),
	        TEST(it_is_told_though_the_data_store_dies_too),
	};
	return TAP_RUN(tests);
}
