/* SPDX-License-Identifier: MIT */
/* guest: time=counted timeout=180 flags=control calls=schedule manifest=rs.manifest programs=rs_subject.c */
/* Services that behave badly, and who controls them: what RS does, and that the system answers all the while.
 */
#include "pages.h"
#include "rs_client.h"

#define CLIENTS 20

/* ---- By themselves ---- */

static void what_crashes_at_once_is_given_up(void)
{
	struct rs_status_rep status = rs_wait_for("crash", RS_IS_GIVEN_UP);
	CHECK_INT(status.restarts, 3);
	CHECK_INT(status.end.kind, RS_KILLED);
	CHECK_INT(status.end.number, SIGABRT);
	CHECK_INT(rs_await("crash", NONE, RS_SECOND), -ENODEV);
	CHECK_INT(rs_lookup("crash"), -ESRCH);
}

static void each_policy_treats_good_and_bad_ends_as_it_says(void)
{
	static const struct {
		const char *label;
		enum rs_state state;
		uint32_t restarts;
	} cases[] = {{"good-failure", RS_IS_DOWN, 0},
	             {"good-never", RS_IS_DOWN, 0},
	             {"bad-never", RS_IS_DOWN, 0},
	             {"bad-failure", RS_IS_GIVEN_UP, 1},
	             {"bad-always", RS_IS_GIVEN_UP, 2}};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rs_status_rep status = rs_wait_for(cases[i].label, cases[i].state);
		CHECK_INT(status.restarts, cases[i].restarts);
		CHECK_INT(status.end.kind, RS_EXITED);
		CHECK_INT(status.end.number, cases[i].label[0] == 'g' ? 0 : 3);
	}
	while (rs_status_of("good-always").restarts < 5)
		CHECK(rs_echo("serve"));
	CHECK_INT(rs_wait_for("good-always", RS_IS_WAITING).end.kind, RS_EXITED);
}

/* It had been executed, so it has failed like others, and is treated as its line says. */
static void what_exits_as_if_it_had_not_been_executed_has_failed(void)
{
	struct rs_status_rep status = rs_wait_for("pretend", RS_IS_GIVEN_UP);
	CHECK_INT(status.restarts, 1);
	CHECK_INT(status.end.kind, RS_EXITED);
	CHECK_INT(status.end.number, 127);
	CHECK_INT(status.problem, RS_NO_PROBLEM);
}

static void what_can_not_start_says_why(void)
{
	static const struct {
		const char *label;
		enum rs_problem problem;
	} cases[] = {{"missing", RS_NO_PROGRAM}, {"data", RS_NOT_EXECUTABLE}, {"badrights", RS_BAD_RIGHTS}};
	struct rs_outcome outcome;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rs_status_rep status = rs_status_of(cases[i].label);
		CHECK_INT(status.state, RS_IS_UNSTARTABLE);
		CHECK_INT(status.problem, cases[i].problem);
		CHECK_INT(rs_up(cases[i].label, &outcome), -ENOEXEC);
		CHECK_INT(outcome.problem, cases[i].problem);
		CHECK_INT(rs_await(cases[i].label, NONE, RS_SECOND), -ENODEV);
	}
	CHECK_INT(rs_up("badline", &outcome), -ESRCH);
}

static void what_does_not_answer_is_killed_and_given_up(void)
{
	struct rs_status_rep status = rs_wait_for("deaf", RS_IS_GIVEN_UP);
	CHECK_INT(status.restarts, 2);
	CHECK_INT(status.end.kind, RS_UNHEARD);
}

/* One that answers in its own way, one that the server loop answers for, one without a heartbeat. */
static void what_answers_is_left_alone(void)
{
	CHECK(rs_echo("serve"));
	sleep(3);
	CHECK_INT(rs_status_of("alive").restarts, 0);
	CHECK_INT(rs_status_of("alive").state, RS_IS_RUNNING);
	CHECK_INT(rs_status_of("serve").restarts, 0);
	CHECK_INT(rs_status_of("console").restarts, 0);
	CHECK_INT(rs_status_of("ramfs").restarts, 0);
}

