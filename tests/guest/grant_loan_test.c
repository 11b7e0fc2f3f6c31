/* SPDX-License-Identifier: MIT */
/* guest: flags=inspect */
/*
 * What a system call needs of a program's memory is lent by a grant of the bridge's own, for as long as the
 * call lasts: it depends on nothing that the program does with its table of grants.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <granite/console.h>
#include <granite/ramfs.h>
#include <granite/rs.h>

#include "attacks.h"

extern struct bridge_control granite_bridge_control;

static struct cp_grant *loan(void)
{
	return &granite_bridge_control.loan;
}

static void setup(void)
{
	attacks_begin(1);
}

/* ---- The program's table ---- */

static void calls_work(void)
{
	static const char text[] = "# said\n";
	char elf[4] = "";
	CHECK_INT(write(1, text, sizeof(text) - 1), sizeof(text) - 1);
	int fd = open("/bin/true", O_RDONLY);
	CHECK_INT(read(fd, elf, sizeof(elf)), sizeof(elf));
	CHECK(memcmp(elf, "\177ELF", sizeof(elf)) == 0);
	CHECK_INT(close(fd), 0);
}

static void have_tables_of_all_kinds(void)
{
	uint64_t sequence;
	calls_work();
	raw_begin();
	calls_work();
	CHECK_INT(sys_setgrant(NULL, 0, &sequence), OK);
	calls_work();
	CHECK_INT(sys_setgrant((void *)PROC_MIN_ADDRESS, 100, &sequence), OK); /* nothing is mapped there */
	calls_work();
	CHECK_INT(sys_setgrant(loan(), 1, &sequence), OK);
	calls_work();
}

static void calls_go_on_whatever_the_table_of_grants_is(void)
{
	CHECK_EXITED(tap_child(have_tables_of_all_kinds), 0);
}

static void use_up_the_table(void)
{
	static cp_grant_id_t ids[GRANTS_MAX];
	CHECK_INT(cpf_getgrants(ids, GRANTS_MAX), GRANTS_MAX);
	CHECK_INT(cpf_grant_direct(self, AT(mine), 1, CPF_READ), GRANT_INVALID);
	calls_work();
}

static void calls_need_no_room_in_it(void)
{
	CHECK_EXITED(tap_child(use_up_the_table), 0);
}

/* ---- How long it lasts, and for whom ---- */

static void a_loan_ends_with_its_call(void)
{
	endpoint_t ramfs = rs_lookup("ramfs"), console = rs_lookup("console");
	cp_grant_id_t before;
	char byte;
	CHECK_INT(write(1, "# lent\n", 7), 7);
	CHECK(loan()->flags == 0 && loan()->who_to == console && loan()->bytes == 7);
	before = loan()->id;
	CHECK_INT(open("/bin/nothing", O_RDONLY), -1);
	CHECK(loan()->flags == 0 && loan()->who_to == ramfs && loan()->id > before);
	int fd = open("/bin/true", O_RDONLY);
	CHECK_INT(read(fd, &byte, 1), 1);
	CHECK(loan()->flags == 0 && loan()->start == AT(&byte));
	CHECK_INT(read(fd, (void *)8, 8), -1);
	CHECK(loan()->flags == 0 && loan()->start == 8);
	close(fd);
}

static int ends[2];

static void read_from_a_pipe(void)
{
	char byte;
	CHECK_INT(read(ends[0], &byte, 1), 1);
}

static int grants_of(endpoint_t endpoint, struct cp_grant *found)
{
	uint32_t slot = 0;
	int count = sys_grants(endpoint, &slot, found, 1);
	CHECK_INT(slot, 0);
	return count;
}

static void who_waits_for_a_call_can_be_seen_to_lend(void)
{
	struct cp_grant seen;
	CHECK_INT(pipe(ends), 0);
	pid_t pid = tap_start(read_from_a_pipe);
	endpoint_t child = pm_endpoint(pid);
	while (grants_of(child, &seen) == 0)
		usleep(1000);
	CHECK_INT(GRANT_SLOT(seen.id), GRANT_LOAN_SLOT);
	CHECK(seen.flags == (CPF_DIRECT | CPF_WRITE) && seen.who_to == rs_lookup("ramfs") && seen.bytes == 1);
	CHECK_INT(write(ends[1], "x", 1), 1);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK_INT(grants_of(SELF, &seen), 0);
}

/* ---- Its record, written past the bridge ---- */

static uint64_t numbers(void)
{
	union sys_loans_message call;
	CHECK_INT(sys_loans_call(&call), OK);
	return call.rep.sequence;
}

static cp_grant_id_t lend(uint64_t sequence, endpoint_t to)
{
	*loan() = raw_direct(to, AT(mine), PAGE_SIZE, CPF_READ);
	loan()->id = GRANT_ID(sequence, GRANT_LOAN_SLOT);
	KEEP(loan());
	return loan()->id;
}

static int64_t try_to_take(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return take(granter, id, PAIR(0, PAGE_SIZE), AT(theirs));
}

static int64_t taken_by(struct partner partner, endpoint_t granter, cp_grant_id_t id)
{
	return lending_do(partner, try_to_take, granter, id, 0, 0);
}

