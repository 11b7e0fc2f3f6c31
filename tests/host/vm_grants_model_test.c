/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c kernel/grant.c kernel/safecopy.c kernel/proc.c kernel/sched.c
 * kernel/priv.c kernel/sys/do_safemap.c kernel/sys/do_safecopyfrom.c kernel/sys/do_safecopyto.c
 * kernel/sys/do_setgrant.c tests/host/vm_check.c tests/host/vm_machine.c tests/host/kernel_calls.c
 * tests/host/kernel_machine.c tests/host/grants_model.c tests/host/grants_choose.c tests/host/grants_calls.c
 * tests/host/grants_compare.c tests/host/grants_memory.c tests/host/grants_lives.c tests/host/vm_state.c
 */
/*
 * Processes lend each other memory, map and copy what was lent, write, fork, take it back, unmap, die and run
 * other programs, in random order: the kernel's code that judges and VM's that carries out, against a simple
 * model. VM is interrupted again and again; then others run with what they have.
 *
 * After each step the pages that it has touched are compared, of all who have them, each word and the rights;
 * every 100 steps all pages of everybody, as they are without VM's help, and VM's tables and account
 * with each other (vm_check.h); and every 1,000 steps all pages, after each was read.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "grants_compare.h"
#include "grants_steps.h"
#include "servers/vm/frames.h"
#include "servers/vm/memory.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"
#include "servers/vm/vm.h"
#include "vm_check.h"
#include "vm_state.h"

#define STEPS    30000 /* on each of four machines: 120,000 a seed */
#define MACHINES 4
#define AGAIN    1500 /* of them are made once more */

_Static_assert(GRANTS <= KERNEL_GRANTS, "all grants are in a table");

struct tally tally;
struct person *acting;
static struct vm_info_rep empty;

/* ---- What the model needs ---- */

void model_wrong(const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fail_msg("%s", text);
	abort();
}

const uint32_t *model_contents(endpoint_t endpoint, vir_bytes address)
{
	return machine_contents(endpoint, address);
}

bool model_present(endpoint_t endpoint, vir_bytes address)
{
	return machine_contents(endpoint, address) != NULL;
}

/* ---- VM ---- */

static struct vm_info_rep account(void)
{
	struct vm_info_rep info = {0};

	assert_int_equal(do_info(PM_PROC_NR, NULL, &info), OK);
	return info;
}

bool memory_short(uint32_t pages, uint32_t pool)
{
	return frames_available() < pages || pool_available() < pool;
}

void vm_call_begins(struct person *p, uint32_t other_needs)
{
	acting = p;
	model_vm_begins(frames_available(), other_needs);
}

/* ---- While VM is interrupted ---- */

static bool can_run(const struct person *p)
{
	return p->endpoint != NONE && p != acting && !kernel_busy(p->endpoint);
}

static void compare_meanwhile(const struct person *p, uint32_t page, const uint32_t *words)
{
	const struct cell *cell = p->page[page].cell;

	if (memcmp(words, cell->word, PAGE_SIZE) == 0)
		return;
	for (uint32_t i = 0; i < PAGE_WORDS; i++)
		if (words[i] != cell->word[i] && !model_was_written(cell, i, words[i]))
			fail_msg("%d reads %x as word %u at %x while VM is at work, should be %x",
			         p->endpoint, words[i], i, page_address(page), cell->word[i]);
}

static void access_meanwhile(struct person *p, uint32_t page, bool write)
{
	vir_bytes address = page_address(page);
	uint32_t *words = machine_access(p->endpoint, address, write), i;

	if (!words)
		return;
	if (!may(&p->page[page], write))
		fail_msg("%d can %s at %x while VM is at work", p->endpoint, write ? "write" : "read",
		         address);
	compare_meanwhile(p, page, words);
	if (!write)
		return;
	i = random_below(PAGE_WORDS);
	model_write_meanwhile(p, address + i * WORD, words[i] = random_below(1u << 31));
}

/* Mostly one that lives together with others: it is those that VM is about. */
static uint32_t pick_page(const struct person *p)
{
	uint32_t page = random_below(PAGES);

	for (int tries = 0; tries < 12 && !(p->page[page].mapped && p->page[page].cell->users > 1); tries++)
		page = random_below(PAGES);
	return page;
}

