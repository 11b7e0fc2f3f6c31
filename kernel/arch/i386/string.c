/* SPDX-License-Identifier: MIT */
/* The processor's own loops: an instruction a word, Intel SDM vol. 2, REP. */
#include "string.h"

#undef memcpy
#undef memset

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	size_t words = bytes / 4, rest = bytes % 4;
	void *t = to;

	__asm__ volatile("rep movsl\n\t"
	                 "movl %3, %2\n\t"
	                 "rep movsb"
	                 : "+D"(t), "+S"(from), "+c"(words)
	                 : "r"(rest)
	                 : "memory");
	return to;
}

void *memset(void *at, int byte, size_t bytes)
{
	size_t words = bytes / 4, rest = bytes % 4;
	void *t = at;

	__asm__ volatile("rep stosl\n\t"
	                 "movl %2, %1\n\t"
	                 "rep stosb"
	                 : "+D"(t), "+c"(words)
	                 : "r"(rest), "a"((byte & 0xff) * 0x01010101u)
	                 : "memory");
	return at;
}
