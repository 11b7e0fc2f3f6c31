/* SPDX-License-Identifier: MIT */
/*
 * Wild values in each field of each operation, the others being zero, or pointers, or what makes sense. Each
 * request gets an answer, unless the caller's end or a wait is what it has asked for. They are made by
 * children, the workers: a request that is refused changes nothing, so its worker makes the next one of the
 * same operation too; after any other result comes a new worker.
 */
#ifndef GUEST_HOSTILE_FIELDS_H
#define GUEST_HOSTILE_FIELDS_H

#include <errno.h>
#include <stddef.h>

#include "hostile_sense.h"

/* So long may an answer take, in milliseconds; an operation that may wait is ended after that. */
#define PATIENCE 300

/* The caller's death, or a wait without end, is what was asked for. */
static inline int may_end_the_caller(int32_t number)
{
	switch (number) {
	case VM_BRK:
	case VM_MMAP:
	case VM_MUNMAP:
	case VM_MPROTECT:
	case PM_EXEC:
	case PM_EXIT:
	case PM_KILL:
	case PM_ITIMER:
	case SYS_SETTLS:
		return 1;
	default:
		return 0;
	}
}

static inline int may_wait(int32_t number)
{
	switch (number) {
	case PM_WAIT:
	case PM_NANOSLEEP:
	case PM_SIGSUSPEND:
	case PM_SIGTIMEDWAIT:
	case PM_FORK:
	case RS_AWAIT:
	case CONSOLE_READ:
	case CONSOLE_POLL:
	case RAMFS_READ:
	case RAMFS_WRITE:
	case RAMFS_POLL:
		return 1;
	default:
		return 0;
	}
}

static endpoint_t server;
static struct message request;

/* For a test to set: what a worker does first, and what is not asked for. */
static void (*get_ready)(void);
static int (*spares)(const struct message *m);

/* What the fields hold that are not tried. */
enum baseline { ALL_ZERO, ALL_POINTERS, SENSIBLE, BASELINES };

/* 0: there is no such request. */
static inline int make_request(const struct operation *operation, enum baseline baseline)
{
	memset(&request, 0, sizeof(request));
	request.m_type = operation->number;
	for (uint32_t i = 0; i < operation->words && baseline == ALL_POINTERS; i++)
		request.m_words[i] = line_address();
	return baseline != SENSIBLE || make_sense(&request);
}

/* What is mapped over the worker's stack brings values of another's for its variables, the call's result
 * among them. */
static inline int replaces_the_stack(const struct message *m)
{
	return m->m_type == SYS_SAFEMAP && m->m_words[4] + m->m_words[5] > STACK_TOP - 16 * PAGE_SIZE;
}

/* A process group of its own, so that it can kill no others. */
static inline void begin_work(void)
{
	struct message m = {.m_type = PM_SETSID};
	CHECK_INT(make_call(PM_PROC_NR, &m), OK);
	if (get_ready)
		get_ready();
}

/* A message goes to the parent, and brings a request; what comes of that is the next message. */
static inline void work(void)
{
	struct message m = {.m_type = 1};
	endpoint_t self = sys_self();
	begin_work();
	memcpy(m.m_bytes, &worker, sizeof(worker));
	while (raw_ipc(IPC_SENDREC, parent, AT(&m)) == OK) {
		int32_t result = make_call(m.m_type < VM_BASE ? TO_KERNEL : server, &m);
		struct message who = {.m_type = SYS_SELF};
		if (raw_kcall(AT(&who)) != OK || (endpoint_t)who.m_words[0] != self)
			_exit(0); /* the child that PM_FORK has made */
		m = (struct message){.m_type = 1, .m_words = {(uint32_t)result}};
	}
}

static inline void on_alarm(int number)
{
	(void)number;
}

/* What the worker tells. KILLED: it is dead; -EINTR: it is still busy. */
static inline int hear(struct message *report)
{
	int status, result;
	ualarm(PATIENCE * 1000, 0);
	result = ipc_receive(worker.endpoint, report, &status);
	ualarm(0, 0);
	return result == -EDEADSRCDST ? KILLED : result;
}

static inline int result_of(const struct message *asked)
{
	struct message m = *asked;
	if (ipc_send(worker.endpoint, &m) != OK)
		return KILLED;
	int result = hear(&m);
	return result == OK ? (int32_t)m.m_words[0] : result;
}

