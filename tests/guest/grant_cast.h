/* SPDX-License-Identifier: MIT */
/*
 * The processes of a case in which memory is lent, and what each of them must see (grant_reference.h). What
 * the test has them do it does to the reference as well; then it lets all of them write, and compares.
 *
 * A program in which they exec begins with cast_partner_main() where cast_is_partner() says so: that is what
 * is run then. All need flags=inspect.
 */
#ifndef GUEST_GRANT_CAST_H
#define GUEST_GRANT_CAST_H

#include <sys/auxv.h>
#include <granite/abi/counters.h>

#include "grant_tasks.h"
#include "pages.h"

#define CAST 6

struct actor {
	struct partner partner; /* pid 0: nobody */
	bool waited_for;        /* by the test, whose child it is */
	vir_bytes base;         /* where its window is */
	struct store *sees;     /* NULL: nothing is there */
	bool writes;            /* it has the right to */
	bool lent;              /* it has it by a mapping that lasts */
	cp_grant_id_t gave;     /* the grant that it gave last */
};

static struct actor cast[CAST];
static const char *cast_names[CAST]; /* the program's */
static cp_grant_id_t cast_reference; /* with this grant everybody may read the stores */

/* ---- Lives ---- */

static inline int64_t cast_do(int who, lending_task *task, int64_t a, int64_t b, int64_t c, int64_t d)
{
	return lending_do(cast[who].partner, task, a, b, c, d);
}

static inline endpoint_t endpoint_of(int who)
{
	return cast[who].partner.endpoint;
}

static inline bool alive(int who)
{
	return cast[who].partner.pid != 0;
}

/* Once, before anything else. */
static inline void cast_setup(void)
{
	cast_program = (const char *)getauxval(AT_EXECFN);
	memset(stores, 1, sizeof(stores));
	cast_reference = cpf_grant_direct(ANY, AT(stores), sizeof(stores), CPF_READ);
	CHECK(GRANT_VALID(cast_reference));
	CHECK_INT(map_own(WINDOW, BYTES, RW, 0), OK);
}

/* A process whose window nobody has ever touched. */
static inline void cast_start(int who)
{
	lending_parent = sys_self();
	pid_t pid = tap_start(cast_serve);
	cast[who] = (struct actor){
	        .partner = {pid, pm_endpoint(pid)},
	        .waited_for = true,
	        .base = WINDOW,
	        .sees = store_zeros(),
	        .writes = true,
	};
}

static inline void cast_fill(int who, uint32_t seed)
{
	CHECK_INT(cast_do(who, do_fill, cast[who].base, seed, 0, 0), OK);
	pattern(cast[who].sees->byte, seed);
}

/* One whose window is full of its own bytes. */
static inline void cast_start_filled(int who)
{
	cast_start(who);
	cast_fill(who, (uint32_t)who + 1);
}

/* A child of `parent`, which sees what that one sees: `keeps` says whether it is left anything of it. */
static inline void cast_fork(int parent, int who, bool keeps)
{
	const struct actor *p = &cast[parent];
	pid_t pid = (pid_t)cast_do(parent, do_fork, 0, 0, 0, 0);
	CHECK(pid > 0);
	cast[who] = (struct actor){
	        .partner = {pid, pm_endpoint(pid)},
	        .base = p->base,
	        .sees = keeps && p->sees ? store_copy(p->sees) : NULL,
	        .writes = p->writes,
	};
}

static inline void wait_until_gone(struct partner partner)
{
	struct vm_procinfo_rep info;
	while (vm_procinfo(partner.endpoint, &info) != -EDEADSRCDST)
		sys_yield();
}

static inline void cast_forget(int who, int ending)
{
	struct partner partner = cast[who].partner;
	if (cast[who].waited_for)
		CHECK_INT(tap_ending(tap_wait(partner.pid)), ending);
	wait_until_gone(partner);
	cast[who] = (struct actor){0};
}

static inline void cast_kill(int who)
{
	CHECK_INT(kill(cast[who].partner.pid, SIGKILL), 0);
	cast_forget(who, TAP_SIGNAL + SIGKILL);
}

static inline void cast_exit(int who)
{
	lending_order(cast[who].partner, do_exit, 0, 0, 0, 0);
	cast_forget(who, 0);
}

/* The new program has nothing of the old one's; then a window like that it began with. */
static inline void cast_exec(int who)
{
	struct actor *actor = &cast[who];
	CHECK_INT(cast_do(who, do_exec, sys_self(), 0, 0, 0), OK);
	CHECK_INT(cast_do(who, do_reach, WINDOW, 0, 0, 0), 0);
	CHECK_INT(cast_do(who, map_own, WINDOW, BYTES, RW, 0), OK);
	actor->base = WINDOW;
	actor->writes = true;
	actor->lent = false;
	actor->sees = store_new();
	cast_fill(who, (uint32_t)who + 101);
}

static inline void cast_end(void)
{
	for (int who = 0; who < CAST; who++)
		if (alive(who))
			cast_kill(who);
}

/* ---- Grants ---- */

static inline cp_grant_id_t cast_grant(int from, int to, int access)
{
	cast[from].gave = cast_do(from, grant_memory, endpoint_of(to), cast[from].base, BYTES, access);
	CHECK(GRANT_VALID(cast[from].gave));
	return cast[from].gave;
}

/* What `below` gave to `from`. */
static inline cp_grant_id_t cast_pass_on(int below, int from, int to, int access)
{
	cast[from].gave =
	        cast_do(from, do_pass_on, endpoint_of(to), endpoint_of(below), cast[below].gave, access);
	CHECK(GRANT_VALID(cast[from].gave));
	return cast[from].gave;
}

