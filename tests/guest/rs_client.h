/* SPDX-License-Identifier: MIT */
/* What tests of RS share: asking services, with their successors where they die. */
#ifndef GUEST_RS_CLIENT_H
#define GUEST_RS_CLIENT_H

#include <errno.h>
#include <granite/rs.h>
#include <granite/sys.h>

#include "rs_subject.h"
#include "tap.h"

#define RS_SECOND 1000000000ull

static inline uint64_t rs_now(void)
{
	uint64_t uptime = 0;
	CHECK_INT(sys_clock(&uptime, NULL), OK);
	return uptime;
}

/* Of a service that there must be. */
static inline struct rs_status_rep rs_status_of(const char *label)
{
	struct rs_status_rep status = {0};
	for (uint32_t index = 0; rs_status(index, &status) == OK; index++)
		if (strcmp(status.label, label) == 0)
			return status;
	CHECK(!"there is such a service");
	return (struct rs_status_rep){0};
}

/* One call; the answer is in m->m_words. */
static inline int rs_ask(endpoint_t server, int32_t operation, struct message *m)
{
	return call_server(server, operation, m);
}

/* Asks `label` for an echo, and its successor if it dies. */
static inline int rs_echo(const char *label)
{
	endpoint_t server = rs_await(label, NONE, 20 * RS_SECOND);
	struct message m = {.m_words = {41}};
	while (server >= 0 && rs_ask(server, SUBJECT_ECHO, &m) == -EDEADSRCDST)
		server = rs_await(label, server, 20 * RS_SECOND);
	return server >= 0 && m.m_words[0] == 42;
}

/* Waits until the service is in this state; the system answers all the while. */
static inline struct rs_status_rep rs_wait_for(const char *label, enum rs_state state)
{
	struct rs_status_rep status = rs_status_of(label);
	for (int i = 0; i < 6000 && status.state != state; i++) {
		usleep(10000);
		CHECK(rs_echo("serve"));
		status = rs_status_of(label);
	}
	CHECK_INT(status.state, state);
	return status;
}

static inline int rs_kill(const char *label)
{
	int32_t pid = rs_status_of(label).pid;
	return pid > 0 && kill(pid, SIGKILL) == 0;
}

#endif
