/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 time=counted calls=all ports=80-80 irqs=4,5 */
/*
 * What stands in requests, by a process that may use every kernel call: they are for VM, PM, RS and drivers,
 * which make mistakes too. What a call promises to refuse it refuses, and nothing has changed then.
 *
 * Not tried, because it would be no mistake of the kernel's: to end VM, PM or RS (clear, exec, stop, a
 * directory of their own making, other memory by vircopy), to end the system (abort), and to let a process
 * starve the others (schedule).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/wait.h>
#include <granite/rs.h>

#include "hostile_fields.h"
#include "hostile_rules.h"
#include "pages.h"

static endpoint_t self, dead;

static void hold(void)
{
	for (;;)
		pause();
}

static void kill_and_wait(pid_t pid)
{
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
}

/* The frame of a page table, perhaps; at any rate one that could be a directory. */
static uint32_t pool_page(void)
{
	return boot.vm_base + boot.pool_start;
}

/* ---- Arguments that can't be ---- */

struct refusal {
	int32_t call;
	int result;
	uint32_t words[6];
};

static void expect(const struct refusal *refusal)
{
	struct message m = {.m_type = refusal->call};
	memcpy(m.m_words, refusal->words, sizeof(refusal->words));
	int result = raw_kcall(AT(&m));
	if (result != refusal->result)
		printf("# %s(%x, %x, %x, %x) is %d\n",
		       operation_find(&interfaces[KERNEL_INTERFACE], refusal->call)->name,
		       (unsigned)refusal->words[0], (unsigned)refusal->words[1], (unsigned)refusal->words[2],
		       (unsigned)refusal->words[3], result);
	CHECK_INT(result, refusal->result);
}

static void expect_all(const struct refusal *refusals, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		expect(&refusals[i]);
}

static void endpoints_of_nobody_are_refused(void)
{
	const uint32_t nobody[] = {(uint32_t)ANY,
	                           (uint32_t)HARDWARE,
	                           (uint32_t)CLOCK,
	                           (uint32_t)-6,
	                           INT32_MIN,
	                           INT32_MAX,
	                           0,
	                           ENDPOINT_SLOTS - 1,
	                           (uint32_t)dead,
	                           (uint32_t)self | 1 << 30};
	for (unsigned i = 0; i < COUNT(nobody); i++) {
		const uint32_t who = nobody[i];
		const struct refusal refusals[] = {
		        {SYS_FORK, -EDEADSRCDST, {who, pool_page()}},
		        {SYS_EXEC, -EDEADSRCDST, {who}},
		        {SYS_CLEAR, -EDEADSRCDST, {who}},
		        {SYS_STOP, -EDEADSRCDST, {who, 1}},
		        {SYS_STEP, -EDEADSRCDST, {who, 1}},
		        {SYS_SIGUPCALL, -EDEADSRCDST, {who, SIGUPCALL_SIGNAL}},
		        {SYS_VIRCOPY, -EDEADSRCDST, {who, AT(arena), (uint32_t)SELF, AT(arena), 1}},
		        {SYS_VIRCOPY, -EDEADSRCDST, {(uint32_t)SELF, AT(arena), who, AT(arena), 1}},
		        {SYS_VMCTL, -EDEADSRCDST, {VMCTL_SETDIR, who, pool_page()}},
		        {SYS_SCHEDULE, -EDEADSRCDST, {who, SCHED_PRIO_USER, 50}},
		};
		expect_all(refusals, COUNT(refusals));
	}
	expect(&(struct refusal){
	        SYS_VIRCOPY, -EDEADSRCDST, {(uint32_t)SELF, AT(arena), (uint32_t)NONE, 0, 1}});
	expect(&(struct refusal){SYS_SCHEDULE, -EDEADSRCDST, {(uint32_t)NONE, SCHED_PRIO_USER, 50}});
}

