/* SPDX-License-Identifier: MIT */
/* The strings of a new program, one behind the other as PM takes them. */
#ifndef BRIDGE_EXEC_H
#define BRIDGE_EXEC_H

#include <stdint.h>

/*
 * `words` is a list of string addresses that ends with 0, or null for an empty list. Adds the number of
 * strings to *count and their bytes, ends included, to *bytes. -E2BIG: *bytes would be more than PM_ARGS_MAX.
 */
int32_t exec_measure(const uint32_t *words, uint32_t *count, uint32_t *bytes);

/* Copies the strings to `to`, and returns where the next would go. */
char *exec_pack(const uint32_t *words, char *to);

#endif
