/* SPDX-License-Identifier: MIT */
/* guest: calls=vircopy timeout=180 variants=ubsan */
/* However processes end, every page they had comes back: VM's free count is where it was. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/rs.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "pages.h"
#include "tap.h"

#define ROUNDS 100

/* The first round may touch pages of this process for the first time; the count is taken after it. */
static void expect_no_leak(void (*round)(int i))
{
	for (int i = 0; i < 3; i++)
		round(i);
	uint32_t before = free_pages();
	for (int i = 0; i < ROUNDS; i++)
		round(i);
	CHECK_INT(free_pages(), before);
}

static void *map(size_t bytes)
{
	void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return block == MAP_FAILED ? NULL : block;
}

static void touch_much(void)
{
	char *block = map(1 << 20);
	REQUIRE(block != NULL);
	memset(block, 1, 1 << 20);
	char *allocated = malloc(100000);
	KEEP(allocated);
	free(allocated);
	munmap(block + 4 * PAGE_SIZE, 4 * PAGE_SIZE);
}

static void fork_and_exit(int i)
{
	(void)i;
	CHECK_EXITED(tap_child(touch_much), 0);
}

static void exec_true(void)
{
	char *argv[] = {"true", NULL};
	touch_much();
	execve("/bin/true", argv, environ);
	_exit(99);
}

static void fork_exec_and_exit(int i)
{
	(void)i;
	CHECK_EXITED(tap_child(exec_true), 0);
}

static void exec_nothing(void)
{
	char *argv[] = {"nothing", NULL};
	touch_much();
	CHECK_INT(execve("/bin/nothing", argv, environ), -1);
	CHECK_INT(execve("/etc/manifest", argv, environ), -1);
}

static void fail_to_exec(int i)
{
	(void)i;
	CHECK_EXITED(tap_child(exec_nothing), 0);
}

static void grandchildren(void)
{
	for (int i = 0; i < 3; i++)
		CHECK_EXITED(tap_child(touch_much), 0);
}

static void fork_twice_deep(int i)
{
	if (i % 4 == 0)
		CHECK_EXITED(tap_child(grandchildren), 0);
}

static void map_and_unmap(int i)
{
	char *block = map((size_t)(i + 1) * PAGE_SIZE);
	REQUIRE(block != NULL);
	memset(block, 1, (size_t)(i + 1) * PAGE_SIZE);
	CHECK_INT(munmap(block, (size_t)(i + 1) * PAGE_SIZE), 0);
}

/* ---- Deaths in the middle of something ---- */

#define BIG (4 << 20)
static char *big;
static endpoint_t parent;

/* The child is killed after a while that differs from round to round, so that it is caught at different
 * places. */
