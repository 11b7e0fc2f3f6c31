/* SPDX-License-Identifier: MIT */
/* guest: mem=32 timeout=120 time=counted */
/*
 * Attacks on grants with memory that is not what it was: lent ranges that their owner unmaps, mappings over
 * what a process needs itself, and memory used up at somebody else's cost.
 */
#define _GNU_SOURCE
#include <granite/abi/bridge.h>

#include "attacks.h"

#define PAGES  64
#define BYTES  (PAGES * PAGE_SIZE)
#define ACCESS (CPF_READ | CPF_WRITE | CPF_MAP)

extern struct bridge_control granite_bridge_control;

static void setup(void)
{
	attacks_begin(PAGES);
}

static cp_grant_id_t lend(struct partner to, uint32_t page, uint32_t pages, int access)
{
	cp_grant_id_t id =
	        cpf_grant_direct(to.endpoint, AT(mine) + page * PAGE_SIZE, pages * PAGE_SIZE, access);
	CHECK(GRANT_VALID(id));
	return id;
}

static int64_t try_take(cp_grant_id_t id)
{
	return lending_do(first, take, self, id, PAIR(0, PAGE_SIZE), AT(theirs));
}

/* ---- The owner does what it likes with what it has lent ---- */

static void what_the_owner_unmaps_can_not_be_reached(void)
{
	cp_grant_id_t id = lend(first, 1, 2, ACCESS);
	CHECK_INT(munmap(mine + PAGE_SIZE, 2 * PAGE_SIZE), 0);
	check_refused(first, self, id, -EFAULT);
	/* It has lent the address, and something else is there. */
	CHECK_INT(map_own(AT(mine) + PAGE_SIZE, 2 * PAGE_SIZE, RW, 0), OK);
	mine[PAGE_SIZE] = 'n';
	CHECK_INT(try_take(id), OK);
	CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), 'n');
	CHECK_INT(cpf_revoke(id), OK);
	fill_pattern(mine, BYTES);
}

static void what_the_owner_may_not_do_the_grantee_may_not_either(void)
{
	cp_grant_id_t id = lend(first, 1, 1, ACCESS);
	CHECK_INT(mprotect(mine + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	for (unsigned i = 0; i < COUNT(attempts); i++) {
		int64_t result =
		        lending_do(first, attempts[i].task, self, id, PAIR(0, PAGE_SIZE), AT(theirs));
		CHECK_INT(result, attempts[i].rights & CPF_WRITE ? -EFAULT : OK);
		if (result == OK && attempts[i].rights & CPF_MAP)
			CHECK_INT(lending_do(first, unmap, AT(theirs), PAGE_SIZE, 0, 0), OK);
	}
	CHECK_INT(mprotect(mine + PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
	check_refused(first, self, id, -EFAULT);
	CHECK_INT(mprotect(mine + PAGE_SIZE, PAGE_SIZE, RW), 0);
	check_pattern(mine, 0, BYTES);
	CHECK_INT(cpf_revoke(id), OK);
}

/* Each has its own: what one writes the other does not see. */
static void check_parted(char *owners, char old)
{
	CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), (uint8_t)old);
	*(volatile char *)owners = 'o';
	CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), (uint8_t)old);
	lending_do(first, put, AT(theirs), 't', 0, 0);
	CHECK_INT(*(volatile char *)owners, 'o');
	CHECK_INT(lending_do(first, map_own, AT(theirs), BYTES, RW, 0), OK);
}

static void what_the_owner_hides_from_itself_comes_back_when_it_is_revoked(void)
{
	for (int prot = PROT_NONE; prot <= PROT_READ; prot++) {
		cp_grant_id_t id = lend(first, 0, 2, ACCESS);
		CHECK_INT(lending_do(first, map_writable, self, id, PAIR(0, 2 * PAGE_SIZE), AT(theirs)), OK);
		CHECK_INT(mprotect(mine, PAGE_SIZE, prot), 0);
		lending_do(first, put, AT(theirs), 'w', 0, 0);
		CHECK_INT(cpf_revoke(id), OK);
		lending_do(first, put, AT(theirs) + 1, 'x', 0, 0);
		CHECK_INT(mprotect(mine, PAGE_SIZE, RW), 0);
		CHECK_INT(mine[0], 'w');
		check_pattern(mine, 1, BYTES);
		check_parted(mine, 'w');
		fill_pattern(mine, BYTES);
	}
}

