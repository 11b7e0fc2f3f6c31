/* SPDX-License-Identifier: MIT */
/*
 * Error numbers. Those that POSIX knows have Linux/i386's values, because the bridge hands them to
 * programs unchanged; Granite's own start at 200, beyond all of Linux's. Functions return them negated.
 */
#ifndef GRANITE_ABI_ERRNO_H
#define GRANITE_ABI_ERRNO_H

#ifdef GRANITE_KERNEL
#define EPERM   1
#define ENOENT  2
#define ESRCH   3
#define EINTR   4
#define E2BIG   7
#define ENOEXEC 8
#define ECHILD  10
#define EAGAIN  11
#define ENOMEM  12
#define EACCES  13
#define EFAULT  14
#define EBUSY   16
#define EINVAL  22
#define ENOSPC  28
#define ENOSYS  38
#define ELOOP   40
#else
#include <errno.h>
#endif

#define ELOCKED     200 /* the call would close a cycle of waiting processes */
#define EDEADSRCDST 201 /* the other process is dead, or never lived */
#define ENOTREADY   202 /* the destination is not waiting for this message */
#define ECALLDENIED 203 /* the caller's privileges do not include this */
#define EBADCALL    204 /* no such call */

#endif
