/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/condense.c
 * servers/pm/events.c servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c
 * servers/pm/sigcalls.c servers/pm/sleep.c servers/pm/exception.c servers/pm/crash.c servers/pm/report.c
 * lib/formats/callchain.c lib/formats/callcode.c lib/sys/region_words.c servers/pm/archive.c
 * lib/formats/cpio.c */
/* What signals and timers do to processes: PM's real code on a machine of our own. */
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

#define SECOND  1000000000ull
#define CONSOLE ENDPOINT_MAKE(40, 1)

static struct process *top, *target; /* a session's leader and its child */
static struct pm_wait_rep waited;
static struct pm_sigfetch_rep fetched;

static int boot(void **state)
{
	(void)state;
	machine_boot();
	top = machine_session();
	target = machine_fork(top);
	machine_proc(target)->replies = 0;
	return 0;
}

static int kill_result(int32_t pid, uint32_t signal)
{
	const struct pm_kill_req request = {.pid = pid, .signal = signal};
	struct pm_kill_rep reply;

	return do_kill(top, &request, &reply);
}

static void send(int signal)
{
	machine_kill(top, target->pid, signal);
}

static int fetch(void)
{
	const struct pm_sigfetch_req request;

	memset(&fetched, 0, sizeof(fetched));
	return do_sigfetch(target, &request, &fetched);
}

static int sleep_for(uint64_t nsecs)
{
	const struct pm_nanosleep_req request = {.nsecs = nsecs};
	struct pm_nanosleep_rep reply = {0};

	return do_nanosleep(target, &request, &reply);
}

static int suspend(uint64_t mask)
{
	const struct pm_sigsuspend_req request = {.mask = mask};
	struct pm_sigsuspend_rep reply;

	return do_sigsuspend(target, &request, &reply);
}

static struct pm_sigtimedwait_rep accepted;

static int timedwait(uint64_t set, uint64_t nsecs, uint32_t forever)
{
	const struct pm_sigtimedwait_req request = {.set = set, .nsecs = nsecs, .forever = forever};

	memset(&accepted, 0, sizeof(accepted));
	return do_sigtimedwait(target, &request, &accepted);
}

static void assert_answered(int result)
{
	assert_int_equal(machine_proc(target)->replies, 1);
	assert_int_equal(machine_proc(target)->result, result);
	assert_int_equal(target->waits, WAITS_NOT);
	machine_proc(target)->replies = 0;
}

static void assert_killed_by(int signal)
{
	assert_int_equal(target->state, PROCESS_ZOMBIE);
	assert_int_equal(target->status, signal);
}

/* ---- kill ---- */

static void kill_refuses_what_is_no_signal(void **state)
{
	(void)state;
	assert_int_equal(kill_result(target->pid, 65), -EINVAL);
	assert_int_equal(kill_result(target->pid, UINT32_MAX), -EINVAL);
	assert_int_equal(kill_result(target->pid, 0x80000000u), -EINVAL);
}

static void kill_says_if_nobody_is_there(void **state)
{
	(void)state;
	assert_int_equal(kill_result(29999, SIGTERM), -ESRCH);
	assert_int_equal(kill_result(INT32_MAX, SIGTERM), -ESRCH);
	assert_int_equal(kill_result(-29999, SIGTERM), -ESRCH);
	assert_int_equal(kill_result(INT32_MIN, SIGTERM), -ESRCH);
}

static void signal_zero_only_asks(void **state)
{
	(void)state;
	assert_int_equal(kill_result(target->pid, 0), OK);
	assert_int_equal(kill_result(0, 0), OK);
	assert_int_equal(kill_result(29999, 0), -ESRCH);
	assert_true(process_alive(target));
	send(SIGKILL);
	assert_int_equal(kill_result(target->pid, 0), OK); /* a zombie is still there */
}

static void a_group_is_signalled_with_the_caller_last(void **state)
{
	struct process *other = machine_session();

	(void)state;
	assert_int_equal(kill_result(0, SIGTERM), OK);
	assert_killed_by(SIGTERM);
	assert_false(process_alive(top));
	assert_true(process_alive(other));
}

static void everybody_excludes_the_system_and_oneself(void **state)
{
	struct process *service = machine_fork(machine.rs), *grandchild = machine_fork(service);

	(void)state;
	assert_int_equal(kill_result(-1, SIGKILL), OK);
	assert_killed_by(SIGKILL);
	assert_false(process_alive(grandchild));
	assert_true(process_alive(service));
	assert_true(process_alive(top));
	assert_true(process_alive(machine.rs));
}

