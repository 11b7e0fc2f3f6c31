/* SPDX-License-Identifier: MIT */
/* The FPU is switched lazily, by exception 7 at the first use. Intel SDM vol. 1, 10.5; vol. 3A, 2.5. */
#include "counters.h"
#include "machine.h"
#include "string.h"

struct proc *fpu_owner;
int fpu_forbidden = 1;
static uint8_t initial[FXSAVE_BYTES] __attribute__((aligned(16)));

void fpu_forbid(int yes)
{
	if (yes)
		write_cr0(read_cr0() | CR0_TS);
	else
		__asm__ volatile("clts");
	fpu_forbidden = yes;
}

static void save(struct proc *p)
{
	fpu_forbid(0);
	__asm__ volatile("fxsave %0" : "=m"(p->arch.fpu));
}

void fpu_init(void)
{
	write_cr0((read_cr0() | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS));
	write_cr4(read_cr4() | CR4_OSFXSR | (cpu_features() & CPUID_SSE ? CR4_OSXMMEXCPT : 0));
	__asm__ volatile("fninit\n\tfxsave %0" : "=m"(initial));
	write_cr0(read_cr0() | CR0_TS);
}

void fpu_device_not_available(struct proc *p)
{
	COUNT(fpu_switches);
	if (fpu_owner)
		save(fpu_owner);
	fpu_forbid(0);
	if (!(p->misc_flags & MF_FPU_USED)) {
		memcpy(p->arch.fpu, initial, FXSAVE_BYTES);
		p->misc_flags |= MF_FPU_USED;
	}
	__asm__ volatile("fxrstor %0" : : "m"(p->arch.fpu));
	fpu_owner = p;
}

void fpu_fork(struct proc *child, struct proc *parent)
{
	if (!(parent->misc_flags & MF_FPU_USED))
		return;
	if (fpu_owner == parent)
		save(parent);
	memcpy(child->arch.fpu, parent->arch.fpu, FXSAVE_BYTES);
	fpu_allow(current);
}

void fpu_forget(struct proc *p)
{
	p->misc_flags &= ~MF_FPU_USED;
	if (fpu_owner == p)
		fpu_owner = NULL;
	if (current)
		fpu_allow(current);
}
