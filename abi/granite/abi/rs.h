/* SPDX-License-Identifier: MIT */
/* Requests and replies of RS. */
#ifndef GRANITE_ABI_RS_H
#define GRANITE_ABI_RS_H

#include <granite/abi/types.h>
#include <granite/abi/message.h>
#include <granite/abi/info.h>

#define RS_BASE 0x700

enum rs_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/rs.def>
#undef OP
};

struct rs_lookup_req {
	char label[PROC_NAME_MAX];
};
struct rs_lookup_rep {
	endpoint_t endpoint;
};

#define OP(number, NAME, name) MESSAGE_FITS(rs, name)
#include <granite/abi/ops/rs.def>
#undef OP

#endif