static void a_server_that_hangs_under_a_call_gets_a_successor(void)
{
	endpoint_t server = rs_lookup("serve");
	struct message m = {0};
	CHECK_INT(rs_ask(server, SUBJECT_HANG, &m), -EDEADSRCDST);
	endpoint_t successor = rs_await("serve", server, 10 * RS_SECOND);
	CHECK(successor >= 0 && successor != server);
	CHECK(rs_echo("serve"));
	CHECK_INT(rs_status_of("serve").end.kind, RS_UNHEARD);
}

/* RS, which is less urgent than who kills and than PM, does not run before all are dead. */
static void kill_together(const int32_t *pids, int count)
{
	CHECK_INT(sys_schedule(sys_self(), SCHED_PRIO_VM, 50), OK);
	for (int i = 0; i < count; i++)
		CHECK_INT(kill(pids[i], SIGKILL), 0);
	for (int i = 0; i < count; i++)
		CHECK_INT(kill(pids[i], 0), 0); /* RS would have buried it */
	CHECK_INT(sys_schedule(sys_self(), SCHED_PRIO_USER, 50), OK);
}

static void ten_that_die_together_come_back(void)
{
	struct rs_status_rep before[10];
	int32_t pids[10];
	char label[] = "one0";
	for (int i = 0; i < 10; i++) {
		label[3] = (char)('0' + i);
		CHECK(rs_echo(label));
		before[i] = rs_status_of(label);
		pids[i] = before[i].pid;
	}
	kill_together(pids, 10);
	for (int i = 0; i < 10; i++) {
		label[3] = (char)('0' + i);
		CHECK(rs_echo(label));
		struct rs_status_rep after = rs_status_of(label);
		CHECK(after.pid != before[i].pid);
		CHECK_INT(after.restarts, before[i].restarts + 1);
		CHECK_INT(after.end.kind, RS_KILLED);
	}
}

/* How long it takes until the successor has answered. */
static uint64_t time_without(const char *label)
{
	endpoint_t killed = rs_lookup(label);
	uint64_t start = rs_now();
	CHECK(rs_kill(label));
	CHECK(rs_await(label, killed, 10 * RS_SECOND) != killed);
	CHECK(rs_echo(label));
	return rs_now() - start;
}

static void the_first_restart_is_at_once_and_the_second_waits(void)
{
	for (int i = 0; i < 2; i++) {
		sleep(11); /* what was before does not count any more */
		CHECK(time_without("serve") < RS_SECOND / 20);
		CHECK(time_without("serve") >= RS_SECOND / 10);
		CHECK(time_without("serve") >= RS_SECOND / 5);
	}
}

/* ---- Control ---- */

static void a_service_goes_down_and_comes_up(void)
{
	struct rs_outcome outcome;
	endpoint_t before = rs_lookup("one0");
	CHECK_INT(rs_down("one0", &outcome), OK);
	CHECK_INT(outcome.end.kind, RS_ASKED_TO);
	CHECK_INT(outcome.end.number, SIGTERM);
	CHECK_INT(rs_await("one0", before, RS_SECOND), -ENODEV);
	sleep(1);
	CHECK_INT(rs_status_of("one0").state, RS_IS_DOWN);
	CHECK_INT(rs_up("one0", &outcome), OK);
	CHECK_INT(outcome.pid, rs_status_of("one0").pid);
	CHECK(rs_echo("one0"));
	CHECK_INT(rs_restart("one0", &outcome), OK);
	CHECK_INT(outcome.was, RS_IS_RUNNING);
	CHECK(rs_echo("one0"));
}

static void one_that_ignores_sigterm_is_killed_after_a_while(void)
{
	struct rs_outcome outcome;
	CHECK(rs_echo("stubborn"));
	uint64_t start = rs_now();
	CHECK_INT(rs_down("stubborn", &outcome), OK);
	CHECK(rs_now() - start >= RS_GRACE_NSECS);
	CHECK_INT(outcome.end.number, SIGKILL);
	CHECK_INT(rs_up("stubborn", &outcome), OK);
	CHECK(rs_echo("stubborn"));
}

static void parts_of_the_system_and_nobody_can_not_be_controlled(void)
{
	static const char *const core[] = {"vm", "pm", "rs"};
	struct rs_outcome outcome;
	for (int i = 0; i < 3; i++) {
		CHECK_INT(rs_up(core[i], &outcome), -EACCES);
		CHECK_INT(rs_down(core[i], &outcome), -EACCES);
		CHECK_INT(rs_restart(core[i], &outcome), -EACCES);
	}
	CHECK_INT(rs_down("nobody", &outcome), -ESRCH);
	CHECK_INT(rs_down("a label that is too long", &outcome), -EINVAL);
}

