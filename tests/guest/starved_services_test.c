/* SPDX-License-Identifier: MIT */
/* guest: mem=32 seed=yes time=counted timeout=90 flags=control manifest=starved.manifest
 * programs=rs_subject.c variants=ubsan */
/*
 * Memory is used up, by one who holds it, or by several who grab whatever there is at any moment. Services
 * are killed again and again: what they give back is grabbed before they come again, and each time they come,
 * and serve.
 */
#include <fcntl.h>
#include <termios.h>
#include <granite/ds.h>

#include "fuzz_random.h"
#include "rs_client.h"
#include "starved.h"

#define WORD  4711 /* what stands in the data store */
#define KILLS 200  /* with each kind of eater */

/* ---- Who eats ---- */

/* One that has all it can have. */
static void hold(void)
{
	for (;;) {
		eat_frames();
		usleep(10000);
	}
}

/* Of the last pieces that it has taken it gives some back, and takes others. */
static void grab_frames(void)
{
	static struct {
		vir_bytes at;
		uint32_t bytes;
	} pieces[64];
	for (;;) {
		uint32_t i = below(64), bytes = (1 + below(8)) * PAGE_SIZE;
		if (pieces[i].bytes && once_in(4))
			CHECK_INT(vm_munmap(pieces[i].at, pieces[i].bytes), OK);
		pieces[i].bytes = 0;
		if (vm_mmap(0, bytes, RW, VM_MAP_POPULATE, &pieces[i].at) == OK)
			pieces[i].bytes = bytes;
		else
			usleep(100 + below(1000));
	}
}

static void grab_tables(void)
{
	for (;;) {
		eat_tables();
		usleep(100 + below(1000));
	}
}

/* Its children live on. */
static void grab_by_forks(void)
{
	for (;;) {
		if (fork() == 0)
			for (;;)
				pause();
		usleep(100 + below(1000));
	}
}

static void (*const grabs[])(void) = {grab_frames, grab_frames, grab_tables, grab_by_forks};
static pid_t eaters[COUNT(grabs)];
static uint32_t nr_eaters;

static void (*eat)(void);
static endpoint_t parent;

static void be_an_eater(void)
{
	CHECK_INT(setpgid(0, 0), 0);
	wait_to_eat(parent);
	random_state = mix(random_state + nr_eaters);
	eat();
}

static void start_eater(void (*how)(void))
{
	eat = how;
	eaters[nr_eaters] = tap_start(be_an_eater);
	nr_eaters++;
}

static void end_eaters(void)
{
	while (nr_eaters > 0) {
		pid_t pid = eaters[--nr_eaters];
		kill(-pid, SIGKILL); /* it may have been ended for want of memory */
		CHECK_KILLED(tap_wait(pid), SIGKILL);
	}
}

/* This process takes what the others have not, too. */
#define MINE 0x10000000u

static vir_bytes mine_end = MINE;

static void take_the_rest(void)
{
	while (take(mine_end, PAGE_SIZE, VM_MAP_FIXED) == OK)
		mine_end += PAGE_SIZE;
}

static void give_back(void)
{
	CHECK_INT(vm_munmap(MINE, mine_end - MINE + 1), OK);
	mine_end = MINE;
}

/* ---- Who is killed, and how each is seen to serve ---- */

static int ends[2];

static void console_serves(void)
{
	struct termios modes;
	CHECK_INT(tcgetattr(1, &modes), 0);
}

/* The pipe is one from before. */
static void ramfs_serves(void)
{
	char word[8] = "";
	int fd = open("/etc/manifest", O_RDONLY);
	CHECK(fd >= 0);
	CHECK_INT(read(fd, word, 2), 2);
	CHECK_INT(memcmp(word, "# ", 2), 0);
	CHECK_INT(close(fd), 0);
	CHECK_INT(write(ends[1], "drop", 5), 5);
	CHECK_INT(read(ends[0], word, sizeof(word)), 5);
	CHECK_INT(strcmp(word, "drop"), 0);
}

static void store_serves(void)
{
	uint32_t value = 0;
	CHECK_INT(ds_retrieve_u32("starved.word", &value), OK);
	CHECK_INT(value, WORD);
}

static void small_one_serves(void)
{
	CHECK(rs_echo("starved"));
}