void others_run(void)
{
	if (kernel_undisturbed())
		return;
	for (int i = 0; i < 12; i++) {
		struct person *p = &people[random_below(PEOPLE)];
		uint32_t page = pick_page(p);

		if (can_run(p))
			access_meanwhile(p, page, model_writes_left() && random_below(2));
		if (can_run(p) && random_below(200) == 0)
			forbid_meanwhile(p);
	}
}

/* ---- The run as a number ---- */

static uint64_t trace; /* of every step, and of all that has come of it now and then */
static uint64_t traces[MACHINES];
static int nr_traces;

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), by numbers. */
void take_in(uint64_t number)
{
	trace = (trace ^ number) * 0x100000001b3u;
}

static void take_state_in(void)
{
	take_in(vm_state());
	take_in(model_state());
	take_in(random_below(1u << 31));
}

/* ---- Steps ---- */

struct person *somebody(void)
{
	for (int tries = 0; tries < 50; tries++) {
		struct person *p = &people[random_below(PEOPLE)];

		if (p->endpoint != NONE && !kernel_busy(p->endpoint))
			return p;
	}
	return NULL;
}

static void sometimes_take_page_back(struct person *p)
{
	if (random_below(6) == 0)
		take_page_back(p);
}

void step(void)
{
	static void (*const acts[])(struct person * p) = {
	        touch_much,
	        touch_much,
	        touch_much,
	        map,
	        unmap,
	        protect,
	        unlend,
	        give_grant,
	        give_grant,
	        give_grant,
	        give_grant,
	        give_grant,
	        take_grant_back,
	        sometimes_take_page_back,
	        map_grant,
	        map_grant,
	        map_grant,
	        map_grant,
	        copy_by_grant,
	        copy_by_grant,
	        copy_by_grant,
	        lose_table,
	        keep,
	        keep,
	};
	uint32_t act = random_below(1000);
	struct person *p = somebody();

	take_in(act);
	take_in(p ? (uint32_t)(p - people) : PEOPLE);
	if (act < 16 || !p)
		new_person();
	else if (act < 18)
		exec_person(p);
	else if (act < 26)
		kill_one();
	else if (act < 32)
		succeed(p);
	else if (act < 47)
		fork_person(p);
	else
		acts[random_below(sizeof(acts) / sizeof(acts[0]))](p);
	ask_for_what_is_owed();
	model_each_touched(compare_page);
}

/* ---- Watching ---- */

/* Every page of everybody is read: what was not there yet is brought in. */
static void read_all(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		for (uint32_t page = 0; p->endpoint != NONE && page < PAGES; page++) {
			uint32_t value;
			int result = machine_read(p->endpoint, page_address(page), &value);

			if (result == -ENOMEM)
				assert_true(memory_short(1, 1));
			else
				assert_int_equal(result == OK, may(&p->page[page], false));
		}
}

static void check_vm(void)
{
	const char *wrong = vm_check();

	if (wrong)
		fail_msg("%s", wrong);
}

static void watch(int i)
{
	if (i % 100 == 0) {
		compare_all();
		check_vm();
	}
	if (i % 1000 == 999) {
		read_all();
		compare_all();
		take_state_in();
	}
}

/* Nothing is kept back for RS: so memory comes to its end, and what was promised must still be there. */
static void without_reserve(void)
{
	endpoint_t rs;

	assert_int_equal(machine_fork(NONE, &rs), OK);
	assert_int_equal(rs, RS_PROC_NR);
	machine_exit(rs);
	memory_open(RESERVE_NONE);
}

static int start(void **state)
{
	random_start();
	machine_start(*state);
	without_reserve();
	model_start();
	choose_start();
	lives_start();
	acting = NULL;
	kernel_start(&grants_hooks);
	machine_interrupts(60, others_run);
	empty = account();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	machine_stop();
	return 0;
}

