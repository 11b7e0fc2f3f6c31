/* SPDX-License-Identifier: MIT */
/* guest: timeout=180 flags=control */
/* Mapped ranges and snapshots: who sees what, with which rights, until when, also when the data store dies.
 */
#include "ds_kill.h"
#include "lending.h"
#include "pages.h"

#define PAGES 4
#define BYTES (PAGES * PAGE_SIZE)

static char *mine, *theirs; /* the test's pages; where partners map them */
static struct partner first, second;
static endpoint_t self;

/* ---- What partners do ---- */

static const char *const keys[] = {"map.a", "map.b"};

static int64_t retrieve(int64_t key, int64_t flags, int64_t number, int64_t room)
{
	size_t length = (size_t)room;
	int result = ds_retrieve_map(keys[key], theirs, &length, (int)number, (int)flags);
	return result == OK ? (int64_t)length : result;
}

static int64_t get(int64_t offset, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return *(volatile char *)(theirs + offset);
}

static int64_t put(int64_t offset, int64_t byte, int64_t unused, int64_t unused2)
{
	(void)unused, (void)unused2;
	*(volatile char *)(theirs + offset) = (char)byte;
	return 0;
}

/* Whether it is private memory or nothing at all by now. */
static int64_t is_mapped_by_grant(int64_t unused, int64_t unused1, int64_t unused2, int64_t unused3)
{
	struct vm_region_rep region;
	(void)unused, (void)unused1, (void)unused2, (void)unused3;
	return vm_region(SELF, AT(theirs), &region) == OK && region.start <= AT(theirs) &&
	       region.type == REGION_LENT;
}

static void write_there(void)
{
	put(0, '!', 0, 0);
}

/* A child of the partner's writes, or the partner gives itself the right first. 1: that was not possible. */
static int64_t can_not_write(int64_t unused, int64_t unused1, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused1, (void)unused2, (void)unused3;
	if (mprotect(theirs, BYTES, RW) == 0)
		return 0;
	return tap_ending(tap_child(write_there)) == TAP_SIGNAL + SIGSEGV;
}

static int64_t map_from(int64_t granter, int64_t grant, int64_t writable, int64_t unused)
{
	(void)unused;
	return sys_safemap((endpoint_t)granter, grant, 0, AT(theirs), BYTES, (int)writable);
}

/* By hand: what the data store lends. */
static int64_t ask_for_grant(int64_t flags, int64_t unused, int64_t unused2, int64_t unused3)
{
	endpoint_t ds = rs_lookup("ds");
	cp_grant_id_t key = cpf_grant_direct(ds, AT(keys[0]), strlen(keys[0]), CPF_READ);
	union ds_retrieve_map_message call = {.req = {.key = {key, (uint32_t)strlen(keys[0]), DS_TYPE_MAP},
	                                              .bytes = BYTES,
	                                              .flags = (uint32_t)flags}};
	(void)unused, (void)unused2, (void)unused3;
	int result = ds_retrieve_map_call(ds, &call);
	cpf_revoke(key);
	return result == OK ? call.rep.grant : result;
}

static int64_t publish(int64_t key, int64_t flags, int64_t byte, int64_t unused)
{
	(void)unused;
	memset(mine, (int)byte, BYTES);
	return ds_publish_map(keys[key], mine, BYTES, (int)flags);
}

static int64_t delete_map(int64_t key, int64_t unused, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused2, (void)unused3;
	return ds_delete_map(keys[key]);
}

static int64_t snapshot(int64_t key, int64_t unused, int64_t unused2, int64_t unused3)
{
	int number = 0;
	(void)unused, (void)unused2, (void)unused3;
	int result = ds_snapshot_map(keys[key], &number);
	return result == OK ? number : result;
}

static int64_t exec_sleep(int64_t unused, int64_t unused1, int64_t unused2, int64_t unused3)
{
	(void)unused, (void)unused1, (void)unused2, (void)unused3;
	execl("/bin/sleep", "sleep", "1000", NULL);
	return -1;
}

