/* SPDX-License-Identifier: MIT */
/*
 * Services: their start, their end, and what follows.
 *
 *                        end, the first
 *                          in a row
 *                          ,----.
 *              start       v    |     end, a further one     back-off over
 *     DOWN ------------> RUNNING --------------> WAITING --------------------> RUNNING
 *      ^  \                |   \                     \
 *      |   `-> CANT_START  |    `-> DOWN: it is not   `-> DOWN: service down
 *      |                   |        to be restarted
 *      |                   |    `-> GIVEN_UP
 *      |         heartbeat |
 *      |   missed, or down |
 *      |        or restart v
 *      `---------------- STOPPING -------> RUNNING, WAITING or GIVEN_UP, by its reason
 *            end
 *
 * Ends are in a row if no run in between was a long one. The first is followed by a start in the same breath,
 * without a timer. A start for which there is no memory leads to WAITING or GIVEN_UP: it is never tried again
 * at once. One that RUNS may still turn out not to have started, when its process can't execute the program:
 * then it goes on as if that had been known at once.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include "rs.h"

static struct service services[MANIFEST_SERVICES_MAX];
static uint32_t nr_services;

/* When nobody will come, what it has kept is given up. An heir that is dead already changes nothing. */
static void pass_kept_memory(struct service *service, endpoint_t heir)
{
	int result = OK;

	if (!(service->entry->spec.flags & PRIV_KEEP))
		return;
	if (service->keeper != NONE)
		result = process_bequeath(service->keeper, heir);
	if (result == OK)
		service->keeper = heir;
	else if (result != -EDEADSRCDST)
		rs_log("%s does not get what it has kept: %s", service->entry->label, strerror(-result));
}

static int will_not_come(enum rs_state state)
{
	return state == RS_IS_DOWN || state == RS_IS_GIVEN_UP || state == RS_IS_UNSTARTABLE;
}

/*
 * A store that is told that there is nobody asks whether somebody will come, and then waits for him. When it
 * was told of the end he was to come: so it is told again.
 */
static void give_up_hope(struct service *service, enum rs_state before)
{
	pass_kept_memory(service, NONE);
	if (before == RS_IS_WAITING)
		labels_changed(service->entry->label, NONE);
}

static void set_state(struct service *service, enum rs_state state, uint64_t deadline)
{
	enum rs_state before = service->state;

	service->state = state;
	service->deadline = deadline;
	service->since = process_now();
	if (will_not_come(state))
		give_up_hope(service, before);
}

/* ---- Finding one ---- */

struct service *services_at(uint32_t index)
{
	return index < nr_services ? &services[index] : NULL;
}

struct service *services_find(const char *label)
{
	for (uint32_t i = 0; i < nr_services; i++)
		if (strcmp(label, services[i].entry->label) == 0)
			return &services[i];
	return NULL;
}

struct service *services_by_endpoint(endpoint_t endpoint)
{
	for (uint32_t i = 0; i < nr_services; i++)
		if (services[i].endpoint == endpoint && endpoint != NONE)
			return &services[i];
	return NULL;
}

/* ---- The start ---- */

/*
 * Whoever must know the successor before it runs is told first. The store itself is told of labels after its
 * release: before, it takes whatever RS sends for that.
 */
static void succeed(struct service *service)
{
	pass_kept_memory(service, service->endpoint);
	labels_changed(service->entry->label, service->endpoint);
	heartbeat_begin(service, service->since);
	process_release(service->endpoint);
	labels_tell();
}

static void log_problem(const struct service *service)
{
	static const char *const texts[] = {
#define PROBLEM(NAME, text) text,
	        RS_PROBLEMS(PROBLEM)
#undef PROBLEM
	};

	rs_log("%s can't be started: %s %s%s%s", service->entry->label, service->entry->program,
	       texts[service->problem], service->error ? ": " : "",
	       service->error ? strerror((int)service->error) : "");
}

/* The exit status of its last run as a shell would tell it. */
static uint32_t shell_status(const struct service *service)
{
	return service->end.kind == RS_EXITED ? service->end.number : 128u + service->end.number;
}

