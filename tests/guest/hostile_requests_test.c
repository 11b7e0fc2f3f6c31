/* SPDX-License-Identifier: MIT */
/* guest: timeout=180 time=counted variants=ubsan */
/*
 * What stands in requests: every operation of the kernel and of VM, PM, RS, the console, ramfs and the data
 * store, with wild values in each of its fields, by a process that has no rights but everybody's. It gets an
 * answer, and nobody else notices.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <granite/abi/counters.h>
#include <granite/console.h>
#include <granite/rs.h>

#include "hostile_fields.h"
#include "pages.h"

/* ---- Every field of every operation ---- */

static void try_interface_with(int which, void (*ready)(void))
{
	get_ready = ready;
	try_interface(which);
	get_ready = NULL;
}

static void lend_to_parent(void)
{
	lend_pages(parent, "x");
}

/* Those that are not allowed are refused whatever their fields say, which nobody reads then. */
static void no_field_of_a_kernel_call_harms(void)
{
	try_interface_with(KERNEL_INTERFACE, lend_to_parent);
}

static void no_field_of_a_call_of_vm_harms(void)
{
	try_interface_with(VM_INTERFACE, lend_to_parent);
}

static void no_field_of_a_call_of_pm_harms(void)
{
	try_interface(PM_INTERFACE);
}

static void no_field_of_a_call_of_rs_harms(void)
{
	try_interface(RS_INTERFACE);
}

static void lend_to_console(void)
{
	lend_pages(server, "# lent\n");
}

/* They may change the terminal's modes and its foreground group, for all. */
static void no_field_of_a_call_of_the_console_harms(void)
{
	struct message modes = {.m_type = CONSOLE_GETATTR}, foreground = {.m_type = CONSOLE_FOREGROUND};
	CHECK_INT(make_call(interfaces[CONSOLE_INTERFACE].server, &modes), OK);
	CHECK_INT(make_call(interfaces[CONSOLE_INTERFACE].server, &foreground), OK);
	try_interface(CONSOLE_INTERFACE);
	try_interface_with(CONSOLE_INTERFACE, lend_to_console);
	struct message restore = {.m_type = CONSOLE_SETATTR};
	memcpy(restore.m_bytes + sizeof(uint32_t), modes.m_bytes, CONSOLE_TERMIOS_BYTES);
	CHECK_INT(make_call(interfaces[CONSOLE_INTERFACE].server, &restore), OK);
	foreground.m_type = CONSOLE_FOREGROUND;
	CHECK_INT(make_call(interfaces[CONSOLE_INTERFACE].server, &foreground), OK);
}

/* A path, and what may be polled. */
static void lend_to_ramfs(void)
{
	const struct ramfs_pollfd polled[] = {{4, POLLIN, 0}, {63, POLLOUT, 0}};
	lend_pages(server, "/bin/");
	memcpy(POINTER(buffer()), polled, sizeof(polled));
}

/* Once with nothing open, and nothing lent; and once with descriptors that the wild values find. */
static void no_field_of_a_call_of_ramfs_harms(void)
{
	int fds[2];
	try_interface(RAMFS_INTERFACE);
	CHECK_INT(open("/bin", O_RDONLY), 3);
	CHECK_INT(open("/bin/true", O_RDONLY), 4);
	CHECK_INT(pipe(fds), 0);
	CHECK_INT(dup2(fds[0], 2), 2);
	CHECK_INT(dup2(fds[1], 63), 63);
	try_interface_with(RAMFS_INTERFACE, lend_to_ramfs);
	CHECK_INT(dup2(1, 2), 2);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
}

#define KEY "aaaaaaaa"

/* What is a key and a pattern, and there is something of that name, and a snapshot of it. */
static void lend_to_ds(void)
{
	int snapshot;
	lend_pages(server, "a");
	CHECK_INT(ds_publish_mem(KEY, POINTER(scratch()), 16, 0), OK);
	CHECK_INT(ds_publish_map(KEY, POINTER(mapped()), PAGE_SIZE, 0), OK);
	CHECK_INT(ds_snapshot_map(KEY, &snapshot), OK);
	CHECK_INT(ds_subscribe(KEY, DSF_INITIAL), OK);
}

