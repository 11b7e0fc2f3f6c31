/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/* Lendings in a corner: memory is short, or rights differ from page to page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "servers/vm/frames.h"
#include "servers/vm/notes.h"
#include "servers/vm/vm.h"
#include "vm_check.h"
#include "vm_machine.h"

#define PLACE 0x40000000u
#define PAGES 4

static endpoint_t rs, owner, between, last, other;

static void map(endpoint_t who, uint32_t pages, uint32_t flags, int expected)
{
	struct vm_mmap_req request = {
	        .address = PLACE,
	        .bytes = pages * PAGE_SIZE,
	        .prot = VM_PROT_READ | VM_PROT_WRITE,
	        .flags = VM_MAP_FIXED | flags,
	};
	struct vm_mmap_rep reply;

	assert_int_equal(MACHINE_CALL(mmap, who, &request, &reply), expected);
}

/* As the kernel asks for it when `from` has granted its memory by grant 1; all of them use one place. */
static void lend(endpoint_t from, endpoint_t to, uint32_t pages)
{
	struct vm_lend_req request = {
	        .owner = from,
	        .owner_address = PLACE,
	        .address = PLACE,
	        .bytes = pages * PAGE_SIZE,
	};

	vm_notes.chain = (struct vm_chain){.depth = 1, .link = {{.id = 1, .endpoint = from}}};
	assert_int_equal(MACHINE_CALL(lend, to, &request, NULL), OK);
}

static void revoke(endpoint_t who)
{
	struct vm_revoke_req request = {.what = VM_REVOKE_GRANT, .grant = 1};

	assert_int_equal(MACHINE_CALL(revoke, who, &request, NULL), OK);
}

static void protect(endpoint_t who, uint32_t bytes, uint32_t prot)
{
	struct vm_mprotect_req request = {.address = PLACE, .bytes = bytes, .prot = prot};

	assert_int_equal(MACHINE_CALL(mprotect, who, &request, NULL), OK);
}

static void write_word(endpoint_t who, uint32_t value)
{
	assert_int_equal(machine_write(who, PLACE, value), OK);
}

static uint32_t read_word(endpoint_t who)
{
	uint32_t value = 0;

	assert_int_equal(machine_read(who, PLACE, &value), OK);
	return value;
}

/* Another uses up the frames but for so many. */
static void leave_frames(uint32_t frames)
{
	map(other, frames_available() - frames, VM_MAP_POPULATE, OK);
	assert_int_equal(frames_available(), frames);
}

static int start(void **state)
{
	static const struct machine_size size = {400, 4, 520};

	(void)state;
	machine_start(&size);
	assert_int_equal(machine_fork(NONE, &rs), OK); /* the first one, who may use the reserve */
	assert_int_equal(machine_fork(NONE, &owner), OK);
	assert_int_equal(machine_fork(NONE, &between), OK);
	assert_int_equal(machine_fork(NONE, &last), OK);
	assert_int_equal(machine_fork(NONE, &other), OK);
	map(owner, PAGES, 0, OK);
	write_word(owner, 7);
	lend(owner, between, PAGES);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	assert_null(vm_check());
	machine_stop();
	return 0;
}

/* Who lent it on can't pay for a snapshot of all of it, the last one can for its page. */
static void the_last_of_a_chain_has_a_snapshot_though_the_one_before_has_none(void **state)
{
	uint32_t value;

	(void)state;
	lend(between, last, 1);
	leave_frames(2);
	revoke(owner);
	assert_int_equal(machine_read(between, PLACE, &value), -EFAULT);
	write_word(owner, 8);
	assert_int_equal(read_word(last), 7);
	assert_int_equal(read_word(owner), 8);
}

static void what_takes_the_place_of_lent_memory_is_paid_before_its_snapshots(void **state)
{
	uint32_t value;

	(void)state;
	leave_frames(PAGES);
	map(owner, PAGES, VM_MAP_POPULATE, OK);
	assert_int_equal(read_word(owner), 0);
	assert_int_equal(machine_read(between, PLACE, &value), -EFAULT);
}

static void a_mapping_is_lent_on_as_one_whatever_rights_its_pages_have(void **state)
{
	(void)state;
	protect(between, PAGE_SIZE, VM_PROT_READ | VM_PROT_EXEC);
	lend(between, last, PAGES);
	write_word(owner, 9);
	assert_int_equal(read_word(last), 9);
}

/* The holder writes, and has what was promised; its child still shares the page with the owner. */
static void a_snapshots_child_leaves_the_owner_what_was_promised(void **state)
{
	endpoint_t child;

	(void)state;
	revoke(owner);
	protect(between, PAGES * PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE);
	assert_int_equal(machine_fork(between, &child), OK);
	write_word(between, 9);
	leave_frames(0);
	write_word(owner, 8);
	assert_int_equal(read_word(child), 7);
	assert_int_equal(read_word(between), 9);
}

static void a_copys_child_leaves_the_source_what_was_promised(void **state)
{
	struct vm_share_req request = {
	        .source = owner, .source_address = PLACE, .destination_address = PLACE};
	endpoint_t child;

	(void)state;
	map(last, PAGES, 0, OK);
	map(between, PAGES, 0, OK); /* over what it held of the owner's */
	request.destination = last;
	request.bytes = PAGES * PAGE_SIZE;
	assert_int_equal(MACHINE_CALL(share, last, &request, NULL), OK);
	assert_int_equal(machine_fork(last, &child), OK);
	write_word(last, 9);
	leave_frames(0);
	write_word(owner, 8);
	assert_int_equal(read_word(child), 7);
}

/* Nor does it cost the owner anything that somebody has a snapshot of its memory. */
static void the_owners_fork_needs_no_promise(void **state)
{
	uint32_t promised;
	endpoint_t child;

	(void)state;
	revoke(owner);
	promised = frames.promised;
	assert_int_equal(machine_fork(owner, &child), OK);
	assert_int_equal(frames.promised, promised);
	assert_int_equal(machine_fork(between, &child), OK);
	assert_true(frames.promised > promised);
}

#define LEND_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        LEND_TEST(the_last_of_a_chain_has_a_snapshot_though_the_one_before_has_none),
	        LEND_TEST(what_takes_the_place_of_lent_memory_is_paid_before_its_snapshots),
	        LEND_TEST(a_snapshots_child_leaves_the_owner_what_was_promised),
	        LEND_TEST(a_copys_child_leaves_the_source_what_was_promised),
	        LEND_TEST(the_owners_fork_needs_no_promise),
	        LEND_TEST(a_mapping_is_lent_on_as_one_whatever_rights_its_pages_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