static void labels_without_an_end_are_refused(void)
{
	for (int32_t operation = RS_LOOKUP; operation <= RS_RESTART; operation++) {
		struct message m = {0};
		memset(m.m_bytes, 's', PROC_NAME_MAX);
		CHECK_INT(rs_ask(RS_PROC_NR, operation, &m), -EINVAL);
	}
}

/* ---- Many clients ---- */

static int client_number;

static void be_a_client(void)
{
	struct rs_outcome outcome;
	int result = OK;
	for (int i = 0; i < 3; i++) {
		switch ((client_number + i) % 3) {
		case 0:
			result = rs_down("stubborn", &outcome);
			break;
		case 1:
			result = rs_up("stubborn", &outcome);
			break;
		default:
			result = rs_restart("stubborn", &outcome);
		}
		CHECK(result == OK || result == -ECANCELED);
	}
}

/* Every fourth is killed in the middle of it. */
static void many_clients_at_once_are_all_answered(void)
{
	pid_t pids[CLIENTS];
	struct rs_outcome outcome;
	for (client_number = 0; client_number < CLIENTS; client_number++)
		pids[client_number] = tap_start(be_a_client);
	usleep(100000);
	for (int i = 0; i < CLIENTS; i += 4)
		CHECK_INT(kill(pids[i], SIGKILL), 0);
	CHECK(rs_echo("serve"));
	for (int i = 0; i < CLIENTS; i++) {
		int status = tap_wait(pids[i]);
		if (i % 4)
			CHECK_EXITED(status, 0);
		else
			CHECK_KILLED(status, SIGKILL);
	}
	CHECK_INT(rs_up("stubborn", &outcome), OK);
	CHECK(rs_echo("stubborn"));
}

static void on_alarm(int number)
{
	(void)number;
}

static void a_signal_ends_a_client_s_wait(void)
{
	struct rs_outcome outcome;
	const struct sigaction action = {.sa_handler = on_alarm};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	CHECK(rs_echo("stubborn"));
	ualarm(100000, 0);
	CHECK_INT(rs_restart("stubborn", &outcome), -EINTR);
	CHECK(rs_echo("stubborn"));
	CHECK_INT(rs_wait_for("stubborn", RS_IS_RUNNING).end.kind, RS_ASKED_TO);
}

/* ---- The data store is told ---- */

static struct subject_who who_is(const char *label)
{
	struct subject_who who = {.endpoint = NONE};
	endpoint_t store = rs_await("ds", NONE, 10 * RS_SECOND);
	struct message m;
	memset(&m, 0, sizeof(m));
	strcpy((char *)m.m_bytes, label);
	CHECK_INT(rs_ask(store, SUBJECT_WHO, &m), OK);
	memcpy(&who, m.m_bytes, sizeof(who));
	return who;
}

static void the_store_knows_all_labels(void)
{
	struct rs_status_rep status;
	for (uint32_t index = 0; rs_status(index, &status) == OK; index++) {
		endpoint_t now = rs_lookup(status.label);
		if (status.state == RS_IS_RUNNING)
			CHECK_INT(who_is(status.label).endpoint, now);
	}
	CHECK_INT(who_is("vm").endpoint, VM_PROC_NR);
	CHECK_INT(who_is("pm").endpoint, PM_PROC_NR);
	CHECK_INT(who_is("rs").endpoint, RS_PROC_NR);
	CHECK_INT(who_is("missing").told, 0);
}

static void the_store_is_told_of_deaths_and_successors(void)
{
	struct rs_outcome outcome;
	uint32_t told = who_is("one1").told;
	CHECK_INT(rs_down("one1", &outcome), OK);
	CHECK_INT(who_is("one1").endpoint, NONE);
	CHECK_INT(rs_up("one1", &outcome), OK);
	CHECK_INT(who_is("one1").endpoint, rs_lookup("one1"));
	CHECK_INT(who_is("one1").told, told + 2);
}

static void a_new_store_is_told_everything(void)
{
	endpoint_t before = rs_lookup("ds");
	CHECK(rs_kill("ds"));
	CHECK(rs_await("ds", before, 10 * RS_SECOND) >= 0);
	the_store_knows_all_labels();
	CHECK_INT(who_is("one1").told, 1);
}

