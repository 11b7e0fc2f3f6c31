/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/condense.c
 * servers/pm/events.c servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c
 * servers/pm/sigcalls.c servers/pm/sleep.c servers/pm/crash.c servers/pm/report.c lib/formats/callchain.c
 * lib/formats/callcode.c lib/sys/region_words.c servers/pm/archive.c lib/formats/cpio.c */
/* fork, exit, wait, groups and sessions: PM's real code on a machine of our own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "pm_machine.h"

static struct pm_wait_rep waited;

static int boot(void **state)
{
	(void)state;
	machine_boot();
	return 0;
}

static void exit_with(struct process *process, uint32_t status)
{
	const struct pm_exit_req request = {.status = status};
	struct pm_exit_rep reply;

	assert_int_equal(do_exit(process, &request, &reply), SERVER_NO_REPLY);
}

static struct process *vfork_child(struct process *parent)
{
	const struct pm_fork_req request = {.flags = PM_FORK_VFORK};
	struct pm_fork_rep reply = {0};

	assert_int_equal(do_fork(parent, &request, &reply), SERVER_NO_REPLY);
	return parent->vfork_child;
}

static int move(struct process *caller, int32_t pid, int32_t pgid)
{
	const struct pm_setpgid_req request = {.pid = pid, .pgid = pgid};
	struct pm_setpgid_rep reply;

	return do_setpgid(caller, &request, &reply);
}

/* What the parent's put-off wait4 was answered with. */
static struct pm_wait_rep answered_wait(struct process *parent)
{
	struct pm_wait_rep reply;

	assert_int_equal(machine_proc(parent)->replies, 1);
	assert_int_equal(machine_proc(parent)->result, OK);
	memcpy(&reply, machine_proc(parent)->reply, sizeof(reply));
	return reply;
}

/* ---- fork ---- */

static void fork_answers_both_sides(void **state)
{
	struct process *parent = machine_session(), *child;
	struct pm_fork_rep told;

	(void)state;
	child = machine_fork(parent);
	assert_ptr_not_equal(child, parent);
	assert_int_equal(machine_proc(child)->replies, 1);
	assert_int_equal(machine_proc(child)->result, OK);
	memcpy(&told, machine_proc(child)->reply, sizeof(told));
	assert_int_equal(told.pid, 0);
	assert_int_equal(told.own_pid, child->pid);
	assert_ptr_equal(child->parent, parent);
	assert_int_equal(child->pgid, parent->pgid);
	assert_int_equal(child->sid, parent->sid);
}

static void fork_without_memory_or_room_changes_nothing(void **state)
{
	const struct pm_fork_req request = {0}, strange = {.flags = 2};
	struct pm_fork_rep reply;
	struct process *parent = machine_session();

	(void)state;
	machine.fork_error = -ENOMEM;
	assert_int_equal(do_fork(parent, &request, &reply), -ENOMEM);
	machine.fork_error = 0;
	assert_int_equal(do_fork(parent, &strange, &reply), -EINVAL);
	assert_null(parent->first_child);
	while (do_fork(parent, &request, &reply) == OK)
		continue;
	assert_int_equal(do_fork(parent, &request, &reply), -EAGAIN);
}

static void a_dead_endpoint_names_nobody(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent), *next;
	endpoint_t endpoint = child->endpoint;

	(void)state;
	assert_ptr_equal(process_by_endpoint(endpoint), child);
	exit_with(child, 0);
	assert_null(process_by_endpoint(endpoint));
	/* The kernel's slot has a new tenant while the zombie still waits. */
	next = machine_fork(parent);
	assert_int_equal(ENDPOINT_SLOT(next->endpoint), ENDPOINT_SLOT(endpoint));
	assert_null(process_by_endpoint(endpoint));
	assert_ptr_equal(process_by_endpoint(next->endpoint), next);
	assert_int_equal(machine_wait(parent, child->pid, 0, &waited), OK);
	assert_ptr_equal(process_by_endpoint(next->endpoint), next);
	assert_null(process_by_endpoint(ANY));
	assert_null(process_by_endpoint(INT32_MIN));
}

