/* SPDX-License-Identifier: MIT */
/* Calls of the console driver. Its endpoint is rs_lookup("console"). */
#ifndef GRANITE_CONSOLE_H
#define GRANITE_CONSOLE_H

#include <granite/abi/console.h>
#include <granite/call.h>

#define OP(number, NAME, name) CALL_ANY(console, name, NAME)
#include <granite/abi/ops/console.def>
#undef OP

#endif
