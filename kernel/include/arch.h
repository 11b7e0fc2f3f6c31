/* SPDX-License-Identifier: MIT */
/* The contract: what an architecture gives to the rest of the kernel. */
#ifndef KERNEL_ARCH_H
#define KERNEL_ARCH_H

#include <granite/abi/info.h>

#include "proc.h"

/* --- processes --- */

/* A process with a page table: segments at PROC_BASE, no directory yet. */
void arch_proc_init(struct proc *p);

/* A small process: its segment is [base, base + bytes) of physical memory. */
void arch_proc_init_small(struct proc *p, phys_bytes base, uint32_t bytes);

/* Fresh registers, FPU state and TLS; it will start at pc with that stack. */
void arch_proc_start(struct proc *p, vir_bytes pc, vir_bytes sp);

/* The child continues as the parent would. */
void arch_proc_fork(struct proc *child, struct proc *parent);

/* p vanishes: nothing of it may stay in the processor. */
void arch_proc_forget(struct proc *p);

void arch_set_pc(struct proc *p, vir_bytes pc);
void arch_set_result(struct proc *p, int32_t result);  /* of the trap that p is in */
void arch_set_status(struct proc *p, uint32_t status); /* the second result, of IPC */
uint32_t arch_status(const struct proc *p);
void arch_set_stepping(struct proc *p, int on); /* whether p traps after each instruction */
void arch_retry_trap(struct proc *p);           /* p takes its trap again */

/* Pushes the pc on p's stack and lets p go on at `entry`; p is loaded. Returns 0, or the address at which its
 * stack faulted: then p is as it was. */
uint32_t arch_bounce(struct proc *p, vir_bytes entry);

/* The process's segment: addresses 0 .. arch_limit(p) - 1 are its own. */
uint32_t arch_limit(const struct proc *p);

uint32_t arch_pc(const struct proc *p); /* where it was when it last entered the kernel */
uint32_t arch_sp(const struct proc *p);

/* All of the process's registers; p does not run at the moment. */
void arch_registers(const struct proc *p, struct sys_registers_rep *registers);

/* TLS slots; see sys_settls. The index, or -EINVAL, or -ESRCH: no slot is free. */
int arch_set_tls(struct proc *p, const struct sys_settls_req *request);

/* I/O ports of p's privileges changed. */
void arch_ports_changed(void);

/* Returns to p, whose memory is loaded, and makes it the running process as far as needed. */
__attribute__((noreturn)) void arch_run(struct proc *p);

/* Makes p's memory the one that arch_copy reaches without a window. */
void arch_load(struct proc *p);

/* --- memory --- */

/* 1: it could be one of VM's directories. */
int arch_directory_valid(phys_bytes directory);
/* p's page directory from now on; its old one is no longer loaded when this returns. */
void arch_set_directory(struct proc *p, phys_bytes directory);
void arch_paging_on(phys_bytes kernel_directory);

/* Linear addresses for the copy routine, valid until arch_windows_close(). *bytes is cut to what one window
 * reaches. */
uint32_t arch_reach_proc(struct proc *p, vir_bytes address, uint32_t *bytes);
uint32_t arch_reach_phys(phys_bytes address, uint32_t *bytes);
void arch_windows_close(void);

/* The outcome of a copy: `fault` is 0, or the linear address that faulted. */
struct arch_copy_result {
	uint32_t done; /* bytes copied; from the end of the range by arch_copy_backward */
	uint32_t fault;
	uint32_t write; /* 1: the fault was a write */
};
void arch_copy(uint32_t from, uint32_t to, uint32_t bytes, struct arch_copy_result *result);
/* Ends early, without a fault, if an interrupt came: after each 64 KiB those pending are let in. */
void arch_copy_long(uint32_t from, uint32_t to, uint32_t bytes, struct arch_copy_result *result);
void arch_copy_backward(uint32_t from, uint32_t to, uint32_t bytes, struct arch_copy_result *result);

/* A message between the kernel and the loaded process, or a small one. 0, or the process's address that
 * faulted. */
uint32_t arch_message_in(struct proc *p, vir_bytes address, struct message *to);
uint32_t arch_message_out(struct proc *p, vir_bytes address, const struct message *from);

/* What VM notes: see <granite/abi/vmnotes.h>. */
void arch_zero_frame(phys_bytes from); /* up to the frame's end */
void arch_copy_frame(phys_bytes from, phys_bytes to);
void arch_invalidate_page(phys_bytes directory, vir_bytes address);
void arch_invalidate_all(phys_bytes directory);

/* --- the machine --- */

int arch_interrupt_window(void); /* takes pending interrupts; 1: there were some */
void arch_idle(void);            /* waits for an interrupt and takes it */
void arch_irq_mask(uint32_t irq);
void arch_irq_unmask(uint32_t irq);
uint32_t arch_timer_nsecs(void); /* since the last tick; a tick not yet taken counts */
uint32_t arch_read_rtc(void);    /* seconds since 1970 */
uint64_t arch_timestamp(void);   /* counts at a constant rate, finer than all else */
void arch_log_byte(char c);
void arch_dump(const struct arch_frame *frame); /* registers, segments and call chain, to the log */
__attribute__((noreturn)) void arch_abort(uint32_t how, uint32_t status);

/* The generic kernel's side: called by the architecture. */
__attribute__((noreturn)) void kernel_main(void);
__attribute__((noreturn)) void switch_to_user(void);

#endif
