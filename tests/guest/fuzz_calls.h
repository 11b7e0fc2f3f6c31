/* SPDX-License-Identifier: MIT */
/* The fuzzer's acts: each makes one random call, and tells what it came to. */
#ifndef GUEST_FUZZ_CALLS_H
#define GUEST_FUZZ_CALLS_H

#include "fuzz_grants.h"
#include "fuzz_random.h"
#include "hostile_rules.h"

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

/* ---- Requests ---- */

/*
 * What the words of a request mean: a address, g one that is good most times, p of the playground, z of a
 * page, e endpoint, h a partner's, i pid, l length, m length in pages, o offset in a grant, n small number, b
 * yes or no, s privilege set, t TLS slot, q priority of a user's, d page directory, f program, x and y the
 * halves of a grant's id, w anything. An operation that is not here gets anything.
 */
static const struct shape {
	int32_t number;
	const char *words;
} shapes[] = {
        {SYS_FORK, "ed"},
        {SYS_EXEC, "eaa"},
        {SYS_CLEAR, "e"},
        {SYS_STOP, "en"},
        {SYS_SIGUPCALL, "en"},
        {SYS_BRIDGE, "aaa"},
        {SYS_SETTLS, "tgnn"},
        {SYS_VIRCOPY, "egeglb"},
        {SYS_VMCTL, "neda"},
        {SYS_PRIVCTL, "es"},
        {SYS_SCHEDULE, "eql"},
        {SYS_IRQCTL, "nn"},
        {SYS_SETALARM, "lnn"},
        {SYS_GETINFO, "ngln"},
        {SYS_DIAGCTL, "gl"},
        {SYS_TRACE, "nnbbgn"},
        {VM_BRK, "a"},
        {VM_MMAP, "plnn"},
        {VM_MUNMAP, "pl"},
        {VM_MPROTECT, "pln"},
        {VM_FORK, "e"},
        {VM_EXEC, "ea"},
        {VM_EXIT, "e"},
        {VM_PROCINFO, "e"},
        {VM_REGION, "ea"},
        {VM_PAGES, "ebagn"},
        {PM_FORK, "b"},
        {PM_EXEC, "fnglbb"},
        {PM_EXIT, "n"},
        {PM_WAIT, "in"},
        {PM_GETID, "i"},
        {PM_SETPGID, "ii"},
        {PM_KILL, "il"},
        {PM_SIGACTION, "lbanaww"},
        {PM_SIGPROCMASK, "nww"},
        {PM_ITIMER, "blnln"},
        {PM_NANOSLEEP, "lnb"},
        {PM_ENDPOINT, "i"},
        {PM_PROGRAM, "n"},
        {CONSOLE_READ, "gl"},
        {CONSOLE_WRITE, "gl"},
        {CONSOLE_FOREGROUND, "i"},
        {CONSOLE_CANCEL, "e"},
        {SYS_SETGRANT, "gn"},
        {SYS_SAFECOPYFROM, "xyhogl"},
        {SYS_SAFECOPYTO, "xyhogl"},
        {SYS_VSAFECOPY, "gn"},
        {SYS_SAFEMEMSET, "xyhonl"},
        {SYS_SAFEMAP, "xyhozmb"},
        {SYS_GRANTS, "engn"},
        {VM_UNLEND, "z"},
        {VM_REVOKE, "xybz"},
        {VM_MAP_PHYS, "dmb"},
        {VM_LENDINGS, "engn"},
        {VM_VIEWERS, "ezngn"},
};

static const char path[] = "/bin/true";

static inline uint32_t any_directory(void)
{
	const uint32_t directories[] = {boot.vm_base + boot.pool_start, boot.region_end, boot.archive_start,
	                                PICK(wild_values)};
	return PICK(directories);
}

/* In the first page of the zoo: a set that may be defined, or one that nearly may. */
static inline vir_bytes any_set(void)
{
	struct priv_spec *spec = POINTER(zoo);
	if (sigsetjmp(survived, 0))
		return any_address(sizeof(*spec));
	for (uint32_t i = 0; i < sizeof(*spec) / 4; i++)
		((uint32_t *)spec)[i] = once_in(2) ? roll() : 0;
	spec->id = SET_SCRATCH + below(SET_SCRATCH_END - SET_SCRATCH);
	spec->flags &= PRIV_INHERIT | PRIV_ARCHIVE | PRIV_INSPECT;
	spec->irqs = once_in(2) ? 0 : 1u << below(32);
	spec->nr_ports = small_number();
	spec->nr_phys = once_in(2) ? 0 : NR_PRIV_PHYS + 1 + below(100);
	return AT(spec);
}