static void move_break(vir_bytes to)
{
	vir_bytes now;
	CHECK_INT(vm_brk(to, &now), OK);
	CHECK_INT(now, to);
}

static void what_the_heap_gives_up_is_lent_no_more(void)
{
	vir_bytes end, first_page;
	CHECK_INT(vm_brk(0, &end), OK);
	first_page = (end + PAGE_SIZE - 1) & -PAGE_SIZE;
	char *start = (char *)(uintptr_t)first_page;
	move_break(first_page + 2 * PAGE_SIZE);
	memset(start, 'h', 2 * PAGE_SIZE);
	cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(start), 2 * PAGE_SIZE, ACCESS);
	CHECK_INT(lending_do(first, map_writable, self, id, PAIR(0, 2 * PAGE_SIZE), AT(theirs)), OK);
	move_break(first_page);
	check_refused(first, self, id, -EFAULT);
	CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), 'h');
	move_break(first_page + 2 * PAGE_SIZE);
	CHECK_INT(start[0], 0);
	check_parted(start, 'h');
	CHECK_INT(cpf_revoke(id), OK);
	move_break(end);
}

static void what_mremap_cuts_off_is_lent_no_more(void)
{
	char *block = lending_pages(4);
	memset(block, 'm', 4 * PAGE_SIZE);
	cp_grant_id_t id = cpf_grant_direct(first.endpoint, AT(block), 4 * PAGE_SIZE, ACCESS);
	CHECK_INT(lending_do(first, map_writable, self, id, PAIR(2 * PAGE_SIZE, 2 * PAGE_SIZE), AT(theirs)),
	          OK);
	CHECK(mremap(block, 4 * PAGE_SIZE, 3 * PAGE_SIZE, 0) == block);
	CHECK_INT(lending_do(first, take, self, id, PAIR(3 * PAGE_SIZE, 1), AT(mine)), -EFAULT);
	check_parted(block + 2 * PAGE_SIZE, 'm');
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(munmap(block, 3 * PAGE_SIZE), 0);
}

/* ---- Mapping over what one needs oneself: nobody else is harmed ---- */

/* What it does is its last. It has what the test lends it by a grant of all of `mine`. */
static int end_of(lending_task *task, int access)
{
	struct partner partner = lending_start();
	cp_grant_id_t id = lend(partner, 0, PAGES, access);
	lending_order(partner, task, self, id, 0, 0);
	CHECK_INT(lending_result(partner), -EDEADSRCDST);
	int status = tap_wait(partner.pid);
	CHECK_INT(cpf_revoke(id), OK);
	return status;
}

/* Of the region that the address is in, as much as there is to map over it. */
static int64_t map_over(int64_t granter, int64_t id, vir_bytes address, int writable)
{
	struct vm_region_rep region;
	int result = vm_region(SELF, address, &region);
	uint32_t bytes = region.end - region.start;
	vir_bytes start = region.start;
	if (result == OK && bytes > BYTES) {
		bytes = BYTES;
		start = region.end - address < BYTES / 2 ? region.end - BYTES
		                                         : (address & -PAGE_SIZE) - BYTES / 2;
	}
	return result == OK ? sys_safemap((endpoint_t)granter, id, 0, start, bytes, writable) : result;
}

static int64_t map_over_code(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return map_over(granter, id, AT(map_over_code), 0);
}

static int64_t map_over_stack(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return map_over(granter, id, AT(__builtin_frame_address(0)), 0);
}

