/* SPDX-License-Identifier: MIT */
/* What stands in a program's code: see callcode.h. */
#include "callcode.h"

#define CALL_BYTES_MAX 7
#define NEAR_CALL      0xe8 /* call rel32; Intel SDM vol. 2A, CALL */
#define INDIRECT_CALL  0xff /* with 2 in the ModR/M byte's middle */
#define GS_PREFIX      0x65

static int read_bytes(const struct callchain_memory *memory, uint32_t address, void *buffer, uint32_t bytes)
{
	return memory->read(memory->context, address, buffer, bytes) == 0;
}

/* How long an instruction with a ModR/M byte is, if it has no immediate operand; Intel SDM vol. 2A, 2.1.5. */
static unsigned modrm_length(const uint8_t *code)
{
	unsigned mod = code[1] >> 6, rm = code[1] & 7, length = 2;

	if (mod == 3)
		return length;
	if (rm == 4)
		length++;
	if (mod == 1)
		return length + 1;
	if (mod == 2 || rm == 5 || (rm == 4 && (code[2] & 7) == 5))
		return length + 4;
	return length;
}

/* Whether the last bytes are an indirect call, of whatever length. A system call through gs is none. */
static int ends_with_indirect_call(const uint8_t code[CALL_BYTES_MAX])
{
	for (unsigned at = 0; at + 2 <= CALL_BYTES_MAX; at++)
		if (code[at] == INDIRECT_CALL && (code[at + 1] >> 3 & 7) == 2 &&
		    modrm_length(&code[at]) == CALL_BYTES_MAX - at)
			return at == 0 || code[at - 1] != GS_PREFIX;
	return 0;
}

static uint32_t little_endian(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int callcode_in_text(const struct callchain_memory *memory, uint32_t address)
{
	return address >= memory->text_start && address < memory->text_end;
}

/* `mov (%esp), register; ret`: position-independent code calls such a function to learn where it is. */
static int is_pc_thunk(const struct callchain_memory *memory, uint32_t address)
{
	uint8_t code[4];

	return read_bytes(memory, address, code, sizeof(code)) && code[0] == 0x8b && (code[1] & 0xc7) == 4 &&
	       code[2] == 0x24 && code[3] == 0xc3;
}

int callcode_returns_to(const struct callchain_memory *memory, uint32_t address, uint32_t *target)
{
	uint8_t code[CALL_BYTES_MAX];

	*target = 0;
	if (address < CALL_BYTES_MAX || !callcode_in_text(memory, address - CALL_BYTES_MAX) ||
	    !callcode_in_text(memory, address - 1) ||
	    !read_bytes(memory, address - CALL_BYTES_MAX, code, CALL_BYTES_MAX))
		return 0;
	if (code[2] == NEAR_CALL && callcode_in_text(memory, address + little_endian(&code[3]))) {
		*target = address + little_endian(&code[3]);
		return !is_pc_thunk(memory, *target);
	}
	return ends_with_indirect_call(code);
}

static int same(const uint8_t *a, const uint8_t *b, unsigned bytes)
{
	while (bytes && *a == *b) {
		a++;
		b++;
		bytes--;
	}
	return bytes == 0;
}

enum callcode_restorer callcode_restorer(const struct callchain_memory *memory, uint32_t address)
{
	static const uint8_t plain[] = {0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80};
	static const uint8_t with_info[] = {0xb8, 173, 0, 0, 0, 0xcd, 0x80};
	uint8_t code[sizeof(plain)];

	if (!read_bytes(memory, address, code, sizeof(code)))
		return CALLCODE_NO_RESTORER;
	if (same(code, plain, sizeof(plain)))
		return CALLCODE_RESTORER;
	return same(code, with_info, sizeof(with_info)) ? CALLCODE_RESTORER_INFO : CALLCODE_NO_RESTORER;
}
