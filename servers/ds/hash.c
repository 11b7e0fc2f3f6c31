/* SPDX-License-Identifier: MIT */
/*
 * HalfSipHash-1-3 (J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", and its 32-bit variant
 * of 2016). Keys come from processes: with a hash that they can compute, one could choose keys that all fall
 * into one bucket, and make everybody's calls slow.
 */
#include <string.h>

#include "hash.h"

struct state {
	uint32_t a, b, c, d;
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

static void stir(struct state *s)
{
	s->a += s->b;
	s->b = rotate(s->b, 5) ^ s->a;
	s->a = rotate(s->a, 16);
	s->c += s->d;
	s->d = rotate(s->d, 8) ^ s->c;
	s->a += s->d;
	s->d = rotate(s->d, 7) ^ s->a;
	s->c += s->b;
	s->b = rotate(s->b, 13) ^ s->c;
	s->c = rotate(s->c, 16);
}

static void absorb(struct state *s, uint32_t word)
{
	s->d ^= word;
	stir(s);
	s->a ^= word;
}

uint32_t hash_bytes(const uint32_t secret[2], const void *bytes, uint32_t length)
{
	struct state s = {secret[0], secret[1], 0x6c796765 ^ secret[0], 0x74656462 ^ secret[1]};
	const uint8_t *from = bytes;
	uint32_t word, last = length << 24;

	for (; length >= sizeof(word); length -= sizeof(word), from += sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		absorb(&s, word);
	}
	for (uint32_t i = 0; i < length; i++)
		last |= (uint32_t)from[i] << 8 * i;
	absorb(&s, last);
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		stir(&s);
	return s.b ^ s.d;
}
