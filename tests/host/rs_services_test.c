/* SPDX-License-Identifier: MIT */
/* links: tests/host/rs_machine.c servers/rs/services.c servers/rs/heartbeat.c servers/rs/waiters.c
 * servers/rs/control.c servers/rs/status.c servers/rs/labels.c servers/rs/timers.c servers/rs/restart.c
 * servers/rs/manifest.c servers/rs/keys.c servers/rs/words.c servers/rs/privileges.c */
/* The life of services, on a machine of which everything is known. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rs_machine.h"

#include "seed.h"

static enum rs_state state_of(const char *label)
{
	return (enum rs_state)machine_status(label).state;
}

static void kill_and_tell(const char *label)
{
	machine_kill(label, SIGKILL);
	machine_reap();
}

/* After its first end in a row it is started at once, after its second it waits. */
static void kill_until_it_waits(const char *label)
{
	kill_and_tell(label);
	assert_int_equal(state_of(label), RS_IS_RUNNING);
	kill_and_tell(label);
	assert_int_equal(state_of(label), RS_IS_WAITING);
}

/* ---- Starting ---- */

static void what_can_not_start_says_why_and_stops_nobody(void **state)
{
	(void)state;
	machine_boot("service a bin/missing restart=always\nservice b bin/b restart=always\n");
	assert_int_equal(state_of("a"), RS_IS_UNSTARTABLE);
	assert_int_equal(machine_status("a").problem, RS_NO_PROGRAM);
	assert_int_equal(machine_logged("a can't be started: bin/missing is not in the archive\n"), 1);
	assert_int_equal(state_of("b"), RS_IS_RUNNING);
	machine_pass(100 * SEC);
	assert_int_equal(machine_logged("can't be started"), 1);
}

static void rights_that_the_kernel_refuses_are_told(void **state)
{
	(void)state;
	machine_boot("service a bin/a\nservice b bin/b\n");
	machine_exit("a", 0);
	machine_reap();
	machine.rights_error = EINVAL;
	assert_int_equal(machine_up(0, "a"), -ENOEXEC);
	assert_int_equal(machine_outcome(0).problem, RS_BAD_RIGHTS);
	assert_int_equal(machine_outcome(0).error, EINVAL);
	assert_int_equal(state_of("a"), RS_IS_UNSTARTABLE);
	machine.rights_error = 0;
	assert_int_equal(machine_up(0, "a"), OK);
}

static void want_of_memory_is_tried_again_and_given_up(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=failure giveup=4\nservice b bin/b\n");
	machine_kill("a", SIGSEGV);
	machine_kill("b", SIGSEGV);
	machine.fork_error = ENOMEM;
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_WAITING);
	assert_int_equal(machine_logged("a can't be started"), 1);
	machine_pass(100 * MSEC - 1);
	assert_int_equal(machine_logged("a can't be started"), 1);
	machine_pass(1);
	assert_int_equal(machine_logged("a can't be started"), 2);
	assert_int_equal(state_of("a"), RS_IS_WAITING);
	assert_int_equal(machine_status("a").problem, RS_NO_PROCESS);
	assert_int_equal(machine_status("a").error, ENOMEM);
	machine_pass(10 * SEC);
	assert_int_equal(state_of("a"), RS_IS_GIVEN_UP);
	assert_int_equal(machine_up(0, "a"), -EAGAIN);
	machine.fork_error = 0;
	machine_pass(SEC);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
	assert_int_equal(state_of("b"), RS_IS_DOWN);
}

/* RS would never come to an end with it. */
static void want_of_memory_is_not_tried_again_at_once(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	machine_reap();
	machine.fork_error = ENOMEM;
	assert_int_equal(machine_up(0, "a"), -EAGAIN);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(state_of("a"), RS_IS_WAITING);
		assert_int_equal(machine_logged("a can't be started"), i + 1);
		assert_int_equal(machine_status("a").until_nsecs, machine.now + (100 * MSEC << i));
		machine_pass(100 * MSEC << i);
	}
	machine.fork_error = 0;
	machine_pass(SEC);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
}

static void who_dies_before_it_has_its_rights_has_died(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	machine_kill("a", SIGKILL);
	machine.dies_at_once = 1;
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_WAITING);
	assert_int_equal(machine_logged("a killed by signal 9\n"), 2);
	machine.dies_at_once = 0;
	machine_pass(SEC);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
}

/* Its process tells RS why, and ends. */
static void fail_to_execute(int error)
{
	assert_int_equal(machine_not_executed("a", error), OK);
	assert_string_equal(machine_label_of(machine_lookup("a")), "a"); /* until it has ended */
	machine_exit("a", 127);
	machine_reap();
}