/* First without grants; then what is sensible has some, to itself and to what it publishes. */
static void no_field_of_a_call_of_ds_harms(void)
{
	struct ds_statistics statistics;
	try_interface(DS_INTERFACE);
	try_interface_with(DS_INTERFACE, lend_to_ds);
	CHECK_INT(ds_stats(&statistics), OK);
	CHECK_INT(statistics.types[DS_TYPE_MEM], 0);
	CHECK_INT(statistics.types[DS_TYPE_MAP], 0);
	CHECK_INT(statistics.subscriptions, 0);
}

/* ---- Who may ask what ---- */

static int result_of_number(endpoint_t asked, int32_t number)
{
	struct message m = {.m_type = number};
	return make_call(asked, &m);
}

static int is_in_table(const struct interface *interface, int32_t number)
{
	return number != VM_PAGEFAULT && number != VM_MEMREQ && number != PM_EXCEPTION &&
	       operation_find(interface, number);
}

/* Those of other servers, those that only the kernel may send, and those of nobody. */
static void operations_that_are_not_a_server_s_are_refused(void)
{
	static const int32_t others[] = {0,       1, -1, INT32_MIN, INT32_MAX, NOTIFY_MESSAGE, VM_BASE << 16,
	                                 -VM_BASE};
	for (int which = VM_INTERFACE; which < INTERFACES; which++) {
		for (unsigned i = 0; i < COUNT(others); i++)
			CHECK_INT(result_of_number(interfaces[which].server, others[i]), -EBADCALL);
		for (int32_t number = KCALL_BASE; number < RS_BASE + 0x100; number++)
			if (!is_in_table(&interfaces[which], number))
				CHECK_INT(result_of_number(interfaces[which].server, number), -EBADCALL);
	}
}

/* In a form that asks for no answer, and so can't be refused. Nothing comes of it. */
static void ask_without_waiting(void)
{
	static const int32_t harmful[] = {VM_PAGEFAULT, VM_MEMREQ, PM_EXCEPTION, VM_EXIT,
	                                  VM_EXEC,      VM_FORK,   SERVER_CANCEL};
	for (unsigned i = 0; i < COUNT(harmful); i++) {
		for (int which = VM_INTERFACE; which < INTERFACES; which++) {
			struct message m = {.m_type = harmful[i]};
			m.m_words[0] = (uint32_t)parent;
			CHECK_INT(raw_ipc(IPC_SENDA, interfaces[which].server, AT(&m)), OK);
			m.m_words[0] = (uint32_t)sys_self();
			CHECK_INT(raw_ipc(IPC_SEND, interfaces[which].server, AT(&m)), OK);
			CHECK_INT(raw_ipc(IPC_NOTIFY, interfaces[which].server, 0), OK);
		}
	}
}

static void what_others_may_not_ask_they_may_not_send_either(void)
{
	CHECK_EXITED(tap_child(ask_without_waiting), 0);
}

static void what_is_for_pm_rs_or_drivers_is_refused_to_others(void)
{
	struct vm_fork_req nobody = {NONE};
	struct message m = {.m_type = VM_FORK};
	memcpy(m.m_bytes, &nobody, sizeof(nobody));
	CHECK_INT(make_call(VM_PROC_NR, &m), -EPERM);
	CHECK_INT(result_of_number(VM_PROC_NR, VM_EXEC), -EPERM);
	CHECK_INT(result_of_number(VM_PROC_NR, VM_EXIT), -EPERM);
	CHECK_INT(result_of_number(VM_PROC_NR, VM_MAP_ARCHIVE), -EPERM);
	CHECK_INT(result_of_number(interfaces[DS_INTERFACE].server, DS_LABEL), -EBADCALL);
	CHECK_INT(result_of_number(RS_PROC_NR, RS_UP), -EPERM);
	CHECK_INT(result_of_number(RS_PROC_NR, RS_DOWN), -EPERM);
	CHECK_INT(result_of_number(RS_PROC_NR, RS_RESTART), -EPERM);
	CHECK_INT(result_of_number(PM_PROC_NR, PM_EVENTS), -EPERM);
}

/* ---- Pointers of kernel calls ---- */

static const struct {
	uint32_t what, bytes;
} information[] = {
        {GET_COUNTERS, sizeof(struct granite_counters)},
        {GET_BOOTINFO, sizeof(struct boot_info)},
        {GET_USAGE, sizeof(struct kernel_usage)},
        {GET_PROCTAB, 3 * sizeof(struct proc_info)},
};

