/* SPDX-License-Identifier: MIT */
/* How each kind of memory of grant_matrix.h comes to be, and what is in it. */
#ifndef GUEST_GRANT_KINDS_H
#define GUEST_GRANT_KINDS_H

#include <fcntl.h>

#include "grant_matrix.h"

#define FIRMWARE  0xf0000u /* of every PC: not to be written to, and no RAM of the machine's */
#define SCREEN    0xb8000u /* the screen's memory; where there is no screen QEMU has RAM there */
#define FILE_NAME "/bin/sh"

/* Pages of the program's text that nothing is in, so that they can be unmapped: words that all differ. */
extern const uint8_t text[BYTES];

__asm__(".pushsection .text\n"
        ".balign 4096\n"
        "text:\n"
        ".set word, 0\n"
        ".rept 6 * 4096 / 4\n"
        ".long word * 0x2d1b3\n"
        ".set word, word + 1\n"
        ".endr\n"
        ".popsection");

_Static_assert(BYTES == 6 * 4096, "text is a window long");

static struct store firmware, file;

/* The contents of what comes from elsewhere, before anybody shares it. */
static void look_at_sources(void)
{
	int fd = open(FILE_NAME, O_RDONLY);
	vir_bytes at;
	CHECK_INT(read(fd, file.byte, BYTES), BYTES);
	CHECK_INT(close(fd), 0);
	CHECK_INT(vm_map_phys(FIRMWARE, BYTES, VM_PROT_READ, &at), OK);
	memcpy(firmware.byte, (void *)(uintptr_t)at, BYTES);
	CHECK_INT(munmap((void *)(uintptr_t)at, BYTES), 0);
}

/* ---- What they do ---- */

static int64_t do_map_device(int64_t physical, int64_t prot, int64_t unused, int64_t unused2)
{
	vir_bytes place;
	int result = vm_map_phys((phys_bytes)physical, BYTES, (int)prot, &place);
	(void)unused, (void)unused2;
	return result == OK ? (int64_t)place : result;
}

static int64_t do_map_file(int64_t prot, int64_t unused, int64_t unused2, int64_t unused3)
{
	int fd = open(FILE_NAME, O_RDONLY);
	void *window = mmap((void *)WINDOW, BYTES, (int)prot, MAP_PRIVATE | MAP_FIXED, fd, 0);
	(void)unused, (void)unused2, (void)unused3;
	return window == MAP_FAILED ? -errno : close(fd);
}

/* ---- Kinds ---- */

static void set_untouched(enum who unmap)
{
	(void)unmap;
	cast_start(GRANTOR);
}

static void set_private(enum who unmap)
{
	(void)unmap;
	cast_start_filled(GRANTOR);
}

static void set_parent(enum who unmap)
{
	(void)unmap;
	cast_start_filled(GRANTOR);
	cast_fork(GRANTOR, OTHER, true);
}

static void set_child(enum who unmap)
{
	(void)unmap;
	cast_start_filled(OTHER);
	cast_fork(OTHER, GRANTOR, true);
}

/* `to` gets its window by a copy that shares pages, and the grant for that is over. */
static void copy_window(enum who from, enum who to)
{
	cast_start_filled(from);
	cast_start_filled(to);
	cast_grant(from, to, CPF_READ);
	cast_copy_from(from, from, to, PAGES);
	cast_revoke(from, cast[from].gave);
}

static void set_source(enum who unmap)
{
	(void)unmap;
	copy_window(GRANTOR, OTHER);
}

static void set_target(enum who unmap)
{
	(void)unmap;
	copy_window(OTHER, GRANTOR);
}

static void set_lent(bool writable, enum who unmap)
{
	int access = CPF_READ | CPF_MAP | (writable ? CPF_WRITE : 0) | (unmap == OTHER ? CPF_UNMAP : 0);
	cast_start_filled(OTHER);
	cast_start_filled(GRANTOR);
	cast_grant(OTHER, GRANTOR, access);
	cast_map(OTHER, OTHER, GRANTOR, writable);
}

static void set_lent_readable(enum who unmap)
{
	set_lent(false, unmap);
}

static void set_lent_writable(enum who unmap)
{
	set_lent(true, unmap);
}

static void set_text(enum who unmap)
{
	(void)unmap;
	cast_start(GRANTOR);
	cast[GRANTOR].base = AT(text);
	memcpy(cast[GRANTOR].sees->byte, text, BYTES);
	cast[GRANTOR].writes = false;
}

static void set_file(int prot)
{
	cast_start(GRANTOR);
	CHECK_INT(cast_do(GRANTOR, do_map_file, prot, 0, 0, 0), OK);
	cast[GRANTOR].sees = store_copy(&file);
	cast[GRANTOR].writes = prot & PROT_WRITE;
}

static void set_file_readable(enum who unmap)
{
	(void)unmap;
	set_file(PROT_READ);
}

static void set_file_writable(enum who unmap)
{
	(void)unmap;
	set_file(RW);
}

static void set_device(phys_bytes physical, int prot)
{
	int64_t base;
	cast_start(GRANTOR);
	base = cast_do(GRANTOR, do_map_device, physical, prot, 0, 0);
	CHECK(base >= PROC_MIN_ADDRESS);
	cast[GRANTOR].base = (vir_bytes)base;
	cast[GRANTOR].writes = prot & VM_PROT_WRITE;
}

static void set_firmware(enum who unmap)
{
	(void)unmap;
	set_device(FIRMWARE, VM_PROT_READ);
	cast[GRANTOR].sees = store_copy(&firmware);
}

static void set_screen(enum who unmap)
{
	(void)unmap;
	set_device(SCREEN, VM_PROT_READ | VM_PROT_WRITE);
	cast_fill(GRANTOR, GRANTOR);
}

static const struct kind kinds[] = {
        {"untouched", set_untouched, OWN, .shared = true},
        {"private", set_private, OWN, .shared = true},
        {"shared by fork, the parent's", set_parent, OWN, .has_other = true, .shared = true},
        {"shared by fork, the child's", set_child, OWN, .has_other = true, .shared = true},
        {"shared by safecopy, the source", set_source, OWN, .has_other = true, .shared = true},
        {"shared by safecopy, the target", set_target, OWN, .has_other = true, .shared = true},
        {"lent read-only, its grant passed on", set_lent_readable, ON, .has_other = true, .refusal = -EPERM},
        {"lent read-only, granted as it is mapped", set_lent_readable, MAPPED, .has_other = true,
         .refusal = -EFAULT},
        {"lent writable, its grant passed on", set_lent_writable, ON, .has_other = true},
        {"lent writable, granted as it is mapped", set_lent_writable, MAPPED, .has_other = true},
        {"program text", set_text, OWN, .shared = true, .refusal = -EFAULT},
        {"a file mapped read-only", set_file_readable, OWN, .shared = true, .refusal = -EFAULT},
        {"a file mapped writable", set_file_writable, OWN, .shared = true},
        {"a device's, read-only", set_firmware, OWN, .device = true, .refusal = -EFAULT},
        {"a device's, writable", set_screen, OWN, .device = true},
};

#endif