#define DO(partner, task, a, b, c, d) lending_do(partner, task, a, b, c, d)

static void start_partners(void)
{
	first = lending_start();
	second = lending_start();
}

static void end_partners(void)
{
	lending_end(first);
	lending_end(second);
}

static void publish_mine(int flags)
{
	memset(mine, 'a', BYTES);
	CHECK_INT(ds_publish_map(keys[0], mine, BYTES, flags), OK);
}

/* Besides the test: how many have the page of the range mapped. */
static int viewers(void)
{
	struct vm_lending lendings[8];
	uint32_t from = 0;
	int count = vm_viewers(SELF, AT(mine), &from, lendings, 8, NULL);
	CHECK(count >= 0 && from == 0);
	return count;
}

/* ---- The tests ---- */

static void setup(void)
{
	self = sys_self();
	mine = lending_pages(PAGES);
	theirs = lending_pages(PAGES);
	REQUIRE(mine && theirs);
	memset(theirs, '-', BYTES);
}

static void who_has_it_mapped_sees_what_is_written(void)
{
	start_partners();
	publish_mine(0);
	CHECK_INT(viewers(), 1); /* the data store */
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), BYTES);
	CHECK_INT(DO(second, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), BYTES);
	CHECK_INT(viewers(), 3);
	for (int i = 0; i < 3; i++) {
		mine[i * PAGE_SIZE] = (char)('b' + i);
		CHECK_INT(DO(first, get, i * (int)PAGE_SIZE, 0, 0, 0), 'b' + i);
		CHECK_INT(DO(second, get, i * (int)PAGE_SIZE, 0, 0, 0), 'b' + i);
	}
	CHECK_INT(DO(first, unmap_grant, AT(theirs), 0, 0, 0), OK);
	CHECK_INT(viewers(), 2);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), BYTES);
	end_partners();
	CHECK_INT(viewers(), 1);
	CHECK_INT(ds_delete_map(keys[0]), OK);
	CHECK_INT(viewers(), 0);
}

static void nobody_gets_more_rights_than_were_published(void)
{
	start_partners();
	publish_mine(0);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED | DSMF_WRITABLE, 0, BYTES), -EPERM);
	CHECK_INT(DO(first, ask_for_grant, DSMF_MAP_MAPPED | DSMF_WRITABLE, 0, 0, 0), -EPERM);
	cp_grant_id_t grant = DO(first, ask_for_grant, DSMF_MAP_MAPPED, 0, 0, 0);
	endpoint_t ds = rs_lookup("ds");
	CHECK(GRANT_VALID(grant));
	CHECK_INT(DO(first, map_from, ds, grant, 1, 0), -EPERM);
	CHECK_INT(DO(second, map_from, ds, grant, 0, 0), -EPERM); /* it is not for this one */
	CHECK_INT(DO(first, map_from, ds, grant, 0, 0), OK);
	CHECK(DO(first, can_not_write, 0, 0, 0, 0));
	CHECK_INT(mine[0], 'a');
	/* Nor who gets it from there. */
	cp_grant_id_t on =
	        DO(first, grant_memory, second.endpoint, AT(theirs), BYTES, CPF_READ | CPF_WRITE | CPF_MAP);
	CHECK_INT(DO(second, map_from, first.endpoint, on, 1, 0), -EFAULT);
	CHECK_INT(DO(second, map_from, first.endpoint, on, 0, 0), OK);
	CHECK(DO(second, can_not_write, 0, 0, 0, 0));
	CHECK_INT(mine[0], 'a');
	end_partners();
	CHECK_INT(ds_delete_map(keys[0]), OK);
}

static void who_may_write_writes_to_the_publisher_s_memory(void)
{
	start_partners();
	publish_mine(DSMF_WRITABLE);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED | DSMF_WRITABLE, 0, BYTES), BYTES);
	CHECK_INT(DO(second, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), BYTES);
	CHECK_INT(DO(first, put, 5, 'w', 0, 0), 0);
	CHECK_INT(mine[5], 'w');
	CHECK_INT(DO(second, get, 5, 0, 0, 0), 'w');
	CHECK(DO(second, can_not_write, 0, 0, 0, 0));
	end_partners();
	CHECK_INT(ds_delete_map(keys[0]), OK);
}

