/* SPDX-License-Identifier: MIT */
/* guest: timeout=180 time=counted */
/*
 * Attacks on grants by doing two things at once: a grantee that never stops using what is taken back, a
 * grantor that rewrites its records all the time, revocations and deaths in the middle of copies and
 * mappings. A clock tick comes anywhere in what the others do, and who has slept until then goes first.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <time.h>

#include "attacks.h"

#define PAGES 96 /* copying them takes several stretches, and bringing them in a while */
#define BYTES (PAGES * PAGE_SIZE)
#define USED  4 /* pages that are used in a loop */

/* In a page of the test's that its partner has mapped throughout. */
struct control {
	uint32_t round;   /* which the partner is to do; 0: no more */
	uint32_t reached; /* the partner has got so far in it */
	uint32_t looked;  /* after the revocation: the partner may compare */
	cp_grant_id_t id, other;
	uint32_t made, refused, faults, wrong; /* what the partner has come to */
};

static volatile struct control *control;

static void setup(void)
{
	control = (void *)guarded_pages(1);
	attacks_begin(PAGES);
}

static void sleep_a_tick(void)
{
	usleep(1);
}

/* In one round of some the others are interrupted wherever they are; in the rest they let each other run. */
#define INTERRUPTED(round) ((round) % 8 == 0)

static void let_others_run(uint32_t round)
{
	if (INTERRUPTED(round))
		sleep_a_tick();
	else
		sys_yield();
}

/* ---- Rounds ---- */

typedef void round_task(endpoint_t granter, uint32_t round);

static int64_t follow(int64_t granter, int64_t control_id, int64_t task, int64_t unused)
{
	(void)unused;
	if (map_writable(granter, control_id, PAIR(0, PAGE_SIZE), AT(control)) != OK)
		return -1;
	for (uint32_t round = 1; control->round; round++) {
		while (control->round && control->round < round)
			sys_yield();
		if (control->round)
			((round_task *)(uintptr_t)task)((endpoint_t)granter, round);
	}
	return unmap(AT(control), PAGE_SIZE, 0, 0);
}

static cp_grant_id_t control_id;

static void rounds_begin(round_task *task)
{
	memset((void *)control, 0, PAGE_SIZE);
	control->round = 1;
	control->id = 0;
	control_id = cpf_grant_direct(first.endpoint, AT(control), PAGE_SIZE, CPF_RIGHTS);
	lending_order(first, follow, self, control_id, (int64_t)(uintptr_t)task, 0);
}

static void rounds_end(void)
{
	control->round = 0;
	CHECK_INT(lending_result(first), OK);
	CHECK_INT(cpf_revoke(control_id), OK);
	CHECK_INT(control->wrong, 0);
	CHECK_INT(lending_do(first, map_own, AT(theirs), BYTES, RW, 0), OK);
}

/* The partner waits for the round's grant; NULL: there will be none. */
static cp_grant_id_t grant_of_round(void)
{
	while (control->round && !control->id)
		sys_yield();
	return control->id;
}

static void start_round(uint32_t round, cp_grant_id_t id)
{
	control->id = id;
	while (control->reached != round)
		sys_yield();
}

static void end_round(uint32_t round)
{
	control->id = 0;
	control->round = round + 1;
}

/* ---- Using a mapping while it is taken back ---- */

static sigjmp_buf fault;

static void faulted(int number)
{
	siglongjmp(fault, number);
}

static void wait_for_next_round(uint32_t round)
{
	while (control->round == round)
		sys_yield();
}

/* 'a' is the owner's, 'g' the grantee's; 'o' what the owner writes when it has taken the memory back. */
static void use_pages(uint32_t round)
{
	for (uint32_t i = 0; control->round == round; i++) {
		volatile char *byte = theirs + (i * 37) % (USED * PAGE_SIZE);
		if (*byte != 'a' && *byte != 'g')
			control->wrong++;
		*byte = 'g';
		if (!INTERRUPTED(round) && i % 64 == round % 64)
			sys_yield();
	}
}

/* The kernel writes for the process, and so does the bridge. */
static void use_pages_by_calls(endpoint_t granter, uint32_t round)
{
	while (control->round == round) {
		int result = sys_safecopyfrom(granter, control->other, 0, AT(theirs), 64);
		control->faults += result == -EFAULT;
		control->wrong += result != OK && result != -EFAULT;
		result = clock_gettime(CLOCK_MONOTONIC, (void *)(theirs + PAGE_SIZE));
		control->faults += result == -1 && errno == EFAULT;
		control->wrong += result == -1 && errno != EFAULT;
		if (!INTERRUPTED(round))
			sys_yield();
	}
}

