/* SPDX-License-Identifier: MIT */
/* See ds_machine.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_machine.h"
#include "lib/sys/ds_peer.h"
#include "servers/ds/ds.h"
#include "servers/ds/kept.h"
#include "servers/ds/lendings.h"
#include "servers/ds/ranges.h"

#define GRANTS 64
#define DEAD   64 /* processes whose death DS is yet to be told of */

struct grant {
	cp_grant_id_t id; /* 0: none */
	uint8_t *memory;
	size_t bytes;
	int access;
	endpoint_t from, to;
};

static struct machine {
	endpoint_t clients[MACHINE_CLIENTS];
	char labels[MACHINE_CLIENTS][DS_KEY_SIZE];
	int notified[MACHINE_CLIENTS];
	uint32_t self;
	struct grant grants[GRANTS];
	cp_grant_id_t last_grant;
	endpoint_t ds, last_endpoint;
	int lives, given_up, was_killed, returns, answered, alarm, rs_is_late, rs_error, has_memory;
	uint32_t stays_dead;
	void (*meanwhile)(void);
	machine_lie_t lie;
	uint8_t *written;                   /* where DS has last written to */
	uint32_t countdown, next_countdown; /* MACHINE_NEVER: none */
	endpoint_t dead[DEAD];
	uint32_t nr_dead;
	struct message *reply; /* where the caller waits for it */
	uint64_t now;
} machine;

static uint8_t work_space[WORK_BYTES] __attribute__((aligned(PAGE_SIZE)));
static uint8_t *memory;
static struct kept *kept_memory;
static int inside; /* DS runs */
static jmp_buf killed;

/* What is on the heap of a DS that was killed is lost, as it should be. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* ---- DS ---- */

static endpoint_t new_endpoint(void)
{
	machine.last_endpoint += 1;
	return ENDPOINT_MAKE(100 + machine.last_endpoint % 900, 1 + machine.last_endpoint / 900);
}

static void piece_ends(void)
{
	if (!inside || machine.countdown == MACHINE_NEVER || machine.countdown-- > 0)
		return;
	machine.countdown = machine.next_countdown;
	machine.next_countdown = MACHINE_NEVER;
	machine.was_killed = 1;
	machine.lives = 0;
	inside = 0;
	longjmp(killed, 1);
}

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	piece_ends();
}

static void tell_label(uint32_t client)
{
	struct ds_label_req request = {.endpoint = machine.clients[client]};
	struct ds_label_rep reply;

	if (!machine.labels[client][0] || (machine.rs_is_late && machine.clients[client] != NONE))
		return;
	memcpy(request.label, machine.labels[client], sizeof(request.label));
	assert_int_equal(do_label(RS_PROC_NR, &request, &reply), SERVER_NO_REPLY);
}

/* The clock tells DS that it may go on with what is unfinished. */
static void tick(void)
{
	if (!machine.alarm)
		return;
	machine.alarm = 0;
	later_alarm();
}

static void tell_deaths(void)
{
	for (uint32_t i = 0; i < machine.nr_dead; i++)
		owner_exited(machine.dead[i]);
	machine.nr_dead = 0;
}

static int open_store(void)
{
	struct store_config config;

	store_config_default(&config);
	config.subscriptions = 40;
	config.secret = 12345;
	config.make_present = memory_present;
	return store_open(&store, memory, MACHINE_STORE, &config);
}

/* As main.c does, and then RS tells what it knows. */
static void start_ds(void)
{
	int is_found = memory[0] != 0;

	machine.ds = new_endpoint();
	machine.lives = 1;
	inside = 1;
	if (setjmp(killed)) {
		start_ds();
		return;
	}
	assert_int_equal(open_store(), OK);
	memory_begin();
	machine.alarm = 0;
	work = work_space;
	later_begin();
	owners_begin();
	kept_open(kept_memory);
	ranges_open();
	tell_deaths();
	if (is_found) {
		owners_check();
		ranges_check();
	}
	later_go_on();
	for (uint32_t i = 0; i < MACHINE_CLIENTS; i++) {
		tell_label(i);
		later_go_on();
	}
	inside = 0;
}

