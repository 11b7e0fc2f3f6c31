/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 phys=f0000-fffff */
/* Mapping by grant: what holder and owner see of each other, and how it ends. */
#define _GNU_SOURCE
#include "lending.h"
#include "pages.h"

#define PAGES 4
#define BYTES (PAGES * PAGE_SIZE)

static char *mine;   /* pages of the test's */
static char *theirs; /* where partners map them */
static struct partner first, second;
static endpoint_t self;

/* ---- What partners do ---- */

static int64_t map(int64_t granter, int64_t grant, int64_t offset, int64_t bytes)
{
	return sys_safemap((endpoint_t)granter, grant, (vir_bytes)offset, AT(theirs), (size_t)bytes, 0);
}

static int64_t map_writable(int64_t granter, int64_t grant, int64_t offset, int64_t bytes)
{
	return sys_safemap((endpoint_t)granter, grant, (vir_bytes)offset, AT(theirs), (size_t)bytes, 1);
}

static int64_t unmap_pages(int64_t offset, int64_t bytes, int64_t unused2, int64_t unused3)
{
	(void)unused2, (void)unused3;
	return munmap(theirs + offset, (size_t)bytes);
}

static int64_t get(int64_t offset, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return *(volatile char *)(theirs + offset);
}

static int64_t get_mine(int64_t offset, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return *(volatile char *)(mine + offset);
}

static int64_t put(int64_t offset, int64_t byte, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	*(volatile char *)(theirs + offset) = (char)byte;
	return 0;
}

static int64_t protect(int64_t prot, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return mprotect(theirs, BYTES, (int)prot) ? -errno : OK;
}

/* How a child fares that reads, or writes, at an offset: what it reads, or -1 if it dies. */
static int64_t get_in_child(int64_t offset, int64_t write, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	pid_t pid = fork();
	if (pid == 0) {
		if (write)
			*(volatile char *)(theirs + offset) = 'c';
		_exit(*(volatile char *)(theirs + offset));
	}
	int status = tap_wait(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- Tests ---- */

static uint32_t free_before;

static void setup(void)
{
	mine = lending_pages(PAGES);
	theirs = lending_pages(PAGES);
	REQUIRE(mine && theirs);
	self = sys_self();
	memset(mine, 'a', BYTES);
	memset(theirs, 'b', BYTES);
	first = lending_start();
	second = lending_start();
	lending_do(first, get, 0, 0, 0, 0);
	lending_do(second, get, 0, 0, 0, 0);
}

static void begin(void)
{
	memset(mine, 'a', BYTES);
}

static cp_grant_id_t lend(struct partner to, int access)
{
	cp_grant_id_t id = cpf_grant_direct(to.endpoint, AT(mine), BYTES, access | CPF_MAP);
	CHECK(GRANT_VALID(id));
	return id;
}

/* After each has done everything once: what they touch for the first time is no leak. */
static void remember(void)
{
	lending_do(first, get_in_child, 0, 0, 0, 0);
	lending_do(second, get_in_child, 0, 0, 0, 0);
	cp_grant_id_t id = lend(second, CPF_READ);
	CHECK_INT(lending_do(second, map, self, id, 0, BYTES), OK);
	CHECK_INT(lending_do(second, unmap_grant, AT(theirs), 0, 0, 0), OK);
	CHECK_INT(cpf_revoke(id), OK);
	free_before = free_pages();
}

static void both_sides_see_what_the_other_writes(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ | CPF_WRITE);
	CHECK_INT(lending_do(first, map_writable, self, id, 0, BYTES), OK);
	CHECK_INT(lending_do(first, get, 0, 0, 0, 0), 'a');
	mine[PAGE_SIZE] = 'x';
	CHECK_INT(lending_do(first, get, PAGE_SIZE, 0, 0, 0), 'x');
	lending_do(first, put, 2 * PAGE_SIZE, 'y', 0, 0);
	CHECK_INT(mine[2 * PAGE_SIZE], 'y');
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(lending_do(first, unmap_pages, 0, BYTES, 0, 0), 0);
}

static void after_revocation_each_has_its_own(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ | CPF_WRITE);
	CHECK_INT(lending_do(first, map_writable, self, id, 0, BYTES), OK);
	lending_do(first, put, 5, 'y', 0, 0);
	CHECK_INT(cpf_revoke(id), OK);
	mine[5] = 'm';
	CHECK_INT(lending_do(first, get, 5, 0, 0, 0), 'y');
	lending_do(first, put, PAGE_SIZE, 't', 0, 0);
	CHECK_INT(mine[PAGE_SIZE], 'a');
	CHECK_INT(lending_do(first, get, PAGE_SIZE, 0, 0, 0), 't');
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), -EPERM);
	CHECK_INT(lending_do(first, unmap_grant, AT(theirs), 0, 0, 0), -EINVAL);
	CHECK_INT(lending_do(first, unmap_pages, 0, BYTES, 0, 0), 0);
}

