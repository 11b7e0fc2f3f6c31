/* SPDX-License-Identifier: MIT */
/*
 * exec, in three steps: decode (path and strings, copied once), check (the program's
 * headers), commit (VM swaps the memory, the kernel starts the program). Up to VM's consent
 * every error leaves the caller as it was.
 */
#include <errno.h>
#include <string.h>
#include <formats/elf.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>
#include <granite/vm.h>
#include "pm.h"
#include "stack.h"

#define COMPONENT_MAX  255       /* NAME_MAX: of a name between slashes */
#define STACK_HEADROOM PAGE_SIZE /* present below the stack image, so that a start needs no page fault */

/* One is enough: PM finishes one exec before it takes the next request. */
static struct stack_image stack;

struct program {
	struct cpio_entry entry;
	struct elf_image image;
};

/* ---- The path ---- */

static int component_too_long(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length > COMPONENT_MAX)
			return 1;
		if (path[length] == '\0')
			return 0;
		path += length + 1;
	}
}

static int copy_path(struct process *caller, const struct pm_exec_req *request, char path[STACK_PATH_MAX])
{
	int result;

	if (request->path_bytes == 0)
		return -ENOENT;
	if (request->path_bytes >= STACK_PATH_MAX)
		return -ENAMETOOLONG;
	result = memory_read(caller->endpoint, request->path, path, request->path_bytes);
	if (result != OK)
		return result;
	path[request->path_bytes] = '\0';
	if (strlen(path) != request->path_bytes)
		return -EINVAL;
	return component_too_long(path) ? -ENAMETOOLONG : OK;
}

/* The archive has no directories of its own: a bare name is one of bin/, any other path an entry's name. */
static int find_program(const char *path, struct cpio_entry *entry)
{
	char name[CPIO_NAME_MAX];
	const char *prefix = strchr(path, '/') ? "" : "bin/";
	size_t prefix_length = strlen(prefix), length;

	path += strspn(path, "/");
	length = strlen(path);
	if (length == 0 || prefix_length + length >= sizeof(name))
		return -ENOENT;
	memcpy(name, prefix, prefix_length);
	memcpy(name + prefix_length, path, length + 1);
	return archive_find(name, entry);
}

/* ---- The program ---- */

/* Reads and checks the headers. VM maps pages from the archive, so there they must lie as in memory. */
static int read_program(const char *path, struct program *program)
{
	uint8_t head[ELF_HEAD_MAX];
	uint32_t bytes;
	int result = find_program(path, &program->entry);

	if (result != OK)
		return result;
	if (!cpio_executable(&program->entry))
		return -EACCES;
	if (program->entry.offset % PAGE_SIZE != 0)
		return -ENOEXEC;
	bytes = program->entry.bytes < sizeof(head) ? program->entry.bytes : sizeof(head);
	result = archive_read(program->entry.offset, head, bytes);
	if (result != OK)
		return result;
	return elf_segments(head, bytes, program->entry.bytes, PROC_MIN_ADDRESS, MMAP_TOP, &program->image);
}

static uint32_t prot_of(uint32_t flags)
{
	return (flags & ELF_PF_R ? VM_PROT_READ : 0) | (flags & ELF_PF_W ? VM_PROT_WRITE : 0) |
	       (flags & ELF_PF_X ? VM_PROT_EXEC : 0);
}

static void make_plan(const struct program *program, struct vm_exec_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->nr_segments = program->image.nr_segments;
	plan->stack_bytes = ((stack_bytes(&stack) + PAGE_SIZE - 1) & -PAGE_SIZE) + STACK_HEADROOM;
	for (uint32_t i = 0; i < plan->nr_segments; i++) {
		const struct elf_segment *segment = &program->image.segments[i];

		plan->segments[i] = (struct vm_segment){
		        .address = segment->address,
		        .bytes = segment->bytes,
		        .archive_offset = program->entry.offset + segment->offset,
		        .file_bytes = segment->file_bytes,
		        .prot = prot_of(segment->flags),
		};
	}
}

_Static_assert(ELF_SEGMENTS_MAX <= VM_SEGMENTS_MAX, "every program that the reader accepts fits a plan");
_Static_assert(STACK_IMAGE_MAX + 2 * PAGE_SIZE <= STACK_SIZE_MAX, "every stack image fits the stack");

/* ---- The stack ---- */

