/* SPDX-License-Identifier: MIT */
/* links: lib/bridge/sigframe.c lib/bridge/sigfpu.c lib/bridge/sigstack.c tests/host/bridge_user.c */
/*
 * Signal frames, byte for byte as Linux/i386 has them. Offsets are typed
 * in from its headers, not taken from ours.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/bridge/sigframe.h"

#include "bridge_user.h"

#define STACK    0x8000u /* the program's esp, as an offset of its memory */
#define ALTSTACK 0x10000u
#define HANDLER  0x08049000u

static struct bridge_regs regs;
static struct pm_sigfetch_rep sig;

static int reset(void **state)
{
	static const struct linux_sigaltstack none = {.flags = SS_DISABLE};

	(void)state;
	assert_int_equal(sigstack_set(&none, 0), 0);
	memset(user_at(0), 0xaa, USER_BYTES);
	regs = (struct bridge_regs){
	        1, 2, 3, 0, 5, 6, 7, 8, .es = 0x2b, .ds = 0x2b, .eflags = 0x10747, .eip = 0x8048123};
	regs.esp = user_base() + STACK;
	sig = (struct pm_sigfetch_rep){
	        .signal = SIGUSR1, .handler = HANDLER, .restorer = 0x1234, .flags = 0x04000000};
	sig.old_mask[0] = 0x11111111;
	sig.old_mask[1] = 0x22222222;
	return 0;
}

static uint32_t word(uint32_t offset)
{
	uint32_t value;

	memcpy(&value, (const void *)(uintptr_t)(regs.esp + offset), sizeof(value));
	return value;
}

/* struct sigcontext, at `offset` of the frame. */
static void assert_context(uint32_t offset)
{
	const uint32_t expected[] = {1, 2, 3, user_base() + STACK, 5, 6, 7, 8};

	assert_int_equal(word(offset + 8), 0x2b);  /* es */
	assert_int_equal(word(offset + 12), 0x2b); /* ds */
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(word(offset + 16 + 4 * i), expected[i]); /* edi .. eax */
	assert_int_equal(word(offset + 56), 0x8048123);                   /* eip */
	assert_int_equal(word(offset + 64), 0x10747);                     /* eflags */
	assert_int_equal(word(offset + 68), user_base() + STACK);         /* esp_at_signal */
	assert_int_equal(word(offset + 80), 0x11111111);                  /* oldmask */
}

static void assert_fpstate(uint32_t address)
{
	uint16_t magic;

	assert_int_equal((address + 112) % 64, 0);
	assert_true(address + 112 + 512 <= user_base() + STACK);
	memcpy(&magic, (const void *)(uintptr_t)(address + 110), sizeof(magic));
	assert_int_equal(magic, 0);
}

static void a_plain_frame_is_linuxs(void **state)
{
	static const uint8_t retcode[] = {0x58, 0xb8, 0x77, 0, 0, 0, 0xcd, 0x80};

	(void)state;
	sigframe_push(&regs, &sig);
	assert_int_equal((regs.esp + 4) % 16, 0);
	assert_int_equal(word(0), 0x1234);
	assert_int_equal(word(4), SIGUSR1);
	assert_context(8);
	assert_fpstate(word(8 + 76));
	assert_int_equal(word(720), 0x22222222);
	assert_memory_equal((void *)(uintptr_t)(regs.esp + 724), retcode, 8);
	assert_true(regs.esp + 732 <= word(8 + 76));
}

static void a_frame_with_siginfo_is_linuxs(void **state)
{
	static const uint8_t retcode[] = {0xb8, 0xad, 0, 0, 0, 0xcd, 0x80, 0};

	(void)state;
	sig.flags |= SA_SIGINFO;
	sig.si_a = 99;
	sig.si_b = 1000;
	sigframe_push(&regs, &sig);
	assert_int_equal((regs.esp + 4) % 16, 0);
	assert_int_equal(word(4), SIGUSR1);
	assert_int_equal(word(8), regs.esp + 16);
	assert_int_equal(word(12), regs.esp + 16 + 128);
	assert_int_equal(word(16), SIGUSR1);   /* si_signo */
	assert_int_equal(word(16 + 12), 99);   /* si_pid */
	assert_int_equal(word(16 + 16), 1000); /* si_uid */
	assert_int_equal(word(144 + 12), SS_DISABLE);
	assert_context(144 + 20);
	assert_fpstate(word(144 + 20 + 76));
	assert_int_equal(word(144 + 108), 0x11111111); /* uc_sigmask */
	assert_int_equal(word(144 + 112), 0x22222222);
	assert_memory_equal((void *)(uintptr_t)(regs.esp + 260), retcode, 8);
}

static void the_handler_starts_as_after_a_call(void **state)
{
	(void)state;
	sig.flags |= SA_SIGINFO;
	sigframe_push(&regs, &sig);
	assert_int_equal(regs.eip, HANDLER);
	assert_int_equal(regs.eax, SIGUSR1);
	assert_int_equal(regs.edx, regs.esp + 16);
	assert_int_equal(regs.ecx, regs.esp + 144);
	assert_int_equal(regs.eflags, 0x10747 & ~0x10500); /* without RF, DF, TF */
}

static void without_a_restorer_the_frame_has_code(void **state)
{
	(void)state;
	sig.flags = 0;
	sigframe_push(&regs, &sig);
	assert_int_equal(word(0), regs.esp + 724);
}

