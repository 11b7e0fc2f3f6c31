/* SPDX-License-Identifier: MIT */
/* guest: calls=schedule timeout=120 time=counted */
/*
 * What becomes of a grantee's call that stands in VM's queue when the grant it is made by ends or changes.
 * Grantee and grantor are more urgent than VM here, as drivers are, and a third keeps VM busy: so the one
 * calls, and the other acts, before VM has got that far.
 */
#define _GNU_SOURCE
#include <granite/sys.h>

#include "attacks.h"

#define PAGES    16
#define BYTES    (PAGES * PAGE_SIZE)
#define TICK     10000000ull /* nanoseconds */
#define FAR_AWAY 0x40000000u
#define MUCH     0x1000000u /* for VM to fill with zeros, which takes many ticks */
#define ROUNDS   5

/* In a page of the test's that the grantee has mapped throughout. */
static volatile struct {
	uint32_t calling, done; /* the round in which it has called, and come back */
} * control;

static void be_urgent(endpoint_t endpoint)
{
	CHECK_INT(sys_schedule(endpoint, SCHED_PRIO_DRIVER, 100), OK);
}

static void wait_nsecs(uint64_t nsecs)
{
	struct message m;
	int status;
	CHECK_INT(sys_setalarm(nsecs, 0, NULL), OK);
	CHECK_INT(ipc_receive(CLOCK, &m, &status), OK);
}

static void wait_ticks(uint32_t ticks)
{
	wait_nsecs(ticks * TICK);
}

static int64_t keep_vm_busy(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	vir_bytes at;
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	for (;;)
		if (vm_mmap(FAR_AWAY, MUCH, RW, VM_MAP_FIXED | VM_MAP_POPULATE, &at) != OK)
			return -1;
}

static void setup(void)
{
	control = (void *)guarded_pages(1);
	attacks_begin(PAGES);
	cp_grant_id_t control_id = cpf_grant_direct(first.endpoint, AT(control), PAGE_SIZE, CPF_RIGHTS);
	CHECK_INT(lending_do(first, map_writable, self, control_id, PAIR(0, PAGE_SIZE), AT(control)), OK);
	be_urgent(first.endpoint);
	be_urgent(self);
}

/* ---- A copy that shares pages is one with the judgement ---- */

#define SHARED_PAGES 256 /* as many as are shared at once */
#define SHARED_BYTES (SHARED_PAGES * PAGE_SIZE)

/* Begins at a given time; whether there is anything of after the revocation in what it gets. */
static int64_t share_at(int64_t granter, int64_t id, int64_t when, int64_t unused)
{
	int64_t result = map_own(FAR_AWAY, SHARED_BYTES, RW, 0);
	(void)unused;
	while (counted_time() < (uint64_t)when)
		continue;
	if (result == OK)
		result = take(granter, id, PAIR(0, SHARED_BYTES), FAR_AWAY);
	if (result != OK && result != -EPERM)
		return result;
	return memchr((void *)(uintptr_t)FAR_AWAY, 'S', SHARED_BYTES) != NULL;
}

/* The last page first: of those shared already a write would have to wait for VM. */
static void write_backwards(char *memory, char byte)
{
	for (uint32_t page = SHARED_PAGES; page-- > 0;)
		memset(memory + page * PAGE_SIZE, byte, PAGE_SIZE);
}

static void nothing_can_be_revoked_while_pages_are_shared(void)
{
	char *memory = lending_pages(SHARED_PAGES);
	for (uint32_t round = 1; round <= 40; round++) {
		write_backwards(memory, 'a');
		cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(memory), SHARED_BYTES, CPF_READ);
		wait_ticks(1);
		/* Just before the tick that wakes the owner; how long before is another time each time. */
		lending_order(first, share_at, self, id, (int64_t)(counted_time() + TICK - round * 20000), 0);
		wait_nsecs(TICK / 2);
		CHECK_INT(cpf_revoke(id), OK); /* a store */
		write_backwards(memory, 'S');
		CHECK_INT(lending_result(first), 0);
	}
	CHECK_INT(munmap(memory, SHARED_BYTES), 0);
	CHECK_INT(lending_do(first, map_own, FAR_AWAY, SHARED_BYTES, RW, 0), OK);
}

