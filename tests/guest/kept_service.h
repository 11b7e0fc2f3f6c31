/* SPDX-License-Identifier: MIT */
/* What tests/guest/kept_test.c asks of the service that keeps memory. */
#ifndef GUEST_KEPT_SERVICE_H
#define GUEST_KEPT_SERVICE_H

#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/sys.h>
#include <granite/vm.h>

enum kept_task {
	KEPT_PEEK = 0x7000, /* the word at `address` */
	KEPT_POKE,          /* sets it to `value` */
	KEPT_MAP,           /* maps `grant` of the caller's at `address` */
	KEPT_GRANT,         /* grants `bytes` at `address` to `who`, to be mapped; the reply's `grant` */
	KEPT_REVOKE,        /* takes back what others have mapped of the page at `address` */
	KEPT_UNMAP,         /* gives up `bytes` at `address` */
	KEPT_KEEP,          /* keeps `bytes` at `address` by the name "other" */
	KEPT_RAGE,          /* does anything with memory there, `value` times, with `address` as the seed */
	KEPT_EXEC,          /* execs itself */
	KEPT_CRASH,
	KEPT_EXIT,
	KEPT_PID,
};

struct kept_order {
	vir_bytes address;
	uint32_t value, bytes;
	endpoint_t who;
	cp_grant_id_t grant;
};

/* What it keeps: its state, and places for others. */
#define KEPT_STORE       KEPT_BASE
#define KEPT_STORE_PAGES 4
#define KEPT_PLACE       (KEPT_BASE + 2 * BIG_PAGE_SIZE)
#define KEPT_WILD        (KEPT_BASE + 16 * BIG_PAGE_SIZE)
#define KEPT_WILD_PAGES  40

struct kept_store {
	uint32_t lives, founds; /* how often it was started, and found this */
	uint32_t word[100];
};

#endif
