/* SPDX-License-Identifier: MIT */
/* See rs_machine.h. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "rs_machine.h"

#define FIRST_CLIENT_SLOT 500

struct machine machine;
struct manifest machine_manifest;

/* ---- What RS calls ---- */

void rs_log(const char *format, ...)
{
	size_t length = strlen(machine.log);
	va_list arguments;

	if (length > sizeof(machine.log) - 200) /* the latest lines are of interest */
		length = 0;
	va_start(arguments, format);
	length += (size_t)vsnprintf(machine.log + length, 190, format, arguments);
	va_end(arguments);
	memcpy(machine.log + length, "\n", 2);
}

enum rs_problem programs_problem(const char *path)
{
	machine.nr_looked_up++;
	return strcmp(path, "bin/missing") == 0 ? RS_NO_PROGRAM : RS_NO_PROBLEM;
}

static struct machine_proc *proc_of(pid_t pid)
{
	assert_in_range(pid, 1, MACHINE_PROCS - 1);
	return &machine.procs[pid];
}

static struct machine_proc *proc_at(endpoint_t endpoint)
{
	for (int pid = 1; pid < machine.next_pid; pid++)
		if (machine.procs[pid].lives && machine.procs[pid].endpoint == endpoint)
			return &machine.procs[pid];
	return NULL;
}

static void die(struct machine_proc *proc, int status)
{
	assert_true(proc->lives);
	proc->lives = 0;
	proc->is_zombie = 1;
	proc->status = status;
}

int process_make(const struct manifest_service *entry, pid_t *pid, endpoint_t *endpoint,
                 enum rs_problem *problem)
{
	struct machine_proc *proc;

	*problem = RS_NO_PROCESS;
	if (machine.fork_error) {
		*pid = -1;
		return -machine.fork_error;
	}
	*pid = machine.next_pid++;
	proc = proc_of(*pid);
	*proc = (struct machine_proc){.entry = entry, .lives = 1};
	proc->endpoint = ENDPOINT_MAKE(*pid % 400 + 3, *pid / 400 + 1);
	if (machine.dies_at_once || machine.rights_error)
		die(proc, SIGKILL);
	if (machine.rights_error)
		*problem = RS_BAD_RIGHTS;
	if (machine.dies_at_once || machine.rights_error)
		return machine.dies_at_once ? -ESRCH : -machine.rights_error;
	*endpoint = proc->endpoint;
	return OK;
}

/* Of the first ones is told what they were. */
int process_bequeath(endpoint_t old, endpoint_t heir)
{
	struct machine_proc *proc = proc_at(heir);

	assert_true(old != NONE && !proc_at(old));
	assert_true(heir == NONE || (proc && !proc->is_released));
	if (machine.dies_with_bequest)
		die(proc, SIGKILL);
	if (machine.dies_with_bequest)
		return -EDEADSRCDST;
	if (machine.nr_bequests < sizeof(machine.bequests) / sizeof(machine.bequests[0]))
		machine.bequests[machine.nr_bequests++] = (struct bequest){old, heir};
	return OK;
}

void process_release(endpoint_t endpoint)
{
	struct machine_proc *proc = proc_at(endpoint);

	assert_non_null(proc);
	assert_string_not_equal(machine_label_of(endpoint), ""); /* whoever it talks to can ask who it is */
	proc->is_released = 1;
}

void process_signal(pid_t pid, int signal)
{
	struct machine_proc *proc = proc_of(pid);

	if (proc->lives && (signal == SIGKILL || !proc->ignores_term))
		die(proc, signal);
}

void process_ask(endpoint_t endpoint)
{
	struct machine_proc *proc = proc_at(endpoint);

	if (proc)
		proc->asked++;
}

pid_t process_reap(int *status)
{
	for (int pid = 1; pid < machine.next_pid; pid++) {
		struct machine_proc *proc = &machine.procs[pid];

		if (!proc->is_zombie)
			continue;
		proc->is_zombie = 0;
		*status = proc->status;
		return pid;
	}
	return 0;
}

int process_has_executed(pid_t pid)
{
	return !proc_of(pid)->lives || proc_of(pid)->has_executed;
}

