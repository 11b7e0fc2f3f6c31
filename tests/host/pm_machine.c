/* SPDX-License-Identifier: MIT */
/* A machine for PM's host tests. See pm_machine.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <granite/sys.h>
#include <granite/vm.h>

#include "pm_machine.h"

struct machine machine;

/* ---- What PM sees: the kernel ---- */

static struct machine_proc *living(endpoint_t endpoint)
{
	struct machine_proc *proc = &machine.procs[ENDPOINT_SLOT(endpoint)];

	assert_true(endpoint >= 0);
	assert_int_equal(proc->endpoint, endpoint);
	return proc;
}

int sys_clock(uint64_t *uptime_nsecs, uint32_t *epoch_secs)
{
	(void)epoch_secs;
	*uptime_nsecs = machine.now;
	return OK;
}

int sys_setalarm(uint64_t nsecs, int absolute, uint64_t *left_nsecs)
{
	(void)left_nsecs;
	assert_true(absolute);
	machine.alarm = nsecs;
	return OK;
}

int sys_getinfo(uint32_t what, void *buffer, size_t bytes, uint32_t first)
{
	struct proc_info *info = buffer;

	assert_int_equal(what, GET_PROCTAB);
	assert_int_equal(bytes, sizeof(*info));
	memset(info, 0, sizeof(*info));
	info->endpoint = machine.procs[first].endpoint;
	info->user_nsecs = machine.procs[first].user_nsecs;
	info->priv_flags = machine.procs[first].priv_flags;
	info->priv_id = machine.procs[first].priv_id;
	return sizeof(*info);
}

int sys_registers(endpoint_t endpoint, struct sys_registers_rep *registers)
{
	*registers = living(endpoint)->registers;
	return OK;
}

int sys_clear(endpoint_t endpoint)
{
	if (machine.procs[ENDPOINT_SLOT(endpoint)].endpoint != endpoint)
		return -EDEADSRCDST;
	living(endpoint)->endpoint = NONE;
	return OK;
}

int sys_stop(endpoint_t endpoint, int stop)
{
	assert_int_not_equal(living(endpoint)->stopped, stop);
	living(endpoint)->stopped = stop;
	return OK;
}

int sys_sigupcall(endpoint_t endpoint, enum sigupcall_state state, endpoint_t *blocked_on)
{
	struct machine_proc *proc = living(endpoint);

	proc->noted = state != SIGUPCALL_NONE;
	proc->upcalls += state != SIGUPCALL_NONE;
	*blocked_on = state != SIGUPCALL_NONE ? proc->blocked_on : NONE;
	return OK;
}

int sys_exec(endpoint_t endpoint, vir_bytes pc, vir_bytes sp, const char *name)
{
	struct machine_proc *proc = living(endpoint);

	proc->execs++;
	proc->pc = pc;
	proc->sp = sp;
	snprintf(proc->name, sizeof(proc->name), "%s", name);
	return OK;
}

int sys_abort(enum abort_how how, uint32_t status)
{
	(void)how;
	(void)status;
	return -EPERM;
}

/* ---- VM ---- */

int vm_fork(endpoint_t parent, endpoint_t *child)
{
	int slot = 2;

	if (machine.fork_error)
		return machine.fork_error;
	if (parent != NONE)
		living(parent);
	while (slot < ENDPOINT_SLOTS && machine.procs[slot].endpoint != NONE)
		slot++;
	if (slot == ENDPOINT_SLOTS)
		return -EAGAIN;
	struct machine_proc *proc = &machine.procs[slot];
	int generation = proc->generation + 1;

	memset(proc, 0, sizeof(*proc));
	proc->generation = generation;
	proc->endpoint = ENDPOINT_MAKE(slot, generation);
	proc->blocked_on = NONE;
	proc->has_memory = 1;
	*child = proc->endpoint;
	return OK;
}

int vm_exec(endpoint_t endpoint, const struct vm_exec_plan *plan)
{
	if (machine.exec_error)
		return machine.exec_error;
	living(endpoint)->plan = *plan;
	return OK;
}

int vm_exit(endpoint_t endpoint)
{
	struct machine_proc *proc = &machine.procs[ENDPOINT_SLOT(endpoint)];

	assert_int_not_equal(proc->endpoint, endpoint); /* the kernel forgets it first */
	assert_true(proc->has_memory);
	proc->has_memory = 0;
	return OK;
}

int vm_region(endpoint_t endpoint, vir_bytes address, struct vm_region_rep *region)
{
	living(endpoint);
	for (int i = 0; i < 4; i++) {
		*region = machine.regions[i];
		if (region->end > address)
			return OK;
	}
	return -ENOENT;
}

int vm_region_below(endpoint_t endpoint, vir_bytes address, struct vm_region_rep *region)
{
	living(endpoint);
	for (int i = 3; i >= 0; i--) {
		*region = machine.regions[i];
		if (region->end && region->end <= address)
			return OK;
	}
	return -ENOENT;
}

/* ---- The rest of PM's surroundings ---- */

int server_reply(endpoint_t client, int result, const void *reply, size_t bytes)
{
	struct machine_proc *proc = living(client);

	assert_true(bytes <= sizeof(proc->reply));
	proc->replies++;
	proc->notified_before_reply = machine.notified;
	proc->result = result;
	memset(proc->reply, 0, sizeof(proc->reply));
	if (bytes)
		memcpy(proc->reply, reply, bytes);
	return OK;
}