static void what_could_not_be_executed_says_why_and_is_not_tried_again(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always flags=keep onexit=poweroff\n");
	assert_int_equal(machine_await(0, "a", machine_lookup("a"), NEVER), SERVER_NO_REPLY);
	fail_to_execute(E2BIG);
	assert_int_equal(state_of("a"), RS_IS_UNSTARTABLE);
	assert_int_equal(machine_status("a").problem, RS_EXEC_FAILED);
	assert_int_equal(machine_status("a").error, E2BIG);
	assert_int_equal(machine_status("a").end.kind, RS_NOT_ENDED);
	assert_int_equal(machine_logged("a can't be started: bin/a could not be executed: Argument list too "
	                                "long\n"),
	                 1);
	assert_int_equal(machine_logged("exited"), 0);
	assert_int_equal(machine.powered_off, 0);
	assert_int_equal(machine.clients[0].result, -ENODEV);
	machine_pass(100 * SEC);
	assert_int_equal(machine_logged("can't be started"), 1);
	assert_int_equal(machine_up(0, "a"), OK); /* it is tried anew, with a clean record */
	machine_proc("a")->has_executed = 1;
	assert_int_equal(machine_status("a").problem, RS_NO_PROBLEM);
	assert_int_equal(machine_status("a").error, 0);
	machine_exit("a", 127);
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
	assert_int_equal(machine_status("a").end.kind, RS_EXITED);
}

static void want_of_memory_for_exec_is_tried_again_and_given_up(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=failure giveup=3\n");
	fail_to_execute(ENOMEM);
	for (int i = 0; i < 2; i++) { /* never at once */
		assert_int_equal(state_of("a"), RS_IS_WAITING);
		assert_int_equal(machine_status("a").problem, RS_EXEC_FAILED);
		assert_int_equal(machine_status("a").error, ENOMEM);
		assert_int_equal(machine_status("a").until_nsecs, machine.now + (100 * MSEC << i));
		machine_pass(100 * MSEC << i);
		assert_int_equal(state_of("a"), RS_IS_RUNNING);
		assert_int_equal(machine_status("a").problem, RS_NO_PROBLEM);
		fail_to_execute(ENOMEM);
	}
	assert_int_equal(state_of("a"), RS_IS_GIVEN_UP);
	assert_int_equal(machine_status("a").restarts, 2);
}

/* Whoever wanted it to end has it ended. */
static void what_could_not_be_executed_can_be_put_down_and_killed(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	assert_int_equal(machine_not_executed("a", E2BIG), OK);
	machine_kill("a", SIGKILL);
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_UNSTARTABLE);
	assert_int_equal(machine_up(0, "a"), OK);
	assert_int_equal(machine_not_executed("a", E2BIG), OK);
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	machine_reap();
	assert_int_equal(machine.clients[0].result, OK);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
	assert_int_equal(machine_status("a").problem, RS_NO_PROBLEM);
}

/* Nor by anybody else. */
static void a_program_is_not_believed_that_it_was_not_executed(void **state)
{
	const struct rs_not_executed_req request = {.error = ENOMEM};
	struct rs_not_executed_rep reply;

	(void)state;
	machine_boot("service a bin/a restart=failure giveup=2\n");
	assert_int_equal(do_not_executed(machine_client(0), &request, &reply), -EPERM);
	assert_int_equal(machine_not_executed("a", 0), -EINVAL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(state_of("a"), RS_IS_RUNNING);
		machine_proc("a")->has_executed = 1;
		assert_int_equal(machine_not_executed("a", ENOMEM), -EPERM);
		machine_exit("a", 127);
		machine_reap();
		assert_int_equal(machine_status("a").end.number, 127);
		assert_int_equal(machine_status("a").problem, RS_NO_PROBLEM);
	}
	assert_int_equal(state_of("a"), RS_IS_GIVEN_UP);
}

/* ---- Kept memory ---- */

static void assert_bequest(uint32_t number, endpoint_t old, endpoint_t heir)
{
	assert_int_equal(machine.nr_bequests, number);
	assert_int_equal(machine.bequests[number - 1].old, old);
	assert_int_equal(machine.bequests[number - 1].heir, heir);
}

static endpoint_t kill_and_wait(void)
{
	kill_and_tell("a");
	machine_pass(10 * SEC);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
	return machine_lookup("a");
}

static void what_it_kept_is_its_successors(void **state)
{
	endpoint_t first, second, third;

	(void)state;
	machine_boot("service a bin/a restart=always flags=keep\nservice b bin/b restart=always\n");
	first = machine_lookup("a");
	machine_kill("b", SIGKILL);
	assert_int_equal(machine.nr_bequests, 0);
	second = kill_and_wait();
	assert_bequest(1, first, second);
	third = kill_and_wait();
	assert_bequest(2, second, third);
	assert_int_equal(machine_restart(0, "a"), SERVER_NO_REPLY);
	machine_reap();
	assert_bequest(3, third, machine_lookup("a"));
}

static void what_it_kept_is_given_up_when_nobody_comes(void **state)
{
	endpoint_t last;

	(void)state;
	machine_boot("service a bin/a restart=failure flags=keep\n");
	last = machine_lookup("a");
	machine_exit("a", 0);
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_DOWN);
	assert_bequest(1, last, NONE);
	assert_int_equal(machine_up(0, "a"), OK);
	kill_and_tell("a");
	last = machine_lookup("a");
	assert_int_equal(machine.nr_bequests, 2);
	kill_and_tell("a");
	assert_int_equal(state_of("a"), RS_IS_WAITING);
	assert_int_equal(machine.nr_bequests, 2);
	assert_int_equal(machine_down(0, "a"), OK);
	assert_bequest(3, last, NONE);
}

