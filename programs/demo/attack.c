/* SPDX-License-Identifier: MIT */
/* A hostile program tries what it must not do. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/abi/layout.h>
#include <granite/pm.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "../lib/errors.h"
#include "../lib/signals.h"
#include "demo.h"

/* As a process's address, the linear address wraps around to the kernel's part. */
#define KERNEL_ADDRESS(linear) ((vir_bytes)(linear)-PROC_BASE)
#define KERNEL_START           0x100000u /* where the loader has put it */
#define CONSOLE_PORT           0x3f8
#define CONSOLE_IRQ            4

/* How an attempt ended: an errno, a signal, or one of these; so it fits an exit status. */
#define GOT_THROUGH    0
#define SEEN_THROUGH   199 /* it was done, but in the attacker's own name */
#define BY_SIGNAL      210
#define SIGNAL_CODE(n) (BY_SIGNAL + (n))

/* ---- By the processor's instructions ---- */

static volatile char *kernel_memory(phys_bytes address)
{
	return (volatile char *)(uintptr_t)KERNEL_ADDRESS(address);
}

static int read_kernel(void)
{
	(void)*kernel_memory(KERNEL_START);
	return GOT_THROUGH;
}

static int write_kernel(void)
{
	*kernel_memory(KERNEL_START) = 0;
	return GOT_THROUGH;
}

static int read_vm(void)
{
	struct boot_info info;
	if (sys_getinfo(GET_BOOTINFO, &info, sizeof(info), 0) != (int)sizeof(info))
		return GOT_THROUGH;
	(void)*kernel_memory(info.vm_base + SMALL_IMAGE_BASE);
	return GOT_THROUGH;
}

static int stop_interrupts(void)
{
	__asm__ volatile("cli");
	return GOT_THROUGH;
}

static int stop_processor(void)
{
	__asm__ volatile("hlt");
	return GOT_THROUGH;
}

static int change_directory(void)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(0));
	return GOT_THROUGH;
}

static int write_to_device(void)
{
	__asm__ volatile("outb %0, %1" : : "a"((uint8_t)'!'), "Nd"((uint16_t)CONSOLE_PORT));
	return GOT_THROUGH;
}

/* ---- By asking the kernel ---- */

/* What a call says; one that succeeds has got through. */
static int refusal(int result)
{
	return result < 0 ? -result : GOT_THROUGH;
}

static int copy_from_rs(void)
{
	char byte;
	return refusal(sys_vircopy(RS_PROC_NR, PROC_MIN_ADDRESS, SELF, (vir_bytes)(uintptr_t)&byte, 1, 0));
}

static int take_interrupt(void)
{
	return refusal(sys_irqattach(CONSOLE_IRQ));
}

static int take_privileges(void)
{
	struct priv_spec spec = {.id = PRIV_ID_VM};
	return refusal(sys_privctl(sys_self(), &spec));
}

static int end_pm(void)
{
	return refusal(sys_clear(PM_PROC_NR));
}

/* ---- By asking others ---- */

static int ask_driver_to_read_kernel(void)
{
	ssize_t result = write(STDOUT_FILENO, (const void *)kernel_memory(KERNEL_START), 16);
	return result < 0 ? errno : GOT_THROUGH;
}

/* Its parent, as any other program, has not been named as one that it may talk to. */
static int talk_to_others(void)
{
	struct message m = {.m_type = 1};
	return refusal(ipc_sendnb(pm_endpoint(getppid()), &m));
}

static int speak_as_kernel(void)
{
	struct message m = {.m_type = VM_PAGEFAULT};
	int result = ipc_sendrec(VM_PROC_NR, &m);
	return refusal(result == OK ? m.m_type : result);
}

/* PM answers with the pid of who asks. */
static int speak_as_rs(void)
{
	union pm_getid_message call = {.source = RS_PROC_NR};
	if (pm_getid_call(&call) != OK)
		return GOT_THROUGH;
	return call.rep.pid == getpid() ? SEEN_THROUGH : GOT_THROUGH;
}

/* ---- All of them ---- */

static const struct attempt {
	const char *what;
	int (*run)(void);
	int expected;
} attempts[] = {
        {"reads the kernel's memory", read_kernel, SIGNAL_CODE(SIGSEGV)},
        {"writes to the kernel's memory", write_kernel, SIGNAL_CODE(SIGSEGV)},
        {"reads the memory of vm, a server", read_vm, SIGNAL_CODE(SIGSEGV)},
        {"switches interrupts off", stop_interrupts, SIGNAL_CODE(SIGSEGV)},
        {"stops the processor", stop_processor, SIGNAL_CODE(SIGSEGV)},
        {"loads a page directory of its own", change_directory, SIGNAL_CODE(SIGSEGV)},
        {"writes to the serial port", write_to_device, SIGNAL_CODE(SIGSEGV)},
        {"has the kernel copy rs's memory", copy_from_rs, ECALLDENIED},
        {"takes the serial port's interrupt", take_interrupt, ECALLDENIED},
        {"gives itself vm's privileges", take_privileges, ECALLDENIED},
        {"has the kernel remove pm", end_pm, ECALLDENIED},
        {"has the driver print the kernel", ask_driver_to_read_kernel, EFAULT},
        {"talks to a program it has no right to", talk_to_others, ECALLDENIED},
        {"tells vm of a page fault, as the kernel", speak_as_kernel, EBADCALL},
        {"asks pm something in rs's name", speak_as_rs, SEEN_THROUGH},
};

#define NR_ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

static void refused_by_processor(int signal)
{
	_exit(SIGNAL_CODE(signal));
}

static _Noreturn void be_hostile(const struct attempt *attempt)
{
	static const int signals[] = {SIGSEGV, SIGILL, SIGBUS, SIGFPE};
	struct sigaction action = {.sa_handler = refused_by_processor};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &action, NULL);
	_exit(attempt->run());
}

/* How it ended, as above. */
static int try(const struct attempt *attempt)
{
	pid_t pid = look_fork();
	if (pid == 0)
		be_hostile(attempt);
	int status = look_wait(pid);
	return WIFSIGNALED(status) ? SIGNAL_CODE(WTERMSIG(status)) : WEXITSTATUS(status);
}

static const char *words_for(int code)
{
	static char text[64];
	if (code == GOT_THROUGH)
		return "it gets through!";
	if (code == SEEN_THROUGH)
		return "the kernel says who it is";
	if (code >= BY_SIGNAL)
		snprintf(text, sizeof(text), "%s", signal_name(code - BY_SIGNAL));
	else
		snprintf(text, sizeof(text), "%s", error_name(code) ? error_name(code) : "an error");
	return text;
}

void part_attack(void)
{
	struct processes before;
	unsigned through = 0;
	processes_take(&before);
	say("A program has its own memory, the calls that its privileges list, and nothing else. Here one "
	    "tries "
	    "%u other things, each in a process of its own. Behind each stands what it gets: a signal from "
	    "the "
	    "processor, which refused the instruction; or an error from whom it asked.",
	    (unsigned)NR_ATTEMPTS);
	for (size_t i = 0; i < NR_ATTEMPTS; i++) {
		int code = try(&attempts[i]);
		claim(code == attempts[i].expected, "%-40s %s", attempts[i].what, words_for(code));
		through += code == GOT_THROUGH;
	}
	claim(through == 0, "of %u attempts %u got through", (unsigned)NR_ATTEMPTS, through);
	claim(look_all_live(&before, NONE), "all others live on");
	processes_free(&before);
}
