/* SPDX-License-Identifier: MIT */
/*
 * Linux/i386's structures as its kernel reads and writes them, where the C library's headers
 * have another form or none. Fixed-width fields only, so that a host test sees the same
 * layout. (Linux, arch/x86/include/uapi/asm.)
 */
#ifndef BRIDGE_LINUX_H
#define BRIDGE_LINUX_H

#include <stddef.h>
#include <stdint.h>

#define LINUX_SIGSET_BYTES 8

/* Times: the old forms end in 2038. */
struct linux_timespec32 {
	int32_t sec, nsec;
};
struct linux_timespec64 {
	uint64_t sec;
	int32_t nsec;
	int32_t padding; /* written as 0, not read */
} __attribute__((packed, aligned(4)));
struct linux_timeval {
	int32_t sec, usec;
};
struct linux_itimerval {
	struct linux_timeval interval, value;
};
struct linux_tms {
	int32_t utime, stime, cutime, cstime;
};
struct linux_rusage {
	struct linux_timeval utime, stime;
	int32_t counts[14];
};

struct linux_iovec {
	uint32_t base, bytes;
};

struct linux_user_desc {
	int32_t entry_number;
	uint32_t base, limit;
	uint32_t flags; /* USER_DESC_* */
};
#define USER_DESC_32BIT       0x01
#define USER_DESC_CONTENTS    0x06
#define USER_DESC_READ_ONLY   0x08
#define USER_DESC_PAGES       0x10
#define USER_DESC_NOT_PRESENT 0x20

struct linux_mmap_args { /* of the old mmap, which got one pointer */
	uint32_t address, bytes, prot, flags;
	int32_t fd;
	uint32_t offset;
};

struct linux_stat64 {
	uint64_t dev;
	uint32_t padding1, short_ino;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t padding2;
	uint64_t size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
	uint64_t ino;
} __attribute__((packed, aligned(4)));

struct linux_statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t padding;
};
struct linux_statx {
	uint32_t mask, blksize; /* mask: which of the others count */
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, padding;
	uint64_t ino, size, blocks, attributes_mask;
	struct linux_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
};

#define LINUX_STATX_BASIC_STATS 0x7ff /* all but btime */

struct linux_pollfd {
	int32_t fd;
	uint16_t events, revents;
};

struct linux_sysinfo {
	int32_t uptime;
	uint32_t loads[3];
	uint32_t totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, padding;
	uint32_t totalhigh, freehigh, mem_unit;
	uint8_t padding2[8];
};

#define LINUX_UTS_BYTES 65
struct linux_utsname {
	char sysname[LINUX_UTS_BYTES], nodename[LINUX_UTS_BYTES], release[LINUX_UTS_BYTES];
	char version[LINUX_UTS_BYTES], machine[LINUX_UTS_BYTES], domainname[LINUX_UTS_BYTES];
};

struct linux_rlimit32 {
	uint32_t current, max;
};
struct linux_rlimit64 {
	uint64_t current, max;
};

/* Signals. */
#define LINUX_SA_RESTORER 0x04000000u

struct linux_sigaction {
	uint32_t handler, flags, restorer, mask[2];
};

struct linux_sigaltstack {
	uint32_t sp;
	int32_t flags;
	uint32_t bytes;
};

struct linux_siginfo {
	int32_t signo, error, code;
	uint32_t fields[29]; /* by the kind of signal: address; or pid, uid, status */
};

struct linux_sigcontext {
	uint16_t gs, gs_high, fs, fs_high, es, es_high, ds, ds_high;
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trapno, err;
	uint32_t eip;
	uint16_t cs, cs_high;
	uint32_t eflags, esp_at_signal;
	uint16_t ss, ss_high;
	uint32_t fpstate; /* address of a struct linux_fpstate, or 0 */
	uint32_t oldmask, cr2;
};

struct linux_ucontext {
	uint32_t flags, link;
	struct linux_sigaltstack stack;
	struct linux_sigcontext mcontext;
	uint32_t sigmask[2];
};

/*
 * The FPU's state: what fsave writes, `status` and `magic`, what fxsave
 * writes (Intel SDM vol. 1, 8.1.10, 10.5.1).
 */
struct linux_fpreg {
	uint16_t significand[4], exponent;
};
struct linux_fxreg {
	uint16_t significand[4], exponent, padding[3];
};
struct linux_fxsave {
	uint16_t cw, sw;
	uint8_t tags, padding;
	uint16_t opcode;
	uint32_t ipoff, cssel, dataoff, datasel;
	uint32_t mxcsr, mxcsr_mask;
	struct linux_fxreg st[8];
	uint8_t xmm[8][16];
	uint8_t reserved[224];
};
struct linux_fpstate {
	uint32_t cw, sw, tag, ipoff, cssel, dataoff, datasel;
	struct linux_fpreg st[8];
	uint16_t status, magic; /* magic: FPSTATE_* */
	struct linux_fxsave fx; /* on an address divisible by 16 */
};
#define FPSTATE_FXSAVE 0x0000 /* fx is there; with any other value it is not */

struct linux_sigframe {
	uint32_t pretcode, sig;
	struct linux_sigcontext sc;
	struct linux_fpstate unused; /* where fpstate once was; keeps extramask in its place */
	uint32_t extramask;
	uint8_t retcode[8];
};
struct linux_rt_sigframe {
	uint32_t pretcode, sig, info_address, uc_address;
	struct linux_siginfo info;
	struct linux_ucontext uc;
	uint8_t retcode[8];
};

_Static_assert(sizeof(struct linux_stat64) == 96, "as Linux has it");
_Static_assert(sizeof(struct linux_statx) == 256, "as Linux has it");
_Static_assert(sizeof(struct linux_sysinfo) == 64, "as Linux has it");
_Static_assert(sizeof(struct linux_rusage) == 72, "as Linux has it");
_Static_assert(sizeof(struct linux_siginfo) == 128, "as Linux has it");
_Static_assert(sizeof(struct linux_sigcontext) == 88, "as Linux has it");
_Static_assert(sizeof(struct linux_ucontext) == 116, "as Linux has it");
_Static_assert(sizeof(struct linux_fxsave) == 512, "as the processor has it");
_Static_assert(offsetof(struct linux_fpstate, fx) == 112, "as Linux has it");
_Static_assert(offsetof(struct linux_sigframe, extramask) == 720, "as Linux has it");
_Static_assert(offsetof(struct linux_rt_sigframe, uc) == 144, "as Linux has it");

#endif
