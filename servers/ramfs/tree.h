/* SPDX-License-Identifier: MIT */
/*
 * The boot archive as a tree. The archive names files only; directories are what stands before the slashes in
 * their names. Made once, and never changed. Pure.
 */
#ifndef RAMFS_TREE_H
#define RAMFS_TREE_H

#include <formats/cpio.h>
#include <granite/abi/types.h>

#define TREE_COMPONENT_MAX 255 /* NAME_MAX: of a name between slashes */

struct node {
	char *name;                       /* without its directories; the root's is empty */
	struct node *parent;              /* the root's is the root */
	struct node *first, *last, *next; /* children, in the archive's order, and siblings */
	uint32_t mode;                    /* st_mode */
	uint32_t inode;                   /* from 1; the root has 1 */
	uint32_t directories;             /* how many of the children are */
	uint32_t offset, bytes;           /* of a file: where its data is in the archive */
};

/*
 * Reads the archive, and forgets the one read before. A name that can't be (with `..` in it, say, or twice)
 * is left out; *left_out counts them. OK; -ENOMEM; or as cpio_next: then what was read so far is there.
 */
GRANITE_MUST_CHECK int tree_init(const struct cpio_archive *archive, uint32_t *left_out);

struct node *tree_root(void);

/* The node of this number, which must be one. The same archive gives the same numbers. */
struct node *tree_node(uint32_t inode);

int node_is_directory(const struct node *node);

/*
 * Finds what `path` leads to from `from` on, or from the root if it begins with a slash. -ENOENT, -ENOTDIR,
 * -ENAMETOOLONG as path_resolution(7) has them.
 */
GRANITE_MUST_CHECK int tree_lookup(struct node *from, const char *path, struct node **found);

/* Writes the node's path, with its end; returns its length with the end, or -ERANGE. */
GRANITE_MUST_CHECK int tree_path(const struct node *node, char *path, uint32_t bytes);

/* The entry number `index` of a directory: 0 is `.`, 1 is `..`. NULL: there are not so many. */
const struct node *tree_entry(const struct node *directory, uint64_t index, const char **name);

#endif
