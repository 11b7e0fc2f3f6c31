/* SPDX-License-Identifier: MIT */
/* links: servers/vm/anon.c servers/vm/archive.c servers/vm/exec.c servers/vm/fault.c
 * servers/vm/fork.c servers/vm/frames.c servers/vm/info.c servers/vm/map.c servers/vm/memory.c
 * servers/vm/notes.c servers/vm/pagetable.c servers/vm/pool.c servers/vm/process.c servers/vm/region.c
 * servers/vm/space.c servers/vm/kept.c servers/vm/estate.c servers/vm/lend*.c
 * servers/vm/share.c servers/vm/device.c tests/host/vm_check.c tests/host/vm_machine.c
 */
/* What VM promises, promise by promise, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "servers/vm/frames.h"
#include "servers/vm/memory.h"
#include "servers/vm/notes.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"
#include "servers/vm/types.h"
#include "servers/vm/vm.h"
#include "vm_check.h"
#include "vm_machine.h"

#define TEXT  0x08048000u
#define DATA  0x0804a000u
#define PLACE 0x40000000u
#define RW    (VM_PROT_READ | VM_PROT_WRITE)

static const struct machine_size normal = {500, 16, 5000};

/* One page of text; a page and a half of data, then zeros; a page of stack. */
static const struct vm_exec_plan program = {
        .nr_segments = 2,
        .stack_bytes = 100,
        .segments =
                {
                        {TEXT, 0x1000, 0, 0x1000, VM_PROT_READ | VM_PROT_EXEC},
                        {DATA, 0x4000, 0x1000, 0x1800, RW},
                },
};

static struct vm_info_rep before;

static struct vm_info_rep account(void)
{
	struct vm_info_rep info = {0};

	assert_int_equal(do_info(PM_PROC_NR, NULL, &info), OK);
	assert_int_equal(info.spare, frames_available());
	info.spare = 0; /* not what is in use: what services give back is kept for them */
	return info;
}

static void check(void)
{
	const char *wrong = vm_check();

	if (wrong)
		fail_msg("%s", wrong);
}

static void remember(void)
{
	before = account();
}

static void assert_as_before(void)
{
	struct vm_info_rep now = account();

	assert_memory_equal(&now, &before, sizeof(now));
	check();
}

static int start(void **state)
{
	(void)state;
	machine_start(&normal);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	check();
	machine_stop();
	return 0;
}

static endpoint_t new_process(void)
{
	endpoint_t endpoint;

	assert_int_equal(machine_fork(NONE, &endpoint), OK);
	assert_int_equal(machine_exec(endpoint, &program), OK);
	return endpoint;
}

static int map_at(endpoint_t who, vir_bytes address, uint32_t bytes, uint32_t prot, uint32_t flags)
{
	struct vm_mmap_req request = {address, bytes, prot, VM_MAP_FIXED | flags};
	struct vm_mmap_rep reply = {0};

	return MACHINE_CALL(mmap, who, &request, &reply);
}

static int unmap(endpoint_t who, vir_bytes address, uint32_t bytes)
{
	struct vm_munmap_req request = {address, bytes};

	return MACHINE_CALL(munmap, who, &request, NULL);
}

static int protect(endpoint_t who, vir_bytes address, uint32_t bytes, uint32_t prot)
{
	struct vm_mprotect_req request = {address, bytes, prot};

	return MACHINE_CALL(mprotect, who, &request, NULL);
}

static int request_memory(endpoint_t whose, vir_bytes address, uint32_t bytes, uint32_t write)
{
	struct vm_memreq_req request = {whose, address, bytes, write};

	return MACHINE_CALL(memreq, PM_PROC_NR, &request, NULL);
}

static vir_bytes set_break(endpoint_t who, vir_bytes address)
{
	struct vm_brk_req request = {address};
	struct vm_brk_rep reply = {0};

	assert_int_equal(MACHINE_CALL(brk, who, &request, &reply), OK);
	return reply.address;
}

static uint32_t value_at(endpoint_t who, vir_bytes address)
{
	uint32_t value = 0;

	assert_int_equal(machine_read(who, address, &value), OK);
	return value;
}

static void put(endpoint_t who, vir_bytes address, uint32_t value)
{
	assert_int_equal(machine_write(who, address, value), OK);
}

static void assert_fault(endpoint_t who, vir_bytes address, bool write)
{
	uint32_t value;
	int result = write ? machine_write(who, address, 1) : machine_read(who, address, &value);

	assert_true(result == -EFAULT || result == -EACCES);
}

/* ---- Pages ---- */

static void mapped_memory_is_zero_whatever_was_in_the_frame(void **state)
{
	endpoint_t a = new_process();

	(void)state;
	assert_int_equal(map_at(a, PLACE, 0x4000, RW, 0), OK);
	for (uint32_t page = 0; page < 4; page++)
		put(a, PLACE + page * PAGE_SIZE, 0x5ec7e7);
	assert_int_equal(unmap(a, PLACE, 0x4000), OK);
	assert_int_equal(map_at(a, PLACE + 0x100000, 0x4000, RW, VM_MAP_POPULATE), OK);
	for (uint32_t page = 0; page < 4; page++)
		assert_int_equal(value_at(a, PLACE + 0x100000 + page * PAGE_SIZE), 0);
}

static void unmapped_memory_faults_at_once(void **state)
{
	endpoint_t a = new_process();

	(void)state;
	assert_int_equal(map_at(a, PLACE, 0x40000, RW, 0), OK);
	for (uint32_t page = 0; page < 0x40; page++)
		put(a, PLACE + page * PAGE_SIZE, 1);
	assert_int_equal(unmap(a, PLACE, 0x40000), OK);
	for (uint32_t page = 0; page < 0x40; page++)
		assert_fault(a, PLACE + page * PAGE_SIZE, false);
}