static void map_of_round(endpoint_t granter, uint32_t round)
{
	signal(SIGSEGV, faulted);
	if (sys_safemap(granter, grant_of_round(), 0, AT(theirs), USED * PAGE_SIZE, 1) != OK)
		control->wrong++;
	control->reached = round;
}

static void use_what_is_taken(endpoint_t granter, uint32_t round)
{
	map_of_round(granter, round);
	if (sigsetjmp(fault, 1)) {
		control->faults++;
		wait_for_next_round(round);
	} else {
		use_pages(round);
	}
}

static void call_with_what_is_taken(endpoint_t granter, uint32_t round)
{
	map_of_round(granter, round);
	if (sigsetjmp(fault, 1))
		control->wrong++; /* only the calls touch it, and they say EFAULT */
	else
		use_pages_by_calls(granter, round);
}

/* After it is taken back the memory is as its owner leaves it. */
static void take_back_in_use(uint32_t round, int access)
{
	memset(mine, 'a', USED * PAGE_SIZE);
	cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(mine), USED * PAGE_SIZE, CPF_RIGHTS | access);
	start_round(round, id);
	let_others_run(round);
	CHECK_INT(cpf_revoke(id), OK);
	memset(mine, 'o', USED * PAGE_SIZE);
	let_others_run(round);
	CHECK(all_are(mine, USED * PAGE_SIZE, 'o'));
	end_round(round);
}

static void what_is_taken_back_a_thousand_times_is_the_owners_each_time(void)
{
	rounds_begin(use_what_is_taken);
	for (uint32_t round = 1; round <= 1000; round++)
		take_back_in_use(round, 0);
	rounds_end();
	CHECK_INT(control->faults, 0);
}

static void with_cpf_unmap_each_time_is_a_segmentation_fault(void)
{
	rounds_begin(use_what_is_taken);
	for (uint32_t round = 1; round <= 300; round++)
		take_back_in_use(round, CPF_UNMAP);
	rounds_end();
	CHECK_INT(control->faults, 300);
}

static void with_cpf_unmap_calls_give_efault(void)
{
	cp_grant_id_t other = cpf_grant_direct(first.endpoint, AT(mine) + 8 * PAGE_SIZE, PAGE_SIZE, CPF_READ);
	rounds_begin(call_with_what_is_taken);
	control->other = other;
	for (uint32_t round = 1; round <= 300; round++)
		take_back_in_use(round, CPF_UNMAP);
	rounds_end();
	CHECK(control->faults >= 2 * 300);
	CHECK_INT(cpf_revoke(other), OK);
}

/* ---- Revoking in the middle of a call ---- */

#define ROUNDS 100

static void note_result(int result)
{
	control->made += result == OK;
	control->refused += result == -EPERM;
	control->wrong += result != OK && result != -EPERM;
}

static int ends_are(const char *memory, uint32_t bytes, char first, char last)
{
	return memory[0] == first && memory[bytes - 1] == last;
}

static void wait_until_looked(uint32_t round)
{
	while (control->looked != round)
		sys_yield();
}

/* 'S' is what the owner writes when the grant is over. */
static void take_fresh(endpoint_t granter, uint32_t round)
{
	cp_grant_id_t id = grant_of_round();
	uint32_t shift = round % 2; /* then pages are not shared, but copied */
	control->reached = round;
	int result = OK;
	while (result == OK) {
		control->wrong += map_own(AT(theirs), BYTES, RW, 0) != OK;
		result = sys_safecopyfrom(granter, id, 0, AT(theirs) + shift, BYTES - shift);
		note_result(result);
	}
	control->faults += ends_are(theirs + shift, BYTES - shift, 'a', 0); /* stopped in the middle */
	wait_until_looked(round);
	control->wrong += memchr(theirs, 'S', BYTES) != NULL;
	wait_for_next_round(round);
}

static void give_always(endpoint_t granter, uint32_t round)
{
	cp_grant_id_t id = grant_of_round();
	uint32_t shift = round % 2;
	memset(theirs, 'g', BYTES);
	control->reached = round;
	int result = OK;
	while (result == OK) {
		result = sys_safecopyto(granter, id, shift, AT(theirs), BYTES - shift);
		note_result(result);
	}
	wait_for_next_round(round);
}

