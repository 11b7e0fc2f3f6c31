/* SPDX-License-Identifier: MIT */
/* guest: machine=qemu,bochs timeout=600 */
/* What the processor must refuse a process: privileged instructions, others' segments, ports, interrupt
 * vectors. */
#define _GNU_SOURCE
#include <ucontext.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Privileged instructions ---- */

static uint32_t scratch[16];

#define INSTRUCTION(name, text)                                                                          \
	static void name(void)                                                                           \
	{                                                                                                \
		__asm__ volatile(text : : "a"(0), "b"(scratch), "c"(0x174), "d"(0x80) : "memory", "cc"); \
	}

INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_sti, "sti")
INSTRUCTION(do_hlt, "hlt")
INSTRUCTION(do_lgdt, "lgdt (%%ebx)")
INSTRUCTION(do_lidt, "lidt (%%ebx)")
INSTRUCTION(do_lldt, "lldt %%ax")
INSTRUCTION(do_ltr, "ltr %%ax")
INSTRUCTION(do_lmsw, "lmsw %%ax")
INSTRUCTION(do_clts, "clts")
INSTRUCTION(do_invd, "invd")
INSTRUCTION(do_wbinvd, "wbinvd")
INSTRUCTION(do_invlpg, "invlpg (%%ebx)")
INSTRUCTION(do_rdmsr, "rdmsr")
INSTRUCTION(do_wrmsr, "wrmsr")
INSTRUCTION(do_read_cr0, "mov %%cr0, %%eax")
INSTRUCTION(do_write_cr0, "mov %%eax, %%cr0")
INSTRUCTION(do_read_cr3, "mov %%cr3, %%eax")
INSTRUCTION(do_write_cr3, "mov %%eax, %%cr3")
INSTRUCTION(do_write_cr4, "mov %%eax, %%cr4")
INSTRUCTION(do_read_dr7, "mov %%dr7, %%eax")
INSTRUCTION(do_write_dr7, "mov %%eax, %%dr7")
INSTRUCTION(do_in, "in %%dx, %%al")
INSTRUCTION(do_out, "out %%al, %%dx")
INSTRUCTION(do_ins, "push %%edi\n\tmov %%ebx, %%edi\n\tinsb\n\tpop %%edi")
INSTRUCTION(do_outs, "push %%esi\n\tmov %%ebx, %%esi\n\toutsb\n\tpop %%esi")
INSTRUCTION(do_sysexit, "sysexit")

static const struct instruction {
	const char *name;
	void (*run)(void);
} privileged[] = {
        {"cli", do_cli},
        {"sti", do_sti},
        {"hlt", do_hlt},
        {"lgdt", do_lgdt},
        {"lidt", do_lidt},
        {"lldt", do_lldt},
        {"ltr", do_ltr},
        {"lmsw", do_lmsw},
        {"clts", do_clts},
        {"invd", do_invd},
        {"wbinvd", do_wbinvd},
        {"invlpg", do_invlpg},
        {"rdmsr", do_rdmsr},
        {"wrmsr", do_wrmsr},
        {"mov from cr0", do_read_cr0},
        {"mov to cr0", do_write_cr0},
        {"mov from cr3", do_read_cr3},
        {"mov to cr3", do_write_cr3},
        {"mov to cr4", do_write_cr4},
        {"mov from dr7", do_read_dr7},
        {"mov to dr7", do_write_dr7},
        {"in", do_in},
        {"out", do_out},
        {"ins", do_ins},
        {"outs", do_outs},
        {"sysexit", do_sysexit},
};

INSTRUCTION(do_ud2, "ud2")
INSTRUCTION(do_rsm, "rsm")

static const struct instruction undefined[] = {
        {"ud2", do_ud2},
        {"rsm", do_rsm},
};

static void expect_signal(const struct instruction *instruction, int signal)
{
	int ending = tap_ending(tap_child(instruction->run));
	if (ending != TAP_SIGNAL + signal) {
		printf("# %s: ended with %d\n", instruction->name, ending);
		tap_failures++;
	}
}

static void privileged_instructions_are_refused(void)
{
	for (unsigned i = 0; i < COUNT(privileged); i++)
		expect_signal(&privileged[i], SIGSEGV);
	for (unsigned i = 0; i < COUNT(undefined); i++)
		expect_signal(&undefined[i], SIGILL);
}

/* sysenter would enter the kernel at an address of the processor's, were it set up. */
static void enter_by_sysenter(void)
{
	__asm__ volatile("sysenter" : : : "memory");
}

static void sysenter_leads_nowhere(void)
{
	int ending = tap_ending(tap_child(enter_by_sysenter));
	CHECK(ending == TAP_SIGNAL + SIGSEGV || ending == TAP_SIGNAL + SIGILL);
}

