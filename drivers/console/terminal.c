/* SPDX-License-Identifier: MIT */
/*
 * Moves the bytes:
 *
 *   UART -> typed -> line discipline -> readers
 *                        | echo
 *   UART <- output <-----+------------- writers
 *
 * Writers may not fill `output` to the brim: there is always room for one byte's echo, so typing gets through
 * a flood of output. A write is answered when the UART has sent its bytes, so a process that exits, or powers
 * the machine off, after a write has been seen to the end.
 */
#include <errno.h>
#include <signal.h>
#include <termios.h>
#include <granite/grant.h>
#include <granite/sys.h>

#include "console.h"
#include "kept.h"
#include "requests.h"
#include "uart.h"

#define WRITE_PIECE 512                         /* bytes copied from a writer at a time */
#define WRITE_ROOM  (RING_SIZE - LINE_ECHO_MAX) /* what writers may use of the output ring */

/*
 * A UART at the end of a line is busy for a millisecond after each filling, and the processor
 * free. An emulator's is ready again at once: the driver, more urgent than any program, would
 * keep the machine to itself for as long as there is something to write. So after this many
 * fillings it rests for a tick of the clock.
 */
#define PUMP_ROUNDS 64
#define REST_NSECS  1000000u

static uint64_t typed_at; /* when the last byte was typed, while a read may have a time limit */
static uint64_t alarm_at; /* the time limit that the alarm was set to last; 0: it has another use */
static struct request_queue readers, writers;

/*
 * The group may be gone by now, or never have been; then the signal is nobody's. Killed in here, the
 * successor sends it again: better twice than not at all.
 */
void terminal_send_signal(void)
{
	if (kept->signal == 0)
		return;
	if (kept->foreground_group > 0)
		(void)kill(-kept->foreground_group, (int)kept->signal);
	journal_barrier();
	journal_store(&kept->signal, 0);
}

/* The UART of a dead driver works on: to set it anew would lose what it holds. */
int terminal_init(enum line_kind kind)
{
	int result = kept_open(kind);

	if (result != OK)
		return result;
	uart_watch(0, 0);
	if (!kept->is_set_up) {
		window_init(kind);
		uart_init(&kept->typed);
		kept->is_set_up = 1;
	}
	terminal_send_signal();
	return OK;
}

uint64_t terminal_now(void)
{
	uint64_t uptime;
	return sys_clock(&uptime, NULL) == OK ? uptime : 0;
}

/* ---- Typing ---- */

static void show(const struct line_echo *echo)
{
	CHANGING(kept->output.head);
	for (uint32_t i = 0; i < echo->count; i++)
		ring_put(&kept->output, echo->bytes[i]);
}

void terminal_signal(int signal)
{
	journal_set(&journal, &kept->signal, (uint32_t)signal);
}

static int can_take_typed(void)
{
	return ring_used(&kept->typed) > 0 && ring_free(&kept->output) >= LINE_ECHO_MAX &&
	       line_takes_input(&kept->line);
}

static void take_byte(void)
{
	static struct line_echo echo;

	line_changing();
	CHANGING(kept->typed.tail);
	int signal = line_input(&kept->line, ring_take(&kept->typed), &echo);
	show(&echo);
	if (signal)
		terminal_signal(signal);
	kept_commit();
	terminal_send_signal();
}

static void take_typed(void)
{
	uart_receive(&kept->typed);
	if (kept->line.termios.cc[VTIME] && can_take_typed())
		typed_at = terminal_now();
	while (can_take_typed())
		take_byte();
}

/* ---- Readers ---- */

static void answer_reader(struct request *reader, int result, uint32_t bytes)
{
	struct console_read_rep reply = {.bytes = bytes};

	request_remove(reader);
	(void)server_reply(reader->caller, result, &reply, sizeof(reply));
}

static uint64_t deadline(const struct request *reader)
{
	return line_deadline(&kept->line, reader->asked, typed_at);
}

static int time_is_up(const struct request *reader)
{
	uint64_t limit = deadline(reader);

	return limit && terminal_now() >= limit;
}

/* Of two time limits the earlier; 0 is none. */
static uint64_t earlier(uint64_t one, uint64_t other)
{
	if (one == 0 || other == 0)
		return one + other;
	return one < other ? one : other;
}

/*
 * Of the readers the first alone counts: the others' time is not up before, for all have the same modes.
 * (After the alarm has rung `alarm_at` is in the past, so no limit to come is the same.)
 */
static void set_alarm(void)
{
	uint64_t limit = earlier(readers.first ? deadline(readers.first) : 0, poll_limit());

	if (limit != alarm_at && sys_setalarm(limit, 1, NULL) == OK)
		alarm_at = limit;
}

/* From here on the bytes are this reader's, whether or not its answer comes from this driver. */
static void consume(const struct request *reader, uint32_t consumed, uint32_t bytes)
{
	struct console_read_rep reply = {.bytes = bytes};

	CHANGING(kept->line.tail);
	line_consume(&kept->line, consumed);
	kept_answer(reader->caller, reader->serial, OK, &reply, sizeof(reply));
}