static void rs_is_not_killed(void **state)
{
	(void)state;
	assert_int_equal(kill_result(PID_RS, SIGKILL), OK);
	assert_int_equal(kill_result(PID_RS, SIGSTOP), OK);
	assert_int_equal(kill_result(PID_RS, SIGTERM), OK);
	assert_true(process_alive(machine.rs));
	assert_false(machine_proc(machine.rs)->stopped);
}

/* In this machine every service is as urgent as a driver. */
static void a_driver_is_not_stopped(void **state)
{
	struct process *driver = machine_fork(machine.rs);

	(void)state;
	assert_int_equal(kill_result(driver->pid, SIGSTOP), -EPERM);
	assert_int_equal(kill_result(driver->pid, SIGTSTP), -EPERM);
	assert_false(machine_proc(driver)->stopped);
	assert_int_equal(kill_result(driver->pid, SIGKILL), OK);
	assert_false(process_alive(driver));
}

static void a_driver_is_not_stopped_with_its_group(void **state)
{
	const struct pm_setsid_req request;
	struct pm_setsid_rep reply;
	struct process *driver = machine_fork(machine.rs), *child;

	(void)state;
	assert_int_equal(do_setsid(driver, &request, &reply), OK);
	assert_int_equal(kill_result(-driver->pid, SIGSTOP), -EPERM);
	assert_false(machine_proc(driver)->stopped);
	child = machine_fork(driver);
	assert_int_equal(kill_result(-driver->pid, SIGSTOP), OK);
	assert_true(machine_proc(child)->stopped);
	assert_false(machine_proc(driver)->stopped);
	machine_kill(driver, 0, SIGSTOP); /* nor by itself */
	assert_false(machine_proc(driver)->stopped);
}

/* ---- Handlers ---- */

static void a_caught_signal_is_noted_once_and_fetched(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	send(SIGUSR1);
	send(SIGUSR1);
	assert_int_equal(machine_proc(target)->upcalls, 1);
	assert_int_equal(fetch(), OK);
	assert_int_equal(fetched.signal, SIGUSR1);
	assert_int_equal(fetched.si_code, SI_USER);
	assert_int_equal(fetched.si_a, top->pid);
	assert_false(machine_proc(target)->noted);
	assert_int_equal(fetch(), -EAGAIN);
}

static void the_kernel_is_told_again_while_more_waits(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_catch(target, SIGUSR2, 0);
	send(SIGUSR1);
	send(SIGUSR2);
	assert_int_equal(machine_proc(target)->upcalls, 1);
	assert_int_equal(fetch(), OK);
	assert_int_equal(machine_proc(target)->upcalls, 2);
	assert_true(machine_proc(target)->noted);
	assert_int_equal(fetch(), OK);
	assert_false(machine_proc(target)->noted);
}

static void unblocking_delivers(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_block(target, SIGNAL_BIT(SIGUSR1));
	send(SIGUSR1);
	assert_false(machine_proc(target)->noted);
	machine_block(target, 0);
	assert_true(machine_proc(target)->noted);
	machine_block(target, SIGNAL_BIT(SIGUSR1));
	assert_false(machine_proc(target)->noted);
}

static void unblocking_a_deadly_signal_kills(void **state)
{
	(void)state;
	machine_block(target, SIGNAL_BIT(SIGTERM));
	send(SIGTERM);
	assert_true(process_alive(target));
	machine_block(target, 0);
	assert_killed_by(SIGTERM);
}

static void waits_end_with_eintr(void **state)
{
	(void)state;
	machine_fork(target);
	machine_proc(target)->replies = 0;
	machine_catch(target, SIGUSR1, 0);
	assert_int_equal(machine_wait(target, -1, 0, &waited), SERVER_NO_REPLY);
	send(SIGUSR1);
	assert_answered(-EINTR);
	assert_int_equal(fetch(), OK);
}

static void a_wait_with_a_signal_waiting_ends_at_once(void **state)
{
	(void)state;
	machine_fork(target);
	machine_proc(target)->replies = 0;
	machine_catch(target, SIGUSR1, 0);
	send(SIGUSR1);
	assert_int_equal(machine_wait(target, -1, 0, &waited), SERVER_NO_REPLY);
	assert_answered(-EINTR);
	assert_int_equal(sleep_for(SECOND), SERVER_NO_REPLY);
	assert_answered(-EINTR);
	assert_false(timer_queued(&target->deadline));
}

