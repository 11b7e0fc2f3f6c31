/* SPDX-License-Identifier: MIT */
/* PM's start, its loop and its log. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <granite/log.h>
#include <granite/sys.h>
#include <granite/vm.h>
#include "pm.h"

#define RS_QUANTUM_MSECS 50

static struct process *rs;

struct process *process_rs(void)
{
	return rs;
}

/* ---- The log ---- */

void pm_log(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line_va("pm", format, arguments);
	va_end(arguments);
}

void pm_panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line_va("pm", format, arguments);
	va_end(arguments);
	sys_abort(ABORT_PANIC, 0);
	abort();
}

/* ---- The start ---- */

static void open_archive(void)
{
	struct boot_info info;
	int result = sys_getinfo(GET_BOOTINFO, &info, sizeof(info), 0);

	if (result != (int)sizeof(info))
		pm_panic("no boot information: error %d", -result);
	result = archive_init(info.archive_start, info.archive_bytes);
	if (result != OK)
		pm_panic("the boot archive is damaged: error %d", -result);
}

/* RS is the first process with a page table: the first one that VM makes. */
static void start_rs(void)
{
	endpoint_t endpoint;
	int result = vm_fork(NONE, &endpoint);

	if (result != OK || endpoint != RS_PROC_NR)
		pm_panic("no process for RS: result %d, endpoint %d", result, endpoint);
	rs = process_allocate(endpoint);
	result = sys_schedule(endpoint, SCHED_PRIO_SERVER, RS_QUANTUM_MSECS);
	if (result == OK)
		result = exec_rs(rs);
	if (result != OK)
		pm_panic("bin/rs can't be started: error %d", -result);
}

/* ---- The loop ---- */

/* A process that asks again has given up what it was waiting for. */
#define OP(number, NAME, name)                                                       \
	static int serve_##name(endpoint_t caller, const void *request, void *reply) \
	{                                                                            \
		struct process *process = process_by_endpoint(caller);               \
                                                                                     \
		if (!process)                                                        \
			return -EPERM;                                               \
		wait_forget(process);                                                \
		return do_##name(process, request, reply);                           \
	}
#include <granite/abi/ops/pm.def>
#undef OP

#define OP(number, NAME, name) SERVER_WRAP(pm, name)
#include <granite/abi/ops/pm_kernel.def>
#undef OP

static const struct server_op calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(PM_BASE, NAME, name)
#include <granite/abi/ops/pm.def>
#undef OP
};

static const struct server_op kernel_calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(PM_KERNEL_BASE, NAME, name)
#include <granite/abi/ops/pm_kernel.def>
#undef OP
};

static void notified(const struct message *m)
{
	if (m->m_source == CLOCK)
		clock_ring();
}

static const struct server server = {
        .calls = SERVER_TABLE(PM_BASE, calls),
        .kernel_calls = SERVER_TABLE(PM_KERNEL_BASE, kernel_calls),
        .notified = notified,
};

int main(void)
{
	process_init();
	events_init();
	open_archive();
	start_rs();
	pm_panic("receiving fails: error %d", -server_run(&server));
}