/* It was not named then: the next one is named as the heir of who had kept it. */
static void an_heir_killed_before_it_is_named_loses_nothing(void **state)
{
	endpoint_t first;

	(void)state;
	machine_boot("service a bin/a restart=always flags=keep\n");
	first = machine_lookup("a");
	machine.dies_at_once = 1;
	kill_and_tell("a");
	machine_pass(150 * MSEC);
	assert_int_equal(machine_logged("a killed by signal 9\n"), 3);
	assert_int_equal(machine.nr_bequests, 0);
	machine.dies_at_once = 0;
	machine_pass(10 * SEC);
	assert_bequest(1, first, machine_lookup("a"));
}

/* ---- Ends ---- */

/* By a signal, or with signal 0 by exiting. */
static void end_and_tell(const char *label, int signal, int code)
{
	if (signal)
		machine_kill(label, signal);
	else
		machine_exit(label, code);
	machine_reap();
	assert_int_equal(machine_status(label).end.kind, signal ? RS_KILLED : RS_EXITED);
	assert_int_equal(machine_status(label).end.number, signal ? signal : code);
}

static void policies_decide_what_follows(void **state)
{
	static const struct {
		const char *policy;
		int signal, code;
		int restarts;
	} cases[] = {
	        {"always", 0, 0, 1},  {"always", 0, 1, 1},  {"always", SIGSEGV, 0, 1},
	        {"failure", 0, 0, 0}, {"failure", 0, 1, 1}, {"failure", SIGTERM, 0, 1},
	        {"never", 0, 0, 0},   {"never", 0, 1, 0},   {"never", SIGKILL, 0, 0},
	};
	char line[100];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "service a bin/a restart=%s\n", cases[i].policy);
		machine_boot(line);
		end_and_tell("a", cases[i].signal, cases[i].code);
		assert_int_equal(state_of("a"), cases[i].restarts ? RS_IS_RUNNING : RS_IS_DOWN);
		if (cases[i].restarts)
			end_and_tell("a", cases[i].signal, cases[i].code);
		assert_int_equal(state_of("a"), cases[i].restarts ? RS_IS_WAITING : RS_IS_DOWN);
		assert_int_equal(machine_status("a").restarts, cases[i].restarts);
		assert_int_equal(machine_lookup("a"), -ESRCH);
	}
}

/* Which costs a fifth of a restart, with some thirty programs. */
static void the_archive_is_looked_through_once_for_each_service(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\nservice b bin/missing\n");
	assert_int_equal(machine.nr_looked_up, 2);
	for (int i = 0; i < 3; i++) {
		kill_and_tell("a");
		machine_pass(SEC);
	}
	assert_int_equal(machine_status("a").restarts, 3);
	assert_int_equal(machine_up(0, "b"), -ENOEXEC);
	assert_int_equal(machine_outcome(0).problem, RS_NO_PROGRAM);
	assert_int_equal(machine.nr_looked_up, 2);
}

/* Without a moment in between, and without an alarm. */
static void the_first_restart_is_at_once_and_the_second_waits(void **state)
{
	endpoint_t before;

	(void)state;
	machine_boot("service a bin/a restart=failure\n");
	for (int i = 0; i < 3; i++) {
		before = machine_lookup("a");
		kill_and_tell("a");
		assert_int_equal(state_of("a"), RS_IS_RUNNING);
		assert_int_equal(machine_status("a").since_nsecs, machine.now);
		assert_int_equal(machine.alarm, NEVER);
		assert_true(machine_lookup("a") >= 0 && machine_lookup("a") != before);
		machine_pass(10 * SEC - 1);
		kill_and_tell("a");
		assert_int_equal(state_of("a"), RS_IS_WAITING);
		assert_int_equal(machine.alarm, machine.now + 100 * MSEC);
		machine_pass(100 * MSEC - 1);
		assert_int_equal(state_of("a"), RS_IS_WAITING);
		machine_pass(1);
		assert_int_equal(state_of("a"), RS_IS_RUNNING);
		machine_pass(10 * SEC); /* and all is forgotten */
	}
}

static void one_that_crashes_at_once_is_given_up(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=failure giveup=5\nservice b bin/b\n");
	machine_kill("a", SIGSEGV);
	machine_reap();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(state_of("a"), RS_IS_RUNNING);
		assert_int_equal(machine_status("a").restarts, i + 1);
		machine_kill("a", SIGSEGV);
		machine_reap();
		assert_int_equal(state_of("a"), RS_IS_WAITING);
		assert_int_equal(machine_status("a").until_nsecs, machine.now + (100 * MSEC << i));
		machine_pass(100 * MSEC << i);
	}
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
	machine_kill("a", SIGSEGV);
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_GIVEN_UP);
	assert_int_equal(machine_logged("a is given up: 5 failures in a row\n"), 1);
	machine_pass(1000 * SEC);
	assert_int_equal(state_of("a"), RS_IS_GIVEN_UP);
	assert_int_equal(state_of("b"), RS_IS_RUNNING);
	assert_int_equal(machine_up(0, "a"), OK); /* and it begins anew */
	kill_until_it_waits("a");
}

