/* SPDX-License-Identifier: MIT */
/* One process's signals. See signals.h. */
#include <errno.h>
#include <string.h>
#include <granite/abi/types.h>
#include "signals.h"

#define IGNORED_BY_DEFAULT \
	(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))
#define SYNCHRONOUS_SIGNALS                                                                    \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))
#define UNCATCHABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

static uint64_t ignored_set(const struct signal_state *state)
{
	return state->ignored | (IGNORED_BY_DEFAULT & ~state->caught);
}

static int lowest_signal(uint64_t set)
{
	return __builtin_ctzll(set) + 1;
}

void signals_fork(struct signal_state *child, const struct signal_state *parent)
{
	memcpy(child->actions, parent->actions, sizeof(child->actions));
	child->caught = parent->caught;
	child->ignored = parent->ignored;
	child->blocked = parent->mask_is_saved ? parent->saved_mask : parent->blocked;
	child->mask_is_saved = 0;
	child->pending = 0;
}

static void restore_mask(struct signal_state *state)
{
	if (state->mask_is_saved)
		state->blocked = state->saved_mask;
	state->mask_is_saved = 0;
}

void signals_exec(struct signal_state *state)
{
	for (int i = 0; i < PM_NSIG; i++) {
		vir_bytes handler =
		        state->actions[i].handler == HANDLER_IGNORE ? HANDLER_IGNORE : HANDLER_DEFAULT;

		state->actions[i] = (struct pm_sigaction_data){.handler = handler};
	}
	state->caught = 0;
	restore_mask(state);
}

int signals_post(struct signal_state *state, int signal, const struct signal_info *info)
{
	uint64_t bit = SIGNAL_BIT(signal);

	if (bit & STOP_SIGNALS)
		state->pending &= ~SIGNAL_BIT(SIGCONT);
	if (signal == SIGCONT)
		state->pending &= ~STOP_SIGNALS;
	if (bit & ignored_set(state) & ~state->blocked)
		return 0;
	if (!(state->pending & bit))
		state->infos[signal - 1] = *info;
	state->pending |= bit;
	return 1;
}

enum signal_verdict signals_judge(struct signal_state *state, int *signal)
{
	uint64_t ready, acting;

	state->pending &= state->blocked | ~ignored_set(state);
	ready = state->pending & ~state->blocked;
	acting = ready & ~state->caught;
	if (!acting)
		return ready ? SIGNAL_CATCH : SIGNAL_NOTHING;

	*signal = lowest_signal(acting);
	if (!(SIGNAL_BIT(*signal) & STOP_SIGNALS))
		return SIGNAL_KILLS;
	state->pending &= ~SIGNAL_BIT(*signal);
	return SIGNAL_STOPS;
}

static void fill_fetched(const struct signal_state *state, int signal, struct pm_sigfetch_rep *fetched)
{
	const struct pm_sigaction_data *action = &state->actions[signal - 1];
	const struct signal_info *info = &state->infos[signal - 1];
	uint64_t old_mask = state->mask_is_saved ? state->saved_mask : state->blocked;

	fetched->signal = (uint32_t)signal;
	fetched->handler = action->handler;
	fetched->restorer = action->restorer;
	fetched->flags = action->flags;
	fetched->old_mask[0] = (uint32_t)old_mask;
	fetched->old_mask[1] = (uint32_t)(old_mask >> 32);
	fetched->si_code = info->code;
	fetched->si_a = info->a;
	fetched->si_b = info->b;
	fetched->si_c = info->c;
}

/* The handler's mask comes on top of what is blocked now: after sigsuspend that is sigsuspend's mask. */
static void enter_handler(struct signal_state *state, int signal)
{
	const struct pm_sigaction_data action = state->actions[signal - 1];

	state->pending &= ~SIGNAL_BIT(signal);
	state->mask_is_saved = 0;
	state->blocked |= action.mask & ~UNCATCHABLE;
	if (!(action.flags & SA_NODEFER))
		state->blocked |= SIGNAL_BIT(signal);
	if (action.flags & SA_RESETHAND) {
		state->actions[signal - 1].handler = HANDLER_DEFAULT;
		state->caught &= ~SIGNAL_BIT(signal);
	}
}