static void ignored_signals_do_not_end_waits(void **state)
{
	(void)state;
	machine_ignore(target, SIGUSR1);
	assert_int_equal(sleep_for(SECOND), SERVER_NO_REPLY);
	send(SIGUSR1);
	send(SIGCHLD);
	assert_int_equal(target->waits, WAITS_SLEEP);
}

static void a_server_s_call_is_cancelled(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_proc(target)->blocked_on = CONSOLE;
	send(SIGUSR1);
	assert_int_equal(machine.cancels, 1);
	assert_int_equal(machine.cancelled_server, CONSOLE);
	assert_int_equal(machine.cancelled_caller, target->endpoint);
}

static void pm_and_vm_are_never_told_to_cancel(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_proc(target)->blocked_on = PM_PROC_NR;
	send(SIGUSR1);
	machine_proc(target)->blocked_on = VM_PROC_NR;
	fetch();
	machine_block(target, 0);
	send(SIGUSR1);
	assert_int_equal(machine.cancels, 0);
}

static void a_cancellation_that_finds_no_room_is_tried_again(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_proc(target)->blocked_on = CONSOLE;
	machine.cancel_result = -EAGAIN;
	send(SIGUSR1);
	machine_pass(SECOND / 50);
	assert_true(machine.cancels >= 2);
	machine.cancel_result = OK;
	machine_pass(SECOND);
	machine.cancels = 0;
	machine_pass(SECOND);
	assert_int_equal(machine.cancels, 0);
}

static void a_fetched_signal_needs_no_cancellation_any_more(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_proc(target)->blocked_on = CONSOLE;
	machine.cancel_result = -EAGAIN;
	send(SIGUSR1);
	fetch();
	machine.cancels = 0;
	machine_pass(SECOND);
	assert_int_equal(machine.cancels, 0);
}

/* ---- sigsuspend, sigtimedwait ---- */

static void sigsuspend_ends_with_a_handler_and_the_old_mask(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_block(target, SIGNAL_BIT(SIGUSR1));
	send(SIGUSR1);
	assert_int_equal(suspend(SIGNAL_BIT(SIGHUP)), SERVER_NO_REPLY);
	assert_answered(-EINTR);
	assert_int_equal(fetch(), OK);
	assert_int_equal(fetched.old_mask[0], SIGNAL_BIT(SIGUSR1));
	assert_int_equal(fetch(), -EAGAIN);
}

static void sigsuspend_goes_on_over_what_is_not_caught(void **state)
{
	(void)state;
	machine_ignore(target, SIGUSR1);
	assert_int_equal(suspend(0), SERVER_NO_REPLY);
	send(SIGUSR1);
	assert_int_equal(target->waits, WAITS_SUSPEND);
	send(SIGUSR2);
	assert_killed_by(SIGUSR2);
}

/* SIGCONT takes back the stop signal that ended sigsuspend, before the process has fetched it. */
static void the_mask_comes_back_even_if_the_signal_has_gone(void **state)
{
	(void)state;
	machine_catch(target, SIGTSTP, 0);
	machine_block(target, SIGNAL_BIT(SIGUSR1));
	assert_int_equal(suspend(0), SERVER_NO_REPLY);
	send(SIGTSTP);
	assert_answered(-EINTR);
	send(SIGCONT);
	assert_true(machine_proc(target)->noted);
	assert_int_equal(fetch(), -EAGAIN);
	assert_false(machine_proc(target)->noted);
	assert_int_equal(target->signals.blocked, SIGNAL_BIT(SIGUSR1));
}

static void sigtimedwait_takes_what_is_pending(void **state)
{
	(void)state;
	machine_block(target, SIGNAL_BIT(SIGUSR1));
	send(SIGUSR1);
	assert_int_equal(timedwait(SIGNAL_BIT(SIGUSR1), 0, 0), OK);
	assert_int_equal(accepted.signal, SIGUSR1);
	assert_int_equal(accepted.si_a, top->pid);
	assert_int_equal(timedwait(SIGNAL_BIT(SIGUSR1), 0, 0), -EAGAIN);
}

