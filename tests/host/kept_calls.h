/* SPDX-License-Identifier: MIT */
/* What the tests of kept memory ask VM for, on vm_machine. RS is the first process. */
#ifndef TESTS_KEPT_CALLS_H
#define TESTS_KEPT_CALLS_H

#include <string.h>

#include "servers/vm/frames.h"
#include "servers/vm/kept.h"
#include "servers/vm/notes.h"
#include "servers/vm/pool.h"
#include "servers/vm/process.h"
#include "servers/vm/vm.h"
#include "vm_check.h"
#include "vm_machine.h"

#define RW (VM_PROT_READ | VM_PROT_WRITE)

/* A page of text, and a page and a half of data, then zeros. */
static const struct vm_exec_plan kept_program = {
        .nr_segments = 2,
        .stack_bytes = 100,
        .segments = {{0x08048000, 0x1000, 0, 0x1000, VM_PROT_READ | VM_PROT_EXEC},
                     {0x0804a000, 0x4000, 0x1000, 0x1800, RW}},
};
#define DATA 0x0804a000u

static inline struct vm_info_rep account(void)
{
	struct vm_info_rep info = {0};

	assert_int_equal(do_info(PM_PROC_NR, NULL, &info), OK);
	return info;
}

static inline void check(void)
{
	const char *wrong = vm_check();

	if (wrong)
		fail_msg("%s", wrong);
}

static inline void assert_account(const struct vm_info_rep *before)
{
	struct vm_info_rep now = account();

	assert_memory_equal(&now, before, sizeof(now));
	check();
}

static inline endpoint_t new_process(void)
{
	endpoint_t endpoint;

	assert_int_equal(machine_fork(NONE, &endpoint), OK);
	assert_int_equal(machine_exec(endpoint, &kept_program), OK);
	return endpoint;
}

static inline endpoint_t fork_of(endpoint_t parent)
{
	endpoint_t child;

	assert_int_equal(machine_fork(parent, &child), OK);
	return child;
}

/* A child of RS's that is still about to become a service, with the right to keep; and a service. */
static inline endpoint_t new_child(void)
{
	endpoint_t child = fork_of(RS_PROC_NR);

	machine_let_keep(child);
	return child;
}

static inline endpoint_t new_service(void)
{
	endpoint_t service = new_child();

	assert_int_equal(machine_exec(service, &kept_program), OK);
	return service;
}

static inline int keep_at(endpoint_t who, const char *name, vir_bytes address, uint32_t bytes,
                          uint32_t *found)
{
	struct vm_keep_req request = {.address = address, .bytes = bytes};
	struct vm_keep_rep reply = {0};
	int result;

	for (uint32_t i = 0; i < sizeof(request.name) && name[i]; i++)
		request.name[i] = name[i];
	result = MACHINE_CALL(keep, who, &request, &reply);
	if (found)
		*found = reply.found;
	return result;
}

/* Must go well, and find it or not. */
static inline void keep(endpoint_t who, const char *name, vir_bytes address, uint32_t pages,
                        uint32_t is_there)
{
	uint32_t found = 2;

	assert_int_equal(keep_at(who, name, address, pages * PAGE_SIZE, &found), OK);
	assert_int_equal(found, is_there);
}

static inline int succeed(endpoint_t old, endpoint_t new)
{
	struct vm_succeed_req request = {.old = old, .new = new};

	return MACHINE_CALL(succeed, RS_PROC_NR, &request, NULL);
}

/* As RS restarts a service that has died. */
static inline endpoint_t successor_of(endpoint_t old)
{
	endpoint_t new = new_child();

	assert_int_equal(succeed(old, new), OK);
	assert_int_equal(machine_exec(new, &kept_program), OK);
	return new;
}

static inline int map_at(endpoint_t who, vir_bytes address, uint32_t pages, uint32_t flags)
{
	struct vm_mmap_req request = {address, pages * PAGE_SIZE, RW, VM_MAP_FIXED | flags};
	struct vm_mmap_rep reply = {0};

	return MACHINE_CALL(mmap, who, &request, &reply);
}

static inline int unmap(endpoint_t who, vir_bytes address, uint32_t pages)
{
	struct vm_munmap_req request = {address, pages * PAGE_SIZE};

	return MACHINE_CALL(munmap, who, &request, NULL);
}

static inline void put(endpoint_t who, vir_bytes address, uint32_t value)
{
	assert_int_equal(machine_write(who, address, value), OK);
}

static inline uint32_t get(endpoint_t who, vir_bytes address)
{
	uint32_t value = 0;

	assert_int_equal(machine_read(who, address, &value), OK);
	return value;
}

/* Nothing is there, or nothing that may be read. */
static inline void assert_absent(endpoint_t who, vir_bytes address)
{
	uint32_t value;

	assert_int_equal(machine_read(who, address, &value), -EFAULT);
}

static inline struct region region_at(endpoint_t who, vir_bytes address)
{
	const struct region *region = regions_find(&estate_or_space(who)->regions, address);

	return region ? *region : (struct region){0};
}

/* Somebody else has all pages of the pool but for so many, until they are given back. */
static void *pool_taken[2000];
static uint32_t nr_pool_taken;

static inline void leave_pool(uint32_t pages)
{
	while (pool_available() > pages)
		pool_taken[nr_pool_taken++] = pool_allocate(POOL_TABLES);
}

static inline void give_pool_back(void)
{
	while (nr_pool_taken > 0)
		pool_free(pool_taken[--nr_pool_taken], POOL_TABLES);
}

static inline int start_with_rs(void **state)
{
	static const struct machine_size size = {600, 16, 3000};

	(void)state;
	machine_start(&size);
	assert_int_equal(new_process(), RS_PROC_NR);
	return 0;
}

static inline int stop_and_check(void **state)
{
	(void)state;
	give_pool_back();
	check();
	machine_stop();
	return 0;
}

#define KEPT_TEST(function) cmocka_unit_test_setup_teardown(function, start_with_rs, stop_and_check)

#endif