#define FLAG_INTERRUPTS 0x200
#define FLAG_IOPL       0x3000
#define FLAG_NESTED     0x4000
#define FLAG_VM86       0x20000

/* popf and iret silently leave alone what the process may not change. */
static void flags_that_are_not_the_process_s_stay(void)
{
	uint32_t flags;
	__asm__ volatile("pushf\n\t"
	                 "pop %%eax\n\t"
	                 "and %1, %%eax\n\t"
	                 "or %2, %%eax\n\t"
	                 "push %%eax\n\t"
	                 "popf\n\t"
	                 "pushf\n\t"
	                 "pop %0"
	                 : "=r"(flags)
	                 : "i"(~FLAG_INTERRUPTS), "i"(FLAG_IOPL)
	                 : "eax", "cc", "memory");
	CHECK(flags & FLAG_INTERRUPTS);
	CHECK(!(flags & FLAG_IOPL));
	__asm__ volatile("pushf\n\t"
	                 "pop %%eax\n\t"
	                 "and %1, %%eax\n\t"
	                 "or %2, %%eax\n\t"
	                 "push %%eax\n\t"
	                 "push %%cs\n\t"
	                 "push $1f\n\t"
	                 "iret\n"
	                 "1:\tpushf\n\t"
	                 "pop %0"
	                 : "=r"(flags)
	                 : "i"(~FLAG_INTERRUPTS), "i"(FLAG_IOPL)
	                 : "eax", "cc", "memory");
	CHECK(flags & FLAG_INTERRUPTS);
	CHECK(!(flags & FLAG_IOPL));
}

static void iret_to_virtual_8086_mode(void)
{
	__asm__ volatile("mov %%esp, %%ecx\n\t"
	                 "push $0\n\tpush $0\n\tpush $0\n\tpush $0\n\tpush $0\n\tpush $0\n\t"
	                 "pushf\n\t"
	                 "orl %0, (%%esp)\n\t"
	                 "push %%cs\n\t"
	                 "push $1f\n\t"
	                 "iret\n"
	                 "1:\tmov %%ecx, %%esp"
	                 :
	                 : "i"(FLAG_VM86)
	                 : "ecx", "cc", "memory");
}

/* The manual says that the flag is ignored here; QEMU 7.2 obeys it. Then the process must die of it. */
static void virtual_8086_mode_can_not_be_entered(void)
{
	int ending = tap_ending(tap_child(iret_to_virtual_8086_mode));
	CHECK(ending == 0 || ending > TAP_SIGNAL);
	CHECK(sys_self() > 0);
}

/* The flag makes iret look for a task to go back to. The kernel's own must not do so. */
static void set_nested_task_and_enter_the_kernel(void)
{
	__asm__ volatile("pushf\n\torl %0, (%%esp)\n\tpopf" : : "i"(FLAG_NESTED) : "cc", "memory");
	CHECK(sys_self() > 0);
	CHECK(getppid() > 0);
	__asm__ volatile("push %%cs\n\tpush $1f\n\tiret\n1:" : : : "memory");
}

static void the_nested_task_flag_harms_its_setter_alone(void)
{
	CHECK_KILLED(tap_child(set_nested_task_and_enter_the_kernel), SIGSEGV);
	CHECK(sys_self() > 0);
}

static void step_into_the_kernel(void)
{
	__asm__ volatile("pushf\n\torl $0x100, (%%esp)\n\tpopf\n\tint $0x31" : : "a"(0) : "cc", "memory");
}

/* Alignment checks that the kernel does not expect of itself. */
static void check_alignment(void)
{
	__asm__ volatile("pushf\n\torl $0x40000, (%%esp)\n\tpopf" : : : "cc", "memory");
	(void)!sys_self();
}

static void the_trap_and_alignment_flags_do_not_reach_the_kernel(void)
{
	int ending = tap_ending(tap_child(step_into_the_kernel));
	CHECK(ending == TAP_SIGNAL + SIGTRAP || ending == TAP_SIGNAL + SIGSEGV);
	ending = tap_ending(tap_child(check_alignment));
	CHECK(ending == 0 || ending == TAP_SIGNAL + SIGBUS);
}

/* ---- Interrupt vectors ---- */

static int vector;

/* int's vector is part of the instruction, so it is made on the stack: every page that can be read can be
 * run. */
static void raise_vector(void)
{
	volatile uint8_t code[] = {0xcd, (uint8_t)vector, 0xc3};
	__asm__ volatile("call *%0" : : "r"(code), "a"(0) : "memory", "ecx", "edx", "cc");
}

static int may_be_raised(int v)
{
	return v == 3 || v == 4 || v == 0x30 || v == 0x31 || v == 0x80;
}

static void interrupt_vectors_can_not_be_raised(void)
{
	for (vector = 0; vector < 256; vector++) {
		if (may_be_raised(vector))
			continue;
		int ending = tap_ending(tap_child(raise_vector));
		if (ending != TAP_SIGNAL + SIGSEGV) {
			printf("# int %#x: ended with %d\n", vector, ending);
			tap_failures++;
		}
	}
}