static int has_ended_by_itself(const struct service *service)
{
	return service->end.kind != RS_NOT_ENDED && service->end.kind != RS_ASKED_TO;
}

/* RS itself has found that nobody will come. */
static void abandon(struct service *service, enum rs_state state)
{
	set_state(service, state, NEVER);
	if (service->entry->powers_off && has_ended_by_itself(service))
		process_power_off(shell_status(service));
}

/*
 * Restarts it later, or gives it up, or neither: as the manifest says. `state`: what it is if it is not to be
 * restarted. After RESTART_AT_ONCE, which is never said of one that was NOT_STARTED, the caller starts it.
 */
static enum restart_verdict follow(struct service *service, enum restart_end end, enum rs_state state)
{
	uint64_t now = process_now(), delay;
	enum restart_verdict verdict = restart_judge(&service->entry->restart, &service->record, end,
	                                             now - service->started_at, &delay);

	switch (verdict) {
	case RESTART_AT_ONCE:
		break;
	case RESTART_LATER:
		set_state(service, RS_IS_WAITING, now + delay);
		break;
	case RESTART_GIVEN_UP:
		rs_log("%s is given up: %u failures in a row", service->entry->label,
		       service->record.failures);
		abandon(service, RS_IS_GIVEN_UP);
		break;
	case RESTART_NOT:
		abandon(service, state);
		break;
	}
	return verdict;
}

static int try_to_start(struct service *service)
{
	service->started_at = process_now();
	service->problem = service->program;
	if (service->problem != RS_NO_PROBLEM)
		return -ENOEXEC;
	return process_make(service->entry, &service->pid, &service->endpoint, &service->problem);
}

/* For want of memory it may be possible later; otherwise nothing would change. */
static int is_worth_trying(const struct service *service)
{
	return service->problem == RS_NO_PROCESS ||
	       (service->problem == RS_EXEC_FAILED && service->error == ENOMEM);
}

/* Its pid is 0 again, and `problem` and `error` say why. */
static void could_not_start(struct service *service)
{
	log_problem(service);
	if (is_worth_trying(service))
		follow(service, NOT_STARTED, RS_IS_UNSTARTABLE);
	else
		abandon(service, RS_IS_UNSTARTABLE);
}

static void start(struct service *service)
{
	int result;

	service->endpoint = NONE;
	service->error = service->exec_error = 0;
	result = try_to_start(service);
	if (result != OK && result != -ESRCH) {
		service->pid = 0;
		service->error = result == -ENOEXEC ? 0 : (uint32_t)-result;
		could_not_start(service);
		return;
	}
	service->problem = RS_NO_PROBLEM;
	set_state(service, RS_IS_RUNNING, NEVER);
	if (result == OK)
		succeed(service);
}

static void start_again(struct service *service)
{
	service->restarts++;
	start(service);
}

void services_begin(struct service *service)
{
	service->record = (struct restart_record){0};
	if (service->end.kind == RS_NOT_ENDED)
		start(service);
	else
		start_again(service);
	waiters_settled(service);
}

void services_start(const struct manifest *manifest)
{
	nr_services = manifest->nr_services;
	for (uint32_t i = 0; i < nr_services; i++) {
		services[i] = (struct service){.entry = &manifest->services[i],
		                               .program = programs_problem(manifest->services[i].program),
		                               .endpoint = NONE,
		                               .keeper = NONE,
		                               .deadline = NEVER};
		start(&services[i]);
	}
	timers_update();
}

/* ---- The end ---- */

static void log_end(const struct service *service, int status)
{
	if (WIFSIGNALED(status))
		rs_log("%s killed by signal %d", service->entry->label, WTERMSIG(status));
	else
		rs_log("%s exited %d", service->entry->label, WEXITSTATUS(status));
}

static enum stop_reason reason_of(const struct service *service)
{
	return service->state == RS_IS_STOPPING ? service->stopped_by : STOP_NOT;
}

