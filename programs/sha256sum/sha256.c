/* SPDX-License-Identifier: MIT */
/* SHA-256: see sha256.h. Names are those of FIPS 180-4. */
#include <string.h>

#include "sha256.h"

#define ROUNDS       64
#define LENGTH_BYTES 8 /* of the message's length, at the end of its last block */

/* Section 4.2.2: of the first 64 primes' cube roots the first 32 bits behind the point. */
static const uint32_t K[ROUNDS] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_big_endian(uint8_t *bytes, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(word >> (24 - 8 * i));
}

/* Section 6.2.2, step 1: the message schedule. */
static void schedule(uint32_t W[ROUNDS], const uint8_t *block)
{
	for (int t = 0; t < 16; t++)
		W[t] = big_endian(block + 4 * t);
	for (int t = 16; t < ROUNDS; t++) {
		uint32_t sigma0 = rotr(W[t - 15], 7) ^ rotr(W[t - 15], 18) ^ W[t - 15] >> 3;
		uint32_t sigma1 = rotr(W[t - 2], 17) ^ rotr(W[t - 2], 19) ^ W[t - 2] >> 10;
		W[t] = sigma1 + W[t - 7] + sigma0 + W[t - 16];
	}
}

/* Steps 2 to 4. */
static void take_block(uint32_t H[8], const uint8_t *block)
{
	uint32_t W[ROUNDS];
	uint32_t a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];

	schedule(W, block);
	for (int t = 0; t < ROUNDS; t++) {
		uint32_t sum1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
		uint32_t ch = (e & f) ^ (~e & g);
		uint32_t T1 = h + sum1 + ch + K[t] + W[t];
		uint32_t sum0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
		uint32_t maj = (a & b) ^ (a & c) ^ (b & c);
		h = g;
		g = f;
		f = e;
		e = d + T1;
		d = c;
		c = b;
		b = a;
		a = T1 + sum0 + maj;
	}
	H[0] += a;
	H[1] += b;
	H[2] += c;
	H[3] += d;
	H[4] += e;
	H[5] += f;
	H[6] += g;
	H[7] += h;
}

/* Section 5.3.3. */
void sha256_begin(struct sha256 *state)
{
	static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(state->hash, initial, sizeof(initial));
	state->bytes = 0;
}

void sha256_add(struct sha256 *state, const void *bytes, size_t count)
{
	const uint8_t *next = bytes;

	while (count > 0) {
		size_t used = state->bytes % SHA256_BLOCK, room = SHA256_BLOCK - used;
		size_t part = count < room ? count : room;

		memcpy(state->block + used, next, part);
		state->bytes += part;
		next += part;
		count -= part;
		if (part == room)
			take_block(state->hash, state->block);
	}
}

/* Section 5.1.1: a one bit, zeros, and the length in bits. */
static void pad(struct sha256 *state)
{
	static const uint8_t padding[SHA256_BLOCK] = {0x80};
	uint64_t bits = state->bytes * 8;
	size_t used = state->bytes % SHA256_BLOCK, end = SHA256_BLOCK - LENGTH_BYTES;
	uint8_t length[LENGTH_BYTES];

	put_big_endian(length, (uint32_t)(bits >> 32));
	put_big_endian(length + 4, (uint32_t)bits);
	sha256_add(state, padding, used < end ? end - used : end + SHA256_BLOCK - used);
	sha256_add(state, length, sizeof(length));
}

void sha256_end(struct sha256 *state, uint8_t digest[SHA256_BYTES])
{
	pad(state);
	for (int i = 0; i < 8; i++)
		put_big_endian(digest + 4 * i, state->hash[i]);
}
