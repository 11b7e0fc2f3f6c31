/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 */
/*
 * The traps themselves: every kernel call and every IPC primitive, there or not, with its message wherever it
 * should not be, and with every endpoint that names nobody.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <granite/rs.h>

#include "hostile.h"
#include "pages.h"

#define MESSAGE ((uint32_t)sizeof(struct message))

/* Where in two pages the message begins: at their start, before, across and at their border. */
static const uint32_t offsets[] = {
        0,         PAGE_SIZE - MESSAGE, PAGE_SIZE - MESSAGE + 1, PAGE_SIZE - 32, PAGE_SIZE - 4, PAGE_SIZE - 1,
        PAGE_SIZE,
};

/* Addresses at which no message can be. */
static const vir_bytes nowhere[] = {
        0,
        1,
        PAGE_SIZE - 1,
        PROC_MIN_ADDRESS - MESSAGE,
        0x7fffffff,
        STACK_TOP - STACK_SIZE_MAX - PAGE_SIZE,
        PROC_SIZE - MESSAGE + 1,
        PROC_SIZE - 1,
        PROC_SIZE,
        PROC_SIZE + PAGE_SIZE,
        KERNEL_ADDRESS(0),
        KERNEL_ADDRESS(0x100000),
        KERNEL_ADDRESS(WINDOW_BASE),
        KERNEL_ADDRESS(PROC_BASE - PAGE_SIZE),
        0u - MESSAGE - 1,
        0u - MESSAGE,
        0u - MESSAGE + 1,
        0u - 1,
};

static void for_each_layout(void (*test)(const enum page_kind kinds[2], uint32_t offset))
{
	for (int first = 0; first < PAGE_KINDS; first++)
		for (int second = 0; second < PAGE_KINDS; second++)
			for (unsigned i = 0; i < COUNT(offsets); i++)
				test((enum page_kind[]){first, second}, offsets[i]);
	arena_check_fences();
}

/* What makes a test's failure understood. */
static void explain(const char *what, int32_t number, const enum page_kind kinds[2], uint32_t offset)
{
	static const char *const names[] = {"rw", "fresh", "ro", "none", "gone"};
	printf("# %s %#x with its message at %u of %s, %s\n", what, (unsigned)number, (unsigned)offset,
	       names[kinds[0]], names[kinds[1]]);
}

/* The fault that killed was within the message. */
static int killed_within(vir_bytes address)
{
	return killed_at - address < MESSAGE;
}

/* ---- Kernel calls ---- */

static int32_t kernel_call;

/* What a kernel call without arguments comes to, if it comes to the kernel. */
static int may_result(int32_t number, int result)
{
	if (!operation_find(&interfaces[KERNEL_INTERFACE], number))
		return result == -EBADCALL;
	if (!is_basic_call(number))
		return result == -ECALLDENIED;
	return result == OK || result == -EINVAL || result == -EDEADSRCDST;
}

static void call_with_layout(const enum page_kind kinds[2], uint32_t offset)
{
	struct message m = {.m_type = kernel_call};
	vir_bytes at = AT(arena_page(0)) + offset;
	int readable = arena_allows(kinds, offset, MESSAGE, 0),
	    writable = arena_allows(kinds, offset, MESSAGE, 1);
	arena_lay_out(kinds, offset, &m, MESSAGE);
	if (readable)
		memcpy(&m, POINTER(at), MESSAGE); /* pages that stay untouched hold zeros */
	int result = try_kcall(at);
	int good =
	        readable && writable ? may_result(m.m_type, result) : result == KILLED && killed_within(at);
	if (good && result != KILLED)
		memcpy(&m, POINTER(at), MESSAGE);
	if (!good || (result != KILLED && (m.m_type != result || m.m_source != NONE)))
		explain("kernel call", kernel_call, kinds, offset);
	CHECK(good);
	CHECK(result == KILLED || (m.m_type == result && m.m_source == NONE));
}

/* Not each with every layout: which call it is does not matter before the message is read. */
static void no_place_of_a_message_harms_a_kernel_call(void)
{
	catch_segv();
	for (kernel_call = KCALL_BASE - 1; kernel_call <= KCALL_BASE + KCALL_MAX; kernel_call++)
		for_each_layout(call_with_layout);
}