/* As <granite/sys.h> says; where it does name the caller, sys_vircopy, it is used all the time. */
static void self_names_nobody_to_calls_about_others(void)
{
	const uint32_t who = (uint32_t)SELF;
	const struct refusal refusals[] = {
	        {SYS_FORK, -EDEADSRCDST, {who, pool_page()}},
	        {SYS_EXEC, -EDEADSRCDST, {who}},
	        {SYS_CLEAR, -EDEADSRCDST, {who}},
	        {SYS_STOP, -EDEADSRCDST, {who, 1}},
	        {SYS_SIGUPCALL, -EDEADSRCDST, {who, SIGUPCALL_SIGNAL}},
	        {SYS_VMCTL, -EDEADSRCDST, {VMCTL_SETDIR, who, pool_page()}},
	        {SYS_VMCTL, -EDEADSRCDST, {VMCTL_MAY_MAP, who, 0, 1}},
	        {SYS_SCHEDULE, -EDEADSRCDST, {who, SCHED_PRIO_USER, 50}},
	        {SYS_STEP, -EINVAL, {who, 1}},
	        {SYS_STEP, -EINVAL, {(uint32_t)self, 1}},
	        {SYS_REGISTERS, -EINVAL, {who}},
	        {SYS_REGISTERS, -EINVAL, {(uint32_t)self}},
	};
	expect_all(refusals, COUNT(refusals));
}

/* VM and PM have no page table, are never stopped, and run at their own priority. */
static void small_processes_are_left_alone(void)
{
	static const uint32_t small[] = {VM_PROC_NR, PM_PROC_NR};
	for (unsigned i = 0; i < COUNT(small); i++) {
		const struct refusal refusals[] = {
		        {SYS_FORK, -EINVAL, {small[i], pool_page()}},
		        {SYS_EXEC, -EINVAL, {small[i]}},
		        {SYS_STOP, -EPERM, {small[i], 1}},
		        {SYS_STEP, -EPERM, {small[i], 1}},
		        {SYS_SIGUPCALL, -EPERM, {small[i], SIGUPCALL_SIGNAL}},
		        {SYS_SIGUPCALL, -EPERM, {small[i], SIGUPCALL_STOP}},
		        {SYS_VMCTL, -EINVAL, {VMCTL_SETDIR, small[i], pool_page()}},
		        {SYS_SCHEDULE, -EPERM, {small[i], SCHED_PRIO_USER, 50}},
		};
		expect_all(refusals, COUNT(refusals));
	}
}

static void directories_that_can_not_be_are_refused(void)
{
	const uint32_t bad[] = {0,
	                        PAGE_SIZE,
	                        pool_page() + 1,
	                        pool_page() + 4,
	                        pool_page() - PAGE_SIZE,
	                        boot.region_end,
	                        boot.archive_start,
	                        PROC_BASE,
	                        0xfffff000,
	                        0xffffffff};
	for (unsigned i = 0; i < COUNT(bad); i++) {
		expect(&(struct refusal){SYS_FORK, -EINVAL, {(uint32_t)NONE, bad[i]}});
		expect(&(struct refusal){SYS_VMCTL, -EINVAL, {VMCTL_SETDIR, (uint32_t)self, bad[i]}});
		expect(&(struct refusal){SYS_VMCTL, -EINVAL, {VMCTL_PAGING, 0, bad[i], 0}});
	}
	/* Paging is on; the notes are VM's. */
	expect(&(struct refusal){SYS_VMCTL, -EINVAL, {VMCTL_PAGING, 0, pool_page(), AT(arena)}});
	/* Nobody can be forked who does not wait for PM's answer. */
	expect(&(struct refusal){SYS_FORK, -EINVAL, {(uint32_t)self, pool_page()}});
}