static void pids_are_not_used_again_soon(void **state)
{
	struct process *parent = machine_session();
	int32_t first, last;

	(void)state;
	first = machine_fork(parent)->pid;
	last = first;
	for (int i = 0; i < 2 * PID_MAX; i++) {
		struct process *child = machine_fork(parent);
		int32_t pid = child->pid;

		assert_int_not_equal(pid, first);
		assert_true(pid == last + 1 || (last >= PID_MAX - 2 && pid < 10) || pid == first + 1);
		last = pid;
		exit_with(child, 0);
		assert_int_equal(machine_wait(parent, pid, 0, &waited), OK);
	}
}

static void a_group_s_number_is_no_pid_while_the_group_lives(void **state)
{
	struct process *parent = machine_session(), *leader = machine_fork(parent), *member;
	int32_t pgid = leader->pid;

	(void)state;
	assert_int_equal(move(leader, 0, 0), OK);
	member = machine_fork(leader);
	exit_with(leader, 0);
	assert_int_equal(machine_wait(parent, pgid, 0, &waited), OK);
	for (int i = 0; i < PID_MAX + 10; i++) {
		struct process *child = machine_fork(parent);

		assert_int_not_equal(child->pid, pgid);
		exit_with(child, 0);
		assert_int_equal(machine_wait(parent, -1, 0, &waited), OK);
	}
	assert_int_equal(member->pgid, pgid);
}

/* ---- exit and wait ---- */

static void a_zombie_is_waited_for_once(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);
	int32_t pid = child->pid;

	(void)state;
	machine_proc(child)->user_nsecs = 77;
	exit_with(child, 0x1ff);
	assert_int_equal(machine_wait(parent, -1, 0, &waited), OK);
	assert_int_equal(waited.pid, pid);
	assert_int_equal(waited.status, 0xff00);
	assert_int_equal(waited.user_nsecs, 77);
	assert_int_equal(parent->children_nsecs, 77);
	assert_null(process_by_pid(pid));
	assert_int_equal(machine_wait(parent, -1, 0, &waited), -ECHILD);
}

static void times_of_grandchildren_add_up(void **state)
{
	struct process *top = machine_session(), *middle = machine_fork(top), *bottom = machine_fork(middle);

	(void)state;
	machine_proc(bottom)->user_nsecs = 5;
	machine_proc(middle)->user_nsecs = 10;
	exit_with(bottom, 0);
	assert_int_equal(machine_wait(middle, -1, 0, &waited), OK);
	exit_with(middle, 0);
	assert_int_equal(machine_wait(top, -1, 0, &waited), OK);
	assert_int_equal(waited.user_nsecs, 15);
}

static void a_waiting_parent_is_answered_at_the_exit(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);
	int32_t pid = child->pid;

	(void)state;
	machine_proc(parent)->replies = 0;
	assert_int_equal(machine_wait(parent, pid, 0, &waited), SERVER_NO_REPLY);
	exit_with(child, 3);
	waited = answered_wait(parent);
	assert_int_equal(waited.pid, pid);
	assert_int_equal(waited.status, 0x300);
	assert_int_equal(parent->waits, WAITS_NOT);
}

static void wait_selects_by_pid_and_group(void **state)
{
	struct process *parent = machine_session(), *a = machine_fork(parent), *b = machine_fork(parent);
	int32_t a_pid = a->pid, b_pid = b->pid;

	(void)state;
	assert_int_equal(move(parent, b_pid, b_pid), OK);
	exit_with(a, 1);
	exit_with(b, 2);
	assert_int_equal(machine_wait(parent, 29999, 0, &waited), -ECHILD);
	assert_int_equal(machine_wait(parent, -29999, 0, &waited), -ECHILD);
	assert_int_equal(machine_wait(parent, INT32_MIN, 0, &waited), -ECHILD);
	assert_int_equal(machine_wait(parent, -b_pid, 0, &waited), OK);
	assert_int_equal(waited.pid, b_pid);
	assert_int_equal(machine_wait(parent, 0, 0, &waited), OK);
	assert_int_equal(waited.pid, a_pid);
}