static void sigtimedwait_is_answered_by_the_signal(void **state)
{
	struct pm_sigtimedwait_rep reply;

	(void)state;
	machine_block(target, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGCHLD));
	assert_int_equal(timedwait(SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGCHLD), 0, 1), SERVER_NO_REPLY);
	machine_pass(1000 * SECOND);
	send(SIGCHLD);
	memcpy(&reply, machine_proc(target)->reply, sizeof(reply));
	assert_answered(OK);
	assert_int_equal(reply.signal, SIGCHLD);
	assert_int_equal(target->signals.pending, 0);
}

static void sigtimedwait_times_out(void **state)
{
	(void)state;
	assert_int_equal(timedwait(SIGNAL_BIT(SIGUSR1), SECOND, 0), SERVER_NO_REPLY);
	machine_pass(SECOND - 1);
	assert_int_equal(machine_proc(target)->replies, 0);
	machine_pass(1);
	assert_answered(-EAGAIN);
}

static void sigtimedwait_is_interrupted_by_other_signals(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR2, 0);
	assert_int_equal(timedwait(SIGNAL_BIT(SIGUSR1), SECOND, 0), SERVER_NO_REPLY);
	send(SIGUSR2);
	assert_answered(-EINTR);
	assert_false(timer_queued(&target->deadline));
}

/* ---- Stopping ---- */

static void regroup(struct process *process)
{
	const struct pm_setpgid_req request = {0};
	struct pm_setpgid_rep reply;

	assert_int_equal(do_setpgid(process, &request, &reply), OK);
}

static void a_stop_is_reported_once(void **state)
{
	(void)state;
	assert_int_equal(machine_wait(top, -1, WNOHANG, &waited), OK);
	send(SIGSTOP);
	assert_true(machine_proc(target)->stopped);
	assert_int_equal(machine_wait(top, -1, WNOHANG, &waited), OK);
	assert_int_equal(waited.pid, 0); /* without WUNTRACED */
	assert_int_equal(machine_wait(top, -1, WNOHANG | WUNTRACED, &waited), OK);
	assert_int_equal(waited.pid, target->pid);
	assert_true(WIFSTOPPED(waited.status));
	assert_int_equal(WSTOPSIG(waited.status), SIGSTOP);
	assert_int_equal(machine_wait(top, -1, WNOHANG | WUNTRACED, &waited), OK);
	assert_int_equal(waited.pid, 0);
}

static void a_waiting_parent_sees_stop_and_continue(void **state)
{
	(void)state;
	regroup(target);
	machine_proc(top)->replies = 0;
	assert_int_equal(machine_wait(top, -1, WUNTRACED | WCONTINUED, &waited), SERVER_NO_REPLY);
	send(SIGTSTP);
	memcpy(&waited, machine_proc(top)->reply, sizeof(waited));
	assert_int_equal(waited.status, STATUS_STOPPED(SIGTSTP));
	assert_int_equal(machine_wait(top, -1, WUNTRACED | WCONTINUED, &waited), SERVER_NO_REPLY);
	send(SIGCONT);
	memcpy(&waited, machine_proc(top)->reply, sizeof(waited));
	assert_true(WIFCONTINUED(waited.status));
	assert_false(machine_proc(target)->stopped);
	assert_int_equal(machine_proc(top)->replies, 2);
}

static void sigchld_for_stops_can_be_declined(void **state)
{
	(void)state;
	machine_catch(top, SIGCHLD, SA_NOCLDSTOP);
	send(SIGSTOP);
	assert_false(machine_proc(top)->noted);
	machine_catch(top, SIGCHLD, 0);
	send(SIGCONT);
	assert_true(machine_proc(top)->noted);
}

static void signals_wait_until_a_stopped_process_goes_on(void **state)
{
	(void)state;
	send(SIGSTOP);
	send(SIGTERM);
	assert_true(process_alive(target));
	send(SIGCONT);
	assert_killed_by(SIGTERM);
}

/* Stopped in a read, it must not take what is typed for others. */
static void a_stop_cancels_a_server_s_call(void **state)
{
	(void)state;
	machine_proc(target)->blocked_on = CONSOLE;
	send(SIGSTOP);
	assert_int_equal(machine.cancels, 1);
	assert_int_equal(machine.cancelled_caller, target->endpoint);
	send(SIGCONT);
	assert_false(machine_proc(target)->noted);
	assert_false(machine_proc(target)->stopped);
}

static void sigkill_ends_a_stopped_process(void **state)
{
	(void)state;
	send(SIGSTOP);
	send(SIGKILL);
	assert_killed_by(SIGKILL);
	assert_int_equal(process_count_stopped(), 0);
}

