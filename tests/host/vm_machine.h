/* SPDX-License-Identifier: MIT */
/*
 * A machine for VM: physical memory, a kernel that carries out notes, and processes that see
 * memory as the processor does, through page tables and a TLB that never forgets anything by
 * itself.
 */
#ifndef TESTS_VM_MACHINE_H
#define TESTS_VM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <granite/abi/info.h>
#include <granite/abi/vm.h>

#include "page_words.h"

struct machine_size {
	uint32_t pool_pages, archive_pages, free_frames;
};

/* Begins anew. */
void machine_start(const struct machine_size *size);
void machine_stop(void);

/* What stands in a word of the archive. */
uint32_t archive_word(uint32_t offset);

/* A process as the kernel makes one for VM; and the end, in PM's way. */
int machine_fork(endpoint_t parent, endpoint_t *child);
int machine_exec(endpoint_t endpoint, const struct vm_exec_plan *plan);
void machine_exit(endpoint_t endpoint);
void machine_let_keep(endpoint_t endpoint);        /* it gets PRIV_KEEP */
void machine_let_use_reserve(endpoint_t endpoint); /* it gets PRIV_RESERVE */
void machine_make_service(endpoint_t endpoint);    /* the same, and as if RS had forked it */
void machine_fail_next_fork(void);                 /* the kernel's process table is full, once */

/* The process reads or writes a word. OK, or VM's verdict on the page fault. */
int machine_read(endpoint_t endpoint, vir_bytes address, uint32_t *value);
int machine_write(endpoint_t endpoint, vir_bytes address, uint32_t value);

/* Reads if that takes no page fault; false: it would. */
bool machine_peek(endpoint_t endpoint, vir_bytes address, uint32_t *value);

/*
 * A word of a process, those of its page around it, NULL if that would take a page fault: as the process
 * reaches it, with its TLB, by accessing it or only in thought; as the kernel does, through a window; or what
 * is in the page whatever its rights are, also if the process is dead and has left it.
 */
uint32_t *machine_access(endpoint_t endpoint, vir_bytes address, bool write);
uint32_t *machine_reach(endpoint_t endpoint, vir_bytes address, bool write);
uint32_t *machine_window(endpoint_t endpoint, vir_bytes address, bool write);
uint32_t *machine_contents(endpoint_t endpoint, vir_bytes address);

/* VM's notes, for a kernel that is linked in: a struct vm_notes. */
void *machine_notes(void);

/* VM's calls, made by `caller`; the kernel carries out the notes afterwards. */
#define MACHINE_CALL(name, caller, request, reply)               \
	({                                                       \
		machine_enter_vm();                              \
		int result_ = do_##name(caller, request, reply); \
		machine_leave_vm();                              \
		result_;                                         \
	})
/* What the kernel asks on behalf of `caller`: a VM_* of vm_kernel.def. */
int machine_serve(endpoint_t caller, int32_t type, const void *request);
void machine_enter_vm(void);
void machine_leave_vm(void);

/*
 * Interrupts VM again and again, after at most so many of its basic blocks (0: no more), as chance will have
 * it: notes are carried out, and `others` run. With the same seed it happens at the same places.
 */
void machine_interrupts(uint32_t blocks, void (*others)(void));

/* How many of its basic blocks VM has run since the machine began: what its work has cost. */
uint64_t machine_steps(void);

/* A number below `below`, from the seed in the environment (SEED) or a new one, which is printed: the same
 * for all machines of a run. */
void random_start(void);
uint32_t random_seed(void);
uint32_t random_below(uint32_t below);

#endif
