/* SPDX-License-Identifier: MIT */
/* guest: calls=trace time=counted timeout=180 */
/*
 * Interrupts come through while much is copied, in however many pieces: the clock ticks within the calls, and
 * not only between them. Each call copies little more than the stretch after which interrupts are to be let
 * in.
 */
#include <sys/mman.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/sys.h>

#include "tap.h"

#define AT(pointer) ((vir_bytes)(uintptr_t)(pointer))

#define STRETCH     0x10000u
#define AREA        (4 * STRETCH)

static uint8_t from[AREA + 1], to[AREA];
static cp_grant_id_t grant; /* all of `from`, to oneself */
static endpoint_t self;
static struct trace_record records[TRACE_RECORDS];

/* ---- Counting clock ticks ---- */

/* Of the trace, or as much of it as is still there; how many records. */
static int fetch(uint64_t begin, uint64_t end)
{
	int count = 0;
	if (end - begin > TRACE_RECORDS)
		begin = end - TRACE_RECORDS;
	while (begin < end) {
		struct trace_span span;
		int got = sys_trace_read(begin, records + count, TRACE_RECORDS - count, &span);
		if (!CHECK(got > 0))
			break;
		count += got;
		begin += got;
	}
	return count;
}

/* In calls of `type`, and at all. */
static void count_ticks(int count, int32_t type, int *within, int *all)
{
	int in_call = 0;
	*within = *all = 0;
	for (int i = 0; i < count; i++) {
		const struct trace_record *record = &records[i];
		if (record->endpoint == self && record->event == EVENT_CALL)
			in_call = record->number == (uint16_t)type;
		if (record->endpoint == self && record->event == EVENT_RESULT)
			in_call = 0;
		if (record->event == EVENT_IRQ && record->number == 0) {
			*within += in_call;
			*all += 1;
		}
	}
}

/* Never twice as long in a row, for else all ticks may come at the same place in a call. */
static void pass_time(uint32_t turn)
{
	for (uint32_t i = turn * 7919 % 6007; i > 0; i--)
		KEEP(i);
}

/* For as long as the trace's ring holds. Most of the time is spent copying, and so are most ticks. */
static void check_ticks(int32_t type, void (*copy)(void))
{
	struct trace_span span;
	int within, all;
	CHECK_INT(sys_trace_set(TRACE_CALL | TRACE_IRQ, NULL), OK);
	for (uint32_t turn = 0; turn < (100u << 20) / (2 * STRETCH); turn++) {
		copy();
		pass_time(turn);
	}
	CHECK_INT(sys_trace_set(0, &span), OK);
	count_ticks(fetch(span.first, span.next), type, &within, &all);
	CHECK(all >= 5);
	if (!CHECK(within >= all / 4))
		printf("# %d of %d ticks came within a call\n", within, all);
}

/* ---- Calls of two stretches and little more ---- */

static struct vscp_vec vector[SCPVEC_NR];

static void copy_vector(uint32_t elements, uint32_t bytes)
{
	for (uint32_t i = 0; i < elements; i++)
		vector[i] = (struct vscp_vec){.v_gid = grant,
		                              .v_from = self,
		                              .v_to = SELF,
		                              .v_offset = i * bytes,
		                              .v_addr = AT(to) + i * bytes,
		                              .v_bytes = bytes};
	CHECK_INT(sys_vsafecopy(vector, (int)elements), OK);
}

static void copy_two_stretches(void)
{
	copy_vector(2, STRETCH);
}

static void copy_many_elements(void)
{
	copy_vector(SCPVEC_NR, 2 * STRETCH / SCPVEC_NR);
}

static void copy_one(void)
{
	CHECK_INT(sys_safecopyfrom(self, grant, 0, AT(to), 2 * STRETCH + 1), OK);
}

static void copy_backwards(void)
{
	CHECK_INT(sys_safecopyfrom(self, grant, 0, AT(from) + 1, 2 * STRETCH), OK);
}

static void fill(void)
{
	CHECK_INT(sys_safememset(self, grant, 0, 1, 2 * STRETCH), OK);
}

static void the_clock_ticks_between_the_elements_of_a_vector(void)
{
	check_ticks(SYS_VSAFECOPY, copy_two_stretches);
	check_ticks(SYS_VSAFECOPY, copy_many_elements);
}

static void the_clock_ticks_within_one_copy(void)
{
	check_ticks(SYS_SAFECOPYFROM, copy_one);
	check_ticks(SYS_SAFECOPYFROM, copy_backwards);
	check_ticks(SYS_SAFEMEMSET, fill);
}

/* What was done when an interrupt came is not done again, and nothing is left out. */
static void an_interrupted_vector_is_copied_exactly(void)
{
	for (uint32_t i = 0; i < AREA; i++) {
		from[i] = (uint8_t)(i * 31 + (i >> 8) * 7);
		to[i] = (uint8_t)~from[i];
	}
	for (int i = 0; i < 1000; i++) {
		memset(to, 0, sizeof(to));
		copy_vector(4, STRETCH);
		if (!CHECK(memcmp(from, to, AREA) == 0))
			break;
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(the_clock_ticks_between_the_elements_of_a_vector),
	        TEST(the_clock_ticks_within_one_copy),
	        TEST(an_interrupted_vector_is_copied_exactly),
	};
	self = sys_self();
	grant = cpf_grant_direct(self, AT(from), sizeof(from), CPF_READ | CPF_WRITE);
	memset(from, 1, sizeof(from)); /* present */
	memset(to, 1, sizeof(to));
	return TAP_RUN(tests);
}