int signals_fetch(struct signal_state *state, struct pm_sigfetch_rep *fetched)
{
	uint64_t ready = state->pending & ~state->blocked & state->caught;
	int signal;

	if (!ready) {
		restore_mask(state);
		return -EAGAIN;
	}
	signal = lowest_signal(ready & SYNCHRONOUS_SIGNALS ? ready & SYNCHRONOUS_SIGNALS : ready);
	fill_fetched(state, signal, fetched);
	enter_handler(state, signal);
	return OK;
}

int signals_take(struct signal_state *state, uint64_t set, struct pm_sigtimedwait_rep *taken)
{
	uint64_t ready = state->pending & set & ~UNCATCHABLE;
	const struct signal_info *info;
	int signal;

	if (!ready)
		return -EAGAIN;
	signal = lowest_signal(ready);
	info = &state->infos[signal - 1];
	*taken = (struct pm_sigtimedwait_rep){.signal = (uint32_t)signal,
	                                      .si_code = info->code,
	                                      .si_a = info->a,
	                                      .si_b = info->b,
	                                      .si_c = info->c};
	state->pending &= ~SIGNAL_BIT(signal);
	return OK;
}

int signals_set_action(struct signal_state *state, int signal, const struct pm_sigaction_data *action)
{
	uint64_t bit = SIGNAL_BIT(signal);

	if (bit & UNCATCHABLE)
		return -EINVAL;
	state->actions[signal - 1] = *action;
	state->actions[signal - 1].mask &= ~UNCATCHABLE;
	state->caught &= ~bit;
	state->ignored &= ~bit;
	if (action->handler == HANDLER_IGNORE)
		state->ignored |= bit;
	else if (action->handler != HANDLER_DEFAULT)
		state->caught |= bit;
	if (bit & ignored_set(state))
		state->pending &= ~bit;
	return OK;
}

int signals_set_mask(struct signal_state *state, uint32_t how, uint64_t set)
{
	set &= ~UNCATCHABLE;
	switch (how) {
	case SIG_BLOCK:
		state->blocked |= set;
		return OK;
	case SIG_UNBLOCK:
		state->blocked &= ~set;
		return OK;
	case SIG_SETMASK:
		state->blocked = set;
		return OK;
	case PM_MASK_ASK:
		return OK;
	case PM_MASK_LEND:
		signals_suspend(state, set);
		return OK;
	case PM_MASK_RETURN:
		restore_mask(state);
		return OK;
	default:
		return -EINVAL;
	}
}

void signals_suspend(struct signal_state *state, uint64_t mask)
{
	if (!state->mask_is_saved)
		state->saved_mask = state->blocked;
	state->mask_is_saved = 1;
	state->blocked = mask & ~UNCATCHABLE;
}

int signals_can_catch(const struct signal_state *state, int signal)
{
	return (state->caught & ~state->blocked & SIGNAL_BIT(signal)) != 0;
}

const char *signal_name(int signal)
{
	static const char *const names[] = {
	        [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT",
	        [SIGILL] = "SIGILL",   [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
	        [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",       [SIGKILL] = "SIGKILL",
	        [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
	        [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
	        [SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT",     [SIGSTOP] = "SIGSTOP",
	        [SIGTSTP] = "SIGTSTP", [SIGTTIN] = "SIGTTIN",     [SIGTTOU] = "SIGTTOU",
	        [SIGURG] = "SIGURG",   [SIGXCPU] = "SIGXCPU",     [SIGXFSZ] = "SIGXFSZ",
	        [SIGPROF] = "SIGPROF", [SIGVTALRM] = "SIGVTALRM", [SIGWINCH] = "SIGWINCH",
	        [SIGIO] = "SIGIO",     [SIGPWR] = "SIGPWR",       [SIGSYS] = "SIGSYS",
	};

	if (signal < 1 || signal >= (int)(sizeof(names) / sizeof(names[0])) || !names[signal])
		return "signal";
	return names[signal];
}
