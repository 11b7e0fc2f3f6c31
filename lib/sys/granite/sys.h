/* SPDX-License-Identifier: MIT */
/*
 * Kernel calls. Each returns OK (or the value it says) or a negative errno; besides those listed:
 *   ECALLDENIED  the caller's privileges do not include the call
 *   EDEADSRCDST  an endpoint names no living process
 *   EINVAL       an argument is out of its range
 * A refused call changes nothing. sys_vircopy takes SELF for the caller, sys_step and sys_registers refuse
 * the caller by either name, and to the others SELF names nobody.
 */
#ifndef GRANITE_SYS_H
#define GRANITE_SYS_H

#include <stddef.h>
#include <granite/abi/sys.h>
#include <granite/abi/bridge.h>
#include <granite/abi/grant.h>
#include <granite/abi/info.h>
#include <granite/abi/priv.h>
#include <granite/abi/trace.h>
#include <granite/abi/vmnotes.h>
#include <granite/call.h>
#include <granite/pm.h>

#define OP(number, NAME, name) CALL_KERNEL(sys, name, NAME)
#include <granite/abi/ops/sys.def>
#undef OP

/* For everybody: */

/* The caller's own endpoint. */
GRANITE_MUST_CHECK endpoint_t sys_self(void);

/* Lets others of the same priority run. */
void sys_yield(void);

/*
 * The time: *uptime_nsecs counts since boot and never goes back; *epoch_secs is the time of day at uptime 0,
 * in seconds since 1970. Either pointer may be null.
 */
GRANITE_MUST_CHECK int sys_clock(uint64_t *uptime_nsecs, uint32_t *epoch_secs);

/*
 * Has CLOCK notify the caller once: `nsecs` from now, or if `absolute` when the uptime is `nsecs`; 0: not at
 * all. A process has one alarm. *left_nsecs (may be null) is what was left of the one replaced, 0 for none.
 */
GRANITE_MUST_CHECK int sys_setalarm(uint64_t nsecs, int absolute, uint64_t *left_nsecs);

/*
 * Copies what the kernel knows (GET_*, <granite/abi/info.h>) to the caller's buffer. Returns the bytes
 * written. GET_PROCTAB tells of the slots from `first` on: as many as fit, but not always all, so whoever
 * wants the whole table asks until it gets 0 bytes. EINVAL: no such `what`, or (not for GET_PROCTAB) too
 * small a buffer; EFAULT: a bad buffer.
 */
GRANITE_MUST_CHECK int sys_getinfo(uint32_t what, void *buffer, size_t bytes, uint32_t first);

/*
 * Sets one of the caller's TLS segments: `base` is an address in the process, `limit` counts bytes or, with
 * SETTLS_PAGES in `flags`, pages. `index` is its place in the descriptor table, from TLS_INDEX_MIN on, or -1:
 * the first free one; *used (may be null) is the one it got. ESRCH: none is free.
 */
GRANITE_MUST_CHECK int sys_settls(int index, vir_bytes base, uint32_t limit, uint32_t flags, int *used);

/*
 * Names the caller's bridge: where int 0x80 and signals are bounced to, and the record that it shares with
 * the kernel (<granite/abi/bridge.h>), which must stay where it is until the next sys_bridge or exec. EINVAL:
 * one of them is null, or the record is not aligned as its type is; EFAULT: it is not in the process.
 */
GRANITE_MUST_CHECK int sys_bridge(void (*entry)(void), void (*upcall)(void), struct bridge_control *control);

/* For servers and drivers: */

/*
 * Copies `bytes` from one process's memory to another's; the two may overlap. `source` NONE is physical
 * memory, as far as the caller's privileges list it. EFAULT: one side is not mapped, lacks the right, or ends
 * beyond the process; the part before that may have been copied. With VIRCOPY_TRY in `flags`, memory that VM
 * would first have to bring in is EFAULT too. EPERM: physical memory that is not listed.
 */
GRANITE_MUST_CHECK int sys_vircopy(endpoint_t source, vir_bytes source_address, endpoint_t destination,
                                   vir_bytes destination_address, size_t bytes, uint32_t flags);

/* Adds `bytes` of text, at most DIAG_MAX, to the kernel's log. EFAULT: a bad buffer; some may be added. */
int sys_diagctl(const char *text, size_t bytes);

/*
 * From now on the interrupt line `irq` notifies the caller (source HARDWARE); sys_irqdetach ends that. A line
 * that has fired stays masked until sys_irqenable. EPERM: not one of the caller's lines; EBUSY: another
 * process has it; EINVAL: the caller has not attached it.
 */
GRANITE_MUST_CHECK int sys_irqattach(int irq);
GRANITE_MUST_CHECK int sys_irqdetach(int irq);
GRANITE_MUST_CHECK int sys_irqenable(int irq);

