/* SPDX-License-Identifier: MIT */
/* What is told of services: see service.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <granite/abi/errno.h>

#include "../lib/format.h"
#include "../lib/signals.h"
#include "service.h"

static const char *const state_texts[] = {
#define STATE(NAME, text) text,
        RS_STATES(STATE)
#undef STATE
};

static const char *const problem_texts[] = {
#define PROBLEM(NAME, text) text,
        RS_PROBLEMS(PROBLEM)
#undef PROBLEM
};

static const char *lookup(const char *const *texts, uint32_t count, uint32_t number)
{
	return number < count ? texts[number] : "?";
}

const char *show_problem(char text[SHOW_MAX], uint32_t problem, uint32_t error)
{
	snprintf(text, SHOW_MAX, "its program %s%s%s", lookup(problem_texts, RS_NR_PROBLEMS, problem),
	         error ? ": " : "", error ? strerror((int)error) : "");
	return text;
}

const char *show_state(char text[SHOW_MAX], const struct rs_status_rep *status, uint64_t now_nsecs)
{
	const char *state = lookup(state_texts, RS_NR_STATES, status->state);
	uint64_t left = status->until_nsecs > now_nsecs ? status->until_nsecs - now_nsecs : 0;
	char time[FORMAT_MAX];

	if (status->state != RS_IS_WAITING)
		return state;
	snprintf(text, SHOW_MAX, "%s in %s", state, format_time(time, left));
	return text;
}

const char *show_end(char text[SHOW_MAX], struct rs_end end)
{
	int status = end.number;

	switch (end.kind) {
	case RS_EXITED:
		snprintf(text, SHOW_MAX, "exited %d", status);
		return text;
	case RS_KILLED:
		snprintf(text, SHOW_MAX, "killed by %s", signal_name(status));
		return text;
	case RS_UNHEARD:
		return "did not answer";
	case RS_ASKED_TO:
		if (WIFSIGNALED(status))
			snprintf(text, SHOW_MAX, "by request: %s", signal_name(WTERMSIG(status)));
		else
			snprintf(text, SHOW_MAX, "by request: exit %d", WEXITSTATUS(status));
		return text;
	default:
		return "-";
	}
}

const char *show_since(char text[SHOW_MAX], const struct rs_status_rep *status, uint64_t now_nsecs)
{
	return format_time(text, now_nsecs > status->since_nsecs ? now_nsecs - status->since_nsecs : 0);
}

/* A process that has just ended, because it was asked to. */
static int has_ended_now(const struct rs_outcome *outcome)
{
	return outcome->was == RS_IS_RUNNING || outcome->was == RS_IS_STOPPING;
}

/* How: empty if it has not. */
static const char *show_how(char text[SHOW_MAX], const struct rs_outcome *outcome)
{
	int status = outcome->end.number;

	text[0] = '\0';
	if (has_ended_now(outcome) && WIFSIGNALED(status))
		snprintf(text, SHOW_MAX, "; it was ended by %s", signal_name(WTERMSIG(status)));
	else if (has_ended_now(outcome))
		snprintf(text, SHOW_MAX, "; it exited with %d", WEXITSTATUS(status));
	return text;
}

const char *show_done(char text[2 * SHOW_MAX], enum show_verb verb, const struct rs_outcome *outcome)
{
	char how[SHOW_MAX];

	show_how(how, outcome);
	if (verb == SHOW_DOWN)
		snprintf(text, 2 * SHOW_MAX, "is down%s", how[0] ? how : "; it did not run");
	else if (verb == SHOW_UP && outcome->was == RS_IS_RUNNING)
		snprintf(text, 2 * SHOW_MAX, "runs already, process %d", outcome->pid);
	else
		snprintf(text, 2 * SHOW_MAX, "is running, process %d%s", outcome->pid, how);
	return text;
}

const char *show_failure(char text[2 * SHOW_MAX], int result, const struct rs_outcome *outcome)
{
	char problem[SHOW_MAX];

	switch (result) {
	case -EPERM:
		return "you may not control services (a privilege: flags=control)";
	case -EACCES:
		return "it is a part of the system that always runs";
	case -ESRCH:
		return "there is no such service; `service` lists them";
	case -EINVAL:
		return "there is no such service, labels are shorter";
	case -ENOEXEC:
		snprintf(text, 2 * SHOW_MAX, "it can't be started: %s",
		         show_problem(problem, outcome->problem, outcome->error));
		return text;
	case -EAGAIN:
		snprintf(text, 2 * SHOW_MAX, "it can't be started now, and will be tried again: %s",
		         show_problem(problem, outcome->problem, outcome->error));
		return text;
	case -ECANCELED:
		return "somebody else has asked for something else meanwhile, and the last word counts";
	case -ECALLDENIED:
		return "you may not talk to rs";
	default:
		return strerror(-result);
	}
}
