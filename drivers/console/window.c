/* SPDX-License-Identifier: MIT */
/*
 * How large the terminal is. A serial line does not say: the kernel's command line may (`terminal=132x43`,
 * columns and rows, which tools/run adds), and a program may when it has asked the terminal.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <granite/sys.h>

#include "console.h"
#include "kept.h"

#define OPTION "terminal="

/* The option's place in the command line, or null. */
static const char *option_value(const char *cmdline)
{
	for (const char *found = cmdline; (found = strstr(found, OPTION)); found++)
		if (found == cmdline || found[-1] == ' ')
			return found + strlen(OPTION);
	return NULL;
}

void window_init(enum line_kind kind)
{
	struct boot_info info;
	unsigned short columns, rows;

	kept->window = (struct console_window){0};
	if (kind == LINE_PIPE)
		return;
	kept->window = (struct console_window){.rows = 25, .columns = 80};
	if (sys_getinfo(GET_BOOTINFO, &info, sizeof(info), 0) != (int)sizeof(info))
		return;
	info.cmdline[sizeof(info.cmdline) - 1] = '\0';
	const char *value = option_value(info.cmdline);
	if (value && sscanf(value, "%4hux%4hu", &columns, &rows) == 2 && columns > 0 && rows > 0)
		kept->window = (struct console_window){.rows = rows, .columns = columns};
}

int do_window(endpoint_t caller, const struct console_window_req *request, struct console_window_rep *reply)
{
	(void)caller;
	if (request->set && memcmp(&kept->window, &request->window, sizeof(kept->window)) != 0) {
		CHANGING(kept->window);
		kept->window = request->window;
		terminal_signal(SIGWINCH);
		kept_commit();
		terminal_send_signal();
	}
	reply->window = kept->window;
	return OK;
}