static void with_cpf_unmap_nothing_stays(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ | CPF_UNMAP);
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), OK);
	CHECK_INT(lending_do(first, get, 0, 0, 0, 0), 'a');
	CHECK_INT(lending_do(first, get_in_child, 0, 0, 0, 0), -1);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(lending_do(first, get_in_child, 0, 0, 0, 0), -1);
}

static void read_only_stays_read_only(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ), on;
	CHECK_INT(lending_do(first, map_writable, self, id, 0, BYTES), -EPERM);
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), OK);
	CHECK_INT(lending_do(first, protect, RW, 0, 0, 0), -EACCES);
	CHECK_INT(lending_do(first, get_in_child, 0, 1, 0, 0), -1);
	on = lending_do(first, grant_memory, second.endpoint, AT(theirs), BYTES,
	                CPF_READ | CPF_WRITE | CPF_MAP);
	CHECK_INT(lending_do(second, map_writable, first.endpoint, on, 0, BYTES), -EFAULT);
	CHECK_INT(lending_do(second, map, first.endpoint, on, 0, BYTES), OK);
	mine[3] = 'z';
	CHECK_INT(lending_do(second, get, 3, 0, 0, 0), 'z');
	CHECK_INT(cpf_revoke(id), OK);
	mine[3] = '-';
	CHECK_INT(lending_do(first, get, 3, 0, 0, 0), 'z');
	CHECK_INT(lending_do(second, get, 3, 0, 0, 0), 'z');
	CHECK_INT(lending_do(first, revoke, on, 0, 0, 0), OK);
	lending_do(first, unmap_pages, 0, BYTES, 0, 0);
	lending_do(second, unmap_pages, 0, BYTES, 0, 0);
}

static void pages_are_chosen_by_offset(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ);
	mine[2 * PAGE_SIZE] = '2';
	CHECK_INT(lending_do(first, map, self, id, 2 * PAGE_SIZE, PAGE_SIZE), OK);
	CHECK_INT(lending_do(first, get, 0, 0, 0, 0), '2');
	CHECK_INT(lending_do(first, map, self, id, 1, PAGE_SIZE), -EINVAL);
	CHECK_INT(lending_do(first, map, self, id, 0, 1), -EINVAL);
	CHECK_INT(lending_do(first, map, self, id, 0, 0), -EINVAL);
	CHECK_INT(lending_do(first, map, self, id, PAGE_SIZE, BYTES), -EPERM);
	CHECK_INT(lending_do(first, unmap_grant, AT(theirs), 0, 0, 0), OK);
	CHECK_INT(lending_do(first, unmap_grant, AT(theirs), 0, 0, 0), -EINVAL);
	CHECK_INT(lending_do(first, get_in_child, 0, 0, 0, 0), -1);
	CHECK_INT(cpf_revoke(id), OK);
}

static void a_child_gets_a_snapshot(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ | CPF_WRITE);
	CHECK_INT(lending_do(first, map_writable, self, id, 0, BYTES), OK);
	CHECK_INT(lending_do(first, get_in_child, 7, 1, 0, 0), 'c');
	CHECK_INT(mine[7], 'a');
	CHECK_INT(lending_do(first, get, 7, 0, 0, 0), 'a');
	mine[7] = 'n';
	CHECK_INT(lending_do(first, get, 7, 0, 0, 0), 'n');

	pid_t pid = fork(); /* of the owner */
	if (pid == 0) {
		mine[8] = 'k';
		_exit(mine[7]);
	}
	CHECK_EXITED(tap_wait(pid), 'n');
	CHECK_INT(lending_do(first, get, 8, 0, 0, 0), 'a');
	mine[8] = 'o';
	CHECK_INT(lending_do(first, get, 8, 0, 0, 0), 'o');
	CHECK_INT(cpf_revoke(id), OK);
	lending_do(first, unmap_pages, 0, BYTES, 0, 0);
}

