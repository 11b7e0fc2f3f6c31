/* SPDX-License-Identifier: MIT */
/*
 * A small process that attacks: it takes PM's place in the boot archive, and does what `attack=N` on the
 * kernel's command line says. Every attack must end it with the exception that the table names;
 * tests/script/hostile_small_test.py boots Bochs, which enforces segment limits as hardware does, once for
 * each.
 */
#include <granite/abi/info.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct boot_info boot;
static uint32_t limit; /* the first address that is not ours */

static uint32_t peek(uint32_t address)
{
	return *(volatile uint32_t *)address;
}

static void poke(uint32_t address)
{
	*(volatile uint32_t *)address = 0xdeadbeef;
}

static void read_at_the_limit(void)
{
	peek(limit);
}

static void read_across_the_limit(void)
{
	peek(limit - 3);
}

static void write_at_the_limit(void)
{
	poke(limit);
}

static void read_wrapping_below_zero(void)
{
	peek(0u - PAGE_SIZE);
}

static void write_wrapping_below_zero(void)
{
	poke(0u - PAGE_SIZE);
}

/* VM lies behind PM, and a window far beyond both. */
static void write_into_vm(void)
{
	poke(limit + PAGE_SIZE);
}

static void read_a_window(void)
{
	peek(WINDOW_BASE);
}

static void read_the_loaded_process(void)
{
	peek(PROC_BASE);
}

static void push_beyond_the_limit(void)
{
	__asm__ volatile("movl %0, %%esp\n\tpushl $0" : : "r"(limit + PAGE_SIZE));
}

static void jump_beyond_the_limit(void)
{
	__asm__ volatile("jmp *%0" : : "r"(limit));
}

/* What it asks for spans everything; what it gets ends where its own segment does. */
static int wide_tls(uint32_t base)
{
	int index;

	if (sys_settls(-1, base, 0xfffff, SETTLS_PAGES, &index) != OK)
		return -1;
	__asm__ volatile("movl %0, %%fs" : : "r"(index * 8 + 3));
	return 0;
}

static void read_beyond_through_tls(void)
{
	uint32_t value;

	if (wide_tls(SMALL_IMAGE_BASE) == 0)
		__asm__ volatile("movl %%fs:(%1), %0" : "=r"(value) : "r"(limit - SMALL_IMAGE_BASE));
}

static void read_below_through_tls(void)
{
	uint32_t value;

	if (wide_tls(SMALL_IMAGE_BASE) == 0)
		__asm__ volatile("movl %%fs:(%1), %0" : "=r"(value) : "r"(0u - 2 * PAGE_SIZE));
}

static void load_the_kernels_data_segment(void)
{
	__asm__ volatile("movl %0, %%ds" : : "r"(2 * 8));
}

static void load_the_flat_segment(void)
{
	__asm__ volatile("movl %0, %%ds" : : "r"(3 * 8 + 1));
}

static void load_the_kernels_stack_segment(void)
{
	__asm__ volatile("movl %0, %%ss" : : "r"(2 * 8));
}

static void jump_into_the_kernels_code(void)
{
	__asm__ volatile("ljmp $8, $0x100000");
}

static void return_to_ring_0(void)
{
	__asm__ volatile("pushfl\n\tpushl $8\n\tpushl $0x100000\n\tiretl");
}

static void disable_interrupts(void)
{
	__asm__ volatile("cli");
}

static void halt(void)
{
	__asm__ volatile("hlt");
}

static void load_a_page_directory(void)
{
	__asm__ volatile("movl %0, %%cr3" : : "r"(0));
}

static void load_a_descriptor_table(void)
{
	static const char table[6];

	__asm__ volatile("lgdt %0" : : "m"(table));
}

static void write_a_port(void)
{
	__asm__ volatile("outb %b0, $0x80" : : "a"(0));
}

static void raise_the_clocks_interrupt(void)
{
	__asm__ volatile("int $0x20");
}

enum { STACK_FAULT = 12, GENERAL_PROTECTION = 13 };

static const struct {
	void (*attack)(void);
	const char *name;
	int trap;
} attacks[] = {
#define ATTACK(name, trap)        \
	{                         \
		name, #name, trap \
	}
        ATTACK(read_at_the_limit, GENERAL_PROTECTION),
        ATTACK(read_across_the_limit, GENERAL_PROTECTION),
        ATTACK(write_at_the_limit, GENERAL_PROTECTION),
        ATTACK(read_wrapping_below_zero, GENERAL_PROTECTION),
        ATTACK(write_wrapping_below_zero, GENERAL_PROTECTION),
        ATTACK(write_into_vm, GENERAL_PROTECTION),
        ATTACK(read_a_window, GENERAL_PROTECTION),
        ATTACK(read_the_loaded_process, GENERAL_PROTECTION),
        ATTACK(push_beyond_the_limit, STACK_FAULT),
        ATTACK(jump_beyond_the_limit, GENERAL_PROTECTION),
        ATTACK(read_beyond_through_tls, GENERAL_PROTECTION),
        ATTACK(read_below_through_tls, GENERAL_PROTECTION),
        ATTACK(load_the_kernels_data_segment, GENERAL_PROTECTION),
        ATTACK(load_the_flat_segment, GENERAL_PROTECTION),
        ATTACK(load_the_kernels_stack_segment, GENERAL_PROTECTION),
        ATTACK(jump_into_the_kernels_code, GENERAL_PROTECTION),
        ATTACK(return_to_ring_0, GENERAL_PROTECTION),
        ATTACK(disable_interrupts, GENERAL_PROTECTION),
        ATTACK(halt, GENERAL_PROTECTION),
        ATTACK(load_a_page_directory, GENERAL_PROTECTION),
        ATTACK(load_a_descriptor_table, GENERAL_PROTECTION),
        ATTACK(write_a_port, GENERAL_PROTECTION),
        ATTACK(raise_the_clocks_interrupt, GENERAL_PROTECTION),
#undef ATTACK
};

/* The highest address that can be read is found without asking anybody: VM begins where PM ends. */
static void find_limit(void)
{
	extern char _end[];

	limit = ((uint32_t)_end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	limit += SMALL_ARENA_SIZE + SMALL_STACK_SIZE;
}

int main(void)
{
	unsigned count = sizeof(attacks) / sizeof(attacks[0]), n;
	const char *word;

	if (sys_getinfo(GET_BOOTINFO, &boot, sizeof(boot), 0) < 0)
		return 1;
	word = strstr(boot.cmdline, "attack=");
	n = word ? strtoul(word + strlen("attack="), NULL, 10) : count;
	if (n >= count) {
		printf("hostile: no more attacks\n");
		return 1;
	}
	find_limit();
	printf("hostile: %s should be trap %d\n", attacks[n].name, attacks[n].trap);
	peek(limit - 4);
	attacks[n].attack();
	printf("hostile: it went well\n");
	return 1;
}
