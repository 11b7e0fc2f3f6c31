/* SPDX-License-Identifier: MIT */
/* guest: calls=vircopy machine=qemu,bochs timeout=240 */
/*
 * No address reaches beyond the process: not the kernel, small processes, page tables or windows, whichever
 * segment register is used, below, at, above and wrapping round the limit. QEMU refuses by the pages' rights
 * alone, Bochs by the limits too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <granite/abi/counters.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "tap.h"

/* An offset in a segment that starts at PROC_BASE which is this linear address, if nothing checks the limit.
 */
#define LINEAR(address) ((uint32_t)(address)-PROC_BASE)

/* What an attempt does; set before the child is made. */
static struct {
	uint32_t offset;
	int selector; /* loaded into gs; 0: ds is used */
} attempt;

/* gs is put back: a child that got through must be able to say so. */
#define ATTEMPT(name, by_ds, by_gs)                                                        \
	static void name(void)                                                             \
	{                                                                                  \
		if (attempt.selector)                                                      \
			__asm__ volatile("mov %%gs, %%ecx\n\t"                             \
			                 "mov %0, %%gs\n\t" by_gs "\n\t"                   \
			                 "mov %%ecx, %%gs"                                 \
			                 :                                                 \
			                 : "r"(attempt.selector), "d"(attempt.offset)      \
			                 : "eax", "ecx", "memory");                        \
		else                                                                       \
			__asm__ volatile(by_ds : : "d"(attempt.offset) : "eax", "memory"); \
	}

ATTEMPT(read_long, "movl (%%edx), %%eax", "movl %%gs:(%%edx), %%eax")
ATTEMPT(read_byte, "movb (%%edx), %%al", "movb %%gs:(%%edx), %%al")
ATTEMPT(write_long, "movl $0, (%%edx)", "movl $0, %%gs:(%%edx)")
ATTEMPT(write_locked, "lock incl (%%edx)", "lock incl %%gs:(%%edx)")
ATTEMPT(jump_there, "call *%%edx", "call *%%edx")

static void expect_refusal(uint32_t offset, void (*access)(void), const char *how)
{
	attempt.offset = offset;
	int ending = tap_ending(tap_child(access));
	if (ending != TAP_SIGNAL + SIGSEGV) {
		printf("# %s at %#x through selector %#x: ended with %d\n", how, offset, attempt.selector,
		       ending);
		tap_failures++;
	}
}

static void expect_every_refusal(uint32_t offset)
{
	expect_refusal(offset, read_long, "reading");
	expect_refusal(offset, read_byte, "reading a byte");
	expect_refusal(offset, write_long, "writing");
	expect_refusal(offset, write_locked, "a locked write");
	if (!attempt.selector)
		expect_refusal(offset, jump_there, "jumping");
}

static const uint32_t forbidden[] = {
        0,
        0xffff,    /* below the lowest mapping */
        PROC_SIZE, /* at the limit */
        PROC_SIZE + 1,
        PROC_SIZE + PAGE_SIZE,
        0xe0000000,
        LINEAR(0) - 1, /* the last byte before linear addresses wrap round */
        LINEAR(0),     /* and round: physical memory from 0 */
        LINEAR(0x1000),
        LINEAR(0xb8000),
        LINEAR(0x100000), /* the kernel */
        LINEAR(0x200000),
        LINEAR(0x400000),
        LINEAR(0x800000),
        LINEAR(WINDOW_BASE),
        LINEAR(WINDOW_BASE + BIG_PAGE_SIZE),
        LINEAR(PROC_BASE - BIG_PAGE_SIZE), /* the last window */
        LINEAR(PROC_BASE - 4),
};

static void addresses_beyond_the_process_are_refused(void)
{
	for (unsigned i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		expect_every_refusal(forbidden[i]);
}

/* The byte below is the stack's last and the process's own. */
static void a_long_that_straddles_the_limit_is_refused(void)
{
	for (uint32_t offset = PROC_SIZE - 3; offset < PROC_SIZE; offset++) {
		expect_refusal(offset, read_long, "reading");
		expect_refusal(offset, write_long, "writing");
	}
	attempt.offset = PROC_SIZE - 1;
	CHECK_EXITED(tap_child(read_byte), 0);
	for (uint32_t offset = 0xfffffffd; offset != 0; offset++)
		expect_refusal(offset, read_long, "reading round the end");
}

/* Every 4 MiB beyond the limit, in one process that catches the faults: where nothing checks limits, pages
 * must. */
static volatile int faults;

static void skip_instruction(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	faults++;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EIP] += 2; /* the access below is two bytes long */
}

static void nothing_beyond_the_limit_is_there_at_all(void)
{
	struct sigaction action = {.sa_sigaction = skip_instruction, .sa_flags = SA_SIGINFO}, old;
	CHECK_INT(sigaction(SIGSEGV, &action, &old), 0);
	for (uint32_t offset = PROC_SIZE; offset >= PROC_SIZE; offset += BIG_PAGE_SIZE / 4) {
		int before = faults;
		__asm__ volatile("movb (%0), %%al" : : "d"(offset) : "eax", "memory");
		if (faults != before + 1) {
			printf("# %#x can be read\n", offset);
			tap_failures++;
		}
	}
	CHECK_INT(sigaction(SIGSEGV, &old, NULL), 0);
}