static int64_t map_over_stack_writable(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return map_over(granter, id, AT(__builtin_frame_address(0)), 1);
}

#define HALT 0xf4 /* an instruction for the kernel alone */

static void over_its_own_code(void)
{
	memset(mine, HALT, BYTES);
	CHECK_KILLED(end_of(map_over_code, CPF_READ | CPF_MAP), SIGSEGV);
	CHECK(all_are(mine, BYTES, (char)HALT));
	fill_pattern(mine, BYTES);
}

/* The kernel, too, writes there only what the process may write. */
static void over_its_own_stack(void)
{
	CHECK_KILLED(end_of(map_over_stack, CPF_READ | CPF_MAP), SIGSEGV);
	check_pattern(mine, 0, BYTES);
	CHECK(WIFSIGNALED(end_of(map_over_stack_writable, ACCESS)));
	fill_pattern(mine, BYTES);
}

/* A message comes where the receiver may not write. */
static int64_t receive_over(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	int64_t result = map(granter, id, PAIR(0, PAGE_SIZE), AT(theirs));
	(void)unused, (void)unused2;
	return result == OK ? ipc_receive((endpoint_t)granter, (void *)theirs, NULL) : result;
}

static void a_message_into_memory_lent_read_only_is_not_delivered(void)
{
	struct partner partner = lending_start();
	cp_grant_id_t id = lend(partner, 0, 1, CPF_READ | CPF_MAP);
	struct message m = {0};
	lending_order(partner, receive_over, self, id, 0, 0);
	CHECK_INT(ipc_send(partner.endpoint, &m), OK);
	CHECK_INT(lending_result(partner), -EDEADSRCDST);
	CHECK_KILLED(tap_wait(partner.pid), SIGSEGV);
	check_pattern(mine, 0, BYTES);
	CHECK_INT(cpf_revoke(id), OK);
}

/* With signals held by nobody the kernel would note a signal there, and where the process was. */
static int64_t wait_without_bridge(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	struct message m = {0};
	vir_bytes place = AT(&granite_bridge_control) & -PAGE_SIZE;
	(void)unused, (void)unused2;
	m.m_type = (int32_t)map(granter, id, PAIR(0, PAGE_SIZE), place);
	if (ipc_send((endpoint_t)granter, &m) == OK)
		for (;;)
			sys_yield();
	return 0;
}

static void over_its_own_bridges_record(void)
{
	for (int busy = 0; busy < 2; busy++) {
		struct partner partner = lending_start();
		cp_grant_id_t id = lend(partner, 0, 1, CPF_READ | CPF_MAP);
		struct message m = {0};
		memset(mine, busy, PAGE_SIZE);
		lending_order(partner, wait_without_bridge, self, id, 0, 0);
		CHECK_INT(ipc_receive(partner.endpoint, &m, NULL), OK);
		CHECK_INT(m.m_type, OK);
		CHECK_INT(kill(partner.pid, SIGTERM), 0);
		for (int i = 0; i < 10; i++)
			sys_yield();
		CHECK(all_are(mine, PAGE_SIZE, (char)busy));
		(void)kill(partner.pid, SIGKILL); /* unless that has been its end already */
		CHECK(WIFSIGNALED(tap_wait(partner.pid)));
		CHECK_INT(cpf_revoke(id), OK);
	}
	fill_pattern(mine, BYTES);
}

static int64_t lend_raw(int64_t who_to, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	raw_begin();
	return raw_grant(3, raw_direct((endpoint_t)who_to, AT(theirs), PAGE_SIZE, ACCESS));
}

static int64_t map_over_table(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	return map(granter, id, PAIR(0, PAGE_SIZE), AT(raw_table));
}

