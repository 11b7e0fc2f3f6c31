/* SPDX-License-Identifier: MIT */
/* guest: seed=yes time=counted timeout=300 variants=ubsan */
/*
 * Partners lend each other memory, map and copy it, write, fork, take it back, unmap, die and run anew, at
 * random: each must see what the model says (tests/host/grants_model.h), which the host's test of VM uses as
 * well.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <granite/pm.h>

#include "../host/grants_choose.c"
#include "../host/grants_model.c"
#include "lending.h"
#include "pages.h"

#define STEPS   5000
#define PROGRAM "/bin/grant_model_test"
#define PLENTY  0x100000 /* of frames: nobody goes without a snapshot */

/* Two numbers of 32 bits in an argument. */
#define PAIR(low, high) ((int64_t)((uint64_t)(uint32_t)(low) | (uint64_t)(uint32_t)(high) << 32))
#define LOW(pair)       ((uint32_t)(pair))
#define HIGH(pair)      ((uint32_t)((uint64_t)(pair) >> 32))

static struct partner partners[PEOPLE];
static struct person *parents[PEOPLE]; /* who has to wait for it; NULL: the test */
static struct person gone = {.endpoint = NONE};
static uint64_t random_state;
static int step_now;
static jmp_buf test_ends; /* from wherever something is wrong */

/* xorshift64*: G. Marsaglia, S. Vigna. */
uint32_t random_below(uint32_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)(random_state * 0x2545f4914f6cdd1dull >> 32) % below;
}

void model_wrong(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("# step %d: ", step_now);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	tap_failures++;
	longjmp(test_ends, 1);
}

/* ---- What partners do ---- */

static sigjmp_buf fault;

static void faulted(int signal)
{
	siglongjmp(fault, signal);
}

static void serve(void)
{
	signal(SIGSEGV, faulted);
	lending_serve();
}

/* -1: it may not. */
static int64_t get(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return sigsetjmp(fault, 1) ? -1 : (int64_t) * (volatile uint32_t *)(uintptr_t)address;
}

static int64_t put(int64_t address, int64_t value, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	if (sigsetjmp(fault, 1))
		return -1;
	*(volatile uint32_t *)(uintptr_t)address = (uint32_t)value;
	return 0;
}

/* Whether it may write: what is there stays. */
static int64_t may_put(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	if (sigsetjmp(fault, 1))
		return 0;
	/* Of an atomic addition of nothing clang would leave the read. */
	__asm__ volatile("lock addl $0, (%0)" : : "r"((uint32_t *)(uintptr_t)address) : "memory", "cc");
	return 1;
}

static int64_t map(int64_t address, int64_t bytes, int64_t prot, int64_t unused)
{
	vir_bytes place;

	(void)unused;
	return vm_mmap((vir_bytes)address, (size_t)bytes, (int)prot, VM_MAP_FIXED, &place);
}

static int64_t unmap(int64_t address, int64_t bytes, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return vm_munmap((vir_bytes)address, (size_t)bytes);
}

static int64_t protect(int64_t address, int64_t bytes, int64_t prot, int64_t unused)
{
	(void)unused;
	return vm_mprotect((vir_bytes)address, (size_t)bytes, (int)prot);
}

static int64_t grant_direct_to(int64_t who_access, int64_t address, int64_t bytes, int64_t unused)
{
	(void)unused;
	return cpf_grant_direct((endpoint_t)LOW(who_access), (vir_bytes)address, (size_t)bytes,
	                        (int)HIGH(who_access));
}

static int64_t grant_indirect_to(int64_t who_access, int64_t who_from, int64_t id, int64_t range)
{
	return cpf_grant_indirect_sub((endpoint_t)LOW(who_access), (endpoint_t)who_from, id, LOW(range),
	                              HIGH(range), (int)HIGH(who_access));
}

static int64_t revoke(int64_t id, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return cpf_revoke(id);
}

static int64_t revoke_mappings(int64_t id, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return sys_saferevmap_gid(id);
}

static int64_t revoke_address(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return sys_saferevmap_addr((vir_bytes)address);
}

static int64_t map_grant(int64_t granter_write, int64_t id, int64_t range, int64_t address)
{
	return sys_safemap((endpoint_t)LOW(granter_write), id, LOW(range), (vir_bytes)address, HIGH(range),
	                   HIGH(granter_write) != 0);
}

static int64_t unmap_grant(int64_t address, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return sys_safeunmap((vir_bytes)address);
}

