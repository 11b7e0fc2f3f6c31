/* SPDX-License-Identifier: MIT */
/* links: tests/host/pm_machine.c servers/pm/process.c servers/pm/signals.c servers/pm/timers.c
 * servers/pm/clock.c servers/pm/wait.c servers/pm/deliver.c servers/pm/exit.c servers/pm/condense.c
 * servers/pm/events.c servers/pm/jobs.c servers/pm/fork.c servers/pm/ids.c servers/pm/kill.c
 * servers/pm/sigcalls.c servers/pm/exec.c servers/pm/stack.c servers/pm/archive.c servers/pm/system.c
 * lib/formats/cpio.c lib/formats/elf.c servers/pm/crash.c servers/pm/report.c lib/formats/callchain.c
 * lib/formats/callcode.c lib/sys/region_words.c */
/* exec and the archive: every error comes out right and leaves the caller as it was. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <formats/elf.h>
#include <granite/abi/layout.h>

#include "servers/pm/stack.h"
#include "pm_machine.h"

#define TEXT         0x08048000u
#define HEADER_BYTES 110
#define STRINGS_AT   0x2000u

static uint32_t archive_bytes;
static struct process *target;

/* ---- An archive ---- */

static void put(const void *data, uint32_t bytes)
{
	memcpy(&machine.archive[archive_bytes], data, bytes);
	archive_bytes += bytes;
}

/* An entry whose data begins `off` bytes behind the next page's start. */
static void add(const char *name, uint32_t mode, const void *data, uint32_t bytes, uint32_t off)
{
	char header[HEADER_BYTES + 20];
	uint32_t data_at =
	        (archive_bytes + HEADER_BYTES + (uint32_t)strlen(name) + 1 + PAGE_SIZE - 1) & -PAGE_SIZE;

	data_at += off;
	snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0u,
	         mode, 0u, 0u, 1u, 0u, bytes, 0u, 0u, 0u, 0u, data_at - archive_bytes - HEADER_BYTES, 0u);
	put(header, HEADER_BYTES);
	put(name, (uint32_t)strlen(name) + 1);
	archive_bytes = data_at;
	put(data, bytes);
	archive_bytes = (archive_bytes + 3) & ~3u;
}

struct program {
	struct elf_header header;
	struct elf_program_header text, data;
	uint8_t bytes[0x40];
};

static struct program good(void)
{
	return (struct program){
	        .header = {.ident = {0x7f, 'E', 'L', 'F', 1, 1, 1},
	                   .type = 2,
	                   .machine = 3,
	                   .version = 1,
	                   .entry = TEXT + 0x60,
	                   .phoff = sizeof(struct elf_header),
	                   .phentsize = sizeof(struct elf_program_header),
	                   .phnum = 2},
	        .text = {.type = ELF_PT_LOAD,
	                 .vaddr = TEXT,
	                 .filesz = sizeof(struct program),
	                 .memsz = sizeof(struct program),
	                 .flags = ELF_PF_R | ELF_PF_X},
	        .data = {.type = ELF_PT_LOAD,
	                 .vaddr = TEXT + 0x1000,
	                 .filesz = 0x10,
	                 .memsz = 0x5000,
	                 .flags = ELF_PF_R | ELF_PF_W},
	};
}

static int boot(void **state)
{
	struct program program = good(), broken = good();

	(void)state;
	machine_boot();
	memset(machine.archive, 0, sizeof(machine.archive));
	archive_bytes = 0;
	broken.header.machine = 40;
	add("bin/rs", 0100755, &program, sizeof(program), 0);
	add("bin/good", 0100755, &program, sizeof(program), 0);
	add("bin/broken", 0100755, &broken, sizeof(broken), 0);
	add("bin/text", 0100644, "text", 4, 0);
	add("bin/script", 0100755, "#!/bin/sh\n", 10, 0);
	add("bin/empty", 0100755, "", 0, 0);
	add("bin/unaligned", 0100755, &program, sizeof(program), 16);
	add("bin", 0040755, "", 0, 0);
	add("tests/long-program-name-here", 0100755, &program, sizeof(program), 0);
	add("TRAILER!!!", 0, "", 0, 0);
	assert_int_equal(archive_init(0, archive_bytes), OK);
	target = machine_session();
	machine_proc(target)->replies = 0;
	return 0;
}

