/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/events.c
 * servers/pm/condense.c servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c
 * servers/pm/sigcalls.c servers/pm/sleep.c servers/pm/crash.c servers/pm/report.c lib/formats/callchain.c
 * lib/formats/callcode.c lib/sys/region_words.c servers/pm/archive.c lib/formats/cpio.c */
/* What listeners are told of processes. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "pm_knowledge.h"
#include "pm_machine.h"
#include "seed.h"

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
	assert_int_equal(machine.notified_later, 2); /* nobody is woken by a fork alone */
	events_execed(child);
	assert_int_equal(machine.notified, 3);
	machine_kill(machine.rs, child->pid, SIGKILL);
	assert_int_equal(machine.notified, 4);
	assert_int_equal(machine.notified_later, 2);
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
		assert_true(told.count >= 4);
		assert_event(told.count - 3, process->endpoint, RS_PROC_NR);
		assert_event(told.count - 2, process->endpoint, PM_EVENT_EXEC);
		assert_event(told.count - 1, process->endpoint, PM_EVENT_EXEC);
	}
	pull();
	assert_int_equal(told.count, 1);
	machine_kill(machine.rs, others[2]->pid, SIGKILL);
	assert_int_equal(pull_as(late), OK);
	assert_int_equal(told.count, 0);
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
	assert_event(3, exited, PM_EVENT_EXEC);
	assert_event(4, exited, PM_EVENT_EXIT);
	assert_event(5, stranger->endpoint, RS_PROC_NR);
	pull();
	assert_int_equal(told.count, 1);
	assert_event(0, listener->endpoint, RS_PROC_NR);
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
	events_execed(process);
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
	assert_int_equal(ask(listener, before + 1), OK); /* that has not been told yet */
	assert_int_equal(told.lost, 1);
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

/* ---- However much happens ---- */

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

static void one_that_never_asks_costs_nobody_anything(void **state)
{
	struct process *other = new_listener(PRIV_EVENTS, OTHER_SET), *parent = machine_session();
	uint32_t events;
	int lost;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	pull();
	assert_int_equal(pull_as(other), OK);
	for (int i = 0; i < 2000; i++) {
		live_and_die(parent, 5);
		events = pull_all(&lost);
		assert_int_equal(events, 15);
	}
	assert_int_equal(pull_as(other), OK);
	assert_int_equal(told.lost, 0);
	assert_int_equal(told.count, PM_EVENTS_AT_ONCE);
}

static void a_successor_comes_late_and_nothing_is_lost(void **state)
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
	events = pull_all(&lost);
	assert_false(lost);
	assert_true(events < 10 * PROCESSES_MAX);
	live_and_die(parent, 5);
	events = pull_all(&lost);
	assert_int_equal(events, 15);
	assert_false(lost);
}

/* All that the system may hold live, call exec and exit. */
static void there_is_room_for_everybody(void **state)
{
	const struct pm_fork_req request = {0};
	struct process *parent = machine_session();
	struct pm_fork_rep reply;
	int lost;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	pull();
	for (int round = 0; round < 10; round++) {
		while (do_fork(parent, &request, &reply) == OK)
			;
		for (struct process *child = parent->first_child; child; child = child->next_sibling)
			events_execed(child);
		while (parent->first_child)
			machine_kill(machine.rs, parent->first_child->pid, SIGKILL);
	}
	assert_true(pull_all(&lost) > 0);
	assert_false(lost);
}

/* ---- At random: the truth against what a listener with kept memory makes of what it is told ---- */

#define STEPS    200000
#define CITIZENS 40

static struct knowledge truth, listener_s;
static struct process *citizens[CITIZENS];
static uint32_t numbers;

static void truly(endpoint_t endpoint, endpoint_t what)
{
	knowledge_take(&truth, &(struct pm_event){.endpoint = endpoint, .what = what});
}

/* A citizen that the listener gives a number of its own, as one that opens a file. */
static void name_it(struct process *process)
{
	numbers++;
	knowledge_set(&truth, process->endpoint, numbers);
	knowledge_set(&listener_s, process->endpoint, numbers);
}

static void take_told(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, listener_done++)
		knowledge_take(&listener_s, &told.events[i]);
}

static void pull_and_take_all(void)
{
	do {
		assert_int_equal(ask(listener, listener_done), OK);
		assert_int_equal(told.lost, 0);
		take_told(told.count);
	} while (told.count == PM_EVENTS_AT_ONCE);
}