static void assert_all_are(enum rs_state state)
{
	const struct service *service;

	for (uint32_t i = 0; (service = services_at(i)) != NULL; i++)
		assert_int_equal(service->state, state);
}

static void kill_all_and_tell(void)
{
	const struct service *service;

	for (uint32_t i = 0; (service = services_at(i)) != NULL; i++)
		machine_kill(service->entry->label, SIGABRT);
	machine_reap();
}

static void ten_that_crash_together_come_back_together(void **state)
{
	char manifest[1000] = "";

	(void)state;
	for (int i = 0; i < 10; i++)
		sprintf(manifest + strlen(manifest), "service s%d bin/s restart=always\n", i);
	machine_boot(manifest);
	kill_all_and_tell();
	assert_all_are(RS_IS_RUNNING);
	kill_all_and_tell();
	assert_all_are(RS_IS_WAITING);
	machine_pass(100 * MSEC);
	assert_all_are(RS_IS_RUNNING);
}

static void the_power_goes_off_when_it_ends_for_good_by_itself(void **state)
{
	(void)state;
	machine_boot("service a bin/a onexit=poweroff\n");
	machine_exit("a", 7);
	machine_reap();
	assert_int_equal(machine.powered_off, 1);
	assert_int_equal(machine.off_status, 7);
	machine_boot("service a bin/a onexit=poweroff restart=failure giveup=2\n");
	machine_kill("a", SIGSEGV);
	machine_reap();
	assert_int_equal(machine.powered_off, 0);
	machine_kill("a", SIGSEGV);
	machine_reap();
	assert_int_equal(machine.powered_off, 1);
	assert_int_equal(machine.off_status, 128 + SIGSEGV);
	machine_boot("service a bin/a onexit=poweroff\n");
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	machine_reap();
	assert_int_equal(machine.powered_off, 0);
}

/* As if it had been given up because of how it ended. */
static void the_power_goes_off_when_it_can_not_be_started_again(void **state)
{
	(void)state;
	machine_boot("service a bin/a onexit=poweroff restart=always giveup=3\n");
	machine_exit("a", 7);
	machine.fork_error = ENOMEM;
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_WAITING);
	assert_int_equal(machine.powered_off, 0);
	machine_pass(10 * SEC);
	assert_int_equal(state_of("a"), RS_IS_GIVEN_UP);
	assert_int_equal(machine.powered_off, 1);
	assert_int_equal(machine.off_status, 7);
	machine_boot("service a bin/a onexit=poweroff restart=always\n");
	machine_kill("a", SIGSEGV);
	machine.rights_error = EINVAL;
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_UNSTARTABLE);
	assert_int_equal(machine.powered_off, 1);
	assert_int_equal(machine.off_status, 128 + SIGSEGV);
}

/* Somebody has asked for it, or it has never run. */
static void the_power_stays_on_when_it_has_not_ended_by_itself(void **state)
{
	(void)state;
	machine_boot("service a bin/a onexit=poweroff restart=always giveup=2\n"
	             "service b bin/missing onexit=poweroff\n");
	machine.fork_error = ENOMEM;
	assert_int_equal(machine_restart(0, "a"), SERVER_NO_REPLY);
	machine_reap();
	machine_pass(10 * SEC);
	assert_int_equal(state_of("a"), RS_IS_GIVEN_UP);
	assert_int_equal(state_of("b"), RS_IS_UNSTARTABLE);
	assert_int_equal(machine.powered_off, 0);
	machine_boot("service a bin/a onexit=poweroff restart=always\n");
	machine_kill("a", SIGSEGV);
	machine_reap();
	machine_kill("a", SIGSEGV);
	machine_reap();
	assert_int_equal(state_of("a"), RS_IS_WAITING);
	assert_int_equal(machine_down(0, "a"), OK);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
	assert_int_equal(machine.powered_off, 0);
}

/* ---- Heartbeats ---- */

static void who_answers_is_left_alone(void **state)
{
	(void)state;
	machine_boot("service a bin/a heartbeat=100\nservice b bin/b\n");
	machine_pass(1000 * SEC);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
	assert_int_equal(machine_logged("a"), 0);
	assert_int_equal(machine_status("a").restarts, 0);
}

static void who_stops_answering_is_killed_and_restarted(void **state)
{
	endpoint_t deaf;

	(void)state;
	machine_boot("service a bin/a heartbeat=100 restart=failure\nservice b bin/b heartbeat=100\n");
	machine_pass(1000 * MSEC);
	machine_proc("a")->is_deaf = machine_proc("b")->is_deaf = 1;
	deaf = machine_lookup("a");
	assert_int_equal(machine_await(0, "a", deaf, SEC), SERVER_NO_REPLY);
	machine_pass(300 * MSEC - 1);
	assert_int_equal(machine_lookup("a"), deaf);
	assert_true(machine.clients[0].waits);
	machine_pass(1);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
	assert_int_equal(machine_found(0), machine_lookup("a"));
	assert_int_not_equal(machine_found(0), deaf);
	assert_int_equal(machine_status("a").end.kind, RS_UNHEARD);
	assert_int_equal(machine_logged("a does not answer: 2 heartbeats of 100 ms missed\n"), 1);
	assert_int_equal(state_of("b"), RS_IS_DOWN);
	machine_pass(100 * SEC);
	assert_int_equal(machine_status("a").restarts, 1);
}

