/* SPDX-License-Identifier: MIT */
/* guest: timeout=300 time=counted calls=all args=100000 seed=yes variants=no */
/*
 * Random calls, by many processes at once, while a watchdog makes sure that everybody else is served. In the
 * end nothing is left of it. The arguments are the number of calls at least, and a seed: the same one makes
 * the same run.
 *
 *	fuzz_random.h   where arguments come from
 *	fuzz_grants.h   what is lent
 *	fuzz_requests.h what requests look like
 *	hostile_rules.h what is left out, and why
 *	fuzz_calls.h    the calls
 *	fuzz_traps.h    the traps
 *	fuzz_worker.h   who makes them
 *	fuzz_watch.h    who watches
 */
#define _GNU_SOURCE
#include <errno.h>
#include <granite/abi/counters.h>
#include <granite/abi/trace.h>
#include <granite/rs.h>

#include "fuzz_watch.h"
#include "system_state.h"

static uint32_t calls, seed;

/* ---- Those who take part ---- */

static struct helper {
	pid_t pid;
	endpoint_t endpoint;
} supervisors[COUNT(roles)], watchdog, echo_process;

static const struct role *supervised; /* by the supervisor that is being forked */

static void be_a_supervisor(void)
{
	supervise(supervised, mix(seed + (uint32_t)(supervised - roles)), calls / COUNT(roles) + 1);
}

/* The innocent have their own set; they go first where the watchdog or a supervisor must not starve. */
static void start(struct helper *helper, void (*function)(void), uint32_t priority)
{
	helper->pid = tap_start(function);
	helper->endpoint = pm_endpoint(helper->pid);
	CHECK_INT(take_set(helper->endpoint, SET_GUARD), OK);
	CHECK_INT(sys_schedule(helper->endpoint, priority, 50), OK);
}

static void order(const struct helper *helper, enum order what)
{
	struct message m = {.m_type = what};
	CHECK_INT(ipc_send(helper->endpoint, &m), OK);
}

/* RS has not allowed us to talk to those sets, nor them to us. */
static void talk_to_everybody(void)
{
	struct priv_spec all = set_of(SET_GUARD);
	struct proc_info self;
	CHECK_INT(sys_getinfo(GET_PROCTAB, &self, sizeof(self), (uint32_t)ENDPOINT_SLOT(master)),
	          sizeof(self));
	all.id = self.priv_id;
	CHECK_INT(sys_privctl(NONE, &all), OK);
}

/* ---- Before ---- */

static struct system_state before;
static struct message terminal = {.m_type = CONSOLE_GETATTR}, foreground = {.m_type = CONSOLE_FOREGROUND};

/* Which are for all to change. */
static void restore_the_terminal(void)
{
	struct message restore = {.m_type = CONSOLE_SETATTR}, group = foreground;
	memcpy(restore.m_bytes + sizeof(uint32_t), terminal.m_bytes, CONSOLE_TERMIOS_BYTES);
	group.m_type = CONSOLE_FOREGROUND;
	CHECK_INT(make_call(console, &restore), OK);
	CHECK_INT(make_call(console, &group), OK);
}

static void settle(void)
{
	usleep(200000);
}

static void setup(void)
{
	vir_bytes at;
	printf("# seed %u; again: SEED=%u tools/test guest/fuzz_test\n", (unsigned)seed, (unsigned)seed);
	master = sys_self();
	interfaces[CONSOLE_INTERFACE].server = console = rs_lookup("console");
	CHECK(console > 0);
	interfaces[RAMFS_INTERFACE].server = rs_lookup("ramfs");
	CHECK(interfaces[RAMFS_INTERFACE].server > 0);
	interfaces[DS_INTERFACE].server = rs_lookup("ds");
	CHECK(interfaces[DS_INTERFACE].server > 0);
	CHECK_INT(sys_getinfo(GET_BOOTINFO, &boot, sizeof(boot), 0), sizeof(boot));
	addresses_make();
	CHECK_INT(vm_mmap(0, PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE, 0, &at), OK);
	trap_page = at;
	talk_to_everybody();
	CHECK_INT(make_call(console, &terminal), OK);
	CHECK_INT(make_call(console, &foreground), OK);
	settle();
	before = state_now();
}

/* ---- The run ---- */

/* Seconds: so long may a reader, whatever has become of it, have asked the console to wait. */
#define VTIME_MAX 26

static struct harvest total, harvests[COUNT(roles)];

static void add(uint32_t which)
{
	const struct harvest *its = &harvests[which];
	printf("# %-12s %6u calls, %4u lives, %4u of them ended by a signal, outcomes %08x\n",
	       roles[which].name, (unsigned)its->calls, (unsigned)its->lives, (unsigned)its->killed,
	       (unsigned)its->outcomes);
	total.calls += its->calls;
	total.lives += its->lives;
	total.killed += its->killed;
	total.outcomes = fold(total.outcomes, its->outcomes);
}

/*
 * The hostile send to us too. So we wait for anybody: who waits for a supervisor that waits for its worker,
 * which sends to us, would be refused.
 */
static void take_harvest(void)
{
	struct message m = {.m_type = 0};
	int status;
	uint32_t which = COUNT(roles);
	while (m.m_type != DONE || which == COUNT(roles)) {
		CHECK_INT(ipc_receive(ANY, &m, &status), OK);
		for (which = 0; which < COUNT(roles); which++)
			if (m.m_source == supervisors[which].endpoint)
				break;
	}
	memcpy(&harvests[which], m.m_bytes, sizeof(harvests[which]));
}

