/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted */
/*
 * One of those whom a grant is about ends, or stops, in the middle of a copy or a mapping: nobody is held up
 * by it, and every page is somebody's. A page that all have mapped tells whether it was in the middle: of
 * each kind of call some must have been.
 */
#define _GNU_SOURCE
#include "attacks.h"

#define PAGES       96 /* copying them takes several stretches, and bringing them in a while */
#define BYTES       (PAGES * PAGE_SIZE)
#define ASKEW       100 /* a page's bytes are elsewhere in the other's pages: none can be shared */
#define ASKEW_BYTES (BYTES - PAGE_SIZE)
#define PROGRAM     "/bin/grant_attacks_deaths_test"

/* In a page of the test's that grantees have mapped. */
static volatile struct {
	uint32_t calling; /* calls begun */
	uint32_t called;  /* of them have come back with OK */
} * control;

static void setup(void)
{
	control = (void *)guarded_pages(1);
	attacks_begin(PAGES);
}

static cp_grant_id_t control_id;

static struct partner start_grantee(void)
{
	struct partner grantee = lending_start();
	control->calling = control->called = 0;
	control_id = cpf_grant_direct(grantee.endpoint, AT(control), PAGE_SIZE, CPF_RIGHTS);
	CHECK_INT(lending_do(grantee, map_writable, self, control_id, PAIR(0, PAGE_SIZE), AT(control)), OK);
	return grantee;
}

