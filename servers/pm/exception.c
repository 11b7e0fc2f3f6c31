/* SPDX-License-Identifier: MIT */
/* The kernel asks what becomes of a process that has caused an exception: it lives on if it can handle the
 * signal. */
#include <granite/sys.h>
#include "pm.h"

/* A small process of the boot archive is not PM's, but nobody else buries it. */
static int end_stranger(endpoint_t endpoint, const struct pm_exception_req *request)
{
	pm_log("endpoint %d died of %s at address 0x%x", endpoint, signal_name((int)request->signal),
	       request->address);
	(void)!sys_clear(endpoint);
	return SERVER_NO_REPLY;
}

/* Where a compiler had marked undefined behaviour (make UBSAN=1); the tools look for this line. */
static void log_undefined(const struct process *process, const struct pm_exception_req *request)
{
	struct sys_registers_rep registers;

	if (sys_registers(process->endpoint, &registers) != OK)
		return;
	pm_log("%s (pid %d) died of %s, undefined behaviour, at address 0x%x, eip 0x%x", process->name,
	       process->pid, signal_name((int)request->signal), request->address, registers.eip);
}

static int end_process(struct process *process, const struct pm_exception_req *request,
                       const struct signal_info *info)
{
	if (request->signal == SIGKILL)
		pm_log("%s (pid %d) died: no memory for address 0x%x", process->name, process->pid,
		       request->address);
	if (request->undefined)
		log_undefined(process, request);
	crash(process, (int)request->signal, info);
	process_die(process, STATUS_SIGNALED(request->signal));
	return SERVER_NO_REPLY;
}

int do_exception(endpoint_t caller, const struct pm_exception_req *request, struct pm_exception_rep *reply)
{
	const struct signal_info info = {
	        .code = request->si_code,
	        .a = request->address,
	        .b = request->trap,
	        .c = request->error,
	};
	struct process *process = process_by_endpoint(caller);

	(void)reply;
	if (!process)
		return end_stranger(caller, request);
	if (request->fatal || !signals_can_catch(&process->signals, (int)request->signal))
		return end_process(process, request, &info);
	signal_send(process, (int)request->signal, &info);
	return OK;
}
