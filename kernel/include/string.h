/* SPDX-License-Identifier: MIT */
/* What the compiler and lib/formats expect of a C library. */
#ifndef KERNEL_STRING_H
#define KERNEL_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *at, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t bytes);

/* Freestanding, the compiler would call these; as builtins, it puts small sizes in line. */
#define memcpy(to, from, bytes) __builtin_memcpy(to, from, bytes)
#define memset(at, byte, bytes) __builtin_memset(at, byte, bytes)

#endif
