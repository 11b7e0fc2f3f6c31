/* SPDX-License-Identifier: MIT */
/* What the files of this directory share. */
#ifndef I386_MACHINE_H
#define I386_MACHINE_H

#include "arch.h"
#include "i386.h"

/* segments.c */
extern struct descriptor gdt[GDT_ENTRIES];
void segments_init(void);
struct descriptor segment_make(uint32_t base, uint32_t bytes_minus_one, uint32_t access);
uint32_t segment_base(const struct descriptor *d);
uint32_t segment_limit(const struct descriptor *d);
#define SEGMENT_CODE   0x9au /* present, code, readable */
#define SEGMENT_DATA   0x92u /* present, data, writable */
#define SEGMENT_DPL(n) ((n) << 5)
#define BIG_SEGMENT    0x100000u /* from here on a limit counts pages */

void tss_set_stack(const struct proc *p); /* where the processor saves p's state on entry */
extern int ports_allowed;                 /* the map of ports is in force: for the process that ran last */
void tss_set_ports(const struct proc *p);

/* paging.c */
extern uint32_t loaded_directory; /* what CR3 holds; 0: paging is off */
void directory_load(uint32_t directory);
void directory_leave(uint32_t directory); /* it may vanish: if it is loaded, the kernel-only one is instead */

/* The process's address of a fault at a linear one. Never 0, which says that there was none; nothing is
 * mapped there. */
static inline uint32_t fault_address(const struct proc *p, uint32_t linear)
{
	return linear == p->arch.base ? 1 : linear - p->arch.base;
}

/* process.c */
/* p's descriptors or ports changed: what the processor holds of them is loaded anew before p runs on. */
void segments_reload(struct proc *p);
void segments_forget(struct proc *p); /* p's fs and gs are empty from now on */

/* fpu.c */
void fpu_init(void);
extern struct proc *fpu_owner; /* whose state is in the FPU; NULL: nobody's */
extern int fpu_forbidden;      /* CR0.TS */
void fpu_forbid(int yes);

/* p runs next. */
static inline void fpu_allow(const struct proc *p)
{
	if ((p != fpu_owner) != fpu_forbidden)
		fpu_forbid(p != fpu_owner);
}

void fpu_device_not_available(struct proc *p);
void fpu_fork(struct proc *child, struct proc *parent);
void fpu_forget(struct proc *p);

/* the rest of the machine */
void pic_init(void);
int pic_is_spurious(uint32_t irq);
void pic_end_of_interrupt(uint32_t irq);
int pic_timer_pending(void);
void timer_init(void);
void uart_init(void);
void multiboot_read(uint32_t magic, uint32_t info);

/* exception.c, called by entry.S */
__attribute__((noreturn)) void exception_from_process(const struct arch_frame *frame);
__attribute__((noreturn)) void exception_on_exit(const struct arch_frame *frame);
__attribute__((noreturn)) void exception_from_v86(void);
__attribute__((noreturn)) void interrupt_from_v86(uint32_t irq);
void exception_from_kernel(struct arch_frame *frame);
__attribute__((noreturn)) void interrupt_from_process(uint32_t irq);
void interrupt_from_kernel(uint32_t irq);
__attribute__((noreturn)) void trap_ipc(uint32_t call, endpoint_t other, vir_bytes address);
__attribute__((noreturn)) void trap_kcall(vir_bytes address);
__attribute__((noreturn)) void trap_syscall(void);
__attribute__((noreturn)) void i386_start(uint32_t magic, uint32_t info);

/* entry.S */
extern const uint32_t exception_vectors[NR_EXCEPTIONS], interrupt_vectors[16];
extern char trap_ipc_entry[], trap_kcall_entry[], trap_syscall_entry[];
extern char exit_popped[]; /* on the way out from here on, the processor holds the process's registers */
extern char copy_message_begin[], copy_message_fault[];
extern char phys_copy_begin[], phys_copy_fault[], phys_copy_backward_begin[], phys_copy_backward_fault[];
extern char phys_copy_long_begin[], phys_copy_long_fault[];
extern char kernel_stack[], kernel_stack_top[];
extern uint32_t copy_fault_error; /* the processor's error code of the last fault inside the copy routine */
uint32_t phys_copy(uint32_t from, uint32_t to, uint32_t bytes, uint32_t *done);
uint32_t phys_copy_long(uint32_t from, uint32_t to, uint32_t bytes, uint32_t *done);
uint32_t copy_message(uint32_t from, uint32_t to);
uint32_t phys_copy_backward(uint32_t from, uint32_t to, uint32_t bytes, uint32_t *done);
__attribute__((noreturn)) void return_to_user(const struct arch_frame *regs);
__attribute__((noreturn)) void return_to_other(const struct arch_frame *regs, uint32_t fs, uint32_t gs);

#endif
