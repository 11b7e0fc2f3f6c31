/* SPDX-License-Identifier: MIT */
/*
 * The tables of grant_matrix_test.c: kinds of memory, uses of a grant, and the rules of what must come of
 * each use when something happens to it. What they say is section "The rules, and why" of docs/grants.md.
 */
#ifndef GUEST_GRANT_MATRIX_H
#define GUEST_GRANT_MATRIX_H

#include "grant_cast.h"

/*
 * The grantor grants its window to the go-between, which passes the grant on to the grantee:
 *
 *     (other ->) grantor -> go-between -> grantee
 *
 * The other is whose memory the grantor's is, or who shares it. The child comes with a fork.
 */
enum who { OTHER, GRANTOR, BETWEEN, GRANTEE, CHILD, NOBODY };

/* Whose the memory is: where a chain of grants ends. */
enum chain {
	OWN = 1,    /* the grantor's own */
	ON = 2,     /* the other's, which the grantor has mapped; the grantor passes the other's grant on */
	MAPPED = 4, /* the same, but the grantor grants what it has mapped */
	LENT = ON | MAPPED,
	ANYBODYS = OWN | LENT,
};

/* ---- Kinds of memory ---- */

struct kind {
	const char *name;
	void (*set)(enum who unmap); /* makes the other and the grantor, and what they see */
	enum chain chain;
	bool has_other;
	bool device; /* nobody keeps a snapshot of it, or has it after a fork */
	bool shared; /* whole pages of it are copied by sharing them */
	int refusal; /* what a use for writing gets; OK: it is good */
};

/* ---- Uses ---- */

enum use_how { COPY_FROM = 1, COPY_TO = 2, MAP = 4, COPY = COPY_FROM | COPY_TO, ANYHOW = COPY | MAP };

struct use {
	const char *name;
	enum use_how how;
	bool writes;
	uint32_t offset, at, bytes;
	uint32_t shared; /* whole pages that can be shared, instead of copying them */
};

#define END 300

static const struct use uses[] = {
        {"copy from it, whole pages", COPY_FROM, false, 0, 0, BYTES, PAGES},
        {"copy from it, pages and ends", COPY_FROM, false, END, END, BYTES - 2 * END, PAGES - 2},
        {"copy from it, not aligned", COPY_FROM, false, END, END + 7, BYTES - 2 * END, 0},
        {"copy to it, whole pages", COPY_TO, true, 0, 0, BYTES, PAGES},
        {"copy to it, pages and ends", COPY_TO, true, END, END, BYTES - 2 * END, PAGES - 2},
        {"copy to it, not aligned", COPY_TO, true, END + 7, END, BYTES - 2 * END, 0},
        {"map read-only", MAP, false, 0, 0, BYTES, 0},
        {"map writable", MAP, true, 0, 0, BYTES, 0},
};

/* ---- Rules ---- */

enum act { NOTHING, REVOKE, REVOKE_MAPPINGS, REVOKE_PAGE, UNMAP_GRANT, UNMAP, FORK, EXIT, EXEC };

static const char *const act_names[] = {
        [NOTHING] = "nothing",
        [REVOKE] = "cpf_revoke by",
        [REVOKE_MAPPINGS] = "sys_saferevmap_gid by",
        [REVOKE_PAGE] = "sys_saferevmap_addr by",
        [UNMAP_GRANT] = "sys_safeunmap by",
        [UNMAP] = "munmap by",
        [FORK] = "fork of",
        [EXIT] = "exit of",
        [EXEC] = "exec of",
};

/* What becomes of what one has. */
enum fate {
	STAYS,
	KEPT, /* if it has it by a mapping, a snapshot of it, or nothing with CPF_UNMAP or of a device's */
	GONE,
	UNLENT, /* gone, if it has it by a mapping; what it has otherwise stays */
};

struct rule {
	enum act act;
	enum who who;
	enum chain chain; /* with which it is so */
	enum use_how how;
	enum fate fate[CHILD]; /* of the other's window, the grantor's, the go-between's, the grantee's */
	/* What the grantee then gets for the same use, if it was good before: for a copy, for mapping. */
	int copied_again;
	int mapped_again;
};