/* Only the time, well stirred: no secret (the finalizer of splitmix64, Steele et al., OOPSLA 2014). */
static void fill_random(uint8_t random[STACK_RANDOM_BYTES])
{
	uint64_t seed = clock_now();

	for (int i = 0; i < STACK_RANDOM_BYTES; i += (int)sizeof(seed)) {
		uint64_t word = seed += 0x9e3779b97f4a7c15u;

		word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
		word = (word ^ word >> 27) * 0x94d049bb133111ebu;
		word ^= word >> 31;
		memcpy(&random[i], &word, sizeof(word));
	}
}

static int finish_stack(const struct process *process, const struct pm_exec_req *request,
                        const struct program *program)
{
	struct stack_facts facts = {.argc = request->argc,
	                            .envc = request->envc,
	                            .hwcap = processor_features(),
	                            .descriptors = request->descriptors,
	                            .pid = process->pid};

	fill_random(facts.random);
	return stack_finish(&stack, &facts, &program->image);
}

/* Copies the strings from the caller into a new stack image. */
static int copy_strings(struct process *caller, const struct pm_exec_req *request, const char *path)
{
	uint8_t *strings;

	if (request->strings_bytes > PM_ARGS_MAX)
		return -E2BIG;
	strings = stack_begin(&stack, path, request->strings_bytes);
	if (request->strings_bytes == 0)
		return OK;
	return memory_read(caller->endpoint, request->strings, strings, request->strings_bytes);
}

/* ---- Commit ---- */

static void take_name(struct process *process, const struct program *program)
{
	const char *slash = strrchr(program->entry.name, '/');
	const char *name = slash ? slash + 1 : program->entry.name;

	memset(process->name, 0, sizeof(process->name));
	memcpy(process->name, name, strnlen(name, sizeof(process->name) - 1));
}

/* Its code, for call chains: from the first segment that may be executed to the end of the last. */
static void take_text(struct process *process, const struct elf_image *image)
{
	process->text_start = process->text_end = 0;
	for (uint32_t i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (!(segment->flags & ELF_PF_X))
			continue;
		if (!process->text_end)
			process->text_start = segment->address;
		process->text_end = segment->address + segment->bytes;
	}
}

/* The old program's calls, notes and handlers are gone; the pid, the mask and what is pending stay. */
static void leave_old_program(struct process *process)
{
	signal_forget_note(process);
	signals_exec(&process->signals);
	process->flags |= PROCESS_EXECED;
	wait_release_vfork(process);
}

static int start_program(struct process *process, const struct program *program)
{
	uint32_t sp = stack_pointer(&stack);
	int result = memory_write(process->endpoint, sp, &stack.bytes[stack.start], stack_bytes(&stack));

	if (result != OK)
		return result;
	return sys_exec(process->endpoint, program->image.entry, sp, process->name);
}

/* Once VM has agreed there is no way back: should the rest fail, the process dies. */
static int commit(struct process *process, const struct program *program)
{
	struct vm_exec_plan plan;
	int result;

	make_plan(program, &plan);
	result = vm_exec(process->endpoint, &plan);
	if (result != OK)
		return result == -EINVAL ? -ENOEXEC : result;
	events_execed(process);
	take_name(process, program);
	take_text(process, &program->image);
	process->program = program->entry.offset;
	leave_old_program(process);
	result = start_program(process, program);
	if (result != OK) {
		pm_log("%s (pid %d) could not be started: error %d", process->name, process->pid, -result);
		process_die(process, STATUS_SIGNALED(SIGKILL));
		return SERVER_NO_REPLY;
	}
	signal_settle(process);
	return SERVER_NO_REPLY;
}

int do_exec(struct process *caller, const struct pm_exec_req *request, struct pm_exec_rep *reply)
{
	char path[STACK_PATH_MAX];
	struct program program;
	int result;

	(void)reply;
	result = copy_path(caller, request, path);
	if (result == OK)
		result = read_program(path, &program);
	if (result == OK)
		result = copy_strings(caller, request, path);
	if (result == OK)
		result = finish_stack(caller, request, &program);
	return result == OK ? commit(caller, &program) : result;
}

int exec_rs(struct process *rs)
{
	static const char strings[] = "rs";
	static const struct pm_exec_req request = {.argc = 1,
	                                           .descriptors = {.console = {7}, .server = NONE}};
	struct program program;
	int result = read_program("/bin/rs", &program);

	if (result != OK)
		return result;
	memcpy(stack_begin(&stack, "/bin/rs", sizeof(strings)), strings, sizeof(strings));
	result = finish_stack(rs, &request, &program);
	if (result != OK)
		return result;
	result = commit(rs, &program);
	return result == SERVER_NO_REPLY ? OK : result;
}
