/* SPDX-License-Identifier: MIT */
/* guest: calls=vircopy */
/* What the kernel keeps from one call to the next must never be taken for something else. */
#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/message.h>
#include <granite/ipc.h>
#include <granite/sys.h>
#include "tap.h"

#define MSEC 1000000ull

static volatile uint32_t value __attribute__((aligned(4096)));
static char other_page[4096] __attribute__((aligned(4096)));
static uint32_t place __attribute__((aligned(4096)));

static endpoint_t parent;

/* A process whose `value` is v; it waits to be killed. */
static endpoint_t holder(uint32_t v, pid_t *pid)
{
	struct message m = {0};
	int status;
	parent = sys_self();
	*pid = fork();
	if (*pid == 0) {
		value = v;
		place = v;
		other_page[0] = 1;
		if (ipc_send(parent, &m) == OK && ipc_receive(parent, &m, &status) == OK)
			_exit(0);
		_exit(1);
	}
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	return m.m_source;
}

static int read_word(endpoint_t from, volatile uint32_t *at, uint32_t *to)
{
	return sys_vircopy(from, (vir_bytes)at, SELF, (vir_bytes)to, sizeof(*to), 0);
}

/*
 * A copy between two processes that are not loaded takes two windows, and the flush may come between them.
 * Every number of single windows before it is tried, so that the flush falls everywhere.
 */
static void a_window_never_shows_what_it_showed_before(void)
{
	static uint32_t got __attribute__((aligned(4096)));
	pid_t pids[2];
	endpoint_t a = holder(0xaaaa, &pids[0]), b = holder(0xbbbb, &pids[1]);
	int wrong = 0, failed = 0;
	for (int i = 0; i < 1000; i++) {
		for (int j = 0; j < i % 17; j++)
			failed += read_word(a, &value, &got) != OK;
		failed += sys_vircopy(a, (vir_bytes)&value, b, (vir_bytes)&place, 4, 0) != OK;
		for (int j = 0; j < 14; j++)
			failed += read_word(a, &value, &got) != OK;
		failed += read_word(b, &value, &got) != OK;
		wrong += got != 0xbbbb;
	}
	CHECK_INT(failed, 0);
	CHECK_INT(wrong, 0);
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		CHECK_KILLED(tap_wait(pids[i]), SIGKILL);
	}
}

/* The message lies across two pages, the second not yet there: it is read twice, the first time in part. */
static void send_half_a_message_that_names_the_parent(void)
{
	struct message got, *m;
	int status;
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED);
	m = (struct message *)(pages + 4096 - 32);
	m->m_source = parent;
	m->m_type = 9;
	CHECK_INT(ipc_senda(sys_self(), m), OK);
	CHECK_INT(ipc_receive(sys_self(), &got, &status), OK);
	CHECK_INT(got.m_type, 9);
}

static void a_half_read_message_is_not_charged_to_another(void)
{
	struct message m = {.m_type = 7}, got;
	int status;
	parent = sys_self();
	for (int i = 0; i < 3; i++)
		CHECK_EXITED(tap_wait(tap_start(send_half_a_message_that_names_the_parent)), 0);
	CHECK_INT(ipc_senda(parent, &m), OK);
	CHECK_INT(ipc_receive(parent, &got, &status), OK);
	CHECK_INT(got.m_type, 7);
}

static void fill_the_parents_queue(void)
{
	struct message m = {0};
	while (ipc_senda(parent, &m) == OK)
		continue;
}

static void send_to_oneself(void)
{
	struct message m = {0}, got;
	int status;
	CHECK_INT(ipc_senda(sys_self(), &m), OK);
	CHECK_INT(ipc_receive(sys_self(), &got, &status), OK);
}

/* Messages of the dead are delivered all the same; they must not pile up without end. */
static void one_queue_does_not_use_up_the_pool(void)
{
	struct message got;
	int status, queued = 0;
	parent = sys_self();
	for (int i = 0; i < 80; i++)
		CHECK_EXITED(tap_wait(tap_start(fill_the_parents_queue)), 0);
	CHECK_EXITED(tap_wait(tap_start(send_to_oneself)), 0);
	CHECK_INT(sys_setalarm(50 * MSEC, 0, NULL), OK);
	while (ipc_receive(ANY, &got, &status) == OK && got.m_source != CLOCK)
		queued++;
	CHECK(queued <= 32);
}

static void a_replaced_alarm_does_not_ring(void)
{
	struct message m;
	uint64_t start, now;
	int status;
	CHECK_INT(sys_setalarm(20 * MSEC, 0, NULL), OK);
	usleep(60000);
	CHECK_INT(sys_setalarm(300 * MSEC, 0, NULL), OK);
	CHECK_INT(sys_clock(&start, NULL), OK);
	CHECK_INT(ipc_receive(CLOCK, &m, &status), OK);
	CHECK_INT(sys_clock(&now, NULL), OK);
	CHECK(now - start >= 290 * MSEC);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_window_never_shows_what_it_showed_before),
	        TEST(a_half_read_message_is_not_charged_to_another),
	        TEST(one_queue_does_not_use_up_the_pool),
	        TEST(a_replaced_alarm_does_not_ring),
	};
	return TAP_RUN(tests);
}
