/* SPDX-License-Identifier: MIT */
/* The table of system calls. */
#include <errno.h>
#include <sys/syscall.h>

#include "bridge.h"

struct bridge_op {
	int32_t (*call)(struct bridge_regs *regs);
	enum bridge_kind kind;
};

static const struct bridge_op ops[] = {
#define CALL(number, function, kind) [number] = {linux_##function, kind},
#include "calls.def"
#undef CALL
};

static int32_t no_such_call(struct bridge_regs *regs)
{
	(void)regs;
	return -ENOSYS;
}

static const struct bridge_op no_op = {no_such_call, BRIDGE_PLAIN};

static const struct bridge_op *op_of(uint32_t number)
{
	if (number >= sizeof(ops) / sizeof(ops[0]) || !ops[number].call)
		return &no_op;
	return &ops[number];
}

void bridge_call(struct bridge_regs *regs)
{
	uint32_t number = regs->eax;
	const struct bridge_op *op = op_of(number);
	int32_t result = op->call(regs);

	if (op->kind == BRIDGE_RESTORES)
		return;
	regs->eax = bridge_result(result);
	if (result == -EINTR)
		bridge_interrupted(regs, number, op->kind == BRIDGE_RESTARTS);
}
