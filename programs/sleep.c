/* SPDX-License-Identifier: MIT */
/* Waits. */
#include <time.h>

#include "lib/usage.h"

#define USAGE       "sleep SECONDS"
#define SECONDS_MAX 1e9

int main(int argc, char **argv)
{
	usage_check(argc, argv, 1, 1, USAGE, "Waits so many seconds, which may have a fraction: sleep 0.5");
	char *end;
	double seconds = strtod(argv[1], &end);
	if (end == argv[1] || *end != '\0' || !(seconds >= 0 && seconds <= SECONDS_MAX))
		usage_fail(USAGE);
	struct timespec time = {.tv_sec = (time_t)seconds};
	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	if (nanosleep(&time, NULL) != 0) {
		perror("sleep");
		return 1;
	}
	return 0;
}
