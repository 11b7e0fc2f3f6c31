/* SPDX-License-Identifier: MIT */
/* A service that greets, and counts whom. It can't greet nobody, and crashes; its successor goes on counting.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/server.h>
#include <granite/vm.h>
#include "greeter.h"

/* Lies in kept memory. It is one word, so it is never half changed. */
static struct kept {
	uint32_t greeted;
} *kept = (struct kept *)KEPT_BASE;

static int do_greet(endpoint_t caller, const void *request, void *reply)
{
	const struct greet_request *who = request; /* our own copy */
	struct greet_reply *answer = reply;        /* zeroed */

	(void)caller;
	if (!memchr(who->name, '\0', sizeof(who->name)))
		return -EINVAL;
	if (who->name[0] == '\0')
		abort();
	snprintf(answer->text, sizeof(answer->text), "hello, %s", who->name);
	answer->number = ++kept->greeted;
	return OK;
}

int main(void)
{
	static const struct server_op calls[] = {{do_greet}};
	static const struct server server = {.calls = SERVER_TABLE(GREETER_GREET, calls)};

	if (vm_keep("greeter", KEPT_BASE, sizeof(*kept), NULL) != OK)
		return EXIT_FAILURE;
	return server_run(&server);
}
