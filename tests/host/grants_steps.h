/* SPDX-License-Identifier: MIT */
/* What processes do in vm_grants_model_test.c. */
#ifndef TESTS_GRANTS_STEPS_H
#define TESTS_GRANTS_STEPS_H

#include "grants_choose.h"
#include "kernel_machine.h"
#include "vm_machine.h"

/* How often what the test is for has happened. */
struct tally {
	uint32_t lent[GRANT_DEPTH_MAX + 1]; /* by how deep the chain is */
	uint32_t refused, copied, shared, not_shared, suspended, forks, execs, exits;
	uint32_t kept, left, inherited, given_up; /* with lendings each, but for the first */
};
extern struct tally tally;

/* Who has called VM and waits. */
extern struct person *acting;

/* VM is called by p; so many frames may go to other things than snapshots. */
void vm_call_begins(struct person *p, uint32_t other_needs);

/* One that can run, or NULL. */
struct person *somebody(void);

/* Memory is so short that VM may refuse what takes so many frames, and pages of the pool. */
bool memory_short(uint32_t pages, uint32_t pool);

/* ---- Steps ---- */

void give_grant(struct person *p);
void take_grant_back(struct person *p);
void take_page_back(struct person *p);
void map_grant(struct person *p);
void copy_by_grant(struct person *p);
void set_table(struct person *p);

/* In the middle of what another does: a grant is taken back in its table alone; VM is asked afterwards. */
void forbid_meanwhile(struct person *p);
void ask_for_what_is_owed(void);

/* Somebody does anything. */
void step(void);

extern const struct kernel_hooks grants_hooks;

/* While VM is interrupted. */
void others_run(void);

#endif
