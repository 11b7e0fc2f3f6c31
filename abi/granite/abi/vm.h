/* SPDX-License-Identifier: MIT */
/* Requests and replies of VM. <granite/vm.h> says what each does. */
#ifndef GRANITE_ABI_VM_H
#define GRANITE_ABI_VM_H

#include <granite/abi/types.h>
#include <granite/abi/grant.h>
#include <granite/abi/message.h>

#define VM_BASE        0x200
#define VM_KERNEL_BASE 0x280

enum vm_op {
#define OP(number, NAME, name) NAME = (number),
#include <granite/abi/ops/vm.def>
#include <granite/abi/ops/vm_kernel.def>
#undef OP
};

/* Rights of a mapping, with mmap(2)'s values. */
#define VM_PROT_READ  1
#define VM_PROT_WRITE 2
#define VM_PROT_EXEC  4 /* i386 without PAE can not refuse it */

struct vm_brk_req {
	vir_bytes address; /* 0: only ask */
};
struct vm_brk_rep {
	vir_bytes address; /* the break as it is now */
};

struct vm_mmap_req {
	vir_bytes address; /* a hint, or with VM_MAP_FIXED the place */
	uint32_t bytes;
	uint32_t prot;  /* VM_PROT_* */
	uint32_t flags; /* VM_MAP_* */
};
#define VM_MAP_FIXED     1 /* replaces what is there */
#define VM_MAP_NOREPLACE 2 /* with VM_MAP_FIXED: EEXIST instead */
#define VM_MAP_POPULATE  4 /* all pages at once */
struct vm_mmap_rep {
	vir_bytes address;
};

struct vm_munmap_req {
	vir_bytes address;
	uint32_t bytes;
};
struct vm_munmap_rep {
};

struct vm_populate_req {
	vir_bytes address; /* page-aligned */
	uint32_t bytes;    /* VM_MEMREQ_BYTES_MAX at most */
	uint32_t flags;    /* VM_POPULATE_* */
};
#define VM_POPULATE_SPARE 1 /* nothing of what is kept back for services */
struct vm_populate_rep {
};

struct vm_mprotect_req {
	vir_bytes address;
	uint32_t bytes;
	uint32_t prot;
};
struct vm_mprotect_rep {
};

/* Where every page of the machine is, in pages. The sum of the accounts is `total`. */
#define VM_ACCOUNTS(ACCOUNT)                                         \
	ACCOUNT(kernel, "kernel and small processes")                \
	ACCOUNT(vm_tables, "VM's own tables")                        \
	ACCOUNT(pool_used, "page tables of processes")               \
	ACCOUNT(pool_free, "page tables, free")                      \
	ACCOUNT(archive, "boot archive")                             \
	ACCOUNT(process, "processes, each shared page counted once") \
	ACCOUNT(free, "free")

struct vm_info_req {
};
struct vm_info_rep {
	uint32_t total;
	uint32_t spare; /* of the free ones, what is kept for nobody */
#define ACCOUNT(name, text) uint32_t name;
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
};

struct vm_map_archive_req {
};
struct vm_map_archive_rep {
	vir_bytes address;
	uint32_t bytes;
};

struct vm_fork_req {
	endpoint_t parent; /* NONE: an empty process */
};
struct vm_fork_rep {
	endpoint_t child;
};

/* A program's layout: PM makes it, VM reads it from PM's memory and trusts nothing in it. */
#define VM_SEGMENTS_MAX 8
struct vm_segment {
	vir_bytes address;       /* in the process; congruent to the file's place modulo the page size */
	uint32_t bytes;          /* in memory; beyond file_bytes it is zero */
	uint32_t archive_offset; /* of the first byte, within the boot archive */
	uint32_t file_bytes;
	uint32_t prot; /* VM_PROT_* */
};
struct vm_exec_plan {
	uint32_t nr_segments;
	uint32_t stack_bytes; /* of stack, down from STACK_TOP, that are to be present at once */
	struct vm_segment segments[VM_SEGMENTS_MAX];
};

struct vm_exec_req {
	endpoint_t endpoint;
	vir_bytes plan; /* struct vm_exec_plan in PM */
};
struct vm_exec_rep {
};