/* The first one has it mapped, and the second by the first's grant; something ends it. */
static void check_all_is_over(void (*end_it)(void), int is_deleted)
{
	start_partners();
	publish_mine(DSMF_WRITABLE);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED | DSMF_WRITABLE, 0, BYTES), BYTES);
	cp_grant_id_t on = DO(first, grant_memory, second.endpoint, AT(theirs), BYTES, CPF_READ | CPF_MAP);
	CHECK_INT(DO(second, map_from, first.endpoint, on, 0, 0), OK);
	CHECK_INT(viewers(), 3);
	mine[0] = 'x';
	end_it();
	CHECK_INT(viewers(), 0);
	mine[0] = 'y';
	CHECK_INT(DO(first, get, 0, 0, 0, 0), 'x');
	CHECK_INT(DO(second, get, 0, 0, 0, 0), 'x');
	CHECK_INT(DO(first, put, 0, 'z', 0, 0), 0);
	CHECK_INT(mine[0], 'y');
	CHECK_INT(DO(first, is_mapped_by_grant, 0, 0, 0, 0), 0);
	CHECK_INT(DO(first, unmap_grant, AT(theirs), 0, 0, 0), -EINVAL);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), -ESRCH);
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_MAPPED, 0, BYTES), -ESRCH);
	CHECK_INT(DO(first, snapshot, 0, 0, 0, 0), -ESRCH);
	CHECK_INT(ds_delete_map(keys[0]), is_deleted ? -ESRCH : OK);
	end_partners();
}

static void delete_it(void)
{
	CHECK_INT(ds_delete_map(keys[0]), OK);
}

static void delete_it_under_a_new_ds(void)
{
	ds_kill_and_raise();
	CHECK_INT(viewers(), 3);
	CHECK_INT(ds_delete_map(keys[0]), OK);
}

static void take_it_back(void)
{
	CHECK_INT(sys_saferevmap_addr(AT(mine)), OK);
}

static void take_it_back_while_ds_is_dead(void)
{
	ds_kill();
	take_it_back();
	ds_raise();
}

static void deleting_ends_it_for_all(void)
{
	check_all_is_over(delete_it, 1);
	check_all_is_over(delete_it_under_a_new_ds, 1);
}

static void the_publisher_takes_it_back_when_it_likes(void)
{
	check_all_is_over(take_it_back, 1);
	check_all_is_over(take_it_back_while_ds_is_dead, 1);
}

static void overwriting_replaces_it(void)
{
	char *other = lending_pages(2);
	REQUIRE(other);
	memset(other, 'n', 2 * PAGE_SIZE);
	start_partners();
	publish_mine(0);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), BYTES);
	CHECK_INT(ds_publish_map(keys[0], other, 2 * PAGE_SIZE, 0), -EEXIST);
	CHECK_INT(DO(first, publish, 0, DSF_OVERWRITE, 'o', 0), -EPERM);
	CHECK_INT(viewers(), 2);
	CHECK_INT(ds_publish_map(keys[0], other, 2 * PAGE_SIZE, DSF_OVERWRITE), OK);
	CHECK_INT(viewers(), 0);
	CHECK_INT(DO(second, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), 2 * PAGE_SIZE);
	CHECK_INT(DO(second, get, 0, 0, 0, 0), 'n');
	CHECK_INT(DO(first, get, 0, 0, 0, 0), 'a');
	end_partners();
	CHECK_INT(ds_delete_map(keys[0]), OK);
	munmap(other, 2 * PAGE_SIZE);
}

