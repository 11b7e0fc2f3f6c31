/* SPDX-License-Identifier: MIT */
/* A program's memory for tests of the bridge: host memory below 4 GiB, so that its addresses fit 32 bits. */
#ifndef BRIDGE_USER_H
#define BRIDGE_USER_H

#include <stdint.h>

#define USER_BYTES 0x40000u

int user_setup(void **state);
uint32_t user_base(void);

/* The byte at that offset of it. */
void *user_at(uint32_t offset);

#endif
