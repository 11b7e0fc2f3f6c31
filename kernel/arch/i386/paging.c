/* SPDX-License-Identifier: MIT */
/*
 * Directories, windows and the translation caches. The kernel builds no page table: VM does. A window is a
 * slot of the loaded directory's that is lent to the kernel for the length of one copy. Intel SDM vol.
 * 3A, 4.3 and 4.10.
 */
#include "vmassert.h"
#include "boot.h"
#include "counters.h"
#include "machine.h"
#include "string.h"
#include "notes.h"
#include "stretch.h"

#define ENTRY_BITS (PAGE_SIZE - 1)

uint32_t loaded_directory;

static uint32_t kernel_directory; /* maps the kernel region alone; never freed */

/*
 * The processor may remember a window's translations after its slot is cleared, until CR3 is loaded next. No
 * slot is used again before that. So slots are used in turn, and CR3 is reloaded only if all are used up.
 */
static uint32_t flushes = 1;           /* loads of CR3, as a time */
static uint32_t used_at[WINDOW_COUNT]; /* when a slot was last used */
static unsigned next_slot;
static uint32_t open_slots; /* a bit each */

static uint32_t *entry_of(uint32_t directory, uint32_t linear)
{
	return (uint32_t *)directory + (linear >> BIG_PAGE_SHIFT);
}

void directory_load(uint32_t directory)
{
	COUNT(cr3_loads);
	write_cr3(directory);
	loaded_directory = directory;
	flushes++;
}

void directory_leave(uint32_t directory)
{
	if (directory && directory == loaded_directory)
		directory_load(kernel_directory);
}

int arch_directory_valid(phys_bytes directory)
{
	return directory % PAGE_SIZE == 0 && directory >= boot_info.vm_base + boot_info.pool_start &&
	       directory < boot_info.region_end;
}

void arch_set_directory(struct proc *p, phys_bytes directory)
{
	uint32_t old = p->arch.directory;

	p->arch.directory = directory;
	directory_leave(old);
}

void arch_paging_on(phys_bytes directory)
{
	kernel_directory = directory;
	write_cr4(read_cr4() | CR4_PSE);
	directory_load(directory);
	write_cr0(read_cr0() | CR0_PG | CR0_WP);
	write_cr4(read_cr4() | CR4_PGE);
}

/* --- windows --- */

static unsigned take_slot(void)
{
	unsigned slot = next_slot;

	vmassert(!(open_slots & (1u << slot)));
	if (used_at[slot] == flushes)
		directory_load(loaded_directory);
	open_slots |= 1u << slot;
	next_slot = (slot + 1) % WINDOW_COUNT;
	COUNT(windows);
	return slot;
}

static uint32_t open_window(uint32_t entry, uint32_t address, uint32_t *bytes)
{
	unsigned slot = take_slot();
	uint32_t base = WINDOW_BASE + slot * BIG_PAGE_SIZE;
	uint32_t within = address % BIG_PAGE_SIZE;

	*entry_of(loaded_directory, base) = entry;
	if (*bytes > BIG_PAGE_SIZE - within)
		*bytes = BIG_PAGE_SIZE - within;
	return base + within;
}

void arch_windows_close(void)
{
	while (open_slots) {
		unsigned slot = __builtin_ctz(open_slots);

		*entry_of(loaded_directory, WINDOW_BASE + slot * BIG_PAGE_SIZE) = 0;
		/* Its translations may be newer than its opening: the copy's other window may have flushed
		 * since. */
		used_at[slot] = flushes;
		open_slots &= open_slots - 1;
	}
}

uint32_t arch_reach_proc(struct proc *p, vir_bytes address, uint32_t *bytes)
{
	uint32_t linear = p->arch.base + address;

	if (proc_small(p) || p->arch.directory == loaded_directory)
		return linear;
	/* Without the USER bit no process can use the window, without the global bit nothing outlasts a load
	 * of CR3. */
	return open_window(*entry_of(p->arch.directory, linear) & ~(PTE_USER | PTE_GLOBAL), linear, bytes);
}

uint32_t arch_reach_phys(phys_bytes address, uint32_t *bytes)
{
	uint32_t frame = address & ~(BIG_PAGE_SIZE - 1);

	if (!loaded_directory)
		return address;
	return open_window(frame | PTE_PRESENT | PTE_WRITE | PTE_BIG, address, bytes);
}

