/* SPDX-License-Identifier: MIT */
/* For the examples: passing a number from one process to another, by a message. */
#ifndef PASS_H
#define PASS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/grant.h>
#include <granite/ipc.h>

#define ADDRESS(pointer) ((vir_bytes)(uintptr_t)(pointer))

/* Ends the program where something went wrong that should not. */
static inline void must(int holds, const char *what)
{
	if (holds)
		return;
	printf("%s failed\n", what);
	exit(1);
}

static inline void pass(endpoint_t to, int64_t number)
{
	struct message m = {0};

	memcpy(m.m_bytes, &number, sizeof(number));
	must(ipc_send(to, &m) == OK, "ipc_send");
}

/* From that process, or from ANY; *sender (may be null): from which. */
static inline int64_t passed(endpoint_t from, endpoint_t *sender)
{
	struct message m = {0};
	int64_t number;

	must(ipc_receive(from, &m, NULL) == OK, "ipc_receive");
	if (sender)
		*sender = m.m_source;
	memcpy(&number, m.m_bytes, sizeof(number));
	return number;
}

/* A child that does `work` and ends; its endpoint. */
static inline endpoint_t start(void (*work)(endpoint_t parent))
{
	endpoint_t parent = sys_self();
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid == 0) {
		work(parent);
		exit(0);
	}
	return pm_endpoint(pid);
}

#endif