static void ask_for_information(const enum page_kind kinds[2], uint32_t offset, uint32_t what, uint32_t bytes)
{
	uint8_t before[2 * PAGE_SIZE];
	memset(before, 0x5c, sizeof(before));
	arena_lay_out(kinds, 0, before, sizeof(before));
	int result = sys_getinfo(what, arena_page(0) + offset, bytes, 0);
	CHECK_INT(result, arena_allows(kinds, offset, bytes, 1) ? (int)bytes : -EFAULT);
	for (uint32_t i = 0; i < sizeof(before); i++)
		if ((i < offset || i >= offset + bytes) && kinds[i / PAGE_SIZE] < PAGE_FRESH)
			REQUIRE(arena_page(0)[i] == 0x5c);
}

static void information_is_written_where_it_may_be_and_nowhere_else(void)
{
	for (int first = 0; first < PAGE_KINDS; first++) {
		for (int second = 0; second < PAGE_KINDS; second++) {
			for (unsigned i = 0; i < COUNT(information); i++) {
				const enum page_kind kinds[2] = {first, second};
				uint32_t bytes = information[i].bytes;
				ask_for_information(kinds, 0, information[i].what, bytes);
				ask_for_information(kinds, PAGE_SIZE - bytes, information[i].what, bytes);
				ask_for_information(kinds, PAGE_SIZE - bytes + 1, information[i].what, bytes);
				ask_for_information(kinds, PAGE_SIZE - 1, information[i].what, bytes);
				ask_for_information(kinds, PAGE_SIZE, information[i].what, bytes);
			}
		}
	}
	arena_check_fences();
}

static int ask_raw(uint32_t what, vir_bytes address, uint32_t bytes, uint32_t first)
{
	const struct sys_getinfo_req ask = {what, address, bytes, first};
	struct message m = {.m_type = SYS_GETINFO};
	memcpy(m.m_bytes, &ask, sizeof(ask));
	return raw_kcall(AT(&m));
}

static void information_for_nowhere_is_refused(void)
{
	static const uint32_t lengths[] = {64,        PAGE_SIZE,  100 * PAGE_SIZE, 0x7fffffff,
	                                   PROC_SIZE, 0xfffff000, 0xffffffff};
	for (unsigned i = 0; i < COUNT(wild_values); i++) {
		vir_bytes at = wild_values[i];
		if (at >= STACK_TOP - PAGE_SIZE && at < STACK_TOP) /* our own stack */
			continue;
		for (unsigned j = 0; j < COUNT(lengths); j++) {
			int result = ask_raw(GET_PROCTAB, at, lengths[j], 0);
			CHECK_INT(result,
			          lengths[j] < sizeof(struct proc_info) && at <= PROC_SIZE ? OK : -EFAULT);
			result = ask_raw(GET_BOOTINFO, at, lengths[j], 0);
			CHECK_INT(result, lengths[j] < sizeof(struct boot_info) ? -EINVAL : -EFAULT);
		}
	}
	for (unsigned i = 0; i < COUNT(wild_values); i++)
		if (wild_values[i] < GET_COUNTERS || wild_values[i] > GET_USAGE)
			CHECK_INT(ask_raw(wild_values[i], AT(arena_page(0)), PAGE_SIZE, 0), -EINVAL);
	CHECK_INT(ask_raw(GET_COUNTERS, AT(arena), sizeof(struct granite_counters) - 1, 0), -EINVAL);
	CHECK_INT(ask_raw(GET_PROCTAB, 0, PAGE_SIZE, ENDPOINT_SLOTS), OK);
	CHECK_INT(ask_raw(GET_PROCTAB, 0, PAGE_SIZE, UINT32_MAX), OK);
}

/* ---- A bridge that is not there ---- */

#define BRIDGE(entry, upcall, control) \
	sys_bridge((void (*)(void))POINTER(entry), (void (*)(void))POINTER(upcall), POINTER(control))

static void bridges_that_can_not_be_are_refused(void)
{
	vir_bytes good = AT(arena_page(0));
	CHECK_INT(BRIDGE(0, good, good), -EINVAL);
	CHECK_INT(BRIDGE(good, 0, good), -EINVAL);
	CHECK_INT(BRIDGE(good, good, 0), -EINVAL);
	CHECK_INT(BRIDGE(good, good, good + 4), -EINVAL);
	CHECK_INT(BRIDGE(good, good, PROC_SIZE), -EFAULT);
	CHECK_INT(BRIDGE(good, good, 0xffffffc0), -EFAULT);
	CHECK_INT(BRIDGE(good, good, KERNEL_ADDRESS(0x100000)), -EFAULT);
}

static const struct bad_bridge {
	vir_bytes entry, upcall, control;
	int ends_a_call; /* by this signal */
} * bad_bridge;

