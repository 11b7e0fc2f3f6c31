/* SPDX-License-Identifier: MIT */
/*
 * The descriptor tables and the task state. The descriptor table holds the kernel's segments and those of the
 * running process alone. Intel SDM vol. 3A, chapters 3 (descriptors), 6 (gates) and 7 (TSS).
 */
#include <granite/abi/ipc.h>
#include <stddef.h>

#include "machine.h"
#include "priv.h"
#include "string.h"

#define GATE_INTERRUPT 0x8e00u /* present, 32-bit interrupt gate */
#define TSS_AVAILABLE  0x89u

struct descriptor gdt[GDT_ENTRIES];
static struct descriptor idt[256];

struct table_register {
	uint16_t limit;
	uint32_t base;
} __attribute__((packed));

#define PORTS 65536

struct tss {
	uint32_t back_link;
	uint32_t esp0, ss0;
	uint32_t unused[22];
	uint16_t trap, io_map_base;
	uint8_t io_map[PORTS / 8 + 1]; /* a set bit refuses; the last byte must be all ones */
} __attribute__((packed, aligned(4)));

_Static_assert(offsetof(struct tss, io_map) == 104, "the TSS is as the processor wants it");

#define NO_IO_MAP 0xffff /* beyond the TSS's limit: every port is refused */

static struct tss tss;
int ports_allowed;
static const struct priv *io_map_owner; /* whose ports the map allows; NULL: none */

struct descriptor segment_make(uint32_t base, uint32_t bytes_minus_one, uint32_t access)
{
	uint32_t limit = bytes_minus_one, flags = 0x4; /* 32-bit */

	if (limit >= BIG_SEGMENT) {
		limit >>= PAGE_SHIFT;
		flags |= 0x8;
	}
	return (struct descriptor){
	        .low = (base << 16) | (limit & 0xffff),
	        .high = (base & 0xff000000) | (flags << 20) | (limit & 0xf0000) | (access << 8) |
	                ((base >> 16) & 0xff),
	};
}

uint32_t segment_base(const struct descriptor *d)
{
	return (d->low >> 16) | ((d->high & 0xff) << 16) | (d->high & 0xff000000);
}

uint32_t segment_limit(const struct descriptor *d)
{
	uint32_t limit = (d->low & 0xffff) | (d->high & 0xf0000);

	return d->high & 0x800000 ? (limit << PAGE_SHIFT) | (PAGE_SIZE - 1) : limit;
}

static void set_gate(unsigned vector, uint32_t address, unsigned dpl)
{
	idt[vector].low = (KERNEL_CS << 16) | (address & 0xffff);
	idt[vector].high = (address & 0xffff0000) | GATE_INTERRUPT | (dpl << 13);
}

static void set_gates(void)
{
	enum { BREAKPOINT = 3, OVERFLOW = 4 }; /* int3 and into are for programs */

	for (unsigned i = 0; i < NR_EXCEPTIONS; i++)
		set_gate(i, exception_vectors[i], i == BREAKPOINT || i == OVERFLOW ? 3 : 0);
	for (unsigned i = 0; i < 16; i++)
		set_gate(IRQ_VECTOR + i, interrupt_vectors[i], 0);
	set_gate(IPC_VECTOR, (uint32_t)trap_ipc_entry, 3);
	set_gate(KCALL_VECTOR, (uint32_t)trap_kcall_entry, 3);
	set_gate(SYSCALL_VECTOR, (uint32_t)trap_syscall_entry, 3);
}

static void load_tables(void)
{
	struct table_register gdt_register = {sizeof(gdt) - 1, (uint32_t)gdt};
	struct table_register idt_register = {sizeof(idt) - 1, (uint32_t)idt};

	__asm__ volatile("lgdt %0\n\t"
	                 "ljmp %2, $1f\n"
	                 "1:\n\t"
	                 "movl %3, %%ds\n\t"
	                 "movl %3, %%es\n\t"
	                 "movl %3, %%ss\n\t"
	                 "movl %4, %%fs\n\t"
	                 "movl %4, %%gs\n\t"
	                 "lidt %1\n\t"
	                 "lldt %w4\n\t"
	                 "ltr %w5"
	                 :
	                 : "m"(gdt_register), "m"(idt_register), "i"(KERNEL_CS), "r"(KERNEL_DS), "r"(0),
	                   "r"(TSS_SEL)
	                 : "memory");
}

void segments_init(void)
{
	gdt[KERNEL_CS_INDEX] = segment_make(0, PROC_BASE - 1, SEGMENT_CODE);
	gdt[KERNEL_DS_INDEX] = segment_make(0, PROC_BASE - 1, SEGMENT_DATA);
	gdt[FLAT_DS_INDEX] = segment_make(0, 0xffffffff, SEGMENT_DATA);
	gdt[TSS_INDEX] = segment_make((uint32_t)&tss, sizeof(tss) - 1, TSS_AVAILABLE);
	gdt[TSS_INDEX].high &= ~(0x4u << 20); /* the 32-bit flag is a code or data segment's */
	tss.ss0 = KERNEL_DS;
	tss.esp0 = (uint32_t)kernel_stack_top;
	tss.io_map_base = NO_IO_MAP;
	memset(tss.io_map, 0xff, sizeof(tss.io_map));
	set_gates();
	load_tables();
}

void tss_set_stack(const struct proc *p)
{
	tss.esp0 = (uint32_t)(&p->regs + 1);
}

static void allow_ports(const struct priv_spec *spec)
{
	for (uint32_t i = 0; i < spec->nr_ports; i++)
		for (uint32_t port = spec->ports[i].first; port <= spec->ports[i].last; port++)
			tss.io_map[port / 8] &= ~(1u << (port % 8));
}

static void fill_io_map(const struct proc *p)
{
	if (io_map_owner == p->priv)
		return;
	if (io_map_owner)
		memset(tss.io_map, 0xff, sizeof(tss.io_map));
	io_map_owner = p->priv;
	allow_ports(&p->priv->spec);
}

void tss_set_ports(const struct proc *p)
{
	ports_allowed = p->priv->spec.nr_ports > 0;
	tss.io_map_base = ports_allowed ? offsetof(struct tss, io_map) : NO_IO_MAP;
	if (ports_allowed)
		fill_io_map(p);
}

/* The process whose call this is may go on without a switch: it too gets its ports anew. */
void arch_ports_changed(void)
{
	if (io_map_owner)
		memset(tss.io_map, 0xff, sizeof(tss.io_map));
	io_map_owner = NULL;
	ports_allowed = 0;
	tss.io_map_base = NO_IO_MAP;
	segments_reload(current);
}
