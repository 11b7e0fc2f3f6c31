/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/events.c
 * servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c servers/pm/sigcalls.c
 * servers/pm/sleep.c servers/pm/crash.c servers/pm/report.c lib/formats/callchain.c
 * lib/formats/callcode.c lib/sys/region_words.c servers/pm/archive.c lib/formats/cpio.c */
/* What listeners are told of processes. */
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

/* With which event it is done: what a listener keeps for its successor. */
static uint32_t listener_done, others_done[ENDPOINT_SLOTS];

static int ask(struct process *process, uint32_t done)
{
	const struct pm_events_req request = {.done = done};

	memset(&told, 0, sizeof(told));
	return do_events(process, &request, &told);
}

static int pull_as(struct process *process)
{
	uint32_t *done =
	        process == listener ? &listener_done : &others_done[ENDPOINT_SLOT(process->endpoint)];
	int result = ask(process, *done);

	if (result == OK)
		*done = told.done + told.count;
	return result;
}

/* The processes that listen have sets of their own. */
enum { LISTENER_SET = PRIV_ID_FIRST, OTHER_SET };

static struct process *new_listener(uint32_t flags, uint32_t set)
{
	struct process *process = machine_session();

	machine_proc(process)->priv_flags = flags;
	machine_proc(process)->priv_id = set;
	return process;
}

static void pull(void)
{
	assert_int_equal(pull_as(listener), OK);
}

static int boot(void **state)
{
	(void)state;
	machine_boot();
	events_init();
	listener = new_listener(PRIV_EVENTS, LISTENER_SET);
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
	machine_proc(other)->priv_flags = PRIV_KEEP;
	assert_int_equal(pull_as(other), -EPERM);
	pull();
	assert_int_equal(told.count, 1);
}

static void every_listener_has_its_own_events(void **state)
{
	struct process *process, *others[EVENTS_LISTENERS], *late;

	(void)state;
	for (uint32_t i = 1; i < EVENTS_LISTENERS; i++)
		others[i] = new_listener(PRIV_EVENTS, OTHER_SET);
	pull();
	for (uint32_t i = 1; i < EVENTS_LISTENERS; i++)
		assert_int_equal(pull_as(others[i]), OK);
	late = new_listener(PRIV_EVENTS, OTHER_SET);
	assert_int_equal(pull_as(late), -EBUSY);
	process = machine_session();
	events_execed(process);
	pull();
	assert_int_equal(told.count, 3);
	events_execed(process);
	for (uint32_t i = 1; i < EVENTS_LISTENERS; i++) {
		assert_int_equal(pull_as(others[i]), OK);
		assert_true(told.count >= 3);
		assert_event(told.count - 2, process->endpoint, RS_PROC_NR);
		assert_event(told.count - 1, process->endpoint, PM_EVENT_EXEC);
	}
	pull();
	assert_int_equal(told.count, 1);
	machine_kill(machine.rs, others[2]->pid, SIGKILL);
	assert_int_equal(pull_as(late), OK);
	assert_int_equal(told.count, 0);
}

static void one_that_never_asks_costs_the_others_nothing_they_have(void **state)
{
	const struct pm_fork_req request = {0};
	struct process *other = new_listener(PRIV_EVENTS, OTHER_SET), *parent = machine_session();
	struct pm_fork_rep reply;
	int result, forks = 0;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	pull();
	assert_int_equal(pull_as(other), OK);
	while ((result = do_fork(parent, &request, &reply)) == OK) {
		machine_kill(machine.rs, reply.pid, SIGKILL);
		pull();
		assert_int_equal(told.count, 2);
		forks++;
	}
	assert_int_equal(result, -EAGAIN);
	assert_int_equal(pull_as(other), OK);
	assert_int_equal(told.count, PM_EVENTS_AT_ONCE);
	assert_int_equal(do_fork(parent, &request, &reply), -EAGAIN); /* it may need them once more */
	assert_int_equal(pull_as(other), OK);
	assert_int_equal(do_fork(parent, &request, &reply), OK);
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
	listener = new_listener(PRIV_EVENTS, LISTENER_SET);
	pull();
	assert_int_equal(told.count, 0);
	events_execed(process);
	pull();
	assert_int_equal(told.count, 1);
}

/* ---- Listeners with kept memory ---- */

static void listen_and_keep(void)
{
	machine_kill(machine.rs, listener->pid, SIGKILL);
	listener = new_listener(PRIV_EVENTS | PRIV_KEEP, LISTENER_SET);
	pull();
	assert_int_equal(told.count, 0);
}

/* All there is to be told: how many events, and whether some were lost, which is told with the first. */
static uint32_t pull_all(int *lost)
{
	uint32_t events = 0;

	*lost = 0;
	do {
		pull();
		assert_true(!told.lost || events == 0);
		*lost |= told.lost;
		events += told.count;
	} while (told.count == PM_EVENTS_AT_ONCE);
	return events;
}

