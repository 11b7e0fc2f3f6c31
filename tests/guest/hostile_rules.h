/* SPDX-License-Identifier: MIT */
/*
 * What is not asked for by processes that ask for everything, because it would be no mistake of the system's.
 * They have privilege sets of their own, by which they know each other:
 *
 * - to end the system: sys_abort, PM's reboot
 * - by a process that has all kernel calls, which are for VM, PM, RS and drivers: to clear, start anew, stop,
 * slow down, write to, or take the rights of anybody but their own kind; to clear those behind PM's and
 * VM's backs; a page directory of its own making for a process that runs; priorities with which nobody else
 * would run
 * - to kill others: every process is root's
 * - to reach devices: magic grants, memory of devices
 * - to use up all memory, which other tests do; to print for minutes
 */
#ifndef GUEST_HOSTILE_RULES_H
#define GUEST_HOSTILE_RULES_H

#include <sys/reboot.h>
#include <sys/syscall.h>

#include "hostile.h"

/* ---- Whose a process is ---- */

/* The privilege sets of hostile processes; SET_SCRATCH and those above it are defined at random. */
enum hostile_set {
	SET_SCRATCH = NR_PRIVS - 16,
	SET_SCRATCH_END = NR_PRIVS - 8,
	SET_MUTE,
	SET_PLAIN,
	SET_POWER,
	SET_GUARD
};

static inline int is_hostile_set(uint32_t id)
{
	return id >= SET_SCRATCH && id != SET_GUARD;
}

/* Whose rights have been taken cannot ask whom it is about to harm: UNKNOWN. */
enum whose { NOBODY_S, HOSTILE, INNOCENT, UNKNOWN };

static inline enum whose whose_is(endpoint_t endpoint)
{
	struct proc_info info;
	if (endpoint < 0)
		return endpoint == SELF ? HOSTILE : NOBODY_S;
	if (sys_getinfo(GET_PROCTAB, &info, sizeof(info), (uint32_t)ENDPOINT_SLOT(endpoint)) !=
	    (int)sizeof(info))
		return UNKNOWN;
	if (info.endpoint != endpoint)
		return NOBODY_S;
	return is_hostile_set(info.priv_id) ? HOSTILE : INNOCENT;
}

static inline int is_fair_game(endpoint_t endpoint)
{
	enum whose whose = whose_is(endpoint);
	return whose == HOSTILE || whose == NOBODY_S;
}

static inline int may_live(endpoint_t endpoint)
{
	return whose_is(endpoint) != NOBODY_S;
}

/* -1 is everybody; a group is its leader's, but may be there without it. */
static inline int may_be_killed(int32_t pid)
{
	union pm_endpoint_message call = {.req = {.pid = pid < 0 ? -pid : pid}};
	if (pid == 0 || pid == INT32_MIN)
		return 1;
	if (pid == -1 || pid == 1)
		return 0;
	int result = pm_endpoint_call(&call);
	if (result != OK)
		return result == -ESRCH && pid > 0;
	return is_fair_game(call.rep.endpoint);
}

/* ---- Their sets ---- */

static inline struct priv_spec set_of(enum hostile_set id)
{
	static const uint16_t basic[] = PRIV_BASIC_CALLS;
	struct priv_spec spec = {.id = id, .flags = PRIV_INHERIT};
	for (uint32_t i = 0; i < COUNT(basic); i++)
		spec.calls[(basic[i] - KCALL_BASE) / 32] |= 1u << (basic[i] - KCALL_BASE) % 32;
	spec.ipc_to[0] = 1u << PRIV_ID_VM | 1u << PRIV_ID_PM | 1u << PRIV_ID_RS;
	spec.ipc_to[SET_GUARD / 32] |= 1u << SET_GUARD % 32; /* to report */
	if (id != SET_MUTE)
		memset(spec.ipc_to, 0xff, sizeof(spec.ipc_to));
	if (id == SET_POWER || id == SET_GUARD)
		memset(spec.calls, 0xff, sizeof(spec.calls));
	if (id == SET_POWER) {
		spec.flags |= PRIV_INSPECT | PRIV_ARCHIVE | PRIV_KEEP;
		spec.irqs = 1u << 5;
	}
	return spec;
}

static inline int take_set(endpoint_t endpoint, enum hostile_set id)
{
	const struct priv_spec spec = set_of(id);
	return sys_privctl(endpoint, &spec);
}

/* ---- Memory ---- */

