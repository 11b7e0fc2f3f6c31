/* SPDX-License-Identifier: MIT */
/* guest: programs=kept_service.c manifest=kept.manifest flags=keep,inspect time=counted timeout=180
 */
/* Memory that outlives its service: its contents, and what was lent into it and from it. */
#define _GNU_SOURCE
#include <granite/rs.h>

#include "kept_service.h"
#include "lending.h"
#include "pages.h"

#define PAGES 2
#define BYTES (PAGES * PAGE_SIZE)
#define KILLS 200

static struct partner user;
static uint32_t *mine, *users; /* what is lent to the service, and by it to the user */

/* ---- The service ---- */

static endpoint_t service(void)
{
	return rs_lookup("kept_service");
}

static int ask(endpoint_t whom, int32_t task, struct kept_order *order)
{
	struct message m = {.m_type = task};
	memcpy(m.m_bytes, order, sizeof(*order));
	int result = ipc_sendrec(whom, &m);
	memcpy(order, m.m_bytes, sizeof(*order));
	return result == OK ? m.m_type : result;
}

static uint32_t peek(vir_bytes address)
{
	struct kept_order order = {.address = address};
	CHECK_INT(ask(service(), KEPT_PEEK, &order), OK);
	return order.value;
}

static void poke(vir_bytes address, uint32_t value)
{
	struct kept_order order = {.address = address, .value = value};
	CHECK_INT(ask(service(), KEPT_POKE, &order), OK);
}

static pid_t pid_of(endpoint_t whom)
{
	struct kept_order order = {0};
	CHECK_INT(ask(whom, KEPT_PID, &order), OK);
	return (pid_t)order.value;
}

#define FIELD(name) (KEPT_STORE + offsetof(struct kept_store, name))

/* Waits until it is there again, and has what it kept: each life found what the one before left. */
static void wait_for_successor(endpoint_t old)
{
	endpoint_t now;
	while ((now = service()) < 0 || now == old)
		usleep(20000);
	CHECK_INT(peek(FIELD(founds)) + 1, peek(FIELD(lives)));
}

static void kill_it(void)
{
	CHECK_INT(kill(pid_of(service()), SIGKILL), 0);
}

static void end_by(int32_t task)
{
	struct kept_order order = {0};
	endpoint_t old = service();
	CHECK_INT(ask(old, task, &order), -EDEADSRCDST);
	wait_for_successor(old);
}

static void kill_and_wait(void)
{
	endpoint_t old = service();
	kill_it();
	wait_for_successor(old);
}

/* Nobody is there for a while then: so it is if it has been killed a short time ago (kill_and_wait). */
static void kill_it_again(void)
{
	kill_it();
	while (service() > 0)
		usleep(1000);
}

/* ---- Contents ---- */

static void contents_survive_a_kill_a_crash_and_an_exit(void)
{
	uint32_t lives = peek(FIELD(lives));
	for (uint32_t i = 0; i < 100; i++)
		poke(FIELD(word[i]), i * i);
	poke(KEPT_STORE + 3 * PAGE_SIZE, 77);
	kill_and_wait();
	end_by(KEPT_CRASH);
	end_by(KEPT_EXIT);
	for (uint32_t i = 0; i < 100; i++)
		CHECK_INT(peek(FIELD(word[i])), i * i);
	CHECK_INT(peek(KEPT_STORE + 3 * PAGE_SIZE), 77);
	CHECK_INT(peek(FIELD(lives)), lives + 3);
}

static void an_exec_gives_it_up(void)
{
	struct kept_order order = {0};
	struct message m = {.m_type = KEPT_EXEC};
	CHECK_INT(ipc_send(service(), &m), OK);
	usleep(200000);
	CHECK_INT(ask(service(), KEPT_PID, &order), OK);
	CHECK_INT(peek(FIELD(lives)), 1);
	CHECK_INT(peek(FIELD(founds)), 0);
	CHECK_INT(peek(FIELD(word[7])), 0);
}

static void what_is_given_up_is_not_found(void)
{
	struct kept_order order = {.address = KEPT_PLACE, .bytes = BYTES};
	CHECK_INT(ask(service(), KEPT_KEEP, &order), OK);
	poke(KEPT_PLACE, 5);
	kill_and_wait();
	CHECK_INT(peek(KEPT_PLACE), 5);
	CHECK_INT(ask(service(), KEPT_UNMAP, &order), OK);
	kill_and_wait();
	CHECK_INT(ask(service(), KEPT_KEEP, &order), OK);
	CHECK_INT(peek(KEPT_PLACE), 0);
	CHECK_INT(ask(service(), KEPT_UNMAP, &order), OK);
}

/* ---- Lendings ---- */