static void sigcont_continues_even_if_ignored_or_blocked(void **state)
{
	(void)state;
	machine_ignore(target, SIGCONT);
	machine_block(target, SIGNAL_BIT(SIGCONT));
	send(SIGSTOP);
	send(SIGCONT);
	assert_false(machine_proc(target)->stopped);
}

static void a_caught_sigcont_is_handled_after_going_on(void **state)
{
	(void)state;
	machine_catch(target, SIGCONT, 0);
	send(SIGSTOP);
	send(SIGCONT);
	assert_false(machine_proc(target)->stopped);
	assert_true(machine_proc(target)->noted);
	assert_int_equal(fetch(), OK);
	assert_int_equal(fetched.signal, SIGCONT);
}

static void terminal_stops_spare_orphaned_groups(void **state)
{
	struct process *loner = machine_session();

	(void)state;
	machine_kill(top, loner->pid, SIGTSTP);
	assert_false(machine_proc(loner)->stopped);
	machine_kill(top, loner->pid, SIGSTOP);
	assert_true(machine_proc(loner)->stopped);
}

static void a_stopped_group_that_is_orphaned_is_hung_up(void **state)
{
	struct process *member;

	(void)state;
	regroup(target);
	member = machine_fork(target);
	machine_catch(member, SIGHUP, 0);
	send(SIGSTOP);
	machine_kill(machine.rs, top->pid, SIGKILL);
	assert_false(process_alive(target));
	assert_true(machine_proc(member)->noted);
}

static void a_group_with_nobody_stopped_is_not_hung_up(void **state)
{
	(void)state;
	regroup(target);
	machine_kill(machine.rs, top->pid, SIGKILL);
	assert_true(process_alive(target));
	assert_int_equal(target->signals.pending, 0);
}

/* Each is the only anchor of the next: the end of the first ends them all, without PM's stack growing. */
static void a_long_chain_of_orphaned_groups_ends(void **state)
{
	struct process *last = target, *chain[900];

	(void)state;
	regroup(target);
	for (int i = 0; i < 900; i++) {
		chain[i] = machine_fork(last);
		regroup(chain[i]);
		last = chain[i];
	}
	for (int i = 0; i < 900; i++)
		machine_kill(top, chain[i]->pid, SIGSTOP);
	send(SIGSTOP);
	machine_kill(machine.rs, top->pid, SIGKILL);
	for (int i = 0; i < 900; i++)
		assert_false(process_alive(chain[i]));
}

/* ---- Timers ---- */

static void sleeping_ends_in_time(void **state)
{
	(void)state;
	assert_int_equal(sleep_for(0), OK);
	assert_int_equal(sleep_for(SECOND), SERVER_NO_REPLY);
	machine_pass(SECOND - 1);
	assert_int_equal(machine_proc(target)->replies, 0);
	machine_pass(1);
	assert_answered(OK);
}

static void an_interrupted_sleep_tells_what_is_left(void **state)
{
	struct pm_nanosleep_rep reply;

	(void)state;
	machine_catch(target, SIGUSR1, 0);
	assert_int_equal(sleep_for(SECOND), SERVER_NO_REPLY);
	machine_pass(SECOND / 4);
	send(SIGUSR1);
	memcpy(&reply, machine_proc(target)->reply, sizeof(reply));
	assert_answered(-EINTR);
	assert_int_equal(reply.left_nsecs, SECOND / 4 * 3);
}

static void sleeping_for_ever_does_not_wrap(void **state)
{
	(void)state;
	machine_pass(SECOND);
	assert_int_equal(sleep_for(UINT64_MAX), SERVER_NO_REPLY);
	machine_pass(1000000 * SECOND);
	assert_int_equal(target->waits, WAITS_SLEEP);
}

static void an_absolute_sleep_ends_at_its_time(void **state)
{
	const struct pm_nanosleep_req request = {.nsecs = 5 * SECOND, .absolute = 1};
	struct pm_nanosleep_rep reply;

	(void)state;
	machine_pass(4 * SECOND);
	assert_int_equal(do_nanosleep(target, &request, &reply), SERVER_NO_REPLY);
	machine_pass(SECOND);
	assert_answered(OK);
	assert_int_equal(do_nanosleep(target, &request, &reply), OK);
}