static void numbers_out_of_range_are_refused(void)
{
	for (unsigned i = 0; i < COUNT(wild_values); i++) {
		const uint32_t wild = wild_values[i], me = (uint32_t)self;
		if (wild < VMCTL_PAGING || wild > VMCTL_MAY_MAP)
			expect(&(struct refusal){SYS_VMCTL, -EINVAL, {wild, me, pool_page(), AT(arena)}});
		if (wild > SIGUPCALL_STOP)
			expect(&(struct refusal){SYS_SIGUPCALL, -EINVAL, {me, wild}});
		if (wild >= SCHED_PRIORITIES)
			expect(&(struct refusal){SYS_SCHEDULE, -EINVAL, {me, wild, 50}});
		if (wild < 1 || wild > 1000)
			expect(&(struct refusal){SYS_SCHEDULE, -EINVAL, {me, SCHED_PRIO_USER, wild}});
		if (wild >= 16)
			expect(&(struct refusal){SYS_IRQCTL, -EINVAL, {IRQCTL_ATTACH, wild}});
		if (wild < IRQCTL_ATTACH || wild > IRQCTL_ENABLE)
			expect(&(struct refusal){SYS_IRQCTL, -EINVAL, {wild, 5}});
		if (wild < ABORT_POWEROFF || wild > ABORT_PANIC)
			expect(&(struct refusal){SYS_ABORT, -EINVAL, {wild, wild}});
		if (wild & ~VIRCOPY_TRY)
			expect(&(struct refusal){
			        SYS_VIRCOPY, -EINVAL, {me, AT(arena), me, AT(arena), 1, wild}});
		if (wild > DIAG_MAX)
			expect(&(struct refusal){SYS_DIAGCTL, -EINVAL, {AT(arena), wild}});
		/* No physical memory is among our privileges. */
		expect(&(struct refusal){SYS_VIRCOPY, -EPERM, {(uint32_t)NONE, wild, me, AT(arena), 1}});
		expect(&(struct refusal){SYS_VIRCOPY, -EPERM, {(uint32_t)NONE, wild, me, AT(arena), wild}});
	}
}

static void interrupt_lines_of_others_are_refused(void)
{
	for (uint32_t line = 0; line < 16; line++) {
		const int ours = line == 4 || line == 5;
		if (!ours) {
			expect(&(struct refusal){SYS_IRQCTL, -EPERM, {IRQCTL_ATTACH, line}});
			expect(&(struct refusal){SYS_IRQCTL, -EPERM, {IRQCTL_ENABLE, line}});
		}
		expect(&(struct refusal){SYS_IRQCTL, -EINVAL, {IRQCTL_DETACH, line}});
	}
	expect(&(struct refusal){SYS_IRQCTL, -EBUSY, {IRQCTL_ATTACH, 4}}); /* the console's */
	expect(&(struct refusal){SYS_IRQCTL, -EINVAL, {IRQCTL_ENABLE, 4}});
	expect(&(struct refusal){SYS_IRQCTL, -EINVAL, {IRQCTL_ENABLE, 5}});
	expect(&(struct refusal){SYS_IRQCTL, OK, {IRQCTL_ATTACH, 5}});
	expect(&(struct refusal){SYS_IRQCTL, OK, {IRQCTL_ATTACH, 5}});
	expect(&(struct refusal){SYS_IRQCTL, OK, {IRQCTL_DETACH, 5}});
	expect(&(struct refusal){SYS_IRQCTL, -EINVAL, {IRQCTL_DETACH, 5}});
}

/* ---- Pointers and lengths ---- */

static endpoint_t partner;
static uint8_t *theirs; /* where the partner has a page of its own, between two that it has not */

static void copies_from_nowhere_are_refused(void)
{
	static const uint32_t lengths[] = {
	        1, 64, PAGE_SIZE + 1, 0x7fffffff, PROC_SIZE, PROC_SIZE + 1, 0xfffff000, 0xffffffff};
	const uint32_t sides[] = {(uint32_t)SELF, (uint32_t)self, (uint32_t)partner};
	for (unsigned i = 0; i < COUNT(wild_values) * COUNT(lengths); i++) {
		uint32_t at = wild_values[i / COUNT(lengths)], bytes = lengths[i % COUNT(lengths)];
		if (at >= STACK_TOP - PAGE_SIZE && at < STACK_TOP) /* our own stack */
			continue;
		for (unsigned j = 0; j < COUNT(sides); j++) {
			for (uint32_t flags = 0; flags <= VIRCOPY_TRY; flags++) {
				const struct refusal from = {
				        SYS_VIRCOPY,
				        -EFAULT,
				        {sides[j], at, (uint32_t)SELF, AT(arena_page(0)), bytes, flags}};
				const struct refusal to = {
				        SYS_VIRCOPY,
				        -EFAULT,
				        {(uint32_t)SELF, AT(arena_page(0)), sides[j], at, bytes, flags}};
				expect(&from);
				expect(&to);
			}
		}
	}
	arena_check_fences();
}

