/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/condense.c
 * servers/pm/events.c servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c
 * servers/pm/sigcalls.c servers/pm/sleep.c servers/pm/exception.c servers/pm/crash.c servers/pm/report.c
 * lib/formats/callchain.c lib/formats/callcode.c lib/sys/region_words.c servers/pm/archive.c
 * lib/formats/cpio.c */
/* PM's lists of groups and of news: whatever processes do, they say what looking through the table would. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "pm_machine.h"
#include "seed.h"

#define STEPS     20000
#define MANY      60
#define ANY_EVENT (WNOHANG | WUNTRACED | WCONTINUED)

/* ---- What the table says ---- */

static int exists(const struct process *p)
{
	return p->state != PROCESS_FREE;
}

static int has_something_to_tell(const struct process *p)
{
	return p->state == PROCESS_ZOMBIE || p->event != EVENT_NONE;
}

#define EACH(p) (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++)

static int is_in_group_list(const struct process *process)
{
	int found = 0;

	for (const struct process *p = process_first_of_group(process->pgid); p; p = p->next_in_group) {
		assert_true(exists(p));
		assert_int_equal(p->pgid, process->pgid);
		assert_int_equal(p->sid, process->sid);
		assert_true(!p->next_in_group || p->next_in_group->previous_in_group == p);
		found += p == process;
	}
	return found;
}

static int is_in_news(const struct process *process)
{
	int found = 0;

	if (!process->parent)
		return 0;
	for (const struct process *p = process->parent->first_news; p; p = p->next_news) {
		assert_true(has_something_to_tell(p));
		assert_ptr_equal(p->parent, process->parent);
		assert_true(p->next_news ? p->next_news->previous_news == p : p->parent->last_news == p);
		found += p == process;
	}
	return found;
}

static void check_lists(void)
{
	for
		EACH(p)
		{
			if (!exists(p))
				continue;
			assert_int_equal(is_in_group_list(p), 1);
			assert_int_equal(is_in_news(p), p->parent && has_something_to_tell(p));
		}
}

/* ---- wait4, by looking through the table ---- */

static int meant(const struct process *parent, const struct process *child, int32_t pid)
{
	if (!exists(child) || child->parent != parent)
		return 0;
	if (pid > 0)
		return child->pid == pid;
	return pid == -1 || child->pgid == (pid == 0 ? parent->pgid : -pid);
}

static int is_among(int32_t pid, const int32_t *pids, int count)
{
	while (count > 0 && pids[count - 1] != pid)
		count--;
	return count > 0;
}

static void wait_as_the_table_says(struct process *parent, int32_t pid)
{
	static int32_t tellers[PROCESSES_MAX];
	struct pm_wait_rep reply;
	int candidates = 0, count = 0;
	const struct process *told;

	for
		EACH(p)
	if (meant(parent, p, pid)) {
		candidates++;
		if (has_something_to_tell(p))
			tellers[count++] = p->pid;
	}
	assert_int_equal(machine_wait(parent, pid, ANY_EVENT, &reply), candidates ? OK : -ECHILD);
	if (!count) {
		assert_int_equal(reply.pid, 0);
		return;
	}
	assert_true(is_among(reply.pid, tellers, count));
	told = process_by_pid(reply.pid);
	assert_true(!told || !has_something_to_tell(told));
}

/* ---- What processes do ---- */

static struct process *newcomer(void)
{
	struct process *child = machine_fork(machine.rs);

	child->flags &= ~(uint32_t)PROCESS_SERVICE;
	return child;
}

/* A signal to a group may have ended all but RS. */
static struct process *somebody(void)
{
	struct process *alive[PROCESSES_MAX];
	int count = 0;

	for
		EACH(p)
	if (process_alive(p) && p != machine.rs)
		alive[count++] = p;
	return count > 0 ? alive[rand() % count] : newcomer();
}

static int32_t some_pid(void)
{
	struct process *p = &process_table[rand() % MANY];

	return exists(p) ? p->pid : rand() % 100;
}

static void fork_one(struct process *parent)
{
	int count = 0;

	for
		EACH(p)
	count += exists(p);
	if (count < MANY)
		machine_fork(parent);
}

static void exit_one(struct process *process)
{
	const struct pm_exit_req request = {.status = 1};
	struct pm_exit_rep reply;
	int count = 0;

	for
		EACH(p)
	count += process_alive(p);
	if (count > 5)
		assert_int_equal(do_exit(process, &request, &reply), SERVER_NO_REPLY);
}

static void signal_some(struct process *from)
{
	static const int signals[] = {SIGSTOP, SIGTSTP, SIGCONT, SIGCONT, SIGHUP, SIGUSR1};
	int32_t pid = some_pid();
	const struct pm_kill_req request = {.pid = rand() % 2 ? pid : -pid,
	                                    .signal = (uint32_t)signals[rand() % 6]};
	struct pm_kill_rep reply;

	if (request.pid != -1 && pid != 1)
		GRANITE_IGNORE(do_kill(from, &request, &reply));
}

static void change_group(struct process *process)
{
	const struct pm_setpgid_req request = {.pid = rand() % 2 ? 0 : some_pid(),
	                                       .pgid = rand() % 2 ? 0 : some_pid()};
	struct pm_setpgid_rep moved;
	struct pm_setsid_rep led;

	if (rand() % 8 == 0)
		GRANITE_IGNORE(do_setsid(process, NULL, &led));
	else
		GRANITE_IGNORE(do_setpgid(process, &request, &moved));
}

static void wait_for_some(struct process *parent)
{
	static const int32_t kinds[] = {-1, -1, 0};
	int32_t pid = some_pid();

	if (rand() % 2)
		wait_as_the_table_says(parent, kinds[rand() % 3]);
	else if (pid > 1)
		wait_as_the_table_says(parent, rand() % 2 ? pid : -pid);
}

static void do_something(void)
{
	switch (rand() % 7) {
	case 0:
	case 1:
		fork_one(somebody());
		break;
	case 2:
		exit_one(somebody());
		break;
	case 3:
		signal_some(somebody());
		break;
	case 4:
		change_group(somebody());
		break;
	default:
		wait_for_some(somebody());
	}
	/* RS waits for what it inherits. */
	wait_as_the_table_says(machine.rs, -1);
}

static void random_lives_leave_the_lists_as_the_table_is(void **state)
{
	(void)state;
	srand(test_seed());
	machine_boot();
	for (int i = 0; i < 10; i++)
		(void)newcomer();
	for (int i = 0; i < STEPS; i++) {
		do_something();
		check_lists();
	}
}

/* ---- Order ---- */

static void exit_with(struct process *process)
{
	const struct pm_exit_req request = {.status = 0};
	struct pm_exit_rep reply;

	assert_int_equal(do_exit(process, &request, &reply), SERVER_NO_REPLY);
}

static void who_ended_first_is_told_of_first(void **state)
{
	struct process *parent, *children[3];
	struct pm_wait_rep reply;
	int32_t pids[3];

	(void)state;
	machine_boot();
	parent = machine_session();
	for (int i = 0; i < 3; i++) {
		children[i] = machine_fork(parent);
		pids[i] = children[i]->pid;
	}
	exit_with(children[2]);
	exit_with(children[0]);
	exit_with(children[1]);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(machine_wait(parent, -1, 0, &reply), OK);
		assert_int_equal(reply.pid, pids[(i + 2) % 3]);
	}
	assert_int_equal(machine_wait(parent, -1, 0, &reply), -ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(random_lives_leave_the_lists_as_the_table_is),
	        cmocka_unit_test(who_ended_first_is_told_of_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
