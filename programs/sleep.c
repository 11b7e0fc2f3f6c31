/* SPDX-License-Identifier: MIT */
/* Waits. */
#include <time.h>

#include "lib/number.h"
#include "lib/usage.h"

#define ABOUT       "waits so many seconds"
#define SECONDS_MAX 1e9

static const struct usage usage = {"sleep", "SECONDS", ABOUT, "They may have a fraction: sleep 0.5"};

int main(int argc, char **argv)
{
	double seconds;
	usage_check(&usage, argc, argv, 1, 1);
	if (seconds_parse(argv[1], 0, SECONDS_MAX, &seconds) != 0)
		usage_wrong(&usage, 0, argv[1], "a number of seconds");
	struct timespec time = {.tv_sec = (time_t)seconds};
	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	if (nanosleep(&time, NULL) != 0) {
		perror("sleep");
		return 1;
	}
	return 0;
}