static void one_late_answer_is_forgiven(void **state)
{
	(void)state;
	machine_boot("service a bin/a heartbeat=100\n");
	for (int i = 0; i < 20; i++) {
		machine_proc("a")->is_deaf = 1;
		machine_pass(150 * MSEC);
		machine_proc("a")->is_deaf = 0;
		heartbeat_heard(machine_lookup("a"));
	}
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
}

static void others_can_not_answer_for_it(void **state)
{
	(void)state;
	machine_boot("service a bin/a heartbeat=100\nservice b bin/b\n");
	machine_proc("a")->is_deaf = 1;
	for (int i = 0; i < 4; i++) {
		machine_pass(90 * MSEC);
		heartbeat_heard(machine_lookup("b"));
		heartbeat_heard(machine_client(3));
		heartbeat_heard(NONE);
	}
	assert_int_equal(state_of("a"), RS_IS_DOWN);
}

/* ---- Control ---- */

static void down_waits_until_it_has_ended(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine.clients[0].answers, 0);
	machine_reap();
	assert_int_equal(machine.clients[0].answers, 1);
	assert_int_equal(machine.clients[0].result, OK);
	assert_int_equal(machine_outcome(0).was, RS_IS_RUNNING);
	assert_int_equal(machine_outcome(0).end.kind, RS_ASKED_TO);
	assert_int_equal(machine_outcome(0).end.number, SIGTERM);
	assert_int_equal(machine_outcome(0).pid, 0);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
	machine_pass(100 * SEC);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
	assert_int_equal(machine_down(0, "a"), OK);
	assert_int_equal(machine_outcome(0).was, RS_IS_DOWN);
}

static void who_ignores_sigterm_is_killed(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	machine_proc("a")->ignores_term = 1;
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	machine_pass(RS_GRACE_NSECS - 1);
	assert_int_equal(state_of("a"), RS_IS_STOPPING);
	assert_true(machine.clients[0].waits);
	machine_pass(1);
	assert_int_equal(machine.clients[0].result, OK);
	assert_int_equal(machine_outcome(0).end.number, SIGKILL);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
}

static void restart_is_without_delay(void **state)
{
	endpoint_t before;

	(void)state;
	machine_boot("service a bin/a\n");
	for (int i = 1; i <= 10; i++) {
		before = machine_lookup("a");
		assert_int_equal(machine_restart(0, "a"), SERVER_NO_REPLY);
		machine_reap();
		assert_int_equal(machine.clients[0].result, OK);
		assert_int_equal(machine_outcome(0).pid, machine_service("a")->pid);
		assert_int_not_equal(machine_lookup("a"), before);
		assert_int_equal(machine_status("a").restarts, i);
	}
}

static void control_cuts_a_delay_short(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	kill_until_it_waits("a");
	assert_int_equal(machine_up(0, "a"), OK);
	assert_int_equal(machine_outcome(0).was, RS_IS_WAITING);
	assert_int_equal(machine_up(0, "a"), OK);
	assert_int_equal(machine_outcome(0).was, RS_IS_RUNNING);
	kill_until_it_waits("a");
	assert_int_equal(machine_restart(0, "a"), OK);
	kill_until_it_waits("a");
	assert_int_equal(machine_down(0, "a"), OK);
	machine_pass(100 * SEC);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
}

/* The last word counts; each client hears what concerns it. */
static void clients_who_want_different_things_are_all_answered(void **state)
{
	(void)state;
	machine_boot("service a bin/a\n");
	machine_proc("a")->ignores_term = 1;
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_restart(1, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_up(2, "a"), SERVER_NO_REPLY);
	machine_pass(RS_GRACE_NSECS);
	assert_int_equal(machine.clients[0].result, -ECANCELED);
	assert_int_equal(machine.clients[1].result, OK);
	assert_int_equal(machine.clients[2].result, OK);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
	assert_int_equal(machine_outcome(0).pid, machine_service("a")->pid);
	assert_int_equal(machine_outcome(0).end.number, SIGKILL);
	machine_proc("a")->ignores_term = 1;
	assert_int_equal(machine_restart(0, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_down(1, "a"), SERVER_NO_REPLY);
	machine_pass(RS_GRACE_NSECS);
	assert_int_equal(machine.clients[0].result, -ECANCELED);
	assert_int_equal(machine.clients[1].result, OK);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
}

/* Whoever had the last word is told that it is so, and whoever had the same wish before. */
static void the_last_of_many_words_counts(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	machine_proc("a")->ignores_term = 1;
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_up(1, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_down(2, "a"), SERVER_NO_REPLY);
	machine_pass(RS_GRACE_NSECS);
	assert_int_equal(machine.clients[0].result, OK);
	assert_int_equal(machine.clients[1].result, -ECANCELED);
	assert_int_equal(machine.clients[2].result, OK);
	assert_int_equal(state_of("a"), RS_IS_DOWN);
}

/* It will run, so it is not down; one that can't be started is. */
static void down_is_told_of_a_restart_that_fails(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_restart(1, "a"), SERVER_NO_REPLY);
	machine.fork_error = ENOMEM;
	machine_reap();
	assert_int_equal(machine.clients[0].result, -ECANCELED);
	assert_int_equal(state_of("a"), RS_IS_WAITING);
	machine.fork_error = 0;
	machine_pass(SEC);
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_restart(1, "a"), SERVER_NO_REPLY);
	machine.rights_error = EINVAL;
	machine_reap();
	assert_int_equal(machine.clients[0].result, OK);
	assert_int_equal(machine.clients[1].result, -ENOEXEC);
	assert_int_equal(state_of("a"), RS_IS_UNSTARTABLE);
}

