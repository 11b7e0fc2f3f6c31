/* SPDX-License-Identifier: MIT */
/* guest: machine=qemu,bochs timeout=180 */
/*
 * Ways for a process to spoil its own return from the kernel, or from a signal handler: selectors whose
 * descriptor is gone, forged frames, stacks that are not there. Each is its own SIGSEGV and nobody else's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "tap.h"

/* For raw kernel calls, which need neither the C library nor gs. */
static struct message self_call;

/* A raw exit, for one who has lost gs. */
static _Noreturn void leave(int status)
{
	for (;;)
		__asm__ volatile("mov $1, %%eax\n\tint $0x80" : : "b"(status) : "eax", "memory");
}

/* ---- Selectors whose descriptor is gone ---- */

static uint16_t own_gs(void)
{
	uint16_t gs;
	__asm__("mov %%gs, %0" : "=r"(gs));
	return gs;
}

static void clear_the_descriptor_of_gs(void)
{
	CHECK_INT(sys_settls(own_gs() >> 3, 0, 0, SETTLS_CLEAR, NULL), OK);
	for (int i = 0; i < 100; i++)
		sys_yield();
	errno = 0; /* through gs, at the latest */
	leave(0);
}

static void a_stale_gs_is_its_owners_sigsegv(void)
{
	CHECK_KILLED(tap_child(clear_the_descriptor_of_gs), SIGSEGV);
	errno = 7;
	CHECK_INT(errno, 7);
}

static void spoil_segment(const char *which)
{
	int index;
	CHECK_INT(sys_settls(-1, 0, 0xfffff, SETTLS_PAGES, &index), OK);
	uint16_t selector = (uint16_t)(index * 8 + 3);
	if (which[0] == 'e')
		__asm__ volatile("mov %0, %%es" : : "r"(selector));
	if (which[0] == 'f')
		__asm__ volatile("mov %0, %%fs" : : "r"(selector));
	CHECK_INT(sys_settls(index, 0, 0, SETTLS_CLEAR, NULL), OK);
	for (int i = 0; i < 100; i++)
		sys_yield();
	if (which[0] == 'e')
		__asm__ volatile("movb %%es:0, %%al" : : : "eax");
	if (which[0] == 'f')
		__asm__ volatile("movb %%fs:0, %%al" : : : "eax");
}

static void spoil_es(void)
{
	spoil_segment("es");
}

static void spoil_fs(void)
{
	spoil_segment("fs");
}

static void a_stale_es_or_fs_is_its_owners_sigsegv(void)
{
	CHECK_KILLED(tap_child(spoil_es), SIGSEGV);
	CHECK_KILLED(tap_child(spoil_fs), SIGSEGV);
}

/* The kernel and the bridge must not trust the data segments that a process comes with. */
static void enter_with_null_segments(void)
{
	int result;
	__asm__ volatile("push %%ds\n\t"
	                 "push %%es\n\t"
	                 "xor %%ecx, %%ecx\n\t"
	                 "mov %%cx, %%es\n\t"
	                 "mov %%cx, %%ds\n\t"
	                 "int $0x31\n\t"
	                 "pop %%es\n\t"
	                 "pop %%ds"
	                 : "=a"(result)
	                 : "0"(&self_call)
	                 : "ecx", "memory");
}

static void the_kernel_does_not_use_the_callers_segments(void)
{
	self_call.m_type = SYS_SELF;
	CHECK_EXITED(tap_child(enter_with_null_segments), 0);
	CHECK_INT(self_call.m_type, SYS_SELF);
}

/* ---- Stacks that are not there ---- */

static uint32_t stack_pointer;

#define WITH_STACK(text) \
	__asm__ volatile("mov %0, %%esp\n\t" text : : "r"(stack_pointer), "a"(&self_call) : "memory")

static void call_linux_without_stack(void)
{
	WITH_STACK("mov $20, %%eax\n\tint $0x80\n\thlt");
}

static void call_kernel_without_stack(void)
{
	self_call.m_type = SYS_SELF;
	WITH_STACK("int $0x31\n\tpush %%eax\n\thlt");
}

static void a_call_without_a_stack_is_its_owners_sigsegv(void)
{
	static const uint32_t pointers[] = {0,          4,          0x1000,     0xc0000004,
	                                    0xf0000000, 0xf0100000, 0xfc001000, 0xffffffff};
	for (unsigned i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		stack_pointer = pointers[i];
		CHECK_KILLED(tap_child(call_linux_without_stack), SIGSEGV);
		CHECK_KILLED(tap_child(call_kernel_without_stack), SIGSEGV);
	}
}

static void leave_quietly(int signal)
{
	(void)signal;
	leave(0);
}

static void take_signal_without_stack(void)
{
	struct sigaction action = {.sa_handler = leave_quietly};
	struct itimerval soon = {{0}, {.tv_usec = 20000}};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_INT(setitimer(ITIMER_REAL, &soon, NULL), 0);
	__asm__ volatile("mov %0, %%esp\n1:\tjmp 1b" : : "r"(stack_pointer) : "memory");
}

static void a_signal_without_a_stack_is_its_owners_sigsegv(void)
{
	static const uint32_t pointers[] = {4, 0x1000, 0xc0001000, 0xf0100000};
	for (unsigned i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		stack_pointer = pointers[i];
		CHECK_KILLED(tap_child(take_signal_without_stack), SIGSEGV);
	}
}

/* ---- Forged signal frames ---- */

static void (*forge)(greg_t *registers);

static void forge_frame(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	forge(((ucontext_t *)context)->uc_mcontext.gregs);
}

