/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 flags=control */
/* The data store in the system: its clients' functions, who may do what, and what dies with whom. */
#include "ds_kill.h"
#include "lending.h"

static uint32_t number_at(const char *key)
{
	uint32_t value = 0;
	CHECK_INT(ds_retrieve_u32(key, &value), OK);
	return value;
}

/* ---- Values ---- */

static void values_of_every_length_come_back(void)
{
	static const uint32_t lengths[] = {0, 1, 59, 60, 61, 4095, 4096, 4097, 65536, DS_VALUE_MAX};
	uint8_t *bytes = lending_pages(65), *back = lending_pages(65);
	REQUIRE(bytes && back);
	for (uint32_t i = 0; i < DS_VALUE_MAX; i++)
		bytes[i] = (uint8_t)(i * 13 + i / 251);
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		/* Also where pages can't be shared. */
		for (uint32_t shift = 0; shift < 2; shift++) {
			size_t length = DS_VALUE_MAX;
			memset(back, 0xee, 65 * PAGE_SIZE);
			CHECK_INT(ds_publish_mem("bytes", bytes + shift, lengths[i], DSF_OVERWRITE), OK);
			CHECK_INT(ds_retrieve_mem("bytes", back, &length), OK);
			CHECK_INT(length, lengths[i]);
			CHECK(memcmp(back, bytes + shift, lengths[i]) == 0);
			CHECK_INT(back[lengths[i]], 0xee);
		}
	}
	CHECK_INT(ds_delete_mem("bytes"), OK);
	munmap(bytes, 65 * PAGE_SIZE);
	munmap(back, 65 * PAGE_SIZE);
}

/* What is published is a copy. */
static void a_value_is_as_it_was_when_it_was_published(void)
{
	char *page = lending_pages(1), back[PAGE_SIZE];
	size_t length = sizeof(back);
	REQUIRE(page);
	memset(page, 'a', PAGE_SIZE);
	CHECK_INT(ds_publish_mem("page", page, PAGE_SIZE, 0), OK);
	memset(page, 'b', PAGE_SIZE);
	CHECK_INT(ds_retrieve_mem("page", back, &length), OK);
	CHECK(back[0] == 'a' && back[PAGE_SIZE - 1] == 'a');
	memset(back, 'c', sizeof(back));
	CHECK_INT(ds_retrieve_mem("page", page, &length), OK);
	CHECK(page[0] == 'a' && page[PAGE_SIZE - 1] == 'a');
	CHECK_INT(ds_delete_mem("page"), OK);
	munmap(page, PAGE_SIZE);
}

static void memory_that_is_not_there_is_refused(void)
{
	char *page = lending_pages(2), text[8];
	size_t length = 64;
	uint32_t value = 5;
	REQUIRE(page);
	munmap(page + PAGE_SIZE, PAGE_SIZE);
	strcpy(page + PAGE_SIZE - 2, "x");
	CHECK_INT(ds_publish_mem("m", page + PAGE_SIZE - 4, 8, 0), -EFAULT);
	CHECK_INT(ds_retrieve_mem("m", text, &length), -ESRCH);
	CHECK_INT(ds_publish_u32(page + PAGE_SIZE - 2, 1, 0), OK);
	CHECK_INT(ds_retrieve_u32(page + PAGE_SIZE - 2, &value), OK);
	CHECK_INT(ds_publish_mem("m", "12345678", 8, 0), OK);
	CHECK_INT(ds_retrieve_mem("m", page + PAGE_SIZE - 4, &length), -EFAULT);
	length = 64;
	CHECK_INT(mprotect(page, PAGE_SIZE, PROT_READ), 0);
	CHECK_INT(ds_retrieve_mem("m", page, &length), -EFAULT);
	CHECK_INT(ds_delete_mem("m"), OK);
	CHECK_INT(ds_delete_u32("x"), OK);
	munmap(page, PAGE_SIZE);
}

/* ---- Who may do what ---- */

