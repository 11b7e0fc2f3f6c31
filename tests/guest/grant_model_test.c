/* SPDX-License-Identifier: MIT */
/* guest: seed=yes time=counted timeout=300 flags=inspect variants=ubsan */
/*
 * Partners lend each other memory, map and copy it, write, fork, take it back, unmap, die and run anew, at
 * random: each must see what the model says (tests/host/grants_model.h), which the host's test of VM uses as
 * well.
 *
 * After each step the pages that it has touched are compared, of all who have them, each word and the rights
 * (see compare()). Every 1,000 steps all pages of everybody are read, compared, and written to; then a frame
 * shows only where the model says that pages live together, or nobody can write to it; and all frames that
 * processes have are as many as VM says.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <granite/pm.h>

#include "grant_model_steps.h"

#define STEPS  5000
#define AGAIN  200      /* of them are made once more */
#define PLENTY 0x100000 /* of frames: nobody goes without a snapshot */

static struct person *parents[PEOPLE]; /* who has to wait for it; NULL: the nursery */
static struct person gone = {.endpoint = NONE};
static struct partner nursery; /* has those who have no parent; it is as small as a partner should be */
static uint64_t random_state;
static int step_now;
static jmp_buf test_ends; /* from wherever something is wrong */

/* xorshift64*: G. Marsaglia, S. Vigna. */
uint32_t random_below(uint32_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 0x2545f4914f6cdd1dull >> 32) % below;
}

void model_wrong(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("# step %d: ", step_now);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	tap_failures++;
	longjmp(test_ends, 1);
}

/* ---- Steps: lives ---- */

static struct person *nobody(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		if (p->endpoint == NONE)
			return p;
	return NULL;
}

static uint32_t alive(void)
{
	uint32_t count = 0;

	for (struct person *p = people; p < people + PEOPLE; p++)
		count += p->endpoint != NONE;
	return count;
}

static void begin_life(struct person *p, int64_t pid, struct person *parent)
{
	struct partner partner = {(pid_t)pid, pid > 0 ? pm_endpoint((pid_t)pid) : NONE};

	if (pid <= 0 || partner.endpoint <= 0)
		model_wrong("a child has the number %lld, and the endpoint %d", pid, partner.endpoint);
	partners[p - people] = partner;
	parents[p - people] = parent;
	p->endpoint = partner.endpoint;
}

static void begin_memory(struct person *p)
{
	model_map(p, TABLE_PAGE, 1, RW);
	map_range(p, 0, WINDOW_PAGES, RW);
}

static bool step_start(struct person *unused)
{
	struct person *p = nobody();

	(void)unused;
	if (!p)
		return false;
	begin_life(p, lending_do(nursery, have_child, 0, 0, 0, 0), NULL);
	begin_memory(p);
	return true;
}

/* A child has a copy of its parent's table in its memory; it is no granter of what stands there. */
static void try_copied_records(const struct person *parent, struct person *child)
{
	vir_bytes mine = page_address(0);

	(void)step_give(child); /* so that the kernel knows of its table */
	for (uint32_t slot = 0; slot < GRANTS; slot++) {
		const struct cp_grant *grant = &parent->grant[slot];
		const struct person *grantee = person_of(grant->who_to);

		if (grant->id && grantee && grant->flags & CPF_READ)
			expect(ask(grantee, copy, PAIR(child->endpoint, true), grant->id, PAIR(0, PIECE),
			           mine),
			       -EPERM, "a copy by a parent's grant");
	}
}

static bool step_fork(struct person *p)
{
	struct person *child = nobody();

	if (!child)
		return false;
	model_touch(p, 0, WINDOW_PAGES);
	begin_life(child, ask(p, have_child, 0, 0, 0, 0), p);
	model_fork(p, child);
	try_copied_records(p, child);
	done[FORK]++;
	return true;
}

static bool step_exec(struct person *p)
{
	model_touch(p, 0, WINDOW_PAGES);
	expect(ask(p, run_anew, lending_parent, 0, 0, 0), OK, "execve");
	model_leave(p);
	begin_memory(p);
	done[EXEC]++;
	return true;
}

/* An orphan's parent is RS, which waits for it. */
static void wait_until_gone(endpoint_t endpoint)
{
	struct vm_procinfo_rep info;

	for (int i = 0; i < 1000; i++) {
		if (vm_procinfo(endpoint, &info) == -EDEADSRCDST)
			return;
		usleep(1000);
	}
	model_wrong("%d lives on", endpoint);
}

