/* SPDX-License-Identifier: MIT */
/*
 * More of those who use the data store while it is killed: one who has a range and snapshots of it, with
 * another who has that mapped; and one who waits for a notification all the time. All count what they have
 * done in a page of the test's.
 */
#ifndef GUEST_DS_KILL_OTHERS_H
#define GUEST_DS_KILL_OTHERS_H

#include <sys/mman.h>
#include <granite/abi/layout.h>

#include "ds_kill.h"

#define WORDS (2 * PAGE_SIZE / sizeof(uint32_t))
#define BYTES (WORDS * sizeof(uint32_t))

/* ---- What each has done ---- */

static volatile uint32_t *progress; /* the test's page, at another place in each process */
#define SEEN 100                    /* there: what who waits has been told of the range's */
static endpoint_t test_endpoint;

static inline void *pages(size_t bytes)
{
	void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return block == MAP_FAILED ? NULL : block;
}

/* For each worker: the test lends it the page, and it maps that. */
static inline void lend_progress(endpoint_t worker)
{
	struct message m = {0};
	cp_grant_id_t grant = cpf_grant_direct(worker, (vir_bytes)(uintptr_t)progress, PAGE_SIZE,
	                                       CPF_READ | CPF_WRITE | CPF_MAP);
	memcpy(m.m_bytes, &grant, sizeof(grant));
	CHECK_INT(ipc_send(worker, &m), OK);
}

static inline void map_progress(void)
{
	struct message m;
	cp_grant_id_t grant;
	CHECK_INT(ipc_receive(test_endpoint, &m, NULL), OK);
	memcpy(&grant, m.m_bytes, sizeof(grant));
	progress = pages(PAGE_SIZE);
	CHECK_INT(sys_safemap(test_endpoint, grant, 0, (vir_bytes)(uintptr_t)progress, PAGE_SIZE, 1), OK);
}

/* ---- Who has a range ---- */

static volatile uint32_t *live; /* in both: the first word is the owner's, the second the other's answer */

static inline void answer_all(void)
{
	size_t length = BYTES;
	live = pages(BYTES);
	CHECK_INT(ds_retrieve_map("r.range", (void *)(uintptr_t)live, &length, 0,
	                          DSMF_MAP_MAPPED | DSMF_WRITABLE),
	          OK);
	for (;; usleep(500))
		live[1] = live[0];
}

static inline void fill(uint32_t value)
{
	for (size_t i = 2; i < WORDS; i++)
		live[i] = value + (uint32_t)i;
	live[0] = value;
	for (int i = 0; live[1] != value && i < 10000; i++)
		usleep(200);
	CHECK_INT(live[1], value);
}

/* What is at this place of the range, or of a snapshot, is what was filled in with this value. */
static inline void check_copy(int snapshot, uint32_t value)
{
	static uint32_t copy[WORDS];
	size_t length = BYTES, wrong = 0;
	CHECK_INT(ds_retrieve_map("r.range", copy, &length, snapshot,
	                          snapshot ? DSMF_COPY_SNAPSHOT : DSMF_COPY_MAPPED),
	          OK);
	CHECK_INT(length, BYTES);
	for (size_t i = 0; i < WORDS; i++)
		wrong += copy[i] != value + (i < 2 ? 0 : (uint32_t)i);
	CHECK_INT(wrong, 0);
}

static inline void step_with_range(int number, uint32_t value, uint32_t before)
{
	int given = 0;
	fill(value);
	CHECK_INT(ds_snapshot_map("r.range", &given), OK);
	CHECK_INT(given, number);
	check_copy(0, value);
	check_copy(number, value);
	if (number > 1) {
		check_copy(number - 1, before);
		CHECK_INT(ds_drop_snapshot("r.range", number - 1), OK);
	}
}

/* DS may be killed within the publish: who waits for the change is told of it all the same. */
static inline void publish_and_await_the_waiter(uint32_t number, const volatile uint32_t *seen)
{
	CHECK_INT(ds_publish_u32("n.range", number, DSF_OVERWRITE), OK);
	for (int i = 0; *seen != number && i < 10000; i++)
		usleep(200);
	CHECK_INT(*seen, number);
}

static inline void work_with_range(unsigned me, const volatile sig_atomic_t *is_over)
{
	uint32_t value = 0, before;
	int number = 0;
	live = pages(BYTES);
	CHECK_INT(ds_publish_map("r.range", (void *)(uintptr_t)live, BYTES, DSMF_WRITABLE), OK);
	pid_t other = tap_start(answer_all);
	while (!*is_over && !tap_failures) {
		before = value;
		value = roll(1000000) + 1;
		step_with_range(++number, value, before);
		publish_and_await_the_waiter((uint32_t)number, &progress[SEEN]);
		progress[me]++;
	}
	CHECK_INT(kill(other, SIGKILL), 0);
	CHECK_KILLED(tap_wait(other), SIGKILL);
	CHECK_INT(ds_delete_map("r.range"), OK);
	CHECK_INT(ds_delete_u32("n.range"), OK);
}

/* ---- Who waits ---- */

/* For ever; what the test has published last is its progress. */
static inline void wait_for_news(unsigned me)
{
	struct ds_change change;
	struct message m;
	CHECK_INT(ds_subscribe("n\\..*", 0), OK);
	while (!tap_failures) {
		CHECK_INT(ipc_receive(ANY, &m, NULL), OK);
		if (!ds_is_notification(&m))
			continue;
		while (ds_check_change(&change) == OK) {
			uint32_t value = 0;
			if (ds_retrieve_u32(change.key, &value) == OK)
				progress[strcmp(change.key, "n.tick") == 0 ? me : SEEN] = value;
		}
	}
}

#endif