static void what_is_private_is_kept_from_others(void)
{
	uint32_t value;
	char key[DS_KEY_SIZE];
	CHECK_INT(ds_retrieve_u32("r", &value), -EPERM);
	CHECK_INT(ds_publish_u32("w", 2, DSF_OVERWRITE), -EPERM);
	CHECK_INT(ds_delete_u32("r"), -EPERM);
	CHECK_INT(ds_delete_u32("w"), -EPERM);
	CHECK_INT(ds_subscribe("s", DSF_INITIAL), OK);
	CHECK_INT(ds_check(key, NULL, NULL), -ENOENT);
	CHECK_INT(ds_publish_label("mine", sys_self(), 0), -EPERM);
	CHECK_INT(ds_publish_label("ds", sys_self(), DSF_OVERWRITE), -EPERM);
	CHECK_INT(ds_delete_label("ds"), -EPERM);
}

static void strangers_are_refused_and_nothing_changes(void)
{
	char label[DS_KEY_SIZE];
	endpoint_t endpoint = NONE;
	CHECK_INT(ds_publish_u32("r", 1, DSF_PRIV_RETRIEVE), OK);
	CHECK_INT(ds_publish_u32("w", 1, DSF_PRIV_OVERWRITE), OK);
	CHECK_INT(ds_publish_u32("s", 1, DSF_PRIV_SUBSCRIBE), OK);
	CHECK_EXITED(tap_child(what_is_private_is_kept_from_others), 0);
	CHECK_INT(number_at("r"), 1);
	CHECK_INT(number_at("w"), 1);
	CHECK_INT(number_at("s"), 1);
	CHECK_INT(ds_retrieve_label_num("ds_calls_test", &endpoint), OK);
	CHECK_INT(endpoint, sys_self());
	CHECK_INT(ds_retrieve_label_num("ds", &endpoint), OK);
	CHECK_INT(endpoint, rs_lookup("ds"));
	CHECK_INT(ds_retrieve_label_name(label, RS_PROC_NR), OK);
	CHECK(strcmp(label, "rs") == 0);
	CHECK_INT(ds_delete_u32("r"), OK);
	CHECK_INT(ds_delete_u32("w"), OK);
	CHECK_INT(ds_delete_u32("s"), OK);
}

static void publish_much(void)
{
	char key[32];
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "child.%d", i);
		CHECK_INT(ds_publish_str(key, "value", 0), OK);
	}
	CHECK_INT(ds_subscribe("child.*", 0), OK);
}

/* RS tells the store of labels when it comes to it: the store's own new endpoint last. */
static void wait_for_labels(void)
{
	endpoint_t endpoint;

	while (ds_retrieve_label_num("ds", &endpoint) != OK || endpoint != rs_lookup("ds"))
		usleep(10000);
}

static void what_a_process_published_goes_with_it(void)
{
	struct ds_statistics before, after;
	wait_for_labels();
	CHECK_INT(ds_stats(&before), OK);
	for (int killed = 0; killed < 2; killed++) {
		CHECK_EXITED(tap_child(publish_much), 0);
		if (killed)
			ds_kill_and_raise();
		wait_for_labels();
		CHECK_INT(ds_stats(&after), OK);
		CHECK_INT(after.types[DS_TYPE_STR], before.types[DS_TYPE_STR]);
		CHECK_INT(after.subscriptions, before.subscriptions);
		CHECK_INT(after.owners, before.owners);
		CHECK_INT(after.bytes_free, before.bytes_free);
	}
}

/* ---- Other programs of the same process ---- */

/* A process that has called exec begins to count anew; what it asks is not taken for what was asked before.
 */
static void a_new_program_s_calls_are_its_own(void)
{
	uint32_t value = 0;
	for (int i = 0; i < 3; i++)
		CHECK_INT(ds_publish_u32("exec", (uint32_t)i, DSF_OVERWRITE), OK);
	pid_t pid = fork();
	if (pid == 0) {
		CHECK_INT(ds_publish_u32("exec", 10, DSF_OVERWRITE), OK);
		execl("/bin/ds_calls_test", "ds_calls_test", "publish", NULL);
		_exit(1);
	}
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK_INT(ds_retrieve_u32("exec", &value), OK);
	CHECK_INT(value, 11);
	CHECK_INT(ds_delete_u32("exec"), OK);
}