/* A call is under way: its number. 0: none is. */
static uint32_t under_way(void)
{
	return control->calling > control->called ? control->calling : 0;
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
	mine[0] = mine[BYTES - 2] = mine[BYTES - 1] = mine[ASKEW_BYTES - 1] = 'a';
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
		control->calling++;
		result = ((lending_task *)(uintptr_t)task)(granter, id, PAIR(0, BYTES), AT(theirs));
		control->called += result == OK;
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

static int64_t take_askew(int64_t granter, int64_t grant, int64_t unused, int64_t address)
{
	(void)unused;
	return take(granter, grant, PAIR(0, ASKEW_BYTES), address + ASKEW);
}

static int64_t give_askew(int64_t granter, int64_t grant, int64_t unused, int64_t address)
{
	(void)unused;
	return give(granter, grant, PAIR(0, ASKEW_BYTES), address + ASKEW);
}

static const struct use {
	lending_task *task;
	const char *name;
} uses[] = {
        {take_askew, "take_askew"},
        {give_askew, "give_askew"},
        {set, "set"},
        {take, "take"},
        {give, "give"},
        {map, "map"},
        {map_writable, "map_writable"},
};

/*
 * So many are done byte by byte. The others VM does, each at once; and as it is more urgent than PM, the
 * grantor's end can't come in between, but for copies that VM is asked for several times (below).
 */
#define LONG 3

/* How often it was in the middle of such a call that somebody ended. */
static uint32_t in_the_middle[COUNT(uses)];
static uint32_t half_copied; /* of them those where what the grantee has shows it */

/* Some rounds, and more if it was never in the middle yet. */
static int goes_on(uint32_t round, uint32_t rounds, uint32_t often)
{
	return round < rounds || (!often && round < 10 * rounds);
}

static void check_middle(const char *who, unsigned first_use, unsigned end)
{
	for (unsigned use = first_use; use < end; use++) {
		printf("# %s ends in the middle of %s: %u times\n", who, uses[use].name, in_the_middle[use]);
		CHECK(in_the_middle[use] > 0);
		in_the_middle[use] = 0;
	}
}

/* At some moment of what the grantee does. */
static void some_time(uint32_t when)
{
	for (uint32_t i = 0; i < when % 3; i++)
		sys_yield();
	if (when % 2)
		sleep_a_tick();
}

/* Of a call the beginning is there, and the end is not. */
static void count_half_copied(struct partner grantee)
{
	int64_t first_byte = lending_do(grantee, get, AT(theirs) + ASKEW, 0, 0, 0);
	int64_t last_byte = lending_do(grantee, get, AT(theirs) + ASKEW + ASKEW_BYTES - 1, 0, 0, 0);
	half_copied += first_byte == 'a' && last_byte == 0;
}

/* The grantee is told, whatever it did; the test would hang if it was not. */
static void check_end_of_grantor(unsigned use, enum ending ending, uint32_t when)
{
	struct partner grantor = lending_start(), grantee = start_grantee();
	cp_grant_id_t id = lending_do(grantor, lend_all, grantee.endpoint, 0, 0, 0);
	lending_order(grantee, try_always, grantor.endpoint, id, (int64_t)(uintptr_t)uses[use].task, 0);
	some_time(when);
	uint32_t call = under_way();
	end_grantor(grantor, ending);
	int64_t result = lending_result(grantee);
	CHECK(result == -EDEADSRCDST || result == (ending == EXEC ? -EPERM : -EFAULT));
	in_the_middle[use] += call && control->calling == call; /* that one has failed */
	if (uses[use].task == take_askew)
		count_half_copied(grantee);
	CHECK_INT(lending_do(grantee, take, grantor.endpoint, id, PAIR(0, 1), AT(theirs)),
	          ending == EXEC ? -EPERM : -EDEADSRCDST);
	wait_for_grantor(grantor, ending);
	lending_end(grantee);
	CHECK_INT(cpf_revoke(control_id), OK);
}

static void a_grantor_that_ends_in_the_middle_holds_nobody_up(void)
{
	for (unsigned use = 0; use < COUNT(uses); use++)
		for (int ending = 0; ending < ENDINGS; ending++)
			for (uint32_t when = 0; when < 4; when++)
				check_end_of_grantor(use, (enum ending)ending, when);
	check_middle("the grantor", 0, LONG);
	printf("# %u copies are half there\n", half_copied);
	CHECK(half_copied > 0);
}

static int64_t fill_theirs(int64_t byte, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	memset(theirs, (int)byte, BYTES);
	return 0;
}

/* ---- So many pages that VM is asked several times to share some of them ---- */

#define MUCH_MINE   0x40000000u
#define MUCH_THEIRS 0x50000000u
#define MUCH        (4 * VM_SHARE_BYTES_MAX)

static int64_t lend_much(int64_t who_to, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	if (map_own(MUCH_MINE, MUCH, RW, 0) != OK)
		return GRANT_INVALID;
	memset((void *)(uintptr_t)MUCH_MINE, 'a', MUCH);
	return cpf_grant_direct((endpoint_t)who_to, MUCH_MINE, MUCH, CPF_RIGHTS);
}

static int64_t take_much(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	if (map_own(MUCH_THEIRS, MUCH, RW, 0) != OK)
		return 1;
	return take(granter, id, PAIR(0, MUCH), MUCH_THEIRS);
}

/* How many pages of what was taken are there. */
static int64_t pages_taken(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	int64_t count = 0;
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	for (vir_bytes page = MUCH_THEIRS; page < MUCH_THEIRS + MUCH; page += PAGE_SIZE)
		count += all_are((void *)(uintptr_t)page, PAGE_SIZE, 'a');
	return count;
}

/* What is there is whole shares. */
static void check_end_between_shares(uint32_t when)
{
	struct partner grantor = lending_start(), grantee = start_grantee();
	cp_grant_id_t id = lending_do(grantor, lend_much, grantee.endpoint, 0, 0, 0);
	lending_order(grantee, try_always, grantor.endpoint, id, (int64_t)(uintptr_t)take_much, 0);
	some_time(when);
	CHECK_INT(kill(grantor.pid, SIGKILL), 0);
	int64_t result = lending_result(grantee), pages = lending_do(grantee, pages_taken, 0, 0, 0, 0);
	CHECK_INT(result, -EDEADSRCDST);
	CHECK(pages % (VM_SHARE_BYTES_MAX / PAGE_SIZE) == 0 && pages < MUCH / PAGE_SIZE);
	half_copied += pages > 0;
	CHECK_KILLED(tap_wait(grantor.pid), SIGKILL);
	lending_end(grantee);
	CHECK_INT(cpf_revoke(control_id), OK);
}

static void a_grantor_that_ends_between_shares_holds_nobody_up(void)
{
	half_copied = 0;
	for (uint32_t when = 0; goes_on(when, 8, half_copied); when++)
		check_end_between_shares(when);
	printf("# %u copies are half shared\n", half_copied);
	CHECK(half_copied > 0);
}

static int64_t fill_mine(int64_t byte, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	memset(mine, (int)byte, BYTES);
	return all_are(mine, BYTES, (char)byte);
}

/* All its pages are its own. */
static void check_end_of_grantee(unsigned use, uint32_t when)
{
	struct partner grantor = lending_start(), grantee = start_grantee();
	cp_grant_id_t id = lending_do(grantor, lend_all, grantee.endpoint, 0, 0, 0);
	lending_do(grantee, fill_theirs, 'g', 0, 0, 0);
	lending_order(grantee, try_always, grantor.endpoint, id, (int64_t)(uintptr_t)uses[use].task, 0);
	some_time(when);
	uint32_t call = under_way();
	lending_end(grantee);
	in_the_middle[use] += call && under_way() == call; /* it never came back */
	CHECK_INT(lending_do(grantor, fill_mine, 'm', 0, 0, 0), 1);
	CHECK_INT(lending_do(grantor, revoke, id, 0, 0, 0), OK);
	lending_end(grantor);
	CHECK_INT(cpf_revoke(control_id), OK);
}

static void a_grantee_that_ends_in_the_middle_leaves_the_owner_its_pages(void)
{
	for (unsigned use = 0; use < COUNT(uses); use++)
		for (uint32_t when = 0; goes_on(when, 4, in_the_middle[use]); when++)
			check_end_of_grantee(use, when);
	check_middle("the grantee", 0, COUNT(uses));
}

static void check_end_of_both(unsigned use, uint32_t when)
{
	struct partner grantor = lending_start(), between = start_grantee(), grantee = lending_start();
	cp_grant_id_t id = lending_do(grantor, lend_all, between.endpoint, 0, 0, 0);
	struct partner order[] = {grantor, between, grantee};
	lending_do(between, lend_all, self, 0, 0, 0); /* a grant of its own that nobody uses */
	lending_order(between, try_always, grantor.endpoint, id, (int64_t)(uintptr_t)uses[use].task, 0);
	some_time(when);
	uint32_t call = under_way();
	for (unsigned i = 0; i < COUNT(order); i++)
		CHECK_INT(kill(order[(i + when) % 3].pid, SIGKILL), 0);
	for (unsigned i = 0; i < COUNT(order); i++)
		CHECK_KILLED(tap_wait(order[i].pid), SIGKILL);
	in_the_middle[use] += call && under_way() == call;
	CHECK_INT(cpf_revoke(control_id), OK);
}

static void both_may_end_at_once(void)
{
	for (unsigned use = 0; use < COUNT(uses); use++)
		for (uint32_t when = 0; goes_on(when, 6, in_the_middle[use]); when++)
			check_end_of_both(use, when);
	check_middle("each", 0, COUNT(uses));
}

/* It neither runs nor dies. */
static void a_stopped_grantor_holds_nobody_up(void)
{
	struct partner grantor = lending_start();
	cp_grant_id_t id = lending_do(grantor, lend_all, first.endpoint, 0, 0, 0);
	CHECK_INT(kill(grantor.pid, SIGSTOP), 0);
	for (unsigned use = 0; use < COUNT(uses); use++)
		CHECK_INT(lending_do(first, uses[use].task, grantor.endpoint, id, PAIR(0, BYTES), AT(theirs)),
		          OK);
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
	        TEST(a_grantor_that_ends_between_shares_holds_nobody_up),
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