/* As often as the fault comes in the middle, what is behind it has not been touched. */
static void copies_stop_at_what_is_not_there(void)
{
	static const uint8_t contents[2 * PAGE_SIZE] = {1};
	const uint32_t bytes = PAGE_SIZE + 100, offset = PAGE_SIZE / 2;
	uint8_t bytes_taken[2];
	for (int first = 0; first < PAGE_KINDS; first++) {
		for (int second = 0; second < PAGE_KINDS; second++) {
			const enum page_kind kinds[2] = {first, second};
			arena_lay_out(kinds, 0, contents, sizeof(contents));
			int result =
			        sys_vircopy(SELF, AT(contents), SELF, AT(arena_page(0)) + offset, bytes, 0);
			CHECK_INT(result, arena_allows(kinds, offset, bytes, 1) ? OK : -EFAULT);
			arena_lay_out(kinds, 0, contents, sizeof(contents));
			result = sys_vircopy(SELF, AT(arena_page(0)) + offset, partner, AT(theirs), PAGE_SIZE,
			                     0);
			CHECK_INT(result, arena_allows(kinds, offset, PAGE_SIZE, 0) ? OK : -EFAULT);
		}
	}
	CHECK_INT(sys_vircopy(SELF, AT(contents), partner, AT(theirs) - 1, 2, 0), -EFAULT);
	CHECK_INT(sys_vircopy(SELF, AT(contents), partner, AT(theirs) + PAGE_SIZE - 1, 2, 0), -EFAULT);
	CHECK_INT(sys_vircopy(partner, AT(theirs) + PAGE_SIZE - 1, SELF, AT(bytes_taken), 2, 0), -EFAULT);
	arena_check_fences();
}

static void the_log_takes_nothing_from_nowhere(void)
{
	arena_lay_out((enum page_kind[]){PAGE_GONE, PAGE_NONE}, 0, NULL, 0);
	for (unsigned i = 0; i < COUNT(wild_values); i++) {
		vir_bytes at = wild_values[i];
		if (at < PROC_MIN_ADDRESS || at >= PROC_SIZE) {
			expect(&(struct refusal){SYS_DIAGCTL, -EFAULT, {at, 1}});
			expect(&(struct refusal){SYS_DIAGCTL, -EFAULT, {at, DIAG_MAX}});
		}
		if (at <= PROC_SIZE)
			expect(&(struct refusal){SYS_DIAGCTL, OK, {at, 0}});
	}
	expect(&(struct refusal){SYS_DIAGCTL, -EFAULT, {AT(arena_page(0)), 1}});
	expect(&(struct refusal){SYS_DIAGCTL, -EFAULT, {AT(arena_page(1)), 1}});
}

/* ---- Privileges ---- */

static struct proc_info info_of(endpoint_t endpoint)
{
	struct proc_info info = {.endpoint = NONE};
	CHECK_INT(sys_getinfo(GET_PROCTAB, &info, sizeof(info), (uint32_t)ENDPOINT_SLOT(endpoint)),
	          sizeof(info));
	CHECK_INT(info.endpoint, endpoint);
	return info;
}

/* Any of our own rights shows whether our set has been replaced by the empty one of these tests. */
static void check_that_we_have_our_rights(void)
{
	CHECK_INT(sys_diagctl("", 0), OK);
}

static void check_refused(endpoint_t endpoint, const struct priv_spec *spec, int expected)
{
	CHECK_INT(sys_privctl(endpoint, spec), expected);
	check_that_we_have_our_rights();
}

static void privileges_that_can_not_be_change_nothing(void)
{
	const struct priv_spec none = {.id = info_of(self).priv_id};
	struct priv_spec spec;
	check_refused(SELF, &none, -EDEADSRCDST);
	for (unsigned i = 0; i < COUNT(wild_values); i++) {
		spec = (struct priv_spec){.id = wild_values[i]};
		if (spec.id >= NR_PRIVS || (spec.id > PRIV_ID_USER && spec.id < PRIV_ID_FIRST))
			check_refused(NONE, &spec, -EINVAL);
		spec = none;
		spec.nr_ports = wild_values[i];
		if (spec.nr_ports > NR_PRIV_PORTS)
			check_refused(NONE, &spec, -EINVAL);
		spec = none;
		spec.nr_phys = wild_values[i];
		if (spec.nr_phys > NR_PRIV_PHYS)
			check_refused(NONE, &spec, -EINVAL);
		spec = none;
		spec.irqs = wild_values[i] | 1; /* the clock's line is nobody's */
		check_refused(NONE, &spec, -EINVAL);
	}
	spec = none;
	spec.nr_ports = 1;
	spec.ports[0] = (struct priv_ports){0x81, 0x80};
	check_refused(NONE, &spec, -EINVAL);
	spec = none;
	spec.nr_phys = 1;
	spec.phys[0] = (struct priv_phys){0xfffff000, 0x2000};
	check_refused(NONE, &spec, -EINVAL);
	check_refused(dead, &none, -EDEADSRCDST);
	check_refused(ANY, &none, -EDEADSRCDST);
	check_refused(VM_PROC_NR, &none, -EPERM);
	check_refused(PM_PROC_NR, &none, -EPERM);
}

