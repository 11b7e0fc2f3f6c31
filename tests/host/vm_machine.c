/* SPDX-License-Identifier: MIT */
#include "vm_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <granite/sys.h>

#include "servers/vm/kept.h"
#include "servers/vm/memory.h"
#include "servers/vm/notes.h"
#include "servers/vm/pagetable.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"
#include "servers/vm/vm.h"
#include "seed.h"

#define REGION_END (16u << 20)
#define VM_PHYS    0x123000u /* where VM's segment starts */
#define PROCS_MAX  32
#define TLB_SIZE   4096

struct frame_contents {
	uint32_t word[PAGE_WORDS];
};

struct tlb_entry {
	uint32_t page; /* its number + 1; 0: empty */
	uint32_t entry;
};

struct proc {
	endpoint_t endpoint; /* NONE: free */
	uint32_t generation, priv_flags;
	phys_bytes directory;
	struct tlb_entry tlb[TLB_SIZE];
	uint32_t slots[PAGE_SIZE / 4]; /* directory entries that the processor has kept; 0: not this one */
};

static struct {
	void *pool;
	uint32_t frames_end; /* first frame number beyond memory */
	struct frame_contents *memory;
	bool *used; /* of each frame: it has contents; it had none of anybody's choice before */
	struct proc procs[PROCS_MAX];
	bool fail_fork;
	bool in_vm;
	uint64_t steps;
	uint32_t interval, left; /* until the next interrupt, in basic blocks */
	void (*others)(void);
} machine;

/* Not cmocka's: this may happen in the middle of VM. */
static void broken(const char *what)
{
	fprintf(stderr, "machine: %s\n", what);
	abort();
}

void vm_panic(const char *reason)
{
	fprintf(stderr, "VM panics: ");
	broken(reason);
	for (;;)
		;
}

/* ---- Memory ---- */

static struct frame_contents *contents(phys_bytes frame)
{
	uint32_t number = frame >> PAGE_SHIFT;

	if (number < REGION_END >> PAGE_SHIFT || number >= machine.frames_end)
		broken("this is no frame");
	number -= REGION_END >> PAGE_SHIFT;
	if (!machine.used[number])
		memset(&machine.memory[number], 0x5a, sizeof(machine.memory[number]));
	machine.used[number] = true;
	return &machine.memory[number];
}

uint32_t archive_word(uint32_t offset)
{
	return 0xa0000000 | offset / WORD;
}

static void fill_archive(const struct boot_info *info)
{
	for (uint32_t offset = 0; offset < info->archive_bytes; offset += WORD)
		contents(page_down(info->archive_start + offset))->word[offset / WORD % PAGE_WORDS] =
		        archive_word(offset);
}

/* Half of the free frames, a hole, the other half, the archive. */
static struct boot_info describe(const struct machine_size *size)
{
	uint32_t half = size->free_frames / 2 * PAGE_SIZE, hole = REGION_END + half,
	         after = hole + 10 * PAGE_SIZE;
	uint32_t table = (size->free_frames + size->archive_pages + 10) * 8 / PAGE_SIZE + 1;
	struct boot_info info = {
	        .region_end = REGION_END,
	        .vm_base = VM_PHYS,
	        .archive_start = after + half,
	        .archive_bytes = size->archive_pages * PAGE_SIZE,
	        .pool_start = REGION_END - VM_PHYS - (size->pool_pages + table) * PAGE_SIZE,
	        .pool_end = REGION_END - VM_PHYS,
	        .nr_ranges = 3,
	        .ranges = {{0, 0x9f000}, {0x100000, hole - 0x100000}, {after, 0}},
	};

	info.ranges[2].bytes = half + info.archive_bytes;
	return info;
}

void machine_start(const struct machine_size *size)
{
	struct boot_info info = describe(size);
	uint32_t frames;

	memset(&machine, 0, sizeof(machine));
	for (int i = 0; i < PROCS_MAX; i++)
		machine.procs[i].endpoint = NONE;
	machine.frames_end = (info.archive_start + info.archive_bytes) >> PAGE_SHIFT;
	frames = machine.frames_end - (REGION_END >> PAGE_SHIFT);
	machine.memory = malloc(frames * sizeof(machine.memory[0]));
	machine.used = calloc(frames, sizeof(machine.used[0]));
	machine.pool = aligned_alloc(PAGE_SIZE, info.pool_end - info.pool_start);
	memset(machine.pool, 0x5a, info.pool_end - info.pool_start);
	fill_archive(&info);
	memset(process_slot(0), 0, ENDPOINT_SLOTS * sizeof(struct process));
	estates = NULL;
	vm_notes.count = 0;
	memory_init(&info, machine.pool);
}

