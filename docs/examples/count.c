/* SPDX-License-Identifier: MIT */
/* Has the tally count to 20, and kills it, and the data store, again and again. */
#include <signal.h>
#include <granite/ds.h>
#include <granite/rs.h>
#include "pass.h"
#include "tally.h"

#define SECONDS 1000000000ull

static void kill_service(const char *label)
{
	struct rs_status_rep status;

	for (uint32_t i = 0; rs_status(i, &status) == OK; i++)
		if (strcmp(status.label, label) == 0 && status.pid > 0)
			kill(status.pid, SIGKILL);
}

/* Asks until there is an answer; the request's number says that it is the same one. */
static uint32_t next(uint32_t number)
{
	static endpoint_t tally = NONE, dead = NONE;
	struct message m;

	for (;;) {
		if (tally == NONE)
			tally = rs_await("tally", dead, 60 * SECONDS);
		must(tally > 0, "finding the tally");
		m.m_words[0] = number;
		if (call_server(tally, TALLY_NEXT, &m) == OK)
			return m.m_words[0];
		dead = tally;
		tally = NONE;
	}
}

int main(void)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i <= 20; i++) {
		if (i % 7 == 0)
			kill_service("tally");
		if (i % 5 == 0)
			kill_service("ds");
		count = next(i);
		must(count == i, "counting");
	}
	printf("counted to %u\n", (unsigned)count);
	return 0;
}