static void null_and_the_gap_below_the_stack_fault(void **state)
{
	endpoint_t a = new_process();

	(void)state;
	assert_fault(a, 0, false);
	assert_fault(a, STACK_TOP - STACK_SIZE_MAX - 4096, true);
	put(a, STACK_TOP - STACK_SIZE_MAX, 1);
	assert_fault(a, STACK_TOP, true);
	assert_fault(a, 0xfffff000, false);
}

static void parent_and_child_do_not_see_each_others_writes(void **state)
{
	endpoint_t a = new_process(), b;

	(void)state;
	put(a, DATA, 1);
	put(a, STACK_TOP - 4096, 2);
	assert_int_equal(machine_fork(a, &b), OK);
	put(a, DATA, 3);
	put(b, STACK_TOP - 4096, 4);
	assert_int_equal(value_at(b, DATA), 1);
	assert_int_equal(value_at(a, STACK_TOP - 4096), 2);
}

static void the_last_sharer_writes_without_a_copy(void **state)
{
	endpoint_t a = new_process(), b;
	uint32_t free;

	(void)state;
	put(a, DATA, 1);
	assert_int_equal(machine_fork(a, &b), OK);
	machine_exit(b);
	free = frames.free;
	put(a, DATA, 2);
	assert_int_equal(frames.free, free);
}

static void a_write_never_reaches_the_archive(void **state)
{
	endpoint_t a = new_process(), b = new_process();

	(void)state;
	assert_int_equal(value_at(a, DATA), archive_word(0x1000));
	put(a, DATA, 1);
	assert_int_equal(value_at(b, DATA), archive_word(0x1000));
	assert_int_equal(protect(a, TEXT, 0x1000, RW), OK);
	put(a, TEXT, 1);
	assert_int_equal(value_at(b, TEXT), archive_word(0));
}

static void a_shared_page_made_read_only_stays_so(void **state)
{
	endpoint_t a = new_process(), b;

	(void)state;
	put(a, DATA, 1);
	assert_int_equal(machine_fork(a, &b), OK);
	assert_int_equal(protect(a, DATA, 0x1000, VM_PROT_READ), OK);
	assert_fault(a, DATA, true);
	assert_int_equal(request_memory(a, DATA, 4, 1), -EFAULT);
	machine_exit(b);
	assert_fault(a, DATA, true);
	assert_int_equal(protect(a, DATA, 0x1000, RW), OK);
	put(a, DATA, 2);
}

static void memory_without_rights_keeps_its_contents_and_hides_them(void **state)
{
	endpoint_t a = new_process(), b;
	uint32_t value;

	(void)state;
	put(a, DATA, 7);
	assert_int_equal(protect(a, DATA, 0x1000, 0), OK);
	assert_fault(a, DATA, false);
	assert_int_equal(request_memory(a, DATA, 4, 0), -EFAULT);
	assert_false(machine_peek(a, DATA, &value));
	assert_int_equal(machine_fork(a, &b), OK);
	assert_int_equal(protect(b, DATA, 0x1000, VM_PROT_READ), OK);
	assert_int_equal(value_at(b, DATA), 7);
}

static void a_request_for_memory_is_all_or_nothing(void **state)
{
	endpoint_t a = new_process();

	(void)state;
	assert_int_equal(map_at(a, PLACE, 0x2000, RW, 0), OK);
	assert_int_equal(map_at(a, PLACE + 0x2000, 0x1000, VM_PROT_READ, 0), OK);
	remember();
	assert_int_equal(request_memory(a, PLACE, 0x3000, 1), -EFAULT);
	assert_int_equal(request_memory(a, PLACE, 0x3001, 0), -EFAULT);
	assert_int_equal(request_memory(a, PLACE, 0xfffff000, 0), -EFAULT);
	assert_int_equal(request_memory(a, 0xfffff000, 0x2000, 0), -EFAULT);
	assert_int_equal(request_memory(ENDPOINT_MAKE(900, 1), PLACE, 1, 0), -EFAULT);
	assert_as_before();
	assert_int_equal(request_memory(a, PLACE + 10, 0x2ff6, 0), OK);
	assert_int_equal(account().free, before.free - 3);
}

/* ---- Exec ---- */

static void a_program_finds_its_file_and_then_zeros(void **state)
{
	endpoint_t a = new_process();

	(void)state;
	assert_int_equal(value_at(a, TEXT + 0xc00), archive_word(0xc00));
	assert_int_equal(value_at(a, DATA + 0x1400), archive_word(0x2400));
	for (vir_bytes address = DATA + 0x1800; address < DATA + 0x4000; address += WORD)
		assert_int_equal(value_at(a, address), 0);
	assert_fault(a, DATA + 0x4000, false);
	assert_fault(a, TEXT, true);
	assert_int_equal(set_break(a, 0), DATA + 0x4000);
}

static uint32_t resident(endpoint_t who)
{
	struct vm_procinfo_rep process = {0};

	assert_int_equal(do_procinfo(who, &(struct vm_procinfo_req){SELF}, &process), OK);
	return process.resident;
}

