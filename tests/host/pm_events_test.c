/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/events.c
 * servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c servers/pm/sigcalls.c
 * servers/pm/sleep.c servers/pm/crash.c servers/pm/report.c lib/formats/callchain.c
 * lib/formats/callcode.c lib/sys/region_words.c servers/pm/archive.c lib/formats/cpio.c */
/* What the file server is told of processes. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "pm_machine.h"

static struct process *listener;
static struct pm_events_rep told;

static int pull_as(struct process *process)
{
	const struct pm_events_req request = {};

	memset(&told, 0, sizeof(told));
	return do_events(process, &request, &told);
}

static void pull(void)
{
	assert_int_equal(pull_as(listener), OK);
}

static int boot(void **state)
{
	(void)state;
	if (listener && process_alive(listener))
		events_exited(listener->endpoint); /* of the test before */
	machine_boot();
	listener = machine_session();
	machine_proc(listener)->priv_flags = PRIV_EVENTS;
	pull();
	assert_int_equal(told.count, 0);
	return 0;
}

static void assert_event(uint32_t index, endpoint_t endpoint, endpoint_t what)
{
	assert_true(index < told.count);
	assert_int_equal(told.events[index].endpoint, endpoint);
	assert_int_equal(told.events[index].what, what);
}

static void a_life_is_told_in_order(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);
	endpoint_t parent_endpoint = parent->endpoint, endpoint = child->endpoint;

	(void)state;
	assert_int_equal(machine.notified, 2);
	events_execed(child);
	machine_kill(machine.rs, child->pid, SIGKILL);
	assert_int_equal(machine.notified, 4);
	pull();
	assert_int_equal(told.count, 4);
	assert_event(0, parent_endpoint, RS_PROC_NR);
	assert_event(1, endpoint, parent_endpoint);
	assert_event(2, endpoint, PM_EVENT_EXEC);
	assert_event(3, endpoint, PM_EVENT_EXIT);
	pull();
	assert_int_equal(told.count, 0);
}

static void the_child_is_told_of_before_it_runs(void **state)
{
	struct process *parent = machine_session(), *child;
	int before = machine.notified;

	(void)state;
	child = machine_fork(parent);
	assert_int_equal(machine.notified, before + 1);
	assert_int_equal(machine_proc(child)->notified_before_reply, before + 1);
}

static void execs_that_nobody_has_asked_about_are_one(void **state)
{
	struct process *process = machine_session();

	(void)state;
	pull();
	for (int i = 0; i < 100; i++)
		events_execed(process);
	pull();
	assert_int_equal(told.count, 1);
	events_execed(process);
	pull();
	assert_int_equal(told.count, 1);
	assert_event(0, process->endpoint, PM_EVENT_EXEC);
}

static void more_than_fit_one_answer_come_one_after_the_other(void **state)
{
	struct process *parent = machine_session();
	endpoint_t children[10];

	(void)state;
	pull();
	for (int i = 0; i < 10; i++)
		children[i] = machine_fork(parent)->endpoint;
	pull();
	assert_int_equal(told.count, PM_EVENTS_AT_ONCE);
	for (uint32_t i = 0; i < PM_EVENTS_AT_ONCE; i++)
		assert_event(i, children[i], parent->endpoint);
	pull();
	assert_int_equal(told.count, 10 - PM_EVENTS_AT_ONCE);
	assert_event(0, children[PM_EVENTS_AT_ONCE], parent->endpoint);
}

static void only_one_with_the_privilege_is_told(void **state)
{
	struct process *other = machine_session();

	(void)state;
	assert_int_equal(pull_as(other), -EPERM);
	machine_proc(other)->priv_flags = PRIV_EVENTS;
	assert_int_equal(pull_as(other), -EBUSY);
	pull();
	assert_int_equal(told.count, 1);
}

/* Forks and kills, and the listener never asks: forks are refused, and everything else goes on. */
static void a_listener_that_never_asks_stops_forks_and_nothing_else(void **state)
{
	const struct pm_fork_req request = {0};
	struct process *parent = machine_session(), *child;
	struct pm_fork_rep reply;
	int forks = 0, events = 0;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	while (do_fork(parent, &request, &reply) == OK) {
		child = process_by_pid(reply.pid);
		events_execed(child);
		machine_kill(machine.rs, reply.pid, SIGKILL);
		forks++;
	}
	assert_true(forks > PROCESSES_MAX / 2 && forks < 10 * PROCESSES_MAX);
	events_execed(parent);
	do {
		pull();
		events += (int)told.count;
	} while (told.count == PM_EVENTS_AT_ONCE);
	assert_int_equal(events, 1 + 3 * forks + 1);
	assert_int_equal(do_fork(parent, &request, &reply), OK);
}

/* At the limit all who live may still exec and exit. */
static void there_is_room_for_all_ends(void **state)
{
	const struct pm_fork_req request = {0};
	struct process *parent = machine_session();
	struct pm_fork_rep reply;
	uint32_t events = 0, expected = 1;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	while (do_fork(parent, &request, &reply) == OK)
		expected++;
	while (!events_full()) {
		machine_kill(machine.rs, parent->last_child->pid, SIGKILL);
		expected++;
		if (do_fork(parent, &request, &reply) == OK)
			expected++;
	}
	for (struct process *child = parent->first_child; child; child = child->next_sibling) {
		events_execed(child);
		expected++;
	}
	while (parent->first_child) {
		machine_kill(machine.rs, parent->first_child->pid, SIGKILL);
		expected++;
	}
	do {
		pull();
		events += told.count;
	} while (told.count == PM_EVENTS_AT_ONCE);
	assert_int_equal(events, expected);
}

static void a_dead_listener_s_successor_begins_anew(void **state)
{
	struct process *process = machine_session();
	int notified;

	(void)state;
	events_execed(process);
	machine_kill(machine.rs, listener->pid, SIGKILL);
	notified = machine.notified;
	(void)machine_session();
	assert_int_equal(machine.notified, notified);
	listener = machine_session();
	machine_proc(listener)->priv_flags = PRIV_EVENTS;
	pull();
	assert_int_equal(told.count, 0);
	events_execed(process);
	pull();
	assert_int_equal(told.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_life_is_told_in_order, boot),
	        cmocka_unit_test_setup(the_child_is_told_of_before_it_runs, boot),
	        cmocka_unit_test_setup(execs_that_nobody_has_asked_about_are_one, boot),
	        cmocka_unit_test_setup(more_than_fit_one_answer_come_one_after_the_other, boot),
	        cmocka_unit_test_setup(only_one_with_the_privilege_is_told, boot),
	        cmocka_unit_test_setup(a_listener_that_never_asks_stops_forks_and_nothing_else, boot),
	        cmocka_unit_test_setup(there_is_room_for_all_ends, boot),
	        cmocka_unit_test_setup(a_dead_listener_s_successor_begins_anew, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