void machine_stop(void)
{
	machine_interrupts(0, NULL);
	free(machine.memory);
	free(machine.used);
	free(machine.pool);
}

/* ---- The kernel ---- */

int machine_serve(endpoint_t caller, int32_t type, const void *request)
{
	switch (type) {
	case VM_PAGEFAULT:
		return MACHINE_CALL(pagefault, caller, request, NULL);
	case VM_MEMREQ:
		return MACHINE_CALL(memreq, caller, request, NULL);
	case VM_LEND:
		return MACHINE_CALL(lend, caller, request, NULL);
	case VM_SHARE:
		return MACHINE_CALL(share, caller, request, NULL);
	default:
		broken("this is no request of the kernel's");
		return -EINVAL;
	}
}

static struct proc *proc_of(endpoint_t endpoint)
{
	for (int i = 0; i < PROCS_MAX; i++)
		if (machine.procs[i].endpoint == endpoint && endpoint != NONE)
			return &machine.procs[i];
	return NULL;
}

static struct tlb_entry *tlb_entry(struct proc *p, vir_bytes address)
{
	return &p->tlb[(address >> PAGE_SHIFT) % TLB_SIZE];
}

static struct proc *owner_of(phys_bytes directory)
{
	for (int i = 0; i < PROCS_MAX; i++)
		if (machine.procs[i].endpoint != NONE && machine.procs[i].directory == directory)
			return &machine.procs[i];
	return NULL;
}

static void forget_page(struct proc *p, vir_bytes address)
{
	if (!p)
		return;
	tlb_entry(p, address)->page = 0;
	memset(p->slots, 0, sizeof(p->slots));
}

static void forget_all(struct proc *p)
{
	if (!p)
		return;
	memset(p->tlb, 0, sizeof(p->tlb));
	memset(p->slots, 0, sizeof(p->slots));
}

static void zero_from(phys_bytes address)
{
	struct frame_contents *frame = contents(page_down(address));

	memset((char *)frame + address % PAGE_SIZE, 0, PAGE_SIZE - address % PAGE_SIZE);
}

static void apply(const struct vm_note *note)
{
	switch (note->op) {
	case NOTE_ZERO:
		zero_from(note->a);
		break;
	case NOTE_COPY:
		*contents(note->b) = *contents(note->a);
		break;
	case NOTE_INVAL_PAGE:
		forget_page(owner_of(note->a), note->b);
		break;
	case NOTE_INVAL_ALL:
		forget_all(owner_of(note->a));
		break;
	default:
		broken("an unknown note");
	}
}

static void carry_out_notes(void)
{
	if (vm_notes.count > VM_NOTES_MAX)
		broken("too many notes");
	for (uint32_t i = 0; i < vm_notes.count; i++)
		apply(&vm_notes.note[i]);
	vm_notes.count = 0;
}

int sys_getinfo(uint32_t what, void *buffer, size_t bytes, uint32_t first)
{
	struct proc_info *info = buffer;

	if (what != GET_PROCTAB || bytes != sizeof(*info))
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->endpoint = NONE;
	for (int i = 0; i < PROCS_MAX; i++)
		if (machine.procs[i].endpoint != NONE &&
		    ENDPOINT_SLOT(machine.procs[i].endpoint) == (int)first) {
			info->endpoint = machine.procs[i].endpoint;
			info->priv_flags = machine.procs[i].priv_flags;
		}
	return sizeof(*info);
}

int sys_vmctl_apply(void)
{
	bool in_vm = machine.in_vm;

	machine.in_vm = false;
	carry_out_notes();
	machine.in_vm = in_vm;
	return OK;
}

int sys_vmctl_may_map(endpoint_t endpoint, phys_bytes start, phys_bytes bytes)
{
	(void)endpoint;
	(void)start;
	(void)bytes;
	return OK;
}

int sys_vmctl_setdir(endpoint_t endpoint, phys_bytes directory)
{
	struct proc *p = proc_of(endpoint);

	if (!p)
		return -EDEADSRCDST;
	p->directory = directory;
	forget_all(p);
	return OK;
}