/* Sixteen pages of text, the whole archive, and a page of stack. */
static void text_is_there_at_once_and_shared_by_all_copies(void **state)
{
	static const struct vm_exec_plan all_text = {
	        .nr_segments = 1,
	        .stack_bytes = 100,
	        .segments = {{TEXT, 16 * PAGE_SIZE, 0, 16 * PAGE_SIZE, VM_PROT_READ | VM_PROT_EXEC}},
	};
	endpoint_t a = new_process(), b = new_process();
	uint32_t pages;

	(void)state;
	assert_int_equal(machine_exec(a, &all_text), OK);
	pages = account().process;
	assert_int_equal(machine_exec(b, &all_text), OK);
	assert_int_equal(resident(a), 16 + 1);
	assert_int_equal(resident(b), 16 + 1);
	assert_int_equal(account().process, pages - 1); /* b's data went, its text took none */
}

static void a_segment_without_rights_is_no_reason_to_fail(void **state)
{
	struct vm_exec_plan plan = program;
	endpoint_t a = new_process();

	(void)state;
	plan.segments[0].prot = 0;
	assert_int_equal(machine_exec(a, &plan), OK);
	assert_fault(a, TEXT, false);
}

static void exec_replaces_everything(void **state)
{
	endpoint_t a = new_process();

	(void)state;
	assert_int_equal(map_at(a, PLACE, 0x1000, RW, VM_MAP_POPULATE), OK);
	put(a, DATA, 1);
	set_break(a, DATA + 0x9000);
	assert_int_equal(machine_exec(a, &program), OK);
	assert_fault(a, PLACE, false);
	assert_int_equal(value_at(a, DATA), archive_word(0x1000));
	assert_int_equal(set_break(a, 0), DATA + 0x4000);
}

static void a_plan_that_can_not_be_is_refused(void **state)
{
	static const struct vm_segment bad[] = {
	        {0x1000, 0x1000, 0, 0x1000, RW},           /* below the first address */
	        {MMAP_TOP - 0x1000, 0x1001, 0, 0, RW},     /* too far up */
	        {DATA, 0xffffffff, 0, 0, RW},              /* wraps */
	        {DATA, 0, 0, 0, RW},                       /* nothing */
	        {DATA, 0x1000, 0, 0x1001, RW},             /* more file than memory */
	        {DATA, 0x2000, 0xf000, 0x1001, RW},        /* beyond the archive */
	        {DATA, 0x2000, 0xfffff000, 0x1001, RW},    /* far beyond */
	        {DATA + 1, 0x1000, 0, 0x1000, RW},         /* can't be mapped */
	        {DATA, 0x1000, 0, 0x800, VM_PROT_READ},    /* zeros in the middle of a page not writable */
	        {DATA, 0x1000, 0, 0x1000, 8},              /* unknown rights */
	        {TEXT + 0x800, 0x2000, 0x800, 0x1000, RW}, /* overlaps the first */
	};
	endpoint_t a = new_process();

	(void)state;
	put(a, DATA, 5);
	remember();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vm_exec_plan plan = program;

		plan.segments[1] = bad[i];
		assert_int_equal(machine_exec(a, &plan), -EINVAL);
		assert_as_before();
	}
	assert_int_equal(machine_exec(a, &(struct vm_exec_plan){.nr_segments = VM_SEGMENTS_MAX + 1}),
	                 -EINVAL);
	assert_int_equal(machine_exec(a, &(struct vm_exec_plan){.nr_segments = 0}), -EINVAL);
	assert_int_equal(value_at(a, DATA), 5);
}

/* ---- What is refused ---- */

static void only_pm_makes_and_ends_processes(void **state)
{
	endpoint_t a = new_process();
	struct vm_fork_rep child;

	(void)state;
	assert_int_equal(do_fork(a, &(struct vm_fork_req){a}, &child), -EPERM);
	assert_int_equal(do_fork(RS_PROC_NR + ENDPOINT_SLOTS, &(struct vm_fork_req){NONE}, &child), -EPERM);
	assert_int_equal(do_exec(a, &(struct vm_exec_req){a, 0}, NULL), -EPERM);
	assert_int_equal(do_exit(a, &(struct vm_exit_req){a}, NULL), -EPERM);
}

static void only_rs_maps_the_archive(void **state)
{
	endpoint_t rs = new_process(), other = new_process();
	struct vm_map_archive_rep reply = {0};

	(void)state;
	assert_int_equal(rs, RS_PROC_NR);
	assert_int_equal(MACHINE_CALL(map_archive, other, NULL, &reply), -EPERM);
	assert_int_equal(MACHINE_CALL(map_archive, rs, NULL, &reply), OK);
	assert_int_equal(reply.bytes, 16 * PAGE_SIZE);
	assert_int_equal(value_at(rs, reply.address + 0x5400), archive_word(0x5400));
	assert_fault(rs, reply.address, true);
}

static void names_of_the_dead_are_refused(void **state)
{
	endpoint_t a = new_process(), b;
	struct vm_procinfo_rep info;

	(void)state;
	machine_exit(a);
	b = new_process();
	assert_int_equal(ENDPOINT_SLOT(a), ENDPOINT_SLOT(b));
	assert_int_equal(do_exit(PM_PROC_NR, &(struct vm_exit_req){a}, NULL), -EDEADSRCDST);
	assert_int_equal(do_exec(PM_PROC_NR, &(struct vm_exec_req){a, 0}, NULL), -EDEADSRCDST);
	assert_int_equal(do_fork(PM_PROC_NR, &(struct vm_fork_req){a}, &(struct vm_fork_rep){0}),
	                 -EDEADSRCDST);
	assert_int_equal(do_procinfo(b, &(struct vm_procinfo_req){a}, &info), -EDEADSRCDST);
	assert_int_equal(do_pagefault(a, &(struct vm_pagefault_req){DATA, 0}, NULL), -EFAULT);
	assert_int_equal(request_memory(a, DATA, 4, 0), -EFAULT);
	assert_int_equal(do_munmap(PM_PROC_NR, &(struct vm_munmap_req){DATA, 4096}, NULL), -EDEADSRCDST);
}

