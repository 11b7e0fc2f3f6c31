/* SPDX-License-Identifier: MIT */
/* Grants and mappings drawn as a tree. Pure code. */
#ifndef GRANTS_TREE_H
#define GRANTS_TREE_H

#include "picture.h"

/* A node and all that stands on it. */
void tree_draw(const struct picture *picture, const struct node *node);

/* A line for a node that is drawn in another's tree. */
void tree_refer(const struct picture *picture, const struct node *node);

/* A grant as its grantee has it, or a mapping as its holder has it, with its chain. */
void tree_given(const struct picture *picture, const struct node *node);
void tree_mapped(const struct picture *picture, const struct vm_lending *mapping);

#endif
