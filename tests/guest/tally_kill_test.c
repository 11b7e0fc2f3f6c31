/* SPDX-License-Identifier: MIT */
/* guest: seed=yes time=counted timeout=120 flags=control calls=schedule manifest=tally.manifest
 * programs=example_tally.c variants=no */
/*
 * The service that docs/ds.md shows is killed in the middle of requests, at random moments, and so is the
 * data store that has its state: each request is counted once, and each answer is right.
 */
#include "../../docs/examples/tally.h"
#include "kill_under_load.h"

#define ROUNDS 10
#define KILLS  30

/* As a client does it that docs/ds.md shows. */
static uint32_t count_once(uint32_t number)
{
	static endpoint_t tally = NONE, dead = NONE;
	for (;;) {
		struct message m = {.m_words = {number}};
		if (tally == NONE)
			tally = rs_await("tally", dead, 10 * RS_SECOND);
		if (!CHECK(tally >= 0))
			return 0;
		if (call_server(tally, TALLY_NEXT, &m) == OK)
			return m.m_words[0];
		dead = tally;
		tally = NONE;
	}
}

/* The client tells it for the next round. */
static uint32_t counted;
static int ends[2];

static void count_on(void)
{
	const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
	CHECK_INT(sigaction(SIGTERM, &action, NULL), 0);
	while (!stopped && !tap_failures) {
		counted++;
		CHECK_INT(count_once(counted), counted);
	}
	CHECK_INT(write(ends[1], &counted, sizeof(counted)), sizeof(counted));
}

static void a_round(uint32_t number)
{
	pid_t client = tap_start(count_on);
	random_state = mix(random_state + number);
	printf("# round %u begins with %u, and %u for chance\n", (unsigned)number, (unsigned)counted,
	       (unsigned)random_state);
	load_begin_to_kill();
	for (uint32_t i = 0; i < KILLS; i++)
		load_kill(once_in(4) ? "ds" : "tally");
	load_end_to_kill();
	CHECK_INT(kill(client, SIGTERM), 0);
	CHECK_INT(read(ends[0], &counted, sizeof(counted)), sizeof(counted));
	CHECK_EXITED(tap_wait(client), 0);
}

static void each_request_is_counted_once(void)
{
	uint32_t before = counted;
	for (uint32_t i = 1; i <= ROUNDS; i++)
		a_round(i);
	CHECK(counted > before + ROUNDS * KILLS);
	CHECK_INT(count_once(counted), counted); /* the last one again */
}

static struct account before;

static void it_counts(void)
{
	CHECK_INT(pipe(ends), 0);
	for (uint32_t i = 1; i <= 3; i++)
		CHECK_INT(count_once(i), i);
	counted = 3;
	load_kill("tally");
	load_kill("ds");
	CHECK_INT(count_once(3), 3);
	sleep(1);
	before = account_now();
}

static void every_page_is_where_it_was(void)
{
	sleep(1);
	check_account(&before);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(it_counts),
	        TEST(each_request_is_counted_once),
	        TEST(every_page_is_where_it_was),
	};

	load_seed(argc, argv);
	return TAP_RUN(tests);
}
