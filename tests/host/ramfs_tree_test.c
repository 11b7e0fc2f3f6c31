/* SPDX-License-Identifier: MIT */
/* links: servers/ramfs/tree.c lib/formats/cpio.c */
/* The boot archive as a tree of directories. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "servers/ramfs/tree.h"
#include "seed.h"

static char archive[0x8000];
static uint32_t archive_bytes;

static int read_archive(void *context, uint32_t offset, void *buffer, uint32_t bytes)
{
	(void)context;
	memcpy(buffer, archive + offset, bytes);
	return OK;
}

static void put(const char *name, unsigned mode, unsigned bytes)
{
	unsigned name_bytes = (unsigned)strlen(name) + 1;

	archive_bytes += (uint32_t)sprintf(archive + archive_bytes,
	                                   "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1u,
	                                   mode, 0u, 0u, 1u, 0u, bytes, 0u, 0u, 0u, 0u, name_bytes, 0u);
	memcpy(archive + archive_bytes, name, name_bytes);
	archive_bytes = (archive_bytes + name_bytes + 3) & ~3u;
	archive_bytes = (archive_bytes + bytes + 3) & ~3u;
}

/* Makes the tree of these; returns how many were left out. */
static uint32_t grow(const char *const *names)
{
	struct cpio_archive cpio = {.read = read_archive};
	uint32_t left_out;

	memset(archive, 0, sizeof(archive));
	archive_bytes = 0;
	for (; *names; names++)
		put(*names, 0100755, 100);
	put("TRAILER!!!", 0, 0);
	cpio.bytes = archive_bytes;
	assert_int_equal(tree_init(&cpio, &left_out), OK);
	return left_out;
}

static const char *const usual[] = {"bin/sh", "bin/ls", "etc/manifest", "files/a/b/c", "top", NULL};

static int setup(void **state)
{
	(void)state;
	assert_int_equal(grow(usual), 0);
	return 0;
}

static struct node *find_from(struct node *from, const char *path)
{
	struct node *node = NULL;

	assert_int_equal(tree_lookup(from, path, &node), OK);
	return node;
}

static struct node *find(const char *path)
{
	return find_from(tree_root(), path);
}

static int result_of(const char *path)
{
	struct node *node;

	return tree_lookup(tree_root(), path, &node);
}

static void paths_lead_where_they_say(void **state)
{
	struct node *c = find("/files/a/b/c");

	(void)state;
	assert_string_equal(c->name, "c");
	assert_int_equal(c->mode, S_IFREG | 0555);
	assert_int_equal(c->bytes, 100);
	assert_ptr_equal(find("files/a/b/c"), c);
	assert_ptr_equal(find("//files///a/./b/../b/c"), c);
	assert_ptr_equal(find("/../../files/a/b/c"), c);
	assert_ptr_equal(find_from(find("files/a"), "b/c"), c);
	assert_ptr_equal(find_from(find("files/a"), "/files/a/b/c"), c);
	assert_ptr_equal(find_from(find("files/a"), "../../bin/"), find("bin"));
	assert_ptr_equal(find("/"), tree_root());
	assert_ptr_equal(find("bin/.."), tree_root());
	assert_true(node_is_directory(find("files/a/b/")));
}

static void paths_that_lead_nowhere_have_linux_s_errors(void **state)
{
	char name[TREE_COMPONENT_MAX + 2];

	(void)state;
	assert_int_equal(result_of(""), -ENOENT);
	assert_int_equal(result_of("nothing"), -ENOENT);
	assert_int_equal(result_of("nothing/.."), -ENOENT);
	assert_int_equal(result_of("bin/s"), -ENOENT);
	assert_int_equal(result_of("bin/shx"), -ENOENT);
	assert_int_equal(result_of("top/"), -ENOTDIR);
	assert_int_equal(result_of("top/."), -ENOTDIR);
	assert_int_equal(result_of("top/x"), -ENOTDIR);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(result_of(name), -ENAMETOOLONG);
	name[TREE_COMPONENT_MAX] = '\0';
	assert_int_equal(result_of(name), -ENOENT);
}