static void replace_listener(unsigned *seed)
{
	if (rand_r(seed) % 2) { /* it dies after some of what it is told */
		assert_int_equal(ask(listener, listener_done), OK);
		take_told((uint32_t)rand_r(seed) % (told.count + 1u));
	}
	truly(listener->endpoint, PM_EVENT_EXIT);
	machine_kill(machine.rs, listener->pid, SIGKILL);
	listener = new_listener(PRIV_EVENTS | PRIV_KEEP, LISTENER_SET);
	truly(listener->endpoint, RS_PROC_NR);
}

/* As RS does with its services and with orphans. */
static void reap(void)
{
	struct pm_wait_rep reply;

	while (machine_wait(machine.rs, -1, WNOHANG, &reply) == OK && reply.pid > 0)
		;
}

static void citizen_does_something(unsigned *seed)
{
	uint32_t who = (uint32_t)rand_r(seed) % CITIZENS, other = (uint32_t)rand_r(seed) % CITIZENS;
	struct process *process = citizens[who];

	if (!process || rand_r(seed) % 2) {
		if (!process)
			return;
		events_execed(process);
		truly(process->endpoint, PM_EVENT_EXEC);
		return;
	}
	if (other != who && citizens[other]) {
		truly(citizens[other]->endpoint, PM_EVENT_EXIT);
		machine_kill(machine.rs, citizens[other]->pid, SIGKILL);
		citizens[other] = NULL;
	}
	if (other != who) {
		citizens[other] = machine_fork(process);
		machine_ignore(citizens[other], SIGCHLD);
		truly(citizens[other]->endpoint, process->endpoint);
	}
}

static void assert_it_knows_the_truth(void)
{
	pull_and_take_all();
	for (int slot = 0; slot < ENDPOINT_SLOTS; slot++) {
		endpoint_t endpoint = truth.endpoints[slot];

		assert_int_equal(knowledge_of(&truth, endpoint), knowledge_of(&listener_s, endpoint));
	}
}

static void become_citizens(void)
{
	memset(&truth, 0, sizeof(truth));
	memset(&listener_s, 0, sizeof(listener_s));
	memset(citizens, 0, sizeof(citizens));
	citizens[0] = machine_session();
	machine_ignore(citizens[0], SIGCHLD);
	listen_and_keep();
	name_it(citizens[0]);
}

static void whenever_it_asks_and_dies_a_listener_knows_the_truth(void **state)
{
	unsigned seed = test_seed(), patience = 1;

	(void)state;
	become_citizens();
	for (int step = 0; step < STEPS; step++) {
		citizen_does_something(&seed);
		reap();
		if (rand_r(&seed) % 500 == 0)
			replace_listener(&seed);
		if (rand_r(&seed) % patience)
			continue;
		assert_it_knows_the_truth();
		for (int i = 0; i < CITIZENS; i++)
			if (citizens[i] && rand_r(&seed) % 4 == 0)
				name_it(citizens[i]);
		patience = 1u << rand_r(&seed) % 17;
	}
	assert_it_knows_the_truth();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_life_is_told_in_order, boot),
	        cmocka_unit_test_setup(the_child_is_told_of_before_it_runs, boot),
	        cmocka_unit_test_setup(more_than_fit_one_answer_come_one_after_the_other, boot),
	        cmocka_unit_test_setup(only_one_with_the_privilege_is_told, boot),
	        cmocka_unit_test_setup(a_dead_listener_s_successor_begins_anew, boot),
	        cmocka_unit_test_setup(every_listener_has_its_own_events, boot),
	        cmocka_unit_test_setup(events_wait_for_the_successor_of_one_that_keeps, boot),
	        cmocka_unit_test_setup(a_successor_is_told_again_what_its_predecessor_was_not_done_with,
	                               boot),
	        cmocka_unit_test_setup(one_that_can_not_be_done_is_told_that_it_has_lost_some, boot),
	        cmocka_unit_test_setup(one_that_never_asks_costs_nobody_anything, boot),
	        cmocka_unit_test_setup(a_successor_comes_late_and_nothing_is_lost, boot),
	        cmocka_unit_test_setup(there_is_room_for_everybody, boot),
	        cmocka_unit_test_setup(whenever_it_asks_and_dies_a_listener_knows_the_truth, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
