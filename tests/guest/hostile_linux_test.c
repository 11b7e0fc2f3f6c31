/* SPDX-License-Identifier: MIT */
/* guest: timeout=180 time=counted variants=ubsan */
/*
 * Every Linux call, there or not, with wild values in each of its arguments, one call after another by a
 * child for each number. What is not there is ENOSYS, whatever its arguments; what is there gives an answer,
 * and never a signal but where that is what was asked for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "hostile.h"
#include "pages.h"

#define NUMBERS 451

static const uint8_t exists[NUMBERS] = {
#define CALL(number, function, kind) [number] = 1,
#include <bridge/calls.def>
#undef CALL
};

/* The caller's end, or a memory that is not the same any more, is what was asked for. */
static int may_end_the_caller(uint32_t number)
{
	switch (number) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_alarm:
	case SYS_setitimer:
	case SYS_sigreturn:
	case SYS_rt_sigreturn:
	case SYS_set_thread_area:
	case SYS_brk:
	case SYS_mmap:
	case SYS_mmap2:
	case SYS_munmap:
	case SYS_mprotect:
	case SYS_mremap:
	case SYS_clone: /* the child has the stack that was asked for */
		return 1;
	default:
		return 0;
	}
}

/* Every process is root's, so nobody is out of a signal's reach; no pid here is as great as those. */
#define NOBODY_S_PID 0x10000

static int reaches_others(int32_t pid)
{
	return pid != 0 && pid > -NOBODY_S_PID && pid < NOBODY_S_PID;
}

static uint32_t number, arguments[6];

static int harms_others(void)
{
	if (number == SYS_tgkill)
		return reaches_others((int32_t)arguments[1]);
	return (number == SYS_kill || number == SYS_tkill) && reaches_others((int32_t)arguments[0]);
}

/* Pages of the zoo, on the console. */
static int makes_a_mess(void)
{
	return number == SYS_write && arguments[0] < 3 && arguments[2] > 16 &&
	       arguments[1] - zoo < ZOO_PAGES * PAGE_SIZE;
}

/* ---- The child ---- */

static endpoint_t self;

/* The child's own child, which a call has made, ends here; one that has come to waits for is taken. */
static void end_if_forked(void)
{
	struct message who = {.m_type = SYS_SELF};
	if (raw_kcall(AT(&who)) != OK || (endpoint_t)who.m_words[0] != self)
		_exit(0);
}

/* Waits end: a timer interrupts whatever takes longer than it should. */
static void on_tick(int signal)
{
	(void)signal;
}

static void start_ticking(void)
{
	const struct itimerval timer = {{0, 10000}, {0, 10000}};
	const struct sigaction action = {.sa_handler = on_tick};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int result_is_good(int result)
{
	if (number >= NUMBERS || !exists[number])
		return result == -ENOSYS;
	return result >= 0 || result > -4096 || may_end_the_caller(number) || number == SYS_brk;
}

static void try_arguments(void)
{
	if (harms_others() || makes_a_mess())
		return;
	killed_at = 0;
	int result = try_linux(number, arguments);
	end_if_forked();
	if (!result_is_good(result)) {
		printf("# call %u:", (unsigned)number);
		for (int i = 0; i < 6; i++)
			printf(" %x", (unsigned)arguments[i]);
		printf(" -> %d\n", result);
		CHECK(!"the result is good");
	}
}

static void set_all(uint32_t value)
{
	for (int i = 0; i < 6; i++)
		arguments[i] = value;
}

static void try_all_arguments(void)
{
	const uint32_t baselines[] = {0, zoo + PAGE_SIZE - 8, zoo + 2 * PAGE_SIZE};
	for (uint32_t value = 0; value < HOSTILE_VALUES; value++) {
		set_all(hostile_value(value));
		try_arguments();
		for (uint32_t i = 0; i < 6 * COUNT(baselines); i++) {
			set_all(baselines[i / 6]);
			arguments[i % 6] = hostile_value(value);
			try_arguments();
		}
	}
}

static void be_the_child(void)
{
	setsid();
	self = sys_self();
	catch_segv();
	start_ticking();
	try_all_arguments();
}

/* ---- The parent ---- */

/* So long may all of a number's calls take, in seconds of counted time. */
#define PATIENCE 60

static pid_t child;

static void on_alarm(int signal)
{
	(void)signal;
	kill(child, SIGKILL);
}

static void try_number(void)
{
	child = tap_start(be_the_child);
	alarm(PATIENCE);
	int status = tap_wait(child);
	alarm(0);
	if (tap_ending(status) != 0 && !may_end_the_caller(number)) {
		printf("# call %u: ended with %d\n", (unsigned)number, tap_ending(status));
		CHECK(!"the child lives");
	}
	kill(-child, SIGKILL);
}

static void no_argument_of_a_linux_call_harms(void)
{
	const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	for (number = 0; number < NUMBERS; number++)
		try_number();
}

static void linux_calls_that_can_not_be_are_refused(void)
{
	static const uint32_t numbers[] = {NUMBERS,    1000,       0x7fff,     0x10000 + SYS_getpid,
	                                   0x7fffffff, 0x80000000, 0x20000000, 0x40000000,
	                                   0xfffffff,  0xffffffff};
	for (uint32_t i = 0; i < COUNT(numbers); i++) {
		number = numbers[i];
		try_number();
	}
}

/* ---- What is left ---- */

static struct account at_first;

static void nothing(void)
{
}

static void setup(void)
{
	zoo_make();
	CHECK_EXITED(tap_child(nothing), 0);
	at_first = account_now();
}

static void every_page_is_where_it_was(void)
{
	usleep(100000);
	check_account(&at_first);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(no_argument_of_a_linux_call_harms),
	        TEST(linux_calls_that_can_not_be_are_refused),
	        TEST(every_page_is_where_it_was),
	};
	return TAP_RUN(tests);
}