static void start_all(void)
{
	start(&echo_process, be_an_echo, SCHED_PRIO_SERVER);
	echo = echo_process.endpoint;
	start(&watchdog, watch, SCHED_PRIO_SERVER);
	struct message m = {.m_type = BEGIN, .m_words = {(uint32_t)watchdog.endpoint}};
	CHECK_INT(ipc_send(echo, &m), OK);
	for (uint32_t i = 0; i < COUNT(roles); i++) {
		supervised = &roles[i];
		start(&supervisors[i], be_a_supervisor, SCHED_PRIO_USER - 1);
	}
}

/* The time and the kernel's counters tell two runs apart that differ by one instruction. */
static void print_the_run(void)
{
	struct granite_counters counters;
	uint64_t nsecs = uptime();
	CHECK_INT(sys_getinfo(GET_COUNTERS, &counters, sizeof(counters), 0), sizeof(counters));
	printf("# run: %u calls, outcomes %08x, %llu ns, %llu kernel entries, %llu page faults, %llu pages "
	       "mapped by grant\n",
	       (unsigned)total.calls, (unsigned)total.outcomes, (unsigned long long)nsecs,
	       (unsigned long long)counters.kernel_entries, (unsigned long long)counters.page_faults,
	       (unsigned long long)counters.grant_mapped_pages);
}

static void as_many_calls_are_made_as_asked_for(void)
{
	start_all();
	for (uint32_t i = 0; i < COUNT(roles); i++)
		order(&supervisors[i], BEGIN);
	for (uint32_t i = 0; i < COUNT(roles); i++)
		take_harvest();
	restore_the_terminal();
	printf("\n");
	for (uint32_t i = 0; i < COUNT(roles); i++)
		add(i);
	print_the_run();
	CHECK(total.calls >= calls);
	CHECK(total.lives > COUNT(roles) && total.killed > 0);
}

static void everybody_was_served_throughout(void)
{
	struct message m = {.m_type = END};
	CHECK_INT(ipc_sendrec(watchdog.endpoint, &m), OK);
	printf("# the watchdog has asked %u times, and waited for %u us at most\n", (unsigned)m.m_words[0],
	       (unsigned)m.m_words[1]);
	CHECK(m.m_words[0] > calls / 1000);
	CHECK_EXITED(tap_wait(watchdog.pid), 0);
}

/* ---- After ---- */

/* Those that have left their groups. 0: there were none. */
static uint32_t kill_the_stray(void)
{
	union pm_procinfo_message call = {.req = {.index = 0}};
	uint32_t found = 0;
	while (pm_procinfo_call(&call) == OK) {
		uint32_t next = call.rep.next;
		if (whose_is(call.rep.endpoint) == HOSTILE)
			found += kill(call.rep.pid, SIGKILL) == 0;
		call.req = (struct pm_procinfo_req){.index = next};
	}
	return found;
}

/* Processes that PM and VM have never heard of are their maker's to clear, if that has lived. */
static void clear_the_imageless(void)
{
	struct proc_info info;
	for (uint32_t slot = 0; slot < ENDPOINT_SLOTS; slot++)
		if (sys_getinfo(GET_PROCTAB, &info, sizeof(info), slot) == (int)sizeof(info) &&
		    info.endpoint != NONE && info.rts_flags == RTS_NO_IMAGE && !info.name[0])
			clear_again(info.endpoint);
}

/* Until no message has come for a while. */
static void receive_what_is_left(void)
{
	struct message m;
	int status;
	signal(SIGALRM, on_alarm);
	set_patience(PATIENCE);
	while (ipc_receive(ANY, &m, &status) == OK)
		;
	set_patience(0);
}

static void everything_is_where_it_was(void)
{
	for (uint32_t i = 0; i < COUNT(roles); i++) {
		order(&supervisors[i], END);
		CHECK_EXITED(tap_wait(supervisors[i].pid), 0);
	}
	kill(echo_process.pid, SIGKILL);
	CHECK_KILLED(tap_wait(echo_process.pid), SIGKILL);
	while (kill_the_stray())
		settle();
	clear_the_imageless();
	receive_what_is_left();
	restore_the_terminal();
	sleep(VTIME_MAX);
	check_state(&before);
}

static void nobody_traces(void)
{
	CHECK_INT(sys_trace_set(0, NULL), OK);
}

/* ---- Rights ---- */

static void ask_for_everything(void)
{
	CHECK_INT(take_set(sys_self(), SET_PLAIN), OK);
	for (int32_t call = KCALL_BASE; call < KCALL_BASE + KCALL_MAX; call++) {
		struct message m = {.m_type = call};
		int exists = operation_find(&interfaces[KERNEL_INTERFACE], call) != NULL;
		if (!is_basic_call(call))
			CHECK_INT(raw_kcall(AT(&m)), exists ? -ECALLDENIED : -EBADCALL);
	}
}

static void rights_are_what_they_were(void)
{
	CHECK_EXITED(tap_child(ask_for_everything), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(as_many_calls_are_made_as_asked_for),
	        TEST(everybody_was_served_throughout),
	        TEST(everything_is_where_it_was),
	        TEST(nobody_traces),
	        TEST(rights_are_what_they_were),
	};
	calls = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 1000;
	seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 1;
	return TAP_RUN(tests);
}