static void it_is_judged_as_any_other(void)
{
	uint64_t sequence = numbers();
	cp_grant_id_t id = lend(sequence, first.endpoint);
	CHECK_INT(taken_by(first, self, id), OK);
	CHECK_INT(lending_do(first, take, self, id, PAIR(1, PAGE_SIZE), AT(theirs)), -EPERM);
	CHECK_INT(lending_do(first, give, self, id, PAIR(0, 1), AT(theirs)), -EPERM);
	CHECK_INT(lending_do(first, map, self, id, PAIR(0, PAGE_SIZE), AT(theirs)), -EPERM);
	CHECK_INT(taken_by(second, self, id), -EPERM);
	CHECK_INT(taken_by(first, second.endpoint, id), -EPERM);
	loan()->flags = 0;
	KEEP(loan());
	CHECK_INT(taken_by(first, self, id), -EPERM);
	id = lend(sequence + 1, first.endpoint);
	CHECK_INT(taken_by(first, self, id - GRANT_ID(1, 0)), -EPERM);
	CHECK_INT(taken_by(first, self, id), OK);
	id = lend(0, first.endpoint); /* a number that was never handed out */
	CHECK_INT(taken_by(first, self, id), -EPERM);
}

static void keep_the_copy_of_it(void)
{
	struct message m;
	CHECK_INT(ipc_receive(self, &m, NULL), OK);
	CHECK_INT(loan()->flags, CPF_DIRECT | CPF_READ);
	cp_grant_id_t id = loan()->id;
	calls_work(); /* with numbers of its own */
	CHECK(loan()->id > id);
}

/* Its memory is a copy, in which there is a record. */
static void a_child_inherits_no_loan(void)
{
	cp_grant_id_t id = lend(numbers(), first.endpoint);
	struct message m = {.m_type = 1};
	pid_t pid = tap_start(keep_the_copy_of_it);
	endpoint_t child = pm_endpoint(pid);
	CHECK_INT(taken_by(first, child, id), -EPERM);
	CHECK_INT(taken_by(first, self, id), OK);
	CHECK_INT(ipc_send(child, &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void become_another_program(void)
{
	char id[24], *argv[] = {"grant_loan_test", id, NULL};
	snprintf(id, sizeof(id), "%lld", (long long)lend(numbers(), first.endpoint));
	execve("/bin/grant_loan_test", argv, environ);
}

/* The other program: has the record of that number again, and then of its own. */
static int be_another_program(cp_grant_id_t id)
{
	struct message m = {.m_type = 1};
	endpoint_t asks;
	int status;
	CHECK_INT(ipc_receive(ANY, &m, &status), OK);
	asks = (endpoint_t)m.m_words[0];
	static char page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	mine = page;
	lend((uint64_t)GRANT_SEQUENCE(id), (endpoint_t)m.m_words[1]);
	CHECK_INT(loan()->id, id);
	memcpy(m.m_bytes + 8, &id, sizeof(id));
	CHECK_INT(ipc_sendrec(asks, &m), OK);
	id = lend(numbers(), (endpoint_t)m.m_words[1]);
	memcpy(m.m_bytes + 8, &id, sizeof(id));
	CHECK_INT(ipc_sendrec(asks, &m), OK);
	return tap_failures;
}

static void no_number_from_before_exec_is_good(void)
{
	struct message m = {.m_type = 1, .m_words = {(uint32_t)self, (uint32_t)first.endpoint}};
	pid_t pid = tap_start(become_another_program);
	endpoint_t endpoint = pm_endpoint(pid);
	cp_grant_id_t id;
	CHECK_INT(ipc_send(endpoint, &m), OK);
	CHECK_INT(ipc_receive(endpoint, &m, NULL), OK);
	memcpy(&id, m.m_bytes + 8, sizeof(id));
	CHECK_INT(taken_by(first, endpoint, id), -EPERM);
	CHECK_INT(ipc_sendnb(endpoint, &m), OK);
	CHECK_INT(ipc_receive(endpoint, &m, NULL), OK);
	memcpy(&id, m.m_bytes + 8, sizeof(id));
	CHECK_INT(taken_by(first, endpoint, id), OK);
	CHECK_INT(ipc_sendnb(endpoint, &m), OK);
	CHECK_EXITED(tap_wait(pid), 0);
}

static void have_a_table_that_is_not_there(void)
{
	static const uint32_t entries[] = {0, 1, 1000, 65000, 65480, GRANT_SLOTS};
	struct cp_grant seen;
	uint64_t sequence;
	for (unsigned i = 0; i < COUNT(entries); i++) {
		uint32_t slot = 0;
		int found = 0;
		CHECK_INT(sys_setgrant((void *)0x50000000, entries[i], &sequence), OK);
		cp_grant_id_t id = lend(numbers(), first.endpoint);
		do
			found += sys_grants(SELF, &slot, &seen, 1);
		while (slot != 0);
		CHECK_INT(found, 1);
		CHECK(seen.id == id);
	}
}

static void no_table_hides_it(void)
{
	CHECK_EXITED(tap_child(have_a_table_that_is_not_there), 0);
}

static void without_a_bridge_there_is_none(void)
{
	CHECK_INT(taken_by(first, second.endpoint, GRANT_ID(1, GRANT_LOAN_SLOT)), -EPERM);
	CHECK_INT(taken_by(first, VM_PROC_NR, GRANT_ID(1, GRANT_LOAN_SLOT)), -EPERM);
	CHECK_INT(taken_by(first, PM_PROC_NR, GRANT_ID(1ll << GRANT_SEQUENCE_BITS, GRANT_LOAN_SLOT)), -EPERM);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
	        TEST(calls_go_on_whatever_the_table_of_grants_is),
	        TEST(calls_need_no_room_in_it),
	        TEST(a_loan_ends_with_its_call),
	        TEST(who_waits_for_a_call_can_be_seen_to_lend),
	        TEST(it_is_judged_as_any_other),
	        TEST(a_child_inherits_no_loan),
	        TEST(no_number_from_before_exec_is_good),
	        TEST(no_table_hides_it),
	        TEST(without_a_bridge_there_is_none),
	};
	if (argc > 1)
		return be_another_program(strtoll(argv[1], NULL, 10));
	setup();
	int result = TAP_RUN(tests);
	attacks_end();
	return result;
}