struct vm_exit_req {
	endpoint_t endpoint;
};
struct vm_exit_rep {
};

struct vm_procinfo_req {
	endpoint_t endpoint;
};
struct vm_procinfo_rep {
	uint32_t resident; /* pages present */
	uint32_t shared;   /* of these, pages others have too */
	uint32_t tables;   /* pages of page tables, the directory included */
	uint32_t mapped;   /* pages that its regions span, present or not */
};

/* What backs a region: its memory type. */
#define VM_REGION_TYPES(TYPE)                 \
	TYPE(REGION_ANONYMOUS, "zero-filled") \
	TYPE(REGION_ARCHIVE, "boot archive")  \
	TYPE(REGION_LENT, "lent by grant")    \
	TYPE(REGION_DEVICE, "device memory")  \
	TYPE(REGION_KEPT, "kept")

#define VM_KEEP_NAME_MAX 16 /* the name of kept memory, with its end */

enum region_type {
#define TYPE(NAME, text) NAME,
	VM_REGION_TYPES(TYPE)
#undef TYPE
};

struct vm_region_req {
	endpoint_t endpoint;
	vir_bytes address; /* the region that contains it, or else the next one above */
	uint32_t below;    /* 1: the last region before that */
};
struct vm_region_rep {
	vir_bytes start, end;
	uint32_t prot;               /* VM_PROT_* */
	uint32_t type;               /* enum region_type */
	uint32_t heap;               /* 1: brk(2) grows it */
	uint32_t offset;             /* REGION_ARCHIVE: of `start`, within the archive, in bytes */
	uint32_t resident;           /* pages present */
	uint32_t shared;             /* of these, pages others have too */
	char name[VM_KEEP_NAME_MAX]; /* REGION_KEPT: its name; empty: it was lent before it was kept */
};

/* A page, as vm_pages tells of it. */
struct vm_page {
	vir_bytes address; /* where the process sees it; of a page table: the first address that it maps */
	phys_bytes frame;  /* its physical address */
	uint32_t flags;    /* VM_PAGE_* */
};
#define VM_PAGE_WRITE  1 /* the process can write to it as things are */
#define VM_PAGE_SHARED 2 /* others have it too: other processes, or the boot archive */
#define VM_PAGE_TABLE  4 /* a page directory or page table */
#define VM_PAGE_RECORD 8 /* what else VM keeps */

enum vm_pages_what {
	VM_PAGES_MEMORY, /* what the process has in its address space; `from` is an address */
	VM_PAGES_TABLES, /* what VM has in its pool for the process's sake; `from` is a position */
};

#define VM_PAGES_AT_ONCE 256

struct vm_pages_req {
	endpoint_t endpoint;
	uint32_t what;    /* enum vm_pages_what */
	uint32_t from;    /* 0, then what `next` says */
	vir_bytes buffer; /* struct vm_page[] in the caller, present and writable */
	uint32_t count;   /* of its elements; VM_PAGES_AT_ONCE is as good as more */
};
struct vm_pages_rep {
	uint32_t count; /* pages told of */
	uint32_t next;  /* where to go on; 0: that was all */
};

/* What is mapped by grant, as vm_lendings and vm_viewers tell of it. */
struct vm_lending {
	endpoint_t holder;
	vir_bytes start; /* in the holder; of vm_viewers: the page's address */
	uint32_t bytes;
	endpoint_t owner;
	vir_bytes source; /* in the owner: what is at `start` */
	uint32_t flags;   /* VM_LEND_* */
	uint32_t pages;   /* that the holder still has */
	uint32_t nr_links;
	struct grant_link link[GRANT_DEPTH_MAX]; /* from the grant that the holder used to the owner's */
};

/* So many mappings by grant a process may hold at least, as long as there is memory for their records. */
#define VM_LENDINGS_MIN     640
#define VM_LENDINGS_AT_ONCE 32

struct vm_lendings_req {
	endpoint_t endpoint; /* the holder */
	uint32_t from;       /* 0, then what `next` says */
	vir_bytes buffer;    /* struct vm_lending[count] in the caller, present and writable */
	uint32_t count;
};
struct vm_lendings_rep {
	uint32_t count;
	uint32_t next; /* 0: that was all */
};