/* The same in two pieces. */
static int copy_by_vector(endpoint_t granter, bool reading, cp_grant_id_t id, int64_t range,
                          vir_bytes address)
{
	uint32_t first = HIGH(range) / 2;
	struct vscp_vec pieces[2];

	for (uint32_t i = 0; i < 2; i++)
		pieces[i] = (struct vscp_vec){
		        .v_from = reading ? granter : SELF,
		        .v_to = reading ? SELF : granter,
		        .v_gid = id,
		        .v_offset = LOW(range) + i * first,
		        .v_addr = address + i * first,
		        .v_bytes = i ? HIGH(range) - first : first,
		};
	return sys_vsafecopy(pieces, 2);
}

/* Where it begins decides how. */
static bool in_two(uint32_t offset)
{
	return offset / WORD_STRIDE % 2;
}

static int64_t copy(int64_t granter_from, int64_t id, int64_t range, int64_t address)
{
	endpoint_t granter = (endpoint_t)LOW(granter_from);

	if (in_two(LOW(range)))
		return copy_by_vector(granter, HIGH(granter_from), id, range, (vir_bytes)address);
	if (HIGH(granter_from))
		return sys_safecopyfrom(granter, id, LOW(range), (vir_bytes)address, HIGH(range));
	return sys_safecopyto(granter, id, LOW(range), (vir_bytes)address, HIGH(range));
}

static int64_t have_child(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	pid_t pid = fork();

	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	if (pid == 0) {
		serve();
		_exit(0);
	}
	return pid;
}

static int64_t wait_for(int64_t pid, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return waitpid((pid_t)pid, NULL, 0);
}

/* The new program answers. */
static int64_t run_anew(int64_t parent, int64_t unused, int64_t unused2, int64_t unused3)
{
	char number[16];
	char *argv[] = {"grant_model_test", "partner", number, NULL};

	(void)unused, (void)unused2, (void)unused3;
	snprintf(number, sizeof(number), "%d", (int)parent);
	execve(PROGRAM, argv, environ);
	return -errno;
}

static int partner_main(const char *parent)
{
	struct message m = {0};

	lending_parent = atoi(parent);
	if (ipc_send(lending_parent, &m) == OK)
		serve();
	return 0;
}

/* ---- What the model asks ---- */

static int64_t ask(const struct person *p, lending_task *task, int64_t a, int64_t b, int64_t c, int64_t d)
{
	return lending_do(partners[p - people], task, a, b, c, d);
}

const uint32_t *model_contents(endpoint_t endpoint, vir_bytes address)
{
	static uint32_t word;
	int64_t value;

	if (page_at(address) >= WINDOW_PAGES)
		return NULL; /* the rest is the program's own */
	value = ask(person_of(endpoint), get, address, 0, 0, 0);
	word = (uint32_t)value;
	return value < 0 ? NULL : &word;
}

const uint32_t *model_reached(endpoint_t endpoint, vir_bytes address, bool write)
{
	const struct person *p = person_of(endpoint);

	if (write && !ask(p, may_put, address, 0, 0, 0))
		return NULL;
	return model_contents(endpoint, address);
}

static void compare(struct person *p, uint32_t page)
{
	bool reached = model_reached(p->endpoint, page_address(page), false) != NULL;

	if (reached != may(&p->page[page], false))
		model_wrong("%d %s its page at %x", p->endpoint, reached ? "reads" : "does not see",
		            page_address(page));
	model_compare_page(p, page);
	if (may(&p->page[page], true) && !model_reached(p->endpoint, page_address(page), true))
		model_wrong("%d can not write to its page at %x", p->endpoint, page_address(page));
}

static void compare_all(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		for (uint32_t page = 0; p->endpoint != NONE && page < WINDOW_PAGES; page++)
			compare(p, page);
}

/* A page of each, one that lives together with others if there is any. */
static void look_around(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++) {
		uint32_t page = random_below(WINDOW_PAGES);

		if (p->endpoint == NONE)
			continue;
		for (int i = 0; i < 20 && !(p->page[page].mapped && p->page[page].cell->users > 1); i++)
			page = random_below(WINDOW_PAGES);
		compare(p, page);
	}
}

static void expect(int64_t result, int64_t expected, const char *what)
{
	if (result != expected)
		model_wrong("%s gives %lld, should be %lld", what, result, expected);
}

/* ---- Steps: memory ---- */