static void wnohang_does_not_wait(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);

	(void)state;
	assert_int_equal(machine_wait(parent, -1, WNOHANG, &waited), OK);
	assert_int_equal(waited.pid, 0);
	exit_with(child, 0);
	assert_int_equal(machine_wait(parent, -1, WNOHANG, &waited), OK);
	assert_int_not_equal(waited.pid, 0);
	assert_int_equal(machine_wait(parent, -1, WNOHANG, &waited), -ECHILD);
}

static void unknown_wait_options_are_refused(void **state)
{
	struct process *parent = machine_session();

	(void)state;
	machine_fork(parent);
	assert_int_equal(machine_wait(parent, -1, 4, &waited), -EINVAL);
	assert_int_equal(machine_wait(parent, -1, 0x80000000u, &waited), -EINVAL);
}

static void others_children_are_nobody_s_business(void **state)
{
	struct process *parent = machine_session(), *stranger = machine_session(),
	               *child = machine_fork(parent);

	(void)state;
	exit_with(child, 0);
	assert_int_equal(machine_wait(stranger, child->pid, 0, &waited), -ECHILD);
}

static void orphans_become_rs_s(void **state)
{
	struct process *parent = machine_session(), *living = machine_fork(parent),
	               *dead = machine_fork(parent);

	(void)state;
	exit_with(dead, 4);
	machine.notified_rs = 0;
	exit_with(parent, 0);
	assert_true(machine.notified_rs >= 2); /* of the inherited zombie, and of the parent */
	assert_ptr_equal(living->parent, machine.rs);
	assert_int_equal(machine_wait(machine.rs, dead->pid, WNOHANG, &waited), OK);
	assert_int_equal(waited.status, 0x400);
	machine.notified_rs = 0;
	exit_with(living, 0);
	assert_int_equal(machine.notified_rs, 1);
}

static void children_of_a_parent_that_ignores_them_leave_no_zombie(void **state)
{
	struct process *parent = machine_session(), *a = machine_fork(parent), *b = machine_fork(parent);
	int32_t pid = a->pid;

	(void)state;
	machine_ignore(parent, SIGCHLD);
	machine_proc(parent)->replies = 0;
	assert_int_equal(machine_wait(parent, -1, 0, &waited), SERVER_NO_REPLY);
	exit_with(a, 0);
	assert_null(process_by_pid(pid));
	assert_int_equal(machine_proc(parent)->replies, 0);
	exit_with(b, 0);
	assert_int_equal(machine_proc(parent)->replies, 1);
	assert_int_equal(machine_proc(parent)->result, -ECHILD);
}

static void nocldwait_leaves_no_zombie_but_signals(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);
	int32_t pid = child->pid;

	(void)state;
	machine_catch(parent, SIGCHLD, SA_NOCLDWAIT);
	exit_with(child, 0);
	assert_null(process_by_pid(pid));
	assert_true(machine_proc(parent)->noted);
}

static void wait_gets_the_child_although_sigchld_is_caught(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);

	(void)state;
	machine_catch(parent, SIGCHLD, 0);
	machine_proc(parent)->replies = 0;
	assert_int_equal(machine_wait(parent, -1, 0, &waited), SERVER_NO_REPLY);
	exit_with(child, 0);
	answered_wait(parent);
	assert_true(machine_proc(parent)->noted);
}

static void sigchld_tells_who_and_how(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent),
	               *killed = machine_fork(parent);
	const struct signal_info *info = &parent->signals.infos[SIGCHLD - 1];
	int32_t pid = child->pid;

	(void)state;
	machine_catch(parent, SIGCHLD, 0);
	exit_with(child, 7);
	assert_int_equal(info->code, CLD_EXITED);
	assert_int_equal(info->a, pid);
	assert_int_equal(info->c, 7);
	parent->signals.pending = 0;
	machine_kill(parent, killed->pid, SIGTERM);
	assert_int_equal(info->code, CLD_KILLED);
	assert_int_equal(info->c, SIGTERM);
}

