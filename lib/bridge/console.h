/* SPDX-License-Identifier: MIT */
/* The console, as the bridge uses it. */
#ifndef BRIDGE_CONSOLE_H
#define BRIDGE_CONSOLE_H

#include <stdint.h>

/* Reads into, or writes from, the program's memory: the bytes moved, or a negative errno (EFAULT, EINTR). */
int32_t console_read(uint32_t address, uint32_t bytes);
int32_t console_write(uint32_t address, uint32_t bytes);

/*
 * Gets and sets the modes: Linux's struct termios, CONSOLE_TERMIOS_BYTES. `flush`: what was typed ahead is
 * forgotten. OK or a negative errno.
 */
int32_t console_getattr(void *termios);
int32_t console_setattr(const void *termios, int flush);

/*
 * Sets the process group that Ctrl-C goes to, unless *pgid is 0; *pgid is then that
 * group (0: none). OK or a negative errno.
 */
int32_t console_foreground(int32_t *pgid);

#endif
