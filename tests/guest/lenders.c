/* SPDX-License-Identifier: MIT */
/*
 * Programs that lend memory to each other and then wait, for tests/script/grants_test.py to look at. By the
 * name it is called by it is one of
 *
 *     giver     starts passer and taker, and lends to both; SIGUSR1: takes the first grant back
 *     passer    maps that, passes a part on, lends a page of what it maps; SIGUSR2: adds what can't be used
 *     taker     maps both
 *     hoarder   has a table of grants as large as can be, all made of each other
 */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <granite/abi/layout.h>

#include "../../docs/examples/pass.h"

#define RM  (CPF_READ | CPF_MAP)
#define RWM (RM | CPF_WRITE)

/* Where each has the memory that is told of. */
#define GIVER_ADDRESS  0x20000000u
#define PASSER_ADDRESS 0x30000000u
#define TAKER_ADDRESS  0x40000000u
#define PAGES          8

static endpoint_t giver;
static cp_grant_id_t first; /* the giver's first grant */

static void take_place(vir_bytes address)
{
	void *place = (void *)(uintptr_t)address;

	must(mmap(place, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	          -1, 0) == place,
	     "mmap");
}

static cp_grant_id_t valid(cp_grant_id_t grant)
{
	must(GRANT_VALID(grant), "granting");
	return grant;
}

static void say(const char *text)
{
	must(write(STDOUT_FILENO, text, strlen(text)) == (ssize_t)strlen(text), "writing");
}

_Noreturn static void stay(void)
{
	for (;;)
		(void)pause();
}

/* ---- giver ---- */

static endpoint_t start_program(const char *path)
{
	char parent[16];
	pid_t pid;

	snprintf(parent, sizeof(parent), "%d", (int)sys_self());
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		execl(path, path, parent, (char *)NULL);
		exit(1);
	}
	return pm_endpoint(pid);
}

static void take_back(int number)
{
	(void)number;
	must(cpf_revoke(first) == OK, "revoking");
	say("taken back\n");
}

static void give(void)
{
	endpoint_t passer = start_program("/bin/passer"), taker = start_program("/bin/taker");

	signal(SIGUSR1, take_back);
	take_place(GIVER_ADDRESS);
	(void)passed(passer, NULL);
	(void)passed(taker, NULL);
	first = valid(cpf_grant_direct(passer, GIVER_ADDRESS, 4 * PAGE_SIZE, RWM));
	valid(cpf_grant_direct(ANY, GIVER_ADDRESS + 5 * PAGE_SIZE + 16, 100, CPF_READ));
	valid(cpf_grant_direct(taker, GIVER_ADDRESS + 6 * PAGE_SIZE, PAGE_SIZE,
	                       CPF_READ | CPF_WRITE | CPF_UNMAP | CPF_TRY));
	pass(passer, taker);
	pass(passer, first);
	(void)passed(passer, NULL);
	(void)passed(taker, NULL);
	say("all is lent\n");
}

/* ---- passer ---- */

static endpoint_t taker;

/* Grants of nothing: of none, of more than there is, of each other. */
static void make_a_mess(int number)
{
	cp_grant_id_t ring[2];

	(void)number;
	valid(cpf_grant_indirect(taker, giver, first + GRANT_ID(100, 0)));
	valid(cpf_grant_indirect_sub(taker, giver, first, 4 * PAGE_SIZE, PAGE_SIZE, RWM));
	valid(cpf_grant_indirect_sub(taker, giver, first, 3 * PAGE_SIZE, 100 * PAGE_SIZE, RWM));
	must(cpf_getgrants(ring, 2) == 2, "ids");
	must(cpf_setgrant_indirect(ring[0], sys_self(), sys_self(), ring[1]) == OK, "one half of a ring");
	must(cpf_setgrant_indirect(ring[1], sys_self(), sys_self(), ring[0]) == OK, "the other half");
	say("a mess is made\n");
}

static void pass_on(void)
{
	cp_grant_id_t part, page;

	signal(SIGUSR2, make_a_mess);
	take_place(PASSER_ADDRESS);
	pass(giver, 0);
	taker = (endpoint_t)passed(giver, NULL);
	first = passed(giver, NULL);
	must(sys_safemap(giver, first, 0, PASSER_ADDRESS, 4 * PAGE_SIZE, 1) == OK, "mapping");
	part = valid(cpf_grant_indirect_sub(taker, giver, first, PAGE_SIZE, 2 * PAGE_SIZE, RM));
	page = valid(cpf_grant_direct(taker, PASSER_ADDRESS + 3 * PAGE_SIZE, PAGE_SIZE, RM));
	pass(taker, part);
	pass(taker, page);
	pass(giver, 0);
}

/* ---- taker ---- */

static void take(void)
{
	endpoint_t passer;
	cp_grant_id_t part, page;

	take_place(TAKER_ADDRESS);
	pass(giver, 0);
	part = passed(ANY, &passer);
	page = passed(passer, NULL);
	must(sys_safemap(passer, part, PAGE_SIZE, TAKER_ADDRESS, PAGE_SIZE, 0) == OK, "mapping a part");
	must(sys_safemap(passer, page, 0, TAKER_ADDRESS + PAGE_SIZE, PAGE_SIZE, 0) == OK,
	     "mapping what another maps");
	pass(giver, 0);
}

/* ---- hoarder ---- */

/* Each is made of the one before, in chains of a hundred; and who gets it is the hoarder itself. */
static void hoard(void)
{
	static struct cp_grant table[GRANT_SLOTS];
	uint64_t sequence;

	must(sys_setgrant(table, GRANT_SLOTS, &sequence) == OK, "sys_setgrant");
	for (uint32_t i = 0; i < GRANT_SLOTS; i++) {
		table[i].id = GRANT_ID(sequence + 1, i);
		table[i].from_id = GRANT_ID(sequence + 1, i - 1);
		table[i].who_from = table[i].who_to = sys_self();
		table[i].bytes = GRANT_ALL;
		table[i].flags = CPF_READ | (i % 100 ? CPF_INDIRECT : CPF_DIRECT);
	}
	say("all is hoarded\n");
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];

	giver = argc > 1 ? (endpoint_t)atoi(argv[1]) : NONE;
	if (strcmp(name, "hoarder") == 0)
		hoard();
	else if (strcmp(name, "passer") == 0)
		pass_on();
	else if (strcmp(name, "taker") == 0)
		take();
	else
		give();
	stay();
}