/* ---- The grantee ---- */

/* Its own memory is absent, or there, for what the attempt is. */
static int64_t make_ready(int64_t fresh, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	int result = (int)map_own(AT(theirs), BYTES, RW, 0);
	if (!fresh)
		memset(theirs, 'g', BYTES);
	return result;
}

/* In the middle of VM's work, whatever that is at. */
static int64_t call_later(int64_t granter, int64_t id, int64_t task, int64_t round)
{
	wait_ticks(1);
	control->calling = (uint32_t)round;
	int64_t result = ((lending_task *)(uintptr_t)task)(granter, id, PAIR(0, BYTES), AT(theirs));
	control->done = (uint32_t)round;
	return result;
}

/* Whether this byte is anywhere in what it has. */
static int64_t has(int64_t byte, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return memchr(theirs, (int)byte, BYTES) != NULL;
}

static int64_t is_all(int64_t byte, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return all_are(theirs, BYTES, (char)byte);
}

/* ---- The calls, and what VM is asked for in each ---- */

static const struct call {
	lending_task *task;
	int access;
	int fresh_theirs, fresh_mine; /* to be brought in */
} calls[] = {
        {map, CPF_READ | CPF_MAP, 0, 0},    /* VM_LEND */
        {map_writable, CPF_RIGHTS, 0, 1},   /* the same, and the owner's pages */
        {take, CPF_READ, 0, 0},             /* VM_SHARE */
        {give, CPF_WRITE, 0, 0},            /* the same */
        {take, CPF_READ | CPF_UNMAP, 1, 0}, /* VM_SHARE, or VM_MEMREQ for the grantee */
        {set, CPF_WRITE, 0, 1},             /* VM_MEMREQ for the owner */
};

static uint32_t round_now;

/* The call has been made, and waits for VM. 0: it came back already. */
static int call_waits(const struct call *call, endpoint_t granter, cp_grant_id_t id)
{
	CHECK_INT(lending_do(first, make_ready, call->fresh_theirs, 0, 0, 0), OK);
	round_now++;
	lending_order(first, call_later, granter, id, (int64_t)(uintptr_t)call->task, round_now);
	wait_ticks(2);
	return control->calling == round_now && control->done != round_now;
}

static void prepare(const struct call *call, char byte)
{
	CHECK_INT(map_own(AT(mine), BYTES, RW, 0), OK);
	if (!call->fresh_mine)
		memset(mine, byte, BYTES);
}

static void revoke_while_it_waits(const struct call *call, uint32_t *waited)
{
	prepare(call, 'a');
	cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(mine), BYTES, call->access);
	int waits = call_waits(call, self, id);
	CHECK_INT(cpf_revoke(id), OK);
	memset(mine, 'S', BYTES);
	int64_t result = lending_result(first);
	CHECK(result == -EPERM || (result == OK && !waits));
	CHECK_INT(lending_do(first, has, 'S', 0, 0, 0), 0);
	CHECK(all_are(mine, BYTES, 'S'));
	*waited += (uint32_t)waits;
}

static void vm_is_kept_busy_from_now_on(void)
{
	lending_order(second, keep_vm_busy, 0, 0, 0, 0);
	wait_ticks(1);
}

static void a_grant_that_is_revoked_while_the_call_waits_is_refused(void)
{
	for (unsigned i = 0; i < COUNT(calls); i++) {
		uint32_t waited = 0;
		for (int round = 0; round < ROUNDS; round++)
			revoke_while_it_waits(&calls[i], &waited);
		CHECK(waited > 0);
	}
}