/* ---- exec ---- */

static int exec_with(const char *path, const char *strings, uint32_t bytes, uint32_t argc, uint32_t envc)
{
	const struct pm_exec_req request = {.path = 0x100,
	                                    .path_bytes = (uint32_t)strlen(path),
	                                    .strings = STRINGS_AT,
	                                    .strings_bytes = bytes,
	                                    .argc = argc,
	                                    .envc = envc};
	struct pm_exec_rep reply;

	strcpy((char *)machine.user_memory + 0x100, path);
	memcpy(machine.user_memory + STRINGS_AT, strings, bytes);
	return do_exec(target, &request, &reply);
}

static int exec(const char *path)
{
	return exec_with(path, "prog\0A=1", 9, 1, 1);
}

static void assert_unchanged(void)
{
	assert_true(process_alive(target));
	assert_int_equal(machine_proc(target)->execs, 0);
	assert_int_equal(target->flags & PROCESS_EXECED, 0);
	assert_int_equal(machine_proc(target)->plan.nr_segments, 0);
}

static void a_program_is_started_with_its_plan_and_stack(void **state)
{
	const struct vm_exec_plan *plan;
	struct cpio_entry entry;

	(void)state;
	assert_int_equal(archive_find("bin/good", &entry), OK);
	assert_int_equal(exec("/bin/good"), SERVER_NO_REPLY);
	plan = &machine_proc(target)->plan;
	assert_int_equal(plan->nr_segments, 2);
	assert_int_equal(plan->segments[0].address, TEXT);
	assert_int_equal(plan->segments[0].archive_offset, entry.offset);
	assert_int_equal(plan->segments[0].prot, VM_PROT_READ | VM_PROT_EXEC);
	assert_int_equal(plan->segments[1].bytes, 0x5000);
	assert_int_equal(plan->segments[1].file_bytes, 0x10);
	assert_int_equal(plan->segments[1].prot, VM_PROT_READ | VM_PROT_WRITE);
	assert_int_equal(plan->stack_bytes % PAGE_SIZE, 0);
	assert_true(plan->stack_bytes >= STACK_TOP - machine_proc(target)->sp + PAGE_SIZE);
	assert_int_equal(machine_proc(target)->execs, 1);
	assert_int_equal(machine_proc(target)->replies, 0);
	assert_int_equal(machine_proc(target)->pc, TEXT + 0x60);
	assert_int_equal(machine_proc(target)->sp, machine.stack_address);
	assert_string_equal(machine_proc(target)->name, "good");
	assert_int_equal(*(uint32_t *)machine.stack, 1);
}

static void programs_are_found_by_three_names(void **state)
{
	(void)state;
	assert_int_equal(exec("/bin/good"), SERVER_NO_REPLY);
	assert_int_equal(exec("bin/good"), SERVER_NO_REPLY);
	assert_int_equal(exec("good"), SERVER_NO_REPLY);
	assert_int_equal(exec("//bin/good"), SERVER_NO_REPLY);
	assert_int_equal(exec("/tests/long-program-name-here"), SERVER_NO_REPLY);
	assert_string_equal(target->name, "long-program-na");
}

static void bad_paths_have_their_errors(void **state)
{
	static char path[5000];

	(void)state;
	assert_int_equal(exec(""), -ENOENT);
	assert_int_equal(exec("/"), -ENOENT);
	assert_int_equal(exec("/bin/none"), -ENOENT);
	assert_int_equal(exec("/good"), -ENOENT);
	assert_int_equal(exec("bin/good/"), -ENOENT);
	assert_int_equal(exec("TRAILER!!!"), -ENOENT);
	assert_int_equal(exec("/bin/text"), -EACCES);
	assert_int_equal(exec("/bin"), -EACCES); /* a folder */
	assert_int_equal(exec("bin/"), -ENOENT);
	memset(path, 'x', 200);
	assert_int_equal(exec(path), -ENOENT);
	memset(path, 'x', 255);
	assert_int_equal(exec(path), -ENOENT);
	memset(path, 'x', 256);
	assert_int_equal(exec(path), -ENAMETOOLONG);
	memset(path, '/', 4095);
	assert_int_equal(exec(path), -ENOENT);
	memset(path, '/', 4096);
	assert_int_equal(exec(path), -ENAMETOOLONG);
	assert_unchanged();
}