static int after_exec(void)
{
	return ds_publish_u32("exec", 11, DSF_OVERWRITE) != OK;
}

/* ---- News ---- */

static int await_notification(void)
{
	struct message m;
	int result;
	do
		result = ipc_receive(ANY, &m, NULL);
	while (result == OK && !ds_is_notification(&m));
	return result;
}

static void check_change(const char *key, uint32_t what)
{
	struct ds_change change = {.what = 0};
	CHECK_INT(ds_check_change(&change), OK);
	CHECK(strcmp(change.key, key) == 0);
	CHECK_INT(change.what, what);
}

static void a_subscriber_is_notified_whoever_ds_is(void)
{
	char key[DS_KEY_SIZE];
	CHECK_INT(ds_subscribe("news\\..*", DSF_INITIAL), OK);
	for (uint32_t i = 0; i < 4; i++) {
		CHECK_INT(ds_publish_u32("news.key", i, DSF_OVERWRITE), OK);
		if (i % 2)
			ds_kill_and_raise();
		CHECK_INT(await_notification(), OK);
		check_change("news.key", i ? DS_CHANGED : DS_CREATED);
		CHECK_INT(ds_check(key, NULL, NULL), -ENOENT);
	}
	CHECK_INT(ds_delete_u32("news.key"), OK);
	CHECK_INT(await_notification(), OK);
	check_change("news.key", DS_DELETED);
	CHECK_INT(ds_unsubscribe("news\\..*"), OK);
	CHECK_INT(ds_unsubscribe("news\\..*"), -ESRCH);
}

/* ---- Grants ---- */

static int publish_by(cp_grant_id_t key, uint32_t key_bytes, cp_grant_id_t value, uint32_t value_bytes)
{
	union ds_publish_message call = {.req = {.key = {key, key_bytes, DS_TYPE_MEM},
	                                         .grant = value,
	                                         .bytes = value_bytes,
	                                         .flags = DSF_OVERWRITE}};
	return ds_publish_call(rs_lookup("ds"), &call);
}

static char key_text[] = "granted";
static struct partner other;

static void grants_that_do_not_fit_are_refused(void)
{
	endpoint_t ds = rs_lookup("ds");
	other = lending_start();
	cp_grant_id_t good = cpf_grant_direct(ds, AT(key_text), 7, CPF_READ);
	cp_grant_id_t for_another = cpf_grant_direct(other.endpoint, AT(key_text), 7, CPF_READ);
	cp_grant_id_t to_write = cpf_grant_direct(ds, AT(key_text), 7, CPF_WRITE);
	cp_grant_id_t revoked = cpf_grant_direct(ds, AT(key_text), 7, CPF_READ);
	cp_grant_id_t of_another = lending_do(other, grant_memory, ds, AT(key_text), 7, CPF_READ);
	cp_grant_id_t nowhere = cpf_grant_direct(ds, 0x1000, 7, CPF_READ);
	CHECK_INT(cpf_revoke(revoked), OK);
	const struct {
		cp_grant_id_t grant;
		int result;
	} bad[] = {{0, -EPERM},        {-5, -EPERM},      {INT64_MAX, -EPERM},  {for_another, -EPERM},
	           {to_write, -EPERM}, {revoked, -EPERM}, {of_another, -EPERM}, {nowhere, -EFAULT}};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(publish_by(bad[i].grant, 7, good, 7), bad[i].result);
		CHECK_INT(publish_by(good, 7, bad[i].grant, 7), bad[i].result);
	}
	CHECK_INT(publish_by(good, 8, good, 7), -EPERM);
	CHECK_INT(publish_by(good, 7, good, 8), -EPERM);
	CHECK_INT(publish_by(good, 0, good, 7), -EINVAL);
	CHECK_INT(publish_by(good, 80, good, 7), -EINVAL);
	CHECK_INT(publish_by(good, 7, good, DS_VALUE_MAX + 1), -E2BIG);
	CHECK_INT(ds_delete_mem("granted"), -ESRCH);
	CHECK_INT(publish_by(good, 7, good, 7), OK);
	CHECK_INT(ds_delete_mem("granted"), OK);
	lending_end(other);
	for (cp_grant_id_t *id = (cp_grant_id_t[]){good, for_another, to_write, nowhere, 0}; *id; id++)
		CHECK_INT(cpf_revoke(*id), OK);
}