static void places_that_can_not_be_are_refused(void **state)
{
	static const struct {
		vir_bytes address;
		uint32_t bytes;
		int error;
	} bad[] = {
	        {PLACE, 0, -EINVAL},
	        {PLACE + 1, 4096, -EINVAL},
	        {0, 4096, -EPERM},
	        {0xfffff000, 4096, -ENOMEM},
	        {PROC_SIZE, 4096, -ENOMEM},
	        {PLACE, 0xffffffff, -ENOMEM},
	        {STACK_TOP - 4096, 4097, -ENOMEM},
	        {PLACE, PROC_SIZE - PLACE + 1, -ENOMEM},
	};
	endpoint_t a = new_process();
	struct vm_mmap_rep reply;

	(void)state;
	remember();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(map_at(a, bad[i].address, bad[i].bytes, RW, 0), bad[i].error);
	assert_int_equal(map_at(a, PLACE, 4096, 8, 0), -EINVAL);
	assert_int_equal(map_at(a, PLACE, 4096, RW, 8), -EINVAL);
	assert_int_equal(map_at(a, DATA, 4096, RW, VM_MAP_NOREPLACE), -EEXIST);
	assert_int_equal(do_mmap(a, &(struct vm_mmap_req){0, 0xffffffff, RW, 0}, &reply), -ENOMEM);
	assert_int_equal(do_mmap(a, &(struct vm_mmap_req){0, PROC_SIZE, RW, 0}, &reply), -ENOMEM);
	assert_int_equal(unmap(a, PLACE + 1, 4096), -EINVAL);
	assert_int_equal(unmap(a, PLACE, 0), -EINVAL);
	assert_int_equal(unmap(a, PLACE, 0xffffffff), -EINVAL);
	assert_int_equal(protect(a, DATA + 1, 4096, RW), -EINVAL);
	assert_int_equal(protect(a, DATA, 0xfffff001, RW), -ENOMEM);
	assert_int_equal(protect(a, DATA, 4096, 8), -EINVAL);
	assert_int_equal(protect(a, DATA, 0x5000, VM_PROT_READ), -ENOMEM);
	assert_int_equal(set_break(a, 1), DATA + 0x4000);
	assert_int_equal(set_break(a, 0xffffffff), DATA + 0x4000);
	assert_as_before();
	put(a, DATA, 1);
}

static void the_break_stops_before_other_memory(void **state)
{
	endpoint_t a = new_process();
	vir_bytes end = DATA + 0x4000;

	(void)state;
	assert_int_equal(map_at(a, end + 0x10000, 0x1000, RW, 0), OK);
	assert_int_equal(set_break(a, end + 0x10001), end);
	assert_int_equal(set_break(a, end + 0x10000), end + 0x10000);
	put(a, end + 0xf000, 1);
	assert_int_equal(set_break(a, end + 1), end + 1);
	assert_fault(a, end + 0x1000, false);
	put(a, end, 1);
}

static void a_hint_is_taken_if_it_is_free(void **state)
{
	endpoint_t a = new_process();
	struct vm_mmap_req request = {PLACE + 123, 5000, RW, 0};
	struct vm_mmap_rep reply;

	(void)state;
	assert_int_equal(MACHINE_CALL(mmap, a, &request, &reply), OK);
	assert_int_equal(reply.address, PLACE);
	assert_int_equal(MACHINE_CALL(mmap, a, &request, &reply), OK);
	assert_int_equal(reply.address, MMAP_TOP - 0x2000);
	assert_int_equal(MACHINE_CALL(mmap, a, &request, &reply), OK);
	assert_int_equal(reply.address, MMAP_TOP - 0x4000);
}

/* ---- When there is no more ---- */

static void use_up_frames(endpoint_t who, uint32_t leave)
{
	for (vir_bytes at = PLACE; frames_available() > leave; at += PAGE_SIZE) {
		assert_int_equal(map_at(who, at, PAGE_SIZE, RW, 0), OK);
		put(who, at, 1);
	}
}

static void without_frames_a_write_is_told_so_and_nothing_is_lost(void **state)
{
	endpoint_t rs = new_process(), a = new_process(), b;

	(void)state;
	assert_int_not_equal(rs, a);
	put(a, DATA, 1);
	assert_int_equal(machine_fork(a, &b), OK);
	use_up_frames(b, 0);
	assert_int_equal(machine_write(a, DATA, 2), -ENOMEM);
	assert_int_equal(value_at(a, DATA), 1);
	machine_exit(b);
	put(a, DATA, 2);
}

static void rs_has_a_reserve_that_others_can_not_use_up(void **state)
{
	endpoint_t rs = new_process(), hog = new_process();
	void *rest[1000];
	uint32_t taken = 0;

	(void)state;
	assert_int_equal(rs, RS_PROC_NR);
	use_up_frames(hog, 0);
	assert_int_equal(machine_write(hog, DATA, 1), -ENOMEM);
	while (pool_available() > 0)
		rest[taken++] = pool_allocate(POOL_TABLES);
	put(rs, DATA, 1);
	put(rs, STACK_TOP - STACK_SIZE_MAX, 1);
	assert_int_equal(machine_write(hog, STACK_TOP - STACK_SIZE_MAX, 1), -ENOMEM);
	while (taken > 0)
		pool_free(rest[--taken], POOL_TABLES);
}