/* `who` maps what `granter` gave, which is what `owner` sees. */
static inline void cast_map(int granter, int owner, int who, bool writable)
{
	struct actor *actor = &cast[who];
	CHECK_INT(cast_do(who, do_map, endpoint_of(granter), cast[granter].gave, writable, 0), OK);
	actor->sees = cast[owner].sees;
	actor->writes = writable;
	actor->lent = true;
}

/* Pages that were shared for copies, ever. */
static inline uint64_t cow_pages(void)
{
	static struct granite_counters counters;
	CHECK_INT(sys_getinfo(GET_COUNTERS, &counters, sizeof(counters), 0), sizeof(counters));
	return counters.grant_cow_pages;
}

/* `who` copies all that `granter` gave, which is what `owner` sees; `shared` pages are shared for it. */
static inline void cast_copy_from(int granter, int owner, int who, unsigned shared)
{
	uint64_t before = cow_pages();
	CHECK_INT(cast_do(who, do_copy_from, endpoint_of(granter), cast[granter].gave, 0, PAIR(0, BYTES)),
	          OK);
	CHECK_INT(cow_pages() - before, shared);
	memcpy(cast[who].sees, cast[owner].sees, BYTES);
}

static inline void cast_copy_to(int granter, int owner, int who, unsigned shared)
{
	uint64_t before = cow_pages();
	CHECK_INT(cast_do(who, do_copy_to, endpoint_of(granter), cast[granter].gave, 0, PAIR(0, BYTES)), OK);
	CHECK_INT(cow_pages() - before, shared);
	memcpy(cast[owner].sees, cast[who].sees, BYTES);
}

static inline void cast_revoke(int who, cp_grant_id_t id)
{
	CHECK_INT(cast_do(who, revoke, id, 0, 0, 0), OK);
}

/* It has its window no more, or a snapshot of it from now on. */
static inline void cast_lose(int who)
{
	cast[who].sees = NULL;
	cast[who].lent = false;
}

static inline void cast_keep(int who)
{
	if (cast[who].sees)
		cast[who].sees = store_copy(cast[who].sees);
	cast[who].lent = false;
}

/* ---- Writing and comparing ---- */

static inline bool shows_what_is_wrong(int failures, const char *when, int who)
{
	if (tap_failures > failures)
		printf("# so it is with the %s, %s\n", cast_names[who], when);
	return tap_failures > failures;
}

static inline bool may_write(int who)
{
	return cast[who].sees && cast[who].writes;
}

/* A byte of its own, at a place of its own. Who may not write tries it with one page. */
static inline void write_pages(int who, unsigned pages, unsigned round, const char *when)
{
	const struct actor *actor = &cast[who];
	uint32_t offset = 16 + round * 32 + (uint32_t)who * 512, byte = 0xa0 + round * 16 + (uint32_t)who;
	int failures = tap_failures;
	bool may = may_write(who);
	if (!pages)
		return;
	if (!may)
		pages &= -pages;
	CHECK_INT(cast_do(who, do_poke, actor->base, pages, offset, byte), may ? pages : 0);
	for (unsigned page = 0; may && page < PAGES; page++)
		if (pages >> page & 1)
			actor->sees->byte[page * PAGE_SIZE + offset] = (uint8_t)byte;
	shows_what_is_wrong(failures, when, who);
}

static inline unsigned find_living(int *living)
{
	unsigned count = 0;
	for (int who = 0; who < CAST; who++)
		if (alive(who))
			living[count++] = who;
	return count;
}

/* Those pages that the n-th of so many is the first to write to. */
static inline unsigned first_pages(unsigned n, unsigned count)
{
	unsigned pages = 0;
	for (unsigned page = n; page < PAGES; page += count)
		pages |= 1u << page;
	return pages;
}

/* All write to all these pages; each is the first to write to some of them. */
static inline void cast_write(unsigned pages, unsigned round, const char *when)
{
	int living[CAST];
	unsigned count = find_living(living);
	for (unsigned n = 0; n < count; n++)
		write_pages(living[n], pages & first_pages((n + round) % count, count), round, when);
	for (unsigned n = 0; n < count; n++)
		if (may_write(living[n]))
			write_pages(living[n], pages & ~first_pages((n + round) % count, count), round, when);
}

/* What VM tells of what it has by mappings. */
static inline void compare_lendings(int who)
{
	static struct vm_lending held[2];
	uint32_t from = 0;
	CHECK_INT(vm_lendings(endpoint_of(who), &from, held, 2), cast[who].lent);
	if (cast[who].lent)
		CHECK(held[0].start == cast[who].base &&
		      (held[0].flags & VM_LEND_WRITE) == (cast[who].writes ? VM_LEND_WRITE : 0));
}

static inline void compare_window(int who, const char *when)
{
	const struct actor *actor = &cast[who];
	int failures = tap_failures;
	if (actor->sees)
		CHECK_INT(cast_do(who, do_compare, actor->base, AT(actor->sees) - AT(stores), cast_reference,
		                  0),
		          BYTES);
	else
		CHECK_INT(cast_do(who, do_reach, actor->base, 0, 0, 0), 0);
	compare_lendings(who);
	shows_what_is_wrong(failures, when, who);
}

static inline void cast_compare(const char *when)
{
	for (int who = 0; who < CAST; who++)
		if (alive(who))
			compare_window(who, when);
}

/* Half of the pages, say: the others are left as they are, for what comes then to be tried on both. */
static inline void cast_write_and_compare(unsigned pages, unsigned round, const char *when)
{
	cast_write(pages, round, when);
	cast_compare(when);
}

#endif