int sys_fork(endpoint_t parent, phys_bytes directory, endpoint_t *child)
{
	(void)parent;
	for (int i = 0; i < PROCS_MAX && !machine.fail_fork; i++) {
		struct proc *p = &machine.procs[i];

		if (p->endpoint != NONE)
			continue;
		p->directory = directory;
		forget_all(p);
		p->generation++;
		*child = p->endpoint = ENDPOINT_MAKE(i + 2, p->generation);
		p->priv_flags = *child == RS_PROC_NR ? PRIV_ARCHIVE | PRIV_RESERVE | PRIV_INSPECT : 0;
		return OK;
	}
	machine.fail_fork = false;
	return -EAGAIN;
}

/* What the processor finds in the tables; 0: nothing present. */
static uint32_t walk(struct proc *p, vir_bytes address)
{
	const uint32_t *directory = pool_pointer(p->directory), *table;
	uint32_t *slot = &p->slots[(PROC_BASE + address) >> 22], entry;

	if (!*slot)
		*slot = directory[(PROC_BASE + address) >> 22];
	if (!(*slot & PTE_PRESENT))
		return 0;
	table = pool_pointer(*slot & PTE_FRAME);
	entry = table[(address >> 12) & 1023];
	return entry & PTE_PRESENT ? entry : 0;
}

static uint32_t *word_of(uint32_t entry, vir_bytes address)
{
	return &contents(entry & PTE_FRAME)->word[address / WORD % PAGE_WORDS];
}

/* What VM copies by itself is not looked at here. */
int sys_vircopy(endpoint_t source, vir_bytes source_address, endpoint_t destination, vir_bytes address,
                size_t bytes, uint32_t flags)
{
	(void)source, (void)source_address, (void)destination, (void)address, (void)bytes, (void)flags;
	return -EFAULT;
}

/* ---- Processes ---- */

void machine_enter_vm(void)
{
	machine.in_vm = true;
}

void machine_leave_vm(void)
{
	machine.in_vm = false;
	carry_out_notes();
}

void machine_let_keep(endpoint_t endpoint)
{
	proc_of(endpoint)->priv_flags |= PRIV_KEEP;
}

void machine_let_use_reserve(endpoint_t endpoint)
{
	proc_of(endpoint)->priv_flags |= PRIV_RESERVE;
}

void machine_make_service(endpoint_t endpoint)
{
	struct process *process = process_find(endpoint);
	struct space *space = process->space;

	machine_let_keep(endpoint);
	process_remove(process);
	process_add(endpoint, space, true);
}

void machine_fail_next_fork(void)
{
	machine.fail_fork = true;
}

int machine_fork(endpoint_t parent, endpoint_t *child)
{
	struct vm_fork_req request = {.parent = parent};
	struct vm_fork_rep reply = {0};
	int result = MACHINE_CALL(fork, PM_PROC_NR, &request, &reply);

	machine.fail_fork = false; /* VM may not have come so far */
	*child = result == OK ? reply.child : NONE;
	return result;
}

int machine_exec(endpoint_t endpoint, const struct vm_exec_plan *plan)
{
	int result;

	machine_enter_vm();
	result = process_exec(process_find(endpoint), plan);
	machine_leave_vm();
	return result;
}

void machine_exit(endpoint_t endpoint)
{
	struct vm_exit_req request = {.endpoint = endpoint};

	proc_of(endpoint)->endpoint = NONE;
	if (MACHINE_CALL(exit, PM_PROC_NR, &request, NULL) != OK)
		broken("a process can not exit");
}

/* The word, through the TLB or the tables; NULL: that would be a page fault. */
static uint32_t *reach(struct proc *p, vir_bytes address, bool write)
{
	struct tlb_entry *cached = tlb_entry(p, address);
	uint32_t page = (address >> PAGE_SHIFT) + 1, rights = PTE_USER | (write ? PTE_WRITE : 0);
	uint32_t entry = cached->page == page ? cached->entry : walk(p, address);

	if (entry)
		*cached = (struct tlb_entry){page, entry};
	return (entry & rights) == rights ? word_of(entry, address) : NULL;
}

