/* SPDX-License-Identifier: MIT */
/* The boot archive as a tree: see tree.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tree.h"

#define DIRECTORY_MODE (S_IFDIR | 0555)

static struct node root = {.name = "", .parent = &root, .mode = DIRECTORY_MODE, .inode = 1};
static uint32_t last_inode;
static struct node **nodes; /* by inode */

struct node *tree_root(void)
{
	return &root;
}

struct node *tree_node(uint32_t inode)
{
	assert(inode > 0 && inode <= last_inode);
	return nodes[inode];
}

int node_is_directory(const struct node *node)
{
	return S_ISDIR(node->mode);
}

/* ---- Looking up ---- */

static struct node *child(const struct node *directory, const char *name, size_t length)
{
	for (struct node *node = directory->first; node; node = node->next)
		if (strncmp(node->name, name, length) == 0 && node->name[length] == '\0')
			return node;
	return NULL;
}

static int is_name(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && memcmp(text, name, length) == 0;
}

static struct node *step(struct node *directory, const char *name, size_t length)
{
	if (is_name(name, length, "."))
		return directory;
	if (is_name(name, length, ".."))
		return directory->parent;
	return child(directory, name, length);
}

int tree_lookup(struct node *from, const char *path, struct node **found)
{
	struct node *node = *path == '/' ? &root : from;

	if (*path == '\0')
		return -ENOENT;
	while (*path) {
		const char *name = path + strspn(path, "/");
		size_t length = strcspn(name, "/");

		if (!node_is_directory(node))
			return -ENOTDIR;
		if (length > TREE_COMPONENT_MAX)
			return -ENAMETOOLONG;
		node = length ? step(node, name, length) : node;
		if (!node)
			return -ENOENT;
		path = name + length;
	}
	*found = node;
	return OK;
}

int tree_path(const struct node *node, char *path, uint32_t bytes)
{
	uint32_t length = node == &root ? 1 : 0, end;

	for (const struct node *up = node; up != &root; up = up->parent)
		length += 1 + (uint32_t)strlen(up->name);
	if (length >= bytes)
		return -ERANGE;
	path[0] = '/';
	path[length] = '\0';
	for (end = length; node != &root; node = node->parent) {
		uint32_t name_bytes = (uint32_t)strlen(node->name);

		end -= name_bytes + 1;
		path[end] = '/';
		memcpy(path + end + 1, node->name, name_bytes);
	}
	return (int)length + 1;
}

const struct node *tree_entry(const struct node *directory, uint64_t index, const char **name)
{
	const struct node *node = directory->first;

	if (index < 2) {
		*name = index == 0 ? "." : "..";
		return index == 0 ? directory : directory->parent;
	}
	for (index -= 2; node && index; index--)
		node = node->next;
	if (node)
		*name = node->name;
	return node;
}

/* ---- Building ---- */

static void append(struct node *directory, struct node *node)
{
	node->parent = directory;
	node->inode = ++last_inode;
	if (directory->last)
		directory->last->next = node;
	else
		directory->first = node;
	directory->last = node;
	directory->directories += node_is_directory(node) != 0;
}

/* A new child; NULL: no memory. */
static struct node *grow(struct node *directory, const char *name, size_t length, uint32_t mode)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node)
		node->name = strndup(name, length);
	if (!node || !node->name) {
		free(node);
		return NULL;
	}
	node->mode = mode;
	append(directory, node);
	return node;
}

/* The names in an archive that lead nowhere else than they say. */
static int is_sound(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || is_name(path, length, ".") || is_name(path, length, ".."))
			return 0;
		if (path[length] == '\0')
			return 1;
		path += length + 1;
	}
}

static uint32_t mode_of(const struct cpio_entry *entry)
{
	return entry->mode & (S_IFMT | 0777) & ~0222u;
}

/* Puts the entry, and the directories before it, into the tree. OK, -ENOMEM; -EEXIST: its place is taken. */
static int add(const struct cpio_entry *entry)
{
	struct node *node = &root;
	const char *name = entry->name;
	size_t length;

	while (name[length = strcspn(name, "/")] == '/') {
		struct node *next = child(node, name, length);

		if (!next)
			next = grow(node, name, length, DIRECTORY_MODE);
		if (!next)
			return -ENOMEM;
		if (!node_is_directory(next))
			return -EEXIST;
		node = next;
		name += length + 1;
	}
	if (child(node, name, length))
		return -EEXIST;
	node = grow(node, name, length, mode_of(entry));
	if (!node)
		return -ENOMEM;
	node->offset = entry->offset;
	node->bytes = S_ISREG(entry->mode) ? entry->bytes : 0;
	return OK;
}

/* Forgets all below it. */
static void cut(struct node *directory)
{
	struct node *node;

	while ((node = directory->first)) {
		directory->first = node->next;
		cut(node);
		free(node->name);
		free(node);
	}
	directory->last = NULL;
	directory->directories = 0;
}

static int is_wanted(const struct cpio_entry *entry)
{
	return (S_ISREG(entry->mode) || S_ISDIR(entry->mode)) && is_sound(entry->name);
}

static void enter(struct node *node)
{
	nodes[node->inode] = node;
	for (node = node->first; node; node = node->next)
		enter(node);
}

static int number(void)
{
	free(nodes);
	nodes = calloc((size_t)last_inode + 1, sizeof(struct node *));
	if (!nodes)
		return -ENOMEM;
	enter(&root);
	return OK;
}

int tree_init(const struct cpio_archive *archive, uint32_t *left_out)
{
	struct cpio_entry entry;
	uint32_t position = 0;
	int result;

	cut(&root);
	last_inode = root.inode;
	*left_out = 0;
	while ((result = cpio_next(archive, &position, &entry)) == 1) {
		int added = is_wanted(&entry) ? add(&entry) : -EEXIST;

		if (added == -ENOMEM)
			return added;
		*left_out += added != OK;
	}
	return number() == OK ? result : -ENOMEM;
}