static void a_restart_that_fails_is_told(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always\n");
	assert_int_equal(machine_restart(0, "a"), SERVER_NO_REPLY);
	machine.fork_error = EAGAIN;
	machine_reap();
	assert_int_equal(machine.clients[0].result, -EAGAIN);
	assert_int_equal(machine_outcome(0).problem, RS_NO_PROCESS);
	machine.fork_error = 0;
	machine_pass(SEC);
	assert_int_equal(state_of("a"), RS_IS_RUNNING);
}

static void who_may_not_control_changes_nothing(void **state)
{
	struct rs_status_rep before, after;
	static const char *const labels[] = {"a", "b", "c", "vm", ""};

	(void)state;
	machine_boot("service a bin/a restart=always\nservice b bin/missing\nservice c bin/c\n");
	machine_exit("c", 0);
	machine_reap();
	machine.may_control = 0;
	before = machine_status("a");
	for (unsigned i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		assert_int_equal(machine_up(0, labels[i]), -EPERM);
		assert_int_equal(machine_down(0, labels[i]), -EPERM);
		assert_int_equal(machine_restart(0, labels[i]), -EPERM);
	}
	machine_pass(10 * SEC);
	after = machine_status("a");
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(state_of("b"), RS_IS_UNSTARTABLE);
	assert_int_equal(state_of("c"), RS_IS_DOWN);
}

static void labels_that_can_not_be_are_refused(void **state)
{
	static const char *const core[] = {"vm", "pm", "rs"};

	(void)state;
	machine_boot("service a bin/a\n");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(machine_down(0, core[i]), -EACCES);
		assert_int_equal(machine_up(0, core[i]), -EACCES);
		assert_int_equal(machine_restart(0, core[i]), -EACCES);
	}
	assert_int_equal(machine_down(0, "nobody"), -ESRCH);
	assert_int_equal(machine_down(0, ""), -ESRCH);
	assert_int_equal(machine_down(0, "aaaaaaaaaaaaaaaa"), -EINVAL); /* 16: without an end */
	assert_int_equal(machine_await(0, "aaaaaaaaaaaaaaaa", NONE, SEC), -EINVAL);
	assert_int_equal(machine_lookup("aaaaaaaaaaaaaaaa"), -EINVAL);
	assert_int_equal(machine_await(0, "nobody", NONE, SEC), -ESRCH);
	assert_int_equal(machine_lookup("nobody"), -ESRCH);
}

/* ---- Clients that do not wait any more ---- */

static void a_client_that_is_interrupted_or_dead_is_no_problem(void **state)
{
	(void)state;
	machine_boot("service a bin/a\n");
	machine_proc("a")->ignores_term = 1;
	for (uint32_t client = 0; client < 3; client++)
		assert_int_equal(machine_restart(client, "a"), SERVER_NO_REPLY);
	waiters_cancel(machine_client(0));
	assert_int_equal(machine.clients[0].result, -EINTR);
	waiters_cancel(machine_client(0));
	waiters_cancel(machine_client(7));
	waiters_cancel(NONE);
	assert_int_equal(machine.clients[0].answers, 1);
	machine.clients[1].waits = 0; /* it is dead */
	machine_pass(RS_GRACE_NSECS);
	assert_int_equal(machine.clients[1].answers, 0);
	assert_int_equal(machine.clients[2].result, OK);
	assert_int_equal(machine_await(1, "a", NONE, SEC), OK);
}

static void who_asks_again_has_given_up_what_it_asked_before(void **state)
{
	(void)state;
	machine_boot("service a bin/a\nservice b bin/b\n");
	machine_proc("a")->ignores_term = machine_proc("b")->ignores_term = 1;
	assert_int_equal(machine_down(0, "a"), SERVER_NO_REPLY);
	assert_int_equal(machine_restart(0, "b"), SERVER_NO_REPLY);
	machine_pass(RS_GRACE_NSECS);
	assert_int_equal(machine.clients[0].answers, 1);
	assert_int_equal(machine_outcome(0).pid, machine_service("b")->pid);
}

/* ---- Waiting for a successor ---- */

