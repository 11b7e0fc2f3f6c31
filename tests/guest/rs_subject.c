/* SPDX-License-Identifier: MIT */
/* Services that behave well or badly, as their first argument says. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <granite/abi/ds_label.h>
#include <granite/abi/layout.h>
#include <granite/rs.h>
#include <granite/server.h>

#include "rs_subject.h"

static int do_echo(endpoint_t caller, const void *request, void *reply)
{
	const struct subject_word *in = request;
	struct subject_word *out = reply;
	(void)caller;
	out->word = in->word + 1;
	return OK;
}

static _Noreturn void hang(void)
{
	for (;;)
		pause();
}

static int do_hang(endpoint_t caller, const void *request, void *reply)
{
	(void)caller, (void)request, (void)reply;
	hang();
}

/* ---- A stand-in for the data store ---- */

static struct told {
	struct ds_label_req last;
	uint32_t times;
} told[64];

static uint32_t nr_told;

static struct told *find(const char *label)
{
	for (uint32_t i = 0; i < nr_told; i++)
		if (strcmp(told[i].last.label, label) == 0)
			return &told[i];
	return NULL;
}

static int do_who(endpoint_t caller, const void *request, void *reply)
{
	const struct subject_label *asked = request;
	struct subject_who *who = reply;
	struct told *entry = find(asked->label);
	(void)caller;
	who->endpoint = entry ? entry->last.endpoint : NONE;
	who->told = entry ? entry->times : 0;
	return OK;
}

static int do_nap(endpoint_t caller, const void *request, void *reply)
{
	(void)caller, (void)request, (void)reply;
	sleep(3);
	return OK;
}

static int do_label(endpoint_t caller, const void *request, void *reply)
{
	const struct ds_label_req *label = request;
	struct told *entry = find(label->label);
	(void)reply;
	if (caller != RS_PROC_NR)
		return -EPERM;
	if (!entry)
		entry = &told[nr_told++];
	entry->last = *label;
	entry->times++;
	return SERVER_NO_REPLY;
}

/* ---- What they do ---- */

static int serve(void)
{
	static const struct server_op calls[] = {
	        [SUBJECT_ECHO - SUBJECT_BASE] = {do_echo},
	        [SUBJECT_HANG - SUBJECT_BASE] = {do_hang},
	};
	static const struct server server = {.calls = SERVER_TABLE(SUBJECT_BASE, calls)};
	return server_run(&server);
}

static int serve_as_store(void)
{
	static const struct server_op told_ops[] = {{do_label}};
	static const struct server_op calls[] = {
	        [SUBJECT_HANG - DS_LABEL] = {do_hang},
	        [SUBJECT_WHO - DS_LABEL] = {do_who},
	        [SUBJECT_NAP - DS_LABEL] = {do_nap},
	};
	static const struct server server = {.calls = SERVER_TABLE(DS_LABEL, calls),
	                                     .told = SERVER_TABLE(DS_LABEL, told_ops)};
	return server_run(&server);
}

/* As much as the data store has, about. */
static int serve_with_much_memory(void)
{
	static volatile char much[1 << 20];
	for (size_t i = 0; i < sizeof(much); i += PAGE_SIZE)
		much[i] = 1;
	return serve();
}

static _Noreturn void show_life(void)
{
	for (;;) {
		rs_alive();
		usleep(20000);
	}
}

static int ignore_sigterm(void)
{
	signal(SIGTERM, SIG_IGN);
	return serve();
}

/* Becomes another program, which has no descriptors. */
static int exec_mute(char **command)
{
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	execvp(command[0], command);
	return 127;
}

/* It could not be executed, it says. */
static int pretend(void)
{
	union rs_not_executed_message call = {.req = {.error = E2BIG}};
	return rs_not_executed_call(&call) == -EPERM ? 127 : 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "serve") == 0)
		return serve();
	if (strcmp(what, "large") == 0)
		return serve_with_much_memory();
	if (strcmp(what, "store") == 0)
		return serve_as_store();
	if (strcmp(what, "stubborn") == 0)
		return ignore_sigterm();
	if (strcmp(what, "alive") == 0)
		show_life();
	if (strcmp(what, "exit") == 0 && argc > 2)
		return atoi(argv[2]);
	if (strcmp(what, "mute") == 0 && argc > 2)
		return exec_mute(argv + 2);
	if (strcmp(what, "pretend") == 0)
		return pretend();
	if (strcmp(what, "crash") == 0)
		abort();
	hang(); /* deaf */
}
