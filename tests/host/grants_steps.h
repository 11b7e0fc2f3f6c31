/* SPDX-License-Identifier: MIT */
/* What processes do in vm_grants_model_test.c. */
#ifndef TESTS_GRANTS_STEPS_H
#define TESTS_GRANTS_STEPS_H

#include "grants_choose.h"
#include "kernel_machine.h"
#include "vm_machine.h"

/* How often what the test is for has happened. */
struct tally {
	uint32_t lent[GRANT_DEPTH_MAX + 1];     /* by how deep the chain is */
	uint32_t good_for[PART_OF_ANOTHER + 1]; /* given */
	uint32_t refused, copied, shared, not_shared, suspended, forks, execs, exits;
	uint32_t written, unmapped, unlent;       /* unmapped: pages of one at least */
	uint32_t ended;                           /* lendings, by a grant or page taken back */
	uint32_t kept, left, inherited, given_up; /* with lendings each, but for the first */
};
extern struct tally tally;

/* Who has called VM and waits. */
extern struct person *acting;

/* VM is called by p; so many frames may go to other things than snapshots. */
void vm_call_begins(struct person *p, uint32_t other_needs);

/* What a run comes to is a number, of which this is a part. */
void take_in(uint64_t number);

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

void touch_much(struct person *p);
void map(struct person *p);
void map_range(struct person *p, uint32_t first, uint32_t pages, uint32_t prot, uint32_t flags);
void map_table(struct person *p);
void lose_table(struct person *p); /* now and then, of its grants; or map it anew */
void unmap(struct person *p);
void protect(struct person *p);
void unlend(struct person *p);

void lives_start(void);
void new_person(void); /* if there is room */
void exit_person(struct person *p);
void fork_person(struct person *p);
void exec_person(struct person *p);
void kill_one(void); /* anybody, in the middle of whatever it does */
void keep(struct person *p);
void succeed(struct person *p);    /* RS names p an heir, or gives up */
void give_up(struct person *dead); /* RS does */

/* In the middle of what another does: a grant is taken back in its table alone; VM is asked afterwards. */
void forbid_meanwhile(struct person *p);
void ask_for_what_is_owed(void);

/* Somebody does anything. */
void step(void);

extern const struct kernel_hooks grants_hooks;

/* While VM is interrupted. */
void others_run(void);

#endif