static void await_is_answered_when_the_successor_runs(void **state)
{
	endpoint_t first, second;

	(void)state;
	machine_boot("service a bin/a restart=always\n");
	first = machine_lookup("a");
	assert_int_equal(machine_await(0, "a", NONE, SEC), OK);
	machine_kill("a", SIGKILL); /* RS does not know yet */
	assert_int_equal(machine_await(0, "a", first, SEC), SERVER_NO_REPLY);
	machine_reap(); /* it is started at once */
	second = machine_lookup("a");
	assert_int_not_equal(second, first);
	assert_int_equal(machine_found(0), second);
	assert_int_equal(machine_await(0, "a", second, SEC), SERVER_NO_REPLY);
	kill_and_tell("a"); /* it is started later */
	assert_int_equal(machine_await(1, "a", NONE, SEC), SERVER_NO_REPLY);
	machine_pass(100 * MSEC - 1);
	assert_true(machine.clients[0].waits && machine.clients[1].waits);
	machine_pass(1);
	for (uint32_t client = 0; client < 2; client++)
		assert_int_equal(machine_found(client), machine_lookup("a"));
	assert_int_not_equal(machine_lookup("a"), second);
}

/* Its process is killed before it is a name to give: who waits goes on waiting. */
static void await_goes_on_when_the_successor_dies_at_once(void **state)
{
	endpoint_t dead;

	(void)state;
	machine_boot("service a bin/a restart=always\n");
	dead = machine_lookup("a");
	machine_kill("a", SIGKILL);
	assert_int_equal(machine_await(0, "a", dead, SEC), SERVER_NO_REPLY);
	machine.dies_at_once = 1;
	machine_reap();
	machine.dies_at_once = 0;
	assert_true(machine.clients[0].waits);
	machine_pass(100 * MSEC);
	assert_int_equal(machine_found(0), machine_lookup("a"));
}

static void await_ends_when_there_is_no_hope_or_no_time(void **state)
{
	(void)state;
	machine_boot("service a bin/a restart=always giveup=1\nservice b bin/b restart=always\n"
	             "service c bin/missing\nservice d bin/d\n");
	machine_kill("a", SIGKILL);
	assert_int_equal(machine_await(0, "a", machine_lookup("a"), NEVER), SERVER_NO_REPLY);
	machine_reap();
	assert_int_equal(machine.clients[0].result, -ENODEV);
	assert_int_equal(machine_await(0, "c", NONE, NEVER), -ENODEV);
	assert_int_equal(machine_await(0, "vm", VM_PROC_NR, NEVER), -ENODEV);
	assert_int_equal(machine_await(0, "vm", NONE, NEVER), OK);
	machine_proc("d")->ignores_term = 1;
	assert_int_equal(machine_down(1, "d"), SERVER_NO_REPLY);
	assert_int_equal(machine_await(0, "d", machine_lookup("d"), NEVER), SERVER_NO_REPLY);
	machine_pass(RS_GRACE_NSECS);
	assert_int_equal(machine.clients[0].result, -ENODEV);
	assert_int_equal(machine_await(0, "b", machine_lookup("b"), 50 * MSEC), SERVER_NO_REPLY);
	machine_pass(50 * MSEC - 1);
	assert_true(machine.clients[0].waits);
	machine_pass(1);
	assert_int_equal(machine.clients[0].result, -ETIMEDOUT);
	assert_int_equal(machine_await(0, "b", machine_lookup("b"), 0), SERVER_NO_REPLY);
	machine_pass(0);
	assert_int_equal(machine.clients[0].result, -ETIMEDOUT);
}

/* ---- Whatever comes, in any order ---- */

static const char *const labels[] = {"a", "b", "c", "d", "e"};

#define NR_LABELS (sizeof(labels) / sizeof(labels[0]))

static void kill_some(const char *label)
{
	struct service *service = machine_service(label);

	if (!service->pid || !machine_proc(label)->lives)
		return;
	if (rand() % 2)
		machine_kill(label, SIGSEGV);
	else
		machine_exit(label, rand() % 2);
}

/* It may be that it can't be executed. */
static void fail_some(const char *label)
{
	struct service *service = machine_service(label);
	struct machine_proc *proc = service->pid ? machine_proc(label) : NULL;

	if (!proc || !proc->lives || service->endpoint == NONE)
		return;
	if (rand() % 2)
		proc->has_executed = 1;
	assert_int_equal(machine_not_executed(label, rand() % 4 ? ENOMEM : ENOEXEC),
	                 proc->has_executed ? -EPERM : OK);
}

static void ask_something(void)
{
	uint32_t client = (uint32_t)rand() % MACHINE_CLIENTS;
	const char *label = labels[(unsigned)rand() % NR_LABELS];

	if (machine.clients[client].waits) { /* it is interrupted, or dies */
		if (rand() % 2)
			waiters_cancel(machine_client(client));
		machine.clients[client].waits = 0;
		return;
	}
	switch (rand() % 4) {
	case 0:
		machine_up(client, label);
		return;
	case 1:
		machine_down(client, label);
		return;
	case 2:
		machine_restart(client, label);
		return;
	default:
		machine_await(client, label, rand() % 2 ? NONE : machine_lookup(label),
		              (uint64_t)(rand() % 3000) * MSEC);
	}
}

