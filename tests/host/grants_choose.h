/* SPDX-License-Identifier: MIT */
/* What grants processes give, and what they want of those they have: mostly what can be, and now and then
 * anything. */
#ifndef TESTS_GRANTS_CHOOSE_H
#define TESTS_GRANTS_CHOOSE_H

#include "grants_model.h"

/* A number below `below`; the test's. */
uint32_t random_below(uint32_t below);

/* Pages that are granted: those before this one. */
extern uint32_t choose_before;

/* Forgets the grants of before. */
void choose_start(void);

/* What p gives, its id excepted. */
struct cp_grant choose_grant(const struct person *p);

/* What can be done by a grant that p has given: nothing; something with p's memory; all or a part of what p
 * was given. */
enum good_for { NOTHING, OWN_MEMORY, ALL_OF_ANOTHER, PART_OF_ANOTHER };
enum good_for choose_good_for(const struct person *p, const struct cp_grant *grant);

/* What p wants to do by a grant; three out of four times it should be allowed, if there is anything. */
void choose_wish(const struct person *p, uint32_t rights, struct wish *wish);

/* A grant that is no more is tried again. */
void choose_later(const struct grant_link *link);

#endif