static void bad_programs_are_refused(void **state)
{
	(void)state;
	assert_int_equal(exec("/bin/broken"), -ENOEXEC);
	assert_int_equal(exec("/bin/script"), -ENOEXEC);
	assert_int_equal(exec("/bin/empty"), -ENOEXEC);
	assert_int_equal(exec("/bin/unaligned"), -ENOEXEC);
	assert_unchanged();
}

static int exec_raw(struct pm_exec_req request)
{
	struct pm_exec_rep reply;

	strcpy((char *)machine.user_memory + 0x100, "good");
	return do_exec(target, &request, &reply);
}

static void bad_requests_are_refused(void **state)
{
	const struct pm_exec_req fine = {
	        .path = 0x100, .path_bytes = 4, .strings = STRINGS_AT, .strings_bytes = 2};
	struct pm_exec_req r;

	(void)state;
	memcpy(machine.user_memory + STRINGS_AT, "a", 2);
	r = fine, r.argc = 1, r.path = 0xffffff00;
	assert_int_equal(exec_raw(r), -EFAULT);
	r = fine, r.argc = 1, r.path_bytes = UINT32_MAX;
	assert_int_equal(exec_raw(r), -ENAMETOOLONG);
	r = fine, r.argc = 1, r.path_bytes = 6; /* a 0 byte within */
	assert_int_equal(exec_raw(r), -EINVAL);
	r = fine, r.argc = 1, r.strings = 0xfffffff0;
	assert_int_equal(exec_raw(r), -EFAULT);
	r = fine, r.argc = 1, r.strings_bytes = PM_ARGS_MAX + 1;
	assert_int_equal(exec_raw(r), -E2BIG);
	r = fine, r.argc = 1, r.strings_bytes = UINT32_MAX;
	assert_int_equal(exec_raw(r), -E2BIG);
	r = fine, r.argc = UINT32_MAX, r.envc = 2;
	assert_int_equal(exec_raw(r), -E2BIG);
	r = fine, r.argc = 2;
	assert_int_equal(exec_raw(r), -EINVAL);
	assert_unchanged();
	r = fine, r.argc = 1;
	assert_int_equal(exec_raw(r), SERVER_NO_REPLY);
}

static void without_memory_the_caller_lives_on(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine.exec_error = -ENOMEM;
	assert_int_equal(exec("good"), -ENOMEM);
	machine.exec_error = -EINVAL;
	assert_int_equal(exec("good"), -ENOEXEC);
	assert_unchanged();
	assert_int_equal(target->signals.actions[SIGUSR1 - 1].handler, 0x1000);
}

static void handlers_end_with_their_program(void **state)
{
	(void)state;
	machine_catch(target, SIGUSR1, 0);
	machine_kill(machine.rs, target->pid, SIGUSR1);
	assert_true(machine_proc(target)->noted);
	assert_int_equal(exec("good"), SERVER_NO_REPLY);
	assert_false(process_alive(target)); /* its default action is due now */
	assert_int_equal(target->status, SIGUSR1);
}

static void the_kernel_forgets_what_the_old_program_was_told(void **state)
{
	(void)state;
	machine_catch(target, SIGCHLD, 0);
	machine_kill(machine.rs, target->pid, SIGCHLD);
	assert_true(machine_proc(target)->noted);
	assert_int_equal(exec("good"), SERVER_NO_REPLY);
	assert_false(machine_proc(target)->noted);
}