static const struct rule rules[] = {
        {NOTHING, NOBODY, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},

        /* Revoking ends what hangs on the grant, whosoever has it. */
        {REVOKE, OTHER, ON, ANYHOW, {STAYS, KEPT, KEPT, KEPT}, -EPERM, -EPERM},
        {REVOKE, OTHER, MAPPED, ANYHOW, {STAYS, KEPT, KEPT, KEPT}, OK, OK},
        {REVOKE, GRANTOR, ANYBODYS, ANYHOW, {STAYS, STAYS, KEPT, KEPT}, -EPERM, -EPERM},
        {REVOKE, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, KEPT}, -EPERM, -EPERM},

        /* Of mappings only, it leaves the right to copy. */
        {REVOKE_MAPPINGS, OTHER, ON, ANYHOW, {STAYS, KEPT, KEPT, KEPT}, OK, -EPERM},
        {REVOKE_MAPPINGS, OTHER, MAPPED, ANYHOW, {STAYS, KEPT, KEPT, KEPT}, OK, OK},
        {REVOKE_MAPPINGS, GRANTOR, ANYBODYS, ANYHOW, {STAYS, STAYS, KEPT, KEPT}, OK, -EPERM},
        {REVOKE_MAPPINGS, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, KEPT}, OK, -EPERM},

        /* By address it is for direct grants: an indirect one is not of the memory at one's own address. */
        {REVOKE_PAGE, OTHER, OWN, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},
        {REVOKE_PAGE, OTHER, ON, ANYHOW, {STAYS, KEPT, KEPT, KEPT}, OK, -EPERM},
        {REVOKE_PAGE, OTHER, MAPPED, ANYHOW, {STAYS, KEPT, KEPT, KEPT}, OK, OK},
        {REVOKE_PAGE, GRANTOR, OWN | MAPPED, ANYHOW, {STAYS, STAYS, KEPT, KEPT}, OK, -EPERM},
        {REVOKE_PAGE, GRANTOR, ON, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},
        {REVOKE_PAGE, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},
        {REVOKE_PAGE, GRANTEE, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},

        /* Who unmaps takes from itself, and from those to whom it lent its window. */
        {UNMAP_GRANT, OTHER, ANYBODYS, ANYHOW, {UNLENT, STAYS, STAYS, STAYS}, OK, OK},
        {UNMAP_GRANT, GRANTOR, OWN | ON, ANYHOW, {STAYS, UNLENT, STAYS, STAYS}, OK, OK},
        {UNMAP_GRANT, GRANTOR, MAPPED, ANYHOW, {STAYS, UNLENT, KEPT, KEPT}, -EFAULT, -EFAULT},
        {UNMAP_GRANT, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, UNLENT, STAYS}, OK, OK},
        {UNMAP_GRANT, GRANTEE, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, UNLENT}, OK, OK},
        {UNMAP, OTHER, OWN, ANYHOW, {GONE, STAYS, STAYS, STAYS}, OK, OK},
        {UNMAP, OTHER, ON, ANYHOW, {GONE, KEPT, KEPT, KEPT}, -EFAULT, -EFAULT},
        {UNMAP, OTHER, MAPPED, ANYHOW, {GONE, KEPT, KEPT, KEPT}, OK, OK},
        {UNMAP, GRANTOR, OWN | MAPPED, ANYHOW, {STAYS, GONE, KEPT, KEPT}, -EFAULT, -EFAULT},
        {UNMAP, GRANTOR, ON, ANYHOW, {STAYS, GONE, STAYS, STAYS}, OK, OK},
        {UNMAP, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, GONE, STAYS}, OK, OK},
        {UNMAP, GRANTEE, ANYBODYS, COPY, {STAYS, STAYS, STAYS, GONE}, -EFAULT, OK},
        {UNMAP, GRANTEE, ANYBODYS, MAP, {STAYS, STAYS, STAYS, GONE}, OK, OK},

        /* A fork changes nothing; what the child has of it is in child_keeps(). */
        {FORK, OTHER, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},
        {FORK, GRANTOR, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},
        {FORK, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},
        {FORK, GRANTEE, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, STAYS}, OK, OK},

        /* Who ends takes back all that it gave; so does exec, after which it is alive, and there are no
         * grants of its. A grant to it stays. */
        {EXIT, OTHER, OWN, ANYHOW, {GONE, STAYS, STAYS, STAYS}, OK, OK},
        {EXIT, OTHER, ON, ANYHOW, {GONE, KEPT, KEPT, KEPT}, -EDEADSRCDST, -EDEADSRCDST},
        {EXIT, OTHER, MAPPED, ANYHOW, {GONE, KEPT, KEPT, KEPT}, OK, OK},
        {EXIT, GRANTOR, ANYBODYS, ANYHOW, {STAYS, GONE, KEPT, KEPT}, -EDEADSRCDST, -EDEADSRCDST},
        {EXIT, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, GONE, KEPT}, -EDEADSRCDST, -EDEADSRCDST},
        {EXIT, GRANTEE, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, GONE}, OK, OK},
        {EXEC, OTHER, OWN, ANYHOW, {GONE, STAYS, STAYS, STAYS}, OK, OK},
        {EXEC, OTHER, ON, ANYHOW, {GONE, KEPT, KEPT, KEPT}, -EPERM, -EPERM},
        {EXEC, OTHER, MAPPED, ANYHOW, {GONE, KEPT, KEPT, KEPT}, OK, OK},
        {EXEC, GRANTOR, ANYBODYS, ANYHOW, {STAYS, GONE, KEPT, KEPT}, -EPERM, -EPERM},
        {EXEC, BETWEEN, ANYBODYS, ANYHOW, {STAYS, STAYS, GONE, KEPT}, -EPERM, -EPERM},
        {EXEC, GRANTEE, ANYBODYS, ANYHOW, {STAYS, STAYS, STAYS, GONE}, OK, OK},
};