static void kernel_calls_that_do_not_exist_are_refused(void)
{
	static const int32_t numbers[] = {0,
	                                  1,
	                                  KCALL_BASE - 1,
	                                  KCALL_BASE + KCALL_MAX,
	                                  VM_BASE,
	                                  PM_BASE,
	                                  INT32_MAX,
	                                  INT32_MIN,
	                                  -1,
	                                  INT32_MIN + KCALL_BASE,
	                                  -KCALL_BASE,
	                                  KCALL_BASE + KCALL_MAX * 2,
	                                  KCALL_BASE << 16};
	for (unsigned i = 0; i < COUNT(numbers); i++) {
		struct message m = {.m_type = numbers[i]};
		CHECK_INT(raw_kcall(AT(&m)), -EBADCALL);
		CHECK_INT(m.m_type, -EBADCALL);
	}
}

static void a_kernel_call_from_nowhere_harms_the_caller_alone(void)
{
	catch_segv();
	for (unsigned i = 0; i < COUNT(nowhere); i++) {
		int result = try_kcall(nowhere[i]);
		if (nowhere[i] > PROC_SIZE - MESSAGE)
			CHECK_INT(result, -EFAULT);
		else
			CHECK(result == KILLED && killed_within(nowhere[i]));
	}
}

/* ---- IPC ---- */

#define ASK_COUNT 0x7777

/* Answers who waits for an answer. Asked by ASK_COUNT it tells how many others it has got that are
 * no notifications. */
static void be_a_peer(void)
{
	uint32_t count = 0;
	for (;;) {
		struct message m;
		int status;
		if (ipc_receive(ANY, &m, &status) != OK)
			continue;
		if (m.m_type != ASK_COUNT && IPC_STATUS_CALL(status) != IPC_NOTIFY)
			count++;
		m.m_words[0] = count;
		if (IPC_STATUS_CALL(status) == IPC_SENDREC)
			ipc_sendnb(m.m_source, &m);
	}
}

static pid_t peer_pid;
static endpoint_t peer, self;
static uint32_t peer_expects;

static void start_peer(void)
{
	self = sys_self();
	peer_pid = tap_start(be_a_peer);
	peer = pm_endpoint(peer_pid);
	peer_expects = 0;
	CHECK(peer > 0);
}

static void end_peer(void)
{
	struct message m = {.m_type = ASK_COUNT};
	CHECK_INT(ipc_sendrec(peer, &m), OK);
	CHECK_INT(m.m_words[0], peer_expects);
	kill(peer_pid, SIGKILL);
	CHECK_KILLED(tap_wait(peer_pid), SIGKILL);
}

/* Until the peer waits again, or has taken what is on its way. */
static int try_ipc_patiently(uint32_t call, vir_bytes message)
{
	int result = try_ipc(call, call == IPC_RECEIVE ? ANY : peer, message);
	for (int patience = 100; patience > 0 && (result == -ENOTREADY || result == -EAGAIN); patience--) {
		sys_yield();
		result = try_ipc(call, peer, message);
	}
	return result;
}

/* Which primitives read the message, which write it, and which have the peer take one. */
static const struct primitive {
	uint8_t reads, writes, arrives;
} primitives[IPC_NR] = {
        [IPC_SEND] = {1, 0, 1},          [IPC_RECEIVE] = {0, 1, 0},      [IPC_SENDREC] = {1, 1, 1},
        [IPC_REPLY_RECEIVE] = {1, 1, 1}, [IPC_NOTIFY] = {0, 0, 0},       [IPC_SENDNB] = {1, 0, 1},
        [IPC_SENDA] = {1, 0, 1},         [IPC_SENDREC_INTR] = {1, 1, 1}, [IPC_NOTIFY_LATER] = {0, 0, 0},
};

_Static_assert(IPC_NR == IPC_NOTIFY_LATER + 1, "a new primitive is told of above");

static uint32_t ipc_call;

