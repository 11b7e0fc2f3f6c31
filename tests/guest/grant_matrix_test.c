/* SPDX-License-Identifier: MIT */
/* guest: flags=inspect timeout=300 variants=ubsan phys=b8000-bffff,f0000-fffff */
/*
 * Every kind of memory, granted and used in every way, and whatever can then happen to it: a cell of the
 * matrix is one of each. All who take part must see, byte for byte, what the rules say, whoever writes what
 * and when; and when they have ended every page is where it was. With a word, only cells with that in their
 * names.
 */
#define _GNU_SOURCE
#include "grant_kinds.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- A cell ---- */

static int access_of(const struct cell *cell, enum who giver)
{
	return CPF_READ | CPF_WRITE | CPF_MAP | (cell->unmap == giver ? CPF_UNMAP : 0);
}

/* The go-between maps the window too, to read it, when the grantee is going to. */
static void begin(const struct cell *cell)
{
	reference_begin();
	cell->kind->set(cell->unmap);
	cast_start_filled(BETWEEN);
	cast_start_filled(GRANTEE);
	if (cell->kind->chain == ON)
		cast_pass_on(OTHER, GRANTOR, BETWEEN, access_of(cell, GRANTOR));
	else
		cast_grant(GRANTOR, BETWEEN, access_of(cell, GRANTOR));
	cast_pass_on(GRANTOR, BETWEEN, GRANTEE, access_of(cell, BETWEEN));
	write_pages(GRANTOR, 1u << (PAGES - 1), 0, "before the use");
	if (cell->use->how == MAP)
		cast_map(GRANTOR, owner_of(cell), BETWEEN, false);
}

/* What the grantee sees and what the owner does, after a use that was good. */
static void used(const struct cell *cell)
{
	const struct use *use = cell->use;
	struct store *lent = cast[owner_of(cell)].sees;
	struct actor *grantee = &cast[GRANTEE];
	if (use->how == COPY_FROM) {
		memcpy(grantee->sees->byte + use->at, lent->byte + use->offset, use->bytes);
	} else if (use->how == COPY_TO) {
		memcpy(lent->byte + use->offset, grantee->sees->byte + use->at, use->bytes);
	} else {
		grantee->sees = lent;
		grantee->writes = use->writes;
		grantee->lent = true;
	}
}

/* By whomever, with the grant that the go-between gave the grantee. */
static int64_t try_use(const struct use *use, int who, endpoint_t granter, cp_grant_id_t id)
{
	if (use->how == MAP)
		return cast_do(who, do_map, granter, id, use->writes, 0);
	return cast_do(who, use->how == COPY_TO ? do_copy_to : do_copy_from, granter, id, use->offset,
	               PAIR(use->at, use->bytes));
}

static void use_grant(const struct cell *cell, endpoint_t granter, cp_grant_id_t id, int expected)
{
	if (CHECK_INT(try_use(cell->use, GRANTEE, granter, id), expected) && expected == OK)
		used(cell);
}

static void use_first(const struct cell *cell)
{
	int expected = first_result(cell);
	uint64_t before = cow_pages();
	use_grant(cell, endpoint_of(BETWEEN), cast[BETWEEN].gave, expected);
	CHECK_INT(cow_pages() - before, expected == OK && cell->kind->shared ? cell->use->shared : 0);
}

/* ---- What happens then ---- */

static int64_t act_in(enum act act, enum who who)
{
	const struct actor *actor = &cast[who];
	switch (act) {
	case REVOKE:
		return cast_do(who, revoke, actor->gave, 0, 0, 0);
	case REVOKE_MAPPINGS:
		return cast_do(who, revoke_mappings, actor->gave, 0, 0, 0);
	case REVOKE_PAGE:
		return cast_do(who, revoke_address, actor->base + PAGE_SIZE + 5, 0, 0, 0);
	case UNMAP_GRANT:
		return cast_do(who, unmap_grant, actor->base + PAGE_SIZE + 5, 0, 0, 0);
	case UNMAP:
		return cast_do(who, do_unmap, actor->base, 0, 0, 0);
	default:
		return OK;
	}
}

static void meet_fates(const struct cell *cell)
{
	for (enum who who = OTHER; who <= GRANTEE; who++) {
		enum fate fate = cell->rule->fate[who];
		if (fate == STAYS || (fate != GONE && !cast[who].lent))
			continue;
		if (fate == KEPT && keeps_snapshot(cell, who))
			cast_keep(who);
		else
			cast_lose(who);
	}
}

