/* SPDX-License-Identifier: MIT */
/* Signals as POSIX and Linux/i386 have them. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include "tap.h"

static volatile sig_atomic_t caught, times;

static void note(int signal)
{
	caught = signal;
	times++;
}

static void handle(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	caught = times = 0;
	CHECK_INT(sigaction(signal, &action, NULL), 0);
}

static void a_handler_runs_and_the_program_goes_on(void)
{
	handle(SIGUSR1, note, 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(caught, SIGUSR1);
	CHECK_INT(kill(getpid(), SIGUSR1), 0);
	CHECK_INT(times, 2);
}

/* Loads ebx, ecx, edx, esi, edi and ebp from `in`, counts `rounds` down in eax, and stores them in `out`. */
void spin_with_registers(const uint32_t in[6], uint32_t out[6], uint32_t rounds);
__asm__("spin_with_registers:\n\t"
        "pusha\n\t"
        "mov 36(%esp), %eax\n\t"
        "mov (%eax), %ebx\n\tmov 4(%eax), %ecx\n\tmov 8(%eax), %edx\n\t"
        "mov 12(%eax), %esi\n\tmov 16(%eax), %edi\n\tmov 20(%eax), %ebp\n\t"
        "mov 44(%esp), %eax\n"
        "1:\tdec %eax\n\tjnz 1b\n\t"
        "mov 40(%esp), %eax\n\t"
        "mov %ebx, (%eax)\n\tmov %ecx, 4(%eax)\n\tmov %edx, 8(%eax)\n\t"
        "mov %esi, 12(%eax)\n\tmov %edi, 16(%eax)\n\tmov %ebp, 20(%eax)\n\t"
        "popa\n\t"
        "ret");

static void a_signal_between_instructions_keeps_every_register(void)
{
	const uint32_t in[6] = {0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555, 0x66666666};
	struct itimerval often = {{.tv_usec = 20000}, {.tv_usec = 20000}}, never = {{0}, {0}};
	handle(SIGALRM, note, 0);
	CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int round = 0; times < 10 && round < 10000; round++) {
		uint32_t out[6] = {0};
		spin_with_registers(in, out, 1000000);
		CHECK(memcmp(in, out, sizeof(in)) == 0);
	}
	CHECK_INT(setitimer(ITIMER_REAL, &never, NULL), 0);
	CHECK(times >= 10);
}

static void ignored_and_default_signals(void)
{
	signal(SIGUSR1, SIG_IGN);
	CHECK_INT(raise(SIGUSR1), 0);
	signal(SIGUSR1, SIG_DFL);
	CHECK_INT(raise(SIGCHLD), 0);
	CHECK_INT(raise(SIGWINCH), 0);
}

static void die_of_usr1(void)
{
	signal(SIGUSR1, SIG_DFL);
	raise(SIGUSR1);
}

static void the_default_action_ends_the_process(void)
{
	CHECK_KILLED(tap_child(die_of_usr1), SIGUSR1);
	CHECK_KILLED(tap_child(abort), SIGABRT);
}