static void a_fault_tells_its_address_and_trap(void **state)
{
	(void)state;
	sig.flags |= SA_SIGINFO;
	sig.signal = SIGSEGV;
	sig.si_code = 1;
	sig.si_a = 0x1234;
	sig.si_b = 14;
	sig.si_c = 6;
	sigframe_push(&regs, &sig);
	assert_int_equal(word(16 + 8), 1);
	assert_int_equal(word(16 + 12), 0x1234); /* si_addr */
	assert_int_equal(word(16 + 16), 0);
	assert_int_equal(word(164 + 48), 14);     /* trapno */
	assert_int_equal(word(164 + 52), 6);      /* err */
	assert_int_equal(word(164 + 84), 0x1234); /* cr2 */
}

static void a_segv_that_was_sent_is_no_fault(void **state)
{
	(void)state;
	sig.signal = SIGSEGV;
	sig.si_code = 0;
	sig.si_a = 42;
	sigframe_push(&regs, &sig);
	assert_int_equal(word(8 + 48), 0);
	assert_int_equal(word(8 + 84), 0);
}

static struct linux_sigaltstack other_stack(void)
{
	return (struct linux_sigaltstack){.sp = user_base() + ALTSTACK, .bytes = 8192};
}

static void sa_onstack_moves_the_frame_once(void **state)
{
	struct linux_sigaltstack stack = other_stack();
	uint32_t first;

	(void)state;
	assert_int_equal(sigstack_set(&stack, regs.esp), 0);
	sig.flags |= SA_SIGINFO | SA_ONSTACK;
	sigframe_push(&regs, &sig);
	assert_in_range(regs.esp, stack.sp, stack.sp + stack.bytes);
	assert_int_equal(word(144 + 12), 0); /* uc_stack: it was not in use */
	first = regs.esp;
	sigframe_push(&regs, &sig);
	assert_in_range(regs.esp, first - 2000, first);
	assert_int_equal(word(144 + 12), SS_ONSTACK);
	assert_int_equal(sigstack_set(&stack, regs.esp), -EPERM);
}

static void without_sa_onstack_it_stays(void **state)
{
	struct linux_sigaltstack stack = other_stack();

	(void)state;
	assert_int_equal(sigstack_set(&stack, regs.esp), 0);
	sigframe_push(&regs, &sig);
	assert_in_range(regs.esp, user_base() + STACK - 2000, user_base() + STACK);
}

static void a_frame_that_leaves_the_other_stack_is_noticed(void **state)
{
	struct linux_sigaltstack stack = other_stack();

	(void)state;
	assert_int_equal(sigstack_set(&stack, regs.esp), 0);
	assert_true(sigstack_overflows(stack.sp + 100, stack.sp - 500));
	assert_false(sigstack_overflows(stack.sp + 2000, stack.sp + 500));
	assert_false(sigstack_overflows(regs.esp, regs.esp - 500));
}

static void senseless_stacks_are_refused(void **state)
{
	struct linux_sigaltstack stack = other_stack();

	(void)state;
	stack.bytes = 2047;
	assert_int_equal(sigstack_set(&stack, regs.esp), -ENOMEM);
	stack = other_stack();
	stack.flags = 8;
	assert_int_equal(sigstack_set(&stack, regs.esp), -EINVAL);
	assert_int_equal(sigstack_get(regs.esp).flags, SS_DISABLE);
}

/* The processor is the judge: what it saves with fsave is what we make of what it saves with fxsave. */
static void fsaves_form_is_the_processors(void **state)
{
	struct linux_fpstate ours __attribute__((aligned(16)));
	uint8_t plain[108];

	(void)state;
	memset(&ours, 0, sizeof(ours));
	__asm__ volatile("fninit; fldpi; fldz; fld1; fld1; fldz; fdivrp; fldln2; fstp %%st(2)\n\t"
	                 "fxsave %0\n\tfnsave %1"
	                 : "=m"(ours.fx), "=m"(plain));
	sigfpu_to_plain(&ours);
	assert_memory_equal(&ours.cw, plain, 12); /* cw, sw, tag */
	assert_memory_equal(ours.st, plain + 28, 80);
}

static void registers_survive_the_plain_form(void **state)
{
	struct linux_fpstate saved __attribute__((aligned(16)));
	struct linux_fxsave fx;

	(void)state;
	memset(&saved, 0, sizeof(saved));
	__asm__ volatile("fninit; fldpi; fldz; fld1\n\tfxsave %0\n\tfninit" : "=m"(saved.fx));
	sigfpu_to_plain(&saved);
	fx = saved.fx;
	sigfpu_from_plain(&fx, &saved);
	assert_int_equal(fx.cw, saved.fx.cw);
	assert_int_equal(fx.sw, saved.fx.sw);
	assert_int_equal(fx.tags, saved.fx.tags);
	assert_memory_equal(fx.st, saved.fx.st, sizeof(fx.st));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(a_plain_frame_is_linuxs, reset),
	        cmocka_unit_test_setup(a_frame_with_siginfo_is_linuxs, reset),
	        cmocka_unit_test_setup(the_handler_starts_as_after_a_call, reset),
	        cmocka_unit_test_setup(without_a_restorer_the_frame_has_code, reset),
	        cmocka_unit_test_setup(a_fault_tells_its_address_and_trap, reset),
	        cmocka_unit_test_setup(a_segv_that_was_sent_is_no_fault, reset),
	        cmocka_unit_test_setup(sa_onstack_moves_the_frame_once, reset),
	        cmocka_unit_test_setup(without_sa_onstack_it_stays, reset),
	        cmocka_unit_test_setup(a_frame_that_leaves_the_other_stack_is_noticed, reset),
	        cmocka_unit_test_setup(senseless_stacks_are_refused, reset),
	        cmocka_unit_test(fsaves_form_is_the_processors),
	        cmocka_unit_test(registers_survive_the_plain_form),
	};

	return cmocka_run_group_tests(tests, user_setup, NULL);
}