/* ---- Cells ---- */

struct cell {
	const struct kind *kind;
	const struct use *use;
	const struct rule *rule;
	enum who unmap; /* whose grant has CPF_UNMAP, or NOBODY */
};

/* Whether the use is good to begin with. */
static inline int first_result(const struct cell *cell)
{
	return cell->use->writes ? cell->kind->refusal : OK;
}

/* It makes a difference to what is mapped, and then it can be any grant of the chain. */
static inline bool unmap_makes_sense(const struct cell *cell)
{
	if (cell->unmap == NOBODY)
		return true;
	if (cell->use->how != MAP || first_result(cell) != OK || cell->unmap > BETWEEN)
		return false;
	return cell->unmap != OTHER || cell->kind->chain & LENT;
}

static inline bool cell_makes_sense(const struct cell *cell)
{
	const struct rule *rule = cell->rule;
	return rule->chain & cell->kind->chain && rule->how & cell->use->how && unmap_makes_sense(cell) &&
	       (rule->who != OTHER || cell->kind->has_other);
}

/* Whether the chain by which one has its window has CPF_UNMAP. */
static inline bool chain_unmaps(const struct cell *cell, enum who who)
{
	return cell->unmap < who;
}

static inline bool keeps_snapshot(const struct cell *cell, enum who who)
{
	return !cell->kind->device && !chain_unmaps(cell, who);
}

/* What a child of this one has of its window: a snapshot, or a copy of its own memory. */
static inline bool child_keeps(const struct cell *cell, enum who who)
{
	return cast[who].lent ? keeps_snapshot(cell, who) : !(cell->kind->device && who == GRANTOR);
}

/* Whose memory the grant is of. */
static inline enum who owner_of(const struct cell *cell)
{
	return cell->kind->chain == ON ? OTHER : GRANTOR;
}

/* What the grantee gets for the same use again. What the records of the chain say (EPERM) comes before what
 * can be done with the memory (EFAULT). */
static inline int second_result(const struct cell *cell)
{
	const struct rule *rule = cell->rule;
	int by_rule = cell->use->how == MAP ? rule->mapped_again : rule->copied_again;
	int first = first_result(cell);
	if (by_rule == OK)
		return first == OK && !cast[owner_of(cell)].sees ? -EFAULT : first;
	return by_rule == -EFAULT && first == -EPERM ? first : by_rule;
}

#endif