static void return_through_forged_frame(void)
{
	struct sigaction action = {.sa_sigaction = forge_frame, .sa_flags = SA_SIGINFO};
	CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
	raise(SIGUSR1);
}

#define FORGERY(name, assignment)           \
	static void name(greg_t *registers) \
	{                                   \
		assignment;                 \
	}

FORGERY(kernel_code, registers[REG_CS] = 0x08)
FORGERY(kernel_code_as_user, registers[REG_CS] = 0x0b)
FORGERY(ring_1_code, registers[REG_CS] = USER_CS_INDEX * 8 + 1)
FORGERY(data_as_code, registers[REG_CS] = USER_DS_INDEX * 8 + 3)
FORGERY(no_code, registers[REG_CS] = 0)
FORGERY(local_code, registers[REG_CS] = USER_CS_INDEX * 8 + 7)
FORGERY(kernel_stack, registers[REG_SS] = 0x10)
FORGERY(no_stack_segment, registers[REG_SS] = 0)
FORGERY(code_as_stack, registers[REG_SS] = USER_CS_INDEX * 8 + 3)
FORGERY(kernel_data, registers[REG_DS] = 0x10)
FORGERY(task_as_data, registers[REG_ES] = 0x28)
FORGERY(far_data, registers[REG_ES] = 0xfff8)
FORGERY(kernel_in_fs, registers[REG_FS] = 0x10)
FORGERY(kernel_in_gs, registers[REG_GS] = 0x18)
FORGERY(kernel_address, registers[REG_EIP] = (greg_t)0xf0100000)
FORGERY(beyond_the_limit, registers[REG_EIP] = (greg_t)PROC_SIZE)
FORGERY(stack_beyond, (registers[REG_ESP] = (greg_t)0xf0100000, registers[REG_EIP] = 0))

static void a_forged_frame_is_its_owners_sigsegv(void)
{
	static const struct {
		const char *name;
		void (*forge)(greg_t *registers);
	} forgeries[] = {
	        {"the kernel's code segment", kernel_code},
	        {"the same with RPL 3", kernel_code_as_user},
	        {"code with RPL 1", ring_1_code},
	        {"data as code", data_as_code},
	        {"no code segment", no_code},
	        {"a local table's code", local_code},
	        {"the kernel's data as stack", kernel_stack},
	        {"no stack segment", no_stack_segment},
	        {"code as stack", code_as_stack},
	        {"the kernel's data", kernel_data},
	        {"a task as data", task_as_data},
	        {"beyond the table", far_data},
	        {"the kernel's data in fs", kernel_in_fs},
	        {"the kernel's data in gs", kernel_in_gs},
	        {"an address of the kernel", kernel_address},
	        {"an address at the limit", beyond_the_limit},
	        {"a stack of the kernel's", stack_beyond},
	};
	for (unsigned i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		forge = forgeries[i].forge;
		int ending = tap_ending(tap_child(return_through_forged_frame));
		if (ending != TAP_SIGNAL + SIGSEGV) {
			printf("# %s: ended with %d\n", forgeries[i].name, ending);
			tap_failures++;
		}
	}
}

#define FLAG_INTERRUPTS 0x200
#define FLAG_IOPL       0x3000
#define FLAG_NESTED     0x4000
#define FLAG_VM86       0x20000

FORGERY(all_flags, registers[REG_EFL] = (registers[REG_EFL] | FLAG_IOPL) & ~FLAG_INTERRUPTS)
FORGERY(virtual_8086, registers[REG_EFL] |= FLAG_VM86)

static void check_flags_after_forgery(void)
{
	uint32_t flags;
	return_through_forged_frame();
	__asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
	CHECK(flags & FLAG_INTERRUPTS);
	CHECK(!(flags & FLAG_IOPL));
}

static void forged_flags_give_no_rights(void)
{
	forge = all_flags;
	CHECK_EXITED(tap_child(check_flags_after_forgery), 0);
	forge = virtual_8086;
	int ending = tap_ending(tap_child(check_flags_after_forgery));
	CHECK(ending == 0 || ending > TAP_SIGNAL);
}

/* sigreturn without ever having had a signal: the "frame" is whatever lies on the stack. */
static void return_from_nothing(void)
{
	static uint32_t nothing[300];
	memset(nothing, 0xff, sizeof(nothing));
	__asm__ volatile("mov %0, %%esp\n\tmov $119, %%eax\n\tint $0x80" : : "r"(nothing + 100) : "memory");
}

static void return_from_nothing_rt(void)
{
	static uint32_t nothing[300];
	__asm__ volatile("mov %0, %%esp\n\tmov $173, %%eax\n\tint $0x80" : : "r"(nothing + 100) : "memory");
}

static void a_sigreturn_without_a_frame_harms_only_its_caller(void)
{
	int ending = tap_ending(tap_child(return_from_nothing));
	CHECK(ending > TAP_SIGNAL);
	ending = tap_ending(tap_child(return_from_nothing_rt));
	CHECK(ending > TAP_SIGNAL);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_stale_gs_is_its_owners_sigsegv),
	        TEST(a_stale_es_or_fs_is_its_owners_sigsegv),
	        TEST(the_kernel_does_not_use_the_callers_segments),
	        TEST(a_call_without_a_stack_is_its_owners_sigsegv),
	        TEST(a_signal_without_a_stack_is_its_owners_sigsegv),
	        TEST(a_forged_frame_is_its_owners_sigsegv),
	        TEST(forged_flags_give_no_rights),
	        TEST(a_sigreturn_without_a_frame_harms_only_its_caller),
	};
	return TAP_RUN(tests);
}