/* For those who look at the whole system, as their privileges say: */

/* Records of the trace, by number: `first` and those after it, up to `next`, which is still to come. */
struct trace_span {
	uint64_t first, next;
};

/*
 * Records `kinds` (TRACE_*, <granite/abi/trace.h>) from now on, in a new trace; 0: nothing any more. The
 * trace is the caller's until then, or until it exits or calls exec. *span (may be null): the trace, which
 * with 0 is complete. EINVAL: no such kind; EBUSY: it is another's.
 */
GRANITE_MUST_CHECK int sys_trace_set(uint32_t kinds, struct trace_span *span);

/*
 * Copies records of the present or last trace, whosever it is, to the caller: from number `from` on, or from
 * the oldest that is still there, `count` or TRACE_READ_MAX at most, and fewer where the ring ends. Returns
 * how many; *span: the number of the first, and of the one to come. Each call may itself be recorded, so read
 * up to a `next` once told. EINVAL: `from` is in the future; EFAULT: a bad buffer.
 */
GRANITE_MUST_CHECK int sys_trace_read(uint64_t from, struct trace_record *records, size_t count,
                                      struct trace_span *span);

/* For tests, in a system that is built with assertions (elsewhere: EBADCALL): */

/*
 * Kills `endpoint`, as by an exception that it can't handle, once it has executed so many more instructions
 * of its own; 0: it need not die any more. Calling exec saves it too. EPERM: a small process; EINVAL: the
 * caller.
 */
GRANITE_MUST_CHECK int sys_step(endpoint_t endpoint, uint32_t instructions);

/* For PM, RS and VM, each as it says. EPERM or EINVAL: not with a small process. */

/*
 * VM: makes a process with the page directory `directory`: a copy of `parent`, down to the call that it waits
 * in, or with NONE one without a program. EAGAIN: no slot is free.
 */
GRANITE_MUST_CHECK int sys_fork(endpoint_t parent, phys_bytes directory, endpoint_t *child);

/* VM: turns paging on, in the kernel-only `directory`; the kernel carries out *notes from now on. */
GRANITE_MUST_CHECK int sys_vmctl_paging(phys_bytes directory, struct vm_notes *notes);

/* VM: has the kernel carry the notes out now. */
GRANITE_MUST_CHECK int sys_vmctl_apply(void);

/* VM: makes `directory` the page directory of `endpoint`, which does not run until sys_exec. */
GRANITE_MUST_CHECK int sys_vmctl_setdir(endpoint_t endpoint, phys_bytes directory);

/* VM: OK if the privileges of `endpoint` list this physical memory, EPERM if not. */
GRANITE_MUST_CHECK int sys_vmctl_may_map(endpoint_t endpoint, phys_bytes start, phys_bytes bytes);

/*
 * PM: starts `endpoint` at pc with stack pointer sp, under `name` (cut after PROC_NAME_MAX - 1 bytes). Its
 * registers, FPU and TLS are fresh, it has no bridge yet, and the call that it was in is forgotten.
 */
GRANITE_MUST_CHECK int sys_exec(endpoint_t endpoint, vir_bytes pc, vir_bytes sp, const char *name);

/* PM: removes `endpoint` from the kernel; whoever waits for it gets EDEADSRCDST. */
GRANITE_MUST_CHECK int sys_clear(endpoint_t endpoint);

/* PM: stops `endpoint`, or with `stop` 0 lets it go on. */
GRANITE_MUST_CHECK int sys_stop(endpoint_t endpoint, int stop);

/*
 * PM: tells the kernel whether a signal waits for `endpoint`. *blocked_on: NONE, or the server in whose
 * interruptible call the process waits; it must be asked to cancel the call.
 */
GRANITE_MUST_CHECK int sys_sigupcall(endpoint_t endpoint, enum sigupcall_state state, endpoint_t *blocked_on);

/* PM: tells the registers that `endpoint` had when it last entered the kernel. EINVAL: it is the caller. */
GRANITE_MUST_CHECK int sys_registers(endpoint_t endpoint, struct sys_registers_rep *registers);

/* RS, PM: defines the privilege set *spec, and gives it to `endpoint` (NONE: to nobody yet). EINVAL: a field
 * is out of range; EFAULT. */
GRANITE_MUST_CHECK int sys_privctl(endpoint_t endpoint, const struct priv_spec *spec);

/* RS, PM: sets the priority (from SCHED_PRIO_DRIVER on, the most urgent) and the quantum of `endpoint`. */
GRANITE_MUST_CHECK int sys_schedule(endpoint_t endpoint, uint32_t priority, uint32_t quantum_msecs);

/* PM, VM: ends the whole system; an emulator is told `status`. Returns only when refused. */
int sys_abort(enum abort_how how, uint32_t status);

#endif