static inline uint32_t word_of_shape(char shape)
{
	static cp_grant_id_t grant;
	switch (shape) {
	case 'h':
		return (uint32_t)grantee();
	case 'x':
		grant = any_grant();
		return (uint32_t)grant;
	case 'y':
		return (uint32_t)(grant >> 32);
	case 'z':
		return page_address();
	case 'm':
		return page_length();
	case 'o':
		return once_in(3) ? page_length() : 0;
	case 'a':
		return any_address(64);
	case 'g':
		return once_in(4) ? any_address(64) : good_address(64);
	case 'b':
		return once_in(8) ? any_word() : below(2);
	case 't':
		return once_in(4) ? any_word() : once_in(2) ? UINT32_MAX : TLS_INDEX_MIN + below(TLS_SLOTS);
	case 'q':
		return once_in(8) ? any_word() : SCHED_PRIO_USER + below(SCHED_PRIORITIES - SCHED_PRIO_USER);
	case 'p':
		return playground_address();
	case 's':
		return any_set();
	case 'e':
		return (uint32_t)any_endpoint();
	case 'i':
		return (uint32_t)any_pid();
	case 'l':
		return any_length();
	case 'n':
		return small_number();
	case 'd':
		return any_directory();
	case 'f':
		return AT(path);
	default:
		return any_word();
	}
}

static inline const char *shape_of(int32_t number)
{
	for (uint32_t i = 0; i < COUNT(shapes); i++)
		if (shapes[i].number == number)
			return shapes[i].words;
	return "";
}

static inline void compose(struct message *m, const struct operation *operation)
{
	const char *shape = shape_of(operation->number);
	m->m_type = once_in(64) ? (int32_t)any_word() : operation->number;
	for (uint32_t i = 0; i < COUNT(m->m_words); i++) {
		m->m_words[i] = *shape && !once_in(12) ? word_of_shape(*shape) : any_word();
		if (*shape)
			shape++;
	}
}

static inline const struct operation *any_operation(const struct interface *interface)
{
	return &interface->operations[below(interface->count)];
}

/* The message lies at the address if it can; what lies there otherwise is as good as another. */
static inline void place(vir_bytes address, const struct message *m)
{
	if (!sigsetjmp(survived, 0))
		*(volatile struct message *)POINTER(address) = *m;
}

/* Mostly right, for what is in the message matters only then. */
static inline vir_bytes message_address(void)
{
	return once_in(8) ? any_address(sizeof(struct message)) : good_address(sizeof(struct message));
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

/* ---- Traps ---- */

/* In popal's order, then what is loaded before the trap and after them. */
static struct trap_registers {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
	uint32_t eflags, esp;
} trap_registers;

static uint32_t trap_stack, trap_result, trap_code, trap_return;
static vir_bytes trap_page;

/* int vector; jmp *trap_return: on i386 what can be read can be executed. */
static inline void write_trap(uint8_t vector)
{
	const uint32_t where = AT(&trap_return);
	uint8_t code[8] = {0xcd, vector, 0xff, 0x25};
	memcpy(code + 4, &where, sizeof(where));
	memcpy(POINTER(trap_page), code, sizeof(code));
	trap_code = trap_page;
}

static inline int trap(void)
{
	__asm__ volatile("pushal\n\t"
	                 "movl %%esp, %[stack]\n\t"
	                 "movl $1f, %[back]\n\t"
	                 "movl %[registers], %%esp\n\t"
	                 "popal\n\t"
	                 "movl %[stack], %%esp\n\t"
	                 "pushl %[eflags]\n\t"
	                 "popfl\n\t"
	                 "movl %[esp], %%esp\n\t"
	                 "jmp *%[code]\n"
	                 "1:\n\t"
	                 "movl %[stack], %%esp\n\t"
	                 "movl %%eax, %[result]\n\t"
	                 "pushl $0x202\n\t"
	                 "popfl\n\t"
	                 "popal"
	                 : [stack] "+m"(trap_stack), [back] "+m"(trap_return), [result] "+m"(trap_result)
	                 : [registers] "i"(&trap_registers), [code] "m"(trap_code),
	                   [eflags] "m"(trap_registers.eflags), [esp] "m"(trap_registers.esp)
	                 : "memory", "cc");
	return (int)trap_result;
}

#define EFLAGS_MADE 0x44fd5u /* carry to sign, trap, direction, nested task, alignment check */

static inline void roll_registers(void)
{
	uint32_t *words = (uint32_t *)&trap_registers, stack;
	for (uint32_t i = 0; i < sizeof(trap_registers) / 4; i++)
		words[i] = any_word();
	trap_registers.eflags = 0x202 | (once_in(8) ? roll() & EFLAGS_MADE : 0);
	__asm__("movl %%esp, %0" : "=r"(stack));
	trap_registers.esp = once_in(24) ? any_address(64) : stack - 0x1000;
}

/* A trap that is no system call, or one with whatever the registers hold. */
static inline int trap_with_anything(void)
{
	const uint8_t vectors[] = {IPC_VECTOR, KCALL_VECTOR, 1, 3, 4, (uint8_t)roll(), (uint8_t)roll()};
	uint8_t vector = PICK(vectors);
	if (vector == SYSCALL_VECTOR)
		return call_linux();
	roll_registers();
	if (vector == IPC_VECTOR &&
	    waits_for_nothing(trap_registers.ecx = below(IPC_NR + 1), (endpoint_t)trap_registers.eax))
		return SPARED;
	if (sigsetjmp(survived, 0))
		return KILLED;
	write_trap(vector);
	int result = trap();
	see_who_i_am();
	return result;
}

#endif
