/* SPDX-License-Identifier: MIT */
/*
 * Wild values in each field of each operation, the others being zero, or pointers, or what makes sense. Each
 * request is made by a child of its own; it gets an answer, unless its end or a wait is what it has asked
 * for.
 */
#ifndef GUEST_HOSTILE_FIELDS_H
#define GUEST_HOSTILE_FIELDS_H

#include <errno.h>

#include "hostile.h"

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

static endpoint_t parent, server;
static struct message request;

/* For a test to set: what the child does first, and what is not asked for. */
static void (*get_ready)(void);
static int (*spares)(const struct message *m);

/* What the fields hold that are not tried. */
enum baseline { ALL_ZERO, ALL_POINTERS, SENSIBLE, BASELINES };

/* Two bytes before memory that is not there: so the console can print no more than a comment. */
static const char line[] = "#\n";

static inline vir_bytes line_address(void)
{
	return AT(arena_page(1)) - 2;
}

/* A place that may be written to: nobody else will. */
static inline vir_bytes scratch(void)
{
	return zoo + 2 * PAGE_SIZE;
}

/* In a sensible request: the halves of a grant that the child gives, if `get_ready` does that. */
#define GRANT_LOW  0x6c6f77u
#define GRANT_HIGH 0x68696768u

/* A request that is no nonsense as a whole. 0: there is none for this operation. */
static inline int make_sense(struct message *m)
{
	const uint32_t self = (uint32_t)SELF, rw = VM_PROT_READ | VM_PROT_WRITE;
	const struct {
		int32_t number;
		uint32_t words[11];
	} sensible[] = {
	        {PM_EXEC, {AT("/bin/nothing"), 12, AT("nothing"), 8, 1, 0}},
	        {CONSOLE_WRITE, {line_address(), 2}},
	        {CONSOLE_READ, {scratch(), 16}},
	        {RS_LOOKUP, {'s' | 'h' << 8}},
	        {RS_AWAIT, {'r' | 'a' << 8 | 'm' << 16 | 'f' << 24, 's'}},
	        {RS_DOWN, {'r' | 'a' << 8 | 'm' << 16 | 'f' << 24, 's'}},
	        {VM_MMAP, {0, PAGE_SIZE, rw, 0}},
	        {VM_MUNMAP, {zoo, PAGE_SIZE}},
	        {VM_MPROTECT, {zoo, PAGE_SIZE, VM_PROT_READ}},
	        {VM_PAGES, {self, VM_PAGES_MEMORY, 0, scratch(), 16}},
	        {VM_REGION, {self, zoo}},
	        {VM_KEEP, {KEPT_BASE, PAGE_SIZE, 'k'}},
	        {VM_SUCCEED, {self, (uint32_t)NONE}},
	        {SYS_VIRCOPY, {self, zoo, self, scratch(), 64}},
	        {SYS_GETINFO, {GET_PROCTAB, scratch(), PAGE_SIZE, 0}},
	        {SYS_DIAGCTL, {line_address(), 2}},
	        {SYS_TRACE, {TRACE_READ, 0, 0, 0, scratch(), 8}},
	        {SYS_SETTLS, {(uint32_t)-1, zoo, 64, 0}},
	        {SYS_IRQCTL, {IRQCTL_ATTACH, 5}},
	        {SYS_SCHEDULE, {(uint32_t)sys_self(), SCHED_PRIO_USER, 50}},
	        {DS_PUBLISH,
	         {GRANT_LOW, GRANT_HIGH, 8, DS_TYPE_MEM, 1, 0, GRANT_LOW, GRANT_HIGH, 64, 7, DSF_OVERWRITE}},
	        {DS_RETRIEVE, {GRANT_LOW, GRANT_HIGH, 8, DS_TYPE_MEM, GRANT_LOW, GRANT_HIGH, 64}},
	        {DS_DELETE, {GRANT_LOW, GRANT_HIGH, 8, DS_TYPE_MEM, 1, 0}},
	        {DS_NAME, {GRANT_LOW, GRANT_HIGH, (uint32_t)RS_PROC_NR}},
	        {DS_SUBSCRIBE, {GRANT_LOW, GRANT_HIGH, 1, 0, 8, DSF_INITIAL}},
	        {DS_UNSUBSCRIBE, {GRANT_LOW, GRANT_HIGH, 1, 0, 8}},
	        {DS_CHECK, {GRANT_LOW, GRANT_HIGH, 0}},
	        {DS_LIST, {GRANT_LOW, GRANT_HIGH, 0, 2}},
	        {DS_PUBLISH_MAP,
	         {GRANT_LOW, GRANT_HIGH, 8, DS_TYPE_MAP, 1, 0, GRANT_LOW, GRANT_HIGH, PAGE_SIZE}},
	        {DS_RETRIEVE_MAP,
	         {GRANT_LOW, GRANT_HIGH, 8, DS_TYPE_MAP, GRANT_LOW, GRANT_HIGH, PAGE_SIZE, 0,
	          DSMF_COPY_MAPPED}},
	        {DS_SNAPSHOT, {GRANT_LOW, GRANT_HIGH, 8, DS_TYPE_MAP, 1, 0}},
	        {DS_DROP_SNAPSHOT, {GRANT_LOW, GRANT_HIGH, 8, DS_TYPE_MAP, 1, 0, 1}},
	        {DS_STATS, {GRANT_LOW, GRANT_HIGH, sizeof(struct ds_statistics)}},
	};
	for (unsigned i = 0; i < COUNT(sensible); i++) {
		if (sensible[i].number != m->m_type)
			continue;
		memcpy(m->m_words, sensible[i].words, sizeof(sensible[i].words));
		return 1;
	}
	return 0;
}