/* ---- What the library takes from the system ---- */

int machine_call(int32_t operation, struct message *m)
{
	return ds_peer_call(machine.ds, operation, m);
}

/* As main.c does; but the caller waits here, if it must. */
static int serve(endpoint_t caller, int32_t operation, const void *request, void *reply)
{
	int result = owner_meet(caller);

	if (result != OK)
		return result;
	do
		tick();
	while (later_must_wait(caller));
	return ds_serve(caller, operation, request, reply);
}

int ds_peer_call(endpoint_t ds, int32_t operation, struct message *m)
{
	struct message request = *m, reply = {.m_source = ds};
	int result;

	if (!machine.lives || ds != machine.ds)
		return -EDEADSRCDST;
	machine.answered = 0;
	machine.written = NULL;
	machine.reply = m;
	if (setjmp(killed))
		return machine.answered ? m->m_type : -EDEADSRCDST;
	inside = 1;
	piece_ends();
	result = serve(machine.clients[machine.self], operation, request.m_bytes, reply.m_bytes);
	later_go_on();
	piece_ends();
	inside = 0;
	if (result != SERVER_NO_REPLY) {
		reply.m_type = result;
		*m = reply;
	}
	if (machine.lie)
		machine.lie(m, machine.written);
	return m->m_type;
}

static void come_back(void)
{
	uint32_t self = machine.self;

	start_ds();
	if (machine.meanwhile)
		machine.meanwhile();
	machine.self = self;
}

endpoint_t ds_peer_find(int wait, endpoint_t dead)
{
	if (machine.given_up)
		return wait ? -ENODEV : -ESRCH;
	if (!machine.lives && machine.stays_dead > 0) {
		machine.stays_dead--;
		return wait ? -EINTR : -ESRCH;
	}
	if (!machine.lives && wait)
		come_back();
	if (!machine.lives)
		return -ESRCH;
	assert_int_not_equal(machine.ds, dead);
	return machine.ds;
}

static cp_grant_id_t lend_to(endpoint_t ds, const void *address, size_t bytes, int access)
{
	for (int i = 0; i < GRANTS; i++) {
		if (machine.grants[i].id)
			continue;
		machine.grants[i] = (struct grant){++machine.last_grant,
		                                   (uint8_t *)(uintptr_t)address,
		                                   bytes,
		                                   access,
		                                   machine.clients[machine.self],
		                                   ds};
		return machine.last_grant;
	}
	fail_msg("grants are not taken back");
	return -ENOSPC;
}

cp_grant_id_t machine_lend(const void *address, size_t bytes, int access)
{
	return lend_to(machine.ds, address, bytes, access);
}

cp_grant_id_t ds_peer_lend(endpoint_t ds, const void *address, size_t bytes, int access)
{
	return lend_to(ds, address, bytes, access);
}

static struct grant *grant_find(cp_grant_id_t id)
{
	for (int i = 0; i < GRANTS; i++)
		if (id && machine.grants[i].id == id)
			return &machine.grants[i];
	return NULL;
}

void ds_peer_take_back(cp_grant_id_t id)
{
	struct grant *grant = grant_find(id);

	assert_non_null(grant);
	memory_revoked(id);
	grant->id = 0;
}

int ds_peer_map(endpoint_t ds, cp_grant_id_t grant, void *address, size_t bytes, int writable)
{
	if (ds != machine.ds || !machine.lives)
		return -EDEADSRCDST;
	return memory_mapped(grant, machine.clients[machine.self], writable, address, (uint32_t)bytes)
	               ? OK
	               : -EPERM;
}

uint64_t ds_peer_now(void)
{
	return machine.now += 1000;
}

/* ---- What the server takes from the system ---- */