static void ipc_with_layout(const enum page_kind kinds[2], uint32_t offset)
{
	const struct primitive *primitive = &primitives[ipc_call];
	const struct message m = {.m_type = 1};
	vir_bytes at = AT(arena_page(0)) + offset;
	int readable = arena_allows(kinds, offset, MESSAGE, 0),
	    writable = arena_allows(kinds, offset, MESSAGE, 1);
	int survives = (!primitive->reads || readable) && (!primitive->writes || writable);
	arena_lay_out(kinds, offset, &m, MESSAGE);
	if (ipc_call == IPC_RECEIVE || ipc_call == IPC_REPLY_RECEIVE)
		CHECK_INT(ipc_notify(self), OK); /* so that there is something to receive */
	int result = try_ipc_patiently(ipc_call, at);
	int good = survives ? result == OK : result == KILLED && killed_within(at);
	if (!good)
		explain("IPC", (int32_t)ipc_call, kinds, offset);
	CHECK(good);
	if (primitive->arrives && readable)
		peer_expects++;
	if (ipc_call == IPC_REPLY_RECEIVE && !readable)
		CHECK_INT(raw_ipc(IPC_RECEIVE, ANY, AT(&(struct message){0})), OK);
}

static void no_place_of_a_message_harms_ipc(void)
{
	catch_segv();
	start_peer();
	for (ipc_call = 1; ipc_call < IPC_NR; ipc_call++)
		if (primitives[ipc_call].reads || primitives[ipc_call].writes)
			for_each_layout(ipc_with_layout);
	end_peer();
}

static void ipc_from_nowhere_harms_the_caller_alone(void)
{
	catch_segv();
	start_peer();
	for (unsigned i = 0; i < COUNT(nowhere); i++) {
		for (uint32_t call = 0; call < IPC_NR + 2; call++) {
			int result;
			if (call == IPC_RECEIVE || call == IPC_REPLY_RECEIVE)
				CHECK_INT(ipc_notify(self), OK);
			result = try_ipc_patiently(call, nowhere[i]);
			if (call == 0 || call >= IPC_NR)
				CHECK_INT(result, -EBADCALL);
			else if (!primitives[call].reads && !primitives[call].writes)
				CHECK_INT(result, OK); /* its message does not matter */
			else if (nowhere[i] > PROC_SIZE - MESSAGE)
				CHECK_INT(result, -EFAULT);
			else
				CHECK(result == KILLED && killed_within(nowhere[i]));
		}
	}
	end_peer();
	CHECK_INT(raw_ipc(IPC_RECEIVE, ANY, AT(&(struct message){0})), OK); /* and our own */
}

/* The top of the stack; what execve(2) has put there is put back. */
static void the_last_bytes_of_the_process_can_be_a_message(void)
{
	struct message saved, *last = POINTER(PROC_SIZE - MESSAGE);
	saved = *last;
	last->m_type = SYS_SELF;
	int result = raw_kcall(AT(last));
	int type = last->m_type;
	*last = saved;
	CHECK_INT(result, OK);
	CHECK_INT(type, OK);
}

static void ipc_primitives_that_do_not_exist_are_refused(void)
{
	static const uint32_t calls[] = {0,    IPC_NR,           IPC_NR + 1, 0x7f,      0x80,
	                                 0xff, 0x100 + IPC_SEND, 0x7fffffff, 0xffffffff};
	struct message m = {.m_type = 1};
	for (unsigned i = 0; i < COUNT(calls); i++)
		CHECK_INT(raw_ipc(calls[i], PM_PROC_NR, AT(&m)), -EBADCALL);
}

/* ---- Endpoints ---- */

static void nothing(void)
{
}

static endpoint_t somebody_dead(void)
{
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	endpoint_t endpoint = pm_endpoint(pid);
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	return endpoint;
}

static void check_nobody(endpoint_t endpoint)
{
	struct message m = {.m_type = 1};
	for (uint32_t call = 1; call < IPC_NR; call++)
		if (call != IPC_RECEIVE)
			CHECK_INT(raw_ipc(call, endpoint, AT(&m)), -EDEADSRCDST);
	if (endpoint != ANY && endpoint != HARDWARE && endpoint != CLOCK)
		CHECK_INT(raw_ipc(IPC_RECEIVE, endpoint, AT(&m)), -EDEADSRCDST);
}