static void large_one_serves(void)
{
	CHECK(rs_echo("large"));
}

static void other_large_one_serves(void)
{
	CHECK(rs_echo("large2"));
}

static const struct {
	const char *label;
	void (*serves)(void);
} victims[] = {{"console", console_serves}, {"ramfs", ramfs_serves},
               {"ds", store_serves},        {"starved", small_one_serves},
               {"large", large_one_serves}, {"large2", other_large_one_serves}};

static void all_serve(void)
{
	for (uint32_t i = 0; i < COUNT(victims); i++)
		victims[i].serves();
}

static uint32_t restarts_of(uint32_t which)
{
	return rs_status_of(victims[which].label).restarts;
}

static void check_that_it_has_come(uint32_t which, uint32_t restarts)
{
	struct rs_outcome outcome;
	CHECK_INT(rs_up(victims[which].label, &outcome), OK);
	victims[which].serves();
	CHECK_INT(restarts_of(which), restarts + 1);
}

/* Some at a time. They come by themselves, perhaps after a time in which others grab what they have given
 * back; or they are told to. */
static void kill_some(uint32_t set)
{
	uint32_t restarts[COUNT(victims)];
	for (uint32_t i = 0; i < COUNT(victims); i++)
		restarts[i] = restarts_of(i);
	for (uint32_t i = 0; i < COUNT(victims); i++)
		if (set & 1u << i)
			CHECK(rs_kill(victims[i].label));
	if (once_in(2))
		usleep(1000 + below(5000));
	take_the_rest();
	for (uint32_t i = 0; i < COUNT(victims); i++)
		if (set & 1u << i)
			check_that_it_has_come(i, restarts[i]);
}

/* Nothing is left of it then, not even what it has kept: so its start takes the most. */
static void put_the_store_down(void)
{
	struct rs_outcome outcome;
	CHECK_INT(rs_down("ds", &outcome), OK);
}

static void start_the_store_anew(void)
{
	struct rs_outcome outcome;
	CHECK_INT(rs_up("ds", &outcome), OK);
}

/* It runs, and answers: that it is empty, or that there is no room to know who asks. */
static void the_largest_is_started_anew(void)
{
	uint32_t value;
	int result;
	put_the_store_down();
	usleep(20000);
	take_the_rest();
	start_the_store_anew();
	result = ds_retrieve_u32("starved.word", &value);
	CHECK(result == -ESRCH || result == -ENOSPC);
	put_the_store_down();
}

static void kill_while_starving(void)
{
	let_eat(eaters, nr_eaters);
	usleep(50000);
	take_the_rest();
	for (int i = 0; i < KILLS && !tap_failures; i++)
		kill_some(1 + below((1u << COUNT(victims)) - 1));
	all_serve();
	the_largest_is_started_anew();
	end_eaters();
	give_back();
	start_the_store_anew();
	CHECK_INT(ds_publish_u32("starved.word", WORD, 0), OK);
	CHECK_EXITED(tap_child(all_serve), 0);
}

/* ---- Tests ---- */

/* Whatever this process does later it has done once: so it needs no memory then. */
static void everything_is_as_it_should_be(void)
{
	parent = sys_self();
	CHECK_INT(pipe(ends), 0);
	CHECK_INT(ds_publish_u32("starved.word", WORD, 0), OK);
	for (uint32_t i = 0; i < COUNT(victims); i++) {
		struct rs_outcome outcome;
		CHECK(rs_kill(victims[i].label));
		CHECK_INT(rs_up(victims[i].label, &outcome), OK);
	}
	all_serve();
}

static void services_come_again_while_one_holds_all_memory(void)
{
	start_eater(hold);
	kill_while_starving();
}

static void services_come_again_while_others_grab_what_they_give_back(void)
{
	for (uint32_t i = 0; i < COUNT(grabs); i++)
		start_eater(grabs[i]);
	kill_while_starving();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(everything_is_as_it_should_be),
	        TEST(services_come_again_while_one_holds_all_memory),
	        TEST(services_come_again_while_others_grab_what_they_give_back),
	};
	random_state = (uint32_t)strtoul(argc > 1 ? argv[1] : "1", NULL, 0);
	printf("# SEED=%u\n", (unsigned)random_state);
	return TAP_RUN(tests);
}
