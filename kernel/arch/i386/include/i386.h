/* SPDX-License-Identifier: MIT */
/* The processor's instructions and bits that C has no words for. Intel SDM vol. 2 and 3A. */
#ifndef I386_I386_H
#define I386_I386_H

#include <stdint.h>

#include "arch_proc.h"
#include "selectors.h"

#define CR0_MP         0x00000002u
#define CR0_EM         0x00000004u
#define CR0_TS         0x00000008u
#define CR0_NE         0x00000020u
#define CR0_WP         0x00010000u
#define CR0_PG         0x80000000u

#define CR4_PSE        0x010u
#define CR4_PGE        0x080u
#define CR4_OSFXSR     0x200u
#define CR4_OSXMMEXCPT 0x400u

#define PTE_PRESENT    0x001u
#define PTE_WRITE      0x002u
#define PTE_USER       0x004u
#define PTE_BIG        0x080u
#define PTE_GLOBAL     0x100u

#define EFLAGS_FIXED   0x002u
#define EFLAGS_TF      0x100u
#define EFLAGS_IF      0x200u

#define RPL(selector)  ((selector)&3u)

/* The features of cpuid's leaf 1, edx. */
#define CPUID_PSE  (1u << 3)
#define CPUID_PGE  (1u << 13)
#define CPUID_FXSR (1u << 24)
#define CPUID_SSE  (1u << 25)

static inline uint32_t cpu_features(void)
{
	uint32_t a = 1, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d;
}

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

#define CONTROL_REGISTER(name)                                                   \
	static inline uint32_t read_##name(void)                                 \
	{                                                                        \
		uint32_t value;                                                  \
                                                                                 \
		__asm__ volatile("movl %%" #name ", %0" : "=r"(value));          \
		return value;                                                    \
	}                                                                        \
	static inline void write_##name(uint32_t value)                          \
	{                                                                        \
		__asm__ volatile("movl %0, %%" #name : : "r"(value) : "memory"); \
	}

CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

static inline uint32_t read_cr2(void)
{
	uint32_t value;

	__asm__ volatile("movl %%cr2, %0" : "=r"(value));
	return value;
}

static inline void invlpg(uint32_t linear)
{
	__asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory");
}

#endif
