/* SPDX-License-Identifier: MIT */
/* guest: machine=qemu,bochs timeout=180 */
/* The x87 and SSE registers are each process's own: over switches, fork, signals, exec. */
#define _GNU_SOURCE
#include <sys/time.h>
#include <granite/sys.h>

#include "tap.h"

#define SELF_PROGRAM "/bin/fpu_test"

/* All eight SSE registers filled from one number, a call in between, and read back. */
#define FILL_SSE(value, between, out)                                                                 \
	do {                                                                                          \
		void *eax;                                                                            \
		__asm__ volatile(                                                                     \
		        "movd %[word], %%xmm0\n\tpshufd $0, %%xmm0, %%xmm0\n\t"                       \
		        "movaps %%xmm0, %%xmm1\n\tmovaps %%xmm0, %%xmm2\n\tmovaps %%xmm0, %%xmm3\n\t" \
		        "movaps %%xmm0, %%xmm4\n\tmovaps %%xmm0, %%xmm5\n\tmovaps %%xmm0, %%xmm6\n\t" \
		        "movaps %%xmm0, %%xmm7\n\t" between "\n\t"                                    \
		        "movups %%xmm0, (%[to])\n\tmovups %%xmm1, 16(%[to])\n\t"                      \
		        "movups %%xmm2, 32(%[to])\n\tmovups %%xmm3, 48(%[to])\n\t"                    \
		        "movups %%xmm4, 64(%[to])\n\tmovups %%xmm5, 80(%[to])\n\t"                    \
		        "movups %%xmm6, 96(%[to])\n\tmovups %%xmm7, 112(%[to])"                       \
		        : "=a"(eax)                                                                   \
		        : [to] "D"(out), [word] "S"(value), "0"(&yield_call)                          \
		        : "memory", "cc", "ecx", "edx");                                              \
	} while (0)

static struct message yield_call;

static int all_are(const uint32_t *words, uint32_t value)
{
	for (int i = 0; i < 32; i++)
		if (words[i] != value)
			return 0;
	return 1;
}

/* A value of this process's own stays in the registers while others use theirs. */
static void keep_sse_over_yields(void)
{
	uint32_t value = (uint32_t)getpid() * 0x01010101u;
	for (int i = 0; i < 300; i++) {
		uint32_t out[32];
		yield_call.m_type = SYS_YIELD;
		FILL_SSE(value, "int $0x31", out);
		REQUIRE(all_are(out, value));
	}
}

static void keep_sse_over_quanta(void)
{
	uint32_t value = (uint32_t)getpid() * 0x01010101u;
	for (int i = 0; i < 20; i++) {
		uint32_t out[32];
		FILL_SSE(value, "mov $3000000, %%ecx\n1:\tdec %%ecx\n\tjnz 1b", out);
		REQUIRE(all_are(out, value));
	}
}

/* A sum whose rounding shows every lost or exchanged bit of the x87 stack. */
static long double harmonic(int steps, int seed)
{
	long double sum = 0, product = 1;
	for (int i = 1; i <= steps; i++) {
		sum += 1.0L / (i + seed);
		product *= 1.0L + 1.0L / ((long double)i * i + seed);
	}
	return sum * product;
}

static void compute_with_x87(void)
{
	int seed = getpid();
	long double expected = harmonic(20000, seed);
	for (int i = 0; i < 40; i++)
		REQUIRE(harmonic(20000, seed) == expected);
}

static void run_together(void (*work)(void))
{
	enum { WORKERS = 4 };
	pid_t pids[WORKERS];
	for (int i = 0; i < WORKERS; i++)
		pids[i] = tap_start(work);
	for (int i = 0; i < WORKERS; i++)
		CHECK_EXITED(tap_wait(pids[i]), 0);
}

static void sse_registers_survive_yielding(void)
{
	run_together(keep_sse_over_yields);
}

static void sse_registers_survive_the_quantums_end(void)
{
	run_together(keep_sse_over_quanta);
}

static void x87_computations_do_not_mix(void)
{
	run_together(compute_with_x87);
}

/* ---- Fork ---- */

static void load_x87(double value)
{
	__asm__ volatile("fninit\n\tfldl %0\n\tfldpi" : : "m"(value));
}

static double store_x87(void)
{
	double value, pi;
	__asm__ volatile("fstpl %1\n\tfstpl %0" : "=m"(value), "=m"(pi));
	return value + (pi > 3.14 && pi < 3.15 ? 0 : 1000);
}

/* fork by hand: what the C library does around it must not touch the registers in question. */
static pid_t raw_fork(void)
{
	pid_t pid;
	__asm__ volatile("int $0x80" : "=a"(pid) : "a"(2) : "memory");
	return pid;
}

