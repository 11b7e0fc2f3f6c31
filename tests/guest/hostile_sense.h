/* SPDX-License-Identifier: MIT */
/*
 * Requests that make sense as a whole, for those of which one field at a time is made to make none; and what
 * they are about: memory of their own, and what is lent by whoever makes them and to them.
 */
#ifndef GUEST_HOSTILE_SENSE_H
#define GUEST_HOSTILE_SENSE_H

#include <fcntl.h>
#include <granite/ds.h>
#include <granite/grant.h>

#include "hostile.h"

static endpoint_t parent; /* of who makes the requests */

/* Who makes the requests, and by which grants they may be about memory. */
static struct worker {
	pid_t pid; /* 0: there is none */
	endpoint_t endpoint;
	unsigned refused;      /* so many requests, up to now */
	cp_grant_id_t lent;    /* the parent's, of its own scratch(), to the worker */
	cp_grant_id_t granted; /* the worker's, of scratch(), to whom `get_ready` says */
	cp_grant_id_t buffer;  /* and of buffer() */
} worker;

static const struct worker no_worker = {
        .lent = GRANT_INVALID, .granted = GRANT_INVALID, .buffer = GRANT_INVALID};

/* Two bytes before memory that is not there: so the console can print no more than a comment. */
static const char line[] = "#\n";

static inline vir_bytes line_address(void)
{
	return AT(arena_page(1)) - 2;
}

/* Places that may be written to: nobody else will. */
static inline vir_bytes scratch(void)
{
	return zoo + 2 * PAGE_SIZE;
}

static inline vir_bytes buffer(void)
{
	return zoo + 4 * PAGE_SIZE;
}

/* Where a worker maps what the parent has lent to it. */
static inline vir_bytes mapped(void)
{
	return zoo + 6 * PAGE_SIZE;
}

/* What kernel calls read; the worker has it from its parent. */
struct prepared {
	struct vscp_vec vector;
	struct priv_spec spec;
};

static inline struct prepared *prepared(void)
{
	return POINTER(zoo);
}

/* A worker lends its two pages to another; the first is full of `text` and of its last character. */
static inline void lend_pages(endpoint_t other, const char *text)
{
	const int access = CPF_READ | CPF_WRITE | CPF_MAP;
	size_t length = strlen(text);
	memset(POINTER(scratch()), text[length - 1], PAGE_SIZE);
	memcpy(POINTER(scratch()), text, length);
	worker.granted = cpf_grant_direct(other, scratch(), PAGE_SIZE, access);
	worker.buffer = cpf_grant_direct(other, buffer(), PAGE_SIZE, access);
	CHECK(GRANT_VALID(worker.granted) && GRANT_VALID(worker.buffer));
}

