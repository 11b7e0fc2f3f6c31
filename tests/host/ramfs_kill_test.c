/* SPDX-License-Identifier: MIT */
/* links: tests/host/ramfs_machine.c servers/ramfs/client.c servers/ramfs/io.c servers/ramfs/poll.c
 * servers/ramfs/calls.c servers/ramfs/pipe.c servers/ramfs/tree.c servers/ramfs/kept.c servers/ramfs/serve.c
 * tests/host/journal_hooked.c lib/sys/once.c lib/formats/cpio.c */
/*
 * Several clients do random things, twice: once undisturbed, and once with a ramfs that is killed all the
 * time: before and after any word of its journal is stored, any copy from or to a client, any answer, and
 * also while it recovers. Its clients then do what the bridge does: they ask the successor what has become of
 * their requests, and send again those that were not done; PM tells again what was not done. Each client must
 * have got the same answers in the same order, with the same bytes, and in the end the same must be open.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "journal_hook.h"
#include "ramfs_machine.h"
#include "seed.h"

#define PEOPLE      6
#define FDS         10 /* numbers that they use */
#define STEPS       600
#define RUNS        60
#define BUFFER      0x4000 /* where they read to and write from */
#define BUFFER_MAX  0x9000
#define ANSWERS_MAX (4 * STEPS)

/* ---- What clients are told ---- */

struct told {
	uint32_t step; /* when it was told */
	int32_t operation, result;
	uint32_t words[2], memory; /* of the reply; a sum of what was written to the client's buffer */
};

static struct history {
	uint32_t count;
	struct told told[ANSWERS_MAX];
} histories[2][PEOPLE + 1], *history; /* by who it is; of the undisturbed run, and of the other */

static struct person {
	int is_waiting;
	int32_t operation;
	uint8_t request[MESSAGE_PAYLOAD];
	uint32_t buffer; /* bytes of its buffer that count */
	uint64_t since;  /* in which order they began to wait */
	uint64_t serial;
	int is_interrupted; /* a signal waits: it does not ask again */
} people[PEOPLE + 1];

static uint64_t serial;
static uint32_t now; /* the step */

