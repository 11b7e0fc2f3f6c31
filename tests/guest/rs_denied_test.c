/* SPDX-License-Identifier: MIT */
/* guest: time=counted manifest=rs.manifest programs=rs_subject.c */
/* Who may not control services can't, whatever it asks; and nothing changes. */
#include "rs_client.h"

#define SERVICES_MAX 64

struct picture {
	struct rs_status_rep services[SERVICES_MAX];
	uint32_t count;
};

/* Those that go their own way. */
static int lives_by_itself(const char *label)
{
	return strncmp(label, "good-", 5) == 0;
}

static struct picture look(void)
{
	struct picture picture;
	struct rs_status_rep status;
	memset(&picture, 0, sizeof(picture));
	for (uint32_t index = 0; rs_status(index, &status) == OK; index++)
		if (CHECK(picture.count < SERVICES_MAX) && !lives_by_itself(status.label))
			picture.services[picture.count++] = status;
	return picture;
}

static void wait_until_all_is_quiet(void)
{
	rs_wait_for("crash", RS_IS_GIVEN_UP);
	rs_wait_for("deaf", RS_IS_GIVEN_UP);
	rs_wait_for("bad-always", RS_IS_GIVEN_UP);
	rs_wait_for("bad-failure", RS_IS_GIVEN_UP);
}

static void control_is_refused_for_every_label(void)
{
	struct rs_status_rep status;
	struct rs_outcome outcome;
	wait_until_all_is_quiet();
	struct picture before = look();
	for (uint32_t index = 0; rs_status(index, &status) == OK; index++) {
		CHECK_INT(rs_up(status.label, &outcome), -EPERM);
		CHECK_INT(rs_down(status.label, &outcome), -EPERM);
		CHECK_INT(rs_restart(status.label, &outcome), -EPERM);
	}
	CHECK_INT(rs_down("nobody", &outcome), -EPERM);
	CHECK_INT(rs_down("vm", &outcome), -EPERM);
	struct picture after = look();
	CHECK_INT(after.count, before.count);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
}

/* Nobody can answer it then, but it can be carried out. */
static void so_it_is_in_forms_that_wait_for_no_answer(void)
{
	struct picture before = look();
	for (int32_t operation = RS_UP; operation <= RS_RESTART; operation++) {
		struct message m = {.m_type = operation};
		strcpy((char *)m.m_bytes, "serve");
		CHECK_INT(ipc_senda(RS_PROC_NR, &m), OK);
		CHECK_INT(ipc_send(RS_PROC_NR, &m), OK);
	}
	CHECK(rs_echo("serve"));
	struct picture after = look();
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
}

static void operations_that_there_are_not_are_refused(void)
{
	for (int32_t number = RS_BASE - 16; number < RS_BASE + 0x100; number++) {
		struct message m = {0};
		if (number < RS_LOOKUP || number > RS_NOT_EXECUTED)
			CHECK_INT(rs_ask(RS_PROC_NR, number, &m), -EBADCALL);
	}
}

static void say_that_exec_has_failed(void)
{
	union rs_not_executed_message call = {.req = {.error = ENOMEM}};
	CHECK_INT(rs_not_executed_call(&call), -EPERM);
}

/* This is a service itself, whose program runs; its child has run none of its own, but is no service. */
static void who_runs_is_not_believed_that_it_was_not_executed(void)
{
	say_that_exec_has_failed();
	CHECK_INT(tap_child(say_that_exec_has_failed), 0);
}

/* A heartbeat for another, an answer that RS does not wait for, a label that RS alone may tell. */
static void nobody_speaks_for_another(void)
{
	struct message m = {.m_words = {0}};
	for (int i = 0; i < 50; i++)
		rs_alive();
	endpoint_t store = rs_lookup("ds");
	strcpy((char *)m.m_bytes, "vm");
	CHECK_INT(rs_ask(store, 0x880, &m), -EBADCALL);
	CHECK(rs_echo("serve"));
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(control_is_refused_for_every_label),
	        TEST(so_it_is_in_forms_that_wait_for_no_answer),
	        TEST(operations_that_there_are_not_are_refused),
	        TEST(who_runs_is_not_believed_that_it_was_not_executed),
	        TEST(nobody_speaks_for_another),
	};

	return TAP_RUN(tests);
}