/* ---- Ports ---- */

static volatile uint32_t faults;

static void skip_one_byte(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	faults++;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EIP]++;
}

static void catch_faults(struct sigaction *old)
{
	struct sigaction action = {.sa_sigaction = skip_one_byte, .sa_flags = SA_SIGINFO};
	CHECK_INT(sigaction(SIGSEGV, &action, old), 0);
	faults = 0;
}

/* Each instruction is one byte long, and must fault. `out` is tried only after `in` was refused. */
static int port_is_refused(uint16_t port)
{
	uint32_t before = faults;
	__asm__ volatile("inb %%dx, %%al" : : "d"(port) : "eax", "memory");
	if (faults != before + 1)
		return 0;
	__asm__ volatile("outb %%al, %%dx\n\tinl %%dx, %%eax" : : "d"(port) : "eax", "memory");
	return faults == before + 3;
}

static void expect_port_refused(uint32_t port)
{
	if (!port_is_refused((uint16_t)port)) {
		printf("# port %#x can be used\n", port);
		tap_failures++;
	}
}

static void ports_are_refused(void)
{
	struct sigaction old;
	catch_faults(&old);
	for (uint32_t port = 0; port < 0x400; port++)
		expect_port_refused(port);
	for (uint32_t port = 0x400; port <= 0xffff; port += 61)
		expect_port_refused(port);
	expect_port_refused(0x8900);
	expect_port_refused(0xcf8);
	expect_port_refused(0xfffd);
	expect_port_refused(0xffff);
	CHECK_INT(sigaction(SIGSEGV, &old, NULL), 0);
}

static void interrupt_lines_are_refused(void)
{
	for (int irq = -1; irq <= 20; irq++) {
		CHECK(sys_irqattach(irq) < 0);
		CHECK(sys_irqenable(irq) < 0);
		CHECK(sys_irqdetach(irq) < 0);
	}
}

/* ---- Segment registers ---- */

static uint32_t selector, probe;
static int segment; /* what tries to load it */

enum { BY_DS, BY_ES, BY_FS, BY_GS, BY_SS, BY_POP_SS, BY_JUMP, BY_RETURN, BY_IRET, NR_WAYS };
static const char *const way_names[NR_WAYS] = {"ds", "es", "fs", "gs", "ss", "pop ss", "jmp", "lret", "iret"};

/* Loads the register, reads a byte through it if `probe` is not 0, and puts it back. */
#define LOAD(reg)                                         \
	__asm__ volatile("mov %%" reg ", %%ecx\n\t"       \
	                 "mov %%ax, %%" reg "\n\t"        \
	                 "test %%edx, %%edx\n\t"          \
	                 "jz 1f\n\t"                      \
	                 "movb %%" reg ":(%%edx), %%al\n" \
	                 "1:\tmov %%ecx, %%" reg          \
	                 : "+a"(value)                    \
	                 : "d"(probe)                     \
	                 : "ecx", "memory", "cc")

static void load_data_segment(uint32_t value)
{
	switch (segment) {
	case BY_DS:
		LOAD("ds");
		break;
	case BY_ES:
		LOAD("es");
		break;
	case BY_FS:
		LOAD("fs");
		break;
	case BY_GS:
		LOAD("gs");
		break;
	case BY_SS:
		LOAD("ss");
		break;
	}
}

static struct {
	uint32_t offset;
	uint16_t selector;
} __attribute__((packed)) far_pointer;

static void load_code_segment(uint32_t value)
{
	switch (segment) {
	case BY_JUMP:
		far_pointer.selector = (uint16_t)value;
		__asm__ volatile("movl $1f, %0\n\tljmp *%0\n1:" : "+m"(far_pointer) : : "memory");
		break;
	case BY_RETURN:
		__asm__ volatile("push %0\n\tpush $1f\n\tlret\n1:" : : "r"(value) : "memory");
		break;
	case BY_IRET:
		__asm__ volatile("pushf\n\tpush %0\n\tpush $1f\n\tiret\n1:" : : "r"(value) : "memory");
		break;
	}
}

static void load_selector(void)
{
	if (segment == BY_POP_SS)
		__asm__ volatile("mov %%ss, %%cx\n\tpush %0\n\tpop %%ss\n\tmov %%cx, %%ss"
		                 :
		                 : "r"(selector)
		                 : "ecx", "memory");
	else if (segment >= BY_JUMP)
		load_code_segment(selector);
	else
		load_data_segment(selector);
}

/* How an attempt ends: 0, or TAP_SIGNAL + the signal. */
static int try_selector(uint32_t value, uint32_t offset)
{
	selector = value;
	probe = offset;
	return tap_ending(tap_child(load_selector));
}