/* What was passed on is nothing for a child of who had it, nor the child's to give. */
static void try_child(const struct cell *cell)
{
	const struct rule *rule = cell->rule;
	cp_grant_id_t passed = cast[BETWEEN].gave;
	if (rule->who == GRANTEE)
		CHECK_INT(try_use(cell->use, CHILD, endpoint_of(BETWEEN), passed), -EPERM);
	else
		CHECK_INT(try_use(cell->use, GRANTEE, endpoint_of(CHILD), cast[rule->who].gave), -EPERM);
}

static void happen(const struct cell *cell)
{
	const struct rule *rule = cell->rule;
	bool good = rule->act != UNMAP_GRANT || cast[rule->who].lent;
	CHECK_INT(act_in(rule->act, rule->who), good ? OK : -EINVAL);
	if (rule->act == FORK)
		cast_fork(rule->who, CHILD, child_keeps(cell, rule->who));
	meet_fates(cell);
	if (rule->act == EXIT)
		cast_exit(rule->who);
	else if (rule->act == EXEC)
		cast_exec(rule->who);
	else if (rule->act == FORK)
		try_child(cell);
}

static void name_cell(const struct cell *cell, char *name, size_t size)
{
	snprintf(name, size, "%s; %s%s%s; %s%s%s", cell->kind->name, cell->use->name,
	         cell->unmap == NOBODY ? "" : " with CPF_UNMAP of the ",
	         cell->unmap == NOBODY ? "" : cast_names[cell->unmap], act_names[cell->rule->act],
	         cell->rule->who == NOBODY ? "" : " the ",
	         cell->rule->who == NOBODY ? "" : cast_names[cell->rule->who]);
}

static void run_cell(const struct cell *cell, const struct account *before)
{
	endpoint_t granter;
	cp_grant_id_t id;
	begin(cell);
	granter = endpoint_of(BETWEEN);
	id = cast[BETWEEN].gave;
	use_first(cell);
	cast_write(ALL_PAGES >> PAGES / 2, 1, "after the use");
	cast_compare("after the use");
	happen(cell);
	cast_write(ALL_PAGES, 2, "after what happened");
	cast_compare("after what happened");
	if (alive(GRANTEE)) {
		use_grant(cell, granter, id, second_result(cell));
		cast_write(ALL_PAGES, 3, "after the second use");
		cast_compare("after the second use");
	}
	cast_end();
	check_account(before);
}

/* ---- All cells ---- */

typedef void cell_visitor(const struct cell *cell, void *context);

static void each_cell(cell_visitor *visit, void *context)
{
	struct cell cell;
	for (cell.kind = kinds; cell.kind < kinds + COUNT(kinds); cell.kind++)
		for (cell.use = uses; cell.use < uses + COUNT(uses); cell.use++)
			for (cell.rule = rules; cell.rule < rules + COUNT(rules); cell.rule++)
				for (cell.unmap = OTHER; cell.unmap <= NOBODY; cell.unmap++)
					if (cell_makes_sense(&cell))
						visit(&cell, context);
}

struct run {
	const char *word; /* in the names of the cells that are wanted; "": all */
	int count;
	struct account before;
};

static bool wanted(const struct cell *cell, const struct run *run)
{
	char name[160];
	name_cell(cell, name, sizeof(name));
	return strstr(name, run->word) != NULL;
}

static void count_cell(const struct cell *cell, void *context)
{
	struct run *run = context;
	run->count += wanted(cell, run);
}

static void visit_cell(const struct cell *cell, void *context)
{
	struct run *run = context;
	char name[160];
	if (!wanted(cell, run))
		return;
	run_cell(cell, &run->before);
	name_cell(cell, name, sizeof(name));
	tap_result(name);
}

static void setup(void)
{
	cast_names[OTHER] = "other";
	cast_names[GRANTOR] = "grantor";
	cast_names[BETWEEN] = "go-between";
	cast_names[GRANTEE] = "grantee";
	cast_names[CHILD] = "child";
	cast_setup();
	look_at_sources();
}

/* What servers touch for the first time is no leak. */
static void rehearse(void)
{
	for (unsigned kind = 0; kind < COUNT(kinds); kind++) {
		const struct cell cell = {&kinds[kind], &uses[0], &rules[COUNT(rules) - 1], NOBODY};
		struct account before = account_now();
		int failures = tap_failures;
		run_cell(&cell, &before);
		tap_failures = failures;
	}
}

int main(int argc, char **argv)
{
	struct run run = {.word = argc > 1 ? argv[1] : ""};
	if (cast_is_partner(argv))
		return cast_partner_main(argv);
	setup();
	rehearse();
	run.before = account_now();
	each_cell(count_cell, &run);
	tap_plan(run.count + 1);
	tap_result("setup");
	each_cell(visit_cell, &run);
	return tap_failed > 0;
}