/* A service that touches whatever it has does not get at RS's half. */
static void what_services_use_up_of_the_reserve_is_not_rs_s(void **state)
{
	endpoint_t rs = new_process(), hog = new_process(), service = new_process();
	vir_bytes at = DATA;
	int result;

	(void)state;
	assert_int_equal(rs, RS_PROC_NR);
	machine_let_use_reserve(service);
	assert_int_equal(map_at(service, PLACE, 1000 * PAGE_SIZE, RW, 0), OK);
	use_up_frames(hog, 0);
	assert_int_equal(machine_write(hog, DATA, 1), -ENOMEM);
	for (at = PLACE; (result = machine_write(service, at, 1)) == OK; at += PAGE_SIZE)
		;
	assert_int_equal(result, -ENOMEM);
	assert_true(at > PLACE + 16 * PAGE_SIZE);
	assert_int_equal(map_at(rs, PLACE, 32 * PAGE_SIZE, RW, 0), OK);
	for (at = PLACE; at < PLACE + 32 * PAGE_SIZE; at += PAGE_SIZE)
		put(rs, at, 1);
}

static int populate(endpoint_t who, vir_bytes at, uint32_t bytes, uint32_t flags)
{
	struct vm_populate_req request = {.address = at, .bytes = bytes, .flags = flags};
	struct vm_populate_rep reply;

	return MACHINE_CALL(populate, who, &request, &reply);
}

/* A service gets memory for itself from the reserve, not what it asks for on behalf of a client. */
static void what_is_for_clients_does_not_come_from_the_reserve(void **state)
{
	endpoint_t rs = new_process(), hog = new_process(), service = new_process();

	(void)state;
	assert_int_equal(rs, RS_PROC_NR);
	machine_let_use_reserve(service);
	assert_int_equal(map_at(service, PLACE, 4 * PAGE_SIZE, RW, 0), OK);
	use_up_frames(hog, 3);
	remember();
	assert_int_equal(populate(service, PLACE, 4 * PAGE_SIZE, VM_POPULATE_SPARE), -ENOMEM);
	assert_int_equal(populate(service, PLACE, PAGE_SIZE, VM_POPULATE_SPARE << 1), -EINVAL);
	assert_as_before();
	assert_int_equal(populate(service, PLACE, 2 * PAGE_SIZE, VM_POPULATE_SPARE), OK);
	assert_int_equal(populate(service, PLACE, 4 * PAGE_SIZE, VM_POPULATE_SPARE), -ENOMEM);
	assert_int_equal(populate(service, PLACE, 4 * PAGE_SIZE, 0), OK);
}

/* ---- Services are started while memory is used up ---- */

static void *taken_pool[1000];
static uint32_t nr_taken;

static void use_up_pool(void)
{
	while (pool_available() > 0)
		taken_pool[nr_taken++] = pool_allocate(POOL_TABLES);
}

static void give_pool_back(void)
{
	while (nr_taken > 0)
		pool_free(taken_pool[--nr_taken], POOL_TABLES);
}

/* As RS does it: fork, rights, exec. */
static int start_service(endpoint_t *service)
{
	int result = machine_fork(RS_PROC_NR, service);

	if (result != OK)
		return result;
	put(*service, DATA, 1);
	machine_let_use_reserve(*service);
	return machine_exec(*service, &program);
}

/* The result of the first write that fails, at *at. */
static int touch_pages(endpoint_t who, vir_bytes *at, uint32_t pages)
{
	int result = OK;

	for (vir_bytes end = *at + pages * PAGE_SIZE; *at < end && result == OK; *at += PAGE_SIZE)
		result = machine_write(who, *at, 1);
	return result;
}

static void a_service_is_started_from_the_reserve(void **state)
{
	endpoint_t rs = new_process(), hog = new_process(), service, other;

	(void)state;
	put(rs, DATA, 7);
	use_up_frames(hog, 0);
	use_up_pool();
	assert_int_equal(machine_fork(hog, &other), -ENOMEM);
	assert_int_equal(start_service(&service), OK);
	put(service, DATA, 3);
	put(rs, DATA, 8);
	assert_int_equal(machine_fork(service, &other), -ENOMEM);
	assert_int_equal(machine_write(hog, DATA, 1), -ENOMEM);
	give_pool_back();
}

/* Its start is RS's concern, but then it has only what its rights say. */
static void a_service_without_the_right_is_not_started_from_the_reserve(void **state)
{
	endpoint_t rs = new_process(), hog = new_process(), service;

	(void)state;
	put(rs, DATA, 7);
	use_up_frames(hog, 0);
	assert_int_equal(machine_fork(rs, &service), OK);
	put(service, DATA, 1);
	assert_int_equal(machine_exec(service, &program), -ENOMEM);
	assert_int_equal(machine_write(service, STACK_TOP - STACK_SIZE_MAX, 1), -ENOMEM);
}

/* Services that are started without end, and touch all they can, leave RS what is RS's. */
static void starts_do_not_use_up_what_is_rs_s(void **state)
{
	endpoint_t rs = new_process(), hog = new_process(), service;
	vir_bytes at = PLACE;
	int result;

	(void)state;
	assert_int_equal(map_at(rs, PLACE, 60 * PAGE_SIZE, RW, 0), OK);
	use_up_frames(hog, 0);
	while ((result = start_service(&service)) == OK) {
		vir_bytes all = PLACE;

		assert_int_equal(map_at(service, PLACE, 100 * PAGE_SIZE, RW, 0), OK);
		if (touch_pages(service, &all, 100) == -ENOMEM)
			break;
	}
	assert_int_equal(machine_fork(rs, &service), -ENOMEM);
	assert_int_equal(touch_pages(rs, &at, 60), OK);
}