void ds_log(const char *format, ...)
{
	fail_msg("DS complains: %s", format);
}

static int lent(endpoint_t client, cp_grant_id_t id, int access, uint32_t bytes, uint8_t **at)
{
	const struct grant *grant = grant_find(id);

	if (!process_lives(client))
		return -EDEADSRCDST;
	if (!grant || grant->from != client || grant->to != machine.ds || !(grant->access & access) ||
	    bytes > grant->bytes)
		return -EPERM;
	*at = grant->memory;
	return grant->memory ? OK : -EFAULT;
}

int lent_read(endpoint_t client, cp_grant_id_t grant, void *buffer, uint32_t bytes)
{
	uint8_t *from;
	int result = lent(client, grant, CPF_READ, bytes, &from);

	if (result == OK)
		memcpy(buffer, from, bytes);
	return result;
}

int lent_write(endpoint_t client, cp_grant_id_t grant, const void *buffer, uint32_t bytes)
{
	uint8_t *to;
	int result = lent(client, grant, CPF_WRITE, bytes, &to);

	if (result == OK)
		memcpy(to, buffer, bytes);
	if (result == OK)
		machine.written = to;
	return result;
}

const uint8_t *machine_lent(endpoint_t client, cp_grant_id_t grant, int access, uint32_t bytes)
{
	uint8_t *at;

	return lent(client, grant, access, bytes, &at) == OK ? at : NULL;
}

int memory_present(void *address, uint32_t bytes, int grows)
{
	(void)address, (void)bytes;
	return grows && !machine.has_memory ? -ENOMEM : OK;
}

int memory_is_spare(uint32_t bytes)
{
	(void)bytes;
	return machine.has_memory;
}

void peer_notify(endpoint_t endpoint)
{
	for (uint32_t i = 0; i < MACHINE_CLIENTS; i++)
		if (machine.clients[i] == endpoint)
			machine.notified[i] = 1;
}

int peer_set_alarm(uint32_t nsecs)
{
	assert_int_not_equal(nsecs, 0);
	machine.alarm = 1;
	return 1;
}

int peer_answer(endpoint_t client, int result, const void *reply, uint32_t bytes)
{
	assert_int_equal(client, machine.clients[machine.self]);
	machine.reply->m_type = result;
	memcpy(machine.reply->m_bytes, reply, bytes);
	machine.answered = 1;
	return OK;
}

int process_lives(endpoint_t endpoint)
{
	for (uint32_t i = 0; i < MACHINE_CLIENTS; i++)
		if (machine.clients[i] == endpoint)
			return 1;
	return endpoint == RS_PROC_NR;
}

int service_label(endpoint_t endpoint, char label[PROC_NAME_MAX])
{
	if (machine.rs_error != OK)
		return machine.rs_error;
	for (uint32_t i = 0; i < MACHINE_CLIENTS; i++)
		if (machine.clients[i] == endpoint && machine.labels[i][0]) {
			memcpy(label, machine.labels[i], PROC_NAME_MAX);
			return OK;
		}
	return -ESRCH;
}

int service_returns(const char *label)
{
	(void)label;
	return machine.returns;
}

/* ---- What tests see and do ---- */

static void fresh_memory(void)
{
	free(memory);
	free(kept_memory);
	memory = aligned_alloc(64, MACHINE_STORE);
	kept_memory = calloc(1, sizeof(*kept_memory));
	assert_non_null(memory);
	assert_non_null(kept_memory);
	memset(memory, 0, MACHINE_STORE);
}

void machine_boot(void)
{
	endpoint_t last_endpoint = machine.last_endpoint;
	cp_grant_id_t last_grant = machine.last_grant;

	fresh_memory();
	memory_boot();
	machine = (struct machine){.last_endpoint = last_endpoint,
	                           .last_grant = last_grant,
	                           .countdown = MACHINE_NEVER,
	                           .next_countdown = MACHINE_NEVER,
	                           .returns = 1,
	                           .has_memory = 1};
	for (uint32_t i = 0; i < MACHINE_CLIENTS; i++)
		machine.clients[i] = new_endpoint();
	ds_set_retry(1);
	start_ds();
}

