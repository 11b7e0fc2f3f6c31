/* SPDX-License-Identifier: MIT */
#include "kernel_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <granite/abi/errno.h>

#include "arch.h"
#include "copy.h"
#include "counters.h"
#include "ipc.h"
#include "log.h"
#include "panic.h"
#include "priv.h"
#include "sched.h"
#include "trace.h"
#include "vmrequest.h"
#include "vm_machine.h"

/* kernel/include/kcall.h names functions that VM has too. */
void kcall_trap(struct proc *caller, vir_bytes address);
void kcall_resume(struct proc *caller);

int sys_vmctl_apply(void); /* the machine's */

extern void *kernel_vm_notes;

struct granite_counters counters;
struct trace_ring trace_ring;

static struct kernel_hooks hooks;
static struct cp_grant tables[NR_PROCS][KERNEL_GRANTS];
static struct message call_of[NR_PROCS]; /* in the process's memory */

static struct proc *proc_at(endpoint_t endpoint)
{
	return &proc_table[ENDPOINT_SLOT(endpoint)];
}

/* ---- What ends the test ---- */

void panic(const char *format, ...)
{
	fprintf(stderr, "the kernel panics: %s\n", format);
	abort();
}

void panic_at(const struct arch_frame *frame, const char *format, ...)
{
	(void)frame;
	panic("%s", format);
}

void arch_set_stepping(struct proc *p, int on)
{
	(void)p, (void)on;
}

void arch_set_pc(struct proc *p, vir_bytes pc)
{
	(void)p;
	(void)pc;
	panic("nobody has a handler here");
}

void arch_retry_trap(struct proc *p)
{
	(void)p;
	panic("requests are always there");
}

/* ---- What the kernel stands on ---- */

void klog(const char *format, ...)
{
	(void)format;
}

void arch_ports_changed(void)
{
}

void arch_set_result(struct proc *p, int32_t result)
{
	(void)p;
	(void)result;
}

uint32_t arch_limit(const struct proc *p)
{
	(void)p;
	return PROC_SIZE;
}

uint32_t arch_message_in(struct proc *p, vir_bytes address, struct message *to)
{
	(void)address;
	*to = call_of[proc_slot(p)];
	return 0;
}

/* What VM notes is carried out when it is left: see vm_machine.c. */
void notes_carry_out(void)
{
	(void)sys_vmctl_apply();
}

uint32_t trace_put(enum trace_event event, uint32_t number, endpoint_t who, uint32_t a, uint32_t b,
                   uint32_t c, uint32_t d)
{
	(void)event, (void)number, (void)who;
	return a + b + c + d;
}

void trace_plain(enum trace_event event, endpoint_t who)
{
	(void)event;
	(void)who;
	panic("the trace is off");
}

void trace_call(const struct proc *caller)
{
	trace_plain(0, caller->endpoint);
}

void trace_result(const struct proc *caller, int32_t result)
{
	trace_plain(0, caller->endpoint + result);
}

/* ---- Copies ---- */

int copy_in_range(const struct proc *p, vir_bytes address, uint32_t bytes)
{
	uint32_t limit = arch_limit(p);

	return address <= limit && bytes <= limit - address;
}

/* Records alone are read so. */
int copy_at_once(struct proc *owner, vir_bytes address, void *buffer, uint32_t bytes)
{
	uint32_t offset = address - owner->grant_table;

	if (bytes != sizeof(struct cp_grant) || offset / bytes >= KERNEL_GRANTS)
		panic("no record is there");
	if (!machine_window(owner->endpoint, address, false))
		return 0;
	memcpy(buffer, &tables[proc_slot(owner)][offset / bytes], bytes);
	return 1;
}

static int ask_vm(struct proc *caller, struct proc *owner, vir_bytes address, uint32_t bytes, int write,
                  uint32_t flags)
{
	if (flags & VIRCOPY_TRY || vm_request(caller, owner, address, bytes, write) != OK)
		return -EFAULT;
	return KCALL_SUSPEND;
}

int copy_from_caller(struct proc *caller, vir_bytes address, void *buffer, uint32_t bytes)
{
	(void)caller;
	(void)address;
	(void)buffer;
	(void)bytes;
	panic("there are no vectors here");
}

/* The caller is loaded: its own TLB counts. */
static uint32_t *piece_at(const struct proc *caller, const struct copy_side *side, uint32_t done, bool write)
{
	endpoint_t endpoint = side->proc->endpoint;
	vir_bytes address = side->address + done;

	return side->proc == caller ? machine_access(endpoint, address, write)
	                            : machine_window(endpoint, address, write);
}

int copy_pauses(const struct proc *caller)
{
	return !(caller->misc_flags & MF_TAKEN_UP) && random_below(4) == 0;
}

int copy_bytes(struct proc *caller, const struct copy_side *from, const struct copy_side *to, uint32_t bytes,
               uint32_t flags, uint32_t *done)
{
	if (!copy_in_range(from->proc, from->address, bytes) || !copy_in_range(to->proc, to->address, bytes))
		return -EFAULT;
	while (*done < bytes) {
		uint32_t *source = piece_at(caller, from, *done, false), *destination;

		if (!source)
			return ask_vm(caller, from->proc, from->address + *done, bytes - *done, 0, flags);
		destination = piece_at(caller, to, *done, true);
		if (!destination)
			return ask_vm(caller, to->proc, to->address + *done, bytes - *done, 1, flags);
		memmove(destination, source, PIECE);
		hooks.copied(caller->endpoint, from->proc->endpoint, from->address + *done,
		             to->proc->endpoint, to->address + *done);
		*done += PIECE;
		caller->vm_asked = 0;
		if (*done < bytes && !(caller->misc_flags & MF_TAKEN_UP) && random_below(40) == 0)
			return KCALL_AGAIN;
	}
	return OK;
}