static void events_wait_for_the_successor_of_one_that_keeps(void **state)
{
	struct process *process, *stranger;
	endpoint_t exited, predecessor;

	(void)state;
	listen_and_keep();
	process = machine_session();
	events_execed(process);
	predecessor = listener->endpoint;
	machine_kill(machine.rs, listener->pid, SIGKILL);
	events_execed(process);
	exited = process->endpoint;
	machine_kill(machine.rs, process->pid, SIGKILL);
	stranger = new_listener(PRIV_EVENTS | PRIV_KEEP, OTHER_SET);
	assert_int_equal(pull_as(stranger), OK);
	assert_int_equal(told.count, 0);
	listener = new_listener(PRIV_EVENTS | PRIV_KEEP, LISTENER_SET);
	pull();
	assert_int_equal(told.lost, 0);
	assert_int_equal(told.count, 6);
	assert_event(0, exited, RS_PROC_NR);
	assert_event(1, exited, PM_EVENT_EXEC);
	assert_event(2, predecessor, PM_EVENT_EXIT);
	assert_event(3, exited, PM_EVENT_EXIT);
	assert_event(4, stranger->endpoint, RS_PROC_NR);
	assert_event(5, listener->endpoint, RS_PROC_NR);
}

/* It dies after each answer, before and after it has noted that it is done. */
static void a_successor_is_told_again_what_its_predecessor_was_not_done_with(void **state)
{
	struct process *process;
	uint32_t before;

	(void)state;
	listen_and_keep();
	process = machine_session();
	events_execed(process);
	assert_int_equal(ask(listener, listener_done), OK);
	assert_int_equal(told.count, 2);
	events_execed(process); /* another, for the first has been told */
	before = listener_done;
	for (int i = 0; i < 3; i++) {
		machine_kill(machine.rs, listener->pid, SIGKILL);
		listener = new_listener(PRIV_EVENTS | PRIV_KEEP, LISTENER_SET);
		assert_int_equal(ask(listener, before), OK);
		assert_int_equal(told.lost, 0);
		assert_int_equal(told.done, before);
		assert_int_equal(told.count, 5 + 2 * i < PM_EVENTS_AT_ONCE ? 5 + 2 * i : PM_EVENTS_AT_ONCE);
		assert_event(0, process->endpoint, RS_PROC_NR);
		assert_event(1, process->endpoint, PM_EVENT_EXEC);
		assert_event(2, process->endpoint, PM_EVENT_EXEC);
	}
	assert_int_equal(ask(listener, before + 2), OK);
	assert_int_equal(told.done, before + 2);
	assert_event(0, process->endpoint, PM_EVENT_EXEC);
}

static void one_that_can_not_be_done_is_told_that_it_has_lost_some(void **state)
{
	struct process *process;
	uint32_t before;

	(void)state;
	listen_and_keep();
	process = machine_session();
	before = listener_done;
	assert_int_equal(ask(listener, before + 2), OK); /* there is but one */
	assert_int_equal(told.lost, 1);
	assert_int_equal(told.done, before);
	assert_event(0, process->endpoint, RS_PROC_NR);
	assert_int_equal(ask(listener, before + 1), OK);
	assert_int_equal(told.lost, 0);
	assert_int_equal(told.count, 0);
	assert_int_equal(ask(listener, before), OK); /* that is gone */
	assert_int_equal(told.lost, 1);
	assert_int_equal(told.done, before + 1);
}

/* Forks and kills without end while nobody asks. */
static void live_and_die(struct process *parent, uint32_t times)
{
	const struct pm_fork_req request = {0};
	struct pm_fork_rep reply;

	for (uint32_t i = 0; i < times; i++) {
		assert_int_equal(do_fork(parent, &request, &reply), OK);
		events_execed(process_by_pid(reply.pid));
		machine_kill(machine.rs, reply.pid, SIGKILL);
	}
}

static void a_successor_is_told_that_too_many_came_and_nobody_was_refused(void **state)
{
	struct process *parent = machine_session();
	uint32_t events;
	int lost;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	listen_and_keep();
	machine_kill(machine.rs, listener->pid, SIGKILL);
	live_and_die(parent, 10 * PROCESSES_MAX);
	listener = new_listener(PRIV_EVENTS | PRIV_KEEP, LISTENER_SET);
	pull_all(&lost);
	assert_true(lost);
	live_and_die(parent, 5);
	events = pull_all(&lost);
	assert_int_equal(events, 15);
	assert_false(lost);
}

/* It dies at every fill level; the successor has room for the ends of all who live. */
static void there_is_room_whenever_it_dies(void **state)
{
	struct process *parent = machine_session();
	int lost;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	listen_and_keep();
	for (uint32_t lives = 1; lives < 4 * PROCESSES_MAX; lives += 97) {
		machine_kill(machine.rs, listener->pid, SIGKILL);
		live_and_die(parent, lives);
		listener = new_listener(PRIV_EVENTS | PRIV_KEEP, LISTENER_SET);
		pull_all(&lost);
		if (lost)
			live_and_die(parent, 600);
		else
			assert_true(3 * lives + 1 <= 2 * PROCESSES_MAX);
		pull_all(&lost);
		assert_false(lost);
	}
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
	        cmocka_unit_test_setup(every_listener_has_its_own_events, boot),
	        cmocka_unit_test_setup(one_that_never_asks_costs_the_others_nothing_they_have, boot),
	        cmocka_unit_test_setup(events_wait_for_the_successor_of_one_that_keeps, boot),
	        cmocka_unit_test_setup(a_successor_is_told_that_too_many_came_and_nobody_was_refused, boot),
	        cmocka_unit_test_setup(there_is_room_whenever_it_dies, boot),
	        cmocka_unit_test_setup(a_successor_is_told_again_what_its_predecessor_was_not_done_with,
	                               boot),
	        cmocka_unit_test_setup(one_that_can_not_be_done_is_told_that_it_has_lost_some, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
