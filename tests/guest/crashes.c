/* SPDX-License-Identifier: MIT */
/*
 * Children that crash, each in its way; tests/script/crash_test.py looks at what is reported of them. A line
 * that must be named in the report ends with a comment of the function's name.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/abi/bridge.h>

#if __has_attribute(noclone) /* clang makes no clones */
#define CRASH __attribute__((noinline, noclone)) static void
#else
#define CRASH __attribute__((noinline)) static void
#endif
#define STAY __asm__ volatile("" ::: "memory") /* so that the call before it is no jump */

/* PM reports a program's crashes again after a while. */
#define PAUSE_SECONDS 20

static volatile int zero;
static volatile uintptr_t bad = 8;
static volatile char *volatile page;

CRASH null_read(void)
{
	zero = *(volatile int *)bad; /* null_read */
	STAY;
}

CRASH text_write(void)
{
	*(volatile char *)(uintptr_t)null_read = 1; /* text_write */
	STAY;
}

CRASH forbidden_read(void)
{
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	zero = *page; /* forbidden_read */
	STAY;
}

CRASH jump_to_nowhere(void)
{
	((void (*)(void))(bad + 0x1234))(); /* jump_to_nowhere */
	STAY;
}

CRASH stack_overflow(void)
{
	volatile char much[4096];

	much[0] = 1;
	if (bad)
		stack_overflow(); /* stack_overflow */
	zero = much[0];
}

CRASH divide_by_zero(void)
{
	zero = 7 / zero; /* divide_by_zero */
	STAY;
}

CRASH undefined(void)
{
	__asm__ volatile("ud2"); /* undefined */
	STAY;
}

CRASH privileged(void)
{
	__asm__ volatile("hlt"); /* privileged */
	STAY;
}

CRASH aborted(void)
{
	abort(); /* aborted */
}

CRASH in_the_library(void)
{
	zero = (int)strlen((char *)bad); /* in_the_library */
	STAY;
}

static int compare(const void *a, const void *b)
{
	(void)a;
	(void)b;
	null_read(); /* compare */
	STAY;
	return 0;
}

CRASH called_back(void)
{
	int numbers[4] = {4, 3, 2, 1};

	qsort(numbers, 4, sizeof(numbers[0]), compare); /* called_back */
	STAY;
}

static void handler(int signal)
{
	(void)signal;
	abort(); /* handler */
}

CRASH in_a_handler(void)
{
	signal(SIGSEGV, handler);
	zero = *(volatile int *)bad; /* in_a_handler */
	STAY;
}

CRASH in_a_grandchild(void)
{
	int status;

	if (fork() == 0)
		null_read(); /* in_a_grandchild */
	wait(&status);
	_exit(0);
}

/* ---- What misleads ---- */

CRASH frame_in_a_loop(void)
{
	__asm__ volatile("movl %%esp, %%ebp\n\tmovl %%ebp, (%%esp)\n\tud2" : : : "memory");
}

CRASH frame_in_the_kernel(void)
{
	__asm__ volatile("movl $0xf0100000, %ebp\n\tud2");
}

CRASH frame_unmapped(void)
{
	__asm__ volatile("movl $0x20000000, %ebp\n\tud2");
}

CRASH stack_in_the_kernel(void)
{
	__asm__ volatile("movl $0xfffffffc, %esp\n\tmovl %esp, %ebp\n\tud2");
}

CRASH stack_unmapped(void)
{
	__asm__ volatile("movl $0x20000000, %esp\n\tint $0x80");
}

/* Every word is a return address, and every second one leads to the next frame. */
CRASH stack_of_lies(void)
{
	uint32_t *lies = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (uint32_t i = 0; i < (1 << 18); i++)
		lies[i] = i % 2 ? (uint32_t)(uintptr_t)__builtin_return_address(0)
		                : (uint32_t)(uintptr_t)&lies[i + 2];
	__asm__ volatile("movl %0, %%esp\n\tmovl %%esp, %%ebp\n\tud2" : : "r"(lies));
}

CRASH bridge_of_lies(void)
{
	extern uint32_t granite_bridge_control[];

	granite_bridge_control[0] = 1;
	memset(&granite_bridge_control[sizeof(struct bridge_control) / 4], 0xff, BRIDGE_STACK_BYTES);
	__asm__ volatile("movl %0, %%esp\n\tud2" : : "r"(&granite_bridge_control[1000]));
}

/* ---- No crash at all ---- */

static void leave(int signal)
{
	(void)signal;
	_exit(0);
}

CRASH caught(void)
{
	signal(SIGSEGV, leave);
	null_read();
}

CRASH terminated(void)
{
	kill(getpid(), SIGTERM);
}

static void (*const crashes[])(void) = {
        null_read,      text_write,          forbidden_read,  jump_to_nowhere, stack_overflow,
        divide_by_zero, undefined,           privileged,      aborted,         in_the_library,
        called_back,    in_a_handler,        in_a_grandchild, frame_in_a_loop, frame_in_the_kernel,
        frame_unmapped, stack_in_the_kernel, stack_unmapped,  stack_of_lies,   bridge_of_lies,
        caught,         terminated,
};

int main(void)
{
	for (unsigned i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		int status;

		sleep(PAUSE_SECONDS);
		if (fork() == 0) {
			crashes[i](); /* main */
			_exit(0);
		}
		wait(&status);
		printf("%d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
	/* One that does it again and again. */
	for (int i = 0; i < 50; i++)
		if (fork() == 0)
			undefined();
		else
			wait(NULL);
	sleep(PAUSE_SECONDS);
	return 0;
}