static void pick_range(uint32_t *first, uint32_t *pages)
{
	*first = random_below(WINDOW_PAGES);
	*pages = 1 + random_below(random_below(4) ? 6 : 40);
	if (*pages > WINDOW_PAGES - *first)
		*pages = WINDOW_PAGES - *first;
}

static int pick_prot(void)
{
	static const uint8_t prots[] = {1, 3, 3, 3, 3, 3, 3, 5, 7};

	return prots[random_below(sizeof(prots))];
}

static void step_touch(struct person *p)
{
	uint32_t page = random_below(WINDOW_PAGES), value = random_below(1u << 31);
	vir_bytes address = page_address(page) + random_below(PAGE_WORDS) * WORD_STRIDE;

	if (random_below(3) == 0) {
		compare(p, page);
		return;
	}
	expect(ask(p, put, address, value, 0, 0), may(&p->page[page], true) ? 0 : -1, "a write");
	if (may(&p->page[page], true))
		*model_word(p, address) = value;
}

static void step_touch_much(struct person *p)
{
	for (int i = 0; i < 8; i++)
		step_touch(p);
}

static void map_range(struct person *p, uint32_t first, uint32_t pages, int prot)
{
	expect(ask(p, map, page_address(first), pages * PAGE_SIZE, prot, 0), OK, "mmap");
	model_map(p, first, pages, (uint32_t)prot);
}

static void step_map(struct person *p)
{
	uint32_t first, pages;

	pick_range(&first, &pages);
	map_range(p, first, pages, pick_prot());
}

static void step_unmap(struct person *p)
{
	uint32_t first, pages;

	pick_range(&first, &pages);
	expect(ask(p, unmap, page_address(first), pages * PAGE_SIZE, 0, 0), OK, "munmap");
	model_unmap(p, first, pages);
}

static int protect_expected(const struct person *p, uint32_t first, uint32_t pages, int prot)
{
	int expected = OK;

	for (uint32_t i = first; i < first + pages; i++) {
		if (p->page[i].lent && prot & PROT_WRITE && !p->page[i].lent->write)
			return -EACCES;
		if (!p->page[i].mapped)
			expected = -ENOMEM;
	}
	return expected;
}

static void step_protect(struct person *p)
{
	uint32_t first, pages;
	int prot = pick_prot(), expected;

	pick_range(&first, &pages);
	expected = protect_expected(p, first, pages, prot);
	expect(ask(p, protect, page_address(first), pages * PAGE_SIZE, prot, 0), expected, "mprotect");
	for (uint32_t i = first; expected == OK && i < first + pages; i++)
		p->page[i].prot = (uint8_t)prot;
}

/* ---- Steps: grants ---- */

static uint32_t slot_of(const struct person *p, bool used)
{
	uint32_t slot = random_below(GRANTS);

	for (int i = 0; i < 100 && (p->grant[slot].id != 0) != used; i++)
		slot = random_below(GRANTS);
	return slot;
}

static void take_back(struct person *p, uint32_t slot)
{
	const struct cp_grant grant = p->grant[slot];
	const struct grant_link link = {.id = grant.id, .endpoint = p->endpoint};

	if (!grant.id)
		return;
	choose_later(&link);
	expect(ask(p, revoke, grant.id, 0, 0, 0), OK, "cpf_revoke");
	memset(&p->grant[slot], 0, sizeof(grant));
	model_revoke(p, grant.id);
	expect(ask(p, revoke, grant.id, 0, 0, 0), -EPERM, "cpf_revoke, again,");
}

static void step_take_back(struct person *p)
{
	take_back(p, slot_of(p, true));
}

static void step_take_mappings_back(struct person *p)
{
	struct cp_grant *grant = &p->grant[slot_of(p, true)];

	if (!grant->id || random_below(4))
		return;
	expect(ask(p, revoke_mappings, grant->id, 0, 0, 0), OK, "sys_saferevmap_gid");
	grant->flags &= ~(uint32_t)CPF_MAP;
	model_revoke(p, grant->id);
}

static void step_take_page_back(struct person *p)
{
	uint32_t page = random_below(WINDOW_PAGES);

	if (random_below(4))
		return;
	expect(ask(p, revoke_address, page_address(page) + 5, 0, 0, 0), OK, "sys_saferevmap_addr");
	for (uint32_t i = 0; i < GRANTS; i++)
		if (p->grant[i].flags & CPF_DIRECT &&
		    page_address(page) + 5 - p->grant[i].start < p->grant[i].bytes)
			p->grant[i].flags &= ~(uint32_t)CPF_MAP;
	model_revoke_page(p, page);
}

