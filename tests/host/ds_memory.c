/* SPDX-License-Identifier: MIT */
/* DS's memory for ranges, for host tests: see ds_machine.h. Ranges are mapped whole, as DS does it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ds_machine.h"
#include "servers/ds/ds.h"
#include "servers/ds/ranges.h"

#define PIECES 256
#define GIVEN  256

static struct piece {
	uint32_t address, bytes; /* 0 bytes: there is none */
	const uint8_t *from;     /* the publisher's memory; NULL: DS's own */
	endpoint_t lender;
	cp_grant_id_t grant;
	int writable;
	uint8_t *own;
} pieces[PIECES];

/* What DS has lent on. */
static struct given {
	cp_grant_id_t id;
	endpoint_t to;
	uint32_t address, bytes;
	int writable;
} given[GIVEN];

static cp_grant_id_t last_id = 1000000;

static struct piece *piece_at(uint32_t address)
{
	for (struct piece *p = pieces; p < pieces + PIECES; p++)
		if (p->bytes && address >= p->address && address - p->address < p->bytes)
			return p;
	return NULL;
}

static struct piece *new_piece(uint32_t address, uint32_t bytes)
{
	struct piece *p = pieces;

	assert_true(address >= RANGES_AT && bytes <= RANGES_END - address && address % PAGE_SIZE == 0);
	for (uint32_t at = address; at < address + bytes; at += PAGE_SIZE)
		assert_null(piece_at(at));
	while (p < pieces + PIECES && p->bytes)
		p++;
	assert_true(p < pieces + PIECES);
	*p = (struct piece){.address = address, .bytes = bytes};
	return p;
}

static void drop(struct piece *piece)
{
	free(piece->own);
	memset(piece, 0, sizeof(*piece));
}

/* As the system has it: who loses what was lent keeps a snapshot. */
static void become_own(struct piece *piece)
{
	piece->own = malloc(piece->bytes);
	assert_non_null(piece->own);
	memcpy(piece->own, piece->from, piece->bytes);
	piece->from = NULL;
}

/* ---- What DS asks for ---- */

int memory_map(endpoint_t from, cp_grant_id_t grant, uint32_t address, uint32_t bytes, int writable)
{
	int access = CPF_MAP | CPF_READ | (writable ? CPF_WRITE : 0);
	const uint8_t *memory = machine_lent(from, grant, access, bytes);
	struct piece *piece;

	if (!memory)
		return -EPERM;
	piece = new_piece(address, bytes);
	piece->from = memory;
	piece->lender = from;
	piece->grant = grant;
	piece->writable = writable;
	return OK;
}

void memory_unmap(uint32_t address, uint32_t bytes)
{
	for (struct piece *p = pieces; p < pieces + PIECES; p++) {
		if (!p->bytes || p->address >= address + bytes || address >= p->address + p->bytes)
			continue;
		/* Strays go page by page, from below. */
		if (address == p->address && bytes < p->bytes) {
			p->address += bytes;
			p->bytes -= bytes;
			p->from = NULL;
			continue;
		}
		assert_true(address <= p->address && address + bytes >= p->address + p->bytes);
		drop(p);
	}
}

int memory_is_lent(uint32_t address, uint32_t bytes)
{
	const struct piece *p = piece_at(address);

	return p && p->from && p->address == address && p->bytes == bytes;
}

int memory_next(uint32_t *start, uint32_t *end)
{
	const struct piece *first = NULL;

	for (const struct piece *p = pieces; p < pieces + PIECES; p++)
		if (p->bytes && p->address + p->bytes > *start && (!first || p->address < first->address))
			first = p;
	if (!first)
		return 0;
	if (first->address > *start)
		*start = first->address;
	*end = first->address + first->bytes;
	return 1;
}

int memory_snapshot(uint32_t from, uint32_t address, uint32_t bytes)
{
	const struct piece *source = piece_at(from);
	struct piece *piece = new_piece(address, bytes);

	if (!source || !source->from)
		return -EFAULT;
	if (!memory_is_spare(bytes)) {
		drop(piece);
		return -ENOMEM;
	}
	piece->own = malloc(bytes);
	assert_non_null(piece->own);
	memcpy(piece->own, source->from, bytes);
	return OK;
}

cp_grant_id_t memory_lend(endpoint_t to, uint32_t address, uint32_t bytes, int writable)
{
	for (struct given *g = given; g < given + GIVEN; g++)
		if (!g->id) {
			*g = (struct given){++last_id, to, address, bytes, writable};
			return g->id;
		}
	return -ENOSPC;
}

static struct given *given_find(cp_grant_id_t id)
{
	for (struct given *g = given; g < given + GIVEN; g++)
		if (id && g->id == id)
			return g;
	return NULL;
}

/* Clients here map nothing, but copy it: whatever they have been lent is in use. */
int memory_is_held(cp_grant_id_t grant)
{
	(void)grant;
	return 1;
}

void memory_take_back(cp_grant_id_t grant)
{
	struct given *g = given_find(grant);

	assert_non_null(g);
	g->id = 0;
}

static const uint8_t *bytes_of(const struct piece *piece)
{
	return piece->from ? piece->from : piece->own;
}

int memory_copy(endpoint_t client, cp_grant_id_t grant, uint32_t address, uint32_t bytes)
{
	const uint8_t *to = machine_lent(client, grant, CPF_WRITE, bytes);
	const struct piece *piece = piece_at(address);

	if (!to)
		return -EPERM;
	if (!piece || !bytes_of(piece))
		return -EFAULT;
	memcpy((uint8_t *)(uintptr_t)to, bytes_of(piece), bytes);
	return OK;
}

/* ---- What tests see and do ---- */

void memory_begin(void)
{
	memset(given, 0, sizeof(given));
}

void memory_boot(void)
{
	for (struct piece *p = pieces; p < pieces + PIECES; p++)
		drop(p);
	memory_begin();
}

void memory_lender_died(endpoint_t lender)
{
	for (struct piece *p = pieces; p < pieces + PIECES; p++)
		if (p->bytes && p->from && p->lender == lender)
			become_own(p);
}

void memory_revoked(cp_grant_id_t grant)
{
	for (struct piece *p = pieces; p < pieces + PIECES; p++)
		if (p->bytes && p->from && p->grant == grant)
			become_own(p);
}

uint32_t memory_pages(void)
{
	uint32_t pages = 0;

	for (const struct piece *p = pieces; p < pieces + PIECES; p++)
		pages += p->bytes / PAGE_SIZE;
	return pages;
}

uint32_t memory_grants(void)
{
	uint32_t grants = 0;

	for (const struct given *g = given; g < given + GIVEN; g++)
		grants += g->id != 0;
	return grants;
}

int memory_mapped(cp_grant_id_t grant, endpoint_t client, int writable, void *to, uint32_t bytes)
{
	const struct given *g = given_find(grant);
	const struct piece *piece = g ? piece_at(g->address) : NULL;

	if (!piece || !bytes_of(piece) || g->to != client || bytes > g->bytes || (writable && !g->writable))
		return 0;
	assert_true(!g->writable || piece->writable);
	memcpy(to, bytes_of(piece), bytes);
	return 1;
}
