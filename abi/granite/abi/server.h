/* SPDX-License-Identifier: MIT */
/* What PM tells any server whose calls may wait. */
#ifndef GRANITE_ABI_SERVER_H
#define GRANITE_ABI_SERVER_H

#include <granite/abi/types.h>
#include <granite/abi/message.h>

enum server_op_number {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/server.def>
#undef OP
};

/*
 * From PM alone, by ipc_senda, and never answered: the call that `endpoint` has under way, if any, must end,
 * with EINTR or with what it has done so far.
 */
struct server_cancel_req {
	endpoint_t endpoint;
};
struct server_cancel_rep {
};

#define OP(number, NAME, name) MESSAGE_FITS(server, name)
#include <granite/abi/ops/server.def>
#undef OP

#endif