static int64_t map_users(int64_t grantor, int64_t grant, int64_t address, int64_t bytes)
{
	return sys_safemap((endpoint_t)grantor, grant, 0, (vir_bytes)address, (size_t)bytes, 1);
}

static int64_t read_users(int64_t i, int64_t b, int64_t c, int64_t d)
{
	(void)b, (void)c, (void)d;
	return users[i];
}

static int64_t write_users(int64_t i, int64_t value, int64_t c, int64_t d)
{
	(void)c, (void)d;
	users[i] = (uint32_t)value;
	return OK;
}

static uint32_t users_word(int64_t i)
{
	return (uint32_t)lending_do(user, read_users, i, 0, 0, 0);
}

/* The service maps our memory, and lends it on to the user. Returns our grant. */
static cp_grant_id_t lend_by_service(void)
{
	cp_grant_id_t grant = cpf_grant_direct(service(), AT(mine), BYTES, CPF_READ | CPF_WRITE | CPF_MAP);
	struct kept_order order = {
	        .address = KEPT_PLACE, .bytes = BYTES, .grant = grant, .who = user.endpoint};
	CHECK(GRANT_VALID(grant));
	CHECK_INT(ask(service(), KEPT_MAP, &order), OK);
	CHECK_INT(ask(service(), KEPT_GRANT, &order), OK);
	CHECK_INT(lending_do(user, map_users, service(), order.grant, AT(users), BYTES), OK);
	return grant;
}

static void forget_place(void)
{
	struct kept_order order = {.address = KEPT_PLACE, .bytes = BYTES};
	CHECK_INT(ask(service(), KEPT_UNMAP, &order), OK);
}

static void check_that_all_see_it(uint32_t value)
{
	mine[0] = value;
	CHECK_INT(users_word(0), value);
	CHECK_INT(lending_do(user, write_users, 1, value + 1, 0, 0), OK);
	CHECK_INT(mine[1], value + 1);
}

static void what_was_lent_on_goes_on_over_the_death(void)
{
	kill_and_wait();
	endpoint_t old = service();
	cp_grant_id_t grant = lend_by_service();
	check_that_all_see_it(10);
	kill_it_again();
	check_that_all_see_it(20);
	wait_for_successor(old);
	check_that_all_see_it(30);
	CHECK_INT(peek(KEPT_PLACE), 30);
	poke(KEPT_PLACE, 40);
	CHECK_INT(mine[0], 40);
	CHECK_INT(users_word(0), 40);
	CHECK_INT(cpf_revoke(grant), OK);
	mine[0] = 50;
	CHECK_INT(peek(KEPT_PLACE), 40);
	CHECK_INT(users_word(0), 40);
	forget_place();
}

/* The user is told who has lent it what it has. */
static void the_successor_takes_back_what_was_lent(void)
{
	struct vm_lending lending;
	uint32_t from = 0;
	cp_grant_id_t grant = lend_by_service();
	struct kept_order order = {.address = KEPT_PLACE};
	kill_and_wait();
	CHECK_INT(vm_lendings(user.endpoint, &from, &lending, 1), 1);
	CHECK_INT(lending.owner, service());
	CHECK_INT(lending.link[0].endpoint, service());
	CHECK_INT(lending.link[0].id, GRANT_INHERITED);
	check_that_all_see_it(60);
	CHECK_INT(ask(service(), KEPT_REVOKE, &order), OK);
	mine[0] = 61;
	CHECK_INT(users_word(0), 60);
	CHECK_INT(peek(KEPT_PLACE), 61);
	CHECK_INT(cpf_revoke(grant), OK);
	forget_place();
}

static void the_grantor_revokes_while_the_service_is_dead(void)
{
	kill_and_wait();
	endpoint_t old = service();
	cp_grant_id_t grant = lend_by_service();
	check_that_all_see_it(70);
	kill_it_again();
	CHECK_INT(cpf_revoke(grant), OK);
	mine[0] = 71;
	CHECK_INT(users_word(0), 70);
	CHECK_INT(lending_do(user, write_users, 0, 72, 0, 0), OK);
	CHECK_INT(mine[0], 71);
	wait_for_successor(old);
	CHECK_INT(peek(KEPT_PLACE), 70);
	CHECK_INT(mine[0], 71);
	forget_place();
}

/* ---- The account ---- */

static void nothing_leaks_whenever_it_is_killed(void)
{
	cp_grant_id_t grant;
	kill_and_wait();
	grant = lend_by_service();
	kill_and_wait();
	struct account before = account_now();
	uint32_t lives = peek(FIELD(lives));
	for (int i = 0; i < KILLS; i++) {
		kill_and_wait();
		if (i % 20 == 0)
			check_that_all_see_it((uint32_t)i);
	}
	CHECK_INT(peek(FIELD(lives)), lives + KILLS);
	check_account(&before);
	CHECK_INT(cpf_revoke(grant), OK);
	forget_place();
}

