/* SPDX-License-Identifier: MIT */
/* The innocent: an echo, and a watchdog that asks it and all servers for something again and again, and knows
 * what the answers must be. */
#ifndef GUEST_FUZZ_WATCH_H
#define GUEST_FUZZ_WATCH_H

#include <sys/time.h>
#include <granite/ds.h>
#include <granite/grant.h>
#include <granite/rs.h>

#include "fuzz_worker.h"
#include "pages.h"

#define REST  2000   /* microseconds from one round to the next */
#define LONG  500000 /* no round takes that */
#define TWIST 0x5a17c0de

/* ---- The echo: to each word its own, differently; a notification for a notification ---- */

static inline void twist(struct message *m)
{
	for (uint32_t i = 0; i < COUNT(m->m_words); i++)
		m->m_words[i] ^= TWIST + i;
	m->m_type = ~m->m_type;
}

/*
 * A server that sends asynchronously to whoever asks is used up by those who never receive, for what is under
 * way has a limit. So that is for the watchdog alone, whom the master names first.
 */
static inline void be_an_echo(void)
{
	struct message m;
	int status;
	CHECK_INT(ipc_receive(master, &m, &status), OK);
	endpoint_t friend = (endpoint_t)m.m_words[0];
	for (;;) {
		if (ipc_receive(ANY, &m, &status) != OK)
			continue;
		endpoint_t from = m.m_source;
		twist(&m);
		if (IPC_STATUS_CALL(status) == IPC_SENDREC)
			ipc_sendnb(from, &m);
		else if (IPC_STATUS_CALL(status) == IPC_SENDA && from == friend)
			ipc_senda(from, &m);
		else if (IPC_STATUS_CALL(status) == IPC_NOTIFY)
			ipc_notify(from);
	}
}

/* ---- The watchdog ---- */

static endpoint_t echo;
static uint32_t watched; /* rounds */

static inline void watch_echo(void)
{
	struct message sent = {.m_type = (int32_t)roll()}, m;
	int status;
	for (uint32_t i = 0; i < COUNT(m.m_words); i++)
		sent.m_words[i] = roll();
	m = sent;
	CHECK_INT(ipc_sendrec(echo, &m), OK);
	CHECK_INT(m.m_source, echo);
	twist(&m);
	CHECK(m.m_type == sent.m_type && !memcmp(m.m_bytes, sent.m_bytes, MESSAGE_PAYLOAD));
	CHECK_INT(ipc_senda(echo, &sent), OK);
	CHECK_INT(ipc_receive(echo, &m, &status), OK);
	CHECK_INT(status, IPC_SENDA);
	twist(&m);
	CHECK(m.m_type == sent.m_type && !memcmp(m.m_bytes, sent.m_bytes, MESSAGE_PAYLOAD));
	CHECK_INT(ipc_notify(echo), OK);
	CHECK_INT(ipc_receive(echo, &m, &status), OK);
	CHECK_INT(status, IPC_NOTIFY);
}

static inline void watch_vm(void)
{
	struct vm_region_rep region;
	volatile uint32_t *page;
	vir_bytes at;
	CHECK_INT(vm_mmap(0, 2 * PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE, 0, &at), OK);
	page = POINTER(at);
	CHECK_INT(page[roll() % (PAGE_SIZE / 4)], 0);
	page[7] = watched;
	CHECK_INT(vm_mprotect(at, PAGE_SIZE, VM_PROT_READ), OK);
	CHECK_INT(page[7], watched);
	CHECK_INT(vm_region(SELF, at, &region), OK);
	CHECK_INT(region.start, at);
	CHECK_INT(region.end, at + PAGE_SIZE);
	CHECK_INT(region.prot, VM_PROT_READ);
	CHECK_INT(vm_munmap(at, 2 * PAGE_SIZE), OK);
	pages_now();
}

static inline int exit_like_the_round(int status)
{
	char *argv[] = {"false", NULL}, *environment[] = {NULL};
	pid_t pid = fork();
	if (pid == 0 && watched % 16)
		_exit((int)watched & 0xff);
	if (pid == 0)
		execve("/bin/false", argv, environment);
	CHECK(pid > 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return status;
}

static inline void watch_pm(void)
{
	union pm_getid_message call = {.req = {.pid = 0}};
	CHECK_INT(pm_getid_call(&call), OK);
	CHECK_INT(call.rep.pid, getpid());
	CHECK_INT(pm_endpoint(getpid()), sys_self());
	CHECK_INT(pm_endpoint(1), RS_PROC_NR);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	if (watched % 4 == 0)
		CHECK_EXITED(exit_like_the_round(-1), watched % 16 ? (watched & 0xff) : 1);
}

static inline void watch_rs(void)
{
	CHECK_INT(rs_lookup("console"), console);
	CHECK_INT(rs_lookup("ramfs"), interfaces[RAMFS_INTERFACE].server);
	CHECK_INT(rs_lookup("ds"), interfaces[DS_INTERFACE].server);
	CHECK_INT(rs_lookup("pm"), PM_PROC_NR);
	CHECK_INT(rs_lookup("nobody"), -ESRCH);
}

/* The hostile may change what is ours, unless we forbid it. */
static inline void watch_ds(void)
{
	uint32_t value = 0;
	CHECK_INT(ds_publish_u32("the watchdog", watched, DSF_OVERWRITE | DSF_PRIV_OVERWRITE), OK);
	CHECK_INT(ds_retrieve_u32("the watchdog", &value), OK);
	CHECK_INT(value, watched);
}

/* Its modes are anybody's to change, so only what is written is known. */
static inline void watch_console(void)
{
	static const char text[] = "# the watchdog\n";
	struct message modes = {.m_type = CONSOLE_GETATTR};
	struct message write = {.m_type = CONSOLE_WRITE};
	const struct console_write_req request = {
	        .grant = cpf_grant_direct(console, AT(text), sizeof(text) - 1, CPF_READ),
	        .bytes = watched % 64 ? 0 : sizeof(text) - 1};
	CHECK(GRANT_VALID(request.grant));
	memcpy(write.m_bytes, &request, sizeof(request));
	CHECK_INT(make_call(console, &modes), OK);
	CHECK_INT(make_call(console, &write), OK);
	CHECK_INT(write.m_words[0], request.bytes);
	CHECK_INT(cpf_revoke(request.grant), OK);
}

static inline uint64_t uptime(void)
{
	uint64_t nsecs = 0;
	CHECK_INT(sys_clock(&nsecs, NULL), OK);
	return nsecs;
}

/*
 * Until the next round, or for ever: 1. Whatever others have sent is taken meanwhile, for a queue that is
 * full keeps the echo's answer out. When the round begins none of them runs before the echo has been asked.
 */
static inline int rest(void)
{
	struct message m;
	int status, result;
	set_patience(REST);
	do
		result = ipc_receive(ANY, &m, &status);
	while (result == OK && m.m_source != master);
	set_patience(0);
	return result == OK;
}

static inline void watch(void)
{
	uint64_t slowest = 0;
	signal(SIGALRM, on_alarm);
	while (!rest()) {
		uint64_t begin = uptime();
		if (tap_failures) /* one is enough */
			continue;
		set_patience(LONG);
		watch_echo();
		watch_vm();
		watch_pm();
		watch_rs();
		watch_ds();
		watch_console();
		watched++;
		if (uptime() - begin > slowest)
			slowest = uptime() - begin;
	}
	struct message m = {.m_type = DONE, .m_words = {watched, (uint32_t)(slowest / 1000)}};
	ipc_sendnb(master, &m);
}

#endif