static void over_its_own_table_of_grants(void)
{
	struct partner partner = lending_start();
	cp_grant_id_t id = lend(partner, 0, 1, CPF_READ | CPF_MAP);
	cp_grant_id_t given = lending_do(partner, lend_raw, second.endpoint, 0, 0, 0);
	CHECK_INT(lending_do(second, take, partner.endpoint, given, PAIR(0, 1), AT(theirs)), OK);
	CHECK_INT(lending_do(partner, map_over_table, self, id, 0, 0), OK);
	check_refused(second, partner.endpoint, given, -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
	check_refused(second, partner.endpoint, given, -EPERM);
	check_pattern(mine, 0, BYTES);
	lending_end(partner);
}

static int viewers_of(uint32_t page)
{
	struct vm_lending seen[8];
	uint32_t from = 0;
	return vm_viewers(SELF, AT(mine) + page * PAGE_SIZE, &from, seen, 8, NULL);
}

static void over_another_mapping(void)
{
	cp_grant_id_t a = lend(first, 0, 3, CPF_READ | CPF_MAP), b = lend(first, 3, 1, ACCESS);
	CHECK_INT(lending_do(first, map, self, a, PAIR(0, 3 * PAGE_SIZE), AT(theirs)), OK);
	CHECK_INT(lending_do(first, map_writable, self, b, PAIR(0, PAGE_SIZE), AT(theirs) + PAGE_SIZE), OK);
	CHECK_INT(viewers_of(0), 1);
	CHECK_INT(viewers_of(3), 1);
	lending_do(first, put, AT(theirs) + PAGE_SIZE, 'b', 0, 0);
	CHECK_INT(mine[3 * PAGE_SIZE], 'b');
	CHECK_INT((uint8_t)mine[PAGE_SIZE], pattern(PAGE_SIZE));
	CHECK_INT(cpf_revoke(a), OK);
	CHECK_INT(viewers_of(0), 0);
	CHECK_INT(viewers_of(3), 1);
	CHECK_INT(lending_do(first, map, self, b, PAIR(0, PAGE_SIZE), AT(theirs) + PAGE_SIZE),
	          OK); /* itself */
	CHECK_INT(viewers_of(3), 1);
	CHECK_INT(cpf_revoke(b), OK);
	CHECK_INT(lending_do(first, map_own, AT(theirs), BYTES, RW, 0), OK);
	fill_pattern(mine, BYTES);
}

static void over_memory_that_is_lent_on(void)
{
	for (int held = 0; held < 2; held++) { /* its own memory, or what it holds of the test's */
		cp_grant_id_t a = lend(first, 0, 2, CPF_READ | CPF_MAP),
		              b = lend(first, 2, 2, CPF_READ | CPF_MAP);
		int64_t all = PAIR(0, 2 * PAGE_SIZE);
		if (held)
			CHECK_INT(lending_do(first, map, self, a, all, AT(theirs)), OK);
		else
			lending_do(first, put, AT(theirs), pattern(0), 0, 0);
		cp_grant_id_t on = lending_do(first, grant_memory, second.endpoint, AT(theirs), 2 * PAGE_SIZE,
		                              CPF_READ | CPF_MAP);
		CHECK_INT(lending_do(second, map, first.endpoint, on, all, AT(theirs)), OK);
		CHECK_INT(lending_do(first, map, self, b, all, AT(theirs)), OK);
		CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), pattern(2 * PAGE_SIZE));
		CHECK_INT(lending_do(second, get, AT(theirs), 0, 0, 0), pattern(0));
		mine[0] = mine[2 * PAGE_SIZE] = 'n';
		CHECK_INT(lending_do(first, get, AT(theirs), 0, 0, 0), 'n');
		CHECK_INT(lending_do(second, get, AT(theirs), 0, 0, 0), pattern(0));
		CHECK_INT(cpf_revoke(a), OK);
		CHECK_INT(cpf_revoke(b), OK);
		CHECK_INT(lending_do(first, revoke, on, 0, 0, 0), OK);
		CHECK_INT(lending_do(first, map_own, AT(theirs), BYTES, RW, 0), OK);
		CHECK_INT(lending_do(second, map_own, AT(theirs), BYTES, RW, 0), OK);
		fill_pattern(mine, BYTES);
	}
}

