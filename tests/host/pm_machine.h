/* SPDX-License-Identifier: MIT */
/*
 * A machine for PM's host tests: a kernel, a VM, an archive and a clock,
 * of which everything can be seen and set.
 */
#ifndef PM_MACHINE_H
#define PM_MACHINE_H

#include <setjmp.h>
#include <granite/abi/sys.h>
#include <granite/abi/vm.h>
#include "servers/pm/pm.h"

/* What the kernel and VM know of a slot. */
struct machine_proc {
	endpoint_t endpoint; /* NONE: free */
	int generation;
	int stopped, noted;
	int has_memory;        /* VM: not ended yet */
	endpoint_t blocked_on; /* what sys_sigupcall will say */
	int upcalls;           /* how often it was told of a signal */
	uint64_t user_nsecs;
	struct sys_registers_rep registers;
	uint32_t priv_flags, priv_id;

	int notified_before_reply; /* how many notifications there had been when it got its last answer */
	int replies;               /* answers it got after its request was put off */
	int32_t result;
	uint8_t reply[MESSAGE_PAYLOAD];

	int execs;
	vir_bytes pc, sp;
	char name[PROC_NAME_MAX];
	struct vm_exec_plan plan;
};

struct machine {
	struct machine_proc procs[ENDPOINT_SLOTS];
	uint64_t now, alarm;                       /* alarm 0: none */
	int notified_rs, notified, notified_later; /* the last of these: not woken, and counted in both */
	endpoint_t cancelled_server, cancelled_caller;
	int cancel_result, cancels;
	int fork_error, exec_error;   /* of VM */
	uint8_t user_memory[0x20000]; /* every process's memory, from address 0 */
	uint8_t stack[0x40000];       /* the last stack written: its first byte is at stack_address */
	vir_bytes stack_address;
	uint8_t archive[0x40000];
	struct vm_region_rep regions[4]; /* everybody's, ascending, those with an end of 0 are none */
	char log[16384];                 /* all lines so far */
	jmp_buf *on_panic;
	struct process *rs;
};

extern struct machine machine;

/* A fresh machine with RS, pid 1, running. */
void machine_boot(void);

struct machine_proc *machine_proc(const struct process *process);

/* A child by fork, already running. */
struct process *machine_fork(struct process *parent);

/* A process that is its own session, as RS's services are, and none of RS's services. */
struct process *machine_session(void);

void machine_kill(struct process *from, int32_t pid, int signal);
void machine_catch(struct process *process, int signal, uint32_t flags);
void machine_ignore(struct process *process, int signal);
void machine_block(struct process *process, uint64_t set);

/* Lets time pass; the alarm rings when it is due. */
void machine_pass(uint64_t nsecs);

/* Parent waits with wait4; the handler's result. */
int machine_wait(struct process *parent, int32_t pid, uint32_t options, struct pm_wait_rep *reply);

#endif