static void the_death_of_rs_is_the_end(void **state)
{
	jmp_buf panicked;

	(void)state;
	machine.on_panic = &panicked;
	if (setjmp(panicked) == 0) {
		exit_with(machine.rs, 1);
		fail();
	}
	assert_non_null(strstr(machine.log, "RS has died"));
}

/* ---- vfork ---- */

static void vfork_s_parent_goes_on_at_the_child_s_exit(void **state)
{
	struct process *parent = machine_session(), *child;
	int32_t pid;

	(void)state;
	machine_proc(parent)->replies = 0;
	child = vfork_child(parent);
	pid = child->pid;
	assert_int_equal(machine_proc(parent)->replies, 0);
	exit_with(child, 0);
	assert_int_equal(machine_proc(parent)->replies, 1);
	assert_int_equal(*(int32_t *)machine_proc(parent)->reply, pid);
	assert_int_equal(machine_wait(parent, pid, 0, &waited), OK);
}

static void vfork_s_parent_goes_on_when_the_child_is_killed(void **state)
{
	struct process *parent = machine_session(), *child;

	(void)state;
	machine_proc(parent)->replies = 0;
	child = vfork_child(parent);
	machine_kill(machine.rs, child->pid, SIGKILL);
	assert_int_equal(machine_proc(parent)->replies, 1);
	assert_int_equal(machine_proc(parent)->result, OK);
}

static void a_signal_does_not_end_vfork_s_wait(void **state)
{
	struct process *parent = machine_session(), *child;

	(void)state;
	machine_catch(parent, SIGUSR1, 0);
	machine_proc(parent)->replies = 0;
	child = vfork_child(parent);
	machine_kill(child, parent->pid, SIGUSR1);
	assert_int_equal(machine_proc(parent)->replies, 0);
	assert_true(machine_proc(parent)->noted);
	exit_with(child, 0);
	assert_int_equal(machine_proc(parent)->result, OK);
}

static void vfork_s_parent_may_be_killed_first(void **state)
{
	struct process *parent = machine_session(), *child = vfork_child(parent);

	(void)state;
	machine_kill(machine.rs, parent->pid, SIGKILL);
	assert_null(child->vfork_parent);
	assert_ptr_equal(child->parent, machine.rs);
	exit_with(child, 0);
}

static void vfork_s_parent_that_gives_up_is_forgotten(void **state)
{
	struct process *parent = machine_session(), *child = vfork_child(parent);

	(void)state;
	wait_forget(parent); /* as main.c does for a process that calls again without having waited */
	machine_proc(parent)->replies = 0;
	exit_with(child, 0);
	assert_int_equal(machine_proc(parent)->replies, 0);
}

/* ---- Groups and sessions ---- */

static void setpgid_follows_posix(void **state)
{
	struct process *leader = machine_session(), *child = machine_fork(leader),
	               *sibling = machine_fork(leader);
	struct process *grandchild = machine_fork(child), *stranger = machine_session();

	(void)state;
	assert_int_equal(move(child, 0, -1), -EINVAL);
	assert_int_equal(move(child, 29999, 0), -ESRCH);
	assert_int_equal(move(child, sibling->pid, 0), -ESRCH);
	assert_int_equal(move(leader, grandchild->pid, 0), -ESRCH);
	assert_int_equal(move(leader, 0, 0), -EPERM);            /* a session leader stays */
	assert_int_equal(move(child, 0, sibling->pid), -EPERM);  /* no such group */
	assert_int_equal(move(child, 0, stranger->pid), -EPERM); /* a group of another session */
	assert_int_equal(move(leader, child->pid, 0), OK);
	assert_int_equal(child->pgid, child->pid);
	assert_int_equal(move(leader, sibling->pid, child->pid), OK);
	assert_int_equal(sibling->pgid, child->pid);
	sibling->flags |= PROCESS_EXECED;
	assert_int_equal(move(leader, sibling->pid, leader->pid), -EACCES);
	assert_int_equal(move(sibling, 0, leader->pgid), OK);
}