void machine_be(uint32_t client)
{
	machine.self = client;
}

endpoint_t machine_endpoint(uint32_t client)
{
	return machine.clients[client];
}

/* DS is told of a death by PM, and then of a label by RS; if it is killed by that its successor is. */
static void tell(void (*what)(uint32_t), uint32_t client)
{
	if (!machine.lives)
		return;
	if (setjmp(killed))
		return;
	inside = 1;
	what(client);
	later_go_on();
	inside = 0;
}

static void tell_death(uint32_t client)
{
	(void)client;
	for (; machine.nr_dead > 0; machine.nr_dead--)
		owner_exited(machine.dead[machine.nr_dead - 1]);
}

/* The successor takes the same slot of the process table. */
static endpoint_t next_in_slot(endpoint_t old)
{
	return ENDPOINT_MAKE(ENDPOINT_SLOT(old), ENDPOINT_GENERATION(old) + 1);
}

void machine_die(uint32_t client)
{
	endpoint_t old = machine.clients[client];

	assert_true(machine.nr_dead < DEAD);
	machine.dead[machine.nr_dead++] = old;
	machine.clients[client] = NONE;
	for (int i = 0; i < GRANTS; i++)
		if (machine.grants[i].from == old)
			machine.grants[i].id = 0;
	memory_lender_died(old);
	tell(tell_death, client);
	tell(tell_label, client);
	machine.clients[client] = next_in_slot(old);
	tell(tell_label, client);
}

void machine_set_label(uint32_t client, const char *label)
{
	snprintf(machine.labels[client], DS_KEY_SIZE, "%s", label);
	tell(tell_label, client);
}

void machine_rs_is_late(int is_late)
{
	machine.rs_is_late = is_late;
	for (uint32_t i = 0; i < MACHINE_CLIENTS && !is_late; i++)
		tell(tell_label, i);
}

void machine_rs_error(int error)
{
	machine.rs_error = error;
}

void machine_has_memory(int has)
{
	machine.has_memory = has;
}

void machine_lose_events(void)
{
	machine.nr_dead = 0;
}

void machine_kill_twice(uint32_t pieces, uint32_t more)
{
	machine.countdown = pieces;
	machine.next_countdown = more;
	machine.was_killed = 0;
}

void machine_kill_after(uint32_t pieces)
{
	machine_kill_twice(pieces, MACHINE_NEVER);
}

int machine_was_killed(void)
{
	return machine.was_killed;
}

void machine_stay_dead(uint32_t attempts)
{
	machine.stays_dead = attempts;
}

void machine_meanwhile(void (*what)(void))
{
	machine.meanwhile = what;
}

void machine_lie(machine_lie_t lie)
{
	machine.lie = lie;
}

void machine_give_up(void)
{
	machine.lives = 0;
	machine.given_up = 1;
}

int machine_notified(uint32_t client)
{
	int notified = machine.notified[client];

	machine.notified[client] = 0;
	return notified;
}

void machine_returns(int returns)
{
	machine.returns = returns;
}

/* What the store says of them. */
static uint32_t pages_of_ranges(void)
{
	uint64_t position = 0;
	struct store_map map;
	uint32_t pages = 0;

	assert_int_equal(store_release_next(store, &map), -ENOENT);
	while (store_map_next(store, &position, &map, NULL) == OK)
		if (map.number || memory_is_lent(map.address, map.length))
			pages += map.length / PAGE_SIZE;
	return pages;
}

void machine_check(void)
{
	const char *problem;

	if (!machine.lives)
		start_ds();
	while (machine.alarm)
		tick();
	problem = store_check(store);
	if (problem)
		fail_msg("%s", problem);
	assert_int_equal(memory_pages(), pages_of_ranges());
}
