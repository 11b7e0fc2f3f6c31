/* SPDX-License-Identifier: MIT */
/* Calls of the file server. Its endpoint is rs_lookup("ramfs"). */
#ifndef GRANITE_RAMFS_H
#define GRANITE_RAMFS_H

#include <granite/abi/ramfs.h>
#include <granite/call.h>

#define OP(number, NAME, name) CALL_ANY(ramfs, name, NAME)
#include <granite/abi/ops/ramfs.def>
#undef OP

#endif
