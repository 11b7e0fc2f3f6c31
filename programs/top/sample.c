/* SPDX-License-Identifier: MIT */
/* Asks the system what `top` shows. See sample.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "sample.h"

static _Noreturn void give_up(const char *what, int result)
{
	fprintf(stderr, "top: %s: %s\n", what, strerror(-result));
	exit(1);
}

static void take_memory(struct moment *moment)
{
	moment->bytes = calloc(moment->all.count + 1, sizeof(moment->bytes[0]));
	if (!moment->bytes)
		give_up("no memory", -ENOMEM);
	for (uint32_t i = 0; i < moment->all.count; i++)
		moment->bytes[i] = process_memory(&moment->all.list[i]);
}

/* The clocks and counters are read one right after the other: shares and rates are of the same time. */
void sample_take(struct moment *moment)
{
	int result = sys_getinfo(GET_COUNTERS, &moment->counters, sizeof(moment->counters), 0);
	if (result != (int)sizeof(moment->counters))
		give_up("no counters", result < 0 ? result : -EIO);
	result = sys_clock(&moment->uptime, NULL);
	if (result != OK)
		give_up("no clock", result);
	processes_take(&moment->all);
	take_memory(moment);
	result = vm_info(&moment->memory);
	if (result != OK)
		give_up("no account of memory", result);
}

void sample_free(struct moment *moment)
{
	processes_free(&moment->all);
	free(moment->bytes);
	*moment = (struct moment){0};
}
