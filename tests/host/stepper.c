/* SPDX-License-Identifier: MIT */
/* A child that runs instruction by instruction: see stepper.h. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "stepper.h"

#define NOT_ALLOWED 99 /* the child's status: it can't be traced */

static volatile int *returned;

uint8_t *stepper_memory(uint32_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

static void be_the_child(void (*prepare)(void), void (*act)(void))
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(NOT_ALLOWED);
	prepare();
	raise(SIGSTOP);
	act();
	*returned = 1;
	_exit(0);
}

/* A child that has prepared, and stands before `act`. */
static pid_t begin(void (*prepare)(void), void (*act)(void))
{
	int status;
	pid_t child;

	if (!returned)
		returned = (volatile int *)stepper_memory(4096);
	*returned = 0;
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		be_the_child(prepare, act);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
		fail_msg("this test needs ptrace, which is forbidden here (a container's seccomp profile, or "
		         "Yama)");
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	return child;
}

/* Returns whether the child is still there. */
static int step(pid_t child)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0)
		fail_msg("ptrace can't step here: %s", strerror(errno));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		return 0;
	}
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		fail_msg("the child got signal %d", WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status));
	return 1;
}

long stepper_run(void (*prepare)(void), void (*act)(void), void (*each)(long instructions, int returned))
{
	pid_t child = begin(prepare, act);
	long instructions = 0, until_return = 0;

	do {
		if (each)
			each(instructions, *returned);
		if (!*returned)
			until_return = instructions;
		instructions++;
	} while (step(child));
	assert_true(*returned);
	return until_return + 1;
}

void stepper_kill(void (*prepare)(void), void (*act)(void), long instructions)
{
	pid_t child = begin(prepare, act);
	int status;

	while (instructions-- > 0)
		if (!step(child))
			return;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
