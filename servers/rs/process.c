/* SPDX-License-Identifier: MIT */
/*
 * Processes as PM and the kernel have them. That of a service begins as a child of RS, with the rights of an
 * ordinary process. It must not run its program before it has its own rights, no more and no fewer:
 *
 *   RS     fork ------------- sys_privctl, sys_schedule, vm_succeed ---- ipc_notify
 *   child       waits for RS ......................................................... execve
 *
 * If that fails it tells RS why, whom every process may talk to, whatever rights it has.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/pm.h>
#include <granite/rs.h>
#include <granite/sys.h>
#include <granite/vm.h>
#include "rs.h"

#define STATUS_NOT_EXECUTED 127 /* as shells have it */

/* What each service has in its environment. */
#define RS_ENVIRONMENT(VARIABLE) VARIABLE("PATH=/bin") VARIABLE("HOME=/") VARIABLE("TERM=vt100")

/* ---- The start ---- */

#define VARIABLE(text) text,
#define BYTES(text)    +sizeof(text)
_Static_assert(0 RS_ENVIRONMENT(BYTES) <= MANIFEST_ENVIRONMENT_MAX, "what the manifest leaves room for");

static char *copy_of(struct span span)
{
	return strndup(span.start, span.bytes);
}

static void wait_for_rights(void)
{
	struct message m;
	int status;

	while (ipc_receive(RS_PROC_NR, &m, &status) != OK)
		continue;
}

/* Returns only why it can't be executed: an errno. */
static int execute(const struct manifest_service *entry)
{
	static char *const environment[] = {RS_ENVIRONMENT(VARIABLE) NULL};
	char *arguments[1 + MANIFEST_WORDS_MAX + 1] = {strdup(entry->program)};
	int complete = arguments[0] != NULL;

	for (uint32_t i = 0; i < entry->nr_args && complete; i++) {
		arguments[1 + i] = copy_of(entry->args[i]);
		complete = arguments[1 + i] != NULL;
	}
	if (complete)
		execve(entry->program, arguments, environment);
	return complete ? errno : ENOMEM;
}

/* The child, until it becomes the service. */
static _Noreturn void become(const struct manifest_service *entry)
{
	union rs_not_executed_message call;

	wait_for_rights();
	setsid();
	call.req = (struct rs_not_executed_req){.error = (uint32_t)execute(entry)};
	GRANITE_IGNORE(rs_not_executed_call(&call)); /* RS believes its own child */
	_exit(STATUS_NOT_EXECUTED);
}

/* Gives the child its rights. -ESRCH: it is dead. */
static int equip(const struct manifest_service *entry, endpoint_t endpoint, enum rs_problem *problem)
{
	int result = sys_privctl(endpoint, &entry->spec);

	if (result == -EINVAL)
		*problem = RS_BAD_RIGHTS;
	if (result == OK)
		result = sys_schedule(endpoint, entry->priority, entry->quantum_msecs);
	return result == -EDEADSRCDST ? -ESRCH : result;
}

int process_make(const struct manifest_service *entry, pid_t *pid, endpoint_t *endpoint,
                 enum rs_problem *problem)
{
	int result;

	*problem = RS_NO_PROCESS;
	*pid = fork();
	if (*pid == 0)
		become(entry);
	if (*pid < 0)
		return -errno;
	result = pm_endpoint(*pid);
	if (result < 0)
		return result;
	*endpoint = result;
	result = equip(entry, *endpoint, problem);
	if (result != OK)
		*endpoint = NONE;
	if (result != OK && result != -ESRCH)
		kill(*pid, SIGKILL);
	return result;
}

int process_bequeath(endpoint_t old, endpoint_t heir)
{
	int result = vm_succeed(old, heir);

	return result == -ESRCH ? OK : result;
}

void process_release(endpoint_t endpoint)
{
	ipc_notify(endpoint);
}

/* ---- While it runs ---- */

void process_ask(endpoint_t endpoint)
{
	ipc_notify(endpoint);
}

void process_signal(pid_t pid, int signal)
{
	kill(pid, signal);
}

pid_t process_reap(int *status)
{
	pid_t pid = waitpid(-1, status, WNOHANG);

	return pid > 0 ? pid : 0;
}

/* Of one that is dead nothing is to be believed. */
int process_has_executed(pid_t pid)
{
	return pm_executed(pid) != 0;
}

int process_has_privilege(endpoint_t endpoint, uint32_t privilege)
{
	struct proc_info info;
	uint32_t slot = (uint32_t)ENDPOINT_SLOT(endpoint);

	return sys_getinfo(GET_PROCTAB, &info, sizeof(info), slot) == (int)sizeof(info) &&
	       info.endpoint == endpoint && info.priv_flags & privilege;
}

int process_tell(endpoint_t to, const struct message *m)
{
	return ipc_senda(to, m);
}

/* ---- The machine ---- */

void process_power_off(uint32_t status)
{
	union pm_reboot_message call;
	int result;

	call.req = (struct pm_reboot_req){.how = ABORT_POWEROFF, .status = status};
	result = pm_reboot_call(&call);
	rs_log("the power stays on: %s", strerror(-result));
}

uint64_t process_now(void)
{
	uint64_t uptime;

	return sys_clock(&uptime, NULL) == OK ? uptime : 0;
}

/* A time that is 0 would be none. */
void process_alarm(uint64_t time)
{
	uint64_t nsecs = time == NEVER ? 0 : time + !time;

	if (sys_setalarm(nsecs, 1, NULL) != OK)
		rs_log("no alarm: services are not restarted");
}