/* What <granite/grant.h> gives EINVAL for. */
static bool makes_no_sense(const struct cp_grant *grant)
{
	bool aligned =
	        grant->start % PAGE_SIZE == 0 &&
	        (grant->bytes % PAGE_SIZE == 0 || (grant->flags & CPF_INDIRECT && grant->bytes == GRANT_ALL));

	if (grant->who_to != ANY && grant->who_to <= 0)
		return true;
	if (grant->flags & CPF_INDIRECT && (grant->who_from <= 0 || grant->from_id <= 0))
		return true;
	if (grant->start + grant->bytes < grant->start && grant->bytes != GRANT_ALL)
		return true;
	return grant->flags & CPF_MAP ? !(grant->flags & CPF_READ) || !aligned || grant->who_to == ANY
	                              : !(grant->flags & CPF_RIGHTS);
}

static void step_give(struct person *p)
{
	struct cp_grant grant = choose_grant(p);
	uint32_t slot = slot_of(p, false);
	int64_t who_access = PAIR(grant.who_to, grant.flags & CPF_ACCESS);

	take_back(p, slot);
	if (grant.flags & CPF_DIRECT)
		grant.id = ask(p, grant_direct_to, who_access, grant.start, grant.bytes, 0);
	else
		grant.id = ask(p, grant_indirect_to, who_access, grant.who_from, grant.from_id,
		               PAIR(grant.start, grant.bytes));
	if (GRANT_VALID(grant.id) == makes_no_sense(&grant))
		model_wrong("a grant of flags %x, start %x and bytes %x has the id %lld", grant.flags,
		            grant.start, grant.bytes, grant.id);
	if (GRANT_VALID(grant.id))
		p->grant[slot] = grant;
}

static uint32_t lendings, copies;

static void step_map_grant(struct person *p)
{
	uint32_t page = random_below(WINDOW_PAGES), write = random_below(2), pages;
	struct verdict verdict;
	struct wish wish;
	int expected;

	choose_wish(p, CPF_READ | CPF_MAP | (write ? CPF_WRITE : 0), &wish);
	if (wish.bytes > (WINDOW_PAGES - page) * PAGE_SIZE)
		wish.bytes = (WINDOW_PAGES - page) * PAGE_SIZE;
	pages = wish.bytes / PAGE_SIZE;
	expected = model_judge(&wish, &verdict);
	if (expected == OK && page_at(verdict.address) >= WINDOW_PAGES)
		return; /* of a program's own memory nothing is known */
	if (expected == OK)
		expected = model_may_lend(p, &verdict, pages, write);
	expect(ask(p, map_grant, PAIR(wish.granter, write), wish.id, PAIR(wish.offset, wish.bytes),
	           page_address(page)),
	       expected, "sys_safemap");
	if (expected != OK)
		return;
	model_lend(p, &verdict, page, pages, write);
	lendings++;
}

static void step_unmap_grant(struct person *p)
{
	uint32_t page = random_below(WINDOW_PAGES);

	for (int i = 0; i < 20 && !p->page[page].lent; i++)
		page = random_below(WINDOW_PAGES);
	expect(ask(p, unmap_grant, page_address(page) + random_below(PAGE_SIZE), 0, 0, 0),
	       p->page[page].lent ? OK : -EINVAL, "sys_safeunmap");
	if (p->page[page].lent)
		model_unlend(p, p->page[page].lent);
}

/* A copy of one, to its end, or up to where its memory can't be reached. */
struct random_copy {
	struct wish wish;
	struct person *from, *to;
	vir_bytes source, destination;
	bool whole; /* all of both is there */
};

static bool within(const struct person *p, vir_bytes address, uint32_t bytes, bool write, bool *known)
{
	bool all = true;

	for (uint32_t i = 0; i < bytes; i += WORD_STRIDE) {
		uint32_t page = page_at(address + i);

		*known &= page < WINDOW_PAGES;
		all = all && *known && may(&p->page[page], write);
	}
	return all;
}

/* What was copied is what the source had at that time, word by word; what was not is as it was. */
static void copied(const struct random_copy *copy, bool all)
{
	for (uint32_t i = 0; i < copy->wish.bytes; i += WORD_STRIDE) {
		uint32_t from = page_at(copy->source + i), to = page_at(copy->destination + i);
		const uint32_t *now;

		if (!may(&copy->from->page[from], false) || !may(&copy->to->page[to], true))
			return;
		now = model_contents(copy->to->endpoint, copy->destination + i);
		if (!now || *now == *model_word(copy->from, copy->source + i) || all)
			*model_word(copy->to, copy->destination + i) =
			        *model_word(copy->from, copy->source + i);
	}
}

