/* SPDX-License-Identifier: MIT */
/* guest: calls=trace */
/* The trace: what is recorded, in which order, who may have it, and what hostile arguments come to. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "tap.h"

#define RECORDS_MAX 20000

static struct trace_record records[RECORDS_MAX];
static int count;      /* how many of `records` are filled */
static uint64_t first; /* the number of the first */

static endpoint_t self;

/* ---- Recording ---- */

static void begin(uint32_t kinds)
{
	CHECK_INT(sys_trace_set(kinds, NULL), OK);
}

/* Fetches [from, to). The records are numbered one after the other, or the test fails. */
static void fetch(uint64_t from, uint64_t to)
{
	struct trace_span span;
	count = 0;
	while (from < to) {
		int got = sys_trace_read(from, records + count, RECORDS_MAX - count, &span);
		REQUIRE(got > 0 && got <= TRACE_READ_MAX);
		if (count == 0)
			first = span.first;
		else
			REQUIRE(span.first == from);
		from = span.first + got;
		count += got;
	}
}

/* Ends the trace and fetches all of it. */
static void end(void)
{
	struct trace_span span;
	CHECK_INT(sys_trace_set(0, &span), OK);
	fetch(span.first, span.next);
}

/* The next record from index `from` on with this event of this process; its index, or -1. */
static int find(int from, enum trace_event event, endpoint_t process)
{
	for (int i = from; i < count; i++)
		if (records[i].event == event && records[i].endpoint == process)
			return i;
	return -1;
}

#define REQUIRE_FOUND(index, from, event, process) \
	int index = find(from, event, process);    \
	REQUIRE(index >= 0)

static int count_events(enum trace_event event, endpoint_t process)
{
	int found = 0;
	for (int i = find(0, event, process); i >= 0; i = find(i + 1, event, process))
		found++;
	return found;
}

/* Whether the message that was delivered by this record was sent by that one. */
static int is_pair(int delivered, int sent)
{
	return records[delivered].args[3] == (uint32_t)(first + sent) &&
	       records[delivered].args[0] == (uint32_t)records[sent].endpoint;
}

/* ---- Partners ---- */

static void echo_for_ever(void)
{
	struct message m;
	int status;
	int result = ipc_receive(ANY, &m, &status);
	while (result == OK)
		result = ipc_reply_receive(m.m_source, &m, &status);
}

/* What the kernel knows of the process; it lives. */
static struct proc_info look_at(endpoint_t endpoint)
{
	struct proc_info info = {0};
	CHECK_INT(sys_getinfo(GET_PROCTAB, &info, sizeof(info), ENDPOINT_SLOT(endpoint)), sizeof(info));
	CHECK_INT(info.endpoint, endpoint);
	return info;
}

/* Starts the function in a child and waits until that is `state` and waits for `other`. */
static endpoint_t start(void (*function)(void), enum rts_flag state, endpoint_t other, pid_t *pid)
{
	struct proc_info info;
	self = sys_self();
	*pid = tap_start(function);
	endpoint_t endpoint = pm_endpoint(*pid);
	do {
		usleep(1000);
		info = look_at(endpoint);
	} while (info.endpoint == endpoint && !(info.rts_flags & state && info.blocked_on == other));
	return endpoint;
}