int process_has_privilege(endpoint_t endpoint, uint32_t privilege)
{
	assert_true(endpoint >= 0);
	assert_int_equal(privilege, PRIV_CONTROL);
	return machine.may_control;
}

int process_tell(endpoint_t to, const struct message *m)
{
	assert_int_equal(m->m_type, DS_LABEL);
	if (machine.store_refuses)
		return -machine.store_refuses;
	if (!proc_at(to))
		return -EDEADSRCDST;
	assert_true(
	        proc_at(to)->is_released); /* it would take it for the release, and nobody would read it */
	assert_true(machine.nr_told < sizeof(machine.told) / sizeof(machine.told[0]));
	machine.told_whom = to;
	memcpy(&machine.told[machine.nr_told++], m->m_bytes, sizeof(struct ds_label_req));
	return OK;
}

void process_power_off(uint32_t status)
{
	machine.powered_off++;
	machine.off_status = status;
}

uint64_t process_now(void)
{
	return machine.now;
}

void process_alarm(uint64_t time)
{
	machine.alarm = time;
}

int server_reply(endpoint_t client, int result, const void *reply, size_t bytes)
{
	int number = ENDPOINT_SLOT(client) - FIRST_CLIENT_SLOT;
	struct machine_client *it = &machine.clients[number];

	assert_in_range(number, 0, MACHINE_CLIENTS - 1);
	assert_true(bytes <= sizeof(it->reply));
	if (!it->waits || client != machine_client((uint32_t)number))
		return -EDEADSRCDST;
	it->waits = 0;
	it->answers++;
	it->result = result;
	memset(it->reply, 0, sizeof(it->reply));
	memcpy(it->reply, reply, bytes);
	return OK;
}

/* ---- What tests do ---- */

static void report(uint32_t line, const char *problem, struct span word)
{
	fail_msg("manifest line %u: %s: %.*s", line, problem, (int)word.bytes, word.start);
}

void machine_boot(const char *manifest)
{
	memset(&machine, 0, sizeof(machine));
	timers_ring(); /* at time 0 nothing is due, and there is no alarm any more */
	machine.now = SEC;
	machine.alarm = NEVER;
	machine.next_pid = 2;
	machine.may_control = 1;
	machine_manifest.report = report;
	manifest_parse(&machine_manifest, manifest, (uint32_t)strlen(manifest));
	for (uint32_t i = 0; i < MACHINE_CLIENTS; i++) /* of the test before */
		waiters_cancel(machine_client(i));
	labels_init();
	services_start(&machine_manifest);
	timers_update();
	machine_check();
}

struct service *machine_service(const char *label)
{
	struct service *service = services_find(label);

	assert_non_null(service);
	return service;
}

struct machine_proc *machine_proc(const char *label)
{
	return proc_of(machine_service(label)->pid);
}

void machine_exit(const char *label, int code)
{
	die(machine_proc(label), code << 8);
}

void machine_kill(const char *label, int signal)
{
	die(machine_proc(label), signal);
}

int machine_not_executed(const char *label, int error)
{
	const struct rs_not_executed_req request = {.error = (uint32_t)error};
	struct rs_not_executed_rep reply;

	return do_not_executed(machine_proc(label)->endpoint, &request, &reply);
}

void machine_reap(void)
{
	services_reap();
	timers_update();
	machine_check();
}

/* Those who have been asked answer. */
static void let_hearts_beat(void)
{
	for (int pid = 1; pid < machine.next_pid; pid++) {
		struct machine_proc *proc = &machine.procs[pid];

		if (proc->lives && proc->asked && !proc->is_deaf)
			heartbeat_heard(proc->endpoint);
		if (!proc->is_deaf)
			proc->asked = 0;
	}
}

void machine_pass(uint64_t nsecs)
{
	uint64_t end = machine.now + nsecs;

	while (machine.alarm <= end) {
		if (machine.alarm > machine.now)
			machine.now = machine.alarm;
		machine.alarm = NEVER;
		timers_ring();
		timers_update();
		let_hearts_beat();
		machine_reap(); /* PM tells at once */
	}
	machine.now = end;
	machine_check();
}

endpoint_t machine_client(uint32_t client)
{
	assert_true(client < MACHINE_CLIENTS);
	return ENDPOINT_MAKE(FIRST_CLIENT_SLOT + (int)client, 1);
}

