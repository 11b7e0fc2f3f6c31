/* SPDX-License-Identifier: MIT */
/*
 * Grants: a process lends a range of its memory to another. What it has granted stands in a table in its own
 * memory; the kernel copies a record when it is used and judges the copy, so nothing that the table's owner
 * does meanwhile can confuse it. <granite/grant.h> keeps the table.
 */
#ifndef GRANITE_ABI_GRANT_H
#define GRANITE_ABI_GRANT_H

#include <granite/abi/endpoint.h>
#include <granite/abi/types.h>

/*
 * A grant's name: the record's place in the table, and above it a sequence number. No sequence number is used
 * twice for one endpoint: each sys_setgrant hands out GRANT_SEQUENCES new ones, and each
 * sys_loans for the loan's slot.
 */
#define GRANT_SLOT_BITS          16
#define GRANT_SLOTS              ((1 << GRANT_SLOT_BITS) - 1) /* of a table, at the most */
#define GRANT_LOAN_SLOT          GRANT_SLOTS /* is in no table: the loan of the granter's bridge (bridge.h) */
#define GRANT_SEQUENCE_BITS      24
#define GRANT_SEQUENCES          (1 << GRANT_SEQUENCE_BITS)
#define GRANT_TABLES_MAX         ((1 << (63 - GRANT_SLOT_BITS - GRANT_SEQUENCE_BITS)) - 1)

#define GRANT_ID(sequence, slot) ((cp_grant_id_t)(sequence) << GRANT_SLOT_BITS | (cp_grant_id_t)(slot))
#define GRANT_SLOT(id)           ((uint32_t)((id) & ((1 << GRANT_SLOT_BITS) - 1)))
#define GRANT_SEQUENCE(id)       ((id) >> GRANT_SLOT_BITS)

#define GRANT_INVALID            ((cp_grant_id_t)-1)
#define GRANT_VALID(id)          ((id) > GRANT_INVALID)

/* In a link of a chain: the grant was given by one whose successor this endpoint is (vm_succeed). */
#define GRANT_INHERITED ((cp_grant_id_t)-2)

/* What the grantee may do. */
#define CPF_READ  0x01
#define CPF_WRITE 0x02
#define CPF_MAP   0x04 /* map it; with CPF_READ only */

/* How. */
#define CPF_UNMAP  0x08 /* when it is revoked nothing stays mapped, not even a snapshot */
#define CPF_TRY    0x10 /* a copy fails with EFAULT where VM would first have to bring memory in */

#define CPF_RIGHTS (CPF_READ | CPF_WRITE | CPF_MAP)
#define CPF_ACCESS (CPF_RIGHTS | CPF_UNMAP | CPF_TRY)

/* What is granted: exactly one of them. */
#define CPF_DIRECT   0x200 /* memory of the table's owner */
#define CPF_INDIRECT 0x400 /* what another has granted to the table's owner, or a part of it */
#define CPF_MAGIC    0x800 /* another's memory; for whom the manifest allows it, and never to be mapped */
#define CPF_KIND     (CPF_DIRECT | CPF_INDIRECT | CPF_MAGIC)

/* A chain has so many records at the most. */
#define GRANT_DEPTH_MAX 5

/* The `bytes` of an indirect grant of all that the grant below it gives. */
#define GRANT_ALL 0xffffffffu

struct cp_grant {
	cp_grant_id_t id;      /* GRANT_INVALID or 0: there is no grant here */
	cp_grant_id_t from_id; /* CPF_INDIRECT: the grant below it */
	uint32_t flags;        /* CPF_* */
	endpoint_t who_to;     /* the grantee; ANY: whoever knows the id, for copying only */
	endpoint_t who_from;   /* CPF_INDIRECT: who gave the grant below it; CPF_MAGIC: whose memory it is */
	vir_bytes start;       /* an address; CPF_INDIRECT: bytes into the grant below it */
	uint32_t bytes;
	uint32_t unused; /* the owner's */
};

_Static_assert(sizeof(struct cp_grant) == 40, "the table has no gaps");

/* A link of a chain: this process gave this grant. */
struct grant_link {
	cp_grant_id_t id;
	endpoint_t endpoint;
	uint32_t unused;
};

/* An element of sys_vsafecopy: one of v_from and v_to is SELF. */
struct vscp_vec {
	cp_grant_id_t v_gid;
	endpoint_t v_from, v_to;
	vir_bytes v_offset; /* within the grant */
	vir_bytes v_addr;   /* the caller's */
	uint32_t v_bytes;
	uint32_t unused;
};

#define SCPVEC_NR 64 /* elements at the most */

#endif
