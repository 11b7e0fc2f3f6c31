/* SPDX-License-Identifier: MIT */
/* links: lib/formats/callchain.c lib/formats/callcode.c */
/* Call chains out of memory that is right, broken, or made to mislead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <formats/callchain.h>
#include <granite/abi/bridge.h>
#include <granite/abi/layout.h>

#include "seed.h"

#define TEXT        0x08048000u
#define TEXT_BYTES  0x4000u
#define STACK       (STACK_TOP - STACK_BYTES)
#define STACK_BYTES 0x4000u
#define BRIDGE      0x08100000u
#define READS_MAX   2000 /* for one chain: this is what "bounded" means here */

static uint8_t text[TEXT_BYTES], stack[STACK_BYTES], bridge[0x3000];
static unsigned reads;
static struct callchain chain;

static void *at(uint32_t address, uint32_t bytes)
{
	if (address >= TEXT && address - TEXT <= TEXT_BYTES && bytes <= TEXT_BYTES - (address - TEXT))
		return &text[address - TEXT];
	if (address >= STACK && address - STACK <= STACK_BYTES && bytes <= STACK_BYTES - (address - STACK))
		return &stack[address - STACK];
	if (address >= BRIDGE && address - BRIDGE <= sizeof(bridge) &&
	    bytes <= sizeof(bridge) - (address - BRIDGE))
		return &bridge[address - BRIDGE];
	return NULL;
}

static int read_memory(void *context, uint32_t address, void *buffer, uint32_t bytes)
{
	const void *from = at(address, bytes);

	(void)context;
	reads++;
	if (!from)
		return -1;
	memcpy(buffer, from, bytes);
	return 0;
}

static void put(uint32_t address, uint32_t word)
{
	memcpy(at(address, 4), &word, 4);
}

/* A call of `target` at TEXT + offset; returns where it returns to. */
static uint32_t call(uint32_t offset, uint32_t target)
{
	text[offset] = 0xe8;
	put(TEXT + offset + 1, target - (TEXT + offset + 5));
	return TEXT + offset + 5;
}

static uint32_t indirect_call(uint32_t offset)
{
	text[offset] = 0xff; /* call *%eax */
	text[offset + 1] = 0xd0;
	return TEXT + offset + 2;
}

static void find_in_bridge(uint32_t pc, uint32_t sp, uint32_t frame, uint32_t control)
{
	const struct callchain_memory memory = {
	        .read = read_memory, .text_start = TEXT, .text_end = TEXT + TEXT_BYTES};
	const struct callchain_place place = {.pc = pc, .sp = sp, .frame = frame, .bridge = control};

	reads = 0;
	callchain_find(&memory, &place, &chain);
	assert_in_range(chain.count, 1, CALLCHAIN_MAX);
	assert_int_equal(chain.entries[0].address, pc);
	assert_true(reads < READS_MAX);
}

static void find(uint32_t pc, uint32_t sp, uint32_t frame)
{
	find_in_bridge(pc, sp, frame, 0);
}

static void assert_entry(unsigned index, uint32_t address, enum callchain_kind kind)
{
	assert_true(index < chain.count);
	assert_int_equal(chain.entries[index].address, address);
	assert_int_equal(chain.entries[index].kind, kind);
}

static int setup(void **state)
{
	(void)state;
	memset(text, 0x90, sizeof(text));
	memset(stack, 0, sizeof(stack));
	memset(bridge, 0, sizeof(bridge));
	return 0;
}

/* Function f at TEXT + 0x100 is called by g at 0x200, that by h at 0x300; all have frames. */
static uint32_t in_g, in_h;

static void three_frames(void)
{
	in_g = call(0x220, TEXT + 0x100);
	in_h = call(0x320, TEXT + 0x200);
	put(STACK + 0x100, STACK + 0x140);
	put(STACK + 0x104, in_g);
	put(STACK + 0x140, 0);
	put(STACK + 0x144, in_h);
}

static void frames_are_followed(void **state)
{
	(void)state;
	three_frames();
	find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
	assert_int_equal(chain.count, 3);
	assert_entry(0, TEXT + 0x110, CALLCHAIN_AT);
	assert_entry(1, in_g, CALLCHAIN_RETURN);
	assert_entry(2, in_h, CALLCHAIN_RETURN);
}

