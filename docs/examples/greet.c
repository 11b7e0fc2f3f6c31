/* SPDX-License-Identifier: MIT */
/* A client of the service `greeter`, whom it survives. */
#include <stdio.h>
#include <string.h>
#include <granite/rs.h>
#include "greeter.h"

#define PATIENCE 10000000000ull /* 10 s */

static endpoint_t greeter = NONE, dead = NONE;

/* The reply's result, or a negative errno: -EDEADSRCDST if the greeter has died of it. */
static int greet(const char *name, struct greet_reply *answer)
{
	struct greet_request request = {.name = ""};
	struct message m = {0};
	int result;

	if (greeter == NONE)
		greeter = rs_await("greeter", dead, PATIENCE);
	if (greeter < 0)
		return greeter;
	strncpy(request.name, name, sizeof(request.name) - 1);
	memcpy(m.m_bytes, &request, sizeof(request));
	result = call_server(greeter, GREETER_GREET, &m);
	memcpy(answer, m.m_bytes, sizeof(*answer));
	if (result == -EDEADSRCDST) {
		dead = greeter;
		greeter = NONE;
	}
	return result;
}

static const char *why_not(int result)
{
	return result == -EDEADSRCDST ? "the greeter has died" : "there is no greeter";
}

int main(void)
{
	static const char *const names[] = {"Ada", "Grace", "", "Barbara"};

	for (int i = 0; i < 4; i++) {
		struct greet_reply answer;
		int result = greet(names[i], &answer);

		if (result == OK)
			printf("%s (number %d)\n", answer.text, (int)answer.number);
		else
			printf("'%s': %s\n", names[i], why_not(result));
	}
	return 0;
}
