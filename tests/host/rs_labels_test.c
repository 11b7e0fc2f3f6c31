/* SPDX-License-Identifier: MIT */
/* links: tests/host/rs_machine.c servers/rs/services.c servers/rs/heartbeat.c servers/rs/waiters.c
 * servers/rs/control.c servers/rs/status.c servers/rs/labels.c servers/rs/timers.c servers/rs/restart.c
 * servers/rs/manifest.c servers/rs/keys.c servers/rs/words.c servers/rs/privileges.c */
/* What the data store is told of labels. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rs_machine.h"

static const char manifest[] = "service first bin/first restart=always\nservice ds bin/ds restart=always\n"
                               "service last bin/last restart=always\n";

/* What the store was last told of a label; 0: nothing. */
static endpoint_t told_of(const char *label)
{
	endpoint_t last = 0;

	for (uint32_t i = 0; i < machine.nr_told; i++)
		if (strcmp(machine.told[i].label, label) == 0)
			last = machine.told[i].endpoint;
	return last;
}

static void assert_knows_all(void)
{
	static const char *const labels[] = {"vm", "pm", "rs", "first", "ds", "last"};

	for (unsigned i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		endpoint_t endpoint = machine_lookup(labels[i]);

		assert_int_equal(told_of(labels[i]), endpoint == -ESRCH ? NONE : endpoint);
	}
}

static void kill_and_tell(const char *label)
{
	machine_kill(label, SIGKILL);
	machine_reap();
}

static void each_label_is_told_once(void **state)
{
	(void)state;
	machine_boot(manifest);
	assert_int_equal(machine.nr_told, 6);
	assert_knows_all();
	machine_pass(100 * SEC);
	assert_int_equal(machine.nr_told, 6);
}

static void the_label_of_a_process_is_told_whoever_asks(void **state)
{
	endpoint_t before;

	(void)state;
	machine_boot(manifest);
	assert_string_equal(machine_label_of(VM_PROC_NR), "vm");
	assert_string_equal(machine_label_of(PM_PROC_NR), "pm");
	assert_string_equal(machine_label_of(RS_PROC_NR), "rs");
	before = machine_lookup("last");
	assert_string_equal(machine_label_of(before), "last");
	kill_and_tell("last");
	assert_string_equal(machine_label_of(before), "");
	assert_string_equal(machine_label_of(machine_lookup("last")), "last");
	kill_and_tell("last"); /* now it waits for its restart */
	assert_string_equal(machine_label_of(NONE), "");
	assert_string_equal(machine_label_of(ANY), "");
	assert_string_equal(machine_label_of(-1), "");
	assert_string_equal(machine_label_of(machine_client(0)), "");
}

static void deaths_and_successors_are_told(void **state)
{
	(void)state;
	machine_boot(manifest);
	kill_and_tell("last"); /* it is started at once, and its end is told all the same */
	assert_int_equal(machine.nr_told, 8);
	assert_int_equal(machine.told[6].endpoint, NONE);
	assert_knows_all();
	kill_and_tell("last");
	assert_int_equal(machine.nr_told, 9);
	assert_int_equal(told_of("last"), NONE);
	machine_pass(100 * MSEC);
	assert_int_equal(machine.nr_told, 10);
	assert_knows_all();
}

static void a_new_store_is_told_everything_that_there_is(void **state)
{
	(void)state;
	machine_boot(manifest);
	kill_and_tell("first");
	kill_and_tell("first");
	assert_int_equal(machine_service("first")->state, RS_IS_WAITING);
	assert_int_equal(machine.nr_told, 9);
	kill_and_tell("ds");
	assert_int_equal(machine.told_whom, machine_lookup("ds"));
	assert_int_equal(machine.nr_told,
	                 9 + 6); /* its predecessor may not have heard that `first` is dead */
	assert_knows_all();
	machine_pass(100 * MSEC);
	assert_int_equal(machine.nr_told, 9 + 6 + 1);
	assert_knows_all();
}