/* ---- Using up memory at another's cost ---- */

#define FAR_AWAY 0x40000000u /* where nothing is */

/* Maps the first page again and again; how often until it is refused. */
static int64_t map_many(int64_t granter, int64_t id, int64_t unused, int64_t unused2)
{
	int64_t count = 0;
	int64_t result = OK;
	(void)unused, (void)unused2;
	for (; result == OK && count < 100000; count += result == OK)
		result = map(granter, id, PAIR(0, PAGE_SIZE), FAR_AWAY + (vir_bytes)count * 2 * PAGE_SIZE);
	return result == -ENOMEM ? count : result;
}

static int64_t unmap_far_away(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	return vm_munmap(FAR_AWAY, 0x40000000);
}

static void as_many_mappings_as_go_are_the_grantees_cost(void)
{
	cp_grant_id_t id = lend(first, 0, 1, CPF_READ | CPF_MAP),
	              other = lend(second, 0, 1, CPF_READ | CPF_MAP);
	struct vm_procinfo_rep before, after;
	CHECK_INT(vm_procinfo(SELF, &before), OK);
	CHECK(lending_do(first, map_many, self, id, 0, 0) > 100);
	CHECK_INT(vm_procinfo(SELF, &after), OK);
	CHECK_INT(after.resident, before.resident);
	CHECK_INT(after.tables, before.tables);
	CHECK_INT(lending_do(second, map, self, other, PAIR(0, PAGE_SIZE), AT(theirs)), OK);
	CHECK_INT(cpf_revoke(id), OK);
	mine[0] = 'n';
	CHECK_INT(lending_do(second, get, AT(theirs), 0, 0, 0), 'n');
	CHECK_INT(lending_do(first, get, FAR_AWAY, 0, 0, 0), pattern(0));
	CHECK_INT(cpf_revoke(other), OK);
	CHECK_INT(lending_do(first, unmap_far_away, 0, 0, 0, 0), OK);
	CHECK_INT(lending_do(second, map_own, AT(theirs), BYTES, RW, 0), OK);
	fill_pattern(mine, BYTES);
}

static int64_t write_all(int64_t address, int64_t bytes, int64_t byte, int64_t unused)
{
	(void)unused;
	for (vir_bytes at = (vir_bytes)address; at < (vir_bytes)(address + bytes); at += PAGE_SIZE)
		put(at, byte, 0, 0);
	return 0;
}

/* Takes all the memory there is; returns how many pages. */
static int64_t eat(int64_t rehearsal, int64_t unused, int64_t unused2, int64_t unused3)
{
	int64_t pages = 0;
	vir_bytes got;
	(void)unused, (void)unused2, (void)unused3;
	for (uint32_t bytes = 1u << 22; !rehearsal && bytes >= PAGE_SIZE;)
		if (vm_mmap(0, bytes, RW, VM_MAP_POPULATE, &got) == OK)
			pages += bytes / PAGE_SIZE;
		else
			bytes /= 2;
	return pages;
}

/* What it has of the victim's at several places is made its own to write to, and shared with a child. */
#define PLACES 5

static int64_t have_child_and_write(int64_t unused, int64_t unused2, int64_t unused3, int64_t unused4)
{
	pid_t pid;
	(void)unused, (void)unused2, (void)unused3, (void)unused4;
	for (int i = 0; i < PLACES; i++)
		(void)!vm_mprotect(FAR_AWAY + (vir_bytes)i * BYTES, BYTES, RW);
	pid = fork();
	if (pid == 0) {
		for (;;)
			pause();
	}
	write_all(FAR_AWAY, PLACES * BYTES, 'g', 0);
	return pid;
}

static int64_t end_child(int64_t pid, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return kill((pid_t)pid, SIGKILL) == 0 ? waitpid((pid_t)pid, NULL, 0) : -errno;
}

