/* SPDX-License-Identifier: MIT */
#ifndef VM_BOOT_H
#define VM_BOOT_H

#include <granite/abi/info.h>

/* Takes charge of all memory that *info tells of. `pool` is where VM sees info->pool_start. */
void memory_init(const struct boot_info *info, void *pool);

#endif