/* Whatever it gives back, an ordinary process comes to have none of it. */
static void what_a_service_gives_back_is_for_its_successor(void **state)
{
	endpoint_t rs = new_process(), hog = new_process(), service;

	(void)state;
	put(rs, DATA, 7);
	for (int times = 0; times < 300; times++) {
		vir_bytes at = PLACE;

		assert_int_equal(start_service(&service), OK);
		assert_int_equal(map_at(service, PLACE, 400 * PAGE_SIZE, RW, 0), OK);
		assert_int_equal(touch_pages(service, &at, 400), OK);
		use_up_frames(hog, 0);
		use_up_pool();
		machine_exit(service);
		assert_int_equal(frames_available(), 0);
		assert_int_equal(pool_available(), 0);
		assert_int_equal(machine_write(hog, DATA, 1), -ENOMEM);
	}
	give_pool_back();
}

/* Nothing stays set aside for those who have come. */
static void what_is_set_aside_is_taken_first(void **state)
{
	endpoint_t rs = new_process(), service;
	uint32_t kept = frames.reserve;

	(void)state;
	put(rs, DATA, 7);
	assert_int_equal(start_service(&service), OK);
	for (int times = 0; times < 10; times++) {
		put(service, STACK_TOP - STACK_SIZE_MAX, 1);
		machine_exit(service);
		assert_in_range(frames.reserve, kept + 1, kept + 10);
		assert_int_equal(start_service(&service), OK);
		put(service, STACK_TOP - STACK_SIZE_MAX, 1);
		put(service, DATA + 0x3000, 1);
		assert_int_equal(frames.reserve, kept);
	}
}

/* What one had that was large is not kept from others for ever. */
static void what_is_set_aside_has_a_limit(void **state)
{
	endpoint_t rs = new_process(), service;
	uint32_t kept = frames.reserve;
	vir_bytes at = PLACE;

	(void)state;
	put(rs, DATA, 7);
	assert_int_equal(start_service(&service), OK);
	assert_int_equal(map_at(service, PLACE, 3000 * PAGE_SIZE, RW, 0), OK);
	assert_int_equal(touch_pages(service, &at, 3000), OK);
	machine_exit(service);
	assert_in_range(frames.reserve, kept + 1, kept + 600);
}

/* What RS has taken of the reserve, not even pages that a process gives back itself make good. */
static void below_the_reserve_no_change_to_memory_fails_halfway(void **state)
{
	endpoint_t rs = new_process(), a = new_process();
	struct vm_mmap_req everything = {PROC_MIN_ADDRESS, KEPT_BASE - PROC_MIN_ADDRESS, RW, VM_MAP_FIXED};
	struct vm_mmap_rep reply;
	struct vm_info_rep after;
	void *rest[500];
	uint32_t taken = 0;

	(void)state;
	assert_int_equal(rs, RS_PROC_NR);
	assert_int_equal(map_at(rs, PLACE, 8 * BIG_PAGE_SIZE, RW, 0), OK);
	assert_int_equal(unmap(a, KEPT_END, PROC_SIZE - KEPT_END), OK);
	put(a, DATA, 7);
	while (pool_available() > 0)
		rest[taken++] = pool_allocate(POOL_TABLES);
	for (vir_bytes at = PLACE; at < PLACE + 8 * BIG_PAGE_SIZE; at += BIG_PAGE_SIZE)
		put(rs, at, 1);
	remember();
	assert_int_equal(MACHINE_CALL(mmap, a, &everything, &reply), -ENOMEM);
	after = account();
	assert_memory_equal(&after, &before, sizeof(after));
	assert_int_equal(value_at(a, DATA), 7);
	while (taken > 0)
		pool_free(rest[--taken], POOL_TABLES);
	assert_int_equal(MACHINE_CALL(mmap, a, &everything, &reply), OK);
	assert_int_equal(value_at(a, DATA), 0);
}

static void a_fork_without_frames_to_go_on_with_is_refused(void **state)
{
	endpoint_t rs = new_process(), a = new_process(), hog = new_process(), child;

	(void)state;
	assert_int_not_equal(rs, a);
	put(a, DATA, 1);
	use_up_frames(hog, FORK_FRAMES - 1);
	remember();
	assert_int_equal(machine_fork(a, &child), -ENOMEM);
	assert_as_before();
	machine_exit(hog);
	assert_int_equal(machine_fork(a, &child), OK);
}

static void exec_without_frames_changes_nothing(void **state)
{
	endpoint_t rs = new_process(), a = new_process(), hog = new_process();

	(void)state;
	assert_int_not_equal(rs, a);
	put(a, DATA, 1);
	use_up_frames(hog, 1);
	remember();
	assert_int_equal(machine_exec(a, &program), -ENOMEM);
	assert_as_before();
	assert_int_equal(value_at(a, DATA), 1);
}

static const struct machine_size little_pool = {84, 16, 1000};

static void fork_and_exec_without_pool_change_nothing(void **state)
{
	endpoint_t rs, a, child;

	(void)state;
	machine_stop();
	machine_start(&little_pool);
	rs = new_process();
	a = new_process();
	assert_int_not_equal(rs, a);
	put(a, DATA, 1);
	put(a, STACK_TOP - 4096, 1);
	for (uint32_t left = 0; left < 5; left++) {
		void *rest[84];
		uint32_t taken = 0;

		while (pool_available() > left)
			rest[taken++] = pool_allocate(POOL_TABLES);
		before = account();
		assert_int_equal(machine_fork(a, &child), -ENOMEM);
		assert_int_equal(account().pool_free, before.pool_free);
		assert_int_equal(account().free, before.free);
		assert_int_equal(machine_exec(a, &program), -ENOMEM);
		assert_int_equal(account().pool_free, before.pool_free);
		assert_int_equal(account().free, before.free);
		while (taken > 0)
			pool_free(rest[--taken], POOL_TABLES);
	}
	check();
	put(a, DATA, 2);
}