static void a_chain_that_loops_ends(void **state)
{
	(void)state;
	three_frames();
	put(STACK + 0x140, STACK + 0x100);
	find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
	assert_int_equal(chain.count, 3);
	put(STACK + 0x140, STACK + 0x140);
	find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
	assert_int_equal(chain.count, 3);
}

static void a_long_chain_is_cut(void **state)
{
	(void)state;
	in_g = call(0x120, TEXT + 0x100);
	for (uint32_t i = 0; i < 100; i++) {
		put(STACK + 16 * i, STACK + 16 * (i + 1));
		put(STACK + 16 * i + 4, in_g);
	}
	find(TEXT + 0x110, STACK, STACK);
	assert_int_equal(chain.count, CALLCHAIN_MAX);
}

static void a_frame_that_can_not_be_is_none(void **state)
{
	static const uint32_t bad[] = {0,          4,         0x100000u,    STACK + 0x101,
	                               STACK - 8,  STACK_TOP, 0xfffffff8,   0xfffffffc,
	                               0x7fffffff, TEXT + 4,  PROC_SIZE - 4};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		find(TEXT + 0x110, STACK + 0x1000, bad[i]);
		assert_int_equal(chain.count, 1);
		find(TEXT + 0x110, bad[i], bad[i]);
		assert_int_equal(chain.count, 1);
	}
}

static void where_no_call_returns_to_is_no_return_address(void **state)
{
	(void)state;
	three_frames();
	put(STACK + 0x144, in_h + 1);
	find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
	assert_int_equal(chain.count, 2);
	put(STACK + 0x144, TEXT + TEXT_BYTES + 0x100);
	find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
	assert_int_equal(chain.count, 2);
}

/* f has no frame yet, or none at all: ebp is still g's. */
static void a_function_without_a_frame_is_guessed(void **state)
{
	(void)state;
	three_frames();
	put(STACK + 0xf8, in_g);
	put(STACK + 0x100, 0);
	put(STACK + 0x104, in_h);
	put(STACK + 0x144, 0);
	find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
	assert_int_equal(chain.count, 3);
	assert_entry(1, in_g, CALLCHAIN_GUESS);
	assert_entry(2, in_h, CALLCHAIN_RETURN);
}

/* What an earlier call left there leads elsewhere: before the function that we are in, or behind us. */
static void leftovers_are_passed_over(void **state)
{
	(void)state;
	three_frames();
	put(STACK + 0xf0, call(0x250, TEXT + 0x80));
	put(STACK + 0xf4, call(0x260, TEXT + 0x400));
	find(TEXT + 0x110, STACK + 0xe0, STACK + 0x100);
	assert_int_equal(chain.count, 3);
	assert_entry(1, in_g, CALLCHAIN_RETURN);
}

/* f uses ebp for something else and has saved g's among other things. */
static void a_saved_frame_pointer_is_found(void **state)
{
	(void)state;
	three_frames();
	put(STACK + 0xe0, STACK + 0x100);
	put(STACK + 0xe8, in_g);
	put(STACK + 0x104, in_h);
	put(STACK + 0x100, 0);
	put(STACK + 0x144, 0);
	find(TEXT + 0x110, STACK + 0xd0, 7);
	assert_int_equal(chain.count, 3);
	assert_entry(1, in_g, CALLCHAIN_GUESS);
	assert_entry(2, in_h, CALLCHAIN_RETURN);
}

static void a_call_to_nowhere_has_its_caller(void **state)
{
	uint32_t caller;

	(void)state;
	three_frames();
	caller = indirect_call(0x130);
	put(STACK + 0xec, caller);
	find(0x12345678, STACK + 0xec, STACK + 0x100);
	assert_entry(0, 0x12345678, CALLCHAIN_AT);
	assert_entry(1, caller, CALLCHAIN_GUESS);
	assert_entry(2, in_g, CALLCHAIN_RETURN);
	assert_entry(3, in_h, CALLCHAIN_RETURN);
}