static void setsid_makes_a_session_but_not_for_group_leaders(void **state)
{
	const struct pm_setsid_req request;
	struct pm_setsid_rep reply;
	struct process *leader = machine_session(), *child = machine_fork(leader);

	(void)state;
	assert_int_equal(do_setsid(leader, &request, &reply), -EPERM);
	assert_int_equal(do_setsid(child, &request, &reply), OK);
	assert_int_equal(reply.sid, child->pid);
	assert_int_equal(child->pgid, child->pid);
}

static void ids_are_told(void **state)
{
	struct process *leader = machine_session(), *child = machine_fork(leader);
	struct pm_getid_req request = {0};
	struct pm_getid_rep reply;

	(void)state;
	assert_int_equal(do_getid(child, &request, &reply), OK);
	assert_int_equal(reply.pid, child->pid);
	assert_int_equal(reply.ppid, leader->pid);
	assert_int_equal(reply.sid, leader->pid);
	request.pid = PID_RS;
	assert_int_equal(do_getid(child, &request, &reply), OK);
	assert_int_equal(reply.ppid, 0);
	for (int i = 0; i < 4; i++) {
		static const int32_t nobody[] = {-1, INT32_MIN, INT32_MAX, 29999};

		request.pid = nobody[i];
		assert_int_equal(do_getid(child, &request, &reply), -ESRCH);
	}
}

static void endpoints_are_told_of_the_living(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);
	struct pm_endpoint_req request = {.pid = child->pid};
	struct pm_endpoint_rep reply;

	(void)state;
	assert_int_equal(do_endpoint(parent, &request, &reply), OK);
	assert_int_equal(reply.endpoint, child->endpoint);
	assert_int_equal(reply.executed, 0);
	child->flags |= PROCESS_EXECED;
	assert_int_equal(do_endpoint(parent, &request, &reply), OK);
	assert_int_equal(reply.executed, 1);
	exit_with(child, 0);
	assert_int_equal(do_endpoint(parent, &request, &reply), -ESRCH);
}

/* ---- The list of processes ---- */

/* What the list says of `pid`; how often it is told of. */
static unsigned find_in_list(struct process *caller, int32_t pid, struct pm_procinfo_rep *found)
{
	struct pm_procinfo_req request = {.index = 0};
	unsigned times = 0;

	for (;;) {
		struct pm_procinfo_rep reply = {0};
		int result = do_procinfo(caller, &request, &reply);

		if (result == -ENOENT)
			return times;
		assert_int_equal(result, OK);
		assert_true(reply.next > request.index);
		request.index = reply.next;
		if (reply.pid != pid)
			continue;
		*found = reply;
		times++;
	}
}

static void every_process_is_in_the_list_once(void **state)
{
	struct process *parent = machine_session(), *children[20];
	struct pm_procinfo_rep info;

	(void)state;
	for (int i = 0; i < 20; i++)
		children[i] = machine_fork(parent);
	exit_with(children[3], 0);
	assert_int_equal(machine_wait(parent, children[3]->pid, 0, &waited), OK);
	for (int i = 4; i < 20; i++)
		assert_int_equal(find_in_list(parent, children[i]->pid, &info), 1);
	assert_int_equal(info.endpoint, children[19]->endpoint);
	assert_int_equal(info.ppid, parent->pid);
	assert_int_equal(info.pgid, parent->pgid);
	assert_int_equal(info.sid, parent->sid);
	assert_int_equal(info.flags, 0);
	assert_int_equal(info.waits, WAITS_NOT);
	assert_int_equal(find_in_list(parent, PID_RS, &info), 1);
	assert_int_equal(info.ppid, 0);
	assert_int_equal(info.endpoint, RS_PROC_NR);
	assert_int_equal(find_in_list(parent, waited.pid, &info), 0);
}