static void everybody_has_gone(void)
{
	struct vm_info_rep now;

	for (struct person *p = people; p < people + PEOPLE; p++)
		if (p->endpoint != NONE)
			exit_person(p);
	for (struct person *dead = left; dead < left + LEFT; dead++)
		if (dead->endpoint != NONE)
			give_up(dead);
	check_vm();
	now = account();
	assert_memory_equal(&now, &empty, sizeof(now));
}

static int steps = STEPS;

static void everybody_sees_what_the_model_says(void **state)
{
	(void)state;
	trace = 0xcbf29ce484222325u;
	for (int i = 0; i < steps; i++) {
		step();
		watch(i);
		if (i == AGAIN - 1) {
			take_state_in();
			traces[nr_traces++] = trace;
		}
	}
	everybody_has_gone();
}

/* This program, with that seed, as far as AGAIN; in another process, which has its memory elsewhere. */
static void run_again(uint32_t seed, uint64_t *found)
{
	char path[200] = "", command[300], line[200];
	int nr_found = 0;
	FILE *again;

	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	snprintf(command, sizeof(command), "SEED=%u exec '%s' again", seed, path);
	again = popen(command, "r");
	assert_non_null(again);
	while (nr_found < MACHINES && fgets(line, sizeof(line), again))
		nr_found += sscanf(line, "trace %" SCNx64, &found[nr_found]) == 1;
	assert_int_equal(pclose(again), 0);
	assert_int_equal(nr_found, MACHINES);
}

static void a_seed_makes_the_same_run_again(void **state)
{
	uint64_t found[MACHINES];

	(void)state;
	assert_int_equal(nr_traces, MACHINES);
	run_again(random_seed(), found);
	assert_memory_equal(found, traces, sizeof(found));
	run_again(random_seed() + 1, found);
	for (int i = 0; i < MACHINES; i++)
		assert_int_not_equal(found[i], traces[i]);
}

/* A quarter of what comes up in most runs, or less. */
static void what_it_is_about_has_come_up(void **state)
{
	static const uint32_t lent[GRANT_DEPTH_MAX + 1] = {0, 800, 200, 60, 10, 2};

	(void)state;
	for (uint32_t depth = 1; depth <= GRANT_DEPTH_MAX; depth++)
		assert_in_range(tally.lent[depth], lent[depth], STEPS * MACHINES);
	assert_true(tally.good_for[OWN_MEMORY] > 3000 && tally.good_for[ALL_OF_ANOTHER] > 1000);
	assert_true(tally.good_for[PART_OF_ANOTHER] > 1000 && tally.ended > 700);
	assert_true(tally.refused > 4000 && tally.suspended > 4000 && tally.written > 20000);
	assert_true(tally.copied > 5000 && tally.shared > 40 && tally.not_shared > 200);
	assert_true(tally.unmapped > 900 && tally.unlent > 120);
	assert_true(tally.kept > 500 && tally.left > 25 && tally.inherited > 8 && tally.given_up > 3);
	assert_true(tally.forks > 90 && tally.execs > 200 && tally.exits > 200);
}

static struct machine_size large = {2000, 40, 20000}, few_frames = {2000, 40, 260},
                           small_pool = {100, 40, 20000}, tiny = {70, 40, 200};

/* Other than as tests: the beginning alone, and what it comes to. */
static int print_traces(void)
{
	struct machine_size *const sizes[MACHINES] = {&large, &few_frames, &small_pool, &tiny};

	steps = AGAIN;
	for (int i = 0; i < MACHINES; i++) {
		void *state = sizes[i];

		start(&state);
		everybody_sees_what_the_model_says(&state);
		stop(&state);
		printf("trace %" PRIx64 "\n", traces[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        {"with_plenty_of_memory", everybody_sees_what_the_model_says, start, stop, &large},
	        {"with_few_frames", everybody_sees_what_the_model_says, start, stop, &few_frames},
	        {"with_a_small_pool", everybody_sees_what_the_model_says, start, stop, &small_pool},
	        {"with_little_of_both", everybody_sees_what_the_model_says, start, stop, &tiny},
	        cmocka_unit_test(what_it_is_about_has_come_up),
	        cmocka_unit_test(a_seed_makes_the_same_run_again),
	};

	(void)argv;
	return argc > 1 ? print_traces() : cmocka_run_group_tests(tests, NULL, NULL);
}
