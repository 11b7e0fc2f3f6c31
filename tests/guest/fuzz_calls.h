/* SPDX-License-Identifier: MIT */
/* The fuzzer's acts: each makes one random call, and tells what it came to. */
#ifndef GUEST_FUZZ_CALLS_H
#define GUEST_FUZZ_CALLS_H

#include "fuzz_requests.h"

#define SPARED 2 /* like KILLED no result of a call */

static endpoint_t console, me;
static uint32_t generation; /* of forks, from the fuzzer's worker */

/* ---- Forks: a call may return twice ---- */

static inline endpoint_t who_am_i(void)
{
	struct message m = {.m_type = SYS_SELF};
	return raw_kcall(AT(&m)) == OK ? (endpoint_t)m.m_words[0] : NONE;
}

/* After a call that may have been a fork. */
static inline void see_who_i_am(void)
{
	endpoint_t now = who_am_i();
	if (now != me && now != NONE) {
		me = now;
		generation++;
		random_state ^= mix((uint32_t)now);
	}
}

/* ---- Kernel calls ---- */

/* A process that only the kernel knows of is cleared by its maker. */
static inline void clear_again(endpoint_t endpoint)
{
	struct message m = {.m_type = SYS_CLEAR, .m_words = {(uint32_t)endpoint}};
	(void)raw_kcall(AT(&m));
}

static inline int make_kernel_call(const struct message *m, vir_bytes address)
{
	struct message reply;
	place(address, m);
	int result = try_kcall(address);
	if (result == OK && m->m_type == SYS_FORK && peek(address, &reply, sizeof(reply)))
		clear_again((endpoint_t)reply.m_words[0]);
	return result;
}

static inline int call_the_kernel(void)
{
	struct message m;
	compose(&m, any_operation(&interfaces[KERNEL_INTERFACE]));
	if (is_spared(&m))
		return SPARED;
	return make_kernel_call(&m, message_address());
}

/* ---- Servers' calls ---- */

static inline int call_a_server(void)
{
	static const uint32_t calls[] = {IPC_SENDREC,      IPC_SENDREC, IPC_SENDREC, IPC_SENDREC_INTR,
	                                 IPC_SENDREC_INTR, IPC_SEND,    IPC_SENDNB,  IPC_SENDA};
	const struct interface *interface = &interfaces[VM_INTERFACE + below(INTERFACES - VM_INTERFACE)];
	vir_bytes address = message_address();
	struct message m;
	compose(&m, any_operation(interface));
	if (is_spared(&m))
		return SPARED;
	place(address, &m);
	int result = try_ipc(PICK(calls), interface->server, address);
	see_who_i_am();
	return result;
}

/* ---- Grants ---- */

static inline int call_with_a_grant(void)
{
	static const int32_t numbers[] = {SYS_SAFECOPYFROM, SYS_SAFECOPYTO, SYS_SAFEMEMSET, SYS_SAFEMAP,
	                                  SYS_SAFEMAP,      SYS_SAFEMAP,    SYS_VSAFECOPY,  SYS_GRANTS,
	                                  VM_UNLEND,        VM_REVOKE};
	int32_t number = PICK(numbers);
	int is_vm_s = number == VM_UNLEND || number == VM_REVOKE;
	struct message m;
	compose(&m, operation_find(&interfaces[is_vm_s ? VM_INTERFACE : KERNEL_INTERFACE], number));
	if (is_spared(&m))
		return SPARED;
	return is_vm_s ? make_call(VM_PROC_NR, &m) : make_kernel_call(&m, message_address());
}

/* Others must have lent, or taken, something in between. */
static inline int lend(void)
{
	if (once_in(4))
		sys_yield();
	if (once_in(64))
		return open_grants();
	if (once_in(6))
		return write_a_record(below(TABLE_SLOTS));
	return once_in(16) ? erase_a_record() : call_with_a_grant();
}

/* ---- IPC ---- */

/* Whom nobody answers waits until the watcher's patience ends; not too often. */
static inline int waits_for_nothing(uint32_t call, endpoint_t other)
{
	if (call == IPC_RECEIVE)
		return !once_in(16);
	if (call == IPC_SEND || call == IPC_SENDREC || call == IPC_SENDREC_INTR)
		return other != partners[0] && other != partners[1] && !once_in(8);
	return 0;
}

static inline int exchange(void)
{
	uint32_t call = once_in(64) ? roll() : 1 + below(IPC_NR - 1);
	endpoint_t other = any_endpoint();
	vir_bytes address = message_address();
	struct message m;
	compose(&m, any_operation(&interfaces[below(INTERFACES)]));
	if (is_spared(&m) || waits_for_nothing(call, other))
		return SPARED;
	place(address, &m);
	int result = try_ipc(call, other, address);
	see_who_i_am();
	return result;
}

/* ---- Linux's calls ---- */

static inline int call_linux(void)
{
	uint32_t number = once_in(32) ? any_word() : below(451), arguments[6];
	for (uint32_t i = 0; i < COUNT(arguments); i++)
		arguments[i] = once_in(3) ? small_number() : once_in(8) ? (uint32_t)any_pid() : any_word();
	if (is_spared_linux(number, arguments))
		return SPARED;
	int result = try_linux(number, arguments);
	see_who_i_am();
	return result;
}

/* ---- Memory ---- */

static inline int touch(vir_bytes address, int write)
{
	if (sigsetjmp(survived, 0))
		return KILLED;
	volatile uint8_t *byte = POINTER(address);
	if (write)
		*byte = 1;
	return *byte;
}

static inline int use_memory(void)
{
	static const int32_t numbers[] = {VM_MMAP, VM_MMAP, VM_MUNMAP, VM_MPROTECT, VM_BRK};
	struct message m;
	if (once_in(2))
		return touch(once_in(4) ? any_address(4) : playground_address(), once_in(2));
	if (once_in(24))
		zoo_lay_out();
	compose(&m, operation_find(&interfaces[VM_INTERFACE], PICK(numbers)));
	if (is_spared(&m))
		return SPARED;
	return make_call(VM_PROC_NR, &m);
}

/* ---- Lives ---- */

/* What happens to processes: forks, signals sent and taken, waits, programs, ends. */
static inline int live(void)
{
	static const int32_t numbers[] = {PM_FORK,      PM_FORK,      PM_KILL,        PM_KILL,
	                                  PM_KILL,      PM_SIGACTION, PM_SIGPROCMASK, PM_ITIMER,
	                                  PM_NANOSLEEP, PM_WAIT,      PM_SETPGID,     PM_SIGPENDING};
	struct message m;
	int32_t number = once_in(200) ? PM_EXIT : once_in(60) ? PM_EXEC : PICK(numbers);
	compose(&m, operation_find(&interfaces[PM_INTERFACE], number));
	if (number == PM_NANOSLEEP && !once_in(32))
		m.m_words[0] = below(1000000), m.m_words[1] = m.m_words[2] = 0;
	if (number == PM_WAIT && !once_in(32))
		m.m_words[1] = 1; /* WNOHANG */
	if (number == PM_EXEC && !once_in(4)) {
		const uint32_t words[] = {AT(path), sizeof(path) - 1, AT(path), sizeof(path), 1, 0};
		memcpy(m.m_words, words, sizeof(words));
	}
	if (is_spared(&m))
		return SPARED;
	int result = make_call(PM_PROC_NR, &m);
	see_who_i_am();
	return result;
}

#endif