static void privileges_from_nowhere_change_nothing(void)
{
	const struct priv_spec none = {.id = info_of(self).priv_id};
	const uint32_t bytes = sizeof(none), offsets[] = {0, PAGE_SIZE - bytes + 1, PAGE_SIZE - 4, PAGE_SIZE};
	for (unsigned i = 0; i < COUNT(wild_values); i++)
		if (wild_values[i] < PROC_MIN_ADDRESS || wild_values[i] >= PROC_SIZE)
			check_refused(NONE, POINTER(wild_values[i]), -EFAULT);
	for (int first = 0; first < PAGE_KINDS; first++) {
		for (int second = 0; second < PAGE_KINDS; second++) {
			for (unsigned i = 0; i < COUNT(offsets); i++) {
				const enum page_kind kinds[2] = {first, second};
				if (arena_allows(kinds, offsets[i], bytes, 0))
					continue;
				arena_lay_out(kinds, offsets[i], &none, bytes);
				check_refused(NONE, (void *)(arena_page(0) + offsets[i]), -EFAULT);
			}
		}
	}
}

static void out_80(void)
{
	__asm__ volatile("outb %%al, $0x80" : : "a"(0));
}

/* The processor's table of ports is written anew when a set changes; whoever runs must keep what is its own.
 */
static void who_defines_privileges_keeps_its_own_ports(void)
{
	const struct priv_spec unused = {.id = NR_PRIVS - 1};
	out_80();
	CHECK_INT(sys_privctl(NONE, &unused), OK);
	out_80();
}

/* ---- No rights at all ---- */

static struct {
	uint32_t trap; /* an IPC primitive, or 0: a kernel call */
	endpoint_t other;
	int32_t type;
} order;

/* Does what it is told, and tells what came of it: an answer needs no right. */
static void obey(void)
{
	struct message m, work;
	int status, result = ipc_receive(ANY, &m, &status);
	while (result == OK) {
		memcpy(&order, m.m_bytes, sizeof(order));
		work = (struct message){.m_type = order.type};
		m.m_type = order.trap ? raw_ipc(order.trap, order.other, AT(&work)) : raw_kcall(AT(&work));
		result = ipc_reply_receive(m.m_source, &m, &status);
	}
}

static int told(endpoint_t child, uint32_t trap, endpoint_t other, int32_t type)
{
	struct message m = {.m_type = 1};
	order.trap = trap;
	order.other = other;
	order.type = type;
	memcpy(m.m_bytes, &order, sizeof(order));
	int result = ipc_sendrec(child, &m);
	return result == OK ? m.m_type : result;
}

/* RS has not allowed us to talk to processes of a set that it does not know. */
static void talk_to_everybody(void)
{
	struct priv_spec all = {
	        .id = info_of(self).priv_id,
	        .flags = PRIV_INHERIT,
	        .irqs = 1u << 4 | 1u << 5,
	        .nr_ports = 1,
	        .ports = {{0x80, 0x80}},
	};
	memset(all.calls, 0xff, sizeof(all.calls));
	memset(all.ipc_to, 0xff, sizeof(all.ipc_to));
	CHECK_INT(sys_privctl(NONE, &all), OK);
}