static int begin_call(uint32_t client, int result, const void *reply, size_t bytes)
{
	struct machine_client *it = &machine.clients[client];

	it->waits = result == SERVER_NO_REPLY;
	it->result = result;
	if (!it->waits)
		memcpy(it->reply, reply, bytes);
	timers_update();
	machine_check();
	return result;
}

#define CONTROL(name)                                                                                  \
	int machine_##name(uint32_t client, const char *label)                                         \
	{                                                                                              \
		struct rs_##name##_req request = {.label = ""};                                        \
		struct rs_##name##_rep reply;                                                          \
                                                                                                       \
		strncpy(request.label, label, sizeof(request.label));                                  \
		memset(&reply, 0, sizeof(reply));                                                      \
		return begin_call(client, do_##name(machine_client(client), &request, &reply), &reply, \
		                  sizeof(reply));                                                      \
	}

CONTROL(up)
CONTROL(down)
CONTROL(restart)

int machine_await(uint32_t client, const char *label, endpoint_t dead, uint64_t nsecs)
{
	struct rs_await_req request = {.label = "", .dead = dead, .nsecs = nsecs};
	struct rs_await_rep reply = {0};

	strncpy(request.label, label, sizeof(request.label));
	return begin_call(client, do_await(machine_client(client), &request, &reply), &reply, sizeof(reply));
}

struct rs_outcome machine_outcome(uint32_t client)
{
	struct rs_outcome outcome;

	assert_false(machine.clients[client].waits);
	memcpy(&outcome, machine.clients[client].reply, sizeof(outcome));
	return outcome;
}

endpoint_t machine_found(uint32_t client)
{
	struct rs_await_rep reply;

	assert_false(machine.clients[client].waits);
	assert_int_equal(machine.clients[client].result, OK);
	memcpy(&reply, machine.clients[client].reply, sizeof(reply));
	return reply.endpoint;
}

endpoint_t machine_lookup(const char *label)
{
	struct rs_lookup_req request = {.label = ""};
	struct rs_lookup_rep reply = {0};
	int result;

	strncpy(request.label, label, sizeof(request.label));
	result = do_lookup(machine_client(0), &request, &reply);
	return result == OK ? reply.endpoint : result;
}

const char *machine_label_of(endpoint_t endpoint)
{
	const struct rs_label_req request = {.endpoint = endpoint};
	static struct rs_label_rep reply;
	int result;

	memset(&reply, 0, sizeof(reply));
	result = do_label(machine_client(0), &request, &reply);
	assert_true(result == OK || result == -ESRCH);
	return reply.label;
}

struct rs_status_rep machine_status(const char *label)
{
	struct rs_status_rep status;
	uint32_t index = 0;
	int result;

	do {
		const struct rs_status_req request = {.index = index++};

		memset(&status, 0, sizeof(status));
		result = do_status(machine_client(0), &request, &status);
		assert_int_equal(result, OK);
	} while (strcmp(status.label, label) != 0);
	return status;
}

int machine_logged(const char *text)
{
	int count = 0;

	for (const char *at = machine.log; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

static void check_service(const struct service *service)
{
	int has_process = service->state == RS_IS_RUNNING || service->state == RS_IS_STOPPING;

	assert_int_equal(service->pid != 0, has_process);
	if (!has_process)
		assert_int_equal(service->endpoint, NONE);
	if (service->state == RS_IS_WAITING)
		assert_true(service->deadline != NEVER);
	if (service->pid && service->endpoint != NONE)
		assert_true(proc_of(service->pid)->is_released);
	if (service->deadline != NEVER)
		assert_true(machine.alarm <= service->deadline);
}

/* Each process belongs to the service that it was made for, and none is forgotten. */
static void check_processes(void)
{
	for (int pid = 1; pid < machine.next_pid; pid++)
		if (machine.procs[pid].lives)
			assert_int_equal(machine_service(machine.procs[pid].entry->label)->pid, pid);
}

void machine_check(void)
{
	const struct service *service;

	for (uint32_t i = 0; (service = services_at(i)) != NULL; i++)
		check_service(service);
	check_processes();
}
