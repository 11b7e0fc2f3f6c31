/* SPDX-License-Identifier: MIT */
/*
 * Calls of VM, the memory server. Each returns OK or a negative errno;
 * those of <granite/ipc.h> are possible too.
 */
#ifndef GRANITE_VM_H
#define GRANITE_VM_H

#include <stddef.h>
#include <granite/abi/vm.h>
#include <granite/call.h>

#define OP(number, NAME, name) CALL_FIXED(vm, name, NAME, VM_PROC_NR)
#include <granite/abi/ops/vm.def>
#undef OP

/*
 * Moves the caller's break to `address` (0: leaves it) and stores where it is now in *now. As brk(2) on
 * Linux, a break that can't be had is no error: *now is the old one.
 */
GRANITE_MUST_CHECK int vm_brk(vir_bytes address, vir_bytes *now);

/*
 * Maps `bytes` (rounded up to pages) of zeroed memory; *address says where. `hint` is where it should be if
 * there is room, or with VM_MAP_FIXED where it must be. prot: VM_PROT_*, flags: VM_MAP_*. EINVAL: no bytes,
 * or a hint not page-aligned with VM_MAP_FIXED; ENOMEM: no room, or no memory for VM_MAP_POPULATE; EEXIST:
 * something is there already (VM_MAP_NOREPLACE).
 */
GRANITE_MUST_CHECK int vm_mmap(vir_bytes hint, size_t bytes, int prot, int flags, vir_bytes *address);

/*
 * Unmaps the pages of [address, address + bytes). EINVAL: address not
 * page-aligned, no bytes, or beyond the process.
 */
GRANITE_MUST_CHECK int vm_munmap(vir_bytes address, size_t bytes);

/* Gives these pages the rights `prot`. EINVAL as vm_munmap; ENOMEM: some of them are not mapped. */
GRANITE_MUST_CHECK int vm_mprotect(vir_bytes address, size_t bytes, int prot);

/*
 * Makes the pages of [address, address + bytes) present and writable, so that touching them takes no page
 * fault, which could be the caller's end where no memory is left. EINVAL: no bytes, or an address that is not
 * page-aligned; EFAULT: some can't be written to; ENOMEM: there is no memory for all of them. Then none is
 * changed, but of more than 4 MiB the first part may be.
 */
GRANITE_MUST_CHECK int vm_populate(vir_bytes address, size_t bytes);

/*
 * The same for memory that a service takes because a client asks for it: ENOMEM also if only that is left
 * which VM keeps back for services (PRIV_RESERVE). Else clients could use it up.
 */
GRANITE_MUST_CHECK int vm_populate_spare(vir_bytes address, size_t bytes);

/*
 * Makes all memory of the program itself present and writable: its variables, and as much of its stack as a
 * server needs. A server that the system can't do without calls it at its start: whatever it is asked for
 * later, it touches nothing new then. Not the table of grants, but for the first 64 at a time: who has more
 * asks for that memory itself. Nor what it allocates. ENOMEM.
 */
GRANITE_MUST_CHECK int vm_own_memory(void);

/* Tells where every page of the machine is. */
GRANITE_MUST_CHECK int vm_info(struct vm_info_rep *info);

/* This and what follows tells of a dead process what it has left to its successor (vm_keep), if it has. */

/* Tells how much memory `endpoint` (or SELF) has. EDEADSRCDST: no such process. */
GRANITE_MUST_CHECK int vm_procinfo(endpoint_t endpoint, struct vm_procinfo_rep *info);

/*
 * Tells of the region of `endpoint` (or SELF) that contains `address`, or else of the next one
 * above. To visit all, begin at 0 and go on from each region's end. EDEADSRCDST: no such process;
 * ENOENT: nothing is mapped from there on.
 */
GRANITE_MUST_CHECK int vm_region(endpoint_t endpoint, vir_bytes address, struct vm_region_rep *region);

/* Tells of the region right before the one that vm_region tells of, or of the last one. Errors as there. */
GRANITE_MUST_CHECK int vm_region_below(endpoint_t endpoint, vir_bytes address, struct vm_region_rep *region);

/*
 * Tells which page frames belong to `endpoint` (or SELF), in pages[count]: `what` is VM_PAGES_MEMORY, or
 * VM_PAGES_TABLES for those that VM uses for its sake. Of VM_PROC_NR it is told what services that have died
 * have left to their successors (vm_keep), and what VM uses for them, or for nobody. *from is 0 at first; as
 * long as it is not 0 afterwards there are more to ask for. Returns how many were stored, or a negative
 * errno. EPERM: the caller lacks PRIV_INSPECT; EDEADSRCDST: no such process, or a small one, which has no
 * pages; EINVAL: count 0. The buffer is written to in any case.
 */
GRANITE_MUST_CHECK int vm_pages(endpoint_t endpoint, enum vm_pages_what what, uint32_t *from,
                                struct vm_page *pages, uint32_t count);