/* Where they are the same words, what is copied when matters. */
static bool live_together(const struct random_copy *copy)
{
	for (uint32_t i = 0; i < copy->wish.bytes; i += WORD_STRIDE)
		for (uint32_t j = 0; j < copy->wish.bytes; j += WORD_STRIDE)
			if (copy->from->page[page_at(copy->source + i)].cell ==
			    copy->to->page[page_at(copy->destination + j)].cell)
				return true;
	return false;
}

/* Of two pieces the first that is refused says why. */
static int judge_copy(const struct wish *wish, struct verdict *verdict)
{
	struct wish piece = *wish;
	struct verdict unused;
	int result = OK;

	if (in_two(wish->offset)) {
		piece.bytes = wish->bytes / 2;
		result = model_judge(&piece, &unused);
		piece.offset += piece.bytes;
		piece.bytes = wish->bytes - piece.bytes;
	}
	if (result == OK && in_two(wish->offset))
		result = model_judge(&piece, &unused);
	return result == OK ? model_judge(wish, verdict) : result;
}

static void step_copy(struct person *p)
{
	bool reading = random_below(2), known = true;
	vir_bytes mine = page_address(random_below(WINDOW_PAGES));
	struct random_copy random;
	struct verdict verdict = {0};
	int64_t expected, result;

	choose_wish(p, reading ? CPF_READ : CPF_WRITE, &random.wish);
	if (random_below(3) == 0) {
		mine += random_below(PAGE_WORDS) * WORD_STRIDE;
		random.wish.offset += random_below(PAGE_WORDS) * WORD_STRIDE;
		random.wish.bytes -= random_below(PAGE_WORDS) * WORD_STRIDE;
	}
	expected = judge_copy(&random.wish, &verdict);
	if (expected == OK) {
		random.from = reading ? verdict.owner : p;
		random.to = reading ? p : verdict.owner;
		random.source = reading ? verdict.address : mine;
		random.destination = reading ? mine : verdict.address;
		random.whole = within(random.from, random.source, random.wish.bytes, false, &known);
		random.whole &= within(random.to, random.destination, random.wish.bytes, true, &known);
		if (!known || live_together(&random))
			return;
		expected = random.whole ? OK : -EFAULT;
	}
	result = ask(p, copy, PAIR(random.wish.granter, reading), random.wish.id,
	             PAIR(random.wish.offset, random.wish.bytes), mine);
	if (result != -EFAULT || !verdict.owner || !(verdict.flags & CPF_TRY))
		expect(result, expected, "a copy");
	if (result == OK || (result == -EFAULT && verdict.owner))
		copied(&random, result == OK);
	copies += result == OK;
}

/* ---- Steps: lives ---- */

static struct person *nobody(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		if (p->endpoint == NONE)
			return p;
	return NULL;
}

static void begin_life(struct person *p, struct partner partner, struct person *parent)
{
	partners[p - people] = partner;
	parents[p - people] = parent;
	p->endpoint = partner.endpoint;
}

static void begin_memory(struct person *p)
{
	model_map(p, TABLE_PAGE, 1, RW);
	map_range(p, 0, WINDOW_PAGES, RW);
}

static void step_start(void)
{
	struct person *p = nobody();
	struct partner partner;

	if (!p)
		return;
	lending_parent = sys_self();
	partner.pid = tap_start(serve);
	partner.endpoint = pm_endpoint(partner.pid);
	begin_life(p, partner, NULL);
	begin_memory(p);
}

/* A child has a copy of its parent's table in its memory; it is no granter of what stands there. */
static void try_copied_records(const struct person *parent, struct person *child)
{
	vir_bytes mine = page_address(0);

	step_give(child); /* so that the kernel knows of its table */
	for (uint32_t slot = 0; slot < GRANTS; slot++) {
		const struct cp_grant *grant = &parent->grant[slot];
		const struct person *grantee = person_of(grant->who_to);

		if (grant->id && grantee && grant->flags & CPF_READ)
			expect(ask(grantee, copy, PAIR(child->endpoint, true), grant->id,
			           PAIR(0, WORD_STRIDE), mine),
			       -EPERM, "a copy by a parent's grant");
	}
}

