/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer's processes. A supervisor for each role forks one worker after another:
 *
 *   supervisor --fork--> worker: so many random calls; may fork children and partners of its own
 *       |  <--REPORT--------|    calls made, and the hash of what they came to
 *       |                   +    exits, or is killed: by itself, by others, or
 *       |                        by its supervisor: at a random moment, or when
 *       |                        it has been silent for too long
 *       '--kill, wait, the next
 */
#ifndef GUEST_FUZZ_WORKER_H
#define GUEST_FUZZ_WORKER_H

#include <sys/time.h>

#include "fuzz_traps.h"

/* ---- Roles ---- */

enum act { ACT_KERNEL, ACT_SERVER, ACT_IPC, ACT_LINUX, ACT_MEMORY, ACT_LIFE, ACT_TRAP, ACT_GRANT, ACTS };

static int (*const acts[ACTS])(void) = {
        [ACT_KERNEL] = call_the_kernel,  [ACT_SERVER] = call_a_server, [ACT_IPC] = exchange,
        [ACT_LINUX] = call_linux,        [ACT_MEMORY] = use_memory,    [ACT_LIFE] = live,
        [ACT_TRAP] = trap_with_anything, [ACT_GRANT] = lend,
};

static const struct role {
	const char *name;
	enum hostile_set set;
	uint8_t partners;     /* that it exchanges messages with */
	uint8_t weight[ACTS]; /* how often it does what */
} roles[] = {
        {"power", SET_POWER, 0, {[ACT_KERNEL] = 8, [ACT_SERVER] = 1, [ACT_IPC] = 1, [ACT_MEMORY] = 1}},
        {"power, mixed", SET_POWER, 1, {2, 2, 2, 2, 2, 1, 1, 2}},
        {"servers", SET_PLAIN, 0, {[ACT_SERVER] = 8, [ACT_KERNEL] = 1, [ACT_MEMORY] = 1}},
        {"messages", SET_PLAIN, 2, {[ACT_IPC] = 8, [ACT_KERNEL] = 1}},
        {"mute", SET_MUTE, 1, {2, 2, 2, 2, 2, 1, 1, 2}},
        {"memory", SET_PLAIN, 0, {[ACT_MEMORY] = 8, [ACT_SERVER] = 1, [ACT_LIFE] = 1}},
        {"grants", SET_PLAIN, 2, {[ACT_GRANT] = 8, [ACT_MEMORY] = 2, [ACT_IPC] = 1}},
        {"lives", SET_PLAIN, 0, {[ACT_LIFE] = 6, [ACT_IPC] = 1, [ACT_MEMORY] = 1}},
        {"traps", SET_PLAIN, 1, {[ACT_TRAP] = 4, [ACT_LINUX] = 4, [ACT_MEMORY] = 1}},
};

static inline enum act any_act(const struct role *role)
{
	uint32_t sum = 0, act;
	for (act = 0; act < ACTS; act++)
		sum += role->weight[act];
	uint32_t at = below(sum);
	for (act = 0; at >= role->weight[act]; act++)
		at -= role->weight[act];
	return act;
}

/* ---- Partners: they receive, and answer in all ways there are ---- */

static inline void answer(struct message *m)
{
	endpoint_t other = once_in(4) ? PICK(partners) : m->m_source;
	int status;
	m->m_type = once_in(4) ? (int32_t)roll() : OK;
	switch (below(11)) {
	case 0:
		return;
	case 1:
		ipc_notify(other);
		return;
	case 10:
		ipc_notify_later(other);
		return;
	case 2:
		ipc_senda(other, m);
		return;
	case 3:
		(void)!ipc_send(other, m);
		return;
	case 4:
		(void)!ipc_sendrec(other, m);
		return;
	case 5:
		(void)!ipc_reply_receive(other, m, &status);
		return;
	default:
		ipc_sendnb(other, m);
	}
}

static inline _Noreturn void leave(void)
{
	struct message m = {.m_type = PM_EXIT};
	for (;;)
		(void)make_call(PM_PROC_NR, &m);
}

static inline void receive_and_answer(void)
{
	struct message m;
	int status;
	if (ipc_receive(ANY, &m, &status) == OK)
		answer(&m);
}

static inline _Noreturn void be_a_partner(const struct role *role)
{
	me = who_am_i();
	random_state ^= mix((uint32_t)me);
	(void)!open_grants();
	while (!once_in(200)) {
		if (role->weight[ACT_GRANT] > role->weight[ACT_IPC])
			(void)(once_in(4) ? use_memory() : lend());
		else
			receive_and_answer();
	}
	leave();
}