/* ---- Asking VM ---- */

static struct proc *vm(void)
{
	return proc_at(VM_PROC_NR);
}

bool kernel_undisturbed(void)
{
	return vm()->priority == SCHED_PRIO_UNDISTURBED;
}

static void handed_over(struct proc *p)
{
	if (p->outgoing.m_type == VM_LEND)
		hooks.lending(p->endpoint);
}

/* VM may wait for requests, or be about others first. */
void ipc_send_for(struct proc *p, struct proc *server, uint32_t why)
{
	if (server != vm())
		panic("nobody else is asked here");
	if (random_below(2)) {
		proc_set_flags(p, why | RTS_SENDING);
		p->misc_flags |= MF_KERNEL_MESSAGE;
		return;
	}
	proc_set_flags(p, why);
	handed_over(p);
}

/* VM has the request. */
static void serve(struct proc *p)
{
	int32_t type = p->outgoing.m_type, result;

	if (!kernel_undisturbed())
		hooks.others();
	result = machine_serve(p->endpoint, type, p->outgoing.m_bytes);
	hooks.served(p->endpoint, type, p->outgoing.m_bytes, result);
	vm_verdict(vm(), p, result);
}

static void take_up(struct proc *p)
{
	int stands = vm_take_up(p);

	p->misc_flags &= ~MF_KERNEL_MESSAGE;
	proc_clear_flags(p, stands ? RTS_SENDING : RTS_SENDING | RTS_VMREQUEST);
	if (stands)
		handed_over(p);
	else if (p->misc_flags & MF_CALL_ENDS)
		kcall_resume(p); /* before anything changes that was judged */
}

static void serve_at_once(struct proc *p)
{
	if (p->rts_flags & RTS_VMREQUEST && !(p->rts_flags & RTS_SENDING))
		serve(p);
}

/* ---- Calls ---- */

void kernel_call(endpoint_t endpoint, int32_t type, const void *request, size_t bytes)
{
	struct proc *p = proc_at(endpoint);
	struct message *call = &call_of[proc_slot(p)];

	memset(call, 0, sizeof(*call));
	call->m_type = type;
	memcpy(call->m_bytes, request, bytes);
	kcall_trap(p, PAGE_SIZE);
	serve_at_once(p);
}

bool kernel_busy(endpoint_t endpoint)
{
	return (proc_at(endpoint)->misc_flags & MF_RESUME_CALL) != 0;
}

void kernel_go_on(endpoint_t endpoint)
{
	struct proc *p = proc_at(endpoint);

	if (p->rts_flags & RTS_SENDING)
		take_up(p);
	else
		kcall_resume(p);
	serve_at_once(p);
}

int kernel_result(endpoint_t endpoint, void *reply, size_t bytes)
{
	struct proc *p = proc_at(endpoint);

	if (bytes)
		memcpy(reply, p->deliver.m_bytes, bytes);
	return p->deliver.m_type;
}

/* ---- Processes ---- */

void kernel_start(const struct kernel_hooks *new_hooks)
{
	hooks = *new_hooks;
	memset(proc_table, 0, sizeof(proc_table));
	proc_init();
	memset(tables, 0, sizeof(tables));
	memset(&priv_table[PRIV_ID_USER].spec.calls, 0xff, sizeof(priv_table[PRIV_ID_USER].spec.calls));
	kernel_vm_notes = machine_notes();
	kernel_add(VM_PROC_NR, NONE);
	sched_set(vm(), SCHED_PRIO_VM, SCHED_DEFAULT_QUANTUM);
}

void kernel_add(endpoint_t endpoint, endpoint_t parent)
{
	struct proc *p = proc_at(endpoint);

	memset(p, 0, sizeof(*p));
	memset(tables[proc_slot(p)], 0, sizeof(tables[0]));
	p->endpoint = endpoint;
	p->priv = &priv_table[PRIV_ID_USER];
	p->priority = SCHED_PRIO_USER;
	p->quantum = p->ticks_left = SCHED_DEFAULT_QUANTUM;
	p->rts_flags = RTS_NO_IMAGE;
	if (parent != NONE) {
		grant_inherit(p, proc_at(parent));
		memcpy(tables[proc_slot(p)], tables[ENDPOINT_SLOT(parent)], sizeof(tables[0]));
	}
	proc_clear_flags(p, RTS_NO_IMAGE);
}

void kernel_remove(endpoint_t endpoint)
{
	struct proc *p = proc_at(endpoint);

	proc_set_flags(p, RTS_SLOT_FREE);
	p->endpoint = NONE;
}

void kernel_forget_grants(endpoint_t endpoint)
{
	grant_forget_all(proc_at(endpoint));
}

struct cp_grant *kernel_grant(endpoint_t endpoint, uint32_t slot)
{
	return &tables[ENDPOINT_SLOT(endpoint)][slot];
}