static void step_fork(struct person *p)
{
	struct person *child = nobody();
	struct partner partner;

	if (!child)
		return;
	partner.pid = (pid_t)ask(p, have_child, 0, 0, 0, 0);
	partner.endpoint = pm_endpoint(partner.pid);
	if (partner.pid <= 0 || partner.endpoint <= 0)
		model_wrong("a child has the number %d, and the endpoint %d", partner.pid, partner.endpoint);
	begin_life(child, partner, p);
	model_fork(p, child);
	try_copied_records(p, child);
}

static void step_exec(struct person *p)
{
	expect(ask(p, run_anew, lending_parent, 0, 0, 0), OK, "execve");
	model_leave(p);
	begin_memory(p);
}

/* An orphan's parent is RS, which waits for it. */
static void wait_until_gone(endpoint_t endpoint)
{
	struct vm_procinfo_rep info;

	for (int i = 0; i < 1000; i++) {
		if (vm_procinfo(endpoint, &info) == -EDEADSRCDST)
			return;
		usleep(1000);
	}
	model_wrong("%d lives on", endpoint);
}

static void step_kill(struct person *p)
{
	struct partner partner = partners[p - people];
	struct person *parent = parents[p - people];

	CHECK_INT(kill(partner.pid, SIGKILL), 0);
	if (!parent)
		CHECK_KILLED(tap_wait(partner.pid), SIGKILL);
	else if (parent->endpoint != NONE)
		expect(ask(parent, wait_for, partner.pid, 0, 0, 0), partner.pid, "waitpid");
	wait_until_gone(partner.endpoint);
	model_leave(p);
	memset(p, 0, sizeof(*p));
	p->endpoint = NONE;
	for (int i = 0; i < PEOPLE; i++)
		if (parents[i] == p)
			parents[i] = &gone;
}

/* ---- All together ---- */

static struct person *somebody(void)
{
	for (int i = 0; i < 100; i++) {
		struct person *p = &people[random_below(PEOPLE)];

		if (p->endpoint != NONE)
			return p;
	}
	return NULL;
}

static void step(void)
{
	static void (*const acts[])(struct person *) = {
	        step_touch_much,
	        step_map,
	        step_unmap,
	        step_protect,
	        step_unmap_grant,
	        step_give,
	        step_give,
	        step_give,
	        step_give,
	        step_take_back,
	        step_take_mappings_back,
	        step_take_page_back,
	        step_map_grant,
	        step_map_grant,
	        step_map_grant,
	        step_map_grant,
	        step_copy,
	        step_copy,
	        step_copy,
	};
	uint32_t act = random_below(1000);
	struct person *p = somebody();

	model_vm_begins(PLENTY, 0);
	if (act < 10 || !p)
		step_start();
	else if (act < 16)
		step_exec(p);
	else if (act < 28)
		step_kill(p);
	else if (act < 48)
		step_fork(p);
	else
		acts[random_below(sizeof(acts) / sizeof(acts[0]))](p);
}

static void end_all_lives(void)
{
	for (struct person *p = people; p < people + PEOPLE; p++)
		if (p->endpoint != NONE)
			step_kill(p);
}

static struct account before;

/* What is touched for the first time is no leak. */
static void setup(void)
{
	REQUIRE(!setjmp(test_ends));
	model_start();
	choose_before = WINDOW_PAGES; /* the rest is the program's own */
	for (int i = 0; i < 300; i++)
		step();
	end_all_lives();
	before = account_now();
}

static void everybody_sees_what_the_model_says(void)
{
	REQUIRE(!setjmp(test_ends));
	lendings = copies = 0;
	for (step_now = 0; step_now < STEPS; step_now++) {
		step();
		look_around();
		if (step_now % 1000 == 999)
			compare_all();
	}
	end_all_lives();
	printf("# %u mappings, %u copies\n", lendings, copies);
	CHECK(lendings > STEPS / 100 && copies > STEPS / 100);
}

static void every_page_is_where_it_was(void)
{
	check_account(&before);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(everybody_sees_what_the_model_says),
	        TEST(every_page_is_where_it_was),
	};
	if (argc > 2 && strcmp(argv[1], "partner") == 0)
		return partner_main(argv[2]);
	printf("# SEED=%s\n", argv[argc - 1]);
	random_state = strtoull(argv[argc - 1], NULL, 0) * 2 + 1;
	return TAP_RUN(tests);
}