static void a_page_shared_by_fork_is_made_private_before_it_is_lent(void)
{
	begin();
	struct partner witness = lending_start(); /* shares all pages copy-on-write */
	cp_grant_id_t id = lend(first, CPF_READ | CPF_WRITE);
	CHECK_INT(lending_do(first, map_writable, self, id, 0, BYTES), OK);
	lending_do(first, put, 0, 'w', 0, 0);
	CHECK_INT(mine[0], 'w');
	CHECK_INT(lending_do(witness, get_mine, 0, 0, 0, 0), 'a');
	lending_end(witness);
	CHECK_INT(cpf_revoke(id), OK);
	lending_do(first, unmap_pages, 0, BYTES, 0, 0);
}

static void a_chain_ends_with_any_of_its_links(void)
{
	for (int which = 0; which < 4; which++) {
		begin();
		struct partner between = lending_start();
		cp_grant_id_t id = lend(between, CPF_READ);
		cp_grant_id_t on = lending_do(between, pass_on, second.endpoint, self, id, 0);
		CHECK_INT(lending_do(second, map, between.endpoint, on, 0, BYTES), OK);
		mine[0] = 'l';
		CHECK_INT(lending_do(second, get, 0, 0, 0, 0), 'l');
		if (which == 0)
			lending_end(between);
		else if (which == 1)
			CHECK_INT(cpf_revoke(id), OK);
		else if (which == 2)
			CHECK_INT(lending_do(between, revoke, on, 0, 0, 0), OK);
		else
			CHECK_INT(sys_saferevmap_addr(AT(mine) + 5), OK);
		mine[0] = 'n';
		CHECK_INT(lending_do(second, get, 0, 0, 0, 0), 'l');
		if (which != 0)
			lending_end(between);
		if (which != 1)
			CHECK_INT(cpf_revoke(id), OK);
		lending_do(second, unmap_pages, 0, BYTES, 0, 0);
	}
}

static void saferevmap_takes_the_right_to_map_but_not_to_copy(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ);
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), OK);
	CHECK_INT(sys_saferevmap_gid(id), OK);
	mine[1] = 'q';
	CHECK_INT(lending_do(first, get, 1, 0, 0, 0), 'a');
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), -EPERM);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(sys_saferevmap_gid(id), -EPERM);
	lending_do(first, unmap_pages, 0, BYTES, 0, 0);
}

/* The grant loses the right to map for the sake of one page; what was mapped of the others is still to be
 * taken back. */
static void what_was_mapped_ends_with_the_grant_also_after_saferevmap_by_address(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ);
	CHECK_INT(lending_do(first, map, self, id, 2 * PAGE_SIZE, PAGE_SIZE), OK);
	CHECK_INT(sys_saferevmap_addr(AT(mine)), OK);
	mine[2 * PAGE_SIZE] = 'l';
	CHECK_INT(lending_do(first, get, 0, 0, 0, 0), 'l');
	CHECK_INT(cpf_revoke(id), OK);
	mine[2 * PAGE_SIZE] = 'n';
	CHECK_INT(lending_do(first, get, 0, 0, 0, 0), 'l');
	CHECK_INT(lending_do(first, unmap_pages, 0, BYTES, 0, 0), 0);
}

static void what_the_owner_unmaps_is_lent_no_more(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ);
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), OK);
	CHECK_INT(munmap(mine + PAGE_SIZE, PAGE_SIZE), 0);
	CHECK_INT(lending_do(first, get, PAGE_SIZE, 0, 0, 0), 'a');
	CHECK(mmap(mine + PAGE_SIZE, PAGE_SIZE, RW, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	      MAP_FAILED);
	mine[PAGE_SIZE] = 'n';
	mine[0] = 'n';
	CHECK_INT(lending_do(first, get, PAGE_SIZE, 0, 0, 0), 'a');
	CHECK_INT(cpf_revoke(id), OK);
	lending_do(first, unmap_pages, 0, BYTES, 0, 0);
}

static void nobody_maps_its_own_memory(void)
{
	cp_grant_id_t id = cpf_grant_direct(self, AT(mine), BYTES, CPF_READ | CPF_MAP), on;
	CHECK_INT(sys_safemap(self, id, 0, AT(theirs), BYTES, 0), -ELOOP);
	CHECK_INT(cpf_revoke(id), OK);
	id = lend(first, CPF_READ);
	on = lending_do(first, pass_on, self, self, id, 0);
	CHECK_INT(sys_safemap(first.endpoint, on, 0, AT(theirs), BYTES, 0), -ELOOP);
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), OK);
	on = lending_do(first, grant_memory, self, AT(theirs), BYTES, CPF_READ | CPF_MAP);
	CHECK_INT(sys_safemap(first.endpoint, on, 0, AT(theirs), BYTES, 0), -ELOOP);
	CHECK_INT(cpf_revoke(id), OK);
	lending_do(first, unmap_pages, 0, BYTES, 0, 0);
}

