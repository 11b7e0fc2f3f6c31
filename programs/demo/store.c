/* SPDX-License-Identifier: MIT */
/* A worker that keeps its state in the data store is killed, and so is the data store. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <granite/ds.h>

#include "demo.h"

#define STORE "datastore"
#define STEPS 20
#define ASK   "demo.ask"   /* the number of the step that is asked for */
#define STATE "demo.state" /* struct state */

/* One entry for both: there is never one without the other. */
struct state {
	uint32_t count, last; /* the last step that was counted */
};

static void await_news(void)
{
	struct ds_change change;
	struct message m;
	int result;
	do
		result = ipc_receive(ANY, &m, NULL);
	while (result == -EINTR || (result == OK && !ds_is_notification(&m)));
	while (ds_check_change(&change) == OK)
		continue;
}

static int look_at_state(struct state *state)
{
	size_t length = sizeof(*state);
	return ds_retrieve_mem(STATE, state, &length);
}

/* ---- The worker: begins with what the one before has left ---- */

/* Who is killed after that is asked for the same step again, by the entry, and knows it. */
static void do_step(void)
{
	struct state state;
	uint32_t step = 0;
	if (ds_retrieve_u32(ASK, &step) != OK || look_at_state(&state) != OK || step == state.last)
		return;
	state.count++;
	state.last = step;
	if (ds_publish_mem(STATE, &state, sizeof(state), DSF_OVERWRITE) != OK)
		_exit(1);
}

static _Noreturn void work(void)
{
	if (ds_subscribe("demo\\.ask", 0) != OK)
		_exit(1);
	for (;;) {
		do_step();
		await_news();
	}
}

static pid_t start_worker(void)
{
	pid_t pid = look_fork();
	if (pid == 0)
		work();
	return pid;
}

static pid_t replace(pid_t worker)
{
	kill(worker, SIGKILL);
	(void)look_wait(worker);
	return start_worker();
}

/* ---- Who asks, and kills ---- */

static int kill_store(void)
{
	struct processes all;
	const struct process *found = NULL;
	processes_take(&all);
	pid_t pid = processes_match(&all, STORE, &found) == 1 ? found->pm.pid : 0;
	processes_free(&all);
	return pid > 0 && kill(pid, SIGKILL) == 0;
}

/* Has the worker do all steps. Returns whether each was counted, once. */
static int ask_for_all(int *workers, int *stores)
{
	struct state state = {0};
	pid_t worker = start_worker();
	int exact = 1;
	for (uint32_t step = 1; step <= STEPS && exact; step++) {
		exact = ds_publish_u32(ASK, step, DSF_OVERWRITE) == OK;
		if (step % 4 == 0) {
			worker = replace(worker);
			++*workers;
			show("step %u: the worker is killed; pid %d takes its place", (unsigned)step,
			     (int)worker);
		}
		if (step % 6 == 0 && kill_store()) {
			++*stores;
			show("step %u: the data store is killed", (unsigned)step);
		}
		while (exact && state.last != step) {
			exact = look_at_state(&state) == OK;
			if (exact && state.last != step)
				await_news();
		}
		exact &= state.count == step;
	}
	kill(worker, SIGKILL);
	(void)look_wait(worker);
	return exact;
}

static int publish_all(void)
{
	const struct state begin = {0};
	int result = ds_publish_mem(STATE, &begin, sizeof(begin), DSF_OVERWRITE);
	if (result == OK)
		result = ds_publish_u32(ASK, 0, DSF_OVERWRITE);
	return result == OK ? ds_subscribe("demo\\.state", DSF_OVERWRITE) : result;
}

void part_store(void)
{
	int workers = 0, stores = 0;
	struct state state = {0};
	say("A worker counts, and keeps its count in the data store, under the name `" STATE
	    "`. It is killed again and again, and another one goes on where it stopped. The data store is "
	    "killed "
	    "too, in the middle of that; RS starts another one, which finds all that was published, and who "
	    "was "
	    "asking it asks again.");
	int result = publish_all();
	if (result != OK) {
		claim(0, "there is a data store (error %d)", -result);
		return;
	}
	int exact = ask_for_all(&workers, &stores);
	claim(workers == STEPS / 4 && stores == STEPS / 6, "%d workers and %d data stores were killed",
	      workers, stores);
	claim(exact, "no step was lost, and none was done twice");
	result = look_at_state(&state);
	claim(result == OK && state.count == STEPS, "the count is %u", (unsigned)state.count);
	claim(ds_unsubscribe("demo\\.state") == OK && ds_delete_u32(ASK) == OK && ds_delete_mem(STATE) == OK,
	      "and it is forgotten again");
}