static void do_something(void)
{
	const char *label = labels[(unsigned)rand() % NR_LABELS];

	machine.fork_error = rand() % 20 ? 0 : ENOMEM;
	machine.dies_at_once = rand() % 20 == 0;
	switch (rand() % 7) {
	case 0:
		kill_some(label);
		return;
	case 6:
		fail_some(label);
		return;
	case 1:
		machine_reap();
		return;
	case 2:
		if (machine_service(label)->pid) {
			machine_proc(label)->ignores_term = rand() % 2;
			machine_proc(label)->is_deaf = rand() % 4 == 0;
		}
		return;
	case 3:
		machine_pass((uint64_t)(rand() % 500) * MSEC);
		return;
	default:
		ask_something();
	}
}

/* In the end, when nobody asks any more, everybody has an answer and nothing is under way. */
static void settle(void)
{
	machine.fork_error = machine.dies_at_once = 0;
	for (int i = 0; i < 20; i++)
		machine_pass(10 * SEC);
	for (uint32_t client = 0; client < MACHINE_CLIENTS; client++)
		assert_false(machine.clients[client].waits);
	for (unsigned i = 0; i < NR_LABELS; i++)
		assert_int_not_equal(state_of(labels[i]), RS_IS_STOPPING);
	assert_int_equal(waiters_deadline(), NEVER);
}

static void nobody_is_forgotten_whatever_comes(void **state)
{
	unsigned seed = test_seed();

	(void)state;
	srand(seed);
	for (int round = 0; round < 100; round++) {
		machine_boot("service a bin/a restart=always heartbeat=50\n"
		             "service b bin/b restart=failure giveup=3\n"
		             "service c bin/c\nservice d bin/missing restart=always\n"
		             "service e bin/e restart=always giveup=2 heartbeat=200\n");
		for (int step = 0; step < 500; step++)
			do_something();
		settle();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_can_not_start_says_why_and_stops_nobody),
	        cmocka_unit_test(rights_that_the_kernel_refuses_are_told),
	        cmocka_unit_test(want_of_memory_is_tried_again_and_given_up),
	        cmocka_unit_test(want_of_memory_is_not_tried_again_at_once),
	        cmocka_unit_test(who_dies_before_it_has_its_rights_has_died),
	        cmocka_unit_test(what_could_not_be_executed_says_why_and_is_not_tried_again),
	        cmocka_unit_test(want_of_memory_for_exec_is_tried_again_and_given_up),
	        cmocka_unit_test(what_could_not_be_executed_can_be_put_down_and_killed),
	        cmocka_unit_test(a_program_is_not_believed_that_it_was_not_executed),
	        cmocka_unit_test(what_it_kept_is_its_successors),
	        cmocka_unit_test(what_it_kept_is_given_up_when_nobody_comes),
	        cmocka_unit_test(an_heir_killed_before_it_is_named_loses_nothing),
	        cmocka_unit_test(policies_decide_what_follows),
	        cmocka_unit_test(the_archive_is_looked_through_once_for_each_service),
	        cmocka_unit_test(the_first_restart_is_at_once_and_the_second_waits),
	        cmocka_unit_test(one_that_crashes_at_once_is_given_up),
	        cmocka_unit_test(ten_that_crash_together_come_back_together),
	        cmocka_unit_test(the_power_goes_off_when_it_ends_for_good_by_itself),
	        cmocka_unit_test(the_power_goes_off_when_it_can_not_be_started_again),
	        cmocka_unit_test(the_power_stays_on_when_it_has_not_ended_by_itself),
	        cmocka_unit_test(who_answers_is_left_alone),
	        cmocka_unit_test(who_stops_answering_is_killed_and_restarted),
	        cmocka_unit_test(one_late_answer_is_forgiven),
	        cmocka_unit_test(others_can_not_answer_for_it),
	        cmocka_unit_test(down_waits_until_it_has_ended),
	        cmocka_unit_test(who_ignores_sigterm_is_killed),
	        cmocka_unit_test(restart_is_without_delay),
	        cmocka_unit_test(control_cuts_a_delay_short),
	        cmocka_unit_test(clients_who_want_different_things_are_all_answered),
	        cmocka_unit_test(the_last_of_many_words_counts),
	        cmocka_unit_test(down_is_told_of_a_restart_that_fails),
	        cmocka_unit_test(a_restart_that_fails_is_told),
	        cmocka_unit_test(who_may_not_control_changes_nothing),
	        cmocka_unit_test(labels_that_can_not_be_are_refused),
	        cmocka_unit_test(a_client_that_is_interrupted_or_dead_is_no_problem),
	        cmocka_unit_test(who_asks_again_has_given_up_what_it_asked_before),
	        cmocka_unit_test(await_is_answered_when_the_successor_runs),
	        cmocka_unit_test(await_goes_on_when_the_successor_dies_at_once),
	        cmocka_unit_test(await_ends_when_there_is_no_hope_or_no_time),
	        cmocka_unit_test(nobody_is_forgotten_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
