/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted */
/*
 * One of those whom a grant is about ends, or stops, in the middle of a copy or a mapping: nobody is held up
 * by it, and every page is somebody's.
 */
#define _GNU_SOURCE
#include "attacks.h"

#define PAGES   96 /* copying them takes several stretches, and bringing them in a while */
#define BYTES   (PAGES * PAGE_SIZE)
#define PROGRAM "/bin/grant_attacks_deaths_test"

static void setup(void)
{
	attacks_begin(PAGES);
}

static void sleep_a_tick(void)
{
	usleep(1);
}

/* Fresh pages, of which some have been written to, so that VM is needed in between. */
static void renew_mine(uint32_t round)
{
	CHECK_INT(map_own(AT(mine), BYTES, RW, 0), OK);
	for (uint32_t page = round % 3; page < PAGES; page += 1 + round % 5)
		memset(mine + page * PAGE_SIZE, 'a', PAGE_SIZE);
	mine[0] = mine[BYTES - 2] = mine[BYTES - 1] = 'a';
}

static int64_t lend_all(int64_t who_to, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	renew_mine(1);
	return cpf_grant_direct((endpoint_t)who_to, AT(mine), BYTES, CPF_RIGHTS);
}

/* Until something is wrong: that is the result. */
static int64_t try_always(int64_t granter, int64_t id, int64_t task, int64_t unused)
{
	int64_t result = OK;
	(void)unused;
	while (result == OK) {
		if (map_own(AT(theirs), BYTES, RW, 0) != OK)
			return 1;
		result = ((lending_task *)(uintptr_t)task)(granter, id, PAIR(0, BYTES), AT(theirs));
	}
	return result;
}

static int64_t crash(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	return put(0, 0, 0, 0);
}

static int64_t run_anew(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	char *argv[] = {"grant_attacks_deaths_test", "partner", NULL};
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	execve(PROGRAM, argv, environ);
	return -errno;
}

enum ending { KILL, CRASH, EXEC, ENDINGS };

static void end_grantor(struct partner grantor, enum ending ending)
{
	if (ending == KILL)
		CHECK_INT(kill(grantor.pid, SIGKILL), 0);
	else
		lending_order(grantor, ending == CRASH ? crash : run_anew, 0, 0, 0, 0);
}

static void wait_for_grantor(struct partner grantor, enum ending ending)
{
	if (ending == EXEC)
		CHECK_INT(kill(grantor.pid, SIGKILL), 0);
	int status = tap_wait(grantor.pid);
	CHECK_KILLED(status, ending == CRASH ? SIGSEGV : SIGKILL);
}

static lending_task *const uses[] = {take, give, set, map, map_writable};

/* At some moment of what the grantee does. */
static void some_time(uint32_t when)
{
	for (uint32_t i = 0; i < when % 3; i++)
		sys_yield();
	if (when % 2)
		sleep_a_tick();
}

/* The grantee is told, whatever it did; the test would hang if it was not. */
static void check_end_of_grantor(lending_task *use, enum ending ending, uint32_t when)
{
	struct partner grantor = lending_start(), grantee = lending_start();
	cp_grant_id_t id = lending_do(grantor, lend_all, grantee.endpoint, 0, 0, 0);
	lending_order(grantee, try_always, grantor.endpoint, id, (int64_t)(uintptr_t)use, 0);
	some_time(when);
	end_grantor(grantor, ending);
	int64_t result = lending_result(grantee);
	CHECK(result == -EDEADSRCDST || result == (ending == EXEC ? -EPERM : -EFAULT));
	CHECK_INT(lending_do(grantee, take, grantor.endpoint, id, PAIR(0, 1), AT(theirs)),
	          ending == EXEC ? -EPERM : -EDEADSRCDST);
	wait_for_grantor(grantor, ending);
	lending_end(grantee);
}

static void a_grantor_that_ends_in_the_middle_holds_nobody_up(void)
{
	for (unsigned use = 0; use < COUNT(uses); use++)
		for (int ending = 0; ending < ENDINGS; ending++)
			for (uint32_t when = 0; when < 4; when++)
				check_end_of_grantor(uses[use], (enum ending)ending, when);
}

static int64_t fill_mine(int64_t byte, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	memset(mine, (int)byte, BYTES);
	return all_are(mine, BYTES, (char)byte);
}