static void exec_releases_vfork_s_parent(void **state)
{
	const struct pm_fork_req request = {.flags = PM_FORK_VFORK};
	struct pm_fork_rep reply;
	struct process *parent = target;

	(void)state;
	assert_int_equal(do_fork(parent, &request, &reply), SERVER_NO_REPLY);
	target = parent->vfork_child;
	assert_int_equal(exec("none"), -ENOENT);
	assert_int_equal(machine_proc(parent)->replies, 0);
	assert_int_equal(exec("good"), SERVER_NO_REPLY);
	assert_int_equal(machine_proc(parent)->replies, 1);
	assert_int_equal(*(int32_t *)machine_proc(parent)->reply, target->pid);
	assert_null(target->vfork_parent);
}

static void rs_is_started_from_the_archive(void **state)
{
	(void)state;
	assert_int_equal(exec_rs(machine.rs), OK);
	assert_int_equal(machine_proc(machine.rs)->execs, 1);
	assert_string_equal(machine_proc(machine.rs)->name, "rs");
}

/* ---- The archive's listing ---- */

static void programs_are_listed_in_order(void **state)
{
	struct pm_program_req request = {.index = 3};
	struct pm_program_rep reply = {0};

	(void)state;
	assert_int_equal(do_program(target, &request, &reply), OK);
	assert_string_equal(reply.name, "bin/text");
	assert_int_equal(reply.bytes, 4);
	assert_memory_equal(machine.archive + reply.offset, "text", 4);
	assert_false(reply.executable);
	request.index = 1;
	assert_int_equal(do_program(target, &request, &reply), OK);
	assert_true(reply.executable);
	request.index = 8;
	assert_int_equal(do_program(target, &request, &reply), OK);
	request.index = 9;
	assert_int_equal(do_program(target, &request, &reply), -ENOENT);
	request.index = UINT32_MAX;
	assert_int_equal(do_program(target, &request, &reply), -ENOENT);
}

/* The index ends somewhere; the entries behind it are found all the same. */
static void a_large_archive_is_no_problem(void **state)
{
	struct cpio_entry entry;
	char name[32];

	(void)state;
	archive_bytes = 0;
	for (int i = 0; i < 300; i++) {
		char header[HEADER_BYTES + 20];

		snprintf(name, sizeof(name), "f%03d", i);
		snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		         0u, 0u, 0u, 0u, 1u, 0u, 0u, 0u, 0u, 0u, 0u, 6u, 0u);
		put(header, HEADER_BYTES);
		put(name, 5);
		put("", 1);
	}
	add("TRAILER!!!", 0, "", 0, 0);
	assert_int_equal(archive_init(0, archive_bytes), OK);
	for (uint32_t i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f%03u", i);
		assert_int_equal(archive_entry(i, &entry), OK);
		assert_string_equal(entry.name, name);
		assert_int_equal(archive_find(name, &entry), OK);
		assert_string_equal(entry.name, name);
	}
	assert_int_equal(archive_entry(300, &entry), -ENOENT);
	assert_int_equal(archive_find("f300", &entry), -ENOENT);
}

static void a_damaged_archive_is_noticed(void **state)
{
	(void)state;
	assert_int_equal(archive_init(0, archive_bytes - PAGE_SIZE), -EINVAL);
	machine.archive[0] = 'x';
	assert_int_equal(archive_init(0, archive_bytes), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, boot)
	const struct CMUnitTest tests[] = {
	        TEST(a_program_is_started_with_its_plan_and_stack),
	        TEST(programs_are_found_by_three_names),
	        TEST(bad_paths_have_their_errors),
	        TEST(bad_programs_are_refused),
	        TEST(bad_requests_are_refused),
	        TEST(without_memory_the_caller_lives_on),
	        TEST(handlers_end_with_their_program),
	        TEST(the_kernel_forgets_what_the_old_program_was_told),
	        TEST(exec_releases_vfork_s_parent),
	        TEST(rs_is_started_from_the_archive),
	        TEST(programs_are_listed_in_order),
	        TEST(a_large_archive_is_no_problem),
	        TEST(a_damaged_archive_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