static void kill_person(struct person *p)
{
	struct partner partner = partners[p - people];
	struct person *parent = parents[p - people];

	model_touch(p, 0, WINDOW_PAGES);
	CHECK_INT(kill(partner.pid, SIGKILL), 0);
	if (!parent)
		expect(lending_do(nursery, wait_for, partner.pid, 0, 0, 0), SIGKILL, "waitpid");
	else if (parent->endpoint != NONE)
		expect(ask(parent, wait_for, partner.pid, 0, 0, 0), SIGKILL, "waitpid");
	wait_until_gone(partner.endpoint);
	model_leave(p);
	memset(p, 0, sizeof(*p));
	p->endpoint = NONE;
	for (int i = 0; i < PEOPLE; i++)
		if (parents[i] == p)
			parents[i] = &gone;
	done[DIE]++;
}

/* A few are always there to have something to do with each other. */
static bool step_kill(struct person *p)
{
	if (alive() < 4)
		return false;
	kill_person(p);
	return true;
}

/* ---- All together ---- */

static struct person *somebody(void)
{
	for (int i = 0; i < 100; i++) {
		struct person *p = &people[random_below(PEOPLE)];

		if (p->endpoint != NONE)
			return p;
	}
	return NULL;
}

static const struct act {
	bool (*act)(struct person *p);
	uint32_t weight;
} acts[] = {
        {step_touch, 120},
        {step_map, 30},
        {step_unmap, 35},
        {step_protect, 30},
        {step_give, 260},
        {step_take_back, 110},
        {step_take_mappings_back, 30},
        {step_take_page_back, 40},
        {step_map_grant, 400},
        {step_unmap_grant, 150},
        {step_copy, 150},
        {step_start, 10},
        {step_exec, 26},
        {step_kill, 30},
        {step_fork, 60},
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

static uint32_t pick_act(void)
{
	uint32_t all = 0, i = 0, number;

	for (uint32_t act = 0; act < ACTS; act++)
		all += acts[act].weight;
	for (number = random_below(all); number >= acts[i].weight; i++)
		number -= acts[i].weight;
	return i;
}

/* Mostly until something has come of it. */
static void step(void)
{
	uint32_t tries = random_below(5) ? 8 : 1;
	bool done = false;

	while (!done && tries-- > 0) {
		uint32_t act = pick_act();
		struct person *p = somebody();

		take_in(act);
		take_in(p ? (uint64_t)(p - people) : PEOPLE);
		model_vm_begins(PLENTY, 0);
		done = p ? acts[act].act(p) : step_start(NULL);
	}
}

static void end_all_lives(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		if (p->endpoint != NONE)
			kill_person(p);
}

static void check_everything(void)
{
	compare_all();
	check_frames();
	check_pages();
}

static uint64_t seed, trace_again;

/* From the beginning. What it comes to is in trace_again, of the first AGAIN steps. */
static void run(uint64_t with_seed, int steps)
{
	random_state = with_seed * 2 + 1;
	trace = 0xcbf29ce484222325u;
	model_start();
	choose_start();
	choose_before = WINDOW_PAGES; /* the rest is the program's own */
	for (step_now = 0; step_now < steps; step_now++) {
		step();
		compare_touched();
		if (step_now % 1000 == 999)
			check_everything();
		if (step_now == AGAIN - 1)
			take_in(model_state());
		if (step_now == AGAIN - 1)
			trace_again = trace;
	}
	end_all_lives();
}

static struct account before;
static uint64_t first_trace;

/* What is touched for the first time is no leak. */
static void setup(void)
{
	REQUIRE(!setjmp(test_ends));
	lending_parent = sys_self();
	nursery.pid = tap_start(serve);
	nursery.endpoint = pm_endpoint(nursery.pid);
	run(seed, AGAIN);
	first_trace = trace_again;
	check_pages();
	before = account_now();
}

static void everybody_sees_what_the_model_says(void)
{
	REQUIRE(!setjmp(test_ends));
	memset(done, 0, sizeof(done));
	run(seed, STEPS);
}

static void every_kind_of_step_was_done_often(void)
{
	static const char *const texts[] = {
#define KIND(NAME, text) [NAME] = text,
	        KINDS(KIND)
#undef KIND
	};

	for (int kind = 0; kind < NR_KINDS; kind++) {
		printf("# %u %s\n", done[kind], texts[kind]);
		CHECK(done[kind] >= STEPS / 80);
	}
}

static void the_seed_has_made_the_same_run_again(void)
{
	REQUIRE(!setjmp(test_ends));
	CHECK(trace_again == first_trace);
	run(seed + 1, AGAIN);
	CHECK(trace_again != first_trace);
}

static void every_page_is_where_it_was(void)
{
	check_account(&before);
	lending_end(nursery);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(everybody_sees_what_the_model_says),
	        TEST(every_kind_of_step_was_done_often),
	        TEST(the_seed_has_made_the_same_run_again),
	        TEST(every_page_is_where_it_was),
	};
	if (argc > 2 && strcmp(argv[1], "partner") == 0)
		return partner_main(argv[2]);
	printf("# SEED=%s\n", argv[argc - 1]);
	seed = strtoull(argv[argc - 1], NULL, 0);
	return TAP_RUN(tests);
}
