/* SPDX-License-Identifier: MIT */
/*
 * A plugin of QEMU that counts instructions; what is counted runs as it would without. Its arguments:
 *
 *   out=FILE                 where the counts go
 *   batch=N                  how often each instruction was executed in the Nth
 *                            batch of a program of bench/, between the marks of
 *                            bench/measure.h; may be given again
 *   mark=NAME:ADDRESS:BYTES  how many instructions were executed until the first
 *                            one at this linear address, if these are the bytes
 *                            there, both in hexadecimal; may be given again
 *
 * The output is text: "mark NAME COUNT", "batch N", and after that "ADDRESS BYTES COUNT" for each
 * instruction. Programs share their addresses, so it is address and bytes that make an instruction.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu.h"

#define INSN_MAX   15 /* bytes, Intel SDM vol. 2, 2.3.11 */
#define GOAL_BYTES 32
#define BATCHES    8

struct insn {
	uint64_t address;
	uint8_t size;
	uint8_t bytes[INSN_MAX];
	uint64_t count;    /* executions since the machine was switched on */
	uint64_t at_begin; /* those before the batch */
	struct insn *next;
};

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static FILE *out;

static void *insn_tree; /* of struct insn, for tsearch */
static struct insn *insns;

static uint64_t batches[BATCHES]; /* wanted */
static unsigned nr_batches;
static uint64_t batch; /* the one that runs, or ran last */

static struct {
	uint64_t address;
	uint8_t bytes[GOAL_BYTES];
	size_t size; /* 0: none */
} goal;
static uint64_t executed; /* instructions in all; only counted if there is a goal */

/* nopl with the displacements of BENCH_MARK_BEGIN and BENCH_MARK_END. */
static const uint8_t begin_bytes[] = {0x0f, 0x1f, 0x80, 'b', 'e', 'g', 'n'};
static const uint8_t end_bytes[] = {0x0f, 0x1f, 0x80, 'e', 'n', 'd', ' '};

/* ---- Batches ---- */

static bool batch_wanted(void)
{
	for (unsigned i = 0; i < nr_batches; i++)
		if (batches[i] == batch)
			return true;
	return false;
}

static void batch_begins(unsigned int cpu, void *unused)
{
	(void)cpu, (void)unused;
	batch++;
	if (batch_wanted())
		for (struct insn *i = insns; i; i = i->next)
			i->at_begin = i->count;
}

static void print_insn(const struct insn *insn, uint64_t count)
{
	fprintf(out, "%" PRIx64 " ", insn->address);
	for (unsigned i = 0; i < insn->size; i++)
		fprintf(out, "%02x", insn->bytes[i]);
	fprintf(out, " %" PRIu64 "\n", count);
}

/* An instruction first seen in the batch began with 0. */
static void print_batch(void)
{
	if (!batch_wanted())
		return;
	fprintf(out, "batch %" PRIu64 "\n", batch);
	for (struct insn *i = insns; i; i = i->next)
		if (i->count != i->at_begin)
			print_insn(i, i->count - i->at_begin);
	fflush(out);
}

static void batch_ends(unsigned int cpu, void *unused)
{
	(void)cpu, (void)unused;
	print_batch();
}

static int compare_insns(const void *a, const void *b)
{
	const struct insn *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	if (left->size != right->size)
		return left->size < right->size ? -1 : 1;
	return memcmp(left->bytes, right->bytes, left->size);
}

/* The record of an instruction, which may be a new one. Never NULL. */
static struct insn *insn_record(const struct insn *key)
{
	struct insn **found = tsearch(key, &insn_tree, compare_insns), *insn;

	if (!found)
		abort();
	if (*found != key)
		return *found;
	insn = malloc(sizeof(*insn));
	if (!insn)
		abort();
	*insn = *key;
	insn->next = insns;
	insns = insn;
	*found = insn;
	return insn;
}

/* The marks themselves are not counted. */
static void watch_for_batches(struct qemu_plugin_insn *insn)
{
	struct insn key = {.address = qemu_plugin_insn_vaddr(insn), .size = qemu_plugin_insn_size(insn)};

	if (key.size > INSN_MAX)
		abort();
	memcpy(key.bytes, qemu_plugin_insn_data(insn), key.size);
	if (key.size == sizeof(begin_bytes) && !memcmp(key.bytes, begin_bytes, key.size))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, batch_begins, QEMU_PLUGIN_CB_NO_REGS, NULL);
	else if (key.size == sizeof(end_bytes) && !memcmp(key.bytes, end_bytes, key.size))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, batch_ends, QEMU_PLUGIN_CB_NO_REGS, NULL);
	else
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
		                                           &insn_record(&key)->count, 1);
}

/* ---- Until an instruction is reached ---- */

static void goal_reached(unsigned int cpu, void *unused)
{
	(void)cpu, (void)unused;
	print_batch();
	fprintf(out, "until %" PRIu64 "\n", executed);
	fflush(out);
	raise(SIGSTOP);
}

/* Whether the block has the goal's bytes from instruction `first` on, as far as the block goes. */
static bool block_has_goal(const struct qemu_plugin_tb *tb, size_t first)
{
	size_t at = 0;

	for (size_t i = first; i < qemu_plugin_tb_n_insns(tb) && at < goal.size; i++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		size_t size = qemu_plugin_insn_size(insn);

		if (size > goal.size - at)
			size = goal.size - at;
		if (memcmp(qemu_plugin_insn_data(insn), goal.bytes + at, size) != 0)
			return false;
		at += size;
	}
	return true;
}

static void watch_for_goal(const struct qemu_plugin_tb *tb, size_t index)
{
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);

	if (qemu_plugin_insn_vaddr(insn) == goal.address && block_has_goal(tb, index))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, goal_reached, QEMU_PLUGIN_CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		if (goal.size)
			watch_for_goal(tb, i);
		if (nr_batches)
			watch_for_batches(qemu_plugin_tb_get_insn(tb, i));
	}
}

/* ---- Arguments ---- */

static bool parse_goal(const char *text)
{
	char hex[2 * GOAL_BYTES + 1];

	if (sscanf(text, "%" SCNx64 ":%64[0-9a-f]", &goal.address, hex) != 2)
		return false;
	goal.size = strlen(hex) / 2;
	for (size_t i = 0; i < goal.size; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &goal.bytes[i]) != 1)
			return false;
	return goal.size > 0;
}

static bool parse(const char *argument)
{
	if (!strncmp(argument, "out=", 4))
		return (out = fopen(argument + 4, "w")) != NULL;
	if (!strncmp(argument, "batch=", 6) && nr_batches < BATCHES)
		return sscanf(argument + 6, "%" SCNu64, &batches[nr_batches++]) == 1;
	if (!strncmp(argument, "until=", 6))
		return parse_goal(argument + 6);
	return false;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc,
                                           char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!parse(argv[i])) {
			fprintf(stderr, "profile.so: can't use the argument %s\n", argv[i]);
			return 1;
		}
	if (!out) {
		fprintf(stderr, "profile.so: needs out=FILE\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