/* It does not answer any more. */
static void have_it_exec(struct partner partner)
{
	struct lending_order order = {.task = (uint32_t)AT(exec_sleep)};
	struct message m = {0};
	struct proc_info info;
	memcpy(m.m_bytes, &order, sizeof(order));
	CHECK_INT(ipc_send(partner.endpoint, &m), OK);
	do {
		sys_yield();
		CHECK_INT(sys_getinfo(GET_PROCTAB, &info, sizeof(info),
		                      (uint32_t)ENDPOINT_SLOT(partner.endpoint)),
		          sizeof(info));
	} while (strcmp(info.name, "sleep") != 0);
}

/* The first is the owner; the second has it mapped. */
static void the_owner_s_end_is_the_range_s(void)
{
	for (int how = 0; how < 4; how++) {
		start_partners();
		CHECK_INT(DO(first, publish, 1, 0, 'o', 0), OK);
		CHECK_INT(DO(second, retrieve, 1, DSMF_MAP_MAPPED, 0, BYTES), BYTES);
		CHECK_INT(DO(second, get, 0, 0, 0, 0), 'o');
		if (how == 3)
			ds_kill();
		if (how == 1) {
			have_it_exec(first);
			CHECK_INT(DO(second, is_mapped_by_grant, 0, 0, 0, 0), 0);
			CHECK_INT(DO(second, retrieve, 1, DSMF_MAP_MAPPED, 0, BYTES), -ESRCH);
		}
		lending_end(first);
		if (how == 2)
			ds_kill_and_raise();
		if (how == 3)
			ds_raise();
		CHECK_INT(DO(second, get, 0, 0, 0, 0), 'o');
		CHECK_INT(DO(second, is_mapped_by_grant, 0, 0, 0, 0), 0);
		CHECK_INT(DO(second, retrieve, 1, DSMF_MAP_MAPPED, 0, BYTES), -ESRCH);
		lending_end(second);
	}
}

static void copies_are_copies(void)
{
	start_partners();
	publish_mine(0);
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_MAPPED, 0, BYTES - 1), -ERANGE);
	CHECK_INT(DO(first, get, 0, 0, 0, 0), '-');
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_MAPPED, 0, BYTES + 5), BYTES);
	mine[0] = 'b';
	CHECK_INT(DO(first, get, 0, 0, 0, 0), 'a');
	CHECK_INT(DO(first, put, 0, 'c', 0, 0), 0);
	CHECK_INT(mine[0], 'b');
	end_partners();
	CHECK_INT(ds_delete_map(keys[0]), OK);
}

#define OTHERS_SNAPSHOTS 36 /* that others may take of a service's ranges */

static void snapshots_stay_as_they_were(void)
{
	start_partners();
	publish_mine(0);
	for (int i = 1; i <= OTHERS_SNAPSHOTS; i++) {
		mine[PAGE_SIZE] = (char)('A' + i);
		CHECK_INT(DO(i % 2 ? first : second, snapshot, 0, 0, 0, 0), i);
	}
	CHECK_INT(DO(first, snapshot, 0, 0, 0, 0), -EDQUOT);
	mine[PAGE_SIZE] = 'z';
	for (int round = 0; round < 2; round++) {
		for (int i = OTHERS_SNAPSHOTS; i > 0; i--) {
			CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_SNAPSHOT, i, BYTES), BYTES);
			CHECK_INT(DO(first, get, PAGE_SIZE, 0, 0, 0), 'A' + i);
			CHECK_INT(DO(first, put, PAGE_SIZE, '!', 0, 0), 0);
			CHECK_INT(DO(second, retrieve, 0, DSMF_COPY_SNAPSHOT, i, BYTES), BYTES);
			CHECK_INT(DO(second, get, PAGE_SIZE, 0, 0, 0), 'A' + i);
		}
		ds_kill_and_raise();
	}
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_SNAPSHOT, OTHERS_SNAPSHOTS + 1, BYTES), -ENOENT);
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_SNAPSHOT, 0, BYTES), -EINVAL);
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_SNAPSHOT, 1, BYTES - 1), -ERANGE);
	end_partners();
	CHECK_INT(ds_delete_map(keys[0]), OK);
}

