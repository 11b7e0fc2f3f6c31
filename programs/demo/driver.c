/* SPDX-License-Identifier: MIT */
/* The console's driver is killed while it is in use. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <granite/rs.h>

#include "demo.h"

#define DRIVER "console"

/* The driver's pid; 0: it is not there just now. */
static pid_t driver_pid(void)
{
	struct processes all;
	const struct process *found = NULL;
	processes_take(&all);
	pid_t pid = processes_match(&all, DRIVER, &found) == 1 ? found->pm.pid : 0;
	processes_free(&all);
	return pid;
}

void part_driver(void)
{
	struct processes before;
	endpoint_t old = rs_lookup(DRIVER);
	pid_t pid = driver_pid();
	say("What you read comes to you through a driver, the process `" DRIVER
	    "`, pid %d. It is killed now, "
	    "in the middle of its work. RS, the reincarnation server, starts another one, which knows what "
	    "the dead one knew, and who was writing (this demo) asks again: no program has to know.",
	    (int)pid);
	processes_take(&before);
	uint64_t start = look_at_clock();
	if (pid == 0 || kill(pid, SIGKILL) != 0) {
		claim(0, "the driver can be killed: %s", pid ? strerror(errno) : "there is none");
		processes_free(&before);
		return;
	}
	show("killed. These words waited until there was a driver again.");
	uint64_t msecs = (look_at_clock() - start) / 1000000;
	endpoint_t new = rs_lookup(DRIVER);
	show("that took %u ms; the driver was endpoint %d, pid %d, and is %d, pid %d", (unsigned)msecs, old,
	     (int)pid, new, (int)driver_pid());
	claim(new > 0 && new != old, "another driver serves now, with an endpoint that nobody had before");
	claim(look_all_live(&before, old), "all others live on");
	processes_free(&before);
}
