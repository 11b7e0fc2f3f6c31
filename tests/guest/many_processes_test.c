/* SPDX-License-Identifier: MIT */
/* guest: mem=256 timeout=240 */
/*
 * A thousand processes at once: each runs, each is told from the others, all are there at the same moment;
 * and when they are gone, nothing of them is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <granite/abi/layout.h>
#include <granite/pm.h>

#include "pages.h"
#include "tap.h"

#define MANY   1000
#define ROUNDS 1000

enum say { HERE = 1, RESULT };

static endpoint_t collector;
static volatile uint32_t own; /* each process's copy of the page differs */

/* Something that only who has both numbers can know. */
static uint32_t mixed(uint32_t number, uint32_t secret)
{
	uint32_t value = number * 2654435761u ^ secret;

	for (int i = 0; i < 1000; i++)
		value = value * 1664525u + 1013904223u;
	return value;
}

/* ---- What each of them does ---- */

/* Returns the collector's word. */
static uint32_t say(enum say what, uint32_t number, uint32_t value)
{
	struct message m = {.m_type = what};

	m.m_words[0] = number;
	m.m_words[1] = value;
	CHECK_INT(ipc_sendrec(collector, &m), OK);
	return m.m_words[0];
}

static _Noreturn void live(uint32_t number)
{
	own = number;
	uint32_t secret = say(HERE, number, (uint32_t)getpid());
	CHECK_INT(own, number);
	say(RESULT, number, mixed(own, secret));
	_exit(tap_failures ? 255 : number % 250);
}

/* ---- The collector ---- */

static struct being {
	pid_t pid;
	endpoint_t endpoint;
} beings[MANY];

/* The first leads the group of all. */
static void start(uint32_t count)
{
	collector = sys_self();
	for (uint32_t i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			live(i);
		CHECK(pid > 0);
		beings[i] = (struct being){pid, pm_endpoint(pid)};
		CHECK_INT(setpgid(pid, beings[0].pid), 0);
	}
}

/* How many others are in the kernel's table, waiting for this process. */
static uint32_t count_waiting(void)
{
	static struct proc_info processes[32];
	uint32_t count = 0;

	for (uint32_t first = 0; first < ENDPOINT_SLOTS; first += 32) {
		CHECK_INT(sys_getinfo(GET_PROCTAB, processes, sizeof(processes), first), sizeof(processes));
		for (int i = 0; i < 32; i++)
			count += processes[i].endpoint != NONE && processes[i].blocked_on == collector;
	}
	return count;
}

static struct message words[MANY];

/* Takes one message of each, and lets them wait. */
static void hear_all(uint32_t count, enum say what)
{
	static uint8_t heard[MANY];

	memset(heard, 0, sizeof(heard));
	for (uint32_t i = 0; i < count; i++) {
		struct message m;
		int status;

		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		uint32_t number = m.m_words[0];
		REQUIRE(m.m_type == (int32_t)what && number < count && !heard[number]);
		CHECK_INT(m.m_source, beings[number].endpoint);
		heard[number] = 1;
		words[number] = m;
	}
	CHECK_INT(count_waiting(), count);
}

static uint32_t secret_of(uint32_t number)
{
	return number * 31 + 7;
}

static void answer_all(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct message m = {.m_type = OK};

		m.m_words[0] = secret_of(i);
		CHECK_INT(ipc_sendnb(beings[i].endpoint, &m), OK);
	}
}

static void meet(uint32_t count)
{
	start(count);
	hear_all(count, HERE);
	for (uint32_t i = 0; i < count; i++)
		CHECK_INT(words[i].m_words[1], (uint32_t)beings[i].pid);
	answer_all(count);
	hear_all(count, RESULT);
	for (uint32_t i = 0; i < count; i++)
		CHECK_INT(words[i].m_words[1], mixed(i, secret_of(i)));
}

static void live_and_exit(uint32_t count)
{
	meet(count);
	answer_all(count);
	for (uint32_t i = 0; i < count; i++)
		CHECK_EXITED(tap_wait(beings[i].pid), (int)(i % 250));
}

static void live_and_be_killed(uint32_t count)
{
	meet(count);
	CHECK_INT(kill(-beings[0].pid, SIGTERM), 0);
	for (uint32_t i = 0; i < count; i++) {
		int status;

		CHECK(waitpid(-beings[0].pid, &status, 0) > 0);
		CHECK_KILLED(status, SIGTERM);
	}
}

static void expect_no_trace(void (*lives)(uint32_t count), uint32_t few, uint32_t many)
{
	lives(few); /* touches what this process and the servers have of their own */
	const struct account before = account_now();
	lives(many);
	check_account(&before);
	CHECK_INT(wait(NULL), -1);
	CHECK_INT(errno, ECHILD);
}

static void a_thousand_live_at_once_and_exit(void)
{
	expect_no_trace(live_and_exit, 10, MANY);
}

static void a_thousand_are_ended_by_one_signal(void)
{
	expect_no_trace(live_and_be_killed, 10, MANY);
}

/* ---- One after the other ---- */

static void exec_true(uint32_t count)
{
	char *argv[] = {"true", NULL};

	for (uint32_t i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execve("/bin/true", argv, environ);
			_exit(99);
		}
		CHECK_EXITED(tap_wait(pid), 0);
	}
}

static void a_thousand_programs_leave_no_trace(void)
{
	expect_no_trace(exec_true, 3, ROUNDS);
}

/* ---- More than there is room for ---- */

static pid_t waiting[ENDPOINT_SLOTS];

static int start_waiting(void)
{
	int count = 0;

	while (count < ENDPOINT_SLOTS && (waiting[count] = fork()) >= 0) {
		if (waiting[count] == 0)
			for (;;)
				pause();
		count++;
	}
	CHECK_INT(errno, EAGAIN);
	return count;
}

static void fill_the_table(uint32_t unused)
{
	(void)unused;
	int count = start_waiting();
	CHECK(count >= MANY && count < ENDPOINT_SLOTS);
	CHECK_INT(fork(), -1);
	/* One goes, one comes. */
	CHECK_INT(kill(waiting[0], SIGKILL), 0);
	CHECK_KILLED(tap_wait(waiting[0]), SIGKILL);
	waiting[0] = fork();
	if (waiting[0] == 0)
		for (;;)
			pause();
	CHECK(waiting[0] > 0);
	for (int i = 0; i < count; i++)
		CHECK_INT(kill(waiting[i], SIGKILL), 0);
	for (int i = count - 1; i >= 0; i--)
		CHECK_KILLED(tap_wait(waiting[i]), SIGKILL);
}

static void a_full_table_refuses_forks_and_empties_again(void)
{
	expect_no_trace(fill_the_table, 0, 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(a_thousand_live_at_once_and_exit),
	        TEST(a_thousand_are_ended_by_one_signal),
	        TEST(a_thousand_programs_leave_no_trace),
	        TEST(a_full_table_refuses_forks_and_empties_again),
	};
	return TAP_RUN(tests);
}
