/* SPDX-License-Identifier: MIT */
/* A service that counts requests, and goes on counting when it was killed: its state is in the data store. */
#include <granite/ds.h>
#include "pass.h"
#include "tally.h"

/* One entry for both, so that there is never one without the other. */
static struct {
	uint32_t count, last; /* the number of the last request that was counted */
} state;

static void recover(void)
{
	size_t length = sizeof(state);
	int result = ds_retrieve_mem("tally", &state, &length);

	must(result == OK || result == -ESRCH, "recovering");
	printf("I begin with %u\n", (unsigned)state.count);
}

/* A request that comes again, because its answer has got lost, is answered again and not counted again. */
static void take(uint32_t number)
{
	if (number == state.last)
		return;
	state.count++;
	state.last = number;
	must(ds_publish_mem("tally", &state, sizeof(state), DSF_OVERWRITE) == OK, "publishing");
}

int main(void)
{
	struct message m;

	recover();
	for (;;) {
		must(ipc_receive(ANY, &m, NULL) == OK, "receiving");
		if (m.m_type != TALLY_NEXT)
			continue;
		take(m.m_words[0]);
		m.m_type = OK;
		m.m_words[0] = state.count;
		ipc_sendnb(m.m_source, &m); /* who does not wait any more goes without */
	}
}
