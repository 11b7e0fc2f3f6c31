/* SPDX-License-Identifier: MIT */
/* A hash whose values nobody can predict who does not know the secret. Pure. */
#ifndef DS_HASH_H
#define DS_HASH_H

#include <stdint.h>

uint32_t hash_bytes(const uint32_t secret[2], const void *bytes, uint32_t length);

#endif