/* A page fault makes the processor forget what led to it. */
static void forget_fault(struct proc *p, vir_bytes address)
{
	tlb_entry(p, address)->page = 0;
	p->slots[(PROC_BASE + address) >> 22] = 0;
}

uint32_t *machine_access(endpoint_t endpoint, vir_bytes address, bool write)
{
	struct proc *p = proc_of(endpoint);
	uint32_t *word = reach(p, address, write);

	if (!word)
		forget_fault(p, address);
	return word;
}

static uint32_t *touch(endpoint_t endpoint, vir_bytes address, bool write, int *verdict)
{
	struct vm_pagefault_req fault = {.address = address, .error = write ? VM_FAULT_WRITE : 0};
	uint32_t *word;

	*verdict = OK;
	for (int attempts = 0; attempts < 3; attempts++) {
		word = machine_access(endpoint, address, write);
		if (word)
			return word;
		*verdict = MACHINE_CALL(pagefault, endpoint, &fault, NULL);
		if (*verdict != OK)
			return NULL;
	}
	broken("VM says OK, and the page fault comes again");
	return NULL;
}

int machine_read(endpoint_t endpoint, vir_bytes address, uint32_t *value)
{
	int verdict;
	uint32_t *word = touch(endpoint, address, false, &verdict);

	if (word)
		*value = *word;
	return verdict;
}

int machine_write(endpoint_t endpoint, vir_bytes address, uint32_t value)
{
	int verdict;
	uint32_t *word = touch(endpoint, address, true, &verdict);

	if (word)
		*word = value;
	return verdict;
}

uint32_t *machine_reach(endpoint_t endpoint, vir_bytes address, bool write)
{
	struct proc *p = proc_of(endpoint);

	return p ? reach(p, address, write) : NULL;
}

bool machine_peek(endpoint_t endpoint, vir_bytes address, uint32_t *value)
{
	uint32_t *word = machine_reach(endpoint, address, false);

	if (word)
		*value = *word;
	return word;
}

/* A window is opened for each copy: no translation is older than it. */
uint32_t *machine_window(endpoint_t endpoint, vir_bytes address, bool write)
{
	struct proc *p = proc_of(endpoint);
	uint32_t entry;

	if (!p)
		return NULL;
	p->slots[(PROC_BASE + address) >> 22] = 0;
	entry = walk(p, address);
	return entry & PTE_PRESENT && (!write || entry & PTE_WRITE) ? word_of(entry, address) : NULL;
}

uint32_t *machine_contents(endpoint_t endpoint, vir_bytes address)
{
	struct space *space = estate_or_space(endpoint);
	const uint32_t *entry = space ? pagetable_find(&space->pagetable, address) : NULL;

	return entry && *entry ? word_of(*entry, address) : NULL;
}

void *machine_notes(void)
{
	return &vm_notes;
}

/* ---- Interrupts and chance ---- */

static uint32_t interrupt_chance = 1; /* xorshift32, Marsaglia */

static void choose_next_interrupt(void)
{
	interrupt_chance ^= interrupt_chance << 13;
	interrupt_chance ^= interrupt_chance >> 17;
	interrupt_chance ^= interrupt_chance << 5;
	machine.left = machine.interval ? 1 + interrupt_chance % machine.interval : 0;
}

static void interrupt(void)
{
	machine.in_vm = false;
	carry_out_notes();
	if (machine.others)
		machine.others();
	machine.in_vm = true;
	choose_next_interrupt();
}

/* VM's files are compiled so that each basic block calls this at its beginning. */
void __sanitizer_cov_trace_pc(void)
{
	if (!machine.in_vm)
		return;
	machine.steps++;
	if (machine.left && !--machine.left)
		interrupt();
}

uint64_t machine_steps(void)
{
	return machine.steps;
}

void machine_interrupts(uint32_t blocks, void (*others)(void))
{
	machine.interval = blocks;
	machine.others = others;
	choose_next_interrupt();
}

static uint64_t random_state;

uint32_t random_seed(void)
{
	static bool known;
	static uint32_t seed;

	if (!known)
		seed = test_seed();
	known = true;
	return seed;
}

void random_start(void)
{
	random_state = random_seed() * 2ull + 1;
	interrupt_chance = (uint32_t)random_state;
}

/* xorshift64*: G. Marsaglia, S. Vigna. */
uint32_t random_below(uint32_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 0x2545f4914f6cdd1dull >> 32) % below;
}