/* A request that is no nonsense as a whole. 0: there is none for this operation. */
static inline int make_sense(struct message *m)
{
#define LONG(id) (uint32_t)(id), (uint32_t)((uint64_t)(id) >> 32)
#define LENT     LONG(worker.lent)
#define GRANTED  LONG(worker.granted)
#define BUFFER   LONG(worker.buffer)
#define PATH     GRANTED, 4, (uint32_t)RAMFS_CWD
#define KEY(of)  GRANTED, 8, DS_TYPE_##of
#define SERIAL   worker.refused + 1, 0
	const uint32_t self = (uint32_t)SELF, me = (uint32_t)worker.endpoint, lender = (uint32_t)parent;
	const uint32_t rw = VM_PROT_READ | VM_PROT_WRITE;
	const struct {
		int32_t number;
		uint32_t words[11];
	} sensible[] = {
	        {PM_EXEC, {AT("/bin/nothing"), 12, AT("nothing"), 8, 1, 0}},
	        {CONSOLE_WRITE, {GRANTED, 2}},
	        {CONSOLE_READ, {GRANTED, 16}},
	        {RS_LOOKUP, {'s' | 'h' << 8}},
	        {RS_AWAIT, {'r' | 'a' << 8 | 'm' << 16 | 'f' << 24, 's'}},
	        {RS_DOWN, {'r' | 'a' << 8 | 'm' << 16 | 'f' << 24, 's'}},
	        {VM_MMAP, {0, PAGE_SIZE, rw, 0}},
	        {VM_MUNMAP, {zoo, PAGE_SIZE}},
	        {VM_MPROTECT, {zoo, PAGE_SIZE, VM_PROT_READ}},
	        {VM_PAGES, {self, VM_PAGES_MEMORY, 0, scratch(), 16}},
	        {VM_REGION, {self, zoo}},
	        {VM_KEEP, {KEPT_BASE, PAGE_SIZE, 'k'}},
	        {VM_SUCCEED, {self, (uint32_t)NONE}},
	        {VM_UNLEND, {mapped()}},
	        {VM_REVOKE, {GRANTED, VM_REVOKE_GRANT, scratch()}},
	        {VM_LENDINGS, {self, 0, scratch(), 4}},
	        {VM_VIEWERS, {self, mapped(), 0, scratch(), 4}},
	        {SYS_VIRCOPY, {self, zoo, self, scratch(), 64}},
	        {SYS_GETINFO, {GET_PROCTAB, scratch(), PAGE_SIZE, 0}},
	        {SYS_DIAGCTL, {line_address(), 2}},
	        {SYS_TRACE, {TRACE_READ, 0, 0, 0, scratch(), 8}},
	        {SYS_SETTLS, {(uint32_t)-1, zoo, 64, 0}},
	        {SYS_BRIDGE, {AT(lend_pages), AT(lend_pages), scratch()}},
	        {SYS_IRQCTL, {IRQCTL_ATTACH, 5}},
	        {SYS_SCHEDULE, {me, SCHED_PRIO_USER, 50}},
	        {SYS_PRIVCTL, {me, AT(&prepared()->spec)}},
	        {SYS_SETGRANT, {scratch(), 64}},
	        {SYS_GRANTS, {self, 0, scratch(), 4}},
	        {SYS_SAFECOPYFROM, {LENT, lender, 0, scratch(), 64}},
	        {SYS_SAFECOPYTO, {LENT, lender, 0, scratch(), 64}},
	        {SYS_VSAFECOPY, {AT(&prepared()->vector), 1}},
	        {SYS_SAFEMEMSET, {LENT, lender, 0, 'x', 64}},
	        {SYS_SAFEMAP, {LENT, lender, 0, scratch(), PAGE_SIZE, 1}},
	        {RAMFS_OPEN, {PATH, 10, O_RDONLY}},
	        {RAMFS_CLOSE, {4}},
	        {RAMFS_DUP, {4, 10, 0}},
	        {RAMFS_PIPE, {10, 11, O_NONBLOCK}},
	        {RAMFS_READ, {GRANTED, 0, 0, 4, 64, 0}},
	        {RAMFS_WRITE, {GRANTED, 63, 64}},
	        {RAMFS_SEEK, {64, 0, 4, SEEK_SET}},
	        {RAMFS_STAT, {PATH}},
	        {RAMFS_GETDENTS, {GRANTED, 3, 512}},
	        {RAMFS_STATUS, {4, 1, O_NONBLOCK}},
	        {RAMFS_SETFD, {4, 1}},
	        {RAMFS_POLL, {BUFFER, 0, 0, 2}},
	        {RAMFS_CHDIR, {PATH}},
	        {RAMFS_GETCWD, {GRANTED, 64}},
	        {DS_PUBLISH, {KEY(MEM), SERIAL, BUFFER, 64, 7, DSF_OVERWRITE}},
	        {DS_RETRIEVE, {KEY(MEM), BUFFER, 64}},
	        {DS_DELETE, {KEY(MEM), SERIAL}},
	        {DS_NAME, {GRANTED, (uint32_t)RS_PROC_NR}},
	        {DS_SUBSCRIBE, {GRANTED, SERIAL, 8, DSF_INITIAL | DSF_OVERWRITE}},
	        {DS_UNSUBSCRIBE, {GRANTED, SERIAL, 8}},
	        {DS_CHECK, {GRANTED, 0}},
	        {DS_LIST, {BUFFER, 0, 2}},
	        {DS_PUBLISH_MAP, {KEY(MAP), SERIAL, BUFFER, PAGE_SIZE, DSF_OVERWRITE}},
	        {DS_RETRIEVE_MAP, {KEY(MAP), BUFFER, PAGE_SIZE, 0, DSMF_COPY_MAPPED}},
	        {DS_SNAPSHOT, {KEY(MAP), SERIAL}},
	        {DS_DROP_SNAPSHOT, {KEY(MAP), SERIAL, 1}},
	        {DS_STATS, {BUFFER, sizeof(struct ds_statistics)}},
	};
#undef LONG
#undef LENT
#undef GRANTED
#undef BUFFER
#undef PATH
#undef KEY
#undef SERIAL
	for (unsigned i = 0; i < COUNT(sensible); i++) {
		if (sensible[i].number != m->m_type)
			continue;
		memcpy(m->m_words, sensible[i].words, sizeof(sensible[i].words));
		return 1;
	}
	return 0;
}

#endif