/* What a reader can't be given, for it has died or its buffer is bad, is left for the next. */
static void answer_readers(void)
{
	static uint8_t buffer[LINE_SIZE];
	struct request *reader;

	while ((reader = readers.first) && (line_ready(&kept->line, reader->bytes) || time_is_up(reader))) {
		uint32_t size = reader->bytes < sizeof(buffer) ? reader->bytes : sizeof(buffer);
		uint32_t consumed;
		uint32_t bytes = line_peek(&kept->line, buffer, size, &consumed);
		int result =
		        sys_safecopyto(reader->caller, reader->grant, 0, (vir_bytes)(uintptr_t)buffer, bytes);
		if (result == OK)
			consume(reader, consumed, bytes);
		answer_reader(reader, result, bytes);
	}
}

/* ---- Writers ---- */

static void answer_writer(struct request *writer, int result)
{
	struct console_write_rep reply = {.bytes = writer->done};

	request_remove(writer);
	(void)server_reply(writer->caller, result, &reply, sizeof(reply));
}

static int accepted_whole(const struct request *writer)
{
	return writer->done == writer->bytes;
}

/* Takes a piece that fits even if each byte becomes two. */
static int take_piece(struct request *writer, uint32_t room)
{
	static uint8_t piece[WRITE_PIECE];
	uint32_t bytes = writer->bytes - writer->done;

	if (bytes > room / 2)
		bytes = room / 2;
	if (bytes > sizeof(piece))
		bytes = sizeof(piece);
	int result = sys_safecopyfrom(writer->caller, writer->grant, writer->done,
	                              (vir_bytes)(uintptr_t)piece, bytes);
	if (result != OK)
		return result;
	CHANGING(kept->output.head);
	CHANGING(kept->line.column);
	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t out[2];
		uint32_t count = line_output(&kept->line, piece[i], out);
		for (uint32_t j = 0; j < count; j++)
			ring_put(&kept->output, out[j]);
	}
	writer->done += bytes;
	once_progress(&journal, client_once(writer->caller), writer->serial, writer->done);
	kept_commit();
	return OK;
}

static uint32_t writers_room(void)
{
	uint32_t used = ring_used(&kept->output);

	return used < WRITE_ROOM ? WRITE_ROOM - used : 0;
}

/* A write that fails half-way becomes a short one, as write(2) has it. */
static void take_from_writer(struct request *writer)
{
	while (!accepted_whole(writer) && writers_room() >= 2) {
		int result = take_piece(writer, writers_room());
		if (result != OK && writer->done == 0) {
			answer_writer(writer, result);
			return;
		}
		if (result != OK)
			writer->bytes = writer->done;
	}
	writer->end = kept->output.head;
}

/* In the order they came: a writer that was not accepted whole leaves no room for those behind it. */
static void take_written(void)
{
	struct request *next;

	for (struct request *writer = writers.first; writer && writers_room() >= 2; writer = next) {
		next = writer->next;
		if (!accepted_whole(writer))
			take_from_writer(writer);
	}
}

static void answer_writers(void)
{
	struct request *writer;

	while ((writer = writers.first) && accepted_whole(writer) && (int32_t)(kept->sent - writer->end) >= 0)
		answer_writer(writer, OK);
}

/* ---- All together ---- */

/* Returns whether the UART took something. */
static int transmit(void)
{
	if (!uart_idle())
		return 0;
	kept->sent = kept->output.tail;
	answer_writers();
	uart_send(&kept->output);
	return kept->sent != kept->output.tail;
}

/* Returns whether there is more to do at once. */
static int pump_round(void)
{
	take_typed();
	take_written();
	int transmitted = transmit();
	answer_readers();
	poll_answer_all();
	return transmitted || can_take_typed();
}

/*
 * What can't be taken from the UART now must not interrupt: it would do so without end. While the driver
 * rests nothing may interrupt; the clock calls it.
 */
void terminal_pump(void)
{
	int rounds = 0;

	while (rounds < PUMP_ROUNDS && pump_round())
		rounds++;
	if (rounds == PUMP_ROUNDS && sys_setalarm(REST_NSECS, 0, NULL) == OK) {
		alarm_at = 0;
		uart_watch(0, 0);
		return;
	}
	set_alarm();
	uart_watch(ring_takes_more(&kept->typed), kept->sent != kept->output.head);
}

/* With nothing watched the line goes low, so whatever waits when terminal_pump watches again interrupts. */
void terminal_interrupt(void)
{
	uart_watch(0, 0);
	terminal_pump();
}

/* ---- Calls ---- */

int terminal_read(endpoint_t caller, cp_grant_id_t grant, uint32_t bytes)
{
	struct request *reader = request_add(&readers, caller, grant, bytes);
	if (!reader)
		return -EBUSY;
	reader->serial = request_serial;
	reader->asked = terminal_now();
	terminal_pump();
	return SERVER_NO_REPLY;
}

/* What a predecessor has accepted of it is not accepted again. */
int terminal_write(endpoint_t caller, cp_grant_id_t grant, uint32_t bytes)
{
	struct request *writer = request_add(&writers, caller, grant, bytes);
	if (!writer)
		return -EBUSY;
	uint32_t done = once_done_so_far(client_once(caller), request_serial);
	writer->serial = request_serial;
	writer->done = done < bytes ? done : bytes;
	writer->end = kept->output.head;
	terminal_pump();
	return SERVER_NO_REPLY;
}

void terminal_cancel(endpoint_t caller)
{
	struct request *request = request_find(caller);

	if (!request || poll_cancel(caller))
		return;
	int result = request->done > 0 ? OK : -EINTR;
	if (request->queue == &readers)
		answer_reader(request, result, 0);
	else
		answer_writer(request, result);
}
