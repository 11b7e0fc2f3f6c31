/* SPDX-License-Identifier: MIT */
/* The strings of a new program, one behind the other as PM takes them. */
#ifndef BRIDGE_EXEC_H
#define BRIDGE_EXEC_H

#include <stdint.h>

/*
 * `list` is the address of a list of string addresses that ends with 0, or 0 for an empty list.
 * Adds the number of strings to *count and their bytes, ends included, to *bytes. -E2BIG: *bytes
 * would be more than PM_ARGS_MAX; -EFAULT.
 */
int32_t exec_measure(uint32_t list, uint32_t *count, uint32_t *bytes);

/* Copies the strings to *to, which has room for the bytes measured, and moves *to behind them. -EFAULT. */
int32_t exec_pack(uint32_t list, uint32_t count, char **to);

#endif
