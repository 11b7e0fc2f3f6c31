/* SPDX-License-Identifier: MIT */
/* SHA-256: FIPS 180-4, section 6.2. Pure code. */
#ifndef SHA256SUM_SHA256_H
#define SHA256SUM_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32 /* of a digest */
#define SHA256_BLOCK 64

struct sha256 {
	uint32_t hash[8];
	uint64_t bytes; /* of the message so far; the last, not yet a block, are in `block` */
	uint8_t block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *state);
void sha256_add(struct sha256 *state, const void *bytes, size_t count);

/* The message's digest. Afterwards the state is used up. */
void sha256_end(struct sha256 *state, uint8_t digest[SHA256_BYTES]);

#endif
