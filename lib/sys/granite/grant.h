/* SPDX-License-Identifier: MIT */
/*
 * Grants: memory that a process lends to another, which may copy to and from it or map it, until it is taken
 * back. docs/grants.md tells the whole story.
 *
 * Functions that return an id give GRANT_INVALID with errno set if it can't be done; the others OK or a
 * negative errno. A grant's length is in bytes, its access an OR of CPF_READ, CPF_WRITE, CPF_MAP, CPF_UNMAP
 * and CPF_TRY. EINVAL everywhere: unknown bits in the access, or none of the rights; CPF_MAP without
 * CPF_READ, or with a range that is not whole pages; an endpoint that can't be a process. ENOSPC: GRANTS_MAX
 * grants exist.
 *
 * All of it may be called in signal handlers too.
 */
#ifndef GRANITE_GRANT_H
#define GRANITE_GRANT_H

#include <stddef.h>
#include <granite/abi/grant.h>
#include <granite/sys.h>

/* So many grants a process can have given at one time. */
#define GRANTS_MAX 16384

/* ---- For who lends ---- */

/* Lends [addr, addr + bytes) of the caller's memory to `who_to`; ANY, not with CPF_MAP: to whoever knows the
 * id. */
GRANITE_MUST_CHECK cp_grant_id_t cpf_grant_direct(endpoint_t who_to, vir_bytes addr, size_t bytes,
                                                  int access);

/*
 * Passes on what `who_from` has granted to the caller by `grant`: all of it, with all its rights, or (_sub)
 * the `bytes` from `offset` on, with these rights at most. What `who_from` revokes is lost to `who_to` too.
 */
GRANITE_MUST_CHECK cp_grant_id_t cpf_grant_indirect(endpoint_t who_to, endpoint_t who_from,
                                                    cp_grant_id_t grant);
GRANITE_MUST_CHECK cp_grant_id_t cpf_grant_indirect_sub(endpoint_t who_to, endpoint_t who_from,
                                                        cp_grant_id_t grant, size_t offset, size_t bytes,
                                                        int access);

/*
 * Lends memory of `who_from`, which is not asked: for services with flags=magic. Never with CPF_MAP, and
 * never memory of VM, PM or RS: who uses such a grant gets EPERM.
 */
GRANITE_MUST_CHECK cp_grant_id_t cpf_grant_magic(endpoint_t who_to, endpoint_t who_from, vir_bytes addr,
                                                 size_t bytes, int access);

/*
 * Takes a grant back. When it returns nobody can use the grant any more, nor any that was made from it, and
 * nothing mapped by it is anybody's but the caller's. EPERM: it is not a grant of the caller's (any more).
 */
int cpf_revoke(cp_grant_id_t grant);

/* Who gave what a grant gives (SELF for a direct one), and to whom. Either pointer may be null. EPERM. */
GRANITE_MUST_CHECK int cpf_lookup(cp_grant_id_t grant, endpoint_t *granter, endpoint_t *grantee);

/*
 * `n` ids that grant nothing yet, for cpf_setgrant_*. Returns how many there are: fewer than n if the table
 * is full. They too are given back by cpf_revoke.
 */
GRANITE_MUST_CHECK int cpf_getgrants(cp_grant_id_t *ids, int n);

/*
 * What an id grants from now on; what it granted before is taken back first. EPERM: it is no id of the
 * caller's.
 */
GRANITE_MUST_CHECK int cpf_setgrant_direct(cp_grant_id_t grant, endpoint_t who_to, vir_bytes addr,
                                           size_t bytes, int access);
GRANITE_MUST_CHECK int cpf_setgrant_indirect(cp_grant_id_t grant, endpoint_t who_to, endpoint_t who_from,
                                             cp_grant_id_t from_grant);
GRANITE_MUST_CHECK int cpf_setgrant_magic(cp_grant_id_t grant, endpoint_t who_to, endpoint_t who_from,
                                          vir_bytes addr, size_t bytes, int access);
GRANITE_MUST_CHECK int cpf_setgrant_disable(cp_grant_id_t grant);

/* Forgets all grants: a child begins so, for it inherits none. fork() calls it. */
void cpf_reload(void);

/* ---- For who borrows ---- */

/*
 * Copies from, or to, what `granter` has granted to the caller. EPERM: no such grant, not for the caller, not
 * these bytes or not this right; EDEADSRCDST: one who gave it is dead; ELOOP: its chain is longer than
 * GRANT_DEPTH_MAX; EFAULT: memory of either side is not there; the part before that may have been copied.
 */
