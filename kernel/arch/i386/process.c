/* SPDX-License-Identifier: MIT */
/* Processes as the processor sees them: registers, segments, the switch from one to the other. */
#include <granite/abi/errno.h>

#include "vmassert.h"
#include "boot.h"
#include "counters.h"
#include "machine.h"
#include "priv.h"
#include "string.h"

#define SELECTOR(index, ring) ((index)*8 + (ring))
#define ORDINARY_RING         3
#define SMALL_RING            1

/* Whose segments the descriptor table holds and whose fs and gs are in the processor; NULL: nobody's. */
static struct proc *loaded;

static unsigned ring_of(const struct proc *p)
{
	return proc_small(p) ? SMALL_RING : ORDINARY_RING;
}

static void set_segments(struct proc *p, uint32_t base, uint32_t bytes, unsigned ring)
{
	p->arch.base = base;
	p->arch.limit = bytes;
	p->arch.code = segment_make(base, bytes - 1, SEGMENT_CODE | SEGMENT_DPL(ring));
	p->arch.data = segment_make(base, bytes - 1, SEGMENT_DATA | SEGMENT_DPL(ring));
}

void arch_proc_init(struct proc *p)
{
	set_segments(p, PROC_BASE, PROC_SIZE, ORDINARY_RING);
}

void arch_proc_init_small(struct proc *p, phys_bytes base, uint32_t bytes)
{
	set_segments(p, base, bytes, SMALL_RING);
}

void arch_proc_start(struct proc *p, vir_bytes pc, vir_bytes sp)
{
	uint32_t data = SELECTOR(USER_DS_INDEX, ring_of(p));

	memset(&p->regs, 0, sizeof(p->regs));
	p->regs.eip = pc;
	p->regs.esp = sp;
	p->regs.cs = SELECTOR(USER_CS_INDEX, ring_of(p));
	p->regs.ds = p->regs.es = p->regs.ss = data;
	p->regs.eflags = EFLAGS_FIXED | EFLAGS_IF;
	p->arch.fs = p->arch.gs = 0;
	memset(p->arch.tls, 0, sizeof(p->arch.tls));
	fpu_forget(p);
	if (loaded == p)
		loaded = NULL;
}

static void save_selectors(struct proc *p)
{
	uint32_t fs, gs;

	__asm__ volatile("movl %%fs, %0\n\tmovl %%gs, %1" : "=r"(fs), "=r"(gs));
	p->arch.fs = fs & 0xffff;
	p->arch.gs = gs & 0xffff;
}

void arch_set_stepping(struct proc *p, int on)
{
	p->regs.eflags = (p->regs.eflags & ~EFLAGS_TF) | (on ? EFLAGS_TF : 0);
}

void arch_proc_fork(struct proc *child, struct proc *parent)
{
	vmassert(loaded != parent); /* VM is: the parent's fs and gs have been saved */
	child->regs = parent->regs;
	child->arch.fs = parent->arch.fs;
	child->arch.gs = parent->arch.gs;
	memcpy(child->arch.tls, parent->arch.tls, sizeof(child->arch.tls));
	fpu_fork(child, parent);
}

void arch_proc_forget(struct proc *p)
{
	fpu_forget(p);
	if (loaded == p)
		loaded = NULL;
	directory_leave(p->arch.directory);
	p->arch.directory = 0;
}

void arch_set_result(struct proc *p, int32_t result)
{
	p->regs.eax = result;
}

void arch_set_status(struct proc *p, uint32_t status)
{
	p->regs.ebx = status;
}

uint32_t arch_status(const struct proc *p)
{
	return p->regs.ebx;
}

/* `int n` is two bytes long. */
void arch_retry_trap(struct proc *p)
{
	p->regs.eip -= 2;
}

uint32_t arch_limit(const struct proc *p)
{
	return p->arch.limit;
}

uint32_t arch_pc(const struct proc *p)
{
	return p->regs.eip;
}

void arch_set_pc(struct proc *p, vir_bytes pc)
{
	p->regs.eip = pc;
}

uint32_t arch_sp(const struct proc *p)
{
	return p->regs.esp;
}