/* 0: there is no such request. */
static inline int make_request(const struct operation *operation, enum baseline baseline)
{
	memset(&request, 0, sizeof(request));
	request.m_type = operation->number;
	for (uint32_t i = 0; i < operation->words && baseline == ALL_POINTERS; i++)
		request.m_words[i] = line_address();
	return baseline != SENSIBLE || make_sense(&request);
}

static inline int is_within(vir_bytes address, vir_bytes start, uint32_t bytes)
{
	return address - start < bytes;
}

/* The top of the stack, or pages of the zoo, to be printed as far as they go. */
static inline int makes_a_mess(const struct message *m)
{
	vir_bytes from = m->m_words[0];
	return m->m_type == CONSOLE_WRITE && m->m_words[1] > 16 &&
	       (is_within(from, STACK_TOP - PAGE_SIZE, PAGE_SIZE) ||
	        is_within(from, zoo, ZOO_PAGES * PAGE_SIZE));
}

/* A process group of its own, so that it can kill no others; then the call; then it tells its parent. */
static inline void make_the_call_and_tell(void)
{
	struct message report = {.m_type = PM_SETSID};
	endpoint_t self = sys_self();
	CHECK_INT(make_call(PM_PROC_NR, &report), OK);
	if (get_ready)
		get_ready();
	report.m_words[0] = (uint32_t)make_call(server, &request);
	struct message who = {.m_type = SYS_SELF};
	if (raw_kcall(AT(&who)) != OK || (endpoint_t)who.m_words[0] != self)
		_exit(0); /* the child that PM_FORK has made */
	report.m_type = 1;
	(void)raw_ipc(IPC_SEND, parent, AT(&report));
}

static inline void on_alarm(int number)
{
	(void)number;
}

/* The result of the call that the child makes; KILLED: it is dead; -EINTR: it is still busy. */
static inline int result_of(pid_t pid)
{
	endpoint_t child = pm_endpoint(pid);
	struct message report;
	int status, result;
	if (child < 0)
		return KILLED;
	ualarm(PATIENCE * 1000, 0);
	result = ipc_receive(child, &report, &status);
	ualarm(0, 0);
	if (result == -EDEADSRCDST)
		return KILLED;
	return result == OK ? (int32_t)report.m_words[0] : result;
}

static inline int result_is_good(int32_t number, int result)
{
	if (result == KILLED)
		return may_end_the_caller(number);
	if (result == -EINTR)
		return may_wait(number);
	return result <= 0 && result > -1000;
}

static inline void try_request(const struct operation *operation)
{
	if (ends_the_system(operation->number, &request) || makes_a_mess(&request) ||
	    (spares && spares(&request)))
		return;
	pid_t pid = tap_start(make_the_call_and_tell);
	int result = result_of(pid);
	if (!result_is_good(operation->number, result)) {
		printf("# %s:", operation->name);
		for (uint32_t i = 0; i < operation->words; i++)
			printf(" %x", (unsigned)request.m_words[i]);
		printf(" -> %d\n", result);
		CHECK(!"the result is good");
	}
	kill(pid, SIGKILL);
	tap_wait(pid);
}

static inline void try_every_field(const struct operation *operation)
{
	for (enum baseline baseline = 0; baseline < BASELINES; baseline++) {
		if (!make_request(operation, baseline))
			continue;
		try_request(operation);
		for (uint32_t word = 0; word < operation->words; word++) {
			for (unsigned i = 0; i < HOSTILE_VALUES; i++) {
				make_request(operation, baseline);
				request.m_words[word] = hostile_value(i);
				try_request(operation);
			}
		}
	}
}

static inline void try_interface(int which)
{
	const struct interface *interface = &interfaces[which];
	const struct sigaction action = {.sa_handler = on_alarm};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	server = interface->server;
	arena_lay_out((enum page_kind[]){PAGE_RW, PAGE_GONE}, PAGE_SIZE - 2, line, 2);
	for (uint32_t i = 0; i < interface->count; i++)
		try_every_field(&interface->operations[i]);
}

#endif
