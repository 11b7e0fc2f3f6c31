/* SPDX-License-Identifier: MIT */
/*
 * Services: their start, their end, and what follows.
 *
 * A service begins as a child of RS, with the rights of an ordinary process. It must not run its program
 * before it has its own rights, no more and no fewer:
 *
 *   RS     fork ------------- sys_privctl, sys_schedule, ipc_notify
 *   child       waits for RS ...................................... execve
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/pm.h>
#include <granite/sys.h>
#include "restart.h"
#include "rs.h"

#define STATUS_NOT_EXECUTED 127 /* as shells have it */

static struct service {
	const struct manifest_service *entry;
	pid_t pid;           /* 0: it does not run */
	endpoint_t endpoint; /* counts while it runs */
	uint64_t started_at; /* nanoseconds since boot */
	uint64_t restart_at; /* 0: it is not to be started again */
	uint32_t failures;   /* see restart.h */
} services[MANIFEST_SERVICES_MAX];

static uint32_t nr_services;

static uint64_t now(void)
{
	uint64_t uptime;

	return sys_clock(&uptime, NULL) == OK ? uptime : 0;
}

/* ---- The start ---- */

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

/* The child, until it becomes the service. */
static _Noreturn void become(const struct manifest_service *entry)
{
	static char *const environment[] = {"PATH=/bin", "HOME=/", "TERM=vt100", NULL};
	char *arguments[1 + MANIFEST_WORDS_MAX + 1] = {strdup(entry->program)};

	for (uint32_t i = 0; i < entry->nr_args; i++)
		arguments[1 + i] = copy_of(entry->args[i]);
	wait_for_rights();
	setsid();
	execve(entry->program, arguments, environment);
	_exit(STATUS_NOT_EXECUTED);
}

/* Gives the child its rights and lets it go on. OK or a negative errno: then it waits still. */
static int equip(struct service *service)
{
	const struct manifest_service *entry = service->entry;
	endpoint_t endpoint = pm_endpoint(service->pid);
	int result;

	if (endpoint < 0)
		return endpoint;
	service->endpoint = endpoint;
	result = sys_privctl(endpoint, &entry->spec);
	if (result == OK)
		result = sys_schedule(endpoint, entry->priority, entry->quantum_msecs);
	return result == OK ? ipc_notify(endpoint) : result;
}

/* ---- Restarts ---- */

static void set_alarm(void)
{
	uint64_t first = 0;

	for (uint32_t i = 0; i < nr_services; i++)
		if (services[i].restart_at && (!first || services[i].restart_at < first))
			first = services[i].restart_at;
	if (first && sys_setalarm(first, 1, NULL) != OK)
		rs_log("no alarm: services are not restarted");
}

static void restart_later(struct service *service)
{
	uint64_t time = now();

	service->restart_at = time + restart_delay(&service->failures, time - service->started_at);
	set_alarm();
}

/* OK, or a negative errno: then there is no process. */
static int start_process(struct service *service)
{
	int result;

	service->started_at = now();
	service->pid = fork();
	if (service->pid == 0)
		become(service->entry);
	if (service->pid < 0) {
		service->pid = 0;
		return -errno;
	}
	result = equip(service);
	if (result != OK) {
		kill(service->pid, SIGKILL);
		service->pid = 0;
	}
	return result;
}

static void start(struct service *service)
{
	const struct manifest_service *entry = service->entry;
	const char *problem = programs_problem(entry->program);
	int result;

	service->restart_at = 0;
	if (problem) {
		rs_log("%s can't be started: %s %s", entry->label, entry->program, problem);
		return;
	}
	result = start_process(service);
	if (result == OK)
		return;
	rs_log("%s can't be started: %s", entry->label, strerror(-result));
	/* There may be room again later. */
	if (entry->on_exit == ON_EXIT_RESTART)
		restart_later(service);
}

void services_start(const struct manifest *manifest)
{
	nr_services = manifest->nr_services;
	for (uint32_t i = 0; i < nr_services; i++) {
		services[i] = (struct service){.entry = &manifest->services[i]};
		start(&services[i]);
	}
}

void services_restart(void)
{
	uint64_t time = now();

	for (uint32_t i = 0; i < nr_services; i++)
		if (services[i].restart_at && services[i].restart_at <= time)
			start(&services[i]);
	set_alarm();
}

/* ---- The end ---- */

static void log_end(const struct service *service, int status)
{
	if (WIFSIGNALED(status))
		rs_log("%s killed by signal %d", service->entry->label, WTERMSIG(status));
	else
		rs_log("%s exited %d", service->entry->label, WEXITSTATUS(status));
}

/* The exit status as a shell would tell it. */
static uint32_t shell_status(int status)
{
	return WIFSIGNALED(status) ? 128u + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
}

static void power_off(uint32_t status)
{
	union pm_reboot_message call;
	int result;

	call.req = (struct pm_reboot_req){.how = ABORT_POWEROFF, .status = status};
	result = pm_reboot_call(&call);
	rs_log("the power stays on: %s", strerror(-result));
}

static void ended(struct service *service, int status)
{
	service->pid = 0;
	log_end(service, status);
	switch (service->entry->on_exit) {
	case ON_EXIT_NOTHING:
		return;
	case ON_EXIT_RESTART:
		restart_later(service);
		return;
	case ON_EXIT_POWEROFF:
		power_off(shell_status(status));
		return;
	}
}

/* Orphans that RS has inherited are waited for too, and nothing follows. */
void services_reap(void)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (uint32_t i = 0; i < nr_services; i++)
			if (services[i].pid == pid)
				ended(&services[i], status);
}

/* ---- Labels ---- */

endpoint_t services_lookup(const char *label)
{
	static const struct {
		const char *label;
		endpoint_t endpoint;
	} fixed[] = {{"vm", VM_PROC_NR}, {"pm", PM_PROC_NR}, {"rs", RS_PROC_NR}};

	for (uint32_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(label, fixed[i].label) == 0)
			return fixed[i].endpoint;
	for (uint32_t i = 0; i < nr_services; i++)
		if (services[i].pid && strcmp(label, services[i].entry->label) == 0)
			return services[i].endpoint;
	return -ESRCH;
}
