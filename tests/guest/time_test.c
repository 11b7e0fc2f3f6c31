/* SPDX-License-Identifier: MIT */
/* Clocks, sleeping, alarms. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <granite/sys.h>

#include "tap.h"

#define MSEC 1000000ll /* in nanoseconds */

static long long now(clockid_t clock)
{
	struct timespec time = {0};
	CHECK_INT(clock_gettime(clock, &time), 0);
	return time.tv_sec * 1000 * MSEC + time.tv_nsec;
}

static void the_clock_never_goes_back(void)
{
	long long last = now(CLOCK_MONOTONIC);
	for (int i = 0; i < 20000; i++) {
		long long next = now(CLOCK_MONOTONIC);
		REQUIRE(next >= last);
		last = next;
	}
}

static void the_time_of_day_is_of_this_century(void)
{
	CHECK(time(NULL) > 1700000000);
	struct timeval day;
	CHECK_INT(gettimeofday(&day, NULL), 0);
	CHECK(day.tv_sec - time(NULL) <= 1);
}

static void nanosleep_sleeps_at_least_as_long_as_asked(void)
{
	static const long lengths[] = {0, 1, 1000, 1000000, 15000000, 100000000};
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct timespec length = {.tv_nsec = lengths[i]};
		long long start = now(CLOCK_MONOTONIC);
		CHECK_INT(nanosleep(&length, NULL), 0);
		long long slept = now(CLOCK_MONOTONIC) - start;
		CHECK(slept >= lengths[i]);
		CHECK(slept < lengths[i] + 1000 * MSEC);
	}
	struct timespec bad = {.tv_nsec = 1000000000};
	CHECK(nanosleep(&bad, NULL) == -1 && errno == EINVAL);
}

static void clock_nanosleep_sleeps_until_a_time(void)
{
	long long until = now(CLOCK_MONOTONIC) + 50 * MSEC;
	struct timespec time = {.tv_sec = until / (1000 * MSEC), .tv_nsec = until % (1000 * MSEC)};
	CHECK_INT(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0);
	CHECK(now(CLOCK_MONOTONIC) >= until);
	CHECK_INT(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL), 0);
}

static volatile sig_atomic_t rung;

static void ring(int signal)
{
	(void)signal;
	rung++;
}

static void catch_alarms(void)
{
	struct sigaction action = {.sa_handler = ring};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	rung = 0;
}

static void alarm_rings_and_can_be_cancelled(void)
{
	catch_alarms();
	CHECK_INT(alarm(10), 0);
	CHECK_INT(alarm(1), 10);
	long long start = now(CLOCK_MONOTONIC);
	CHECK_INT(pause(), -1);
	CHECK_INT(rung, 1);
	CHECK(now(CLOCK_MONOTONIC) - start >= 999 * MSEC);
	CHECK_INT(alarm(1), 0);
	CHECK_INT(alarm(0), 1);
}

static void an_interval_timer_rings_again_and_again(void)
{
	struct itimerval timer = {{.tv_usec = 20000}, {.tv_usec = 20000}}, off = {{0}, {0}};
	catch_alarms();
	long long start = now(CLOCK_MONOTONIC);
	CHECK_INT(setitimer(ITIMER_REAL, &timer, NULL), 0);
	while (rung < 5)
		pause();
	CHECK(now(CLOCK_MONOTONIC) - start >= 100 * MSEC);
	CHECK_INT(setitimer(ITIMER_REAL, &off, &timer), 0);
	CHECK_INT(timer.it_interval.tv_usec, 20000);
	int count = rung;
	usleep(60000);
	CHECK_INT(rung, count);
}

/* Five sleepers, started in another order than they shall end in. */
static void sleepers_wake_in_the_order_of_their_times(void)
{
	static const int msecs[5] = {300, 100, 500, 200, 400};
	static const int order[5] = {1, 3, 0, 4, 2};
	pid_t pids[5];
	for (int i = 0; i < 5; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			usleep(msecs[i] * 1000);
			_exit(0);
		}
	}
	for (int i = 0; i < 5; i++)
		CHECK_INT(waitpid(-1, NULL, 0), pids[order[i]]);
}

static void a_kernel_alarm_notifies(void)
{
	struct message m;
	uint64_t left;
	int status;
	long long start = now(CLOCK_MONOTONIC);
	CHECK_INT(sys_setalarm(30 * MSEC, 0, &left), OK);
	CHECK_INT(left, 0);
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	CHECK_INT(m.m_source, CLOCK);
	CHECK_INT(m.m_type, NOTIFY_MESSAGE);
	CHECK_INT(IPC_STATUS_CALL(status), IPC_NOTIFY);
	CHECK(now(CLOCK_MONOTONIC) - start >= 30 * MSEC);
	CHECK_INT(sys_setalarm(10000 * MSEC, 0, NULL), OK);
	CHECK_INT(sys_setalarm(0, 0, &left), OK);
	CHECK(left > 9000 * MSEC && left <= 10000 * MSEC);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(the_clock_never_goes_back),
	        TEST(the_time_of_day_is_of_this_century),
	        TEST(nanosleep_sleeps_at_least_as_long_as_asked),
	        TEST(clock_nanosleep_sleeps_until_a_time),
	        TEST(alarm_rings_and_can_be_cancelled),
	        TEST(an_interval_timer_rings_again_and_again),
	        TEST(sleepers_wake_in_the_order_of_their_times),
	        TEST(a_kernel_alarm_notifies),
	};
	return TAP_RUN(tests);
}
