/* SPDX-License-Identifier: MIT */
/* RS's start, its loop and its log. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <granite/log.h>
#include <granite/sys.h>
#include "rs.h"

static struct manifest manifest;

void rs_log(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line_va("rs", format, arguments);
	va_end(arguments);
}

static void report(uint32_t line, const char *problem, struct span word)
{
	rs_log("manifest line %u is left out: %s%s%.*s", line, problem, word.bytes ? ": " : "",
	       (int)word.bytes, word.start);
}

static int read_manifest(void)
{
	struct span text;
	int result = programs_read("etc/manifest", &text);

	if (result != OK)
		return result;
	manifest.report = report;
	manifest_parse(&manifest, text.start, text.bytes);
	return manifest.users.line ? sys_privctl(NONE, &manifest.users.spec) : OK;
}

/* Without a manifest there is nothing to start, but RS goes on: orphans need a parent. */
static void start_services(void)
{
	int result = programs_init();

	if (result == OK)
		result = read_manifest();
	if (result != OK)
		rs_log("the manifest can't be followed: %s", strerror(-result));
	labels_init();
	services_start(&manifest);
}

#define OP(number, NAME, name) SERVER_WRAP(rs, name)
#include <granite/abi/ops/rs.def>
#undef OP

static const struct server_op calls[] = {
#define OP(number, NAME, name) SERVER_ENTRY(RS_BASE, NAME, name)
#include <granite/abi/ops/rs.def>
#undef OP
};

/* Notifications from services are their heartbeats. */
static void notified(const struct message *m)
{
	if (m->m_source == CLOCK)
		timers_ring();
	else if (m->m_source == PM_PROC_NR)
		services_reap();
	else
		heartbeat_heard(m->m_source);
	timers_update();
}

static const struct server server = {
        .calls = SERVER_TABLE(RS_BASE, calls),
        .notified = notified,
        .cancelled = waiters_cancel,
};

int main(void)
{
	start_services();
	rs_log("receiving fails: %s", strerror(-server_run(&server)));
	return EXIT_FAILURE;
}