/* 0: it can't be read. Whoever asks has the handler of catch_segv(). */
static inline int peek(vir_bytes address, void *to, uint32_t bytes)
{
	if (sigsetjmp(survived, 1))
		return 0;
	for (uint32_t i = 0; i < bytes; i++)
		((uint8_t *)to)[i] = ((const volatile uint8_t *)POINTER(address))[i];
	return 1;
}

#define MUCH 0x100000u

/* What is mapped may be touched sooner or later. */
static inline int is_too_much(uint32_t bytes)
{
	return bytes > MUCH && bytes <= PROC_SIZE;
}

static inline int is_a_mess(vir_bytes address, uint32_t bytes)
{
	return bytes > 16 && address >= PROC_MIN_ADDRESS && address < PROC_SIZE;
}

/* ---- Kernel calls ---- */

/* Page-aligned, and where VM's page tables are. */
static inline int is_directory(uint32_t frame, const struct boot_info *boot)
{
	return frame % PAGE_SIZE == 0 && frame >= boot->vm_base + boot->pool_start &&
	       frame < boot->region_end;
}

static struct boot_info boot;

static inline int is_spared_set(endpoint_t endpoint, vir_bytes address)
{
	struct priv_spec spec;
	if (!peek(address, &spec, sizeof(spec)))
		return 0;
	if (endpoint != NONE && !is_fair_game(endpoint))
		return 1;
	return spec.id < NR_PRIVS &&
	       (spec.id < SET_SCRATCH || spec.id >= SET_SCRATCH_END ||
	        spec.flags & (PRIV_RESERVE | PRIV_MAGIC) || (spec.nr_phys && spec.nr_phys <= NR_PRIV_PHYS));
}

static inline int is_spared_kernel_call(const struct message *m)
{
	const uint32_t *w = m->m_words;
	endpoint_t who = (endpoint_t)w[0];
	switch (m->m_type) {
	case SYS_CLEAR:
		return may_live(who);
	case SYS_FORK:
		return may_live(who) && is_directory(w[1], &boot);
	case SYS_EXEC:
	case SYS_STOP:
	case SYS_STEP:
	case SYS_SIGUPCALL:
		return !is_fair_game(who);
	case SYS_SCHEDULE:
		return !is_fair_game(who) || w[1] < SCHED_PRIO_USER;
	case SYS_VMCTL:
		return w[0] == VMCTL_SETDIR && may_live((endpoint_t)w[1]) && is_directory(w[2], &boot);
	case SYS_PRIVCTL:
		return is_spared_set(who, w[1]);
	case SYS_VIRCOPY:
		return !is_fair_game((endpoint_t)w[2]) || is_too_much(w[4]);
	default:
		return 0;
	}
}

/* ---- Servers' calls ---- */

static inline int is_spared_break(vir_bytes address)
{
	union vm_brk_message call = {.req = {.address = 0}};
	return vm_brk_call(&call) != OK ||
	       (address > call.rep.address && is_too_much(address - call.rep.address));
}

/* Whoever the message goes to: others than its server refuse it. */
static inline int is_spared(const struct message *m)
{
	if (ends_the_system(m->m_type, m))
		return 1;
	switch (m->m_type) {
	case VM_MMAP:
		return is_too_much(m->m_words[1]);
	case VM_BRK:
		return is_spared_break(m->m_words[0]);
	case PM_KILL:
		return !may_be_killed((int32_t)m->m_words[0]);
	case CONSOLE_WRITE:
		return m->m_words[2] > 16;
	default:
		return is_spared_kernel_call(m);
	}
}

/* ---- Linux's calls ---- */

static inline int is_spared_old_mmap(vir_bytes address)
{
	uint32_t arguments[6];
	return peek(address, arguments, sizeof(arguments)) && is_too_much(arguments[1]);
}

static inline int is_spared_linux(uint32_t number, const uint32_t arguments[6])
{
	switch (number) {
	case SYS_reboot:
		return arguments[2] == RB_AUTOBOOT || arguments[2] == RB_HALT_SYSTEM ||
		       arguments[2] == RB_POWER_OFF;
	case SYS_kill:
	case SYS_tkill:
		return !may_be_killed((int32_t)arguments[0]);
	case SYS_tgkill:
		return !may_be_killed((int32_t)arguments[1]);
	case SYS_brk:
		return is_spared_break(arguments[0]);
	case SYS_mmap:
		return is_spared_old_mmap(arguments[0]);
	case SYS_mmap2:
		return is_too_much(arguments[1]);
	case SYS_mremap:
		return is_too_much(arguments[2]);
	case SYS_write:
		return is_a_mess(arguments[1], arguments[2]);
	case SYS_writev:
		return arguments[0] < 64;
	default:
		return 0;
	}
}

#endif
