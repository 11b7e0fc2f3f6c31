/* SPDX-License-Identifier: MIT */
/* The names of signals: number to name and back. */
#ifndef PROGRAMS_LIB_SIGNALS_H
#define PROGRAMS_LIB_SIGNALS_H

#include <signal.h>
#include <string.h>

#define SIGNALS_NAMED 32

static const char *const signal_names[SIGNALS_NAMED] = {
        [SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
        [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",     [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",
        [SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
        [SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM", [SIGSTKFLT] = "SIGSTKFLT",
        [SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT",     [SIGSTOP] = "SIGSTOP", [SIGTSTP] = "SIGTSTP",
        [SIGTTIN] = "SIGTTIN", [SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",   [SIGXCPU] = "SIGXCPU",
        [SIGXFSZ] = "SIGXFSZ", [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF", [SIGWINCH] = "SIGWINCH",
        [SIGPOLL] = "SIGPOLL", [SIGPWR] = "SIGPWR",       [SIGSYS] = "SIGSYS",
};

/* Real-time signals have no names. */
static inline const char *signal_name(int number)
{
	return number > 0 && number < SIGNALS_NAMED ? signal_names[number] : "a real-time signal";
}

/* The number of a name, with or without its SIG; 0: no such name. */
static inline int signal_number(const char *name)
{
	for (int number = 1; number < SIGNALS_NAMED; number++)
		if (strcmp(name, signal_names[number]) == 0 || strcmp(name, signal_names[number] + 3) == 0)
			return number;
	return 0;
}

#endif
