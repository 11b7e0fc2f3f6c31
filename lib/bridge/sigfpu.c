/* SPDX-License-Identifier: MIT */
/*
 * The FPU's part of a signal frame. Linux/i386 shows it in two forms: fsave's and, behind that,
 * fxsave's. On the way back the x87 registers are taken from the first, the SSE registers from the
 * second. (Intel SDM vol. 1, 8.1.10 and 10.5.1)
 */
#include <string.h>

#include "sigframe.h"

#define TAG_VALID     0u
#define TAG_ZERO      1u
#define TAG_SPECIAL   2u
#define TAG_EMPTY     3u

#define EXPONENT_MASK 0x7fff
#define INTEGER_BIT   0x8000

/* As after finit, with all SSE exceptions masked. */
static const struct linux_fxsave fresh __attribute__((aligned(16))) = {.cw = 0x37f, .mxcsr = 0x1f80};

static uint32_t tag_of(const struct linux_fxreg *reg)
{
	uint32_t exponent = reg->exponent & EXPONENT_MASK;

	if (exponent == EXPONENT_MASK)
		return TAG_SPECIAL;
	if (exponent != 0)
		return reg->significand[3] & INTEGER_BIT ? TAG_VALID : TAG_SPECIAL;
	if (reg->significand[0] | reg->significand[1] | reg->significand[2] | reg->significand[3])
		return TAG_SPECIAL;
	return TAG_ZERO;
}

/* Tags belong to physical registers; bits 11 to 13 of the status word say which of them is st(0). */
static uint32_t full_tags(const struct linux_fxsave *fx)
{
	uint32_t top = fx->sw >> 11 & 7;
	uint32_t tags = 0;

	for (uint32_t i = 0; i < 8; i++) {
		uint32_t used = fx->tags >> i & 1;

		tags |= (used ? tag_of(&fx->st[(i - top) & 7]) : TAG_EMPTY) << 2 * i;
	}
	return tags;
}

/* fxsave keeps one bit a register: whether it is used. */
static uint8_t short_tags(uint32_t tags)
{
	uint8_t used = 0;

	for (uint32_t i = 0; i < 8; i++)
		used |= ((tags >> 2 * i & 3) != TAG_EMPTY) << i;
	return used;
}

/* fsave sets the upper half of the fields that have 16 bits. */
void sigfpu_to_plain(struct linux_fpstate *state)
{
	const struct linux_fxsave *fx = &state->fx;

	state->cw = fx->cw | 0xffff0000u;
	state->sw = fx->sw | 0xffff0000u;
	state->tag = full_tags(fx) | 0xffff0000u;
	state->ipoff = fx->ipoff;
	state->cssel = (fx->cssel & 0xffff) | (uint32_t)fx->opcode << 16;
	state->dataoff = fx->dataoff;
	state->datasel = fx->datasel | 0xffff0000u;
	for (int i = 0; i < 8; i++)
		memcpy(&state->st[i], &fx->st[i], sizeof(state->st[i]));
}

void sigfpu_from_plain(struct linux_fxsave *fx, const struct linux_fpstate *state)
{
	fx->cw = state->cw;
	fx->sw = state->sw;
	fx->tags = short_tags(state->tag);
	fx->ipoff = state->ipoff;
	fx->cssel = state->cssel & 0xffff;
	fx->opcode = state->cssel >> 16;
	fx->dataoff = state->dataoff;
	fx->datasel = state->datasel & 0xffff;
	for (int i = 0; i < 8; i++)
		memcpy(&fx->st[i], &state->st[i], sizeof(state->st[i]));
}

static void load(const struct linux_fxsave *fx)
{
	__asm__ volatile("fxrstor %0" : : "m"(*fx));
}

void sigfpu_save(struct linux_fpstate *state)
{
	__asm__ volatile("fxsave %0" : "=m"(state->fx));
	sigfpu_to_plain(state);
	state->status = state->sw;
	state->magic = FPSTATE_FXSAVE;
	load(&fresh);
}

/*
 * The program may have put any address into its frame, aligned or not: only memcpy may touch what is there. A
 * value in mxcsr that the processor refuses is the process's SIGSEGV.
 */
void sigfpu_restore(const void *saved)
{
	struct linux_fxsave fx __attribute__((aligned(16))) = fresh;

	if (saved) {
		struct linux_fpstate state;

		memcpy(&state, saved, sizeof(state));
		if (state.magic == FPSTATE_FXSAVE)
			fx = state.fx;
		sigfpu_from_plain(&fx, &state);
	}
	load(&fx);
}
