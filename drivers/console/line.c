/* SPDX-License-Identifier: MIT */
/* The line discipline: see line.h. */
#include <signal.h>
#include <string.h>
#include <termios.h>

#include "line.h"

#define CONTROL(letter) ((letter) ^ 0x40)
#define BELL            CONTROL('G')
#define BACKSPACE       CONTROL('H')
#define DELETE          0x7f
#define TAB_WIDTH       8
#define VTIME_NSECS     100000000ull

/* A pipe's end, and what makes the next byte an ordinary one, whatever it is. */
#define PIPE_END     CONTROL('D')
#define PIPE_LITERAL CONTROL('P')

static void set_person_modes(struct line_termios *termios)
{
	termios->iflag = ICRNL;
	termios->lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	termios->cc[VINTR] = CONTROL('C');
	termios->cc[VQUIT] = CONTROL('\\');
	termios->cc[VSUSP] = CONTROL('Z');
	termios->cc[VERASE] = DELETE;
	termios->cc[VWERASE] = CONTROL('W');
	termios->cc[VKILL] = CONTROL('U');
}

void line_init(struct line *line, enum line_kind kind)
{
	memset(line, 0, sizeof(*line));
	line->kind = kind;
	struct line_termios *termios = &line->termios;
	termios->oflag = OPOST | ONLCR;
	termios->cflag = B115200 | CS8 | CREAD | CLOCAL;
	termios->lflag = ICANON;
	termios->cc[VEOF] = CONTROL('D');
	termios->cc[VMIN] = 1;
	if (kind == LINE_PERSON)
		set_person_modes(termios);
}

static int canonical(const struct line *line)
{
	return (line->termios.lflag & ICANON) != 0;
}

/* A control character of 0 is switched off. */
static int is_control(const struct line *line, int which, uint8_t byte)
{
	return byte != 0 && byte == line->termios.cc[which];
}

void line_flush(struct line *line)
{
	line->tail = line->committed = line->head;
}

void line_set_termios(struct line *line, const struct line_termios *termios)
{
	int was_canonical = canonical(line);

	line->termios = *termios;
	if (canonical(line) == was_canonical || line->head == line->tail)
		return;
	uint8_t *last = &line->marks[(line->head - 1) % LINE_SIZE];
	if (*last == LINE_INSIDE)
		*last = LINE_END;
	line->committed = line->head;
}

/* ---- Output ---- */