/*
 * Addresses that are nobody's in a segment that starts at PROC_BASE, and the kernel's or a small process's in
 * one that starts at 0 or in the kernel region. The last ones wrap round from PROC_BASE to the same places.
 */
static const uint32_t probes[] = {
        0x10,       0x1000,     0x100000,   0x110000,   0x200000,   0x400000,   0x800000,   WINDOW_BASE,
        0xf0000000, 0xf0001000, 0xf0100000, 0xf0200000, 0xf0400000, 0xf0800000, 0xfc000000,
};

/* Where the segment begins within the process. The C library's own begins with its own address. */
static uint32_t base_of(uint32_t value)
{
	uint16_t gs;
	uint32_t base;
	__asm__("mov %%gs, %0\n\tmovl %%gs:0, %1" : "=r"(gs), "=r"(base));
	return value >> 2 == (uint32_t)gs >> 2 ? base : 0;
}

/* A selector that can be loaded must show nothing that is not the process's. */
static void expect_nothing_to_read(uint32_t value)
{
	for (unsigned i = 0; i < COUNT(probes); i++) {
		uint32_t offset = probes[i] - base_of(value);
		int ending = try_selector(value, offset);
		if (ending == TAP_SIGNAL + SIGSEGV)
			continue;
		printf("# %s = %#x: reading %#x ended with %d\n", way_names[segment], value, offset, ending);
		tap_failures++;
	}
}

static int tls_index(void)
{
	uint16_t gs;
	__asm__("mov %%gs, %0" : "=r"(gs));
	return gs >> 3;
}

/* What ring 3 may load of its own code, data and TLS segment (Intel SDM vol. 2: MOV, JMP, RET, IRET). */
static int may_be_loaded(uint32_t value)
{
	int index = (int)(value >> 3), local = (value & 4) != 0, rpl = (int)(value & 3);
	int is_data = index == USER_DS_INDEX || index == tls_index();
	if (local)
		return 0;
	if (segment == BY_JUMP)
		return index == USER_CS_INDEX;
	if (segment == BY_RETURN || segment == BY_IRET)
		return index == USER_CS_INDEX && rpl == 3;
	if (segment == BY_SS || segment == BY_POP_SS)
		return is_data && rpl == 3;
	return is_data || index == USER_CS_INDEX || index == 0;
}

static void try_loading(uint32_t value)
{
	int ending = try_selector(value, 0);
	if (ending != (may_be_loaded(value) ? 0 : TAP_SIGNAL + SIGSEGV)) {
		printf("# %s = %#x: ended with %d\n", way_names[segment], value, ending);
		tap_failures++;
	}
	if (ending == 0 && segment <= BY_SS)
		expect_nothing_to_read(value);
}

/* Everything the descriptor table can hold, with every RPL, of it and of a local table; then some from
 * further out. */
#define TABLE_END 0xa0
#define FURTHER   0x1235

static void try_every_selector(int way)
{
	segment = way;
	for (uint32_t value = 0; value < TABLE_END; value++)
		try_loading(value);
	for (uint32_t value = TABLE_END + 3; value <= 0xffff; value += FURTHER)
		try_loading(value);
	try_loading(0xffff);
}

static void ds_shows_nothing_foreign(void)
{
	try_every_selector(BY_DS);
}

static void es_shows_nothing_foreign(void)
{
	try_every_selector(BY_ES);
}

static void fs_shows_nothing_foreign(void)
{
	try_every_selector(BY_FS);
}

static void gs_shows_nothing_foreign(void)
{
	try_every_selector(BY_GS);
}

static void ss_takes_only_the_process_s_own(void)
{
	try_every_selector(BY_SS);
	try_every_selector(BY_POP_SS);
}

static void cs_takes_only_the_process_s_own(void)
{
	try_every_selector(BY_JUMP);
	try_every_selector(BY_RETURN);
	try_every_selector(BY_IRET);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(privileged_instructions_are_refused),
	        TEST(sysenter_leads_nowhere),
	        TEST(flags_that_are_not_the_process_s_stay),
	        TEST(virtual_8086_mode_can_not_be_entered),
	        TEST(the_nested_task_flag_harms_its_setter_alone),
	        TEST(the_trap_and_alignment_flags_do_not_reach_the_kernel),
	        TEST(interrupt_vectors_can_not_be_raised),
	        TEST(ports_are_refused),
	        TEST(interrupt_lines_are_refused),
	        TEST(ds_shows_nothing_foreign),
	        TEST(es_shows_nothing_foreign),
	        TEST(fs_shows_nothing_foreign),
	        TEST(gs_shows_nothing_foreign),
	        TEST(ss_takes_only_the_process_s_own),
	        TEST(cs_takes_only_the_process_s_own),
	};
	return TAP_RUN(tests);
}