static void without_rights_nothing_is_left_but_to_answer(void)
{
	const struct priv_spec none = {.id = NR_PRIVS - 1};
	const endpoint_t others[] = {VM_PROC_NR, PM_PROC_NR, RS_PROC_NR, rs_lookup("console"), partner};
	pid_t pid = tap_start(obey);
	endpoint_t child = pm_endpoint(pid);
	talk_to_everybody();
	CHECK_INT(told(child, 0, 0, SYS_SELF), OK);
	CHECK_INT(sys_privctl(child, &none), OK);
	for (int32_t call = KCALL_BASE; call < KCALL_BASE + KCALL_MAX; call++)
		CHECK_INT(told(child, 0, 0, call),
		          operation_find(&interfaces[KERNEL_INTERFACE], call) ? -ECALLDENIED : -EBADCALL);
	for (unsigned i = 0; i < COUNT(others); i++)
		for (uint32_t call = 1; call < IPC_NR; call++)
			if (call != IPC_RECEIVE && call != IPC_REPLY_RECEIVE)
				CHECK_INT(told(child, call, others[i], 1), -ECALLDENIED);
	CHECK_INT(told(child, IPC_REPLY_RECEIVE, PM_PROC_NR, 1), -ECALLDENIED);
	kill_and_wait(pid);
}

/* ---- Every field of every call ---- */

static void take_all_rights(void)
{
	CHECK_INT(take_set(sys_self(), SET_POWER), OK);
}

/* All rights, and what its requests are about. */
static void prepare_for_work(void)
{
	take_all_rights();
	lend_pages(parent, "x");
}

static void be_somebody(void)
{
	take_all_rights();
	hold();
}

/* Also of calls that this file knows nothing of. */
static void no_field_of_any_call_harms(void)
{
	pid_t pid = tap_start(be_somebody);
	somebody = pm_endpoint(pid);
	catch_segv();
	get_ready = prepare_for_work;
	prepared()->spec = set_of(SET_SCRATCH);
	spares = is_spared;
	parent = self;
	usleep(10000);
	try_interface(KERNEL_INTERFACE);
	kill(pid, SIGKILL);
	tap_wait(pid);
}

/* ---- What is left ---- */

static pid_t partner_pid;
static struct account at_first;

static void be_the_partner(void)
{
	CHECK_INT(vm_munmap(AT(theirs) - PAGE_SIZE, PAGE_SIZE), OK);
	CHECK_INT(vm_munmap(AT(theirs) + PAGE_SIZE, PAGE_SIZE), OK);
	hold();
}

static void setup(void)
{
	vir_bytes at;
	arena_make();
	zoo_make();
	self = sys_self();
	CHECK_INT(sys_getinfo(GET_BOOTINFO, &boot, sizeof(boot), 0), sizeof(boot));
	at_first = account_now();

	pid_t pid = tap_start(hold);
	dead = pm_endpoint(pid);
	kill_and_wait(pid);

	CHECK_INT(vm_mmap(0, 3 * PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE, 0, &at), OK);
	theirs = POINTER(at + PAGE_SIZE);
	partner_pid = tap_start(be_the_partner);
	partner = pm_endpoint(partner_pid);
	usleep(10000);
}

static void everything_is_where_it_was(void)
{
	CHECK(!(info_of(self).rts_flags | (info_of(VM_PROC_NR).misc_flags & 0x4)));
	CHECK_INT(info_of(self).priority, SCHED_PRIO_USER);
	kill_and_wait(partner_pid);
	CHECK_INT(vm_munmap(AT(theirs) - PAGE_SIZE, 3 * PAGE_SIZE), OK);
	CHECK_INT(vm_munmap(AT(arena_page(0)), 2 * PAGE_SIZE), OK);
	check_account(&at_first);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(endpoints_of_nobody_are_refused),
	        TEST(self_names_nobody_to_calls_about_others),
	        TEST(small_processes_are_left_alone),
	        TEST(directories_that_can_not_be_are_refused),
	        TEST(numbers_out_of_range_are_refused),
	        TEST(interrupt_lines_of_others_are_refused),
	        TEST(copies_from_nowhere_are_refused),
	        TEST(copies_stop_at_what_is_not_there),
	        TEST(the_log_takes_nothing_from_nowhere),
	        TEST(privileges_that_can_not_be_change_nothing),
	        TEST(privileges_from_nowhere_change_nothing),
	        TEST(who_defines_privileges_keeps_its_own_ports),
	        TEST(without_rights_nothing_is_left_but_to_answer),
	        TEST(no_field_of_any_call_harms),
	        TEST(everything_is_where_it_was),
	};
	return TAP_RUN(tests);
}