static int32_t disturbance;

static void disturb_the_store(void)
{
	struct message m = {0};
	(void)!rs_ask(rs_lookup("ds"), disturbance, &m);
}

/* RS has more to tell than the kernel keeps for one receiver. In the end it is told what is true then. */
static void a_store_that_naps_is_told_in_the_end(void)
{
	struct rs_outcome outcome;
	CHECK_INT(rs_down("good-always", &outcome), OK); /* it would have RS try again */
	disturbance = SUBJECT_NAP;
	uint64_t start = rs_now();
	pid_t pid = tap_start(disturb_the_store);
	usleep(50000);
	for (int i = 0; i < 30; i++)
		CHECK_INT(rs_restart("one3", &outcome), OK);
	CHECK(rs_now() - start < 3 * RS_SECOND); /* all that in its nap */
	CHECK_EXITED(tap_wait(pid), 0);
	for (int i = 0; i < 100 && who_is("one3").endpoint != rs_lookup("one3"); i++)
		usleep(10000);
	CHECK_INT(who_is("one3").endpoint, rs_lookup("one3"));
	CHECK(who_is("one3").told < 50);
}

/* RS has far more to tell than anybody keeps for a store that does not listen. */
static void a_store_that_hangs_holds_nobody_up(void)
{
	struct rs_outcome outcome;
	disturbance = SUBJECT_HANG;
	pid_t pid = tap_start(disturb_the_store);
	usleep(50000);
	for (int i = 0; i < 100; i++) {
		CHECK_INT(rs_restart("one2", &outcome), OK);
		CHECK(rs_echo("one2"));
	}
	CHECK_INT(rs_restart("ds", &outcome), OK);
	tap_wait(pid);
	the_store_knows_all_labels();
}

/* ---- Children of RS that are no services ---- */

static int to_parent;

static void orphan_a_child(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK(pid > 0);
	CHECK_INT(write(to_parent, &pid, sizeof(pid)), sizeof(pid));
	CHECK_INT(kill(pid, pid % 2 ? SIGSTOP : SIGCONT), 0);
}

/* Each is RS's child then; some are stopped. */
static void orphans_are_buried(void)
{
	struct rs_outcome outcome;
	int fds[2];
	pid_t orphan;
	CHECK_INT(rs_down("good-always", &outcome), OK);
	CHECK_INT(pipe(fds), 0);
	to_parent = fds[1];
	struct account before = account_now();
	for (int i = 0; i < 20; i++) {
		CHECK_EXITED(tap_child(orphan_a_child), 0);
		CHECK_INT(read(fds[0], &orphan, sizeof(orphan)), sizeof(orphan));
		CHECK_INT(kill(orphan, SIGKILL), 0);
	}
	while (kill(orphan, 0) == 0)
		CHECK(rs_echo("serve"));
	check_account(&before);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(what_crashes_at_once_is_given_up),
	        TEST(each_policy_treats_good_and_bad_ends_as_it_says),
	        TEST(what_exits_as_if_it_had_not_been_executed_has_failed),
	        TEST(what_can_not_start_says_why),
	        TEST(what_does_not_answer_is_killed_and_given_up),
	        TEST(what_answers_is_left_alone),
	        TEST(a_server_that_hangs_under_a_call_gets_a_successor),
	        TEST(ten_that_die_together_come_back),
	        TEST(the_first_restart_is_at_once_and_the_second_waits),
	        TEST(a_service_goes_down_and_comes_up),
	        TEST(one_that_ignores_sigterm_is_killed_after_a_while),
	        TEST(parts_of_the_system_and_nobody_can_not_be_controlled),
	        TEST(labels_without_an_end_are_refused),
	        TEST(many_clients_at_once_are_all_answered),
	        TEST(a_signal_ends_a_client_s_wait),
	        TEST(the_store_knows_all_labels),
	        TEST(the_store_is_told_of_deaths_and_successors),
	        TEST(a_new_store_is_told_everything),
	        TEST(a_store_that_naps_is_told_in_the_end),
	        TEST(a_store_that_hangs_holds_nobody_up),
	        TEST(orphans_are_buried),
	};

	return TAP_RUN(tests);
}
