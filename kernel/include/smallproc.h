/* SPDX-License-Identifier: MIT */
/* Loading a small process. */
#ifndef KERNEL_SMALLPROC_H
#define KERNEL_SMALLPROC_H

#include <formats/cpio.h>

#include "proc.h"

/*
 * Makes `p` a small process called `label` from the program `path` of the archive, at physical address
 * `base`. Its segment is that of arch_proc_init_small, not set here. Returns where its image, arena and stack
 * end, an address of its own. Panics with a clear message if the program is missing or damaged, or does not
 * fit below `limit`.
 */
vir_bytes smallproc_load(struct proc *p, const struct cpio_archive *archive, const char *path,
                         const char *label, phys_bytes base, phys_bytes limit);

#endif