static int64_t fill_theirs(int64_t byte, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	memset(theirs, (int)byte, BYTES);
	return 0;
}

/* All its pages are its own. */
static void check_end_of_grantee(lending_task *use, uint32_t when)
{
	struct partner grantor = lending_start(), grantee = lending_start();
	cp_grant_id_t id = lending_do(grantor, lend_all, grantee.endpoint, 0, 0, 0);
	lending_do(grantee, fill_theirs, 'g', 0, 0, 0);
	lending_order(grantee, try_always, grantor.endpoint, id, (int64_t)(uintptr_t)use, 0);
	some_time(when);
	lending_end(grantee);
	CHECK_INT(lending_do(grantor, fill_mine, 'm', 0, 0, 0), 1);
	CHECK_INT(lending_do(grantor, revoke, id, 0, 0, 0), OK);
	lending_end(grantor);
}

static void a_grantee_that_ends_in_the_middle_leaves_the_owner_its_pages(void)
{
	for (unsigned use = 0; use < COUNT(uses); use++)
		for (uint32_t when = 0; when < 6; when++)
			check_end_of_grantee(uses[use], when);
}

static void check_end_of_both(lending_task *use, uint32_t when)
{
	struct partner grantor = lending_start(), between = lending_start(), grantee = lending_start();
	cp_grant_id_t id = lending_do(grantor, lend_all, between.endpoint, 0, 0, 0);
	struct partner order[] = {grantor, between, grantee};
	lending_do(between, lend_all, self, 0, 0, 0); /* a grant of its own that nobody uses */
	lending_order(between, try_always, grantor.endpoint, id, (int64_t)(uintptr_t)use, 0);
	some_time(when);
	for (unsigned i = 0; i < COUNT(order); i++)
		CHECK_INT(kill(order[(i + when) % 3].pid, SIGKILL), 0);
	for (unsigned i = 0; i < COUNT(order); i++)
		CHECK_KILLED(tap_wait(order[i].pid), SIGKILL);
}

static void both_may_end_at_once(void)
{
	for (unsigned use = 0; use < COUNT(uses); use++)
		for (uint32_t when = 0; when < 6; when++)
			check_end_of_both(uses[use], when);
}

/* It neither runs nor dies. */
static void a_stopped_grantor_holds_nobody_up(void)
{
	struct partner grantor = lending_start();
	cp_grant_id_t id = lending_do(grantor, lend_all, first.endpoint, 0, 0, 0);
	CHECK_INT(kill(grantor.pid, SIGSTOP), 0);
	for (unsigned use = 0; use < COUNT(uses); use++)
		CHECK_INT(lending_do(first, uses[use], grantor.endpoint, id, PAIR(0, BYTES), AT(theirs)), OK);
	lending_end(grantor);
	CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), AT(theirs) & 0xff); /* as set() has left it */
	CHECK_INT(lending_do(first, map_own, AT(theirs), BYTES, RW, 0), OK);
}

static void a_stopped_grantee_does_not_keep_what_is_taken_back(void)
{
	memset(mine, 'a', BYTES);
	cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(mine), BYTES, CPF_RIGHTS);
	CHECK_INT(lending_do(first, map_writable, self, id, PAIR(0, BYTES), AT(theirs)), OK);
	CHECK_INT(kill(first.pid, SIGSTOP), 0);
	CHECK_INT(cpf_revoke(id), OK);
	memset(mine, 'o', BYTES);
	CHECK_INT(kill(first.pid, SIGCONT), 0);
	CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), 'a');
	CHECK_INT(lending_do(first, put, AT(theirs), 'g', 0, 0), 0);
	CHECK(all_are(mine, BYTES, 'o'));
	CHECK_INT(lending_do(first, map_own, AT(theirs), BYTES, RW, 0), OK);
}

static void everything_ends(void)
{
	attacks_end();
	nothing_is_left();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(a_grantor_that_ends_in_the_middle_holds_nobody_up),
	        TEST(a_grantee_that_ends_in_the_middle_leaves_the_owner_its_pages),
	        TEST(both_may_end_at_once),
	        TEST(a_stopped_grantor_holds_nobody_up),
	        TEST(a_stopped_grantee_does_not_keep_what_is_taken_back),
	        TEST(everything_ends),
	};
	(void)argv;
	while (argc > 1 && pause())
		continue; /* a partner's new program */
	return TAP_RUN(tests);
}