/* What only its parent can lend to it; VM is asked about what has been mapped. */
static inline void lend_to_worker(void)
{
	const int access = CPF_READ | CPF_WRITE | CPF_MAP;
	const struct sys_safemap_req map = {.granter = parent, .address = mapped(), .bytes = PAGE_SIZE};
	struct message m = {.m_type = SYS_SAFEMAP};
	worker.lent = cpf_grant_direct(worker.endpoint, scratch(), PAGE_SIZE, access);
	CHECK(GRANT_VALID(worker.lent));
	memcpy(m.m_bytes, &map, sizeof(map));
	memcpy(m.m_bytes + offsetof(struct sys_safemap_req, grant), &worker.lent, sizeof(worker.lent));
	if (server == VM_PROC_NR)
		CHECK_INT(result_of(&m), OK);
}

static inline void start_worker(void)
{
	struct message told;
	pid_t pid = tap_start(work);
	worker.endpoint = pm_endpoint(pid);
	CHECK_INT(hear(&told), OK);
	const endpoint_t endpoint = worker.endpoint;
	memcpy(&worker, told.m_bytes, sizeof(worker));
	worker.pid = pid;
	worker.endpoint = endpoint;
	if (server == TO_KERNEL || server == VM_PROC_NR)
		lend_to_worker();
}

static inline void end_worker(void)
{
	if (!worker.pid)
		return;
	kill(worker.pid, SIGKILL);
	tap_wait(worker.pid);
	if (GRANT_VALID(worker.lent))
		CHECK_INT(cpf_revoke(worker.lent), OK);
	worker = no_worker;
}

static inline int result_is_good(int32_t number, int result)
{
	if (result == KILLED)
		return may_end_the_caller(number);
	if (result == -EINTR)
		return may_wait(number);
	return result <= 0 && result > -1000;
}

static inline void tell(const struct operation *operation, int result)
{
	printf("# %s:", operation->name);
	for (uint32_t i = 0; i < operation->words; i++)
		printf(" %x", (unsigned)request.m_words[i]);
	printf(" -> %d, after %u that were refused\n", result, worker.refused);
}

/* The result, or OK where it is not to be asked for. */
static inline int try_request(const struct operation *operation)
{
	if (ends_the_system(operation->number, &request) || replaces_the_stack(&request) ||
	    (spares && spares(&request)))
		return OK;
	int result = result_of(&request);
	if (!result_is_good(operation->number, result)) {
		tell(operation, result);
		CHECK(!"the result is good");
	}
	if (result < 0 && result != -EINTR)
		worker.refused++;
	else
		end_worker();
	return result;
}

#define NO_WORD UINT32_MAX /* no field is tried */

static inline int try_value(const struct operation *operation, enum baseline baseline, uint32_t word,
                            uint32_t value)
{
	if (!worker.pid)
		start_worker();
	make_request(operation, baseline);
	if (word != NO_WORD)
		request.m_words[word] = value;
	return try_request(operation);
}

/* If it were refused, what it is refused for would be all that is read. */
static inline void try_what_makes_sense(const struct operation *operation)
{
	int result = try_value(operation, SENSIBLE, NO_WORD, 0);
	if (get_ready && result < 0 && result != -EINTR && result != -EPERM && result != -ECALLDENIED) {
		tell(operation, result);
		CHECK(!"it makes sense");
	}
}

static inline void try_every_field(const struct operation *operation)
{
	for (enum baseline baseline = 0; baseline < BASELINES; baseline++) {
		if (!make_request(operation, baseline))
			continue;
		if (baseline == SENSIBLE)
			try_what_makes_sense(operation);
		else
			try_value(operation, baseline, NO_WORD, 0);
		for (uint32_t word = 0; word < operation->words; word++)
			for (unsigned i = 0; i < HOSTILE_VALUES; i++)
				try_value(operation, baseline, word, hostile_value(i));
	}
	end_worker();
}

static inline void prepare(void)
{
	cp_grant_id_t grant = cpf_grant_direct(ANY, scratch(), PAGE_SIZE, CPF_READ | CPF_WRITE);
	CHECK(GRANT_VALID(grant));
	prepared()->vector = (struct vscp_vec){grant, parent, SELF, 0, scratch(), 64, 0};
}

static inline void try_interface(int which)
{
	const struct interface *interface = &interfaces[which];
	const struct sigaction action = {.sa_handler = on_alarm};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	server = interface->server;
	worker = no_worker;
	arena_lay_out((enum page_kind[]){PAGE_RW, PAGE_GONE}, PAGE_SIZE - 2, line, 2);
	prepare();
	for (uint32_t i = 0; i < interface->count; i++)
		try_every_field(&interface->operations[i]);
	CHECK_INT(cpf_revoke(prepared()->vector.v_gid), OK);
}

#endif