static void the_death_of_a_sleeper_takes_its_timers(void **state)
{
	(void)state;
	assert_int_equal(sleep_for(SECOND), SERVER_NO_REPLY);
	send(SIGKILL);
	assert_int_equal(machine_wait(top, -1, 0, &waited), OK);
	machine_pass(2 * SECOND);
}

static int itimer(uint64_t value, uint64_t interval, struct pm_itimer_rep *old)
{
	const struct pm_itimer_req request = {.set = 1, .value_nsecs = value, .interval_nsecs = interval};

	return do_itimer(target, &request, old);
}

static int alarms(uint64_t nsecs)
{
	int before = machine_proc(target)->upcalls;

	/* The handler runs at once, and returns. */
	for (uint64_t passed = 0; passed < nsecs; passed += SECOND / 10) {
		machine_pass(SECOND / 10);
		if (fetch() == OK)
			machine_block(target, 0);
	}
	return machine_proc(target)->upcalls - before;
}

static void itimers_ring_once_or_again_and_again(void **state)
{
	struct pm_itimer_rep old;

	(void)state;
	machine_catch(target, SIGALRM, 0);
	assert_int_equal(itimer(SECOND, 0, &old), OK);
	assert_int_equal(old.value_nsecs, 0);
	assert_int_equal(alarms(5 * SECOND), 1);
	assert_int_equal(itimer(SECOND, 2 * SECOND, &old), OK);
	assert_int_equal(alarms(6 * SECOND), 3);
	assert_int_equal(itimer(0, 0, &old), OK);
	assert_int_equal(old.interval_nsecs, 2 * SECOND);
	assert_int_equal(old.value_nsecs, SECOND);
	assert_int_equal(alarms(6 * SECOND), 0);
}

static void an_alarm_without_a_handler_kills(void **state)
{
	struct pm_itimer_rep old;

	(void)state;
	assert_int_equal(itimer(SECOND, SECOND, &old), OK);
	machine_pass(SECOND);
	assert_killed_by(SIGALRM);
	machine_pass(5 * SECOND);
}

static void a_tiny_interval_does_not_keep_pm_busy(void **state)
{
	struct pm_itimer_rep old;

	(void)state;
	machine_ignore(target, SIGALRM);
	assert_int_equal(itimer(1, 1, &old), OK);
	machine_pass(1);
	assert_true(target->alarm.when >= machine.now + SECOND / 1000);
	assert_int_equal(itimer(0, 0, &old), OK);
}

static void asking_an_itimer_changes_nothing(void **state)
{
	const struct pm_itimer_req ask = {.set = 0, .value_nsecs = 7};
	struct pm_itimer_rep old;

	(void)state;
	assert_int_equal(itimer(SECOND, 0, &old), OK);
	machine_pass(SECOND / 2);
	assert_int_equal(do_itimer(target, &ask, &old), OK);
	assert_int_equal(old.value_nsecs, SECOND / 2);
	assert_true(timer_queued(&target->alarm));
}

static void children_inherit_no_timers(void **state)
{
	struct pm_itimer_rep old;

	(void)state;
	assert_int_equal(itimer(SECOND, 0, &old), OK);
	assert_false(timer_queued(&machine_fork(target)->alarm));
}

/* ---- Exceptions ---- */

static int exception(endpoint_t endpoint, uint32_t fatal)
{
	const struct pm_exception_req request = {.signal = SIGSEGV,
	                                         .si_code = SEGV_MAPERR,
	                                         .address = 0x10,
	                                         .trap = 14,
	                                         .error = 4,
	                                         .fatal = fatal};
	struct pm_exception_rep reply;

	return do_exception(endpoint, &request, &reply);
}

static void an_exception_can_be_caught(void **state)
{
	(void)state;
	machine_catch(target, SIGSEGV, SA_SIGINFO);
	assert_int_equal(exception(target->endpoint, 0), OK);
	assert_int_equal(fetch(), OK);
	assert_int_equal(fetched.signal, SIGSEGV);
	assert_int_equal(fetched.si_code, SEGV_MAPERR);
	assert_int_equal(fetched.si_a, 0x10);
	assert_int_equal(fetched.si_b, 14);
	assert_int_equal(fetched.si_c, 4);
}