static uint32_t pages_of_ds(void)
{
	struct vm_procinfo_rep info = {0};
	CHECK_INT(vm_procinfo(rs_lookup("ds"), &info), OK);
	return info.resident;
}

static void a_snapshot_that_is_dropped_takes_no_memory(void)
{
	int number;
	size_t length = BYTES;
	publish_mine(0);
	CHECK_INT(ds_snapshot_map(keys[0], &number), OK); /* what it needs for the first time stays */
	CHECK_INT(ds_drop_snapshot(keys[0], number), OK);
	uint32_t pages = pages_of_ds();
	CHECK_INT(ds_snapshot_map(keys[0], &number), OK);
	CHECK_INT(number, 2);
	CHECK_INT(pages_of_ds(), pages + PAGES);
	mine[0] = 'b';
	CHECK_INT(ds_snapshot_map(keys[0], &number), OK);
	CHECK_INT(ds_drop_snapshot(keys[0], 2), OK);
	CHECK_INT(pages_of_ds(), pages + PAGES);
	CHECK_INT(ds_retrieve_map(keys[0], theirs, &length, 2, DSMF_COPY_SNAPSHOT), -ENOENT);
	CHECK_INT(ds_retrieve_map(keys[0], theirs, &length, 3, DSMF_COPY_SNAPSHOT), OK);
	CHECK_INT(theirs[0], 'b');
	CHECK_INT(ds_delete_map(keys[0]), OK);
	CHECK_INT(pages_of_ds(), pages - PAGES);
	memset(theirs, '-', BYTES);
}

/* The publisher writes and takes it back; its successor knows the range's places. */
static void ranges_outlive_the_data_store(void)
{
	start_partners();
	publish_mine(DSMF_WRITABLE);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED | DSMF_WRITABLE, 0, BYTES), BYTES);
	for (int i = 0; i < 5; i++) {
		mine[0] = (char)('0' + i);
		ds_kill();
		CHECK_INT(DO(first, get, 0, 0, 0, 0), '0' + i);
		CHECK_INT(DO(first, put, 1, 'A' + i, 0, 0), 0);
		CHECK_INT(mine[1], 'A' + i);
		ds_raise();
		CHECK_INT(DO(first, put, 1, 'a' + i, 0, 0), 0);
		CHECK_INT(mine[1], 'a' + i);
		CHECK_INT(DO(second, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), BYTES);
		CHECK_INT(DO(second, get, 1, 0, 0, 0), 'a' + i);
		CHECK_INT(viewers(), 3);
		CHECK_INT(DO(second, unmap_grant, AT(theirs), 0, 0, 0), OK);
	}
	end_partners();
	CHECK_INT(ds_delete_map(keys[0]), OK);
	CHECK_INT(viewers(), 0);
}

static void what_is_private_is_kept_from_others(void)
{
	start_partners();
	publish_mine(DSF_PRIV_RETRIEVE | DSF_PRIV_SNAPSHOT);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED, 0, BYTES), -EPERM);
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_MAPPED, 0, BYTES), -EPERM);
	CHECK_INT(DO(first, ask_for_grant, DSMF_MAP_MAPPED, 0, 0, 0), -EPERM);
	CHECK_INT(DO(first, snapshot, 0, 0, 0, 0), -EPERM);
	CHECK_INT(DO(first, delete_map, 0, 0, 0, 0), -EPERM);
	CHECK_INT(DO(first, publish, 0, DSF_OVERWRITE, 0, 0), -EPERM);
	CHECK_INT(viewers(), 1);
	CHECK_INT(ds_delete_map(keys[0]), OK);
	publish_mine(DSF_PRIV_SNAPSHOT);
	CHECK_INT(DO(first, snapshot, 0, 0, 0, 0), -EPERM);
	CHECK_INT(DO(first, retrieve, 0, DSMF_COPY_MAPPED, 0, BYTES), BYTES);
	CHECK_INT(ds_delete_map(keys[0]), OK);
	end_partners();
}

