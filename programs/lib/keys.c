/* SPDX-License-Identifier: MIT */
/* Keys and escape sequences. See keys.h. */
#include "keys.h"

#define ESCAPE     0x1b
#define NUMBER_MAX 9999

static void take_digit(struct keys *keys, uint8_t byte)
{
	unsigned *number = &keys->numbers[keys->count];

	if (keys->count < KEYS_NUMBERS_MAX && *number <= NUMBER_MAX / 10)
		*number = *number * 10 + (byte - '0');
}

/* The byte that ends a sequence says what it means: R is the cursor's place, its row and its column. */
static int end_sequence(struct keys *keys, uint8_t byte)
{
	keys->state = KEYS_PLAIN;
	if (byte != 'R' || keys->count != 1 || keys->numbers[0] == 0 || keys->numbers[1] == 0)
		return KEYS_NOTHING;
	keys->rows = keys->numbers[0];
	keys->columns = keys->numbers[1];
	return KEYS_SIZE;
}

static int take_in_sequence(struct keys *keys, uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		take_digit(keys, byte);
	else if (byte == ';')
		keys->count += keys->count < KEYS_NUMBERS_MAX;
	else if (byte >= 0x40 && byte <= 0x7e)
		return end_sequence(keys, byte);
	else if (byte < 0x20 || byte > 0x7e)
		keys->state = KEYS_PLAIN; /* it was none */
	return KEYS_NOTHING;
}

int keys_take(struct keys *keys, uint8_t byte)
{
	if (byte == ESCAPE) {
		keys->state = KEYS_ESCAPE;
		return KEYS_NOTHING;
	}
	if (keys->state == KEYS_SEQUENCE)
		return take_in_sequence(keys, byte);
	if (keys->state == KEYS_ESCAPE && byte == '[') {
		keys->state = KEYS_SEQUENCE;
		keys->count = keys->numbers[0] = keys->numbers[1] = 0;
		return KEYS_NOTHING;
	}
	keys->state = KEYS_PLAIN;
	return byte;
}
