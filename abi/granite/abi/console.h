/* SPDX-License-Identifier: MIT */
/*
 * Requests and replies of the console driver. Who has a read or write under way gets EBUSY for another.
 * Requests are carried out once though the driver dies, if they have a serial number (<granite/abi/once.h>).
 */
#ifndef GRANITE_ABI_CONSOLE_H
#define GRANITE_ABI_CONSOLE_H

#include <granite/abi/types.h>
#include <granite/abi/grant.h>
#include <granite/abi/message.h>
#include <granite/abi/once.h>

#define CONSOLE_BASE 0x400

enum console_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/console.def>
#undef OP
};

struct console_read_req {
	cp_grant_id_t grant; /* lends the buffer */
	uint32_t bytes;      /* its size */
};
struct console_read_rep {
	uint32_t bytes; /* 0: end of file, Ctrl-D on an empty line */
};

struct console_write_req {
	cp_grant_id_t grant; /* lends the bytes */
	uint32_t bytes;
};
struct console_write_rep {
	uint32_t bytes; /* written: fewer than asked for after an interruption or where no more can be read */
};

/* Linux/i386's struct termios (kernel form, 36 bytes), copied through the message. */
#define CONSOLE_TERMIOS_BYTES 36
struct console_getattr_req {
};
struct console_getattr_rep {
	uint8_t termios[CONSOLE_TERMIOS_BYTES];
};
struct console_setattr_req {
	uint32_t flush; /* 1: forget input not yet read */
	uint8_t termios[CONSOLE_TERMIOS_BYTES];
};
struct console_setattr_rep {
};

struct console_foreground_req {
	int32_t pgid; /* 0: only ask */
};
struct console_foreground_rep {
	int32_t pgid; /* the process group that Ctrl-C goes to */
};

/*
 * Answered when the terminal is ready for one of the events, at the latest at `limit`. A terminal is ready to
 * be read when there is a line, or in raw mode VMIN bytes (with VTIME: one); to be written to it always is.
 */
#define CONSOLE_POLL_IN  1 /* with poll(2)'s values */
#define CONSOLE_POLL_OUT 4
#define CONSOLE_NO_LIMIT UINT64_MAX
struct console_poll_req {
	uint32_t events; /* CONSOLE_POLL_* */
	uint64_t limit;  /* nanoseconds since boot; what is past is now */
};
struct console_poll_rep {
	uint32_t events; /* for which it is ready; 0: the limit was reached */
};

/* How large the terminal is: Linux's struct winsize. A change sends SIGWINCH to the foreground group. */
struct console_window {
	uint16_t rows, columns;
	uint16_t width, height; /* in pixels; 0: not known */
};
struct console_window_req {
	uint32_t set; /* 0: only ask */
	struct console_window window;
};
struct console_window_rep {
	struct console_window window;
};

/* What has become of the caller's request of this number. */
struct console_outcome_req {
	uint64_t serial;
};
struct console_outcome_rep {
	struct once_outcome outcome;
};

#define OP(number, NAME, name) MESSAGE_FITS(console, name) ONCE_HAS_ROOM(console, name)
#include <granite/abi/ops/console.def>
#undef OP

#endif