/* A child that revokes, changes or dies at any moment while its calls are under way. */
static void publish_without_end(void)
{
	static char page[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	memset(page, 'p', sizeof(page));
	for (uint32_t i = 0;; i++)
		GRANITE_IGNORE(ds_publish_mem("half", page, PAGE_SIZE + i % PAGE_SIZE, DSF_OVERWRITE));
}

static void who_dies_in_the_middle_leaves_nothing_half_done(void)
{
	struct ds_statistics before, after;
	CHECK_INT(ds_stats(&before), OK);
	for (int i = 0; i < 60; i++) {
		pid_t pid = tap_start(publish_without_end);
		usleep((unsigned)(1000 + 137 * i));
		kill(pid, SIGKILL);
		CHECK_KILLED(tap_wait(pid), SIGKILL);
		CHECK_INT(ds_stats(&after), OK);
		CHECK_INT(after.types[DS_TYPE_MEM], before.types[DS_TYPE_MEM]);
		CHECK_INT(after.bytes_free, before.bytes_free);
	}
}

/* ---- Without a data store ---- */

static void calls_fail_at_once_if_that_is_wanted(void)
{
	struct rs_outcome outcome;
	uint32_t value;
	CHECK_INT(ds_publish_u32("a", 1, 0), OK);
	CHECK_INT(rs_restart("ds", &outcome), OK);
	ds_set_retry(0);
	CHECK_INT(ds_retrieve_u32("a", &value), -EDEADSRCDST);
	CHECK_INT(ds_retrieve_u32("a", &value), OK);
	ds_kill();
	int result = -EDEADSRCDST;
	for (int i = 0; i < 100 && result != -EAGAIN; i++)
		result = ds_retrieve_u32("a", &value);
	CHECK_INT(result, -EAGAIN);
	ds_set_retry(1);
	CHECK_INT(ds_retrieve_u32("a", &value), OK);
	CHECK_INT(ds_delete_u32("a"), OK);
}

/* Last: what it kept is given up too. */
static void without_a_data_store_nobody_waits(void)
{
	struct rs_outcome outcome;
	uint32_t value;
	CHECK_INT(ds_publish_u32("a", 1, 0), OK);
	CHECK_INT(rs_down("ds", &outcome), OK);
	CHECK_INT(ds_retrieve_u32("a", &value), -ENODEV);
	CHECK_INT(rs_up("ds", &outcome), OK);
	CHECK_INT(ds_retrieve_u32("a", &value), -ESRCH);
	CHECK_INT(ds_publish_u32("a", 1, 0), OK);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(values_of_every_length_come_back),
	        TEST(a_value_is_as_it_was_when_it_was_published),
	        TEST(memory_that_is_not_there_is_refused),
	        TEST(strangers_are_refused_and_nothing_changes),
	        TEST(what_a_process_published_goes_with_it),
	        TEST(a_new_program_s_calls_are_its_own),
	        TEST(a_subscriber_is_notified_whoever_ds_is),
	        TEST(grants_that_do_not_fit_are_refused),
	        TEST(who_dies_in_the_middle_leaves_nothing_half_done),
	        TEST(calls_fail_at_once_if_that_is_wanted),
	        TEST(without_a_data_store_nobody_waits),
	};
	if (argc > 1 && strcmp(argv[1], "publish") == 0)
		return after_exec();
	return TAP_RUN(tests);
}
