/* SPDX-License-Identifier: MIT */
/* The scalar types that the kernel and processes share. */
#ifndef GRANITE_ABI_TYPES_H
#define GRANITE_ABI_TYPES_H

#include <stdint.h>

typedef int32_t endpoint_t;    /* a process's name: see endpoint.h */
typedef uint32_t vir_bytes;    /* an address or a length within a process, in bytes */
typedef uint32_t phys_bytes;   /* a physical address or length, in bytes */
typedef int64_t cp_grant_id_t; /* a grant: slot and sequence */

#define OK 0

/* In front of a function whose result says whether it worked. */
#define GRANITE_MUST_CHECK __attribute__((warn_unused_result))

/*
 * Drops such a result where it can't matter; a comment says why. gcc does not take a cast to void for that.
 */
#define GRANITE_IGNORE(call) ((void)!(call))

#endif