static int continues_utf8(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Where the cursor is when `byte` has been shown at `column`; 0 columns for bytes with an unknown effect. */
static unsigned column_after(unsigned column, uint8_t byte)
{
	if (byte == '\r')
		return 0;
	if (byte == BACKSPACE)
		return column > 0 ? column - 1 : 0;
	if (byte == '\t')
		return column + TAB_WIDTH - column % TAB_WIDTH;
	if (byte < ' ' || byte == DELETE || continues_utf8(byte))
		return column;
	return column + 1;
}

uint32_t line_output(struct line *line, uint8_t byte, uint8_t out[2])
{
	uint32_t count = 0;
	uint32_t newline = OPOST | ONLCR;

	if (byte == '\n' && (line->termios.oflag & newline) == newline) {
		out[count++] = '\r';
		line->column = 0;
	}
	out[count++] = byte;
	line->column = column_after(line->column, byte);
	return count;
}

/* ---- Echo ---- */

static void echo_byte(struct line *line, struct line_echo *echo, uint8_t byte)
{
	uint8_t out[2];

	if (!(line->termios.lflag & ECHO) || echo->count + sizeof(out) > LINE_ECHO_MAX)
		return;
	uint32_t count = line_output(line, byte, out);
	memcpy(echo->bytes + echo->count, out, count);
	echo->count += count;
}

/* Whether a byte is shown as ^ and a letter. */
static int shown_as_caret(uint8_t byte)
{
	return (byte < ' ' && byte != '\n' && byte != '\t') || byte == DELETE;
}

static void echo_typed(struct line *line, struct line_echo *echo, uint8_t byte)
{
	if (shown_as_caret(byte)) {
		echo_byte(line, echo, '^');
		byte = CONTROL(byte);
	}
	echo_byte(line, echo, byte);
}

/* A bell is heard whether or not typing is shown, as Linux does. */
static void ring_bell(struct line_echo *echo)
{
	if (echo->count < LINE_ECHO_MAX)
		echo->bytes[echo->count++] = BELL;
}

/* ---- Editing ---- */

static uint32_t used(const struct line *line)
{
	return line->head - line->tail;
}

static void store(struct line *line, uint8_t byte, enum line_mark mark)
{
	line->bytes[line->head % LINE_SIZE] = byte;
	line->marks[line->head % LINE_SIZE] = mark;
	line->head++;
}

/* One place is kept for the byte that ends a line, so that a line too long can still be ended. */
static void append(struct line *line, uint8_t byte, struct line_echo *echo)
{
	if (used(line) >= LINE_SIZE - 1) {
		ring_bell(echo);
		return;
	}
	if (line->head == line->committed)
		line->start = line->column;
	store(line, byte, LINE_INSIDE);
	echo_typed(line, echo, byte);
	/* A part of a pipe's long line must be read before there is room for the rest. */
	if (line->kind == LINE_PIPE && used(line) == LINE_SIZE - 1)
		line->committed = line->head;
}

static void end_line(struct line *line, uint8_t byte, enum line_mark mark, struct line_echo *echo)
{
	if (used(line) >= LINE_SIZE) {
		ring_bell(echo);
		return;
	}
	store(line, byte, mark);
	line->committed = line->head;
	if (mark != LINE_END_OF_FILE)
		echo_typed(line, echo, byte);
}

/* Where the cursor would be if the line that is being edited reached only up to `end`. */
static unsigned column_at(const struct line *line, uint32_t end)
{
	unsigned column = line->start;

	for (uint32_t i = line->committed; i != end; i++) {
		uint8_t byte = line->bytes[i % LINE_SIZE];
		column = shown_as_caret(byte) ? column + 2 : column_after(column, byte);
	}
	return column;
}

static void erase_to(struct line *line, uint32_t end, struct line_echo *echo)
{
	unsigned width = column_at(line, line->head) - column_at(line, end);

	if (width > LINE_ERASE_MAX)
		width = LINE_ERASE_MAX;
	line->head = end;
	for (unsigned i = 0; i < width; i++) {
		echo_byte(line, echo, BACKSPACE);
		echo_byte(line, echo, ' ');
		echo_byte(line, echo, BACKSPACE);
	}
}

/* Where the last character begins, which may be several bytes long. */
static uint32_t last_character(const struct line *line)
{
	uint32_t i = line->head;

	while (i != line->committed && continues_utf8(line->bytes[--i % LINE_SIZE]))
		;
	return i;
}

static int blank_before(const struct line *line, uint32_t i)
{
	uint8_t byte = line->bytes[(i - 1) % LINE_SIZE];

	return byte == ' ' || byte == '\t';
}

static uint32_t last_word(const struct line *line)
{
	uint32_t i = line->head;

	while (i != line->committed && blank_before(line, i))
		i--;
	while (i != line->committed && !blank_before(line, i))
		i--;
	return i;
}

/* The key above Enter sends one code or the other, by terminal. So both erase, unless VERASE is off. */
static int is_erase(const struct line *line, uint8_t byte)
{
	uint8_t erase = line->termios.cc[VERASE];

	return erase != 0 && (byte == erase || byte == BACKSPACE || byte == DELETE);
}

static void edit(struct line *line, uint8_t byte, struct line_echo *echo)
{
	if (is_erase(line, byte))
		erase_to(line, last_character(line), echo);
	else if (is_control(line, VWERASE, byte))
		erase_to(line, last_word(line), echo);
	else if (is_control(line, VKILL, byte))
		erase_to(line, line->committed, echo);
	else if (is_control(line, VEOF, byte))
		end_line(line, byte, LINE_END_OF_FILE, echo);
	else if (byte == '\n' || is_control(line, VEOL, byte))
		end_line(line, byte, LINE_END, echo);
	else
		append(line, byte, echo);
}

/* ---- Input ---- */

static int signal_of(const struct line *line, uint8_t byte)
{
	if (!(line->termios.lflag & ISIG))
		return 0;
	if (is_control(line, VINTR, byte))
		return SIGINT;
	if (is_control(line, VQUIT, byte))
		return SIGQUIT;
	return is_control(line, VSUSP, byte) ? SIGTSTP : 0;
}

static void take_raw(struct line *line, uint8_t byte, struct line_echo *echo)
{
	if (used(line) >= LINE_SIZE) {
		ring_bell(echo);
		return;
	}
	store(line, byte, LINE_INSIDE);
	line->committed = line->head;
	echo_typed(line, echo, byte);
}

static void take_piped(struct line *line, uint8_t byte, struct line_echo *echo)
{
	int literal = line->literal;

	line->literal = !literal && byte == PIPE_LITERAL;
	if (line->literal)
		return;
	if (byte == PIPE_END && !literal)
		end_line(line, byte, LINE_END_OF_FILE, echo);
	else if (!canonical(line))
		take_raw(line, byte, echo);
	else if (byte == '\n')
		end_line(line, byte, LINE_END, echo);
	else
		append(line, byte, echo);
}

int line_takes_input(const struct line *line)
{
	return line->kind == LINE_PERSON || used(line) < LINE_SIZE - 1;
}

int line_input(struct line *line, uint8_t byte, struct line_echo *echo)
{
	echo->count = 0;
	if (line->kind == LINE_PIPE) {
		take_piped(line, byte, echo);
		return 0;
	}
	if (byte == '\r' && (line->termios.iflag & ICRNL))
		byte = '\n';
	int signal = signal_of(line, byte);
	if (signal) {
		line_flush(line);
		echo_typed(line, echo, byte);
	} else if (canonical(line)) {
		edit(line, byte, echo);
	} else {
		take_raw(line, byte, echo);
	}
	return signal;
}

/* ---- Reading ---- */

static uint32_t available(const struct line *line)
{
	return line->committed - line->tail;
}

/* Without VMIN a read with a time limit waits for a byte, and one without for nothing. */
static uint32_t wanted(const struct line *line)
{
	const uint8_t *cc = line->termios.cc;

	if (canonical(line))
		return 1;
	return cc[VMIN] ? cc[VMIN] : cc[VTIME] > 0;
}

int line_ready(const struct line *line, uint32_t size)
{
	uint32_t least = wanted(line);

	return available(line) >= (least < size ? least : size);
}

int line_readable(const struct line *line)
{
	const uint8_t *cc = line->termios.cc;
	uint32_t least = !canonical(line) && cc[VTIME] == 0 && cc[VMIN] ? cc[VMIN] : 1;

	return available(line) >= least;
}

/*
 * POSIX 2017, Base Definitions, 11.1.7. With VMIN the first byte starts the clock, and each more starts it
 * anew.
 */
uint64_t line_deadline(const struct line *line, uint64_t asked, uint64_t typed)
{
	const uint8_t *cc = line->termios.cc;
	uint64_t start = cc[VMIN] && typed > asked ? typed : asked;

	if (canonical(line) || cc[VTIME] == 0 || (cc[VMIN] && available(line) == 0))
		return 0;
	return start + cc[VTIME] * VTIME_NSECS;
}

uint32_t line_peek(const struct line *line, uint8_t *buffer, uint32_t size, uint32_t *consumed)
{
	uint32_t count = 0;
	uint32_t i = line->tail;
	enum line_mark mark = LINE_INSIDE;

	while (i != line->committed && (mark == LINE_INSIDE || !canonical(line))) {
		mark = line->marks[i % LINE_SIZE];
		if (mark != LINE_END_OF_FILE && count == size)
			break;
		if (mark != LINE_END_OF_FILE)
			buffer[count++] = line->bytes[i % LINE_SIZE];
		i++;
	}
	*consumed = i - line->tail;
	return count;
}

void line_consume(struct line *line, uint32_t consumed)
{
	uint32_t last = line->tail + consumed - 1;

	/* A pipe that has ended has ended for every reader to come; a person may go on typing. */
	if (consumed && line->kind == LINE_PIPE && line->marks[last % LINE_SIZE] == LINE_END_OF_FILE)
		consumed--;
	line->tail += consumed;
}
