/* SPDX-License-Identifier: MIT */
/* guest: machine=qemu,bochs timeout=180 */
/*
 * A process tells the kernel where its bridge is, and where that goes on after a fault. Whatever it says
 * there, the kernel must not be led out of the process, nor try for ever to return to where the processor
 * lets no process be: interrupts are off while it tries. QEMU checks no segment limits, so it is on Bochs
 * that such a return fails.
 */
#include <signal.h>
#include <sys/time.h>
#include <granite/abi/layout.h>
#include <granite/abi/pm.h>
#include <granite/ipc.h>
#include <granite/sys.h>

#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t place;
static struct bridge_control control;

static void return_at_once(void)
{
}

static void handle(int signal)
{
	(void)signal;
}

static void take_bridge(uint32_t entry, uint32_t upcall, uint32_t control_at)
{
	if (sys_bridge((void (*)(void))(uintptr_t)entry, (void (*)(void))(uintptr_t)upcall,
	               (void *)(uintptr_t)control_at) != OK)
		_exit(42);
}

/* ---- A bridge that is not there ---- */

static void call_through_bad_bridge(void)
{
	take_bridge(place, place, (uint32_t)&control);
	__asm__ volatile("int $0x80" : : "a"(20) : "memory");
}

/* The timer's signal finds no control words to look at. */
static void take_signal_with_bad_control(void)
{
	struct itimerval soon = {{0}, {.tv_usec = 20000}};
	signal(SIGALRM, handle);
	CHECK_INT(setitimer(ITIMER_REAL, &soon, NULL), 0);
	take_bridge((uint32_t)return_at_once, (uint32_t)return_at_once, place);
	for (;;)
		sys_yield();
}

static void a_bad_bridge_harms_only_its_owner(void)
{
	static const uint32_t places[] = {0x1000, 0xc0000000, 0xf0000000, 0xf0100000, 0xfffffffc};
	for (unsigned i = 0; i < COUNT(places); i++) {
		place = places[i];
		CHECK_KILLED(tap_child(call_through_bad_bridge), SIGSEGV);
	}
	place = 0x1000;
	CHECK_KILLED(tap_child(take_signal_with_bad_control), SIGSEGV);
}

/* The kernel writes there: it must never be led out of the process. */
static void control_words_beyond_the_process_are_refused(void)
{
	static const uint32_t places[] = {PROC_SIZE, 0xf0000000, 0xf0100000, 0xfc000000, 0xffffffc0};
	for (unsigned i = 0; i < COUNT(places); i++)
		CHECK_INT(sys_bridge(return_at_once, return_at_once, (void *)places[i]), -EFAULT);
	CHECK_INT(sys_bridge(return_at_once, return_at_once, (void *)0x10008), -EINVAL);
	CHECK(getpid() > 0);
}

/* ---- Where to go on after a fault ---- */

static void execute_hlt(void)
{
	__asm__ volatile("hlt");
}

/* Nothing is mapped there: VM says so. */
static void touch_nothing(void)
{
	*(volatile char *)0x1000 = 0;
}

static void touch_the_kernel(void)
{
	*(volatile char *)0xf0100000 = 0;
}

/* On the way out of the kernel es means nothing any more. */
static void spoil_es(void)
{
	int index;
	CHECK_INT(sys_settls(-1, 0, 0xfffff, SETTLS_PAGES, &index), OK);
	__asm__ volatile("mov %0, %%es" : : "r"(index * 8 + 3));
	CHECK_INT(sys_settls(index, 0, 0, SETTLS_CLEAR, NULL), OK);
	for (;;)
		sys_yield();
}

static void call_linux(void)
{
	__asm__ volatile("int $0x80" : : "a"(20) : "memory");
}

/* Not by the bridge. The kernel begins an upcall, and sets `busy`, before kill returns. */
static void take_a_signal(void)
{
	struct message m = {.m_type = PM_KILL, .m_words = {(uint32_t)getpid(), SIGUSR1}};
	control.busy = 0;
	CHECK_INT(ipc_sendrec(PM_PROC_NR, &m), OK);
	for (;;)
		sys_yield();
}

static const struct fault {
	const char *name;
	void (*make)(void);
} faults[] = {
        {"a privileged instruction", execute_hlt},
        {"a page that is not there", touch_nothing},
        {"an address of the kernel", touch_the_kernel},
        {"a selector that is gone", spoil_es},
        {"a call to Linux", call_linux},
        {"a signal", take_a_signal},
};
static const struct fault *fault;

/* Who runs for ever is ended by the alarm. Who does not needs less than that, however slow the machine. */
static unsigned patience;

/* Its bridge is always busy, and nowhere but at `place`. */
static void fault_in_the_bridge(void)
{
	signal(SIGUSR1, handle);
	alarm(patience);
	control = (struct bridge_control){.busy = 1, .resume = place};
	take_bridge(place, place, (uint32_t)&control);
	fault->make();
}

static void check_fault_ends(int signal)
{
	int ending = tap_ending(tap_child(fault_in_the_bridge));
	if (ending != TAP_SIGNAL + signal) {
		printf("# %s, and on at %x: ended with %d\n", fault->name, place, ending);
		tap_failures++;
	}
}

static void to_go_on_beyond_the_process_is_its_owners_sigsegv(void)
{
	static const uint32_t places[] = {PROC_SIZE, 0xf0000000, 0xf0100000, 0xffffffff};
	patience = 10;
	for (fault = faults; fault < faults + COUNT(faults); fault++) {
		for (unsigned i = 0; i < COUNT(places); i++) {
			place = places[i];
			check_fault_ends(SIGSEGV);
		}
	}
}

/* Where it goes on faults again. But it is the process that tries for ever, not the kernel: the alarm comes.
 */
static void to_fault_for_ever_harms_only_its_owner(void)
{
	patience = 1;
	fault = &faults[0];
	place = (uint32_t)execute_hlt;
	check_fault_ends(SIGALRM);
	place = 0x1000;
	check_fault_ends(SIGALRM);
}

static _Noreturn void stay(void)
{
	for (;;)
		;
}

/* Its bridge may say where to go on after its own faults only. The kernel can't return to it: so it ends. */
static void who_can_not_be_returned_to_does_not_go_on(void)
{
	patience = 10;
	fault = &faults[3];
	place = (uint32_t)stay;
	check_fault_ends(SIGSEGV);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_bad_bridge_harms_only_its_owner),
	        TEST(control_words_beyond_the_process_are_refused),
	        TEST(to_go_on_beyond_the_process_is_its_owners_sigsegv),
	        TEST(to_fault_for_ever_harms_only_its_owner),
	        TEST(who_can_not_be_returned_to_does_not_go_on),
	};
	return TAP_RUN(tests);
}