static void the_holder_unmaps_what_it_likes(void)
{
	begin();
	cp_grant_id_t id = lend(first, CPF_READ);
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), OK);
	CHECK_INT(lending_do(first, unmap_pages, PAGE_SIZE, PAGE_SIZE, 0, 0), 0);
	mine[0] = '0';
	mine[2 * PAGE_SIZE] = '2';
	CHECK_INT(lending_do(first, get, 0, 0, 0, 0), '0');
	CHECK_INT(lending_do(first, get, 2 * PAGE_SIZE, 0, 0, 0), '2');
	CHECK_INT(lending_do(first, get_in_child, PAGE_SIZE, 0, 0, 0), -1);
	CHECK_INT(lending_do(first, map, self, id, 0, BYTES), OK);
	CHECK_INT(lending_do(first, get, PAGE_SIZE, 0, 0, 0), 'a');
	CHECK_INT(lending_do(first, unmap_grant, AT(theirs) + 3 * PAGE_SIZE, 0, 0, 0), OK);
	CHECK_INT(lending_do(first, get_in_child, 0, 0, 0, 0), -1);
	CHECK_INT(cpf_revoke(id), OK);
}

static void when_the_holder_ends_the_owner_goes_on(void)
{
	begin();
	struct partner holder = lending_start();
	cp_grant_id_t id = lend(holder, CPF_READ | CPF_WRITE);
	CHECK_INT(lending_do(holder, map_writable, self, id, 0, BYTES), OK);
	lending_do(holder, put, 0, 'h', 0, 0);
	lending_end(holder);
	CHECK_INT(mine[0], 'h');
	mine[0] = 'i';
	CHECK_INT(cpf_revoke(id), OK);
}

static void who_sees_a_page_can_be_asked(void)
{
	static struct vm_lending seen[4];
	static struct cp_grant grants[SYS_GRANTS_MAX];
	struct vm_viewers_rep page;
	uint32_t from = 0;
	begin();
	cp_grant_id_t id = lend(first, CPF_READ | CPF_WRITE), on;
	CHECK_INT(lending_do(first, map_writable, self, id, 0, BYTES), OK);
	on = lending_do(first, grant_memory, second.endpoint, AT(theirs), BYTES, CPF_READ | CPF_MAP);
	CHECK_INT(lending_do(second, map, first.endpoint, on, PAGE_SIZE, PAGE_SIZE), OK);

	CHECK_INT(vm_viewers(SELF, AT(mine) + PAGE_SIZE + 5, &from, seen, 4, &page), 2);
	CHECK_INT(from, 0);
	CHECK(page.owner == self && page.address == AT(mine) + PAGE_SIZE && page.sharers == 0);
	CHECK(seen[0].holder == first.endpoint && seen[0].start == AT(theirs) + PAGE_SIZE &&
	      seen[0].flags == VM_LEND_WRITE && seen[0].owner == self);
	CHECK(seen[0].nr_links == 1 && seen[0].link[0].id == id && seen[0].link[0].endpoint == self);
	CHECK(seen[1].holder == second.endpoint && seen[1].start == AT(theirs) && seen[1].flags == 0 &&
	      seen[1].owner == first.endpoint && seen[1].link[0].id == on);
	CHECK_INT(vm_viewers(SELF, AT(mine), &from, seen, 4, &page), 1);
	CHECK_INT(vm_viewers(SELF, AT(mine) + PAGE_SIZE, &from, seen, 1, NULL), 1);
	CHECK_INT(from, 1);
	CHECK_INT(vm_viewers(SELF, AT(mine) + PAGE_SIZE, &from, seen, 1, NULL), 1);
	CHECK(from == 0 && seen[0].holder == second.endpoint);
	CHECK_INT(vm_viewers(SELF, AT(&from), &from, seen, 4, NULL), 0);

	from = 0;
	CHECK_INT(sys_grants(SELF, &from, grants, SYS_GRANTS_MAX), 1);
	CHECK(grants[0].id == id && grants[0].who_to == first.endpoint && grants[0].start == AT(mine));
	CHECK_INT(cpf_revoke(id), OK);
	from = 0;
	CHECK_INT(vm_viewers(SELF, AT(mine), &from, seen, 4, &page), 0);
	CHECK(page.sharers == 1); /* the first one's snapshot */
	from = 0;
	CHECK_INT(sys_grants(SELF, &from, grants, SYS_GRANTS_MAX), 0);
	from = 0;
	CHECK_INT(sys_grants(first.endpoint, &from, grants, SYS_GRANTS_MAX), -EPERM);
	CHECK_INT(vm_viewers(first.endpoint, AT(theirs), &from, seen, 4, NULL), -EPERM);
	CHECK_INT(vm_lendings(first.endpoint, &from, seen, 4), -EPERM);
	CHECK_INT(lending_do(first, revoke, on, 0, 0, 0), OK);
	lending_do(first, unmap_pages, 0, BYTES, 0, 0);
	lending_do(second, unmap_pages, 0, BYTES, 0, 0);
}