/* The first one's partner is the worker, the second one's the first. */
static inline void find_partners(const struct role *role)
{
	partners[0] = partners[1] = me;
	for (uint32_t i = 0; i < role->partners; i++) {
		pid_t pid = fork();
		if (pid == 0)
			be_a_partner(role);
		if (pid > 0)
			partners[i] = pm_endpoint(pid);
	}
}

/* ---- Workers ---- */

#define REPORT       0x0f022e9f
#define REPORT_EVERY 32
#define LIFE_MAX     600 /* calls */
#define CHILD_CALLS  20

static inline void catch_faults(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	struct sigaction action = {.sa_sigaction = survive, .sa_flags = SA_SIGINFO | SA_NODEFER};
	for (uint32_t i = 0; i < COUNT(faults); i++)
		sigaction(faults[i], &action, NULL);
}

static inline void prepare(const struct role *role, uint32_t seed)
{
	random_state = seed;
	me = who_am_i();
	setsid();
	catch_faults();
	zoo_lay_out();
	(void)!take_set(me, role->set);
	for (uint32_t i = 0; i < COUNT(known); i++)
		known[i] = me;
	for (uint32_t i = 0; i < COUNT(known_pids); i++)
		known_pids[i] = getpid();
	find_partners(role);
	(void)!open_grants();
	for (uint32_t i = 0; i < 16; i++)
		look_around();
}

static uint32_t outcomes, unreported; /* of the worker's calls */

/* A child's calls do not count. */
static inline int report_to(endpoint_t supervisor)
{
	struct message m = {.m_type = REPORT, .m_words = {unreported, outcomes}};
	unreported = 0;
	return generation ? OK : ipc_send(supervisor, &m);
}

static inline void act(const struct role *role)
{
	enum act what = any_act(role);
	int result = acts[what]();
	outcomes = fold(fold(outcomes, what), (uint32_t)result);
	unreported += result != SPARED;
}

static inline _Noreturn void work(const struct role *role, endpoint_t supervisor, uint32_t seed)
{
	uint32_t left;
	prepare(role, seed);
	for (left = 1 + below(LIFE_MAX); left && generation < 2; left--) {
		uint32_t before = generation;
		act(role);
		if (generation != before)
			left = CHILD_CALLS;
		if (unreported == REPORT_EVERY && report_to(supervisor) != OK)
			break;
		if (once_in(24))
			look_around();
	}
	(void)!report_to(supervisor);
	leave();
}

/* ---- Supervisors ---- */

/* So long may a worker be silent, and so long do most live that are to be killed in the middle; microseconds.
 */
#define PATIENCE 100000
#define SHORT    20000

enum order { BEGIN = 1, END, DONE };

static endpoint_t master;

static struct harvest {
	uint32_t calls, outcomes, lives, killed;
} harvest;

static inline void on_alarm(int number)
{
	(void)number;
}

static inline void set_patience(uint32_t microseconds)
{
	const struct timeval time = {.tv_usec = (suseconds_t)microseconds};
	const struct itimerval timer = {time, time};
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Takes its reports until it is dead, silent for too long, or has lived long enough. */
static inline void listen_to(endpoint_t worker, uint32_t time_to_live)
{
	struct message m;
	int status;
	do {
		set_patience(time_to_live ? time_to_live : PATIENCE);
		if (ipc_receive(worker, &m, &status) != OK)
			break;
		if (m.m_type != REPORT || m.m_words[0] > REPORT_EVERY)
			continue;
		harvest.calls += m.m_words[0];
		harvest.outcomes = fold(harvest.outcomes, m.m_words[1]);
	} while (!time_to_live || !once_in(4));
	set_patience(0);
}

static inline void bring_up_one(const struct role *role)
{
	endpoint_t self = who_am_i();
	uint32_t seed = roll(), time_to_live = once_in(4) ? 1 + below(SHORT) : 0;
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		work(role, self, seed);
	if (pid < 0) {
		usleep(1000);
		return;
	}
	listen_to(pm_endpoint(pid), time_to_live);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	harvest.outcomes = fold(harvest.outcomes, (uint32_t)status);
	harvest.lives++;
	harvest.killed += WIFSIGNALED(status);
}

static inline int32_t order_from_master(void)
{
	struct message m;
	int status, result;
	do
		result = ipc_receive(master, &m, &status);
	while (result == -EINTR);
	return m.m_type;
}

static inline void supervise(const struct role *role, uint32_t seed, uint32_t calls)
{
	struct message m = {.m_type = DONE};
	signal(SIGALRM, on_alarm);
	random_state = seed;
	CHECK_INT(order_from_master(), BEGIN);
	while (harvest.calls < calls)
		bring_up_one(role);
	memcpy(m.m_bytes, &harvest, sizeof(harvest));
	CHECK_INT(ipc_send(master, &m), OK);
	CHECK_INT(order_from_master(), END);
}

#endif