GRANITE_MUST_CHECK int sys_safecopyfrom(endpoint_t from, cp_grant_id_t grant, vir_bytes grant_offset,
                                        vir_bytes my_address, size_t bytes);
GRANITE_MUST_CHECK int sys_safecopyto(endpoint_t to, cp_grant_id_t grant, vir_bytes grant_offset,
                                      vir_bytes my_address, size_t bytes);

/*
 * Up to SCPVEC_NR copies at once; in each element one of v_from and v_to is SELF. All are judged before the
 * first is made. EINVAL: too many, or an element without SELF or with it twice.
 */
GRANITE_MUST_CHECK int sys_vsafecopy(struct vscp_vec *vector, int elements);

/* Fills `bytes` bytes of what is granted with the byte c. Errors as sys_safecopyto. */
GRANITE_MUST_CHECK int sys_safememset(endpoint_t to, cp_grant_id_t grant, vir_bytes grant_offset, int c,
                                      size_t bytes);

/*
 * Maps `bytes` of what `grantor` has granted with CPF_MAP, from grant_offset on, at my_address: whatever the
 * caller had there is gone, as with MAP_FIXED. All multiples of the page size. It is memory as any other, but
 * what either side writes the other sees (the caller only if `writable`, which takes CPF_WRITE), until one of
 * these ends it:
 *
 *     the caller            sys_safeunmap, munmap, or its own exit or exec: it is gone
 *     who gave a grant of   cpf_revoke, sys_saferevmap_*, exit or exec, or, if it is
 *     the chain             the owner, unmapping the memory: the caller keeps a
 *                           private snapshot of what it last saw, or nothing, if a
 *                           grant of the chain has CPF_UNMAP or memory is short
 *
 * A child of the caller's gets a snapshot too, or nothing. Errors as sys_safecopyfrom, and EPERM: a grant of
 * the chain has no CPF_MAP; EINVAL: not whole pages; below PROC_MIN_ADDRESS; one of the processes is a small
 * one; or the grant gives memory that was lent to its owner, but not by one mapping; EFAULT: the owner's
 * memory is not there, or it may not write to it; ELOOP: more than GRANT_DEPTH_MAX grants from the memory's
 * first owner to the caller, or it is the caller's own; ENOMEM.
 */
GRANITE_MUST_CHECK int sys_safemap(endpoint_t grantor, cp_grant_id_t grant, vir_bytes grant_offset,
                                   vir_bytes my_address, size_t bytes, int writable);

/*
 * Unmaps all that one sys_safemap has mapped, of which my_address is any page. EINVAL: no page is mapped
 * there by a grant (any more: a snapshot is the caller's own memory, to be unmapped by munmap).
 */
GRANITE_MUST_CHECK int sys_safeunmap(vir_bytes my_address);

/* ---- For who lends, again ---- */

/*
 * Takes back the right to map: what others have mapped by the grant, or by what was made of it, is theirs no
 * more when this returns, and nothing more can be mapped by it; copying goes on. By address: of the caller's
 * page there, by whatever direct grant. EPERM: it is not a grant of the caller's; EINVAL: an address that
 * can't be.
 */
int sys_saferevmap_gid(cp_grant_id_t grant);
int sys_saferevmap_addr(vir_bytes address);

/* ---- Who has lent what ---- */

/*
 * What `endpoint` (or SELF) has granted: copies records to grants[count]. *slot is 0 at first; as long as it
 * is not 0 afterwards there may be more. Returns how many, perhaps 0. EPERM: another process, and the caller
 * lacks PRIV_INSPECT; EINVAL: count 0; EFAULT.
 */
GRANITE_MUST_CHECK int sys_grants(endpoint_t endpoint, uint32_t *slot, struct cp_grant *grants,
                                  uint32_t count);

/* ---- Beneath cpf_* ---- */

/*
 * Names the caller's table of grants (entries 0: none). *sequence: the first of GRANT_SEQUENCES numbers for
 * new ids. EFAULT, EINVAL: a table that can't be; ENOSPC: after GRANT_TABLES_MAX calls, for ever.
 */
GRANITE_MUST_CHECK int sys_setgrant(struct cp_grant *table, uint32_t entries, uint64_t *sequence);

#endif