static int is_asked_for(enum stop_reason reason)
{
	return reason == STOP_DOWN || reason == STOP_RESTART;
}

static struct rs_end describe_end(const struct service *service, int status)
{
	enum stop_reason reason = reason_of(service);

	if (is_asked_for(reason))
		return (struct rs_end){RS_ASKED_TO, (uint16_t)status};
	if (reason == STOP_UNHEARD)
		return (struct rs_end){RS_UNHEARD, SIGKILL};
	if (WIFSIGNALED(status))
		return (struct rs_end){RS_KILLED, (uint16_t)WTERMSIG(status)};
	return (struct rs_end){RS_EXITED, (uint16_t)WEXITSTATUS(status)};
}

/* It has ended by itself. */
static void judge(struct service *service)
{
	int is_good = service->end.kind == RS_EXITED && service->end.number == 0;

	if (follow(service, is_good ? ENDED_WELL : ENDED_BADLY, RS_IS_DOWN) == RESTART_AT_ONCE)
		start_again(service);
}

static void leave(struct service *service)
{
	service->pid = 0;
	service->endpoint = NONE;
	labels_changed(service->entry->label, NONE);
}

/* What has ended was no run of its program. */
static void was_not_executed(struct service *service)
{
	leave(service);
	service->problem = RS_EXEC_FAILED;
	service->error = service->exec_error;
	could_not_start(service);
}

static void has_run(struct service *service, int status)
{
	enum stop_reason reason = reason_of(service);

	log_end(service, status);
	service->end = describe_end(service, status);
	leave(service);
	if (reason == STOP_DOWN)
		set_state(service, RS_IS_DOWN, NEVER);
	else if (reason == STOP_RESTART)
		start_again(service);
	else
		judge(service);
}

/* Who was to be ended has ended, whatever it was just doing. */
static void ended(struct service *service, int status)
{
	if (service->exec_error && !is_asked_for(reason_of(service)))
		was_not_executed(service);
	else
		has_run(service, status);
	waiters_settled(service);
}

/* Orphans that RS has inherited are waited for too, and nothing follows. */
void services_reap(void)
{
	pid_t pid;
	int status;

	while ((pid = process_reap(&status)) > 0)
		for (uint32_t i = 0; i < nr_services; i++)
			if (services[i].pid == pid)
				ended(&services[i], status);
}

void services_end(struct service *service, enum stop_reason reason)
{
	int is_stopping = service->state == RS_IS_STOPPING;

	service->stopped_by = reason;
	if (is_stopping)
		return;
	set_state(service, RS_IS_STOPPING, reason == STOP_UNHEARD ? NEVER : process_now() + RS_GRACE_NSECS);
	process_signal(service->pid, reason == STOP_UNHEARD ? SIGKILL : SIGTERM);
}

void services_put_down(struct service *service)
{
	if (service->state == RS_IS_WAITING || service->state == RS_IS_GIVEN_UP)
		set_state(service, RS_IS_DOWN, NEVER);
	waiters_settled(service);
}

/* ---- Time ---- */

static void kill_at_last(struct service *service)
{
	rs_log("%s does not end: it is killed", service->entry->label);
	service->deadline = NEVER;
	process_signal(service->pid, SIGKILL);
}

static void expire(struct service *service, uint64_t now)
{
	switch (service->state) {
	case RS_IS_RUNNING:
		heartbeat_due(service, now);
		return;
	case RS_IS_STOPPING:
		kill_at_last(service);
		return;
	case RS_IS_WAITING:
		start_again(service);
		waiters_settled(service);
		return;
	default:
		return;
	}
}

void services_expire(uint64_t now)
{
	for (uint32_t i = 0; i < nr_services; i++)
		if (services[i].deadline <= now)
			expire(&services[i], now);
}

uint64_t services_deadline(void)
{
	uint64_t first = NEVER;

	for (uint32_t i = 0; i < nr_services; i++)
		if (services[i].deadline < first)
			first = services[i].deadline;
	return first;
}
