/* SPDX-License-Identifier: MIT */
/* Publishes memory, which a child maps; and keeps a snapshot of it. */
#include <granite/abi/layout.h>
#include <granite/ds.h>
#include "pass.h"

#define ALIGNED __attribute__((aligned(PAGE_SIZE)))

static char board[PAGE_SIZE] ALIGNED, seen[PAGE_SIZE] ALIGNED;

static void reader(endpoint_t parent)
{
	size_t length = sizeof(seen);

	must(ds_retrieve_map("board", seen, &length, 0, DSMF_MAP_MAPPED) == OK, "mapping");
	printf("mapped: %s\n", seen);
	pass(parent, 0);
	(void)passed(parent, NULL);
	printf("without asking again: %s\n", seen);
	must(ds_retrieve_map("board", seen, &length, 0, DSMF_MAP_MAPPED | DSMF_WRITABLE) == -EPERM,
	     "mapping for writing");
	pass(parent, 0);
	(void)passed(parent, NULL);
	printf("after the end, my own copy: %s\n", seen);
}

int main(void)
{
	static char copy[PAGE_SIZE];
	size_t length = sizeof(copy);
	endpoint_t other;
	int number;

	strcpy(board, "first");
	must(ds_publish_map("board", board, PAGE_SIZE, 0) == OK, "publishing");
	must(ds_snapshot_map("board", &number) == OK, "a snapshot");
	other = start(reader);
	(void)passed(other, NULL);
	strcpy(board, "second");
	pass(other, 0);
	(void)passed(other, NULL);
	must(ds_retrieve_map("board", copy, &length, number, DSMF_COPY_SNAPSHOT) == OK, "copying");
	printf("snapshot %d: %s\n", number, copy);
	must(ds_delete_map("board") == OK, "deleting");
	strcpy(board, "third");
	pass(other, 0);
	must(wait(NULL) > 0, "wait");
	return 0;
}