struct vm_viewers_req {
	endpoint_t endpoint; /* whose page */
	vir_bytes address;
	uint32_t from; /* as above */
	vir_bytes buffer;
	uint32_t count;
};
struct vm_viewers_rep {
	uint32_t count;
	uint32_t next;
	endpoint_t owner;  /* whose memory it is in the end */
	vir_bytes address; /* where it is there */
	uint32_t sharers;  /* others that share its frame copy-on-write: they do not see later writes */
};

struct vm_is_held_req {
	cp_grant_id_t grant; /* of the caller's */
};
struct vm_is_held_rep {
	uint32_t is_held; /* 1: somebody has something mapped by it, or by way of it */
};

struct vm_map_phys_req {
	phys_bytes physical; /* page-aligned */
	uint32_t bytes;
	uint32_t prot; /* VM_PROT_READ, and perhaps VM_PROT_WRITE */
};
struct vm_map_phys_rep {
	vir_bytes address;
};

struct vm_keep_req {
	vir_bytes address; /* page-aligned, from KEPT_BASE to KEPT_END */
	uint32_t bytes;
	char name[VM_KEEP_NAME_MAX];
};
struct vm_keep_rep {
	uint32_t found; /* 1: it was there already, with its contents */
};

struct vm_succeed_req {
	endpoint_t old; /* is dead */
	endpoint_t new; /* NONE: nobody will come */
};
struct vm_succeed_rep {
};

struct vm_unlend_req {
	vir_bytes address; /* of a page that was mapped by grant */
};
struct vm_unlend_rep {
};

enum vm_revoke_what {
	VM_REVOKE_GRANT,   /* what was mapped by `grant`, or by what was made from it */
	VM_REVOKE_ADDRESS, /* whatever others have mapped of the page at `address` */
};
struct vm_revoke_req {
	cp_grant_id_t grant;
	uint32_t what; /* enum vm_revoke_what */
	vir_bytes address;
};
struct vm_revoke_rep {
};

/* The reply is OK, -EFAULT (nothing is mapped there), -EACCES (the right is missing) or -ENOMEM. */
struct vm_pagefault_req {
	vir_bytes address;
	uint32_t error; /* the processor's error code, Intel SDM vol. 3A, 4.7: VM_FAULT_* */
};
#define VM_FAULT_PRESENT 1
#define VM_FAULT_WRITE   2
struct vm_pagefault_rep {
};

struct vm_memreq_req {
	endpoint_t endpoint; /* whose memory */
	vir_bytes address;
	uint32_t bytes;
	uint32_t write;
};
/* VM makes no more present for one request, from its start on; the kernel asks again for the rest. */
#define VM_MEMREQ_BYTES_MAX 0x400000u
struct vm_memreq_rep {
};

/*
 * The sender is to have memory of the owner's at `address`. The kernel has judged this when VM got it; the
 * chain of grants is in struct vm_notes.
 */
struct vm_lend_req {
	endpoint_t owner;
	vir_bytes owner_address; /* page-aligned, as the two that follow */
	vir_bytes address;
	uint32_t bytes;
	uint32_t flags; /* VM_LEND_* */
};
#define VM_LEND_WRITE 1 /* to be written to as well */
#define VM_LEND_UNMAP 2 /* nothing stays when it is revoked */
struct vm_lend_rep {
};

/*
 * Whole pages of `source` are to be copied to `destination` by sharing them, copy-on-write. VM runs before
 * all others until it has answered. Not OK: some pages may be shared by now; the kernel copies all of them.
 */
struct vm_share_req {
	endpoint_t source;
	vir_bytes source_address; /* page-aligned, as all that follows */
	endpoint_t destination;
	vir_bytes destination_address;
	uint32_t bytes; /* at most VM_SHARE_BYTES_MAX */
	uint32_t last;  /* for the kernel: nothing is left to be copied after them */
};
#define VM_SHARE_BYTES_MAX 0x100000u
struct vm_share_rep {
};

#define OP(number, NAME, name) MESSAGE_FITS(vm, name)
#include <granite/abi/ops/vm.def>
#include <granite/abi/ops/vm_kernel.def>
#undef OP

#endif