static void leave_without_bridge(void)
{
	struct message leave = {.m_type = PM_EXIT, .m_words = {3}};
	(void)make_call(PM_PROC_NR, &leave);
}

static void take_bad_bridge(void)
{
	alarm(1);
	CHECK_INT(BRIDGE(bad_bridge->entry, bad_bridge->upcall, bad_bridge->control), OK);
}

static void take_a_signal_with_it(void)
{
	struct message m = {.m_type = PM_KILL, .m_words = {(uint32_t)getpid(), SIGUSR1}};
	take_bad_bridge();
	(void)make_call(PM_PROC_NR, &m);
	leave_without_bridge();
}

static void make_a_call_with_it(void)
{
	take_bad_bridge();
	__asm__ volatile("int $0x80" : : "a"(20) : "memory");
	leave_without_bridge();
}

/* It can't be written to, and says that a fault is to be resumed at an address that faults: for ever. */
static const struct bridge_control restless = {.busy = 1, .resume = PROC_MIN_ADDRESS};

static void a_bridge_of_nonsense_harms_its_owner_alone(void)
{
	vir_bytes good = AT(arena_page(0));
	const struct bad_bridge bad[] = {
	        {good, good, PROC_MIN_ADDRESS, SIGSEGV},
	        {good, good, PROC_SIZE - PAGE_SIZE - STACK_SIZE_MAX, SIGSEGV},
	        {good, good, AT(&restless), SIGALRM},
	        {good, KERNEL_ADDRESS(0x100000), good, SIGSEGV},
	        {KERNEL_ADDRESS(0x100000), 0xffffffff, good, SIGSEGV},
	        {0xffffffff, 0xffffffff, good, SIGSEGV},
	        {0xfffffffe, 1, good, SIGSEGV},
	        {1, KERNEL_ADDRESS(WINDOW_BASE), good, SIGSEGV},
	};
	struct sigaction action = {.sa_handler = on_alarm};
	CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
	signal(SIGALRM, SIG_DFL);
	arena_lay_out((enum page_kind[]){PAGE_RW, PAGE_RW}, 0, NULL, 0);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		bad_bridge = &bad[i];
		CHECK_KILLED(tap_child(take_a_signal_with_it), SIGSEGV);
		CHECK_KILLED(tap_child(make_a_call_with_it), bad[i].ends_a_call);
	}
}

/* ---- Pointers of the servers' calls ---- */

static int console_write(vir_bytes address, uint32_t bytes)
{
	endpoint_t driver = interfaces[CONSOLE_INTERFACE].server;
	union console_write_message call = {.req = {.bytes = bytes}};
	call.req.grant = cpf_grant_direct(driver, address, bytes, CPF_READ);
	if (!GRANT_VALID(call.req.grant))
		return errno == EINVAL ? -EFAULT : -errno; /* what wraps can't even be granted */
	int result = console_write_call(driver, &call);
	return result == OK ? (int)call.rep.bytes : result;
}

/* A write stops where the memory does; with nothing to write at all it fails. */
static void the_console_writes_what_it_can_read(void)
{
	static const char line[] = "# half of this\n";
	const uint32_t half = sizeof(line) / 2, bytes = sizeof(line) - 1;
	for (int first = 0; first < PAGE_KINDS; first++) {
		for (int second = 0; second < PAGE_KINDS; second++) {
			const enum page_kind kinds[2] = {first, second};
			if (first == PAGE_FRESH || second == PAGE_FRESH) /* zeros are nothing to print */
				continue;
			arena_lay_out(kinds, PAGE_SIZE - half, line, bytes);
			int result = console_write(AT(arena_page(1)) - half, bytes);
			if (!arena_allows(kinds, PAGE_SIZE - half, half, 0))
				CHECK_INT(result, -EFAULT);
			else
				CHECK(arena_allows(kinds, PAGE_SIZE - half, bytes, 0) ? result == (int)bytes
				                                                      : result == -EFAULT);
		}
	}
	for (unsigned i = 0; i < COUNT(wild_values); i++)
		if (wild_values[i] < PROC_MIN_ADDRESS || wild_values[i] >= PROC_SIZE)
			CHECK_INT(console_write(wild_values[i], 16), -EFAULT);
	CHECK_INT(console_write(0, 0), 0);
}

