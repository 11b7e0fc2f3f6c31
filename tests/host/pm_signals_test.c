/* SPDX-License-Identifier: MIT */
/* links: servers/pm/signals.c */
/* One process's signal state: what is dropped, kept, caught, and with which mask. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <granite/abi/types.h>

#include "servers/pm/signals.h"

#define HANDLER 0x08048100u

static struct signal_state s;
static const struct signal_info info = {.code = SI_USER, .a = 42};

static int reset(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	return 0;
}

static void act(int signal, uint32_t handler, uint32_t flags, uint64_t mask)
{
	const struct pm_sigaction_data action = {
	        .handler = handler, .flags = flags, .restorer = 0x1234, .mask = mask};

	assert_int_equal(signals_set_action(&s, signal, &action), OK);
}

static void block(uint64_t set)
{
	assert_int_equal(signals_set_mask(&s, SIG_SETMASK, set), OK);
}

static void assert_judged(enum signal_verdict verdict, int signal)
{
	int judged = 0;

	assert_int_equal(signals_judge(&s, &judged), verdict);
	if (signal)
		assert_int_equal(judged, signal);
}

static void defaults_are_linux_s(void **state)
{
	(void)state;
	for (int signal = 1; signal <= PM_NSIG; signal++) {
		reset(NULL);
		int pending = signals_post(&s, signal, &info);

		switch (signal) {
		case SIGCHLD:
		case SIGCONT:
		case SIGURG:
		case SIGWINCH:
			assert_false(pending);
			assert_judged(SIGNAL_NOTHING, 0);
			break;
		case SIGSTOP:
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
			assert_judged(SIGNAL_STOPS, signal);
			assert_judged(SIGNAL_NOTHING, 0);
			break;
		default:
			assert_judged(SIGNAL_KILLS, signal);
		}
	}
}

static void kill_and_stop_cannot_be_caught_ignored_or_blocked(void **state)
{
	const struct pm_sigaction_data ignore = {.handler = HANDLER_IGNORE};

	(void)state;
	assert_int_equal(signals_set_action(&s, SIGKILL, &ignore), -EINVAL);
	assert_int_equal(signals_set_action(&s, SIGSTOP, &ignore), -EINVAL);
	block(~0ull);
	assert_int_equal(s.blocked, ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)));
	signals_suspend(&s, ~0ull);
	assert_int_equal(s.blocked, ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)));
	signals_post(&s, SIGSTOP, &info);
	assert_judged(SIGNAL_STOPS, SIGSTOP);
}

static void a_handler_s_mask_can_not_block_kill(void **state)
{
	struct pm_sigfetch_rep fetched;

	(void)state;
	act(SIGUSR1, HANDLER, 0, ~0ull);
	signals_post(&s, SIGUSR1, &info);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(s.blocked, ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP)));
}

static void a_blocked_signal_waits_even_if_ignored(void **state)
{
	(void)state;
	act(SIGUSR1, HANDLER_IGNORE, 0, 0);
	assert_false(signals_post(&s, SIGUSR1, &info));
	block(SIGNAL_BIT(SIGUSR1));
	assert_true(signals_post(&s, SIGUSR1, &info));
	assert_judged(SIGNAL_NOTHING, 0);
	assert_int_equal(s.pending, SIGNAL_BIT(SIGUSR1));
	block(0);
	assert_judged(SIGNAL_NOTHING, 0);
	assert_int_equal(s.pending, 0);
}

static void ignoring_a_signal_forgets_a_pending_one(void **state)
{
	(void)state;
	block(~0ull);
	act(SIGCHLD, HANDLER, 0, 0);
	signals_post(&s, SIGTERM, &info);
	signals_post(&s, SIGCHLD, &info);
	act(SIGTERM, HANDLER_IGNORE, 0, 0);
	act(SIGCHLD, HANDLER_DEFAULT, 0, 0);
	assert_int_equal(s.pending, 0);
}

static void stop_signals_and_continue_cancel_each_other(void **state)
{
	(void)state;
	block(~0ull);
	signals_post(&s, SIGTSTP, &info);
	signals_post(&s, SIGTTIN, &info);
	signals_post(&s, SIGCONT, &info);
	assert_int_equal(s.pending, SIGNAL_BIT(SIGCONT));
	signals_post(&s, SIGTTOU, &info);
	assert_int_equal(s.pending, SIGNAL_BIT(SIGTTOU));
}

static void the_first_siginfo_of_a_pending_signal_stays(void **state)
{
	const struct signal_info other = {.code = SI_USER, .a = 7};
	struct pm_sigfetch_rep fetched;

	(void)state;
	act(SIGUSR1, HANDLER, 0, 0);
	signals_post(&s, SIGUSR1, &info);
	signals_post(&s, SIGUSR1, &other);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.si_a, 42);
	assert_int_equal(signals_fetch(&s, &fetched), -EAGAIN);
}

static void a_handler_runs_with_its_mask_and_its_own_signal_blocked(void **state)
{
	struct pm_sigfetch_rep fetched;

	(void)state;
	block(SIGNAL_BIT(SIGHUP));
	act(SIGUSR1, HANDLER, SA_SIGINFO, SIGNAL_BIT(SIGUSR2));
	signals_post(&s, SIGUSR1, &info);
	assert_judged(SIGNAL_CATCH, 0);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.signal, SIGUSR1);
	assert_int_equal(fetched.handler, HANDLER);
	assert_int_equal(fetched.restorer, 0x1234);
	assert_int_equal(fetched.flags, SA_SIGINFO);
	assert_int_equal(fetched.old_mask[0], SIGNAL_BIT(SIGHUP));
	assert_int_equal(s.blocked, SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2));
}

static void the_old_mask_has_its_upper_half(void **state)
{
	struct pm_sigfetch_rep fetched;

	(void)state;
	block(SIGNAL_BIT(64));
	act(SIGUSR1, HANDLER, 0, 0);
	signals_post(&s, SIGUSR1, &info);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.old_mask[0], 0);
	assert_int_equal(fetched.old_mask[1], 0x80000000u);
}

static void nodefer_and_resethand_do_what_they_say(void **state)
{
	struct pm_sigfetch_rep fetched;

	(void)state;
	act(SIGUSR1, HANDLER, (uint32_t)(SA_NODEFER | SA_RESETHAND), 0);
	signals_post(&s, SIGUSR1, &info);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.handler, HANDLER);
	assert_int_equal(s.blocked, 0);
	signals_post(&s, SIGUSR1, &info);
	assert_judged(SIGNAL_KILLS, SIGUSR1);
}

static void synchronous_signals_are_fetched_first(void **state)
{
	struct pm_sigfetch_rep fetched;

	(void)state;
	act(SIGHUP, HANDLER, 0, 0);
	act(SIGSEGV, HANDLER, 0, 0);
	signals_post(&s, SIGHUP, &info);
	signals_post(&s, SIGSEGV, &info);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.signal, SIGSEGV);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.signal, SIGHUP);
}

static void death_comes_before_handlers(void **state)
{
	(void)state;
	act(SIGHUP, HANDLER, 0, 0);
	signals_post(&s, SIGHUP, &info);
	signals_post(&s, SIGTERM, &info);
	assert_judged(SIGNAL_KILLS, SIGTERM);
}

static void sigsuspend_s_handler_returns_to_the_mask_before_it(void **state)
{
	struct pm_sigfetch_rep fetched;

	(void)state;
	block(SIGNAL_BIT(SIGUSR1));
	act(SIGUSR1, HANDLER, 0, 0);
	signals_suspend(&s, SIGNAL_BIT(SIGHUP));
	signals_post(&s, SIGUSR1, &info);
	assert_judged(SIGNAL_CATCH, 0);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.old_mask[0], SIGNAL_BIT(SIGUSR1));
	assert_int_equal(s.blocked, SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGUSR1));
}

static void sigsuspend_s_mask_goes_when_there_is_nothing_to_fetch(void **state)
{
	struct pm_sigfetch_rep fetched;

	(void)state;
	block(SIGNAL_BIT(SIGUSR1));
	signals_suspend(&s, 0);
	assert_int_equal(signals_fetch(&s, &fetched), -EAGAIN);
	assert_int_equal(s.blocked, SIGNAL_BIT(SIGUSR1));
	assert_int_equal(s.mask_is_saved, 0);
}

static void exec_keeps_what_is_ignored_blocked_and_pending(void **state)
{
	(void)state;
	act(SIGUSR1, HANDLER, 0, 0);
	act(64, HANDLER, 0, 0);
	act(SIGUSR2, HANDLER_IGNORE, 0, 0);
	block(SIGNAL_BIT(SIGUSR1));
	signals_post(&s, SIGUSR1, &info);
	signals_exec(&s);
	assert_int_equal(s.caught, 0);
	assert_int_equal(s.actions[SIGUSR1 - 1].handler, HANDLER_DEFAULT);
	assert_int_equal(s.actions[63].handler, HANDLER_DEFAULT);
	assert_int_equal(s.actions[SIGUSR2 - 1].handler, HANDLER_IGNORE);
	assert_false(signals_post(&s, SIGUSR2, &info));
	assert_int_equal(s.blocked, SIGNAL_BIT(SIGUSR1));
	assert_int_equal(s.pending, SIGNAL_BIT(SIGUSR1));
	block(0);
	assert_judged(SIGNAL_KILLS, SIGUSR1);
}

static void a_child_inherits_actions_and_mask_but_nothing_pending(void **state)
{
	static struct signal_state child;

	(void)state;
	act(SIGUSR1, HANDLER, 0, 0);
	act(SIGUSR2, HANDLER_IGNORE, 0, 0);
	block(SIGNAL_BIT(SIGUSR1));
	signals_post(&s, SIGUSR1, &info);
	signals_fork(&child, &s);
	assert_int_equal(child.pending, 0);
	assert_int_equal(child.blocked, SIGNAL_BIT(SIGUSR1));
	assert_int_equal(child.actions[SIGUSR1 - 1].handler, HANDLER);
	assert_int_equal(child.caught, s.caught);
	assert_int_equal(child.ignored, s.ignored);
}

static void taking_is_by_set_and_never_takes_stop(void **state)
{
	struct pm_sigtimedwait_rep taken;

	(void)state;
	block(~0ull);
	signals_post(&s, SIGUSR2, &info);
	signals_post(&s, SIGHUP, &info);
	signals_post(&s, SIGSTOP, &info);
	assert_int_equal(signals_take(&s, SIGNAL_BIT(SIGTERM), &taken), -EAGAIN);
	assert_int_equal(signals_take(&s, ~0ull, &taken), OK);
	assert_int_equal(taken.signal, SIGHUP);
	assert_int_equal(taken.si_a, 42);
	assert_int_equal(signals_take(&s, ~0ull, &taken), OK);
	assert_int_equal(taken.signal, SIGUSR2);
	assert_int_equal(signals_take(&s, ~0ull, &taken), -EAGAIN);
}

static void masks_are_combined_as_asked(void **state)
{
	(void)state;
	assert_int_equal(signals_set_mask(&s, SIG_BLOCK, 6), OK);
	assert_int_equal(signals_set_mask(&s, SIG_BLOCK, 1), OK);
	assert_int_equal(signals_set_mask(&s, SIG_UNBLOCK, 2), OK);
	assert_int_equal(signals_set_mask(&s, PM_MASK_ASK, ~0ull), OK);
	assert_int_equal(s.blocked, 5);
	assert_int_equal(signals_set_mask(&s, PM_MASK_RETURN + 1, 0), -EINVAL);
	assert_int_equal(s.blocked, 5);
}

static void exceptions_need_an_unblocked_handler(void **state)
{
	(void)state;
	assert_false(signals_can_catch(&s, SIGSEGV));
	act(SIGSEGV, HANDLER, 0, 0);
	assert_true(signals_can_catch(&s, SIGSEGV));
	block(SIGNAL_BIT(SIGSEGV));
	assert_false(signals_can_catch(&s, SIGSEGV));
	block(0);
	act(SIGSEGV, HANDLER_IGNORE, 0, 0);
	assert_false(signals_can_catch(&s, SIGSEGV));
}

static void names_are_known(void **state)
{
	(void)state;
	assert_string_equal(signal_name(SIGSEGV), "SIGSEGV");
	assert_string_equal(signal_name(0), "signal");
	assert_string_equal(signal_name(-1), "signal");
	assert_string_equal(signal_name(64), "signal");
	assert_string_equal(signal_name(SIGSTKFLT), "signal");
}

static void a_lent_mask_is_the_old_one_again(void **state)
{
	struct pm_sigfetch_rep fetched = {0};

	(void)state;
	act(SIGUSR1, HANDLER, 0, 0);
	block(SIGNAL_BIT(SIGUSR1));
	assert_int_equal(signals_set_mask(&s, PM_MASK_LEND, 0), OK);
	assert_int_equal(signals_set_mask(&s, PM_MASK_RETURN, 0), OK);
	assert_int_equal(s.blocked, SIGNAL_BIT(SIGUSR1));
	assert_true(signals_post(&s, SIGUSR1, &info));
	assert_judged(SIGNAL_NOTHING, 0);
	assert_int_equal(signals_set_mask(&s, PM_MASK_LEND, 0), OK);
	assert_judged(SIGNAL_CATCH, 0);
	assert_int_equal(signals_fetch(&s, &fetched), OK);
	assert_int_equal(fetched.old_mask[0], SIGNAL_BIT(SIGUSR1));
	assert_int_equal(signals_set_mask(&s, PM_MASK_RETURN + 1, 0), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
	        TEST(defaults_are_linux_s),
	        TEST(kill_and_stop_cannot_be_caught_ignored_or_blocked),
	        TEST(a_handler_s_mask_can_not_block_kill),
	        TEST(a_blocked_signal_waits_even_if_ignored),
	        TEST(ignoring_a_signal_forgets_a_pending_one),
	        TEST(stop_signals_and_continue_cancel_each_other),
	        TEST(the_first_siginfo_of_a_pending_signal_stays),
	        TEST(a_handler_runs_with_its_mask_and_its_own_signal_blocked),
	        TEST(the_old_mask_has_its_upper_half),
	        TEST(nodefer_and_resethand_do_what_they_say),
	        TEST(synchronous_signals_are_fetched_first),
	        TEST(death_comes_before_handlers),
	        TEST(sigsuspend_s_handler_returns_to_the_mask_before_it),
	        TEST(sigsuspend_s_mask_goes_when_there_is_nothing_to_fetch),
	        TEST(exec_keeps_what_is_ignored_blocked_and_pending),
	        TEST(a_child_inherits_actions_and_mask_but_nothing_pending),
	        TEST(taking_is_by_set_and_never_takes_stop),
	        TEST(masks_are_combined_as_asked),
	        TEST(exceptions_need_an_unblocked_handler),
	        TEST(a_lent_mask_is_the_old_one_again),
	        TEST(names_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
