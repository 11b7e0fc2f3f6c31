/* SPDX-License-Identifier: MIT */
#ifndef TESTS_GRANTS_COMPARE_H
#define TESTS_GRANTS_COMPARE_H

#include "grants_model.h"

/*
 * What somebody has in a page, or has left there, is as the model says, each word; and what the process
 * reaches of it, through its TLB, and the rights. And so for every page of all, where besides no frame that
 * can be written to may show in two places that do not live together.
 */
void compare_page(struct person *p, uint32_t page);
void compare_all(void);

#endif