static int within(vir_bytes address, uint32_t bytes, size_t size)
{
	return address <= size && bytes <= size - address;
}

int memory_read(endpoint_t from, vir_bytes address, void *buffer, uint32_t bytes)
{
	const uint8_t *memory = from == NONE ? machine.archive : machine.user_memory;

	if (!within(address, bytes, from == NONE ? sizeof(machine.archive) : sizeof(machine.user_memory)))
		return -EFAULT;
	memcpy(buffer, memory + address, bytes);
	return OK;
}

int memory_peek(endpoint_t from, vir_bytes address, void *buffer, uint32_t bytes)
{
	living(from);
	return memory_read(from, address, buffer, bytes);
}

int memory_write(endpoint_t to, vir_bytes address, const void *buffer, uint32_t bytes)
{
	living(to);
	assert_true(bytes <= sizeof(machine.stack));
	machine.stack_address = address;
	memcpy(machine.stack, buffer, bytes);
	return OK;
}

void peer_notify_rs(void)
{
	machine.notified_rs++;
}

void peer_notify(endpoint_t endpoint)
{
	assert_int_equal(machine.procs[ENDPOINT_SLOT(endpoint)].endpoint, endpoint);
	machine.notified++;
}

void peer_notify_later(endpoint_t endpoint)
{
	peer_notify(endpoint);
	machine.notified_later++;
}

int peer_cancel(endpoint_t server, endpoint_t caller)
{
	machine.cancels++;
	machine.cancelled_server = server;
	machine.cancelled_caller = caller;
	return machine.cancel_result;
}

uint32_t processor_features(void)
{
	return 0x1234;
}

static void log_va(const char *format, va_list arguments)
{
	size_t used = strlen(machine.log);

	vsnprintf(&machine.log[used], sizeof(machine.log) - used - 1, format, arguments);
	strcat(machine.log, "\n");
}

void pm_log(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(format, arguments);
	va_end(arguments);
}

void pm_panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(format, arguments);
	va_end(arguments);
	if (!machine.on_panic)
		fail_msg("panic: %s", machine.log);
	longjmp(*machine.on_panic, 1);
}

struct process *process_rs(void)
{
	return machine.rs;
}

/* ---- What the tests use ---- */

struct machine_proc *machine_proc(const struct process *process)
{
	return living(process->endpoint);
}

/* Timers of the test before are still queued. */
static void forget_timers(void)
{
	for (struct process *p = process_table; p < process_table + PROCESSES_MAX; p++) {
		clock_cancel(&p->deadline);
		clock_cancel(&p->alarm);
	}
	machine.now = UINT64_MAX - 1;
	clock_ring();
}

void machine_boot(void)
{
	endpoint_t endpoint;

	forget_timers();
	memset(&machine, 0, sizeof(machine));
	for (int i = 0; i < ENDPOINT_SLOTS; i++)
		machine.procs[i].endpoint = NONE;
	process_init();
	assert_int_equal(vm_fork(NONE, &endpoint), OK);
	assert_int_equal(endpoint, RS_PROC_NR);
	machine.rs = process_allocate(endpoint);
	assert_int_equal(machine.rs->pid, PID_RS);
}

struct process *machine_fork(struct process *parent)
{
	const struct pm_fork_req request = {0};
	struct pm_fork_rep reply = {0};

	assert_int_equal(do_fork(parent, &request, &reply), OK);
	return process_by_pid(reply.pid);
}

struct process *machine_session(void)
{
	const struct pm_setsid_req request;
	struct pm_setsid_rep reply;
	struct process *process = machine_fork(machine.rs);

	assert_int_equal(do_setsid(process, &request, &reply), OK);
	process->flags &= ~(uint32_t)PROCESS_SERVICE;
	return process;
}

void machine_kill(struct process *from, int32_t pid, int signal)
{
	const struct pm_kill_req request = {.pid = pid, .signal = (uint32_t)signal};
	struct pm_kill_rep reply;

	assert_int_equal(do_kill(from, &request, &reply), OK);
}

static void set_action(struct process *process, int signal, uint32_t handler, uint32_t flags)
{
	const struct pm_sigaction_req request = {
	        .signal = (uint32_t)signal, .set = 1, .action = {.handler = handler, .flags = flags}};
	struct pm_sigaction_rep reply;

	assert_int_equal(do_sigaction(process, &request, &reply), OK);
}

void machine_catch(struct process *process, int signal, uint32_t flags)
{
	set_action(process, signal, 0x1000, flags);
}

void machine_ignore(struct process *process, int signal)
{
	set_action(process, signal, HANDLER_IGNORE, 0);
}

void machine_block(struct process *process, uint64_t set)
{
	const struct pm_sigprocmask_req request = {.how = SIG_SETMASK, .set = set};
	struct pm_sigprocmask_rep reply;

	assert_int_equal(do_sigprocmask(process, &request, &reply), OK);
}

void machine_pass(uint64_t nsecs)
{
	uint64_t end = machine.now + nsecs;

	while (machine.alarm && machine.alarm <= end) {
		if (machine.alarm > machine.now)
			machine.now = machine.alarm;
		machine.alarm = 0;
		clock_ring();
	}
	machine.now = end;
}

int machine_wait(struct process *parent, int32_t pid, uint32_t options, struct pm_wait_rep *reply)
{
	const struct pm_wait_req request = {.pid = pid, .options = options};

	memset(reply, 0, sizeof(*reply));
	return do_wait(parent, &request, reply);
}
