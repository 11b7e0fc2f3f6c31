/* SPDX-License-Identifier: MIT */
/* ioctl(2) on a terminal, and every open descriptor is one: tty_ioctl(4). */
#include <granite/abi/errno.h>
#include <granite/abi/types.h>
#include <sys/ioctl.h>

#include "bridge.h"
#include "console.h"
#include "fd.h"

#define ROWS    25
#define COLUMNS 80

static int32_t store_window_size(uint16_t *size)
{
	size[0] = ROWS;
	size[1] = COLUMNS;
	size[2] = size[3] = 0; /* in pixels: nobody knows */
	return OK;
}

static int32_t get_foreground(int32_t *pgid)
{
	int32_t group = 0;
	int32_t result = console_foreground(&group);

	if (result == OK)
		*pgid = group;
	return result;
}

static int32_t set_foreground(int32_t pgid)
{
	return pgid > 0 ? console_foreground(&pgid) : -EINVAL;
}

/* ioctl(fd, request, argument) */
int32_t linux_ioctl(struct bridge_regs *regs)
{
	void *argument = user_pointer(regs->edx);

	if (!fd_is_open((int32_t)regs->ebx))
		return -EBADF;
	switch (regs->ecx) {
	case TCGETS:
		return console_getattr(argument);
	case TCSETS:
	case TCSETSW: /* what was written is already out */
		return console_setattr(argument, 0);
	case TCSETSF:
		return console_setattr(argument, 1);
	case TCSBRK:
		return OK;
	case TIOCGWINSZ:
		return store_window_size(argument);
	case TIOCGPGRP:
		return get_foreground(argument);
	case TIOCSPGRP:
		return set_foreground(*(const int32_t *)argument);
	default:
		return -ENOTTY;
	}
}