static void populating_without_pool_changes_nothing(void **state)
{
	endpoint_t a = new_process();
	void *rest[1000];
	uint32_t taken = 0;

	(void)state;
	assert_int_equal(map_at(a, PLACE, 0x1000, RW, VM_MAP_POPULATE), OK);
	put(a, PLACE, 9);
	while (pool_available() > 1)
		rest[taken++] = pool_allocate(POOL_TABLES);
	before = account();
	assert_int_equal(map_at(a, PLACE, 0xc00000, RW, VM_MAP_POPULATE), -ENOMEM);
	assert_int_equal(account().pool_free, before.pool_free);
	assert_int_equal(account().free, before.free);
	assert_int_equal(value_at(a, PLACE), 9);
	while (taken > 0)
		pool_free(rest[--taken], POOL_TABLES);
	assert_int_equal(map_at(a, PLACE, 0x2000000, RW, VM_MAP_POPULATE),
	                 -ENOMEM); /* more than all frames */
	assert_int_equal(value_at(a, PLACE), 9);
}

static void populating_beyond_the_process_s_share_changes_nothing(void **state)
{
	static const struct machine_size few_tables = {64, 16, 20000};
	endpoint_t a;

	(void)state;
	machine_stop();
	machine_start(&few_tables);
	a = new_process();
	remember();
	assert_int_equal(map_at(a, PLACE, 14 * BIG_PAGE_SIZE, RW, VM_MAP_POPULATE), -ENOMEM);
	assert_as_before();
	assert_int_equal(map_at(a, PLACE, 13 * BIG_PAGE_SIZE, RW, VM_MAP_POPULATE), OK);
}

static void a_fork_that_the_kernel_refuses_is_undone(void **state)
{
	endpoint_t a = new_process(), child;

	(void)state;
	put(a, DATA, 1);
	remember();
	machine_fail_next_fork();
	assert_int_equal(machine_fork(a, &child), -EAGAIN);
	assert_as_before();
	put(a, DATA, 2);
	assert_as_before();
}

static void one_process_can_not_use_up_the_pool(void **state)
{
	endpoint_t a = new_process(), b = new_process();
	int result = OK;

	(void)state;
	for (vir_bytes at = PLACE; result == OK && at < MMAP_TOP; at += BIG_PAGE_SIZE) {
		assert_int_equal(map_at(a, at, PAGE_SIZE, RW, 0), OK);
		result = machine_write(a, at, 1);
	}
	assert_int_equal(result, -ENOMEM);
	assert_true(pool_available() > pool_pages() / 2);
	put(b, DATA, 1);
}

static void the_regions_of_a_process_are_bounded(void **state)
{
	endpoint_t a = new_process();
	uint32_t count = 0;
	vir_bytes at;

	(void)state;
	for (at = PLACE; map_at(a, at, PAGE_SIZE, RW, 0) == OK; at += 2 * PAGE_SIZE)
		count++;
	assert_in_range(count, 2000, 10000);
	assert_int_equal(map_at(a, at, PAGE_SIZE, RW, 0), -ENOMEM);
	assert_int_equal(unmap(a, PLACE, at - PLACE), OK);
	assert_int_equal(map_at(a, at, PAGE_SIZE, RW, 0), OK);
}

/* ---- Tables ---- */

static void a_table_given_back_rests_until_the_kernel_has_acted(void **state)
{
	void *table = pool_allocate(POOL_TABLES);

	(void)state;
	note_add(NOTE_INVAL_ALL, 0, 0);
	pool_free(table, POOL_TABLES);
	pool_keep(0);
	for (uint32_t i = pool_available(); i > 1; i--)
		assert_ptr_not_equal(pool_allocate(POOL_TABLES), table);
	assert_true(notes_pending());
	assert_ptr_equal(pool_allocate(POOL_TABLES), table);
	assert_false(notes_pending());
	assert_null(pool_allocate(POOL_TABLES));
	machine_stop();
	machine_start(&normal);
}

static void a_dropped_table_is_told_to_the_kernel(void **state)
{
	endpoint_t a = new_process();
	uint32_t tables = account().pool_used;

	(void)state;
	assert_int_equal(map_at(a, PLACE, 0x2000, RW, 0), OK);
	put(a, PLACE, 1);
	assert_int_equal(unmap(a, PLACE, 0x1000), OK);
	assert_int_equal(account().pool_used, tables + 1);
	assert_int_equal(do_munmap(a, &(struct vm_munmap_req){PLACE + 0x1000, 0x1000}, NULL), OK);
	assert_int_equal(account().pool_used, tables);
	assert_true(notes_pending());
}

