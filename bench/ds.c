/* SPDX-License-Identifier: MIT */
/* bench: flags=control */
/* The data store, as its clients see it: the call, the server's work, and what is copied. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <granite/ds.h>
#include <granite/grant.h>
#include <granite/rs.h>
#include <granite/sys.h>

#include "measure.h"

#define RANGE 65536

static char memory[RANGE] __attribute__((aligned(4096)));
static char mapped[RANGE] __attribute__((aligned(4096)));
static endpoint_t parent, lender, subscriber;

/* ---- Among how many entries ---- */

/* Numbers as keys, with a number each; and the one that is asked for. */
static void publish_many(uint32_t count)
{
	char key[DS_KEY_SIZE];
	for (uint32_t i = 1; i < count; i++) {
		snprintf(key, sizeof(key), "service.%u", (unsigned)i);
		REQUIRE(ds_publish_u32(key, i, 0) == OK);
	}
	REQUIRE(ds_publish_u32("the.key", 1, 0) == OK);
}

static void have_10(void)
{
	publish_many(10);
}

static void have_10k(void)
{
	publish_many(10000);
}

/* What one owner may have. */
static void have_100k(void)
{
	publish_many(100000);
}

static void publish_u32(uint32_t i)
{
	GRANITE_IGNORE(ds_publish_u32("the.key", i, DSF_OVERWRITE));
}

static void retrieve_u32(uint32_t unused)
{
	uint32_t value;
	(void)unused;
	GRANITE_IGNORE(ds_retrieve_u32("the.key", &value));
}

/* ---- Memory ---- */

static void have_memory(void)
{
	memset(memory, 'm', sizeof(memory));
	REQUIRE(ds_publish_mem("the.memory", memory, 4096, 0) == OK);
}

/* Not at the same place of a page, so the bytes are copied. */
static void retrieve_mem(uint32_t unused)
{
	size_t length = 4096;
	(void)unused;
	GRANITE_IGNORE(ds_retrieve_mem("the.memory", mapped + 64, &length));
}

/* The range is the caller's own child's: nobody maps what is his own. It is published anew whenever it is
 * asked for. */
static void lend_range(uint32_t unused)
{
	struct message m = {.m_type = 1};
	(void)unused;
	memset(memory, 'm', sizeof(memory));
	for (;;) {
		REQUIRE(ipc_receive(parent, &m, NULL) == OK);
		REQUIRE(ds_publish_map("the.range", memory, RANGE, DSF_OVERWRITE) == OK);
		REQUIRE(ipc_send(parent, &m) == OK);
	}
}

static void start_lender(void)
{
	parent = sys_self();
	memset(mapped, '-', sizeof(mapped));
	lender = bench_start(lend_range, 0, NULL);
}

/* A range that the data store has not lent yet, and an address where nothing is mapped by grant. */
static void have_new_range(void)
{
	struct message m = {.m_type = 1};
	GRANITE_IGNORE(sys_safeunmap((vir_bytes)(uintptr_t)mapped)); /* at first there is none */
	REQUIRE(ipc_send(lender, &m) == OK && ipc_receive(lender, &m, NULL) == OK);
}

static void map_range(uint32_t unused)
{
	size_t length = RANGE;
	(void)unused;
	REQUIRE(ds_retrieve_map("the.range", mapped, &length, 0, DSMF_MAP_MAPPED) == OK);
}

/*
 * ---- From the publisher to who has subscribed, who asks what has changed and for its value, and sends the
 * publisher that: all of it is counted ----
 */

static void subscribe(uint32_t unused)
{
	struct ds_change change;
	struct message m = {.m_type = 1};
	uint32_t value = 0;
	(void)unused;
	REQUIRE(ds_subscribe("the\\.key", 0) == OK);
	REQUIRE(ipc_send(parent, &m) == OK);
	for (;;) {
		REQUIRE(ipc_receive(ANY, &m, NULL) == OK);
		REQUIRE(ds_check_change(&change) == OK && ds_retrieve_u32(change.key, &value) == OK);
		m.m_words[0] = value;
		REQUIRE(ipc_send(parent, &m) == OK);
	}
}

static void start_subscriber(void)
{
	struct message m;
	parent = sys_self();
	have_10();
	subscriber = bench_start(subscribe, 0, NULL);
	REQUIRE(ipc_receive(subscriber, &m, NULL) == OK);
}

static void publish_and_await(uint32_t i)
{
	struct message m;
	GRANITE_IGNORE(ds_publish_u32("the.key", i, DSF_OVERWRITE));
	REQUIRE(ipc_receive(subscriber, &m, NULL) == OK && m.m_words[0] == i);
}

/* ---- From an unexpected death of the data store until it answers again ---- */

#define PATIENCE 10000000000ull /* 10 s */

/* Between two deaths. After a run of 10 s RS starts a service at once. */
#define SOUND_RUN_SECONDS 11

static endpoint_t ds;
static pid_t ds_pid;

static void find_ds(void)
{
	struct rs_status_rep status;
	ds = rs_lookup("ds");
	ds_pid = 0;
	for (uint32_t i = 0; ds_pid == 0 && rs_status(i, &status) == OK; i++)
		if (strcmp(status.label, "ds") == 0)
			ds_pid = status.pid;
	REQUIRE(ds > 0 && ds_pid > 0);
}

static void let_it_run(void)
{
	sleep(SOUND_RUN_SECONDS);
	find_ds();
}

static void kill_and_ask_successor(uint32_t unused)
{
	uint32_t value;
	(void)unused;
	REQUIRE(kill(ds_pid, SIGKILL) == 0);
	REQUIRE(rs_await("ds", ds, PATIENCE) > 0);
	REQUIRE(ds_retrieve_u32("the.key", &value) == OK);
}

static const struct row rows[] = {
        ROW("ds.publish_u32", 64, publish_u32, .setup = have_10),
        ROW("ds.retrieve_u32", 64, retrieve_u32, .setup = have_10),
        ROW("ds.retrieve_u32_100k", 64, retrieve_u32, .setup = have_100k),
        ROW("ds.retrieve_mem_4KiB", 64, retrieve_mem, .setup = have_memory),
        ROW("ds.map_64KiB", 1, map_range, .setup = start_lender, .prepare = have_new_range),
        ROW("ds.notify", 32, publish_and_await, .setup = start_subscriber),
        ROW("ds.restart_10k", 1, kill_and_ask_successor, .setup = have_10k, .prepare = let_it_run),
};

int main(int argc, char **argv)
{
	return BENCH_MAIN(rows);
}