static void a_blocked_signal_waits(void)
{
	sigset_t set, old, pending;
	handle(SIGUSR1, note, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_INT(sigprocmask(SIG_BLOCK, &set, &old), 0);
	CHECK(!sigismember(&old, SIGUSR1));
	raise(SIGUSR1);
	raise(SIGUSR1);
	CHECK_INT(times, 0);
	CHECK_INT(sigpending(&pending), 0);
	CHECK(sigismember(&pending, SIGUSR1));
	CHECK_INT(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	CHECK_INT(times, 1);
}

static int depth, deepest;

static void nest(int signal)
{
	if (++depth > deepest)
		deepest = depth;
	if (++times < 3)
		raise(signal);
	depth--;
}

static void a_handler_blocks_its_own_signal_unless_sa_nodefer(void)
{
	deepest = 0;
	handle(SIGUSR1, nest, 0);
	raise(SIGUSR1);
	CHECK_INT(times, 3);
	CHECK_INT(deepest, 1);
	handle(SIGUSR1, nest, SA_NODEFER);
	raise(SIGUSR1);
	CHECK_INT(times, 3);
	CHECK_INT(deepest, 3);
}

static void sa_resethand_works_once(void)
{
	struct sigaction now;
	handle(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	CHECK_INT(times, 1);
	CHECK_INT(sigaction(SIGUSR1, NULL, &now), 0);
	CHECK(now.sa_handler == SIG_DFL);
}

static siginfo_t information;
static mcontext_t context;

static void note_information(int signal, siginfo_t *info, void *user)
{
	note(signal);
	information = *info;
	context = ((ucontext_t *)user)->uc_mcontext;
}

static void siginfo_tells_who_sent_it(void)
{
	struct sigaction action = {.sa_sigaction = note_information, .sa_flags = SA_SIGINFO};
	CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
	kill(getpid(), SIGUSR1);
	CHECK_INT(information.si_signo, SIGUSR1);
	CHECK_INT(information.si_code, SI_USER);
	CHECK_INT(information.si_pid, getpid());
}

static sigjmp_buf after_fault;

static void note_fault(int signal, siginfo_t *info, void *user)
{
	note_information(signal, info, user);
	siglongjmp(after_fault, 1);
}

static void catch_fault(int signal)
{
	struct sigaction action = {.sa_sigaction = note_fault, .sa_flags = SA_SIGINFO};
	CHECK_INT(sigaction(signal, &action, NULL), 0);
	caught = 0;
}

static void a_fault_can_be_caught_and_tells_its_address(void)
{
	volatile int *nowhere = (volatile int *)0x1234;
	catch_fault(SIGSEGV);
	if (sigsetjmp(after_fault, 1) == 0)
		*nowhere = 1;
	CHECK_INT(caught, SIGSEGV);
	CHECK(information.si_addr == (void *)0x1234);
	CHECK_INT(information.si_code, SEGV_MAPERR);
	CHECK_INT(context.gregs[REG_TRAPNO], 14);
	CHECK(context.gregs[REG_ERR] & 2);
	signal(SIGSEGV, SIG_DFL);
}

static void a_forbidden_write_tells_segv_accerr(void)
{
	int *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(page != MAP_FAILED);
	catch_fault(SIGSEGV);
	if (sigsetjmp(after_fault, 1) == 0)
		*(volatile int *)page = 1;
	CHECK_INT(caught, SIGSEGV);
	CHECK_INT(information.si_code, SEGV_ACCERR);
	signal(SIGSEGV, SIG_DFL);
	munmap(page, 4096);
}

static void division_and_bad_instructions_have_their_signals(void)
{
	catch_fault(SIGFPE);
	if (sigsetjmp(after_fault, 1) == 0)
		__asm__ volatile("xor %%eax, %%eax\n\tdivl %%eax" : : : "eax", "edx", "cc");
	CHECK_INT(caught, SIGFPE);
	CHECK_INT(information.si_code, FPE_INTDIV);
	catch_fault(SIGILL);
	if (sigsetjmp(after_fault, 1) == 0)
		__asm__ volatile("ud2");
	CHECK_INT(caught, SIGILL);
	catch_fault(SIGTRAP);
	if (sigsetjmp(after_fault, 1) == 0)
		__asm__ volatile("int3");
	CHECK_INT(caught, SIGTRAP);
	signal(SIGFPE, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
}

static char other_stack[65536];
static char *handler_stack;

static void note_stack(int signal)
{
	note(signal);
	handler_stack = __builtin_frame_address(0);
}

static int on_other_stack(void)
{
	return handler_stack >= other_stack && handler_stack < other_stack + sizeof(other_stack);
}

static void sigaltstack_gives_handlers_their_own_stack(void)
{
	stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof(other_stack)}, old;
	CHECK_INT(sigaltstack(&stack, NULL), 0);
	handle(SIGUSR1, note_stack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(on_other_stack());
	handle(SIGUSR1, note_stack, 0);
	raise(SIGUSR1);
	CHECK(!on_other_stack());
	stack.ss_flags = SS_DISABLE;
	CHECK_INT(sigaltstack(&stack, &old), 0);
	CHECK(old.ss_sp == other_stack);
}

static volatile int deeper = 1;

static int overflow(void)
{
	volatile char page[4096];
	page[0] = 1;
	return deeper ? overflow() + page[0] : 0;
}

static void leave_with_5(int signal)
{
	note_stack(signal);
	_exit(on_other_stack() ? 5 : 6);
}

static void overflow_caught(void)
{
	stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof(other_stack)};
	CHECK_INT(sigaltstack(&stack, NULL), 0);
	handle(SIGSEGV, leave_with_5, SA_ONSTACK);
	overflow();
}

static void overflow_not_caught(void)
{
	handle(SIGSEGV, leave_with_5, 0);
	overflow();
}

static void a_stack_overflow_is_caught_only_on_another_stack(void)
{
	CHECK_EXITED(tap_child(overflow_caught), 5);
	CHECK_KILLED(tap_child(overflow_not_caught), SIGSEGV);
}

/* The frame is the program's own: it may put the FPU's registers anywhere, here at an odd address. */
static void move_fpu_registers(int signal, siginfo_t *info, void *user)
{
	static char moved[1 + 624];
	mcontext_t *context = &((ucontext_t *)user)->uc_mcontext;

	(void)signal;
	(void)info;
	memcpy(moved + 1, context->fpregs, 624);
	context->fpregs = (void *)(moved + 1);
}

static void a_frame_may_keep_the_fpu_registers_at_an_odd_address(void)
{
	const struct sigaction action = {.sa_sigaction = move_fpu_registers, .sa_flags = SA_SIGINFO};
	long double before = 2.0L / 3, after;

	sigaction(SIGUSR1, &action, NULL);
	__asm__ volatile("fldt %0" : : "m"(before));
	kill(getpid(), SIGUSR1);
	__asm__ volatile("fstpt %0" : "=m"(after));
	CHECK(before == after);
}

static void send_usr1_soon(void)
{
	usleep(50000);
	kill(getppid(), SIGUSR1);
}

static void a_signal_ends_sleep_and_wait_early(void)
{
	struct timespec time = {.tv_sec = 5}, left = {0};
	handle(SIGUSR1, note, 0);
	handle(SIGCHLD, SIG_DFL, 0);
	pid_t pid = tap_start(send_usr1_soon);
	CHECK(nanosleep(&time, &left) == -1 && errno == EINTR);
	CHECK(left.tv_sec == 4);
	CHECK_INT(times, 1);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void send_and_end_later(void)
{
	send_usr1_soon();
	usleep(100000);
}

static void sa_restart_lets_wait_go_on(void)
{
	int status;
	handle(SIGUSR1, note, SA_RESTART);
	pid_t pid = tap_start(send_and_end_later);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_EXITED(status, 0);
	CHECK_INT(times, 1);
	handle(SIGUSR1, note, 0);
	pid = tap_start(send_and_end_later);
	CHECK(waitpid(pid, &status, 0) == -1 && errno == EINTR);
	CHECK_INT(waitpid(pid, &status, 0), pid);
}

static void sigsuspend_waits_with_another_mask(void)
{
	sigset_t set, old, none;
	handle(SIGUSR1, note, 0);
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_INT(sigprocmask(SIG_BLOCK, &set, &old), 0);
	raise(SIGUSR1);
	CHECK_INT(times, 0);
	CHECK(sigsuspend(&none) == -1 && errno == EINTR);
	CHECK_INT(times, 1);
	CHECK_INT(sigprocmask(SIG_SETMASK, &old, &none), 0);
	CHECK(sigismember(&none, SIGUSR1));
}

static void sigtimedwait_takes_a_signal_without_a_handler(void)
{
	sigset_t set, old;
	siginfo_t info;
	struct timespec soon = {.tv_nsec = 20000000};
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_INT(sigprocmask(SIG_BLOCK, &set, &old), 0);
	CHECK(sigtimedwait(&set, &info, &soon) == -1 && errno == EAGAIN);
	kill(getpid(), SIGUSR2);
	CHECK_INT(sigtimedwait(&set, &info, &soon), SIGUSR2);
	CHECK_INT(info.si_pid, getpid());
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void exit_with_3(void)
{
	_exit(3);
}

static void sigchld_tells_how_the_child_ended(void)
{
	struct sigaction action = {.sa_sigaction = note_information, .sa_flags = SA_SIGINFO | SA_RESTART};
	caught = 0;
	CHECK_INT(sigaction(SIGCHLD, &action, NULL), 0);
	pid_t pid = tap_start(exit_with_3);
	CHECK_EXITED(tap_wait(pid), 3);
	CHECK_INT(caught, SIGCHLD);
	CHECK_INT(information.si_pid, pid);
	CHECK_INT(information.si_code, CLD_EXITED);
	CHECK_INT(information.si_status, 3);
	signal(SIGCHLD, SIG_DFL);
}

static void sigchld_ignored_leaves_no_zombies(void)
{
	signal(SIGCHLD, SIG_IGN);
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK(waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void exec_hello(void)
{
	char *argv[] = {"false", NULL};
	handle(SIGUSR1, note, 0);
	signal(SIGUSR2, SIG_IGN);
	execve("/bin/false", argv, environ);
	_exit(99);
}

static void exec_starts_with_no_handlers(void)
{
	CHECK_EXITED(tap_child(exec_hello), 1);
}

static void kill_and_stop_can_not_be_caught(void)
{
	struct sigaction action = {.sa_handler = note};
	CHECK(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
	CHECK(sigaction(SIGSTOP, &action, NULL) == -1 && errno == EINVAL);
	sigset_t all, now;
	sigfillset(&all);
	CHECK_INT(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	CHECK_INT(sigprocmask(SIG_BLOCK, NULL, &now), 0);
	CHECK(!sigismember(&now, SIGKILL) && !sigismember(&now, SIGSTOP));
	sigemptyset(&all);
	CHECK_INT(sigprocmask(SIG_SETMASK, &all, NULL), 0);
}

static void flood_parent(void)
{
	for (int i = 0; i < 500; i++)
		kill(getppid(), SIGUSR1);
}

/* Each call must give its own right answer however often it is interrupted. */
static void a_flood_of_signals_disturbs_no_call(void)
{
	handle(SIGUSR1, note, SA_RESTART);
	pid_t pid = tap_start(flood_parent);
	int status;
	pid_t mine = getppid();
	while (waitpid(pid, &status, WNOHANG) == 0) {
		void *block = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		REQUIRE(block != MAP_FAILED);
		memset(block, 1, 8192);
		CHECK_INT(munmap(block, 8192), 0);
		CHECK_INT(getppid(), mine);
	}
	CHECK_EXITED(status, 0);
	CHECK(times > 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_handler_runs_and_the_program_goes_on),
	        TEST(a_signal_between_instructions_keeps_every_register),
	        TEST(ignored_and_default_signals),
	        TEST(the_default_action_ends_the_process),
	        TEST(a_blocked_signal_waits),
	        TEST(a_handler_blocks_its_own_signal_unless_sa_nodefer),
	        TEST(sa_resethand_works_once),
	        TEST(siginfo_tells_who_sent_it),
	        TEST(a_fault_can_be_caught_and_tells_its_address),
	        TEST(a_forbidden_write_tells_segv_accerr),
	        TEST(division_and_bad_instructions_have_their_signals),
	        TEST(sigaltstack_gives_handlers_their_own_stack),
	        TEST(a_frame_may_keep_the_fpu_registers_at_an_odd_address),
	        TEST(a_signal_ends_sleep_and_wait_early),
	        TEST(sa_restart_lets_wait_go_on),
	        TEST(sigsuspend_waits_with_another_mask),
	        TEST(sigtimedwait_takes_a_signal_without_a_handler),
	        TEST(sigchld_tells_how_the_child_ended),
	        TEST(sigchld_ignored_leaves_no_zombies),
	        TEST(exec_starts_with_no_handlers),
	        TEST(kill_and_stop_can_not_be_caught),
	        TEST(a_flood_of_signals_disturbs_no_call),
	        TEST(a_stack_overflow_is_caught_only_on_another_stack),
	};
	return TAP_RUN(tests);
}