static endpoint_t start_server(pid_t *pid)
{
	return start(echo_for_ever, RTS_RECEIVING, ANY, pid);
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

/* ---- What is recorded ---- */

static void nothing_is_recorded_while_it_is_off(void)
{
	struct trace_span before, after;
	CHECK_INT(sys_trace_set(0, &before), OK);
	for (int i = 0; i < 10; i++)
		usleep(1000);
	CHECK_INT(sys_trace_set(0, &after), OK);
	CHECK(before.next == after.next);
}

static void a_round_trip_is_recorded_in_order(void)
{
	struct message m = {.m_type = 77};
	pid_t pid;
	endpoint_t server = start_server(&pid);
	m.m_words[0] = 123;
	m.m_words[1] = 456;
	begin(TRACE_IPC);
	CHECK_INT(ipc_sendrec(server, &m), OK);
	end();
	REQUIRE_FOUND(sent, 0, EVENT_SEND, self);
	REQUIRE_FOUND(taken, sent, EVENT_DELIVERED, server);
	REQUIRE_FOUND(reply, taken, EVENT_SEND, server);
	REQUIRE_FOUND(waits, reply, EVENT_RECEIVE, server);
	REQUIRE_FOUND(answered, waits, EVENT_DELIVERED, self);
	CHECK_INT(records[sent].number, IPC_SENDREC);
	CHECK_INT(records[sent].args[0], server);
	CHECK_INT(records[sent].args[1], 77);
	CHECK_INT(records[sent].args[2], 123);
	CHECK_INT(records[sent].args[3], 456);
	CHECK_INT(records[taken].number, IPC_SENDREC);
	CHECK_INT(records[taken].args[1], 77);
	CHECK_INT(records[taken].args[2], 123);
	CHECK(is_pair(taken, sent));
	CHECK_INT(records[reply].number, IPC_REPLY_RECEIVE);
	CHECK_INT(records[reply].args[0], self);
	CHECK_INT((endpoint_t)records[waits].args[0], ANY);
	CHECK(is_pair(answered, reply));
	stop(pid);
}

static void send_once(void)
{
	struct message m = {.m_type = 5};
	CHECK_INT(ipc_send(self, &m), OK);
}

static void a_message_that_waits_is_paired_with_its_delivery(void)
{
	struct message m;
	pid_t pid;
	int status;
	begin(TRACE_IPC);
	endpoint_t child = start(send_once, RTS_SENDING, sys_self(), &pid);
	CHECK_INT(ipc_receive(child, &m, &status), OK);
	CHECK_EXITED(tap_wait(pid), 0);
	end();
	int sent = find(0, EVENT_SEND, child);
	while (sent >= 0 && records[sent].args[1] != 5)
		sent = find(sent + 1, EVENT_SEND, child);
	REQUIRE(sent >= 0);
	CHECK_INT(records[sent].number, IPC_SEND | TRACE_QUEUED);
	REQUIRE_FOUND(over, sent, EVENT_SENT, child);
	int taken = find(sent, EVENT_DELIVERED, self);
	while (taken >= 0 && records[taken].args[1] != 5)
		taken = find(taken + 1, EVENT_DELIVERED, self);
	REQUIRE(taken > over);
	CHECK(is_pair(taken, sent));
}

static void asynchronous_messages_and_notifications_are_recorded(void)
{
	struct message m = {.m_type = 1};
	int status;
	self = sys_self();
	begin(TRACE_IPC);
	for (int i = 1; i <= 3; i++) {
		m.m_type = i;
		CHECK_INT(ipc_senda(self, &m), OK);
	}
	CHECK_INT(ipc_notify(self), OK);
	for (int i = 0; i < 4; i++)
		CHECK_INT(ipc_receive(self, &m, &status), OK);
	end();
	REQUIRE_FOUND(notified, 0, EVENT_NOTIFY, self);
	CHECK_INT(records[notified].args[0], self);
	REQUIRE_FOUND(notification, notified, EVENT_DELIVERED, self);
	CHECK_INT(records[notification].number, IPC_NOTIFY);
	int sent = -1, taken = notification;
	for (int i = 1; i <= 3; i++) {
		sent = find(sent + 1, EVENT_SEND, self);
		taken = find(taken + 1, EVENT_DELIVERED, self);
		REQUIRE(sent >= 0 && taken >= 0);
		CHECK_INT(records[sent].number, IPC_SENDA);
		CHECK_INT(records[sent].args[1], i);
		CHECK_INT(records[taken].args[1], i);
		CHECK(is_pair(taken, sent));
	}
}

static void a_refused_call_is_recorded_with_its_error(void)
{
	struct message m = {.m_type = 1};
	self = sys_self();
	begin(TRACE_IPC);
	CHECK_INT(ipc_send(ENDPOINT_MAKE(900, 9), &m), -EDEADSRCDST);
	end();
	REQUIRE_FOUND(refused, 0, EVENT_REFUSED, self);
	CHECK_INT(records[refused].number, IPC_SEND);
	CHECK_INT(records[refused].args[0], ENDPOINT_MAKE(900, 9));
	CHECK_INT((int32_t)records[refused].args[1], -EDEADSRCDST);
	CHECK_INT(find(0, EVENT_SEND, self), -1);
}

static void a_kernel_call_is_recorded_with_its_result(void)
{
	self = sys_self();
	begin(TRACE_CALL);
	CHECK_INT(sys_getinfo(99, records, 64, 3), -EINVAL);
	end();
	REQUIRE_FOUND(result_of_set, 0, EVENT_RESULT, self);
	CHECK_INT(records[result_of_set].number, SYS_TRACE);
	REQUIRE_FOUND(call, 0, EVENT_CALL, self);
	REQUIRE_FOUND(result, call, EVENT_RESULT, self);
	CHECK_INT(records[call].number, SYS_GETINFO);
	CHECK_INT(records[call].args[0], 99);
	CHECK_INT(records[call].args[1], (uint32_t)(uintptr_t)records);
	CHECK_INT(records[call].args[2], 64);
	CHECK_INT(records[call].args[3], 3);
	CHECK_INT(records[result].number, SYS_GETINFO);
	CHECK_INT((int32_t)records[result].args[0], -EINVAL);
}

static char *fresh_page(void)
{
	char *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	return page;
}

static void a_page_fault_is_recorded_until_its_verdict(void)
{
	char *page = fresh_page();
	self = sys_self();
	begin(TRACE_FAULT | TRACE_IPC);
	page[100] = 1;
	end();
	REQUIRE_FOUND(fault, 0, EVENT_PAGE_FAULT, self);
	REQUIRE_FOUND(taken, fault, EVENT_DELIVERED, VM_PROC_NR);
	REQUIRE_FOUND(verdict, taken, EVENT_VERDICT, self);
	CHECK_INT(records[fault].args[0], (uint32_t)(uintptr_t)page + 100);
	CHECK(records[fault].args[1] & VM_FAULT_WRITE);
	CHECK_INT(records[taken].number, IPC_SEND | IPC_STATUS_FROM_KERNEL);
	CHECK_INT(records[taken].args[1], VM_PAGEFAULT);
	CHECK(is_pair(taken, fault));
	CHECK_INT((int32_t)records[verdict].args[0], OK);
	CHECK_INT(records[verdict].args[1], VM_PROC_NR);
}

static void a_copy_that_faults_is_recorded(void)
{
	char *page = fresh_page();
	self = sys_self();
	begin(TRACE_FAULT | TRACE_CALL);
	CHECK(sys_getinfo(GET_PROCTAB, page, sizeof(struct proc_info), 0) > 0);
	end();
	REQUIRE_FOUND(call, 0, EVENT_CALL, self);
	REQUIRE_FOUND(fault, call, EVENT_COPY_FAULT, self);
	REQUIRE_FOUND(asked, fault, EVENT_VM_REQUEST, self);
	REQUIRE_FOUND(verdict, asked, EVENT_VERDICT, self);
	REQUIRE_FOUND(result, verdict, EVENT_RESULT, self);
	CHECK_INT(records[fault].args[0], self);
	CHECK_INT(records[fault].args[1], (uint32_t)(uintptr_t)page);
	CHECK_INT(records[asked].args[1], (uint32_t)(uintptr_t)page);
	CHECK_INT(records[asked].args[2], sizeof(struct proc_info));
	CHECK_INT(records[asked].args[3], 1);
	CHECK_INT(count_events(EVENT_CALL, self),
	          2); /* the second ends the trace: no call is told of twice */
}

static char *lent_page;

/* Maps what the test has granted, again and again until it may. */
static void map_from_parent(void)
{
	endpoint_t parent = pm_endpoint(getppid());
	struct message m;
	cp_grant_id_t grant;
	REQUIRE(ipc_receive(parent, &m, NULL) == OK);
	memcpy(&grant, m.m_bytes, sizeof(grant));
	CHECK_INT(sys_safemap(parent, grant, 0, (vir_bytes)(uintptr_t)lent_page, PAGE_SIZE, 0), OK);
}

static void the_use_of_grants_is_recorded(void)
{
	char buffer[4];
	self = sys_self();
	lent_page = fresh_page();
	lent_page[0] = 'x';
	pid_t pid = tap_start(map_from_parent);
	endpoint_t child = pm_endpoint(pid);
	cp_grant_id_t mine = cpf_grant_direct(self, (vir_bytes)(uintptr_t)lent_page, 100, CPF_READ);
	cp_grant_id_t its =
	        cpf_grant_direct(child, (vir_bytes)(uintptr_t)lent_page, PAGE_SIZE, CPF_READ | CPF_MAP);
	struct message m = {0};
	memcpy(m.m_bytes, &its, sizeof(its));
	begin(TRACE_GRANT);
	CHECK_INT(sys_safecopyfrom(self, mine, 7, (vir_bytes)(uintptr_t)buffer, 4), OK);
	CHECK_INT(sys_safecopyto(self, mine, 7, (vir_bytes)(uintptr_t)buffer, 4), -EPERM);
	CHECK_INT(ipc_send(child, &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
	end();
	REQUIRE_FOUND(used, 0, EVENT_GRANT, self);
	CHECK_INT(records[used].args[0], self);
	CHECK_INT(records[used].args[1], (uint32_t)(uintptr_t)lent_page + 7);
	CHECK_INT(records[used].args[2], 4);
	CHECK_INT(records[used].args[3], 1);
	REQUIRE_FOUND(refused, used, EVENT_GRANT_REFUSED, self);
	CHECK_INT((int32_t)records[refused].args[1], -EPERM);
	REQUIRE_FOUND(lent, refused, EVENT_LEND, child);
	CHECK_INT(records[lent].args[0], self);
	CHECK_INT(records[lent].args[2], PAGE_SIZE);
	CHECK_INT(cpf_revoke(mine), OK);
	CHECK_INT(cpf_revoke(its), OK);
}

static void touch_nothing(void)
{
	*(volatile char *)NULL = 1;
}

static void fork_exception_and_exit_are_recorded(void)
{
	self = sys_self();
	begin(TRACE_FAULT);
	CHECK_KILLED(tap_child(touch_nothing), SIGSEGV);
	end();
	REQUIRE_FOUND(forked, 0, EVENT_FORK, self);
	endpoint_t child = (endpoint_t)records[forked].args[0];
	REQUIRE_FOUND(named, forked, EVENT_NAME, child);
	CHECK(strcmp((char *)records[named].args, "trace_test") == 0);
	int fault = find(named, EVENT_PAGE_FAULT, child);
	while (fault >= 0 && records[fault].args[0] != 0)
		fault = find(fault + 1, EVENT_PAGE_FAULT, child);
	REQUIRE(fault >= 0);
	REQUIRE_FOUND(verdict, fault, EVENT_VERDICT, child);
	CHECK_INT((int32_t)records[verdict].args[0], -EFAULT);
	REQUIRE_FOUND(exception, verdict, EVENT_EXCEPTION, child);
	CHECK_INT(records[exception].args[0], SIGSEGV);
	CHECK_INT(records[exception].args[1], 0);
	CHECK_INT(records[exception].args[2], 14);
	REQUIRE_FOUND(gone, exception, EVENT_EXIT, child);
	CHECK(gone < count);
}

static void become_true(void)
{
	char *argv[] = {"true", NULL};
	execve("/bin/true", argv, environ);
}

static void exec_is_recorded_with_the_new_label(void)
{
	self = sys_self();
	begin(TRACE_PROCESS);
	CHECK_EXITED(tap_child(become_true), 0);
	end();
	REQUIRE_FOUND(forked, 0, EVENT_FORK, self);
	endpoint_t child = (endpoint_t)records[forked].args[0];
	REQUIRE_FOUND(executed, forked, EVENT_EXEC, child);
	CHECK(strcmp((char *)records[executed].args, "true") == 0);
	REQUIRE_FOUND(gone, executed, EVENT_EXIT, child);
	CHECK(gone < count);
}

static void who_runs_is_recorded(void)
{
	struct message m = {.m_type = 1};
	pid_t pid;
	endpoint_t server = start_server(&pid);
	begin(TRACE_SCHED | TRACE_IPC);
	CHECK_INT(ipc_sendrec(server, &m), OK);
	end();
	REQUIRE_FOUND(at_first, 0, EVENT_RUN, self);
	REQUIRE_FOUND(sent, at_first, EVENT_SEND, self);
	REQUIRE_FOUND(runs, sent, EVENT_RUN, server);
	REQUIRE_FOUND(taken, runs, EVENT_DELIVERED, server);
	REQUIRE_FOUND(again, taken, EVENT_RUN, self);
	CHECK(find(again, EVENT_DELIVERED, self) > again);
	stop(pid);
}

static void interrupts_alarms_and_idling_are_recorded(void)
{
	struct message m;
	int status;
	self = sys_self();
	begin(TRACE_IRQ | TRACE_SCHED);
	CHECK_INT(sys_setalarm(30000000, 0, NULL), OK);
	CHECK_INT(ipc_receive(CLOCK, &m, &status), OK);
	end();
	REQUIRE_FOUND(idle, 0, EVENT_IDLE, NONE);
	REQUIRE_FOUND(irq, idle, EVENT_IRQ, NONE);
	CHECK_INT(records[irq].number, 0); /* the clock's line */
	REQUIRE_FOUND(irq_end, irq, EVENT_IRQ_END, NONE);
	CHECK_INT(records[irq_end].number, 0);
	REQUIRE_FOUND(alarm, irq, EVENT_ALARM, self);
	REQUIRE_FOUND(runs, alarm, EVENT_RUN, self);
	CHECK(runs < count);
}

static void only_the_kinds_asked_for_are_recorded(void)
{
	static const struct {
		uint32_t kinds;
		enum trace_event its_own, anothers;
	} cases[] = {
	        {TRACE_CALL, EVENT_CALL, EVENT_SEND},
	        {TRACE_IPC, EVENT_SEND, EVENT_CALL},
	        {TRACE_IPC, EVENT_DELIVERED, EVENT_RUN},
	        {TRACE_CALL, EVENT_RESULT, EVENT_PAGE_FAULT},
	};
	self = sys_self();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *page = fresh_page();
		begin(cases[i].kinds);
		CHECK_INT(pm_endpoint(1), RS_PROC_NR);
		page[0] = 1;
		end();
		CHECK(count_events(cases[i].its_own, self) > 0);
		CHECK_INT(count_events(cases[i].anothers, self), 0);
	}
}

static void a_trace_begins_with_everybodys_name_and_the_time(void)
{
	struct trace_span span;
	self = sys_self();
	begin(TRACE_IRQ);
	usleep(300000);
	CHECK_INT(sys_trace_set(0, &span), OK);
	fetch(span.first, span.next);
	CHECK_INT(records[0].event, EVENT_TIME);
	CHECK_INT(records[count - 1].event, EVENT_TIME);
	CHECK(count_events(EVENT_TIME, NONE) >= 3);
	REQUIRE_FOUND(pm, 0, EVENT_NAME, PM_PROC_NR);
	CHECK(strcmp((char *)records[pm].args, "pm") == 0);
	REQUIRE_FOUND(own, 0, EVENT_NAME, self);
	CHECK(strcmp((char *)records[own].args, "trace_test") == 0);
	for (int i = 1; i < count; i++)
		REQUIRE(records[i].time > records[i - 1].time);
	uint64_t told = records[count - 1].args[0] - (uint64_t)records[0].args[0];
	CHECK(told > 290000000 && told < 60000000000);
}

/* ---- The ring ---- */

static void overwritten_records_are_told_by_their_number(void)
{
	struct trace_span begun, ended, got;
	begin(TRACE_CALL);
	CHECK_INT(sys_trace_set(TRACE_CALL, &begun), OK);
	for (int i = 0; i < TRACE_RECORDS; i++)
		(void)!sys_self();
	CHECK_INT(sys_trace_set(0, &ended), OK);
	CHECK(ended.first == begun.first);
	CHECK(ended.next - ended.first >= 2 * TRACE_RECORDS);
	CHECK_INT(sys_trace_read(ended.first, records, RECORDS_MAX, &got) > 0, 1);
	CHECK(got.next == ended.next);
	CHECK(got.first == ended.next - TRACE_RECORDS);
	fetch(ended.first, ended.next);
	CHECK_INT(count, TRACE_RECORDS);
	CHECK_INT(records[count - 1].event, EVENT_TIME);
	for (int i = 1; i < count; i++)
		REQUIRE(records[i].time > records[i - 1].time);
}

static void a_new_trace_does_not_show_the_one_before(void)
{
	struct trace_span span, got;
	begin(TRACE_CALL);
	for (int i = 0; i < 50; i++)
		(void)!sys_self();
	CHECK_INT(sys_trace_set(TRACE_CALL, &span), OK);
	CHECK_INT(sys_trace_read(0, records, 1, &got), 1);
	CHECK(got.first == span.first);
	CHECK_INT(records[0].event, EVENT_TIME);
	end();
}

static void read_while_it_grows(void)
{
	struct trace_span span;
	uint64_t next;
	begin(TRACE_CALL);
	CHECK_INT(sys_trace_set(TRACE_CALL, &span), OK);
	next = span.first;
	for (int i = 0; i < 3 * TRACE_RECORDS / 100; i++) {
		for (int j = 0; j < 40; j++)
			(void)!sys_self();
		int got = sys_trace_read(next, records, TRACE_READ_MAX, &span);
		REQUIRE(got > 0 && span.first == next);
		for (int j = 1; j < got; j++)
			REQUIRE(records[j].time > records[j - 1].time);
		next = span.first + got;
	}
	end();
}

/* ---- Hostile arguments ---- */

static int raw(uint32_t op, uint32_t kinds, uint64_t from, uint32_t address, uint32_t how_many)
{
	union sys_trace_message call;
	call.req = (struct sys_trace_req){
	        .op = op, .kinds = kinds, .from = from, .address = address, .count = how_many};
	int result = sys_trace_call(&call);
	return result == OK ? (int)call.rep.count : result;
}

static void bad_arguments_are_refused(void)
{
	struct trace_span span;
	begin(TRACE_CALL);
	CHECK_INT(sys_trace_set(0, &span), OK);
	CHECK(span.next > 0);
	CHECK_INT(raw(0, 0, 0, 0, 0), -EINVAL);
	CHECK_INT(raw(99, TRACE_ALL, 0, 0, 0), -EINVAL);
	CHECK_INT(sys_trace_set(TRACE_ALL + 1, NULL), -EINVAL);
	CHECK_INT(sys_trace_set(0x80000000, NULL), -EINVAL);
	uint32_t buffer = (uint32_t)(uintptr_t)records;
	CHECK_INT(raw(TRACE_READ, 0, span.next + 1, buffer, 1), -EINVAL);
	CHECK_INT(raw(TRACE_READ, 0, UINT64_MAX, buffer, 1), -EINVAL);
	CHECK_INT(raw(TRACE_READ, 0, UINT64_MAX - 1, buffer, UINT32_MAX), -EINVAL);
	CHECK_INT(raw(TRACE_READ, 0, span.next, buffer, 10), 0);
	CHECK_INT(raw(TRACE_READ, 0, span.first, buffer, 0), 0);
	int got = raw(TRACE_READ, 0, span.first, buffer, UINT32_MAX);
	CHECK(got > 0 && got <= TRACE_READ_MAX);
}

static void bad_buffers_are_refused(void)
{
	static const uint32_t bad[] = {0, 8, PAGE_SIZE, PROC_SIZE - 1, PROC_SIZE, 0xfffffff0, 0xffffffff};
	struct trace_span span;
	begin(TRACE_CALL);
	for (int i = 0; i < 10; i++)
		(void)!sys_self();
	CHECK_INT(sys_trace_set(0, &span), OK);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(raw(TRACE_READ, 0, span.first, bad[i], 2), -EFAULT);
	CHECK_INT(raw(TRACE_READ, 0, span.first, (uint32_t)(uintptr_t)bad_buffers_are_refused, 2), -EFAULT);
	char *pages = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(pages != MAP_FAILED && munmap(pages + PAGE_SIZE, PAGE_SIZE) == 0);
	uint32_t last = (uint32_t)(uintptr_t)pages + PAGE_SIZE - sizeof(records[0]);
	CHECK_INT(raw(TRACE_READ, 0, span.first, last, 1), 1);
	CHECK_INT(raw(TRACE_READ, 0, span.first, last, 2), -EFAULT);
	CHECK_INT(raw(TRACE_READ, 0, span.first, last + 1, 1), -EFAULT);
}

/* ---- Whose it is ---- */

static void find_it_taken(void)
{
	struct trace_span span;
	CHECK_INT(sys_trace_set(TRACE_ALL, NULL), -EBUSY);
	CHECK_INT(sys_trace_set(0, NULL), -EBUSY);
	CHECK(sys_trace_read(0, records, 1, &span) == 1);
}

static void a_trace_is_its_owners_alone(void)
{
	struct trace_span before, after;
	CHECK_INT(sys_trace_set(TRACE_CALL, &before), OK);
	CHECK_EXITED(tap_child(find_it_taken), 0);
	CHECK_INT(sys_trace_set(0, &after), OK);
	CHECK(before.first == after.first);
}

static int is_off(void)
{
	struct trace_span before, after;
	CHECK_INT(sys_trace_set(0, &before), OK);
	usleep(5000);
	CHECK_INT(sys_trace_set(0, &after), OK);
	return before.next == after.next;
}

static void leave_it_on(void)
{
	begin(TRACE_ALL);
}

static void leave_it_on_and_wait(void)
{
	struct message m;
	int status;
	begin(TRACE_ALL);
	(void)!ipc_receive(RS_PROC_NR, &m, &status);
}

static void leave_it_on_and_exec(void)
{
	char *argv[] = {"sleep", "100", NULL};
	begin(TRACE_ALL);
	execve("/bin/sleep", argv, environ);
}

static void it_is_off_when_its_owner_is_gone(void)
{
	CHECK_EXITED(tap_child(leave_it_on), 0);
	CHECK(is_off());
	pid_t pid;
	start(leave_it_on_and_wait, RTS_RECEIVING, RS_PROC_NR, &pid);
	CHECK_INT(sys_trace_set(TRACE_ALL, NULL), -EBUSY);
	stop(pid);
	CHECK(is_off());
	pid = tap_start(leave_it_on_and_exec);
	while (strcmp(look_at(pm_endpoint(pid)).name, "sleep") != 0)
		usleep(1000);
	CHECK(is_off());
	stop(pid);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(nothing_is_recorded_while_it_is_off),
	        TEST(a_round_trip_is_recorded_in_order),
	        TEST(a_message_that_waits_is_paired_with_its_delivery),
	        TEST(asynchronous_messages_and_notifications_are_recorded),
	        TEST(a_refused_call_is_recorded_with_its_error),
	        TEST(a_kernel_call_is_recorded_with_its_result),
	        TEST(a_page_fault_is_recorded_until_its_verdict),
	        TEST(a_copy_that_faults_is_recorded),
	        TEST(the_use_of_grants_is_recorded),
	        TEST(fork_exception_and_exit_are_recorded),
	        TEST(exec_is_recorded_with_the_new_label),
	        TEST(who_runs_is_recorded),
	        TEST(interrupts_alarms_and_idling_are_recorded),
	        TEST(only_the_kinds_asked_for_are_recorded),
	        TEST(a_trace_begins_with_everybodys_name_and_the_time),
	        TEST(overwritten_records_are_told_by_their_number),
	        TEST(a_new_trace_does_not_show_the_one_before),
	        TEST(read_while_it_grows),
	        TEST(bad_arguments_are_refused),
	        TEST(bad_buffers_are_refused),
	        TEST(a_trace_is_its_owners_alone),
	        TEST(it_is_off_when_its_owner_is_gone),
	};
	return TAP_RUN(tests);
}