/* It does anything with memory in the kept range, and dies of it or is killed; its state is not in it. */
static void whatever_it_does_its_state_stays(void)
{
	poke(FIELD(word[1]), 4711);
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct kept_order order = {.address = seed * 7919, .value = 300};
		CHECK_INT(ask(service(), KEPT_RAGE, &order), OK);
		kill_and_wait();
		CHECK_INT(peek(FIELD(word[1])), 4711);
	}
	struct kept_order order = {.address = KEPT_WILD, .bytes = KEPT_END - KEPT_WILD};
	CHECK_INT(ask(service(), KEPT_UNMAP, &order), OK);
	(void)pages_now();
}

/* RS does not restart it: all that it kept is free, but what others hold as snapshots. */
static void what_nobody_will_claim_is_given_up(void)
{
	endpoint_t once = rs_lookup("kept_once");
	struct vm_info_rep with = pages_now(), without;
	struct kept_order order = {.address = KEPT_PLACE, .bytes = 100 * PAGE_SIZE, .who = user.endpoint};
	CHECK_INT(ask(once, KEPT_KEEP, &order), OK);
	for (uint32_t i = 0; i < 100; i++) {
		struct kept_order write = {.address = KEPT_PLACE + i * PAGE_SIZE, .value = i};
		CHECK_INT(ask(once, KEPT_POKE, &write), OK);
	}
	order.bytes = BYTES;
	CHECK_INT(ask(once, KEPT_GRANT, &order), OK);
	CHECK_INT(lending_do(user, map_users, once, order.grant, AT(users), BYTES), OK);
	CHECK_INT(kill(pid_of(once), SIGKILL), 0);
	while (rs_lookup("kept_once") > 0)
		usleep(1000);
	without = pages_now();
	CHECK(without.free > with.free); /* the service's own memory is, too */
	CHECK_INT(users_word(PAGE_SIZE / sizeof(uint32_t)), 1);
	uint32_t from = 0;
	struct vm_lending lending;
	CHECK_INT(vm_lendings(user.endpoint, &from, &lending, 1), 0);
	struct vm_procinfo_rep left;
	CHECK_INT(vm_procinfo(once, &left), -EDEADSRCDST);
}

/* ---- Who may ---- */

static void ask_what_is_not_for_all(void)
{
	vir_bytes address;
	int found;
	CHECK_INT(vm_keep("mine", KEPT_BASE, PAGE_SIZE, &found), -EPERM);
	CHECK_INT(vm_keep("store", KEPT_BASE, KEPT_STORE_PAGES * PAGE_SIZE, &found), -EPERM);
	CHECK_INT(vm_succeed(service(), sys_self()), -EPERM);
	CHECK_INT(vm_succeed(service(), NONE), -EPERM);
	CHECK_INT(vm_succeed(NONE, NONE), -EPERM);
	CHECK_INT(vm_mmap(KEPT_BASE, PAGE_SIZE, RW, VM_MAP_FIXED, &address), -EINVAL);
}

static void a_services_children_may_keep_nothing(void)
{
	CHECK_EXITED(tap_child(ask_what_is_not_for_all), 0);
	CHECK_INT(vm_succeed(service(), NONE), -EPERM);
}

static void its_region_is_told_of_by_name(void)
{
	struct vm_region_rep region;
	CHECK_INT(vm_region(service(), KEPT_BASE, &region), OK);
	CHECK_INT(region.type, REGION_KEPT);
	CHECK(strcmp(region.name, "store") == 0);
	CHECK_INT(region.end - region.start, KEPT_STORE_PAGES * PAGE_SIZE);
}

static void setup(void)
{
	mine = lending_pages(PAGES);
	users = lending_pages(PAGES);
	REQUIRE(mine != NULL && users != NULL);
	memset(mine, 0, BYTES);
	user = lending_start();
	CHECK_INT(peek(FIELD(founds)) + 1, peek(FIELD(lives)));
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(contents_survive_a_kill_a_crash_and_an_exit),
	        TEST(an_exec_gives_it_up),
	        TEST(what_is_given_up_is_not_found),
	        TEST(what_was_lent_on_goes_on_over_the_death),
	        TEST(the_successor_takes_back_what_was_lent),
	        TEST(the_grantor_revokes_while_the_service_is_dead),
	        TEST(nothing_leaks_whenever_it_is_killed),
	        TEST(whatever_it_does_its_state_stays),
	        TEST(what_nobody_will_claim_is_given_up),
	        TEST(a_services_children_may_keep_nothing),
	        TEST(its_region_is_told_of_by_name),
	};
	return TAP_RUN(tests);
}