static int publish_by(cp_grant_id_t range, uint32_t bytes, uint32_t flags)
{
	endpoint_t ds = rs_lookup("ds");
	cp_grant_id_t key = cpf_grant_direct(ds, AT("bad"), 3, CPF_READ);
	union ds_publish_map_message call = {
	        .req = {.key = {key, 3, DS_TYPE_MAP}, .grant = range, .bytes = bytes, .flags = flags}};
	int result = ds_publish_map_call(ds, &call);
	cpf_revoke(key);
	return result;
}

static void ranges_that_can_not_be_are_refused(void)
{
	endpoint_t ds = rs_lookup("ds");
	start_partners();
	cp_grant_id_t good = cpf_grant_direct(ds, AT(mine), BYTES, CPF_READ | CPF_MAP);
	cp_grant_id_t copied = cpf_grant_direct(ds, AT(mine), BYTES, CPF_READ);
	cp_grant_id_t for_first = cpf_grant_direct(first.endpoint, AT(mine), BYTES, CPF_READ | CPF_MAP);
	cp_grant_id_t nowhere = cpf_grant_direct(ds, 0x20000, BYTES, CPF_READ | CPF_MAP);
	CHECK_INT(ds_publish_map("bad", mine + 1, PAGE_SIZE, 0), -EINVAL);
	CHECK_INT(ds_publish_map("bad", mine, PAGE_SIZE - 1, 0), -EINVAL);
	CHECK_INT(ds_publish_map("bad", mine, 0, 0), -EINVAL);
	CHECK_INT(ds_publish_map("bad", mine, DS_RANGE_MAX + PAGE_SIZE, 0), -EINVAL);
	CHECK_INT(ds_publish_map("bad", mine, BYTES, DSF_INITIAL), -EINVAL);
	CHECK_INT(ds_publish_map("", mine, BYTES, 0), -EINVAL);
	CHECK_INT(ds_publish_map("bad", mine - 16 * 0x100000, BYTES, 0), -EFAULT);
	CHECK_INT(publish_by(good, BYTES + PAGE_SIZE, 0), -EPERM);
	CHECK_INT(publish_by(good, BYTES + 1, 0), -EINVAL);
	CHECK_INT(publish_by(good, 0xfffff000, 0), -EINVAL);
	CHECK_INT(publish_by(good, BYTES, DSMF_WRITABLE), -EPERM);
	CHECK_INT(publish_by(good, BYTES, 0x8000), -EINVAL);
	CHECK_INT(publish_by(copied, BYTES, 0), -EPERM);
	CHECK_INT(publish_by(for_first, BYTES, 0), -EPERM);
	CHECK_INT(publish_by(nowhere, BYTES, 0), -EFAULT);
	CHECK_INT(publish_by(0, BYTES, 0), -EPERM);
	CHECK_INT(ds_delete_map("bad"), -ESRCH);
	CHECK_INT(viewers(), 0);
	CHECK_INT(publish_by(good, BYTES, 0), OK);
	CHECK_INT(viewers(), 1);
	CHECK_INT(ds_delete_map("bad"), OK);
	CHECK_INT(DO(first, retrieve, 0, 0, 0, BYTES), -EINVAL);
	CHECK_INT(DO(first, retrieve, 0, DSMF_MAP_MAPPED | DSMF_COPY_MAPPED, 0, BYTES), -EINVAL);
	for (cp_grant_id_t *id = (cp_grant_id_t[]){copied, for_first, nowhere, 0}; *id; id++)
		CHECK_INT(cpf_revoke(*id), OK);
	end_partners();
}

static void nobody_has_all_the_room(void)
{
	char key[DS_KEY_SIZE];
	int count = 0, result = OK;
	for (; result == OK && count < 1000; count++) {
		snprintf(key, sizeof(key), "many.%d", count);
		result = ds_publish_map(key, mine, BYTES, 0);
	}
	CHECK_INT(result, -EDQUOT);
	CHECK_INT(count, 257); /* of a service */
	ds_kill_and_raise();
	CHECK_INT(ds_publish_map("one.more", mine, BYTES, 0), -EDQUOT);
	while (--count > 0) {
		snprintf(key, sizeof(key), "many.%d", count - 1);
		CHECK_INT(ds_delete_map(key), OK);
	}
	CHECK_INT(ds_publish_map("one.more", mine, BYTES, 0), OK);
	CHECK_INT(ds_delete_map("one.more"), OK);
	CHECK_INT(viewers(), 0);
}