static void a_zombie_is_in_the_list_without_an_endpoint(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent);
	struct pm_procinfo_rep info;

	(void)state;
	strcpy(child->name, "short-lived");
	machine_proc(child)->user_nsecs = 123;
	exit_with(child, 0);
	assert_int_equal(find_in_list(parent, child->pid, &info), 1);
	assert_int_equal(info.endpoint, NONE);
	assert_int_equal(info.user_nsecs, 123);
	assert_string_equal(info.name, "short-lived");
	assert_int_equal(machine_wait(parent, child->pid, 0, &waited), OK);
	assert_int_equal(find_in_list(parent, waited.pid, &info), 0);
}

static void the_list_says_what_a_process_waits_for(void **state)
{
	struct process *parent = machine_session(), *child = machine_fork(parent),
	               *service = machine_fork(machine.rs);
	struct pm_procinfo_rep info;

	(void)state;
	assert_int_equal(machine_wait(parent, -1, 0, &waited), SERVER_NO_REPLY);
	assert_int_equal(find_in_list(child, parent->pid, &info), 1);
	assert_int_equal(info.waits, WAITS_CHILD);
	machine_kill(parent, child->pid, SIGSTOP);
	assert_int_equal(find_in_list(child, child->pid, &info), 1);
	assert_int_equal(info.flags, PM_PROC_STOPPED);
	assert_int_equal(find_in_list(child, service->pid, &info), 1);
	assert_int_equal(info.flags, PM_PROC_SERVICE);
}

static void beyond_the_list_there_is_nobody(void **state)
{
	static const uint32_t beyond[] = {PROCESSES_MAX - 1, PROCESSES_MAX, UINT32_MAX - 1, UINT32_MAX};
	struct process *parent = machine_session();

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct pm_procinfo_req request = {.index = beyond[i]};
		struct pm_procinfo_rep reply;

		assert_int_equal(do_procinfo(parent, &request, &reply), -ENOENT);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, boot)
	const struct CMUnitTest tests[] = {
	        TEST(fork_answers_both_sides),
	        TEST(fork_without_memory_or_room_changes_nothing),
	        TEST(a_dead_endpoint_names_nobody),
	        TEST(pids_are_not_used_again_soon),
	        TEST(a_group_s_number_is_no_pid_while_the_group_lives),
	        TEST(a_zombie_is_waited_for_once),
	        TEST(times_of_grandchildren_add_up),
	        TEST(a_waiting_parent_is_answered_at_the_exit),
	        TEST(wait_selects_by_pid_and_group),
	        TEST(wnohang_does_not_wait),
	        TEST(unknown_wait_options_are_refused),
	        TEST(others_children_are_nobody_s_business),
	        TEST(orphans_become_rs_s),
	        TEST(children_of_a_parent_that_ignores_them_leave_no_zombie),
	        TEST(nocldwait_leaves_no_zombie_but_signals),
	        TEST(wait_gets_the_child_although_sigchld_is_caught),
	        TEST(sigchld_tells_who_and_how),
	        TEST(the_death_of_rs_is_the_end),
	        TEST(vfork_s_parent_goes_on_at_the_child_s_exit),
	        TEST(vfork_s_parent_goes_on_when_the_child_is_killed),
	        TEST(a_signal_does_not_end_vfork_s_wait),
	        TEST(vfork_s_parent_may_be_killed_first),
	        TEST(vfork_s_parent_that_gives_up_is_forgotten),
	        TEST(setpgid_follows_posix),
	        TEST(setsid_makes_a_session_but_not_for_group_leaders),
	        TEST(ids_are_told),
	        TEST(endpoints_are_told_of_the_living),
	        TEST(every_process_is_in_the_list_once),
	        TEST(a_zombie_is_in_the_list_without_an_endpoint),
	        TEST(the_list_says_what_a_process_waits_for),
	        TEST(beyond_the_list_there_is_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