static int exec_call(vir_bytes path, uint32_t path_bytes, vir_bytes strings, uint32_t strings_bytes,
                     uint32_t argc)
{
	struct message m = {.m_type = PM_EXEC,
	                    .m_words = {path, path_bytes, strings, strings_bytes, argc, 0}};
	return make_call(PM_PROC_NR, &m);
}

static void exec_takes_nothing_from_where_nothing_is(void)
{
	static const char path[] = "/bin/true";
	vir_bytes good = AT(path), fence = AT(arena);
	arena_lay_out((enum page_kind[]){PAGE_GONE, PAGE_NONE}, 0, NULL, 0);
	for (unsigned i = 0; i < COUNT(wild_values); i++) {
		vir_bytes at = wild_values[i];
		if (at < PROC_MIN_ADDRESS || at >= PROC_SIZE) {
			CHECK_INT(exec_call(at, 9, good, 10, 1), -EFAULT);
			CHECK_INT(exec_call(good, 9, at, 10, 1), -EFAULT);
		}
		if (at > PM_ARGS_MAX)
			CHECK_INT(exec_call(good, 9, good, at, 1), -E2BIG);
		if (at >= 4096)
			CHECK_INT(exec_call(good, at, good, 10, 1), -ENAMETOOLONG);
		if (at != 1)
			CHECK(exec_call(good, 9, good, 10, at) == (at > PM_ARGS_MAX / 4 ? -E2BIG : -EINVAL));
	}
	CHECK_INT(exec_call(AT(arena_page(0)), 9, good, 10, 1), -EFAULT);
	CHECK_INT(exec_call(good, 9, AT(arena_page(1)), 10, 1), -EFAULT);
	CHECK_INT(exec_call(good, 9, fence + PAGE_SIZE - 5, 10, 1), -EFAULT);
	CHECK_INT(exec_call(fence + PAGE_SIZE - 5, 9, good, 10, 1), -EFAULT);
}

/* ---- What is left ---- */

static struct account at_first;

/* VM keeps the page in which it has noted what was lent to DS. */
static void use_ds_for_the_first_time(void)
{
	int number;
	CHECK_INT(ds_publish_map("first", POINTER(scratch()), PAGE_SIZE, 0), OK);
	CHECK_INT(ds_snapshot_map("first", &number), OK);
	CHECK_INT(ds_delete_map("first"), OK);
}

static void setup(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	arena_make();
	zoo_make();
	parent = somebody = sys_self();
	interfaces[CONSOLE_INTERFACE].server = rs_lookup("console");
	CHECK(interfaces[CONSOLE_INTERFACE].server > 0);
	interfaces[RAMFS_INTERFACE].server = rs_lookup("ramfs");
	CHECK(interfaces[RAMFS_INTERFACE].server > 0);
	interfaces[DS_INTERFACE].server = rs_lookup("ds");
	CHECK(interfaces[DS_INTERFACE].server > 0);
	use_ds_for_the_first_time();
	at_first = account_now();
}

static void everything_is_where_it_was(void)
{
	CHECK_INT(vm_munmap(AT(arena_page(0)), 2 * PAGE_SIZE), OK);
	check_account(&at_first);
	CHECK_INT(rs_lookup("console"), interfaces[CONSOLE_INTERFACE].server);
	CHECK_INT(rs_lookup("ramfs"), interfaces[RAMFS_INTERFACE].server);
	CHECK_INT(rs_lookup("ds"), interfaces[DS_INTERFACE].server);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(no_field_of_a_kernel_call_harms),
	        TEST(no_field_of_a_call_of_vm_harms),
	        TEST(no_field_of_a_call_of_pm_harms),
	        TEST(no_field_of_a_call_of_rs_harms),
	        TEST(no_field_of_a_call_of_the_console_harms),
	        TEST(no_field_of_a_call_of_ramfs_harms),
	        TEST(no_field_of_a_call_of_ds_harms),
	        TEST(operations_that_are_not_a_server_s_are_refused),
	        TEST(what_others_may_not_ask_they_may_not_send_either),
	        TEST(what_is_for_pm_rs_or_drivers_is_refused_to_others),
	        TEST(information_is_written_where_it_may_be_and_nowhere_else),
	        TEST(information_for_nowhere_is_refused),
	        TEST(bridges_that_can_not_be_are_refused),
	        TEST(a_bridge_of_nonsense_harms_its_owner_alone),
	        TEST(the_console_writes_what_it_can_read),
	        TEST(exec_takes_nothing_from_where_nothing_is),
	        TEST(everything_is_where_it_was),
	};
	return TAP_RUN(tests);
}
