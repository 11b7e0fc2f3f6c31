/* SPDX-License-Identifier: MIT */
/* guest: mem=32 seed=yes time=counted timeout=120 flags=control variants=no */
/*
 * All memory is used up. The data store refuses what would make it grow, does all else, and is not ended for
 * a page that it can't have; killed, it comes back with everything, though others grab what it gives back.
 */
#include "ds_kill.h"
#include "starved.h"

#define KILLS 100

static char value[DS_VALUE_MAX], range[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static int go[2], ready[2];

/* ---- Who eats ---- */

static void hold(void)
{
	for (;;) {
		eat_frames();
		usleep(1000);
	}
}

static pid_t start_eater(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		CHECK_INT(vm_own_memory(), OK);
		hold();
	}
	return pid;
}

/* Frames that anybody may have. */
static uint32_t spare(void)
{
	struct vm_info_rep info;
	return vm_info(&info) == OK ? info.spare : UINT32_MAX;
}

static void await_hunger(void)
{
	while (spare() > 0)
		usleep(1000);
}

static void await_plenty(void)
{
	while (spare() < 1024)
		usleep(1000);
}

/* ---- A process that has never called it ---- */

static pid_t start_stranger(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		char byte;
		uint32_t number;
		CHECK_INT(vm_own_memory(), OK);
		CHECK_INT(write(ready[1], "", 1), 1);
		CHECK_INT(read(go[0], &byte, 1), 1);
		int result = ds_retrieve_u32("starved.number", &number);
		_exit(result == OK && number == 7 ? 0 : 1);
	}
	char byte;
	CHECK_INT(read(ready[0], &byte, 1), 1);
	return pid;
}

/* ---- */

static void check_what_is_there(void)
{
	uint32_t number = 0;
	CHECK_INT(ds_retrieve_u32("starved.number", &number), OK);
	CHECK_INT(number, 7);
}

/* Until it is refused. */
static int fill(void)
{
	char key[DS_KEY_SIZE];
	int result = OK;
	for (int i = 0; result == OK && i < 100; i++) {
		snprintf(key, sizeof(key), "starved.big.%d", i);
		result = ds_publish_mem(key, value, 100000, 0);
	}
	return result;
}

/* Each with a pattern of its own, which is compiled. */
static int subscribe_to_many(void)
{
	char pattern[DS_KEY_SIZE];
	int result = OK;
	for (int i = 0; result == OK && i < 10; i++) {
		snprintf(pattern, sizeof(pattern), "(a|%d|.*x.*y)*Z", i);
		result = ds_subscribe(pattern, 0);
	}
	return result;
}

static void what_would_grow_is_refused_and_all_else_goes_on(void)
{
	pid_t before = ds_pid(), stranger = start_stranger(), eater = start_eater();
	int number;
	await_hunger();
	CHECK_INT(fill(), -ENOSPC);
	CHECK_INT(subscribe_to_many(), -ENOMEM);
	CHECK_INT(ds_snapshot_map("starved.range", &number), -ENOMEM);
	CHECK_INT(ds_publish_u32("starved.number", 7, DSF_OVERWRITE), OK);
	CHECK_INT(ds_delete_mem("starved.big"), OK);
	CHECK_INT(ds_publish_mem("starved.big", value, sizeof(value) / 2, 0), OK); /* in the place of that */
	check_what_is_there();
	CHECK_INT(write(go[1], "", 1), 1);
	CHECK_EXITED(tap_wait(stranger), 0);
	CHECK_INT(ds_pid(), before);
	end(eater);
}

static void killed_it_comes_back(void)
{
	pid_t eater = start_eater();
	await_hunger();
	for (int i = 0; i < KILLS; i++) {
		ds_kill_and_raise();
		usleep(roll(3000));
		check_what_is_there();
		CHECK_INT(ds_publish_mem("starved.big", value, 1 + roll(DS_VALUE_MAX / 3), DSF_OVERWRITE),
		          OK);
	}
	end(eater);
	await_plenty();
	CHECK_INT(ds_publish_mem("starved.large", value, sizeof(value), 0), OK);
	CHECK_INT(subscribe_to_many(), OK);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(what_would_grow_is_refused_and_all_else_goes_on),
	        TEST(killed_it_comes_back),
	};
	dice_from(argc, argv);
	CHECK_INT(pipe(go), 0);
	CHECK_INT(pipe(ready), 0);
	CHECK_INT(ds_publish_u32("starved.number", 7, 0), OK);
	CHECK_INT(ds_publish_map("starved.range", range, PAGE_SIZE, 0), OK);
	CHECK_INT(ds_publish_mem("starved.big", value, sizeof(value), 0), OK);
	CHECK_INT(vm_own_memory(), OK);
	return TAP_RUN(tests);
}