static void exceptions_that_can_not_be_handled_kill(void **state)
{
	(void)state;
	assert_int_equal(exception(target->endpoint, 0), SERVER_NO_REPLY);
	assert_killed_by(SIGSEGV);
	assert_non_null(strstr(machine.log, "died of SIGSEGV: read from 0x00000010\n"));

	boot(NULL);
	machine_ignore(target, SIGSEGV);
	assert_int_equal(exception(target->endpoint, 0), SERVER_NO_REPLY);
	assert_killed_by(SIGSEGV);

	boot(NULL);
	machine_catch(target, SIGSEGV, 0);
	machine_block(target, SIGNAL_BIT(SIGSEGV));
	assert_int_equal(exception(target->endpoint, 0), SERVER_NO_REPLY);
	assert_killed_by(SIGSEGV);

	boot(NULL);
	machine_catch(target, SIGSEGV, 0);
	assert_int_equal(exception(target->endpoint, 1), SERVER_NO_REPLY);
	assert_killed_by(SIGSEGV);
}

static void an_unknown_process_is_removed(void **state)
{
	endpoint_t stranger = ENDPOINT_MAKE(99, 3);

	(void)state;
	machine.procs[99].endpoint = stranger;
	assert_int_equal(exception(stranger, 0), SERVER_NO_REPLY);
	assert_int_equal(machine.procs[99].endpoint, NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, boot)
	const struct CMUnitTest tests[] = {
	        TEST(kill_refuses_what_is_no_signal),
	        TEST(kill_says_if_nobody_is_there),
	        TEST(signal_zero_only_asks),
	        TEST(a_group_is_signalled_with_the_caller_last),
	        TEST(everybody_excludes_the_system_and_oneself),
	        TEST(rs_is_not_killed),
	        TEST(a_driver_is_not_stopped),
	        TEST(a_driver_is_not_stopped_with_its_group),
	        TEST(a_caught_signal_is_noted_once_and_fetched),
	        TEST(the_kernel_is_told_again_while_more_waits),
	        TEST(unblocking_delivers),
	        TEST(unblocking_a_deadly_signal_kills),
	        TEST(waits_end_with_eintr),
	        TEST(a_wait_with_a_signal_waiting_ends_at_once),
	        TEST(ignored_signals_do_not_end_waits),
	        TEST(a_server_s_call_is_cancelled),
	        TEST(pm_and_vm_are_never_told_to_cancel),
	        TEST(a_cancellation_that_finds_no_room_is_tried_again),
	        TEST(a_fetched_signal_needs_no_cancellation_any_more),
	        TEST(sigsuspend_ends_with_a_handler_and_the_old_mask),
	        TEST(sigsuspend_goes_on_over_what_is_not_caught),
	        TEST(the_mask_comes_back_even_if_the_signal_has_gone),
	        TEST(sigtimedwait_takes_what_is_pending),
	        TEST(sigtimedwait_is_answered_by_the_signal),
	        TEST(sigtimedwait_times_out),
	        TEST(sigtimedwait_is_interrupted_by_other_signals),
	        TEST(a_stop_is_reported_once),
	        TEST(a_waiting_parent_sees_stop_and_continue),
	        TEST(sigchld_for_stops_can_be_declined),
	        TEST(signals_wait_until_a_stopped_process_goes_on),
	        TEST(a_stop_cancels_a_server_s_call),
	        TEST(sigkill_ends_a_stopped_process),
	        TEST(sigcont_continues_even_if_ignored_or_blocked),
	        TEST(a_caught_sigcont_is_handled_after_going_on),
	        TEST(terminal_stops_spare_orphaned_groups),
	        TEST(a_stopped_group_that_is_orphaned_is_hung_up),
	        TEST(a_group_with_nobody_stopped_is_not_hung_up),
	        TEST(a_long_chain_of_orphaned_groups_ends),
	        TEST(sleeping_ends_in_time),
	        TEST(an_interrupted_sleep_tells_what_is_left),
	        TEST(sleeping_for_ever_does_not_wrap),
	        TEST(an_absolute_sleep_ends_at_its_time),
	        TEST(the_death_of_a_sleeper_takes_its_timers),
	        TEST(itimers_ring_once_or_again_and_again),
	        TEST(an_alarm_without_a_handler_kills),
	        TEST(a_tiny_interval_does_not_keep_pm_busy),
	        TEST(asking_an_itimer_changes_nothing),
	        TEST(children_inherit_no_timers),
	        TEST(an_exception_can_be_caught),
	        TEST(exceptions_that_can_not_be_handled_kill),
	        TEST(an_unknown_process_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
