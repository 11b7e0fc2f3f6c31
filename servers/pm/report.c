/* SPDX-License-Identifier: MIT */
/*
 * What the log says of a process that crashes. tools/lib/symbolize.py knows the form of the first line and
 * of the call chain's.
 */
#include <stdio.h>
#include <string.h>
#include <formats/callchain.h>
#include <granite/abi/layout.h>
#include <granite/region_words.h>
#include <granite/sys.h>
#include <granite/vm.h>
#include "pm.h"

#define PAGE_FAULT 14
#define CAUSE_MAX  96

/* What the processor calls its exceptions: Intel SDM vol. 3A, table 6-1. */
static const char *exception_name(uint32_t trap)
{
	static const char *const names[] = {
	        [0] = "divide error",         [1] = "debug exception",
	        [3] = "breakpoint",           [4] = "overflow",
	        [5] = "bound range exceeded", [6] = "invalid opcode",
	        [10] = "invalid TSS",         [11] = "segment not present",
	        [12] = "stack fault",         [13] = "general protection",
	        [PAGE_FAULT] = "page fault",  [16] = "floating-point error",
	        [17] = "misaligned access",   [19] = "SIMD floating-point error",
	};

	return trap < sizeof(names) / sizeof(names[0]) && names[trap] ? names[trap] : "exception";
}

/* si_code: above 0 the kernel raised the signal, otherwise a process sent it. */
static int is_exception(const struct signal_info *info)
{
	return info->code > 0;
}

/* The kernel raises a SIGSEGV as well, without a trap, when it can't reach what the process has named. */
static int kernel_missed_memory(int signal, const struct signal_info *info)
{
	return signal == SIGSEGV && info->b == 0;
}

static int has_address(int signal, const struct signal_info *info)
{
	return is_exception(info) && (info->b == PAGE_FAULT || kernel_missed_memory(signal, info));
}

const char *report_program(const struct process *process)
{
	static struct cpio_entry entry;

	if (!process->program || archive_find_at(process->program, &entry) != OK)
		return process->name;
	return entry.name;
}

/* ---- Why ---- */

static void describe_sender(const struct process *process, const struct signal_info *info, char *text)
{
	const struct process *sender = process_by_pid((int32_t)info->a);

	if (sender == process)
		snprintf(text, CAUSE_MAX, "which it sent to itself");
	else
		snprintf(text, CAUSE_MAX, "sent by %s (pid %d)", sender ? sender->name : "a process",
		         (int32_t)info->a);
}

static void describe_access(const struct signal_info *info, uint32_t eip, char *text)
{
	const char *access = info->a == eip ? "jump to" : info->c & VM_FAULT_WRITE ? "write to" : "read from";

	snprintf(text, CAUSE_MAX, "%s 0x%08x", access, info->a);
}

static void describe_cause(const struct process *process, int signal, const struct signal_info *info,
                           uint32_t eip, char *text)
{
	if (!is_exception(info))
		describe_sender(process, info, text);
	else if (info->b == PAGE_FAULT)
		describe_access(info, eip, text);
	else if (kernel_missed_memory(signal, info))
		snprintf(text, CAUSE_MAX, "no stack or message at 0x%08x, where the kernel needs one",
		         info->a);
	else
		snprintf(text, CAUSE_MAX, "%s", exception_name(info->b));
}

/* ---- Where ---- */

static void log_region(const char *place, const struct vm_region_rep *region,
                       const struct vm_region_rep *before)
{
	char words[REGION_WORDS_MAX], rights[4];
	struct cpio_entry entry;
	const char *file = NULL;

	if (region->type == REGION_ARCHIVE && archive_find_at(region->offset, &entry) == OK)
		file = entry.name;
	pm_log("  %s %08x - %08x, %s, %s", place, region->start, region->end,
	       region_rights(region->prot, rights), region_words(region, before, file, words));
}

static int is_right_below_stack(const struct vm_region_rep *region, vir_bytes address)
{
	return region->end == STACK_TOP && region->start - address <= STACK_GUARD;
}

static void log_neighbours(vir_bytes address, const struct vm_region_rep *below,
                           const struct vm_region_rep *above)
{
	if (address >= PROC_SIZE)
		pm_log("  that is beyond a process's memory");
	else if (above && is_right_below_stack(above, address))
		pm_log("  nothing is mapped there, right below the stack: it may have overflowed");
	else
		pm_log("  nothing is mapped there");
	if (below)
		log_region("below it:", below, NULL);
	if (above)
		log_region("above it:", above, below);
}

static void log_place(endpoint_t endpoint, vir_bytes address)
{
	struct vm_region_rep at, before;
	int has_at = vm_region(endpoint, address, &at) == OK;
	int has_before = vm_region_below(endpoint, address, &before) == OK;

	if (has_at && at.start <= address)
		log_region("there is", &at, has_before ? &before : NULL);
	else
		log_neighbours(address, has_before ? &before : NULL, has_at ? &at : NULL);
}

/* ---- How ---- */

static void log_registers(const struct sys_registers_rep *r)
{
	pm_log("  eax %08x ebx %08x ecx %08x edx %08x", r->eax, r->ebx, r->ecx, r->edx);
	pm_log("  esi %08x edi %08x ebp %08x esp %08x", r->esi, r->edi, r->ebp, r->esp);
	pm_log("  eip %08x eflags %08x cs %04x ss %04x ds %04x es %04x fs %04x gs %04x", r->eip, r->eflags,
	       r->cs, r->ss, r->ds, r->es, r->fs, r->gs);
}

static int peek(void *context, uint32_t address, void *buffer, uint32_t bytes)
{
	const struct process *process = context;

	return memory_peek(process->endpoint, address, buffer, bytes);
}

static void log_chain(const struct process *process, const struct sys_registers_rep *registers)
{
	const struct callchain_memory memory = {.read = peek,
	                                        .context = (void *)(uintptr_t)process,
	                                        .text_start = process->text_start,
	                                        .text_end = process->text_end};
	const struct callchain_place place = {.pc = registers->eip,
	                                      .sp = registers->esp,
	                                      .frame = registers->ebp,
	                                      .bridge = registers->bridge_control};
	struct callchain chain;

	callchain_find(&memory, &place, &chain);
	pm_log("  it was at, and was called from:");
	for (uint32_t i = 0; i < chain.count; i++)
		pm_log("    %08x%s", chain.entries[i].address, callchain_mark(chain.entries[i].kind));
}

void report_crash(const struct process *process, int signal, const struct signal_info *info)
{
	struct sys_registers_rep registers;
	char cause[CAUSE_MAX];

	if (sys_registers(process->endpoint, &registers) != OK)
		return; /* there is no such process, and nothing to be told of it */
	describe_cause(process, signal, info, registers.eip, cause);
	pm_log("CRASH: %s (%s, pid %d, endpoint %d) died of %s: %s", process->name, report_program(process),
	       process->pid, process->endpoint, signal_name(signal), cause);
	if (has_address(signal, info))
		log_place(process->endpoint, info->a);
	log_registers(&registers);
	if (is_exception(info) && !kernel_missed_memory(signal, info))
		pm_log("  exception %u (%s), error code %x", info->b, exception_name(info->b), info->c);
	log_chain(process, &registers);
}