static void map_always(endpoint_t granter, uint32_t round)
{
	cp_grant_id_t id = grant_of_round();
	control->reached = round;
	int result = OK;
	while (result == OK) {
		result = sys_safemap(granter, id, 0, AT(theirs), BYTES, 1);
		note_result(result);
		for (uint32_t i = 0; result == OK && i < BYTES; i += PAGE_SIZE)
			theirs[i] = 'g';
	}
	wait_until_looked(round);
	for (uint32_t i = 0; i < BYTES; i += PAGE_SIZE)
		control->wrong += theirs[i] == 'S';
	wait_for_next_round(round);
}

/* Fresh pages, of which some have been written to, so that VM is needed in between. */
static void renew_mine(uint32_t round)
{
	CHECK_INT(map_own(AT(mine), BYTES, RW, 0), OK);
	for (uint32_t page = round % 3; page < PAGES; page += 1 + round % 5)
		memset(mine + page * PAGE_SIZE, 'a', PAGE_SIZE);
	mine[0] = mine[BYTES - 2] = mine[BYTES - 1] = 'a';
}

static void revoke_in_the_middle(uint32_t round, int access)
{
	renew_mine(round);
	cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(mine), BYTES, access);
	start_round(round, id);
	if (round % 2)
		sleep_a_tick();
	CHECK_INT(cpf_revoke(id), OK);
	memset(mine, 'S', BYTES);
	control->looked = round;
	sys_yield();
	CHECK(all_are(mine, BYTES, 'S'));
	end_round(round);
}

static void revoke_in_the_middle_of(round_task *task, int access)
{
	rounds_begin(task);
	for (uint32_t round = 1; round <= ROUNDS; round++)
		revoke_in_the_middle(round, access);
	rounds_end();
	CHECK(control->made > ROUNDS / 2);
	CHECK_INT(control->refused, ROUNDS); /* the last of each round */
}

static void a_copy_sees_nothing_of_after_the_revocation(void)
{
	revoke_in_the_middle_of(take_fresh, CPF_READ);
	printf("# %u copies were stopped in the middle\n", control->faults);
	CHECK(control->faults > 0);
}

static void a_copy_writes_nothing_after_the_revocation(void)
{
	revoke_in_the_middle_of(give_always, CPF_WRITE);
}

static void a_mapping_comes_before_the_revocation_or_never(void)
{
	revoke_in_the_middle_of(map_always, CPF_RIGHTS);
}

/* ---- Records that are rewritten all the time ---- */

/* The grantor's memory: what may be read, what is somebody else's, and what may only be written to. */
#define READABLE 0
#define SECRET   (32 * PAGE_SIZE)
#define WRITABLE (64 * PAGE_SIZE)
#define PART     (32 * PAGE_SIZE)

static void rewrite(uint32_t slot, struct cp_grant record)
{
	volatile struct cp_grant *at = &raw_table[slot];
	at->flags = 0; /* so that in between it grants nothing */
	at->who_to = record.who_to;
	at->who_from = record.who_from;
	at->from_id = record.from_id;
	at->start = record.start;
	at->bytes = record.bytes;
	at->id = raw_id(slot);
	at->flags = record.flags;
}

/* Never all of it for one and the same: to read a secret, or to write to what is readable. */
static void next_record(uint32_t i, endpoint_t victim, endpoint_t other)
{
	struct cp_grant record = raw_direct(victim, AT(mine) + READABLE, PART, CPF_READ | CPF_MAP);
	switch (i % 7) {
	case 1:
		record = raw_direct(other, AT(mine) + SECRET, PART, CPF_RIGHTS);
		break;
	case 2:
		record.bytes = PAGE_SIZE;
		break;
	case 3:
		record = raw_direct(victim, AT(mine) + WRITABLE, PART, CPF_WRITE);
		break;
	case 4:
		record = raw_indirect(victim, sys_self(), raw_id(1));
		break;
	case 5:
		record.flags = CPF_MAGIC | CPF_RIGHTS;
		record.start = AT(mine) + SECRET;
		record.who_from = sys_self();
		break;
	case 6:
		record = raw_indirect(other, sys_self(), raw_id(2));
		break;
	}
	rewrite(0, record);
}