/* An instruction, and whether an address behind it is where a call returns to. Intel SDM vol. 2A, 2.1.5. */
static const struct {
	uint8_t code[8];
	unsigned bytes;
	int is_call;
} instructions[] = {
        {{0xff, 0xd0}, 2, 1},                               /* call *%eax */
        {{0xff, 0x13}, 2, 1},                               /* call *(%ebx) */
        {{0xff, 0x14, 0x98}, 3, 1},                         /* call *(%eax,%ebx,4) */
        {{0xff, 0x50, 0x08}, 3, 1},                         /* call *8(%eax) */
        {{0xff, 0x54, 0x98, 0x08}, 4, 1},                   /* call *8(%eax,%ebx,4) */
        {{0xff, 0x15, 0x00, 0x80, 0x04, 0x08}, 6, 1},       /* call *0x8048000 */
        {{0xff, 0x93, 0x00, 0x01, 0x00, 0x00}, 6, 1},       /* call *0x100(%ebx) */
        {{0xff, 0x94, 0x98, 0x00, 0x01, 0x00, 0x00}, 7, 1}, /* call *0x100(%eax,%ebx,4) */
        {{0xff, 0x14, 0x85, 0x00, 0x80, 0x04, 0x08}, 7, 1}, /* call *0x8048000(,%eax,4) */
        {{0x65, 0xff, 0x15, 0x10, 0x00, 0x00, 0x00}, 7, 0}, /* call *%gs:0x10 */
        {{0xff, 0xe0}, 2, 0},                               /* jmp *%eax */
        {{0xff, 0x30}, 2, 0},                               /* pushl (%eax) */
        {{0xe8, 0x00, 0x00, 0x00, 0x40}, 5, 0},             /* call to where no code is */
        {{0xe9, 0x00, 0x00, 0x00, 0x00}, 5, 0},             /* jmp */
        {{0xcd, 0x80}, 2, 0},                               /* int $0x80 */
};

static void calls_are_known_by_their_code(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		setup(NULL);
		memcpy(&text[0x200], instructions[i].code, instructions[i].bytes);
		put(STACK + 0x100, TEXT + 0x200 + instructions[i].bytes);
		find(0, STACK + 0x100, 0);
		assert_int_equal(chain.count, 1 + (unsigned)instructions[i].is_call);
	}
}

/* mov (%esp), %ebx; ret */
static void a_call_that_learns_its_address_is_none(void **state)
{
	static const uint8_t thunk[] = {0x8b, 0x1c, 0x24, 0xc3};

	(void)state;
	memcpy(&text[0x80], thunk, sizeof(thunk));
	put(STACK + 0x100, call(0x300, TEXT + 0x80));
	find(TEXT + 0x110, STACK + 0xf0, 0);
	assert_int_equal(chain.count, 1);
}

static void enter_bridge(uint32_t busy)
{
	const struct bridge_control control = {.busy = busy};
	const struct bridge_regs regs = {.ebp = STACK + 0x100, .esp = STACK + 0xf0, .eip = TEXT + 0x110};

	memcpy(bridge, &control, sizeof(control));
	memcpy(&bridge[BRIDGE_REGS_OFFSET], &regs, sizeof(regs));
}

static void from_the_bridge_the_chain_goes_on_in_the_program(void **state)
{
	uint32_t in_bridge;

	(void)state;
	three_frames();
	enter_bridge(1);
	in_bridge = call(0x3020, TEXT + 0x3100);
	put(BRIDGE + 0x1fa0, in_bridge);
	find_in_bridge(TEXT + 0x3110, BRIDGE + 0x1f80, STACK + 0x100, BRIDGE);
	assert_int_equal(chain.count, 5);
	assert_entry(1, in_bridge, CALLCHAIN_GUESS);
	assert_entry(2, TEXT + 0x110, CALLCHAIN_RETURN);
	assert_entry(3, in_g, CALLCHAIN_RETURN);
	assert_entry(4, in_h, CALLCHAIN_RETURN);
}

/* What an earlier call has left in the bridge is not looked at. */
static void an_idle_bridge_does_not_matter(void **state)
{
	(void)state;
	three_frames();
	enter_bridge(0);
	find_in_bridge(TEXT + 0x310, BRIDGE + 0x1f80, 0, BRIDGE);
	assert_int_equal(chain.count, 1);
	enter_bridge(1);
	find_in_bridge(TEXT + 0x310, STACK + 0x1000, 0, BRIDGE);
	assert_int_equal(chain.count, 1);
}

/* The handler is f; its frame returns to the restorer, and g was interrupted. */
static void handled_signal(int with_info)
{
	static const uint8_t plain[] = {0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80};
	static const uint8_t info[] = {0xb8, 173, 0, 0, 0, 0xcd, 0x80};
	uint32_t context = STACK + 0x10c;

	three_frames();
	memcpy(&text[0x1000], with_info ? info : plain, with_info ? sizeof(info) : sizeof(plain));
	put(STACK + 0x104, TEXT + 0x1000);
	put(STACK + 0x108, 11);
	if (with_info) {
		put(STACK + 0x110, STACK + 0x1e0); /* ucontext, sigcontext 20 bytes into it */
		context = STACK + 0x1e0 + 20;
	}
	put(context + 24, STACK + 0x340); /* ebp, esp, eip */
	put(context + 28, STACK + 0x330);
	put(context + 56, TEXT + 0x210);
	put(STACK + 0x340, 0);
	put(STACK + 0x344, in_h);
}

