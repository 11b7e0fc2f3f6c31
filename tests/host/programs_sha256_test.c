/* SPDX-License-Identifier: MIT */
/* links: programs/sha256sum/sha256.c */
/* SHA-256, by the examples of FIPS 180-4 (csrc.nist.gov, "Example Values", and its test vectors). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "programs/sha256sum/sha256.h"
#include "seed.h"

static const char *hex(struct sha256 *state)
{
	static char text[2 * SHA256_BYTES + 1];
	uint8_t digest[SHA256_BYTES];

	sha256_end(state, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return text;
}

static const char *sum(const void *bytes, size_t count)
{
	struct sha256 state;

	sha256_begin(&state);
	sha256_add(&state, bytes, count);
	return hex(&state);
}

static void the_examples_come_out_right(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	(void)state;
	assert_string_equal(sum("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(sum("abc", 3),
	                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(sum(two_blocks, sizeof(two_blocks) - 1),
	                    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_letters_come_out_right(void **unused)
{
	char letters[1000];
	struct sha256 state;

	(void)unused;
	memset(letters, 'a', sizeof(letters));
	sha256_begin(&state);
	for (int i = 0; i < 1000; i++)
		sha256_add(&state, letters, sizeof(letters));
	assert_string_equal(hex(&state), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Each length around a block's end, in random pieces. */
static void pieces_make_no_difference(void **unused)
{
	unsigned seed = test_seed();
	uint8_t bytes[3 * SHA256_BLOCK];

	(void)unused;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rand_r(&seed);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		char whole[2 * SHA256_BYTES + 1];
		struct sha256 state;

		strcpy(whole, sum(bytes, length));
		sha256_begin(&state);
		for (size_t done = 0; done < length;) {
			size_t part = (size_t)rand_r(&seed) % (length - done) + 1;

			sha256_add(&state, bytes + done, part);
			done += part;
		}
		assert_string_equal(hex(&state), whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_examples_come_out_right),
	        cmocka_unit_test(a_million_letters_come_out_right),
	        cmocka_unit_test(pieces_make_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
