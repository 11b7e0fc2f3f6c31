/* SPDX-License-Identifier: MIT */
/*
 * The few Linux calls that a small process's C library needs, made without asking any other process: the
 * small processes are the ones that would have to be asked.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <granite/abi/errno.h>
#include <granite/abi/layout.h>
#include <granite/sys.h>

#include "../linux.h"
#include "arena.h"

#define ONLY_PID 1 /* the process and thread number that the C library is told */

/* As entry.S pushes it. */
struct small_regs {
	uint32_t edi, esi, ebp, unused, ebx, edx, ecx, eax;
};

extern char _end[]; /* the linker's: the end of the image */

void small_bridge_call(struct small_regs *regs);

static void *pointer(uint32_t address)
{
	return (void *)(uintptr_t)address;
}

static int is_log(uint32_t fd)
{
	return fd == 1 || fd == 2;
}

/* write(fd, buffer, bytes): to the kernel's log */
static int32_t small_write(uint32_t fd, uint32_t buffer, uint32_t bytes)
{
	uint32_t part, done;

	if (!is_log(fd))
		return -EBADF;
	for (done = 0; done < bytes; done += part) {
		part = bytes - done < DIAG_MAX ? bytes - done : DIAG_MAX;
		if (sys_diagctl(pointer(buffer + done), part) != OK)
			return -EIO;
	}
	return (int32_t)bytes;
}

static int32_t small_writev(uint32_t fd, const struct linux_iovec *vector, uint32_t count)
{
	int32_t done = 0;

	for (; count; count--, vector++) {
		int32_t result = small_write(fd, vector->base, vector->bytes);

		if (result < 0)
			return result;
		done += result;
	}
	return done;
}

/* The answer of a terminal: so the C library writes line by line. */
static int32_t small_ioctl(uint32_t fd, uint32_t request)
{
	return is_log(fd) && request == TIOCGWINSZ ? 0 : -ENOTTY;
}

static int32_t small_mmap(uint32_t bytes, uint32_t flags)
{
	if (!(flags & MAP_ANONYMOUS) || (flags & MAP_FIXED))
		return -EINVAL;
	return arena_map(bytes);
}

static int32_t small_set_thread_area(struct linux_user_desc *desc)
{
	uint32_t flags = desc->flags & USER_DESC_PAGES ? SETTLS_PAGES : 0;

	return sys_settls(desc->entry_number, desc->base, desc->limit, flags, &desc->entry_number);
}

/* Small processes never end: this is a panic, with the status for its reader. */
static _Noreturn void small_exit(uint32_t status)
{
	for (;;)
		sys_abort(ABORT_PANIC, status);
}

static int32_t dispatch(const struct small_regs *regs)
{
	switch (regs->eax) {
	case SYS_write:
		return small_write(regs->ebx, regs->ecx, regs->edx);
	case SYS_writev:
		return small_writev(regs->ebx, pointer(regs->ecx), regs->edx);
	case SYS_ioctl:
		return small_ioctl(regs->ebx, regs->ecx);
	case SYS_brk:
		return (int32_t)arena_brk(regs->ebx);
	case SYS_mmap2:
		return small_mmap(regs->ecx, regs->esi);
	case SYS_munmap:
		return arena_unmap(regs->ebx, regs->ecx);
	case SYS_set_thread_area:
		return small_set_thread_area(pointer(regs->ebx));
	case SYS_set_tid_address:
	case SYS_gettid:
	case SYS_getpid:
		return ONLY_PID;
	case SYS_exit:
	case SYS_exit_group:
		small_exit(regs->ebx);
	case SYS_kill:
	case SYS_tkill: /* raise, from abort and assert */
		small_exit(128 + regs->ecx);
	default:
		return -ENOSYS;
	}
}

static void init_once(void)
{
	static int done;

	if (!done)
		arena_init(((uint32_t)(uintptr_t)_end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
	done = 1;
}

void small_bridge_call(struct small_regs *regs)
{
	init_once();
	regs->eax = (uint32_t)dispatch(regs);
}