static void kill_in_the_middle(void (*work)(void), int i)
{
	pid_t pid = tap_start(work);
	usleep((useconds_t)(i * 137) % 12000);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

static void copy_from_parent(void)
{
	for (;;)
		CHECK_INT(sys_vircopy(parent, (vir_bytes)big, SELF, (vir_bytes)big, BIG, 0), OK);
}

static void die_copying(int i)
{
	kill_in_the_middle(copy_from_parent, i);
}

static void copy_to_fresh_memory(void)
{
	for (;;) {
		char *fresh = map(BIG);
		REQUIRE(fresh != NULL);
		CHECK_INT(sys_vircopy(parent, (vir_bytes)big, SELF, (vir_bytes)fresh, BIG, 0), OK);
		munmap(fresh, BIG);
	}
}

static void die_copying_to_fresh_memory(int i)
{
	kill_in_the_middle(copy_to_fresh_memory, i);
}

static endpoint_t victim;

static void copy_to_victim(void)
{
	int result = OK;
	while (result == OK)
		result = sys_vircopy(SELF, (vir_bytes)big, victim, (vir_bytes)big, BIG, 0);
	CHECK_INT(result, -EDEADSRCDST);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* The target of somebody else's copy dies under it. */
static void die_copied_to(int i)
{
	pid_t pid = tap_start(wait_for_ever);
	victim = pm_endpoint(pid);
	pid_t copier = tap_start(copy_to_victim);
	usleep((useconds_t)(i * 137) % 12000);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	CHECK_EXITED(tap_wait(copier), 0);
}

static void fault_for_ever(void)
{
	for (;;) {
		char *fresh = map(BIG);
		REQUIRE(fresh != NULL);
		for (int i = 0; i < BIG; i += PAGE_SIZE)
			fresh[i] = 1;
		munmap(fresh, BIG);
	}
}

static void die_faulting(int i)
{
	kill_in_the_middle(fault_for_ever, i);
}

static void part_pages_for_ever(void)
{
	for (;;)
		for (int i = 0; i < BIG; i += PAGE_SIZE)
			big[i]++;
}

static void die_copying_on_write(int i)
{
	kill_in_the_middle(part_pages_for_ever, i);
}

static void fork_for_ever(void)
{
	for (;;) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void settle(void)
{
	usleep(20000);
}

/* An orphan may be left, which ends by itself soon. */
static void die_forking(int i)
{
	kill_in_the_middle(fork_for_ever, i);
	settle();
}

static void call_for_ever(void)
{
	union pm_getid_message pm;
	union rs_lookup_message rs = {.req = {.label = "console"}};
	struct vm_procinfo_rep info;
	for (;;) {
		pm.req.pid = 0;
		(void)!pm_getid_call(&pm);
		(void)!rs_lookup_call(&rs);
		(void)!vm_procinfo(SELF, &info);
	}
}

static void die_calling(int i)
{
	kill_in_the_middle(call_for_ever, i);
}

static void exec_for_ever(void)
{
	char *argv[] = {"sleep", "1000", NULL};
	touch_much();
	execve("/bin/sleep", argv, environ);
}

static void die_at_exec(int i)
{
	kill_in_the_middle(exec_for_ever, i);
}

static volatile char *volatile nowhere;

static void write_nowhere(void)
{
	*nowhere = 1;
}

static void die_of_a_fault(int i)
{
	(void)i;
	CHECK_KILLED(tap_child(write_nowhere), SIGSEGV);
}

#define LEAK_TEST(name, round)         \
	static void name(void)         \
	{                              \
		expect_no_leak(round); \
	}

LEAK_TEST(fork_and_exit_leak_nothing, fork_and_exit)
LEAK_TEST(fork_exec_and_exit_leak_nothing, fork_exec_and_exit)
LEAK_TEST(a_failed_exec_leaks_nothing, fail_to_exec)
LEAK_TEST(grandchildren_leak_nothing, fork_twice_deep)
LEAK_TEST(mmap_and_munmap_leak_nothing, map_and_unmap)
LEAK_TEST(death_in_a_copy_leaks_nothing, die_copying)
LEAK_TEST(death_in_a_copy_to_fresh_memory_leaks_nothing, die_copying_to_fresh_memory)
LEAK_TEST(death_of_a_copys_target_leaks_nothing, die_copied_to)
LEAK_TEST(death_in_a_page_fault_leaks_nothing, die_faulting)
LEAK_TEST(death_in_copying_on_write_leaks_nothing, die_copying_on_write)
LEAK_TEST(death_in_fork_leaks_nothing, die_forking)
LEAK_TEST(death_in_a_call_leaks_nothing, die_calling)
LEAK_TEST(death_at_exec_leaks_nothing, die_at_exec)
LEAK_TEST(death_of_a_fault_leaks_nothing, die_of_a_fault)

static void setup(void)
{
	parent = sys_self();
	big = map(BIG);
	REQUIRE(big != NULL);
	memset(big, 1, BIG);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(fork_and_exit_leak_nothing),
	        TEST(fork_exec_and_exit_leak_nothing),
	        TEST(a_failed_exec_leaks_nothing),
	        TEST(grandchildren_leak_nothing),
	        TEST(mmap_and_munmap_leak_nothing),
	        TEST(death_in_a_copy_leaks_nothing),
	        TEST(death_in_a_copy_to_fresh_memory_leaks_nothing),
	        TEST(death_of_a_copys_target_leaks_nothing),
	        TEST(death_in_a_page_fault_leaks_nothing),
	        TEST(death_in_copying_on_write_leaks_nothing),
	        TEST(death_in_fork_leaks_nothing),
	        TEST(death_in_a_call_leaks_nothing),
	        TEST(death_at_exec_leaks_nothing),
	        TEST(death_of_a_fault_leaks_nothing),
	};
	return TAP_RUN(tests);
}