/* Maps the boot archive, for reading; each call maps it again. EPERM: the caller lacks PRIV_ARCHIVE. */
GRANITE_MUST_CHECK int vm_map_archive(const void **address, size_t *bytes);

/*
 * Maps a device's memory, uncached: whole pages from `physical` on; prot is VM_PROT_READ, and perhaps
 * VM_PROT_WRITE. It is not inherited by children. EPERM: the caller's privileges (`phys` in the manifest) do
 * not include it, or it is RAM; EINVAL: not whole pages, or other rights; ENOMEM.
 */
GRANITE_MUST_CHECK int vm_map_phys(phys_bytes physical, size_t bytes, int prot, vir_bytes *address);

/*
 * What `endpoint` (or SELF) has mapped by grants, into lendings[count]. *from is 0 at first; as long as it is
 * not 0 afterwards there is more. Returns how many were stored. EPERM: it is another, and the caller lacks
 * PRIV_INSPECT; EDEADSRCDST: no such process, or a small one; EINVAL: count 0. The buffer is written to in
 * any case.
 */
GRANITE_MUST_CHECK int vm_lendings(endpoint_t endpoint, uint32_t *from, struct vm_lending *lendings,
                                   uint32_t count);

/*
 * Who sees the page at `address` of `endpoint` (or SELF): all that have it mapped by grants, each with its
 * place there, its rights and the chain; *page (may be null): whose memory it is in the end. The rest as
 * vm_lendings; EINVAL also: an address that can't be.
 */
GRANITE_MUST_CHECK int vm_viewers(endpoint_t endpoint, vir_bytes address, uint32_t *from,
                                  struct vm_lending *viewers, uint32_t count, struct vm_viewers_rep *page);

/*
 * Whether anybody has something mapped by this grant of the caller's, be it through others to whom it was
 * passed on: 1 or 0. What it costs does not depend on how many have mapped the same memory by other grants,
 * but for the few whose slots are a multiple of 64 apart. EDEADSRCDST: the caller is a small process.
 */
GRANITE_MUST_CHECK int vm_is_held(cp_grant_id_t grant);

/*
 * Kept memory: `bytes` (rounded up to pages) at `address` that the caller owns by `name`, of 1 to 15 bytes,
 * and its successor after it. It begins as zeros, readable and writable; pages come when they are touched. If
 * the caller has kept memory of this name already, by its predecessor or by itself, it is that, as it is, and
 * *found (may be null) is 1, otherwise 0. munmap gives it up, or a part of it; so does exec; a child has
 * nothing of it. What is lent to the caller and mapped between KEPT_BASE and KEPT_END outlives it as well.
 *
 * EPERM: the caller lacks PRIV_KEEP, or is not a service itself but a child of one; EINVAL: the name, a place
 * that is not page-aligned or not within KEPT_BASE to KEPT_END, or the caller has kept memory of this name,
 * but of another place or size; EEXIST: something else is there; ENOMEM: no room for its records, or 255
 * names.
 */
GRANITE_MUST_CHECK int vm_keep(const char *name, vir_bytes address, size_t bytes, int *found);

/*
 * For the functions of <granite/grant.h>: unmaps from all others what they have mapped by this grant of the
 * caller's, or of the caller's page at `address`. EINVAL: an address that can't be.
 */
int vm_revoke_grant(cp_grant_id_t grant);
int vm_revoke_address(vir_bytes address);

/* For RS alone (others: EPERM): */

/*
 * `new` is the heir of `old`, which is dead: when it next calls exec, its new program finds at the same
 * addresses all that lay between KEPT_BASE and KEPT_END of `old`. With NONE nobody will come: that is given
 * up, also if an heir is named. An heir that dies before its exec leaves what it was to have: `old` may be
 * its name then, or still that of the first. EDEADSRCDST: `new` is dead, or a small process; ESRCH: nothing
 * was left by `old`; EBUSY: a living process is heir already, or `new` is another's.
 */
GRANITE_MUST_CHECK int vm_succeed(endpoint_t old, endpoint_t new);

/* For PM alone (others: EPERM): */

/*
 * Makes a copy of `parent`, or with NONE a process without a program. ENOMEM: no memory
 * for it; EAGAIN: the process table is full.
 */
GRANITE_MUST_CHECK int vm_fork(endpoint_t parent, endpoint_t *child);

/*
 * Replaces the memory of `endpoint` by what *plan says. ENOMEM: no memory for it; EINVAL: a plan that can't
 * be. After an error the old memory is as it was.
 */
GRANITE_MUST_CHECK int vm_exec(endpoint_t endpoint, const struct vm_exec_plan *plan);

/* Frees the memory of `endpoint`, which the kernel knows no more (sys_clear), but for what it has kept. */
GRANITE_MUST_CHECK int vm_exit(endpoint_t endpoint);

#endif