static void each_node_knows_its_path(void **state)
{
	static const char *const paths[] = {"/", "/bin", "/bin/sh", "/files/a/b/c", "/top"};
	char path[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		uint32_t bytes = (uint32_t)strlen(paths[i]) + 1;

		assert_int_equal(tree_path(find(paths[i]), path, bytes - 1), -ERANGE);
		assert_int_equal(tree_path(find(paths[i]), path, bytes), bytes);
		assert_string_equal(path, paths[i]);
	}
	assert_int_equal(tree_path(tree_root(), path, 0), -ERANGE);
}

static void entries_come_in_order_and_once(void **state)
{
	static const char *const names[] = {".", "..", "bin", "etc", "files", "top"};
	const char *name;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		assert_non_null(tree_entry(tree_root(), i, &name));
		assert_string_equal(name, names[i]);
	}
	assert_null(tree_entry(tree_root(), 6, &name));
	assert_null(tree_entry(tree_root(), UINT64_MAX, &name));
	assert_ptr_equal(tree_entry(find("files/a"), 1, &name), find("files"));
	assert_int_equal(tree_root()->directories, 3);
	assert_int_equal(find("files/a/b")->directories, 0);
}

static void names_that_can_not_be_are_left_out(void **state)
{
	static const char *const names[] = {"good", "../up", "a/../b",     "/absolute", "end/", "a//b",
	                                    ".",    "good",  "good/below", "dir/x",     "dir",  NULL};

	(void)state;
	assert_int_equal(grow(names), 9);
	assert_int_equal(result_of("good"), OK);
	assert_int_equal(result_of("dir/x"), OK);
	assert_int_equal(result_of("up"), -ENOENT);
	assert_int_equal(result_of("absolute"), -ENOENT);
	assert_int_equal(result_of("a"), -ENOENT);
	assert_false(node_is_directory(find("good")));
	assert_true(node_is_directory(find("dir")));
}

static void a_damaged_archive_is_told_and_what_came_before_is_there(void **state)
{
	struct cpio_archive cpio = {.read = read_archive, .bytes = archive_bytes};
	uint32_t left_out;

	(void)state;
	memset(archive + 400, 0xff, 200);
	assert_int_equal(tree_init(&cpio, &left_out), -EINVAL);
	assert_int_equal(result_of("bin/sh"), OK);
	assert_int_equal(result_of("top"), -ENOENT);
}

/* Whatever is asked for, what is found is what its own path leads to. */
static void random_paths_are_consistent(void **state)
{
	static const char *const parts[] = {"bin", "files", "a", "b", "c", "sh", "top", ".", "..", "", "no"};
	unsigned seed = test_seed();

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char path[256] = "", own[256];
		struct node *node;

		for (int n = rand_r(&seed) % 8; n >= 0; n--) {
			strcat(path, parts[(unsigned)rand_r(&seed) % (sizeof(parts) / sizeof(parts[0]))]);
			strcat(path, n ? "/" : "");
		}
		if (tree_lookup(tree_root(), path, &node) != OK)
			continue;
		assert_true(tree_path(node, own, sizeof(own)) > 0);
		assert_ptr_equal(find(own), node);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(paths_lead_where_they_say, setup),
	        cmocka_unit_test_setup(paths_that_lead_nowhere_have_linux_s_errors, setup),
	        cmocka_unit_test_setup(each_node_knows_its_path, setup),
	        cmocka_unit_test_setup(entries_come_in_order_and_once, setup),
	        cmocka_unit_test_setup(names_that_can_not_be_are_left_out, setup),
	        cmocka_unit_test_setup(a_damaged_archive_is_told_and_what_came_before_is_there, setup),
	        cmocka_unit_test_setup(random_paths_are_consistent, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