static void endpoints_that_name_nobody_are_refused(void)
{
	endpoint_t own = sys_self(), dead = somebody_dead();
	const endpoint_t nobody[] = {
	        ANY,
	        NONE,
	        SELF,
	        HARDWARE,
	        CLOCK,
	        -6,
	        INT32_MIN,
	        INT32_MAX,
	        0,
	        1,
	        dead,
	        ENDPOINT_MAKE(ENDPOINT_SLOT(own), ENDPOINT_GENERATION(own) + 1),
	        ENDPOINT_MAKE(ENDPOINT_SLOT(own), 0),
	        ENDPOINT_MAKE(ENDPOINT_SLOT(own), ENDPOINT_GENERATION_MAX),
	        ENDPOINT_MAKE(ENDPOINT_SLOT(dead), ENDPOINT_GENERATION(dead) + 1),
	        ENDPOINT_MAKE(ENDPOINT_SLOTS - 1, ENDPOINT_GENERATION_MAX),
	        ENDPOINT_MAKE(0, 0),
	        ENDPOINT_MAKE(0, 2),
	        ENDPOINT_MAKE(1, 2),
	        ENDPOINT_MAKE(2, 2),
	        own | INT32_MIN,
	};
	for (unsigned i = 0; i < COUNT(nobody); i++)
		check_nobody(nobody[i]);
}

/* Who would wait for itself waits for ever; what needs no waiting may come from oneself. */
static void the_own_endpoint_is_no_way_to_hang(void)
{
	endpoint_t own = sys_self();
	struct message m = {.m_type = 7};
	int status;
	CHECK_INT(raw_ipc(IPC_SEND, own, AT(&m)), -ELOCKED);
	CHECK_INT(raw_ipc(IPC_SENDREC, own, AT(&m)), -ELOCKED);
	CHECK_INT(raw_ipc(IPC_SENDREC_INTR, own, AT(&m)), -ELOCKED);
	CHECK_INT(raw_ipc(IPC_RECEIVE, own, AT(&m)), -ELOCKED);
	CHECK_INT(raw_ipc(IPC_SENDNB, own, AT(&m)), -ENOTREADY);
	CHECK_INT(raw_ipc(IPC_REPLY_RECEIVE, own, AT(&m)), -ENOTREADY);
	CHECK_INT(raw_ipc(IPC_NOTIFY, own, AT(&m)), OK);
	CHECK_INT(raw_ipc(IPC_NOTIFY_LATER, own, AT(&m)), OK); /* which comes to the same */
	CHECK_INT(raw_ipc(IPC_SENDA, own, AT(&m)), OK);
	CHECK_INT(ipc_receive(own, &m, &status), OK);
	CHECK_INT(status, IPC_NOTIFY);
	CHECK_INT(ipc_receive(own, &m, &status), OK);
	CHECK_INT(status, IPC_SENDA);
	CHECK_INT(m.m_type, 7);
}

static void on_alarm(int number)
{
	(void)number;
}

/* They never send of themselves: only a signal ends the wait. */
static void waiting_for_the_system_itself_ends_with_a_signal(void)
{
	static const endpoint_t silent[] = {ANY, HARDWARE, CLOCK, VM_PROC_NR, PM_PROC_NR, RS_PROC_NR};
	struct sigaction action = {.sa_handler = on_alarm};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	for (unsigned i = 0; i < COUNT(silent); i++) {
		struct message m;
		ualarm(20000, 0);
		CHECK_INT(raw_ipc(IPC_RECEIVE, silent[i], AT(&m)), -EINTR);
	}
}

/* ---- What is left ---- */

static struct account at_first;

static void setup(void)
{
	arena_make();
	CHECK_EXITED(tap_child(nothing), 0);
	at_first = account_now();
}

static void every_page_is_where_it_was(void)
{
	CHECK_INT(vm_munmap(AT(arena_page(0)), 2 * PAGE_SIZE), OK);
	check_account(&at_first);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(no_place_of_a_message_harms_a_kernel_call),
	        TEST(a_kernel_call_from_nowhere_harms_the_caller_alone),
	        TEST(kernel_calls_that_do_not_exist_are_refused),
	        TEST(no_place_of_a_message_harms_ipc),
	        TEST(ipc_from_nowhere_harms_the_caller_alone),
	        TEST(the_last_bytes_of_the_process_can_be_a_message),
	        TEST(ipc_primitives_that_do_not_exist_are_refused),
	        TEST(endpoints_that_name_nobody_are_refused),
	        TEST(the_own_endpoint_is_no_way_to_hang),
	        TEST(waiting_for_the_system_itself_ends_with_a_signal),
	        TEST(every_page_is_where_it_was),
	};
	return TAP_RUN(tests);
}