/* --- copying --- */

uint32_t copy_fault_error;

static void finish_copy(struct arch_copy_result *result)
{
	result->write = (copy_fault_error & 2) != 0;
}

void arch_copy(uint32_t from, uint32_t to, uint32_t bytes, struct arch_copy_result *result)
{
	NOREC_ENTER(arch_copy);
	result->fault = phys_copy(from, to, bytes, &result->done);
	finish_copy(result);
	NOREC_RETURN(arch_copy);
}

_Static_assert(offsetof(struct granite_counters, interrupts) == COUNTERS_INTERRUPTS,
               "entry.S reads it there");

void arch_copy_long(uint32_t from, uint32_t to, uint32_t bytes, struct arch_copy_result *result)
{
	if (bytes <= COPY_STRETCH) {
		arch_copy(from, to, bytes, result);
		return;
	}
	NOREC_ENTER(arch_copy_long);
	result->fault = phys_copy_long(from, to, bytes, &result->done);
	finish_copy(result);
	NOREC_RETURN(arch_copy_long);
}

void arch_copy_backward(uint32_t from, uint32_t to, uint32_t bytes, struct arch_copy_result *result)
{
	NOREC_ENTER(arch_copy_backward);
	result->fault = phys_copy_backward(from, to, bytes, &result->done);
	finish_copy(result);
	NOREC_RETURN(arch_copy_backward);
}

uint32_t arch_message_in(struct proc *p, vir_bytes address, struct message *to)
{
	uint32_t fault = copy_message(p->arch.base + address, (uint32_t)to);

	return fault ? fault_address(p, fault) : 0;
}

uint32_t arch_message_out(struct proc *p, vir_bytes address, const struct message *from)
{
	uint32_t fault = copy_message((uint32_t)from, p->arch.base + address);

	return fault ? fault_address(p, fault) : 0;
}

/* --- VM's notes --- */

/* A frame's window is forgotten at once: zeroing pages must not cost loads of CR3. */
static uint32_t reach_frame(phys_bytes frame)
{
	uint32_t bytes = PAGE_SIZE;

	return arch_reach_phys(frame, &bytes);
}

static void forget_frame_window(uint32_t linear)
{
	unsigned slot = (linear - WINDOW_BASE) >> BIG_PAGE_SHIFT;

	if (!loaded_directory)
		return;
	invlpg(linear);
	COUNT(tlb_invalidations);
	used_at[slot] = 0;
}

static void fill_zero(uint32_t linear)
{
	uint32_t words = PAGE_SIZE / 4;

	__asm__ volatile("rep stosl" : "+D"(linear), "+c"(words) : "a"(0) : "memory");
}

void arch_zero_frame(phys_bytes from)
{
	uint32_t linear = reach_frame(from & ~ENTRY_BITS), offset = from & ENTRY_BITS;

	if (offset)
		memset((void *)(linear + offset), 0, PAGE_SIZE - offset);
	else
		fill_zero(linear);
	arch_windows_close();
	forget_frame_window(linear);
}

void arch_copy_frame(phys_bytes from, phys_bytes to)
{
	uint32_t source = reach_frame(from & ~ENTRY_BITS), destination = reach_frame(to & ~ENTRY_BITS);
	uint32_t words = PAGE_SIZE / 4, s = source, d = destination;

	__asm__ volatile("rep movsl" : "+S"(s), "+D"(d), "+c"(words) : : "memory");
	arch_windows_close();
	forget_frame_window(source);
	forget_frame_window(destination);
}

void arch_invalidate_page(phys_bytes directory, vir_bytes address)
{
	if (directory != loaded_directory)
		return;
	COUNT(tlb_invalidations);
	/* The address lies beyond the kernel's segment; the linear address is what counts. */
	__asm__ volatile("movl %0, %%ds\n\tinvlpg (%1)\n\tmovl %2, %%ds"
	                 :
	                 : "r"(FLAT_DS), "r"(PROC_BASE + address), "r"(KERNEL_DS)
	                 : "memory");
}

void arch_invalidate_all(phys_bytes directory)
{
	if (directory == loaded_directory)
		directory_load(directory);
}