/* The store asks what has become of it when it is told: so it must be told when that has changed. */
static void who_will_not_come_after_all_is_told(void **state)
{
	(void)state;
	machine_boot(manifest);
	kill_and_tell("last");
	kill_and_tell("last");
	assert_int_equal(machine_service("last")->state, RS_IS_WAITING);
	assert_int_equal(machine.nr_told, 9);
	assert_int_equal(machine_down(0, "last"), OK);
	assert_int_equal(machine.nr_told, 10);
	assert_int_equal(told_of("last"), NONE);
	assert_int_equal(machine_service("last")->state, RS_IS_DOWN);
	machine_pass(100 * SEC);
	assert_int_equal(machine.nr_told, 10);
}

static void who_can_not_be_started_again_is_told(void **state)
{
	(void)state;
	machine_boot("service ds bin/ds\nservice a bin/a restart=always giveup=4\n");
	kill_and_tell("a");
	kill_and_tell("a");
	assert_int_equal(machine.nr_told, 8);
	machine.fork_error = ENOMEM;
	machine_pass(100 * MSEC);
	assert_int_equal(machine_service("a")->state, RS_IS_WAITING);
	assert_int_equal(machine.nr_told, 8);
	machine_pass(10 * SEC);
	assert_int_equal(machine_service("a")->state, RS_IS_GIVEN_UP);
	assert_int_equal(machine.nr_told, 9);
	assert_int_equal(told_of("a"), NONE);
}

static void who_will_not_come_is_told_to_a_store_that_missed_it(void **state)
{
	(void)state;
	machine_boot(manifest);
	machine.store_refuses = EAGAIN;
	machine_kill("last", SIGKILL);
	machine_kill("ds", SIGKILL);
	machine_reap();
	machine.store_refuses = 0;
	assert_int_equal(machine_down(0, "last"), SERVER_NO_REPLY);
	machine_reap();
	kill_and_tell("ds");
	machine.nr_told = 0;
	machine_pass(10 * SEC);
	assert_int_equal(machine_service("ds")->state, RS_IS_RUNNING);
	assert_int_equal(told_of("last"), NONE);
	assert_knows_all();
}

static void what_the_store_can_not_take_is_told_later(void **state)
{
	(void)state;
	machine_boot(manifest);
	machine.store_refuses = EAGAIN;
	for (int i = 0; i < 5; i++) {
		kill_and_tell("first");
		kill_and_tell("last");
		machine_pass(10 * SEC);
	}
	assert_int_equal(machine.nr_told, 6);
	machine.store_refuses = 0;
	machine_pass(100 * MSEC);
	assert_int_equal(machine.nr_told, 8); /* of each only what is true now */
	assert_knows_all();
	machine_pass(100 * SEC);
	assert_int_equal(machine.nr_told, 8);
}

static void a_store_that_is_dead_is_not_asked_again(void **state)
{
	(void)state;
	machine_boot(manifest);
	machine_kill("ds", SIGKILL); /* RS does not know */
	kill_and_tell("first");
	machine_pass(SEC);
	assert_int_equal(machine.told_whom, machine_lookup("ds"));
	assert_knows_all();
}

static void without_a_store_nothing_is_told(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	kill_and_tell("a");
	machine_pass(SEC);
	assert_int_equal(machine.nr_told, 0);
	assert_int_equal(labels_deadline(), NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_label_is_told_once),
	        cmocka_unit_test(the_label_of_a_process_is_told_whoever_asks),
	        cmocka_unit_test(deaths_and_successors_are_told),
	        cmocka_unit_test(a_new_store_is_told_everything_that_there_is),
	        cmocka_unit_test(who_will_not_come_after_all_is_told),
	        cmocka_unit_test(who_can_not_be_started_again_is_told),
	        cmocka_unit_test(who_will_not_come_is_told_to_a_store_that_missed_it),
	        cmocka_unit_test(what_the_store_can_not_take_is_told_later),
	        cmocka_unit_test(a_store_that_is_dead_is_not_asked_again),
	        cmocka_unit_test(without_a_store_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