#define MONITORED 130 /* more than a process may have mapped at once */
#define AT_ONCE   128

static void make_monitored(char *key, int number)
{
	snprintf(key, DS_KEY_SIZE, "monitored.%d", number);
}

/* Maps the range with this number at a place of its own, or where all are mapped in turn. */
static int64_t monitor(int64_t number, int64_t place, int64_t unused, int64_t unused1)
{
	char key[DS_KEY_SIZE];
	size_t length = 2 * PAGE_SIZE;
	(void)unused, (void)unused1;
	make_monitored(key, (int)number);
	return ds_retrieve_map(key, theirs + place * 2 * (int64_t)PAGE_SIZE, &length, 0, DSMF_MAP_MAPPED);
}

static int64_t unmap_pages(int64_t place, int64_t page, int64_t pages, int64_t unused)
{
	(void)unused;
	return munmap(theirs + (place * 2 + page) * (int64_t)PAGE_SIZE, (size_t)pages * PAGE_SIZE);
}

static int64_t get_at(int64_t place, int64_t page, int64_t unused, int64_t unused1)
{
	(void)unused, (void)unused1;
	return *(volatile char *)(theirs + (place * 2 + page) * (int64_t)PAGE_SIZE);
}

/* Of the first range only the second page stays mapped. */
static void check_first_is_seen(struct partner monitoring)
{
	mine[PAGE_SIZE]++;
	CHECK_INT(DO(monitoring, get_at, 0, 1, 0, 0), mine[PAGE_SIZE]);
}

/* The 128 that a process may have mapped are those that it has mapped still. */
static void what_is_unmapped_is_not_counted(void)
{
	char *before = theirs, key[DS_KEY_SIZE];
	theirs = lending_pages(2 * MONITORED);
	struct partner monitoring = lending_start();
	for (int i = 0; i < MONITORED; i++) {
		make_monitored(key, i);
		CHECK_INT(ds_publish_map(key, mine, 2 * PAGE_SIZE, 0), OK);
	}
	CHECK_INT(DO(monitoring, monitor, 0, 0, 0, 0), OK);
	CHECK_INT(DO(monitoring, unmap_pages, 0, 0, 1, 0), OK);
	for (int i = 1; i < MONITORED; i++) {
		CHECK_INT(DO(monitoring, monitor, i, 1, 0, 0), OK);
		CHECK_INT(DO(monitoring, get_at, 1, 1, 0, 0), mine[PAGE_SIZE]);
		CHECK_INT(DO(monitoring, unmap_pages, 1, 0, 2, 0), OK);
	}
	check_first_is_seen(monitoring);
	for (int i = 1; i < AT_ONCE; i++)
		CHECK_INT(DO(monitoring, monitor, i, i, 0, 0), OK);
	CHECK_INT(DO(monitoring, monitor, AT_ONCE, AT_ONCE, 0, 0), -EDQUOT);
	check_first_is_seen(monitoring);
	CHECK_INT(DO(monitoring, unmap_pages, 7, 0, 2, 0), OK);
	CHECK_INT(DO(monitoring, monitor, AT_ONCE, AT_ONCE, 0, 0), OK);
	CHECK_INT(DO(monitoring, monitor, AT_ONCE + 1, AT_ONCE + 1, 0, 0), -EDQUOT);
	check_first_is_seen(monitoring);
	for (int i = 0; i < MONITORED; i++) {
		make_monitored(key, i);
		CHECK_INT(ds_delete_map(key), OK);
	}
	lending_end(monitoring);
	munmap(theirs, 2 * MONITORED * PAGE_SIZE);
	theirs = before;
}

#define GREEDY      10
#define RANGES_EACH 64 /* that a process may have */

