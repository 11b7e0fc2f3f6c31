/* SPDX-License-Identifier: MIT */
/*
 * The line discipline: what a terminal does to the bytes that pass through it (POSIX 2017, Base Definitions,
 * chapter 11). Pure code: bytes typed come in, bytes to echo and lines to read go out.
 *
 * Of Linux's termios these act: ICRNL, OPOST, ONLCR, ISIG, ICANON, ECHO, VMIN, VTIME and the control
 * characters VINTR, VQUIT, VSUSP, VERASE, VWERASE, VKILL, VEOF, VEOL. The others are kept and told, nothing
 * more.
 */
#ifndef CONSOLE_LINE_H
#define CONSOLE_LINE_H

#include <stdint.h>

#define LINE_SIZE      4096 /* bytes typed ahead, and so the longest line with its end; a power of two */
#define LINE_CC        19
#define LINE_ERASE_MAX 255 /* columns erased on the screen at most */
#define LINE_ECHO_MAX  (3 * LINE_ERASE_MAX)

/* Linux/i386's termios as the kernel knows it, 36 bytes. */
struct line_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line;
	uint8_t cc[LINE_CC];
};

_Static_assert(sizeof(struct line_termios) == 36, "the size that Linux/i386 has");

/* Where a byte is in its line. */
enum line_mark {
	LINE_INSIDE,      /* more of the line follows */
	LINE_END,         /* the line's last byte */
	LINE_END_OF_FILE, /* stands for Ctrl-D: ends the line and is not itself read */
};

/*
 * Who types: a person, or a pipe on another machine. What comes from a pipe is not edited and sends no
 * signals, and no byte is changed or lost. The byte 0x04 is the pipe's end, for good; after a 0x10 any byte
 * is an ordinary one, also 0x04 and 0x10.
 */
enum line_kind {
	LINE_PERSON, /* sees what is typed and corrects it; a line too long is a mistake */
	LINE_PIPE,   /* no byte is edited, changed or lost */
};

/* Counters run freely, modulo 2^32. Invariant: tail <= committed <= head <= tail + LINE_SIZE. */
struct line {
	enum line_kind kind;
	struct line_termios termios;
	int literal;        /* of a pipe: the last byte was 0x10, so the next is an ordinary one */
	uint32_t head;      /* bytes taken in */
	uint32_t committed; /* of these, bytes that may be read: whole lines, or in raw mode all */
	uint32_t tail;      /* of these, bytes read */
	unsigned column;    /* on the screen: where the cursor is */
	unsigned start;     /* where it was when the line that is being edited began */
	uint8_t bytes[LINE_SIZE];
	uint8_t marks[LINE_SIZE]; /* enum line_mark, one for each of `bytes` */
};

struct line_echo {
	uint32_t count;
	uint8_t bytes[LINE_ECHO_MAX];
};

void line_init(struct line *line, enum line_kind kind);

/*
 * Takes new modes. When ICANON changes, what has been typed so far can be read at once; for that the mark of
 * the last byte may change.
 */
void line_set_termios(struct line *line, const struct line_termios *termios);

/* Forgets all input not yet read. */
void line_flush(struct line *line);

/*
 * Whether line_input may be called now. From a person it always may:
 * what does not fit is refused with a bell.
 */
int line_takes_input(const struct line *line);

/* Takes one byte typed. Returns the signal that it asks for, or 0; `echo` says what to show. */
int line_input(struct line *line, uint8_t byte, struct line_echo *echo);

/* What `byte` becomes on its way to the screen: 1 or 2 bytes in `out`; returns how many. */
uint32_t line_output(struct line *line, uint8_t byte, uint8_t out[2]);

/* Whether a read of `size` bytes can be answered now. */
int line_ready(const struct line *line, uint32_t size);

/* Whether poll(2) says that there is something to be read, as on Linux: VMIN bytes, with VTIME one. */
int line_readable(const struct line *line);

/*
 * When a read that was asked for at `asked` must be answered with what there is, be it nothing: VTIME tenths
 * of a second later, or with VMIN that long after the last byte came, at `typed`. Nanoseconds since boot; 0:
 * not as things are.
 */
uint64_t line_deadline(const struct line *line, uint64_t asked, uint64_t typed);

/*
 * Puts in `buffer` what a read of `size` bytes gives, and returns how many bytes that is (0: end of file). It
 * stays there to be read again until line_consume is called with *consumed.
 */
uint32_t line_peek(const struct line *line, uint8_t *buffer, uint32_t size, uint32_t *consumed);
void line_consume(struct line *line, uint32_t consumed);

#endif
