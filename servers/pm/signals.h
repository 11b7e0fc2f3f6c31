/* SPDX-License-Identifier: MIT */
/*
 * What PM knows of one process's signals: a pure state machine, without processes or messages. Numbers, flags
 * and rules are Linux/i386's, as in signal(7). Real-time signals (32..64) are kept like the others, as one
 * pending bit each: several of one number, sent before the first is handled, are one.
 */
#ifndef PM_SIGNALS_H
#define PM_SIGNALS_H

#include <signal.h>
#include <granite/abi/pm.h>

#define SIGNAL_BIT(signal) (1ull << ((signal)-1))

#define STOP_SIGNALS       (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

#define HANDLER_DEFAULT    0u
#define HANDLER_IGNORE     1u

/* siginfo_t's fields; which ones a, b and c are depends on the signal: see struct pm_sigfetch_rep. */
struct signal_info {
	int32_t code;
	uint32_t a, b, c;
};

/*
 * Invariants: `caught` and `ignored` say what `actions` say; SIGKILL and SIGSTOP are in neither, and never in
 * `blocked` or `saved_mask`; infos[n-1] counts while signal n is pending. All zeros is a right state: every
 * default, nothing blocked, nothing pending.
 */
struct signal_state {
	uint64_t pending, blocked;
	uint64_t caught, ignored;
	uint64_t saved_mask; /* with mask_is_saved: what sigsuspend replaced, for the handler's return */
	uint32_t mask_is_saved;
	struct pm_sigaction_data actions[PM_NSIG];
	struct signal_info infos[PM_NSIG];
};

enum signal_verdict {
	SIGNAL_NOTHING, /* none is to be acted on */
	SIGNAL_CATCH,   /* the process has one to fetch */
	SIGNAL_STOPS,   /* the process must stop */
	SIGNAL_KILLS,   /* the process must die */
};

/* Whether the number names a signal. */
static inline int signal_valid(uint32_t signal)
{
	return signal >= 1 && signal <= PM_NSIG;
}

/* A forked child's state: its parent's actions and mask, nothing pending. */
void signals_fork(struct signal_state *child, const struct signal_state *parent);

/* exec: what was caught gets its default; the rest stays. */
void signals_exec(struct signal_state *state);

/*
 * Makes `signal` pending, unless it is ignored: returns 1 if it is pending now.
 * Stop signals and SIGCONT cancel each other.
 */
int signals_post(struct signal_state *state, int signal, const struct signal_info *info);

/*
 * Says what must happen now. Drops what is ignored and no longer blocked. With SIGNAL_STOPS and SIGNAL_KILLS
 * *signal is the signal; one that stops is not pending any more.
 */
enum signal_verdict signals_judge(struct signal_state *state, int *signal);

/*
 * Takes the next signal that a handler waits for, synchronous ones first, and blocks what its action says.
 * -EAGAIN: there is none; a mask that sigsuspend saved is back in force.
 */
GRANITE_MUST_CHECK int signals_fetch(struct signal_state *state, struct pm_sigfetch_rep *fetched);

/* Takes the lowest pending signal of `set`, blocked or not. -EAGAIN: there is none. */
GRANITE_MUST_CHECK int signals_take(struct signal_state *state, uint64_t set,
                                    struct pm_sigtimedwait_rep *taken);

/*
 * Sets the action of a signal; a pending one that is now ignored is
 * forgotten. -EINVAL: SIGKILL and SIGSTOP.
 */
GRANITE_MUST_CHECK int signals_set_action(struct signal_state *state, int signal,
                                          const struct pm_sigaction_data *action);

/* Changes the mask as sigprocmask(2), or as PM_MASK_* say. -EINVAL: no such `how`. */
GRANITE_MUST_CHECK int signals_set_mask(struct signal_state *state, uint32_t how, uint64_t set);

/* Blocks just `mask`, until the next fetch: sigsuspend. */
void signals_suspend(struct signal_state *state, uint64_t mask);

/* Whether an exception's signal would reach a handler. If not, the process can't go on and dies. */
int signals_can_catch(const struct signal_state *state, int signal);

/* "SIGSEGV", or "signal" for those without a name of their own. */
const char *signal_name(int signal);

#endif
