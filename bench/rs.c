/* SPDX-License-Identifier: MIT */
/* bench: manifest=rs.manifest */
/*
 * A service that crashes: how much is done until its clients are served again. The service is this program,
 * too, as bench/rs.manifest starts it.
 */
#include <string.h>
#include <unistd.h>
#include <granite/rs.h>
#include <granite/server.h>

#include "measure.h"

#define LABEL    "victim"
#define PATIENCE 10000000000ull /* 10 s */

/* Between two crashes. After a run of 10 s RS starts a service at once, and PM reports each crash. */
#define SOUND_RUN_SECONDS 11

enum { VICTIM_BASE = 0x900, VICTIM_ECHO = VICTIM_BASE, VICTIM_WRITE };

struct word {
	uint32_t value;
};

/* ---- The service ---- */

static int do_echo(endpoint_t caller, const void *request, void *reply)
{
	const struct word *in = request;
	struct word *out = reply;
	(void)caller;
	out->value = in->value;
	return OK;
}

/* It believes the client that it can write there. */
static int do_write(endpoint_t caller, const void *request, void *reply)
{
	const struct word *address = request;
	(void)caller, (void)reply;
	*(volatile uint32_t *)(uintptr_t)address->value = 1;
	return OK;
}

static int serve(void)
{
	static const struct server_op calls[] = {{do_echo}, {do_write}};
	static const struct server server = {.calls = SERVER_TABLE(VICTIM_BASE, calls)};
	return server_run(&server);
}

/* ---- Its client ---- */

static endpoint_t victim;

static int call_victim(int32_t operation, uint32_t *word)
{
	struct message m = {.m_words = {*word}};
	int result = call_server(victim, operation, &m);
	*word = m.m_words[0];
	return result;
}

static void find_victim(void)
{
	victim = rs_await(LABEL, NONE, PATIENCE);
	REQUIRE(victim > 0);
}

static void let_it_run(void)
{
	sleep(SOUND_RUN_SECONDS);
}

static void crash_and_ask_successor(uint32_t i)
{
	uint32_t word = 0; /* a null pointer */
	REQUIRE(call_victim(VICTIM_WRITE, &word) == -EDEADSRCDST);
	victim = rs_await(LABEL, victim, PATIENCE);
	word = i + 1;
	REQUIRE(call_victim(VICTIM_ECHO, &word) == OK && word == i + 1);
}

static const struct row rows[] = {
        ROW("rs.restart", 1, crash_and_ask_successor, .setup = find_victim, .prepare = let_it_run),
};

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	return BENCH_MAIN(rows);
}
