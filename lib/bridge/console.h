/* SPDX-License-Identifier: MIT */
/* The console, as the bridge uses it. */
#ifndef BRIDGE_CONSOLE_H
#define BRIDGE_CONSOLE_H

#include <stdint.h>
#include <granite/abi/console.h>

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

/*
 * Waits until the console is ready for some of *events (CONSOLE_POLL_*), or until `limit`, in nanoseconds
 * since boot; *events is then what it is ready for. OK or a negative errno (EINTR).
 */
int32_t console_poll(uint32_t *events, uint64_t limit);

/* Sets how large the terminal is, or asks if `set` is 0; *window is then what it is. OK or a negative errno.
 */
int32_t console_window(struct console_window *window, int set);

#endif