static void a_forked_child_has_its_parents_registers(void)
{
	load_x87(2.5);
	pid_t pid = raw_fork();
	double value = store_x87();
	if (pid == 0)
		_exit(value == 2.5 ? 0 : 1);
	CHECK(value == 2.5);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void spoil_registers(void)
{
	uint32_t out[32];
	load_x87(-1);
	FILL_SSE(0xdeadbeef, "", out);
}

static void a_child_does_not_change_its_parents_registers(void)
{
	load_x87(2.5);
	pid_t pid = raw_fork();
	if (pid == 0) {
		spoil_registers();
		_exit(0);
	}
	int status;
	pid_t waited;
	__asm__ volatile("int $0x80" : "=a"(waited) : "a"(7), "b"(pid), "c"(&status), "d"(0) : "memory");
	CHECK(store_x87() == 2.5);
	CHECK_INT(waited, pid);
	CHECK_EXITED(status, 0);
}

/* ---- Signals ---- */

static volatile sig_atomic_t times;

static void spoil_in_handler(int signal)
{
	(void)signal;
	times++;
	__asm__ volatile("fninit\n\tfldz\n\tfldz\n\tfldz");
	uint32_t out[32];
	FILL_SSE(0xdeadbeef, "", out);
}

static void a_handler_does_not_change_the_registers_it_interrupted(void)
{
	struct sigaction action = {.sa_handler = spoil_in_handler};
	struct itimerval often = {{.tv_usec = 10000}, {.tv_usec = 10000}}, never = {{0}, {0}};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_INT(setitimer(ITIMER_REAL, &often, NULL), 0);
	long double expected = harmonic(20000, 5);
	for (int i = 0; i < 10000 && times < 20; i++) {
		uint32_t out[32];
		CHECK(harmonic(20000, 5) == expected);
		FILL_SSE(0x12345678, "mov $300000, %%ecx\n1:\tdec %%ecx\n\tjnz 1b", out);
		REQUIRE(all_are(out, 0x12345678));
	}
	CHECK_INT(setitimer(ITIMER_REAL, &never, NULL), 0);
	CHECK(times >= 20);
}

static uint16_t control_word(void)
{
	uint16_t word;
	__asm__ volatile("fnstcw %0" : "=m"(word));
	return word;
}

static uint32_t mxcsr(void)
{
	uint32_t word;
	__asm__ volatile("stmxcsr %0" : "=m"(word));
	return word;
}

static volatile uint16_t control_in_handler;

static void note_control_word(int signal)
{
	(void)signal;
	control_in_handler = control_word();
}

static void a_handler_starts_with_a_sane_fpu(void)
{
	const uint16_t chop = 0xc7f, usual = 0x37f;
	signal(SIGUSR1, note_control_word);
	__asm__ volatile("fldcw %0" : : "m"(chop));
	raise(SIGUSR1);
	CHECK_INT(control_word(), chop);
	__asm__ volatile("fldcw %0" : : "m"(usual));
	CHECK(control_in_handler == chop || control_in_handler == usual);
}

/* ---- Exec ---- */

static int check_fresh(void)
{
	uint32_t registers[32];
	__asm__ volatile("movups %%xmm0, (%0)\n\tmovups %%xmm1, 16(%0)\n\tmovups %%xmm2, 32(%0)\n\t"
	                 "movups %%xmm3, 48(%0)\n\tmovups %%xmm4, 64(%0)\n\tmovups %%xmm5, 80(%0)\n\t"
	                 "movups %%xmm6, 96(%0)\n\tmovups %%xmm7, 112(%0)"
	                 :
	                 : "r"(registers)
	                 : "memory");
	for (int i = 0; i < 32; i++)
		CHECK(registers[i] != 0x5ec7e700);
	CHECK_INT(control_word(), 0x37f);
	CHECK_INT(mxcsr() & 0xffc0, 0x1f80);
	return tap_failures > 0;
}

static void exec_with_secrets(void)
{
	char *argv[] = {"fpu_test", "fresh", NULL};
	const uint16_t chop = 0xc7f;
	const uint32_t mask = 0x7f80;
	uint32_t out[32];
	FILL_SSE(0x5ec7e700, "", out);
	__asm__ volatile("fldcw %0\n\tldmxcsr %1" : : "m"(chop), "m"(mask));
	execve(SELF_PROGRAM, argv, environ);
}

static void exec_starts_with_fresh_registers(void)
{
	CHECK_EXITED(tap_child(exec_with_secrets), 0);
}

/* ---- Exceptions ---- */

static void divide_unmasked(void)
{
	const uint16_t unmasked = 0x37b;
	volatile double zero = 0;
	__asm__ volatile("fldcw %0" : : "m"(unmasked));
	zero = 1 / zero;
	__asm__ volatile("fwait");
}

static void divide_unmasked_sse(void)
{
	const uint32_t unmasked = 0x1d80;
	__asm__ volatile("ldmxcsr %0\n\txorps %%xmm0, %%xmm0\n\tdivss %%xmm0, %%xmm0" : : "m"(unmasked));
	const uint32_t all = 0x1900;
	const float one = 1;
	__asm__ volatile("ldmxcsr %0\n\tmovss %1, %%xmm1\n\tdivss %%xmm0, %%xmm1" : : "m"(all), "m"(one));
}

static void unmasked_exceptions_are_sigfpe(void)
{
	CHECK_KILLED(tap_child(divide_unmasked), SIGFPE);
	/* QEMU's emulator never raises SSE's exceptions. */
	int ending = tap_ending(tap_child(divide_unmasked_sse));
	CHECK(ending == TAP_SIGNAL + SIGFPE || ending == 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(sse_registers_survive_yielding),
	        TEST(sse_registers_survive_the_quantums_end),
	        TEST(x87_computations_do_not_mix),
	        TEST(a_forked_child_has_its_parents_registers),
	        TEST(a_child_does_not_change_its_parents_registers),
	        TEST(a_handler_does_not_change_the_registers_it_interrupted),
	        TEST(a_handler_starts_with_a_sane_fpu),
	        TEST(exec_starts_with_fresh_registers),
	        TEST(unmasked_exceptions_are_sigfpe),
	};
	if (argc > 1 && strcmp(argv[1], "fresh") == 0)
		return check_fresh();
	return TAP_RUN(tests);
}
