/* SPDX-License-Identifier: MIT */
/* The fuzzer's requests: what their words mean, and where they lie. */
#ifndef GUEST_FUZZ_REQUESTS_H
#define GUEST_FUZZ_REQUESTS_H

#include "fuzz_grants.h"
#include "fuzz_random.h"
#include "hostile_rules.h"

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
        {SYS_STEP, "en"},
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
        {CONSOLE_READ, "xyl"},
        {CONSOLE_WRITE, "xyl"},
        {CONSOLE_FOREGROUND, "i"},
        {SERVER_CANCEL, "e"},
        {RAMFS_OPEN, "xylnnn"},
        {RAMFS_CLOSE, "n"},
        {RAMFS_DUP, "nnb"},
        {RAMFS_PIPE, "nnn"},
        {RAMFS_READ, "xynbnln"},
        {RAMFS_WRITE, "xynl"},
        {RAMFS_SEEK, "lbnn"},
        {RAMFS_STAT, "xyln"},
        {RAMFS_GETDENTS, "xynl"},
        {RAMFS_STATUS, "nbn"},
        {RAMFS_SETFD, "nb"},
        {RAMFS_POLL, "xylbn"},
        {RAMFS_CHDIR, "xyln"},
        {RAMFS_GETCWD, "xyl"},
        {RAMFS_OUTCOME, "l"},
        {DS_PUBLISH, "xylnwwxylnn"},
        {DS_RETRIEVE, "xylnxyl"},
        {DS_DELETE, "xylnww"},
        {DS_NAME, "xye"},
        {DS_SUBSCRIBE, "xywwln"},
        {DS_UNSUBSCRIBE, "xywwl"},
        {DS_CHECK, "xyn"},
        {DS_LIST, "xynn"},
        {DS_STATS, "xyl"},
        {DS_PUBLISH_MAP, "xylnwwxymn"},
        {DS_RETRIEVE_MAP, "xylnxymnn"},
        {DS_SNAPSHOT, "xylnww"},
        {DS_DROP_SNAPSHOT, "xylnwwn"},
        {DS_LABEL, "wwwwe"},
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
        {VM_KEEP, "al"},
        {VM_SUCCEED, "ee"},
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
	spec->id = once_in(8) ? NR_PRIVS + (roll() >> (1 + below(31)))
	                      : SET_SCRATCH + below(SET_SCRATCH_END - SET_SCRATCH);
	spec->flags &= PRIV_INHERIT | PRIV_ARCHIVE | PRIV_INSPECT | PRIV_KEEP;
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

#endif