void arch_registers(const struct proc *p, struct sys_registers_rep *registers)
{
	const struct arch_frame *f = &p->regs;

	*registers = (struct sys_registers_rep){
	        .eax = f->eax,
	        .ebx = f->ebx,
	        .ecx = f->ecx,
	        .edx = f->edx,
	        .esi = f->esi,
	        .edi = f->edi,
	        .ebp = f->ebp,
	        .esp = f->esp,
	        .eip = f->eip,
	        .eflags = f->eflags,
	        .cs = f->cs,
	        .ss = f->ss,
	        .ds = f->ds,
	        .es = f->es,
	        .fs = p->arch.fs,
	        .gs = p->arch.gs,
	        .bridge_control = p->bridge_control,
	};
}

uint32_t arch_bounce(struct proc *p, vir_bytes entry)
{
	vir_bytes sp = p->regs.esp - sizeof(uint32_t);
	struct arch_copy_result result;

	if (sp > p->arch.limit - sizeof(uint32_t))
		return sp;
	arch_copy((uint32_t)&p->regs.eip, p->arch.base + sp, sizeof(uint32_t), &result);
	if (result.fault)
		return fault_address(p, result.fault);
	p->regs.esp = sp;
	p->regs.eip = entry;
	return 0;
}

/* --- TLS --- */

static int find_tls_slot(const struct proc *p, int32_t index)
{
	if (index != -1)
		return index >= TLS_INDEX_MIN && index < TLS_INDEX_MIN + TLS_SLOTS ? index - TLS_INDEX_MIN
		                                                                   : -EINVAL;
	for (int slot = 0; slot < TLS_SLOTS; slot++)
		if (!p->arch.tls[slot].high)
			return slot;
	return -ESRCH;
}

/* A small process shares the kernel's pages: its TLS ends with its own segment, whatever it asks for. */
static int clip_to_segment(const struct proc *p, uint32_t base, uint32_t *last)
{
	if (base >= p->arch.limit)
		return -EINVAL;
	if (*last > p->arch.limit - 1 - base)
		*last = p->arch.limit - 1 - base;
	/* A limit this large counts whole pages: the last one must be whole too. */
	if (*last >= BIG_SEGMENT)
		*last = ((*last + 1) & ~(PAGE_SIZE - 1)) - 1;
	return OK;
}

int arch_set_tls(struct proc *p, const struct sys_settls_req *request)
{
	int slot = find_tls_slot(p, request->index);
	uint32_t last = request->limit;

	if (slot < 0)
		return slot;
	if (request->flags & SETTLS_CLEAR) {
		p->arch.tls[slot] = (struct descriptor){0, 0};
	} else {
		if (request->flags & SETTLS_PAGES)
			last = (last << PAGE_SHIFT) | (PAGE_SIZE - 1);
		if (proc_small(p) && clip_to_segment(p, request->base, &last) != OK)
			return -EINVAL;
		/* DPL 3 in ring 1 too: the C library asks for it with RPL 3, and only the running process is
		 * there. */
		p->arch.tls[slot] =
		        segment_make(p->arch.base + request->base, last, SEGMENT_DATA | SEGMENT_DPL(3));
	}
	segments_reload(p);
	return slot + TLS_INDEX_MIN;
}

/* The processor keeps what a selector meant when it was loaded: it is loaded anew. */
void segments_reload(struct proc *p)
{
	if (loaded != p)
		return;
	save_selectors(p);
	loaded = NULL;
}

void segments_forget(struct proc *p)
{
	__asm__ volatile("movl %0, %%fs\n\tmovl %0, %%gs" : : "r"(0));
	p->arch.fs = p->arch.gs = 0;
}

/* --- the switch --- */

static void load_descriptors(const struct proc *p)
{
	/* The code and data segments of all processes with a page table are the same; the two go together. */
	if (gdt[USER_CS_INDEX].low != p->arch.code.low || gdt[USER_CS_INDEX].high != p->arch.code.high) {
		gdt[USER_CS_INDEX] = p->arch.code;
		gdt[USER_DS_INDEX] = p->arch.data;
	}
	for (int slot = 0; slot < TLS_SLOTS; slot++)
		gdt[TLS_INDEX_MIN + slot] = p->arch.tls[slot];
}

void arch_load(struct proc *p)
{
	if (!proc_small(p) && p->arch.directory != loaded_directory)
		directory_load(p->arch.directory);
}

void arch_run(struct proc *p)
{
	if (p == loaded)
		return_to_user(&p->regs);
	if (loaded)
		save_selectors(loaded);
	loaded = p;
	load_descriptors(p);
	tss_set_stack(p);
	if (p->priv->spec.nr_ports > 0 || ports_allowed)
		tss_set_ports(p);
	fpu_allow(p);
	return_to_other(&p->regs, p->arch.fs, p->arch.gs);
}
