/* SPDX-License-Identifier: MIT */
/* What a person needs to see when the system stops. */
#include <formats/callchain.h>
#include <granite/abi/errno.h>
#include <granite/abi/info.h>

#include "copy.h"
#include "log.h"
#include "machine.h"
#include "symbols.h"

#define CHAIN_MAX 24

static void dump_selector(const char *name, uint32_t selector)
{
	unsigned index = (selector & 0xffff) >> 3;
	const struct descriptor *d = &gdt[index];

	klog("  %s %04x: ", name, selector & 0xffff);
	if (selector & 4 || index >= GDT_ENTRIES)
		klog("not in the table\n");
	else if (index == 0)
		klog("null\n");
	else
		klog("base %08x limit %08x ring %u %s%s\n", segment_base(d), segment_limit(d),
		     (d->high >> 13) & 3, d->high & 0x800 ? "code" : "data",
		     d->high & 0x8000 ? "" : ", not present");
}

static void dump_registers(const struct arch_frame *f)
{
	uint32_t fs, gs;

	__asm__ volatile("movl %%fs, %0\n\tmovl %%gs, %1" : "=r"(fs), "=r"(gs));
	klog("  eax %08x ebx %08x ecx %08x edx %08x\n", f->eax, f->ebx, f->ecx, f->edx);
	klog("  esi %08x edi %08x ebp %08x eip %08x\n", f->esi, f->edi, f->ebp, f->eip);
	klog("  eflags %08x vector %u error %x", f->eflags, f->vector, f->error);
	if (RPL(f->cs))
		klog(" esp %08x", f->esp);
	klog("\n");
	dump_selector("cs", f->cs);
	dump_selector("ds", f->ds);
	dump_selector("es", f->es);
	dump_selector("fs", fs);
	dump_selector("gs", gs);
	if (RPL(f->cs))
		dump_selector("ss", f->ss);
}

static void dump_process(void)
{
	static const char *const names[] = {
#define FLAG(bit, name, text) [bit] = text,
	        GRANITE_RTS_FLAGS(FLAG)
#undef FLAG
	};
	const struct proc *p = current;

	if (!p) {
		klog("  no process runs yet\n");
		return;
	}
	klog("  process %s, endpoint %d, slot %d, %s, directory %08x, pc %08x, sp %08x; waits:", p->name,
	     p->endpoint, proc_slot(p), proc_small(p) ? "small" : "with a page table", p->arch.directory,
	     p->regs.eip, p->regs.esp);
	for (unsigned bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++)
		if (p->rts_flags & (1u << bit))
			klog(" %s", names[bit]);
	klog("%s\n", p->rts_flags ? "" : " no");
}

static void dump_call(uint32_t address, uint32_t back)
{
	unsigned offset = 0;
	const char *name = symbol_find(address - back, &offset);

	klog("    %08x %s+%x\n", address, name ? name : "?", offset + back);
}

static int on_stack(uint32_t frame)
{
	return frame >= (uint32_t)kernel_stack && frame + 8 <= (uint32_t)kernel_stack_top && frame % 4 == 0;
}

/* The kernel's: the chain of frame pointers; entry.S ends it with 0. */
static void dump_chain(uint32_t eip, uint32_t frame)
{
	klog(eip ? "  it was at, and was called from:\n" : "  called from:\n");
	if (eip)
		dump_call(eip, 0);
	for (int depth = 0; depth < CHAIN_MAX && on_stack(frame); depth++) {
		const uint32_t *words = (const uint32_t *)frame;

		/* What counts is the call: behind one that never returns another function may begin. */
		dump_call(words[1], 1);
		frame = words[0];
	}
}

static int read_process(void *context, uint32_t address, void *buffer, uint32_t bytes)
{
	struct proc *p = context;
	struct arch_copy_result result;
	uint32_t reached = bytes;

	if (!copy_in_range(p, address, bytes))
		return -EFAULT;
	arch_copy(arch_reach_proc(p, address, &reached), (uint32_t)buffer, reached, &result);
	arch_windows_close();
	return result.fault || reached < bytes ? -EFAULT : OK;
}

/* The process's own calls. Its program's symbols are not here: tools/symbolize names them. */
static void dump_process_chain(struct proc *p)
{
	const struct callchain_memory memory = {
	        .read = read_process, .context = p, .text_end = p->arch.limit};
	const struct callchain_place place = {
	        .pc = p->regs.eip, .sp = p->regs.esp, .frame = p->regs.ebp, .bridge = p->bridge_control};
	struct callchain chain;

	callchain_find(&memory, &place, &chain);
	klog("  process %s is at, and was called from:\n", p->name);
	for (uint32_t i = 0; i < chain.count; i++)
		klog("    %08x%s\n", chain.entries[i].address, callchain_mark(chain.entries[i].kind));
}

/* What may go wrong itself, because it looks at a process, comes last. */
void arch_dump(const struct arch_frame *frame)
{
	klog("  cr0 %08x cr2 %08x cr3 %08x cr4 %08x\n", read_cr0(), read_cr2(), read_cr3(), read_cr4());
	if (frame)
		dump_registers(frame);
	dump_process();
	if (frame && RPL(frame->cs) == 0)
		dump_chain(frame->eip, frame->ebp);
	else
		dump_chain(0, (uint32_t)__builtin_frame_address(0));
	if (current)
		dump_process_chain(current);
}
