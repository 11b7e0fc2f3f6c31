/* SPDX-License-Identifier: MIT */
/* ioctl(2) on a terminal, the console: tty_ioctl(4). */
#include <sys/ioctl.h>
#include <granite/abi/console.h>
#include <granite/abi/errno.h>
#include <granite/abi/types.h>

#include "bridge.h"
#include "console.h"
#include "fd.h"

static int32_t get_attributes(uint32_t address)
{
	uint8_t termios[CONSOLE_TERMIOS_BYTES];
	int32_t result = console_getattr(termios);

	return result == OK ? user_put(address, termios, sizeof(termios)) : result;
}

static int32_t set_attributes(uint32_t address, int flush)
{
	uint8_t termios[CONSOLE_TERMIOS_BYTES];
	int32_t result = user_get(termios, address, sizeof(termios));

	return result == OK ? console_setattr(termios, flush) : result;
}

/* Who has no console writes to the log; to stdio that is a terminal too, written to line by line. */
static const struct console_window without_console = {.rows = 25, .columns = 80};

static int32_t get_window_size(uint32_t address)
{
	struct console_window window = {0};
	int32_t result = console_window(&window, 0);

	if (result == -ESRCH) {
		window = without_console;
		result = OK;
	}
	return result == OK ? user_put(address, &window, sizeof(window)) : result;
}

static int32_t set_window_size(uint32_t address)
{
	struct console_window window;
	int32_t result = user_get(&window, address, sizeof(window));

	return result == OK ? console_window(&window, 1) : result;
}

static int32_t get_foreground(uint32_t address)
{
	int32_t pgid = 0;
	int32_t result = console_foreground(&pgid);

	return result == OK ? user_put(address, &pgid, sizeof(pgid)) : result;
}

static int32_t set_foreground(uint32_t address)
{
	int32_t pgid;
	int32_t result = user_get(&pgid, address, sizeof(pgid));

	if (result != OK)
		return result;
	return pgid > 0 ? console_foreground(&pgid) : -EINVAL;
}

/* ioctl(fd, request, argument) */
int32_t linux_ioctl(struct bridge_regs *regs)
{
	if (fd_kind((int32_t)regs->ebx) != FD_CONSOLE)
		return fd_is_open((int32_t)regs->ebx) ? -ENOTTY : -EBADF;
	switch (regs->ecx) {
	case TCGETS:
		return get_attributes(regs->edx);
	case TCSETS:
	case TCSETSW: /* what was written is already out */
		return set_attributes(regs->edx, 0);
	case TCSETSF:
		return set_attributes(regs->edx, 1);
	case TCSBRK:
		return OK;
	case TIOCGWINSZ:
		return get_window_size(regs->edx);
	case TIOCSWINSZ:
		return set_window_size(regs->edx);
	case TIOCGPGRP:
		return get_foreground(regs->edx);
	case TIOCSPGRP:
		return set_foreground(regs->edx);
	default:
		return -ENOTTY;
	}
}