/* How many it can publish, of a page each. */
static int64_t publish_all_it_can(int64_t who, int64_t unused, int64_t unused1, int64_t unused2)
{
	char key[DS_KEY_SIZE];
	int count = 0;
	(void)unused, (void)unused1, (void)unused2;
	for (;; count++) {
		snprintf(key, sizeof(key), "greedy.%d.%d", (int)who, count);
		int result = ds_publish_map(key, mine, PAGE_SIZE, 0);
		if (result == -EDQUOT || result == -ENOSPC)
			return count;
		if (result != OK)
			return result;
	}
}

static void services_can_publish_whatever_processes_do(void)
{
	struct partner greedy[GREEDY];
	int64_t all = 0;
	for (int i = 0; i < GREEDY; i++) {
		greedy[i] = lending_start();
		int64_t count = lending_do(greedy[i], publish_all_it_can, i, 0, 0, 0);
		CHECK(count >= 0 && count <= RANGES_EACH);
		all += count;
	}
	CHECK_INT(all, VM_LENDINGS_MIN / 4 * 3);
	CHECK_INT(ds_publish_map(keys[0], mine, BYTES, 0), OK);
	ds_kill_and_raise();
	CHECK_INT(lending_do(greedy[GREEDY - 1], publish_all_it_can, GREEDY, 0, 0, 0), 0);
	CHECK_INT(ds_publish_map(keys[1], mine, BYTES, 0), OK);
	for (int i = 0; i < GREEDY; i++)
		lending_end(greedy[i]);
	CHECK_INT(ds_delete_map(keys[0]), OK);
	CHECK_INT(ds_delete_map(keys[1]), OK);
}

/* ---- Killed in the middle ---- */

static void publish_and_end_without_end(void)
{
	size_t length;
	int number;
	for (int i = 0;; i++) {
		mine[0] = (char)i;
		CHECK_INT(ds_publish_map("loop", mine, BYTES, i % 3 ? DSF_OVERWRITE : 0), OK);
		if (i % 2)
			CHECK_INT(ds_snapshot_map("loop", &number), OK);
		length = BYTES;
		CHECK_INT(ds_retrieve_map("loop", theirs, &length, 0, DSMF_COPY_MAPPED), OK);
		CHECK_INT(theirs[0], (char)i);
		if (i % 3 == 2)
			CHECK_INT(ds_delete_map("loop"), OK);
		if (tap_failures)
			_exit(1);
	}
}

static void kills_leave_nothing_behind(void)
{
	static char mark;
	struct account account = account_now();
	pid_t pid = tap_start(publish_and_end_without_end);
	KEEP(&mark);
	for (int i = 0; i < 60; i++) {
		usleep((unsigned)(500 + 331 * i % 5000));
		ds_kill_and_raise();
	}
	kill(pid, SIGKILL);
	CHECK_KILLED(tap_wait(pid), SIGKILL);
	CHECK_INT(ds_delete_map("loop"), -ESRCH);
	check_account(&account);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(who_has_it_mapped_sees_what_is_written),
	        TEST(nobody_gets_more_rights_than_were_published),
	        TEST(who_may_write_writes_to_the_publisher_s_memory),
	        TEST(deleting_ends_it_for_all),
	        TEST(the_publisher_takes_it_back_when_it_likes),
	        TEST(overwriting_replaces_it),
	        TEST(the_owner_s_end_is_the_range_s),
	        TEST(copies_are_copies),
	        TEST(snapshots_stay_as_they_were),
	        TEST(a_snapshot_that_is_dropped_takes_no_memory),
	        TEST(ranges_outlive_the_data_store),
	        TEST(what_is_private_is_kept_from_others),
	        TEST(ranges_that_can_not_be_are_refused),
	        TEST(nobody_has_all_the_room),
	        TEST(what_is_unmapped_is_not_counted),
	        TEST(services_can_publish_whatever_processes_do),
	        TEST(kills_leave_nothing_behind),
	};
	return TAP_RUN(tests);
}