/* ---- The record is another when VM gets there ---- */

static void change_while_it_waits(const struct call *call, uint32_t *waited)
{
	char *other = lending_pages(PAGES);
	memset(other, 'b', BYTES);
	prepare(call, 'a');
	cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, AT(mine), BYTES, (uint32_t)call->access));
	int waits = call_waits(call, self, id);
	raw_table[0].start = AT(other);
	KEEP(raw_table);
	int64_t result = lending_result(first);
	CHECK_INT(result, OK);
	if (!(call->access & CPF_WRITE))
		CHECK(lending_do(first, is_all, 'b', 0, 0, 0) == 1 ||
		      (!waits && lending_do(first, is_all, 'a', 0, 0, 0) == 1));
	else if (waits)
		CHECK(call->fresh_mine ? !mine[0] && !mine[BYTES - 1] : all_are(mine, BYTES, 'a'));
	*waited += (uint32_t)waits;
	CHECK_INT(vm_revoke_grant(id), OK);
	CHECK_INT(munmap(other, BYTES), 0);
}

static void a_record_that_is_rewritten_while_the_call_waits_counts_as_it_is_then(void)
{
	raw_begin();
	for (unsigned i = 0; i < COUNT(calls); i++) {
		uint32_t waited = 0;
		for (int round = 0; round < ROUNDS; round++)
			change_while_it_waits(&calls[i], &waited);
		CHECK(waited > 0);
	}
	raw_end();
}

/* For another, without the right, too short, of another kind, unaligned: by turns. */
static int spoil(uint32_t turn, int access)
{
	switch (turn % 5) {
	case 0:
		raw_table[0].who_to = second.endpoint;
		break;
	case 1:
		raw_table[0].flags &= ~(uint32_t)CPF_RIGHTS;
		break;
	case 2:
		raw_table[0].bytes -= PAGE_SIZE;
		break;
	case 3:
		raw_table[0].flags ^= CPF_DIRECT | CPF_MAGIC;
		raw_table[0].who_from = self;
		break;
	default:
		raw_table[0].start++;
		return access & CPF_MAP ? -EINVAL : OK;
	}
	return -EPERM;
}

static void spoil_while_it_waits(const struct call *call, uint32_t turn, uint32_t *waited)
{
	prepare(call, 'a');
	cp_grant_id_t id = raw_grant(0, raw_direct(first.endpoint, AT(mine), BYTES, (uint32_t)call->access));
	int waits = call_waits(call, self, id);
	int expected = spoil(turn, call->access);
	KEEP(raw_table);
	int64_t result = lending_result(first);
	if (expected == OK)
		expected = -EFAULT; /* beyond the page where the memory ends */
	CHECK(result == expected || (result == OK && !waits));
	*waited += (uint32_t)waits;
	CHECK_INT(vm_revoke_grant(id), OK);
}

static void a_record_that_is_spoilt_while_the_call_waits_is_refused(void)
{
	raw_begin();
	for (unsigned i = 0; i < COUNT(calls); i++) {
		uint32_t waited = 0;
		for (uint32_t turn = 0; turn < ROUNDS; turn++)
			spoil_while_it_waits(&calls[i], turn, &waited);
		CHECK(waited > 0);
	}
	raw_end();
}

/* ---- The end ---- */

static void everything_ends(void)
{
	CHECK_INT(sys_schedule(self, SCHED_PRIO_USER, 100), OK);
	attacks_end();
	nothing_is_left();
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(nothing_can_be_revoked_while_pages_are_shared),
	        TEST(vm_is_kept_busy_from_now_on),
	        TEST(a_grant_that_is_revoked_while_the_call_waits_is_refused),
	        TEST(a_record_that_is_rewritten_while_the_call_waits_counts_as_it_is_then),
	        TEST(a_record_that_is_spoilt_while_the_call_waits_is_refused),
	        TEST(everything_ends),
	};
	return TAP_RUN(tests);
}