static void the_account_knows_every_page(void **state)
{
	struct vm_info_rep info = account();
	endpoint_t a = new_process(), b;
	struct vm_procinfo_rep process;

	(void)state;
	/* The machine's: 0x9f + 0xf00 below the region's end; 16 of the archive, 5000 free ones. */
	assert_int_equal(info.total, 0x9f + 0xf00 + 16 + 5000);
	assert_int_equal(info.archive, 16);
	assert_int_equal(info.free, 5000);
	assert_int_equal(info.process, 0);
	assert_int_equal(info.pool_used, 0);
	put(a, DATA, 1);
	assert_int_equal(machine_fork(a, &b), OK);
	assert_int_equal(do_procinfo(a, &(struct vm_procinfo_req){SELF}, &process), OK);
	assert_int_equal(process.resident, 4); /* text, data, its tail, stack */
	assert_int_equal(process.shared, 4);
	assert_int_equal(process.tables, 3);
	assert_int_equal(process.mapped, 1 + 4 + STACK_SIZE_MAX / PAGE_SIZE);
	assert_int_equal(account().process, 3);
	put(a, DATA, 1);
	assert_int_equal(account().process, 4);
	machine_exit(a);
	machine_exit(b);
	before = info;
	assert_as_before();
}

static struct vm_region_rep region_from(endpoint_t process, vir_bytes address)
{
	struct vm_region_rep region;

	assert_int_equal(do_region(PM_PROC_NR, &(struct vm_region_req){process, address, 0}, &region), OK);
	return region;
}

static void regions_are_told_one_by_one(void **state)
{
	endpoint_t a = new_process(), b;
	struct vm_region_rep region;
	uint32_t pages = 0;

	(void)state;
	region = region_from(a, DATA);
	assert_true(region.start <= DATA && DATA < region.end);
	assert_int_equal(region.prot, VM_PROT_READ | VM_PROT_WRITE);
	region = region_from(a, 0);
	assert_int_equal(region.type, REGION_ARCHIVE);
	assert_int_equal(region.resident, region.shared); /* the archive has them too */
	put(a, DATA, 1);
	region = region_from(a, DATA);
	assert_true(region.resident > region.shared);
	for (vir_bytes next = 0; next != STACK_TOP; next = region.end) {
		region = region_from(a, next);
		assert_true(region.start >= next && region.end > region.start);
		pages += (region.end - region.start) / PAGE_SIZE;
	}
	assert_int_equal(region.type, REGION_ANONYMOUS);
	assert_int_equal(pages, 1 + 4 + STACK_SIZE_MAX / PAGE_SIZE);
	assert_int_equal(do_region(a, &(struct vm_region_req){SELF, STACK_TOP, 0}, &region), -ENOENT);
	assert_int_equal(do_region(a, &(struct vm_region_req){SELF, 0, 1}, &region), -ENOENT);
	assert_int_equal(do_region(a, &(struct vm_region_req){SELF, STACK_TOP, 1}, &region), OK);
	assert_int_equal(region.end, STACK_TOP);
	assert_int_equal(do_region(a, &(struct vm_region_req){SELF, STACK_TOP, 2}, &region), -EINVAL);
	assert_int_equal(machine_fork(a, &b), OK);
	machine_exit(b);
	assert_int_equal(do_region(a, &(struct vm_region_req){b, 0, 0}, &region), -EDEADSRCDST);
	machine_exit(a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(mapped_memory_is_zero_whatever_was_in_the_frame),
	        TEST(unmapped_memory_faults_at_once),
	        TEST(null_and_the_gap_below_the_stack_fault),
	        TEST(parent_and_child_do_not_see_each_others_writes),
	        TEST(the_last_sharer_writes_without_a_copy),
	        TEST(a_write_never_reaches_the_archive),
	        TEST(a_shared_page_made_read_only_stays_so),
	        TEST(memory_without_rights_keeps_its_contents_and_hides_them),
	        TEST(a_request_for_memory_is_all_or_nothing),
	        TEST(a_program_finds_its_file_and_then_zeros),
	        TEST(text_is_there_at_once_and_shared_by_all_copies),
	        TEST(a_segment_without_rights_is_no_reason_to_fail),
	        TEST(exec_replaces_everything),
	        TEST(a_plan_that_can_not_be_is_refused),
	        TEST(only_pm_makes_and_ends_processes),
	        TEST(only_rs_maps_the_archive),
	        TEST(names_of_the_dead_are_refused),
	        TEST(places_that_can_not_be_are_refused),
	        TEST(the_break_stops_before_other_memory),
	        TEST(a_hint_is_taken_if_it_is_free),
	        TEST(without_frames_a_write_is_told_so_and_nothing_is_lost),
	        TEST(rs_has_a_reserve_that_others_can_not_use_up),
	        TEST(what_services_use_up_of_the_reserve_is_not_rs_s),
	        TEST(what_is_for_clients_does_not_come_from_the_reserve),
	        TEST(a_service_is_started_from_the_reserve),
	        TEST(a_service_without_the_right_is_not_started_from_the_reserve),
	        TEST(starts_do_not_use_up_what_is_rs_s),
	        TEST(what_a_service_gives_back_is_for_its_successor),
	        TEST(what_is_set_aside_is_taken_first),
	        TEST(what_is_set_aside_has_a_limit),
	        TEST(below_the_reserve_no_change_to_memory_fails_halfway),
	        TEST(a_fork_without_frames_to_go_on_with_is_refused),
	        TEST(exec_without_frames_changes_nothing),
	        TEST(fork_and_exec_without_pool_change_nothing),
	        TEST(populating_without_pool_changes_nothing),
	        TEST(populating_beyond_the_process_s_share_changes_nothing),
	        TEST(a_fork_that_the_kernel_refuses_is_undone),
	        TEST(one_process_can_not_use_up_the_pool),
	        TEST(the_regions_of_a_process_are_bounded),
	        TEST(a_table_given_back_rests_until_the_kernel_has_acted),
	        TEST(a_dropped_table_is_told_to_the_kernel),
	        TEST(the_account_knows_every_page),
	        TEST(regions_are_told_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