/* ---- Through a TLS segment that spans all of memory ---- */

static void attempts_through_tls(uint32_t base)
{
	int index;
	if (sys_settls(-1, base, 0xfffff, SETTLS_PAGES, &index) != OK)
		return; /* refused: so much the better */
	attempt.selector = index * 8 + 3;
	for (unsigned i = 2; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		expect_every_refusal(forbidden[i] - base);
	expect_refusal(PROC_SIZE - 2 - base, read_long, "reading");
	attempt.selector = 0;
	CHECK_INT(sys_settls(index, 0, 0, SETTLS_CLEAR, NULL), OK);
}

static void a_tls_segment_of_4_gib_reaches_no_further(void)
{
	attempts_through_tls(0);
	attempts_through_tls(PROC_SIZE - PAGE_SIZE);
}

static void a_tls_segment_that_starts_beyond_the_process_reaches_nothing(void)
{
	attempts_through_tls(PROC_SIZE);
	attempts_through_tls(LINEAR(0));
	attempts_through_tls(LINEAR(0x100000));
}

/* ---- Windows ---- */

static char secret[PAGE_SIZE];

static void hold_still(void)
{
	for (;;)
		pause();
}

static void a_window_is_closed_when_the_copy_is_done(void)
{
	static char here[PAGE_SIZE];
	secret[0] = 1; /* so that the page is there */
	pid_t pid = tap_start(hold_still);
	endpoint_t other = pm_endpoint(pid);
	for (int slot = 0; slot < 2 * WINDOW_COUNT; slot++) {
		CHECK_INT(sys_vircopy(other, (vir_bytes)secret, SELF, (vir_bytes)here, PAGE_SIZE, 0), OK);
		uint32_t window = LINEAR(WINDOW_BASE + slot % WINDOW_COUNT * BIG_PAGE_SIZE);
		expect_refusal(window + (vir_bytes)secret % BIG_PAGE_SIZE, read_long, "reading a window");
	}
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

/* ---- The kernel as a tool ---- */

static int kernel_writes_to(uint32_t address, uint32_t bytes)
{
	union sys_getinfo_message call = {
	        .req = {.what = GET_PROCTAB, .address = address, .bytes = bytes, .first = 0}};
	return sys_getinfo_call(&call);
}

static void the_kernel_writes_only_where_the_process_may(void)
{
	static const char constant[sizeof(struct proc_info)] = "constant";
	const char *volatile text = constant;
	for (unsigned i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		CHECK_INT(kernel_writes_to(forbidden[i], sizeof(struct proc_info)), -EFAULT);
		CHECK(kernel_writes_to(forbidden[i], 0xffffffff) < 0);
	}
	CHECK_INT(kernel_writes_to(PROC_SIZE - 1, sizeof(struct proc_info)), -EFAULT);
	CHECK_INT(kernel_writes_to((vir_bytes)text, sizeof(struct proc_info)), -EFAULT);
	CHECK(strcmp(text, "constant") == 0);
}

/* ---- Other processes ---- */

static volatile int *common;

static void write_own_value(void)
{
	*common = 2;
	usleep(20000);
	CHECK_INT(*common, 2);
}

static void the_same_address_is_another_page_in_another_process(void)
{
	common = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(common != MAP_FAILED);
	*common = 1;
	pid_t pid = tap_start(write_own_value);
	for (int i = 0; i < 4; i++) {
		usleep(10000);
		CHECK_INT(*common, 1);
	}
	CHECK_EXITED(tap_wait(pid), 0);
}

/* ---- And the rest of the system is as well as before ---- */

static void the_system_is_unharmed(void)
{
	struct granite_counters counters;
	struct vm_info_rep info;
	CHECK(sys_getinfo(GET_COUNTERS, &counters, sizeof(counters), 0) > 0);
	CHECK_INT(vm_info(&info), OK);
	CHECK(pm_endpoint(getpid()) == sys_self());
	CHECK_EXITED(tap_child(the_same_address_is_another_page_in_another_process), 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(addresses_beyond_the_process_are_refused),
	        TEST(a_long_that_straddles_the_limit_is_refused),
	        TEST(nothing_beyond_the_limit_is_there_at_all),
	        TEST(a_tls_segment_of_4_gib_reaches_no_further),
	        TEST(a_tls_segment_that_starts_beyond_the_process_reaches_nothing),
	        TEST(a_window_is_closed_when_the_copy_is_done),
	        TEST(the_kernel_writes_only_where_the_process_may),
	        TEST(the_same_address_is_another_page_in_another_process),
	        TEST(the_system_is_unharmed),
	};
	return TAP_RUN(tests);
}