static void a_handlers_chain_goes_on_where_the_signal_came(void **state)
{
	(void)state;
	for (int with_info = 0; with_info < 2; with_info++) {
		setup(NULL);
		handled_signal(with_info);
		find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
		assert_int_equal(chain.count, 3);
		assert_entry(1, TEXT + 0x210, CALLCHAIN_INTERRUPTED);
		assert_entry(2, in_h, CALLCHAIN_RETURN);
	}
}

/* A context that says that the handler was interrupted where it is, for ever. */
static void signal_frames_that_loop_end(void **state)
{
	(void)state;
	handled_signal(0);
	put(STACK + 0x10c + 24, STACK + 0x100);
	put(STACK + 0x10c + 28, STACK + 0xf0);
	find(TEXT + 0x110, STACK + 0xf0, STACK + 0x100);
	assert_int_equal(chain.count, CALLCHAIN_MAX);
}

/* Each word costs a look at the code. */
static void a_stack_full_of_code_addresses_is_not_read_to_its_end(void **state)
{
	(void)state;
	for (uint32_t a = STACK; a < STACK_TOP; a += 4)
		put(a, TEXT + 0x100);
	find(TEXT + 0x110, STACK, 0);
	assert_int_equal(chain.count, 1);
	assert_true(reads < 1200);
}

/* Every second word of the stack is a return address, or points into the stack. */
static void fill_with_traps(void)
{
	uint32_t returns[16];

	for (unsigned i = 0; i < 16; i++)
		returns[i] = rand() % 2 ? call(0x40 + 0x100 * i, TEXT + (uint32_t)rand() % TEXT_BYTES)
		                        : indirect_call(0x40 + 0x100 * i);
	for (uint32_t a = STACK; a < STACK_TOP; a += 4)
		put(a, rand() % 2 ? returns[rand() % 16] : STACK + ((uint32_t)rand() % STACK_BYTES & ~3u));
}

static void any_memory_is_read_within_bounds(void **state)
{
	(void)state;
	srand(test_seed());
	for (int round = 0; round < 2000; round++) {
		if (round % 10 == 0)
			fill_with_traps();
		enter_bridge((uint32_t)rand() % 2);
		find_in_bridge(TEXT + (uint32_t)rand() % TEXT_BYTES, STACK + (uint32_t)rand() % STACK_BYTES,
		               STACK + (uint32_t)rand() % STACK_BYTES,
		               BRIDGE - (rand() % 2 ? 0 : (uint32_t)rand()));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(frames_are_followed, setup),
	        cmocka_unit_test_setup(a_chain_that_loops_ends, setup),
	        cmocka_unit_test_setup(a_long_chain_is_cut, setup),
	        cmocka_unit_test_setup(a_frame_that_can_not_be_is_none, setup),
	        cmocka_unit_test_setup(where_no_call_returns_to_is_no_return_address, setup),
	        cmocka_unit_test_setup(a_function_without_a_frame_is_guessed, setup),
	        cmocka_unit_test_setup(leftovers_are_passed_over, setup),
	        cmocka_unit_test_setup(a_saved_frame_pointer_is_found, setup),
	        cmocka_unit_test_setup(a_call_to_nowhere_has_its_caller, setup),
	        cmocka_unit_test_setup(calls_are_known_by_their_code, setup),
	        cmocka_unit_test_setup(a_call_that_learns_its_address_is_none, setup),
	        cmocka_unit_test_setup(from_the_bridge_the_chain_goes_on_in_the_program, setup),
	        cmocka_unit_test_setup(an_idle_bridge_does_not_matter, setup),
	        cmocka_unit_test_setup(a_handlers_chain_goes_on_where_the_signal_came, setup),
	        cmocka_unit_test_setup(signal_frames_that_loop_end, setup),
	        cmocka_unit_test_setup(a_stack_full_of_code_addresses_is_not_read_to_its_end, setup),
	        cmocka_unit_test_setup(any_memory_is_read_within_bounds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