static uint32_t sum_of(const uint8_t *bytes, uint32_t count)
{
	uint32_t sum = 2166136261u;

	for (uint32_t i = 0; i < count; i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

static void note(int who, int result, const void *reply)
{
	struct person *person = &people[who];
	struct history *of = &history[who];
	struct told told = {.step = now, .operation = person->operation, .result = result};

	assert_true(person->is_waiting);
	person->is_waiting = 0;
	if (reply && result == OK)
		memcpy(told.words, reply, sizeof(told.words));
	if (person->operation == RAMFS_STAT || person->operation == RAMFS_OPEN)
		told.words[1] = 0;
	told.memory = sum_of(machine_at(machine_endpoint(who), BUFFER), person->buffer);
	assert_in_range(of->count, 0, ANSWERS_MAX - 1);
	of->told[of->count++] = told;
}

static void answered(endpoint_t client)
{
	const struct machine_client *c = machine_client(client);

	note(ENDPOINT_SLOT(client), c->result, c->reply);
}

/* ---- Killing ---- */

static jmp_buf killed;
static int is_armed;
static uint32_t left; /* until the kill, in ticks */
static uint32_t mean; /* between kills; 0: there are none */
static unsigned kill_seed;
static uint32_t kills;

static void tick(void)
{
	if (!is_armed || left-- > 0)
		return;
	is_armed = 0;
	longjmp(killed, 1);
}

/* When the next comes. The more often in a row it was killed, the longer it may live. */
static void choose_kill(uint32_t deaths)
{
	left = mean ? (uint32_t)rand_r(&kill_seed) % (2 * mean * (deaths * deaths + 1)) : 0;
}

/* ---- Events, as PM tells them ---- */

static struct pm_event events[STEPS * 2];
static uint32_t nr_events;

static void tell_all(void)
{
	while (kept->events_done < nr_events)
		event_take(&events[kept->events_done]);
}

/* ---- Requests, as the bridge makes them ---- */

/* 1: it is answered. A reply goes to its client when ramfs next receives: it may be killed before. */
static int carry_out(int who)
{
	struct person *person = &people[who];
	uint8_t reply[MESSAGE_PAYLOAD] = {0};
	int result;

	result = ramfs_calls.ops[person->operation - RAMFS_BASE].handle(machine_endpoint(who),
	                                                                person->request, reply);
	if (result == SERVER_NO_REPLY)
		return 0;
	tick();
	note(who, result, reply);
	return 1;
}

/* After its server's death. */
static void ask_again(int who)
{
	struct person *person = &people[who];
	struct ramfs_outcome_req request = {.serial = person->serial};
	struct ramfs_outcome_rep reply;

	assert_int_equal(ask_outcome(machine_endpoint(who), &request, &reply), OK);
	assert_int_equal(reply.outcome.origin, machine_endpoint(CLIENTS_MAX));
	tick();
	if (reply.outcome.is_done) {
		note(who, reply.outcome.result, reply.outcome.reply);
	} else if (person->is_interrupted) {
		const uint32_t words[2] = {reply.outcome.progress};

		note(who, reply.outcome.progress ? OK : -EINTR, words);
	} else {
		(void)carry_out(who);
	}
}

static int first_waiting(uint64_t after)
{
	int first = 0;

	for (int who = 1; who <= PEOPLE; who++)
		if (people[who].is_waiting && people[who].since > after &&
		    (!first || people[who].since < people[first].since))
			first = who;
	return first;
}

/* All who wait, in the order in which they began. Those behind may have been answered meanwhile. */
static void all_ask_again(void)
{
	int who;

	for (uint64_t after = 0; (who = first_waiting(after)); after = people[who].since)
		ask_again(who);
}

static void recover(void)
{
	static uint32_t deaths;

	deaths = 0;
	if (setjmp(killed))
		deaths++;
	kills++;
	choose_kill(deaths);
	is_armed = 1;
	machine_restart();
	tell_all();
	all_ask_again();
	is_armed = 0;
}

/* What is done may be interrupted anywhere; recover() then does the rest. */
static void survive(void (*act)(int who), int who)
{
	if (setjmp(killed) == 0) {
		is_armed = mean != 0;
		act(who);
		is_armed = 0;
		return;
	}
	recover();
}

static void send(int who)
{
	(void)carry_out(who);
}

static void prepare(int who, int32_t operation, const void *request, size_t bytes, uint32_t buffer)
{
	struct person *person = &people[who];
	const uint64_t number = ++serial;

	*person = (struct person){.is_waiting = 1, .operation = operation, .buffer = buffer};
	person->since = person->serial = number;
	memcpy(person->request, request, bytes);
	memcpy(person->request + ONCE_SERIAL_WORD * 4, &number, sizeof(number));
}

static void ask(int who, int32_t operation, const void *request, size_t bytes, uint32_t buffer)
{
	prepare(who, operation, request, bytes, buffer);
	survive(send, who);
}

static void tell(int who)
{
	(void)who;
	tell_all();
}

static void happen(endpoint_t endpoint, endpoint_t what)
{
	events[nr_events++] = (struct pm_event){.endpoint = endpoint, .what = what};
	survive(tell, 0);
}

static void cancel(int who)
{
	wait_cancel(machine_endpoint(who));
}

static void interrupt(int who)
{
	people[who].is_interrupted = 1;
	survive(cancel, who);
	assert_false(people[who].is_waiting);
}

/* ---- What they do ---- */

static unsigned seed;

static uint32_t below(uint32_t limit)
{
	return (uint32_t)rand_r(&seed) % limit;
}

static int32_t some_fd(void)
{
	return (int32_t)below(FDS);
}

static const char *const paths[] = {"/bin/sh", "/", "bin", "etc/manifest", "top", "sh", "..", "no/where"};

static uint32_t put_path(int who)
{
	const char *path = paths[below(8)];

	strcpy((char *)machine_at(machine_endpoint(who), 0), path);
	return (uint32_t)strlen(path);
}

static void open_something(int who)
{
	const struct ramfs_open_req request = {.path = {.bytes = put_path(who), .directory = RAMFS_CWD},
	                                       .fd = some_fd(),
	                                       .flags = below(2) ? O_CLOEXEC : 0};
	ask(who, RAMFS_OPEN, &request, sizeof(request), 0);
}

static void make_a_pipe(int who)
{
	const struct ramfs_pipe_req request = {
	        .read_fd = some_fd(), .write_fd = some_fd(), .flags = below(3) ? 0 : O_NONBLOCK};
	ask(who, RAMFS_PIPE, &request, sizeof(request), 0);
}

static void close_one(int who)
{
	const struct ramfs_close_req request = {.fd = some_fd()};
	ask(who, RAMFS_CLOSE, &request, sizeof(request), 0);
}

static void duplicate(int who)
{
	const struct ramfs_dup_req request = {.fd = some_fd(), .to = some_fd(), .cloexec = below(2)};
	ask(who, RAMFS_DUP, &request, sizeof(request), 0);
}

static void read_something(int who)
{
	const struct ramfs_read_req request = {.grant = BUFFER,
	                                       .fd = some_fd(),
	                                       .bytes = below(2) ? below(6) : below(BUFFER_MAX),
	                                       .offset = below(8),
	                                       .flags = below(4) ? 0 : below(4)};
	ask(who, RAMFS_READ, &request, sizeof(request), request.bytes);
}

/* No two bytes near each other are the same, so that none can be lost or doubled unseen. */
static void write_something(int who)
{
	struct ramfs_write_req request = {
	        .grant = BUFFER, .fd = some_fd(), .bytes = below(2) ? below(6) : below(BUFFER_MAX)};
	uint32_t start = below(1000);

	for (uint32_t i = 0; i < request.bytes; i++)
		*machine_at(machine_endpoint(who), BUFFER + i) = (uint8_t)((i + start) * 7 + i / 251);
	ask(who, RAMFS_WRITE, &request, sizeof(request), request.bytes);
}

static void seek_somewhere(int who)
{
	const struct ramfs_seek_req request = {
	        .fd = some_fd(), .offset = (int64_t)below(12) - 4, .whence = below(3)};
	ask(who, RAMFS_SEEK, &request, sizeof(request), 0);
}

static void list(int who)
{
	const struct ramfs_getdents_req request = {.grant = BUFFER, .fd = some_fd(), .bytes = 20 + below(80)};
	ask(who, RAMFS_GETDENTS, &request, sizeof(request), 100);
}

static void move(int who)
{
	const struct ramfs_chdir_req request = {.path = {.bytes = put_path(who), .directory = RAMFS_CWD}};
	ask(who, RAMFS_CHDIR, &request, sizeof(request), 0);
}

static void ask_where(int who)
{
	const struct ramfs_getcwd_req request = {.grant = BUFFER, .bytes = 20};
	ask(who, RAMFS_GETCWD, &request, sizeof(request), 20);
}

static int somebody_waits(void)
{
	for (int who = 1; who <= PEOPLE; who++)
		if (people[who].is_waiting)
			return 1;
	return 0;
}

/* Who waits and asks again would find the other flags: so not then. */
static void set_status(int who)
{
	const struct ramfs_status_req request = {
	        .fd = some_fd(), .set = below(2) && !somebody_waits(), .flags = below(2) ? O_NONBLOCK : 0};
	ask(who, RAMFS_STATUS, &request, sizeof(request), 0);
}

static void poll_some(int who)
{
	struct ramfs_pollfd entries[3];
	const struct ramfs_poll_req request = {
	        .grant = BUFFER, .count = 3, .limit = below(2) ? 0 : RAMFS_NO_LIMIT};

	for (int i = 0; i < 3; i++)
		entries[i] = (struct ramfs_pollfd){.fd = below(2) ? some_fd() : -1,
		                                   .events = below(2) ? POLLIN : POLLOUT};
	memcpy(machine_at(machine_endpoint(who), BUFFER), entries, sizeof(entries));
	ask(who, RAMFS_POLL, &request, sizeof(request), sizeof(entries));
}

/* Another takes the child's place: it exits first. A slot is never the parent's own. */
static void fork_one(int who)
{
	int child = 1 + (int)below(PEOPLE);

	if (child == who || people[child].is_waiting)
		return;
	happen(machine_endpoint(child), PM_EVENT_EXIT);
	happen(machine_endpoint(child), machine_endpoint(who));
}

static void exec(int who)
{
	happen(machine_endpoint(who), PM_EVENT_EXEC);
}

static void (*const works[])(int who) = {open_something,
                                         make_a_pipe,
                                         make_a_pipe,
                                         close_one,
                                         duplicate,
                                         read_something,
                                         read_something,
                                         read_something,
                                         write_something,
                                         write_something,
                                         write_something,
                                         seek_somewhere,
                                         list,
                                         move,
                                         ask_where,
                                         set_status,
                                         poll_some,
                                         fork_one,
                                         exec};

#define WORKS (sizeof(works) / sizeof(works[0]))

static void step(void)
{
	now++;
	int who = 1 + (int)below(PEOPLE);

	if (!people[who].is_waiting)
		works[below(WORKS)](who);
	else if (below(4) == 0)
		interrupt(who);
}

/* ---- Runs ---- */

static void begin(struct history *of)
{
	static const char *const names[] = {"bin/sh", "etc/manifest", "top", NULL};

	journal_hook = NULL;
	machine_boot(names);
	machine.tick = tick;
	machine.answered = answered;
	journal_hook = tick;
	memset(people, 0, sizeof(people));
	memset(of, 0, (PEOPLE + 1) * sizeof(*of));
	history = of;
	nr_events = 0;
	serial = 0;
	now = 0;
}

/* What is open, where, and what is in the pipes, as far as it can be asked for. */
static void look_at_all(void)
{
	for (int who = 1; who <= PEOPLE; who++) {
		if (people[who].is_waiting)
			interrupt(who);
		ask_where(who);
	}
	for (int who = 1; who <= PEOPLE; who++)
		for (int32_t fd = 0; fd < FDS; fd++) {
			const struct ramfs_seek_req seek = {.fd = fd, .whence = SEEK_CUR};
			const struct ramfs_status_req status = {.fd = fd};
			const struct ramfs_read_req read = {
			        .grant = BUFFER, .fd = fd, .bytes = BUFFER_MAX, .flags = RAMFS_NOWAIT};

			ask(who, RAMFS_SEEK, &seek, sizeof(seek), 0);
			ask(who, RAMFS_STATUS, &status, sizeof(status), 0);
			ask(who, RAMFS_READ, &read, sizeof(read), BUFFER_MAX);
		}
}

static void end(void)
{
	for (int who = 1; who <= PEOPLE; who++)
		happen(machine_endpoint(who), PM_EVENT_EXIT);
	assert_int_equal(client_count(), 0);
	assert_int_equal(file_count(), 0);
	assert_int_equal(pipe_count(), 0);
	assert_false(journal_is_open(&journal));
}

static void run(struct history *of, unsigned from, uint32_t ticks)
{
	seed = from;
	kill_seed = from + 1;
	mean = ticks;
	choose_kill(0);
	begin(of);
	for (int i = 0; i < STEPS; i++)
		step();
	look_at_all();
	end();
}

static void print(const struct told *told)
{
	printf(" at %u %x gave %d %u %u %08x;", told->step, (unsigned)told->operation, told->result,
	       told->words[0], told->words[1], told->memory);
}

/* The first difference of a client's; its number, or ANSWERS_MAX. */
static uint32_t difference(const struct history *one, const struct history *other)
{
	for (uint32_t i = 0; i < one->count || i < other->count; i++)
		if (memcmp(&one->told[i], &other->told[i], sizeof(one->told[i])) != 0)
			return i;
	return ANSWERS_MAX;
}

static void compare(unsigned from)
{
	int is_different = 0;

	for (int who = 1; who <= PEOPLE; who++) {
		const struct history *one = &histories[0][who], *other = &histories[1][who];
		uint32_t i = difference(one, other);

		if (i == ANSWERS_MAX)
			continue;
		is_different = 1;
		printf("SEED=%u: client %d", from, who);
		print(&one->told[i]);
		print(&other->told[i]);
		printf("\n");
	}
	assert_false(is_different);
}

static void nobody_notices_that_ramfs_is_killed(void **state)
{
	static const uint32_t means[] = {15, 40, 100, 400};
	unsigned first = test_seed();

	(void)state;
	kills = 0;
	for (unsigned i = 0; i < RUNS; i++) {
		run(histories[0], first + i, 0);
		run(histories[1], first + i, means[i % 4]);
		compare(first + i);
	}
	assert_true(kills > 50 * RUNS);
}

static void the_same_seed_gives_the_same_run(void **state)
{
	(void)state;
	run(histories[0], 7, 40);
	run(histories[1], 7, 40);
	compare(7);
}

/* ---- Small writes ---- */

static void prepare_write(int who, uint32_t bytes)
{
	const struct ramfs_write_req request = {.grant = BUFFER, .fd = 4, .bytes = bytes};

	memset(machine_at(machine_endpoint(who), BUFFER), who, bytes);
	prepare(who, RAMFS_WRITE, &request, sizeof(request), bytes);
}

static void read_all(uint32_t bytes)
{
	const struct ramfs_read_req request = {.grant = BUFFER, .fd = 3, .bytes = bytes};

	ask(1, RAMFS_READ, &request, sizeof(request), bytes);
	assert_false(people[1].is_waiting);
}

/* The next write goes round the ring's end. */
static void prepare_pipe(void)
{
	const struct ramfs_pipe_req request = {.read_fd = 3, .write_fd = 4};

	begin(histories[0]);
	ask(1, RAMFS_PIPE, &request, sizeof(request), 0);
	happen(machine_endpoint(2), machine_endpoint(1));
	prepare_write(2, RAMFS_PIPE_CAPACITY - 1000);
	send(2);
	read_all(RAMFS_PIPE_CAPACITY - 1001);
}

/* Whether it was killed: then another writes first. */
static int write_and_kill(uint32_t ticks)
{
	left = ticks;
	prepare_write(1, RAMFS_PIPE_BUF);
	if (setjmp(killed) == 0) {
		is_armed = 1;
		send(1);
		is_armed = 0;
		return 0;
	}
	machine_restart();
	prepare_write(2, 10);
	send(2);
	if (people[1].is_waiting)
		ask_again(1);
	return 1;
}

static void a_small_write_is_in_one_piece_wherever_ramfs_is_killed(void **state)
{
	uint32_t ticks = 0;
	int was_killed;

	(void)state;
	mean = 0;
	do {
		prepare_pipe();
		was_killed = write_and_kill(ticks++);
		read_all(BUFFER_MAX);
		const uint8_t *all = machine_at(machine_endpoint(1), BUFFER), *first = memchr(all, 1, 100);
		assert_non_null(first);
		for (uint32_t i = 0; i < RAMFS_PIPE_BUF; i++)
			assert_int_equal(first[i], 1);
	} while (was_killed);
	assert_true(ticks > 10);
}

/* ---- Requests that are the server's end ---- */

static void a_deadly_request_is_refused_in_the_end(void **state)
{
	struct ramfs_close_req request = {.fd = 3};

	(void)state;
	mean = 0;
	begin(histories[0]);
	for (int i = 0; i < ONCE_DEATHS_MAX; i++) {
		assert_int_equal(once_try(&kept->trial, machine_endpoint(1), 77), OK);
		machine_restart();
		assert_int_equal(once_try(&kept->trial, machine_endpoint(2), 78), OK); /* others live well */
		once_survived(&kept->trial);
	}
	assert_int_equal(once_try(&kept->trial, machine_endpoint(1), 77), -EIO);
	assert_int_equal(once_try(&kept->trial, machine_endpoint(1), 79), OK);
	once_survived(&kept->trial);
	ask(1, RAMFS_CLOSE, &request, sizeof(request), 0);
	assert_int_equal(histories[0][1].told[0].result, -EBADF);
}

static void without_what_was_kept_it_is_another_server(void **state)
{
	struct ramfs_outcome_req request = {.serial = 1};
	struct ramfs_outcome_rep reply;

	(void)state;
	mean = 0;
	begin(histories[0]);
	open_something(1);
	kept_begin_anew(machine_endpoint(5));
	machine_restart();
	assert_int_equal(client_count(), 0);
	assert_int_equal(ask_outcome(machine_endpoint(1), &request, &reply), OK);
	assert_int_equal(reply.outcome.origin, machine_endpoint(5));
	assert_int_equal(reply.outcome.is_done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nobody_notices_that_ramfs_is_killed),
	        cmocka_unit_test(the_same_seed_gives_the_same_run),
	        cmocka_unit_test(a_small_write_is_in_one_piece_wherever_ramfs_is_killed),
	        cmocka_unit_test(a_deadly_request_is_refused_in_the_end),
	        cmocka_unit_test(without_what_was_kept_it_is_another_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