static int64_t rewrite_always(int64_t victim, int64_t other, int64_t control_grant, int64_t unused)
{
	(void)unused;
	memset(mine + READABLE, 'a', PART);
	memset(mine + SECRET, 's', PART);
	memset(mine + WRITABLE, 't', PART);
	raw_begin();
	raw_grant(1, raw_direct(sys_self(), AT(mine) + READABLE, PART, CPF_READ | CPF_MAP));
	raw_grant(2, raw_direct(sys_self(), AT(mine) + SECRET, PART, CPF_RIGHTS));
	if (map_writable(victim, control_grant, PAIR(0, PAGE_SIZE), AT(control)) != OK)
		return -1;
	control->id = raw_id(0);
	for (uint32_t i = 0; control->round; i++) {
		next_record(i, (endpoint_t)victim, (endpoint_t)other);
		if (i % 64 == 63)
			usleep(1);
	}
	int64_t good = all_are(mine + READABLE, PART, 'a') && all_are(mine + SECRET, PART, 's');
	return unmap(AT(control), PAGE_SIZE, 0, 0) == OK ? good : -1;
}

/* What came is of one record, as it stood at some moment; refused in the middle, it is the beginning of that.
 */
static void note_taken(const char *at, int result)
{
	CHECK(result == OK || result == -EPERM);
	if (result == OK)
		CHECK(ends_are(at, PART, 'a', 'a'));
	control->made += result == OK;
	control->refused += result == -EPERM;
	control->faults += result == -EPERM && ends_are(at, PART, 'a', 0);
}

/* Displaced, pages are not shared but copied. */
static void take_from_rewriter(void)
{
	char *at = theirs + 4;
	CHECK_INT(map_own(AT(theirs), PART + PAGE_SIZE, RW, 0), OK);
	for (int i = 0; i < 20; i++) {
		at[0] = at[PART - 1] = 0;
		note_taken(at, sys_safecopyfrom(second.endpoint, control->id, 0, AT(at), PART));
	}
	CHECK(memchr(theirs, 's', PART + 4) == NULL && memchr(theirs, 't', PART + 4) == NULL);
}

static void share_with_rewriter(void)
{
	memset(theirs, 0, PART);
	int result = sys_safecopyfrom(second.endpoint, control->id, 0, AT(theirs), PART);
	CHECK(result == OK || result == -EPERM);
	CHECK(all_are(theirs, PART, result == OK ? 'a' : 0));
}

static void give_to_rewriter(void)
{
	memset(theirs, 'x', PART);
	int result = sys_safecopyto(second.endpoint, control->id, 0, AT(theirs), PART);
	CHECK(result == OK || result == -EPERM);
}

static void map_from_rewriter(void)
{
	int result = sys_safemap(second.endpoint, control->id, 0, AT(theirs), PART, 0);
	CHECK(result == OK || result == -EPERM);
	if (result == OK) {
		CHECK(all_are(theirs, PART, 'a'));
		CHECK_INT(unmap(AT(theirs), PART, 0, 0), OK);
	}
	CHECK_INT(sys_safemap(second.endpoint, control->id, 0, AT(theirs), PART, 1), -EPERM);
}

static void a_record_that_changes_all_the_time_is_never_taken_for_another(void)
{
	cp_grant_id_t id = cpf_grant_direct(second.endpoint, AT(control), PAGE_SIZE, CPF_RIGHTS);
	memset((void *)control, 0, PAGE_SIZE);
	control->round = 1;
	lending_order(second, rewrite_always, self, first.endpoint, id, 0);
	while (!control->id)
		sys_yield();
	for (uint32_t i = 0; i < 300; i++) {
		take_from_rewriter();
		share_with_rewriter();
		give_to_rewriter();
		map_from_rewriter();
		if (i % 4 == 0)
			sys_yield();
	}
	control->round = 0;
	CHECK_INT(lending_result(second), 1);
	CHECK(control->made > 50 && control->refused > 50);
	printf("# %u copies made, %u refused, %u of them in the middle\n", control->made, control->refused,
	       control->faults);
	CHECK(control->faults > 0);
	CHECK_INT(cpf_revoke(id), OK);
}

static void everything_ends(void)
{
	attacks_end();
	nothing_is_left();
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(what_is_taken_back_a_thousand_times_is_the_owners_each_time),
	        TEST(with_cpf_unmap_each_time_is_a_segmentation_fault),
	        TEST(with_cpf_unmap_calls_give_efault),
	        TEST(a_copy_sees_nothing_of_after_the_revocation),
	        TEST(a_copy_writes_nothing_after_the_revocation),
	        TEST(a_mapping_comes_before_the_revocation_or_never),
	        TEST(a_record_that_changes_all_the_time_is_never_taken_for_another),
	        TEST(everything_ends),
	};
	return TAP_RUN(tests);
}