/* The firmware stands there on every PC, and is no RAM of the machine's. */
#define FIRMWARE 0xf0000u

static void a_devices_memory_can_be_mapped_and_lent(void)
{
	vir_bytes at, other;
	CHECK_INT(vm_map_phys(FIRMWARE, 16 * PAGE_SIZE, VM_PROT_READ, &at), OK);
	char *firmware = (char *)(uintptr_t)at;
	CHECK_INT((unsigned char)firmware[0xfff0], 0xea); /* where the processor begins: a far jump */
	CHECK_INT(mprotect(firmware, PAGE_SIZE, RW), -1);
	CHECK_INT(errno, EACCES);

	cp_grant_id_t id = cpf_grant_direct(first.endpoint, at, 16 * PAGE_SIZE, CPF_READ | CPF_MAP);
	CHECK_INT(lending_do(first, map, self, id, 15 * PAGE_SIZE, PAGE_SIZE), OK);
	CHECK_INT((unsigned char)lending_do(first, get, 0xff0, 0, 0, 0), 0xea);
	CHECK_INT(lending_do(first, get_in_child, 0xff0, 0, 0, 0), -1);
	CHECK_INT(cpf_revoke(id), OK);
	CHECK_INT(lending_do(first, get_in_child, 0xff0, 0, 0, 0), -1);

	pid_t pid = fork();
	if (pid == 0)
		_exit(firmware[0]);
	CHECK_KILLED(tap_wait(pid), SIGSEGV);
	CHECK_INT(munmap(firmware, 16 * PAGE_SIZE), 0);

	CHECK_INT(vm_map_phys(0x100000, PAGE_SIZE, VM_PROT_READ, &other), -EPERM);
	CHECK_INT(vm_map_phys(0xe0000, PAGE_SIZE, VM_PROT_READ, &other), -EPERM);
	CHECK_INT(vm_map_phys(FIRMWARE + 1, PAGE_SIZE, VM_PROT_READ, &other), -EINVAL);
	CHECK_INT(vm_map_phys(FIRMWARE, PAGE_SIZE + 1, VM_PROT_READ, &other), -EINVAL);
	CHECK_INT(vm_map_phys(FIRMWARE, 0, VM_PROT_READ, &other), -EINVAL);
	CHECK_INT(vm_map_phys(FIRMWARE, PAGE_SIZE, VM_PROT_EXEC, &other), -EINVAL);
	CHECK_INT(vm_map_phys(0xfffff000, 2 * PAGE_SIZE, VM_PROT_READ, &other), -EINVAL);
}

static void teardown(void)
{
	lending_end(first);
	lending_end(second);
}

static void every_page_is_where_it_was(void)
{
	CHECK_INT(free_pages(), free_before);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(both_sides_see_what_the_other_writes),
	        TEST(remember),
	        TEST(after_revocation_each_has_its_own),
	        TEST(with_cpf_unmap_nothing_stays),
	        TEST(read_only_stays_read_only),
	        TEST(pages_are_chosen_by_offset),
	        TEST(a_child_gets_a_snapshot),
	        TEST(a_page_shared_by_fork_is_made_private_before_it_is_lent),
	        TEST(a_chain_ends_with_any_of_its_links),
	        TEST(saferevmap_takes_the_right_to_map_but_not_to_copy),
	        TEST(what_was_mapped_ends_with_the_grant_also_after_saferevmap_by_address),
	        TEST(what_the_owner_unmaps_is_lent_no_more),
	        TEST(nobody_maps_its_own_memory),
	        TEST(the_holder_unmaps_what_it_likes),
	        TEST(when_the_holder_ends_the_owner_goes_on),
	        TEST(who_sees_a_page_can_be_asked),
	        TEST(a_devices_memory_can_be_mapped_and_lent),
	        TEST(every_page_is_where_it_was),
	        TEST(teardown),
	};
	return TAP_RUN(tests);
}