/* The victim has taken its memory back, and all there is is used up: it can still write to all of it. */
static void check_victim(struct partner victim)
{
	struct partner hog = lending_start();
	int64_t child = lending_do(first, have_child_and_write, 0, 0, 0, 0);
	CHECK(child > 0);
	CHECK_INT(lending_do(hog, eat, 1, 0, 0, 0), 0);
	CHECK(lending_do(hog, eat, 0, 0, 0, 0) > 500);
	CHECK_INT(lending_do(victim, write_all, AT(mine), BYTES, 'v', 0), 0);
	lending_end(hog);
	CHECK_INT(lending_do(first, get, FAR_AWAY, 0, 0, 0), 'g');
	CHECK_INT(lending_do(first, end_child, child, 0, 0, 0), child);
	CHECK_INT(lending_do(first, unmap_far_away, 0, 0, 0, 0), OK);
	lending_end(victim);
}

static struct partner victim_with_memory(void)
{
	struct partner victim = lending_start();
	CHECK_INT(lending_do(victim, write_all, AT(mine), BYTES, 'm', 0), 0);
	CHECK_INT(lending_do(victim, grant_memory, self, AT(mine), BYTES, CPF_READ) > 0, 1);
	return victim;
}

static void snapshots_never_leave_the_owner_without_memory(void)
{
	struct partner victim = victim_with_memory();
	cp_grant_id_t id =
	        lending_do(victim, grant_memory, first.endpoint, AT(mine), BYTES, CPF_READ | CPF_MAP);
	struct vm_procinfo_rep before, after;
	CHECK_INT(vm_procinfo(victim.endpoint, &before), OK);
	for (int i = 0; i < PLACES; i++)
		CHECK_INT(lending_do(first, map, victim.endpoint, id, PAIR(0, BYTES), FAR_AWAY + i * BYTES),
		          OK);
	CHECK_INT(lending_do(victim, revoke, id, 0, 0, 0), OK);
	CHECK_INT(vm_procinfo(victim.endpoint, &after), OK);
	CHECK_INT(after.resident, before.resident);
	CHECK_INT(after.tables, before.tables);
	check_victim(victim);
}

static void copies_that_share_never_leave_the_owner_without_memory(void)
{
	struct partner victim = victim_with_memory();
	cp_grant_id_t id = lending_do(victim, grant_memory, first.endpoint, AT(mine), BYTES, CPF_READ);
	for (int i = 0; i < PLACES; i++) {
		vir_bytes place = FAR_AWAY + (vir_bytes)i * BYTES;
		CHECK_INT(lending_do(first, map_own, place, BYTES, RW, 0), OK);
		CHECK_INT(lending_do(first, take, victim.endpoint, id, PAIR(0, BYTES), place), OK);
	}
	check_victim(victim);
}

static void the_memory_is_as_it_was(void)
{
	check_pattern(mine, 0, BYTES);
	attacks_end();
	nothing_is_left();
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(what_the_owner_unmaps_can_not_be_reached),
	        TEST(what_the_owner_may_not_do_the_grantee_may_not_either),
	        TEST(what_the_owner_hides_from_itself_comes_back_when_it_is_revoked),
	        TEST(what_the_heap_gives_up_is_lent_no_more),
	        TEST(what_mremap_cuts_off_is_lent_no_more),
	        TEST(over_its_own_code),
	        TEST(over_its_own_stack),
	        TEST(a_message_into_memory_lent_read_only_is_not_delivered),
	        TEST(over_its_own_bridges_record),
	        TEST(over_its_own_table_of_grants),
	        TEST(over_another_mapping),
	        TEST(over_memory_that_is_lent_on),
	        TEST(as_many_mappings_as_go_are_the_grantees_cost),
	        TEST(snapshots_never_leave_the_owner_without_memory),
	        TEST(copies_that_share_never_leave_the_owner_without_memory),
	        TEST(the_memory_is_as_it_was),
	};
	return TAP_RUN(tests);
}
