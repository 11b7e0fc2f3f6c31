/* SPDX-License-Identifier: MIT */
/* Passes on a part: the owner lends a line to a go-between, and that lends one word of it to a reader. */
#include "pass.h"

static char line[] = "name=granite;key=secret";
static endpoint_t reader;

static void read_word(endpoint_t owner)
{
	endpoint_t giver;
	cp_grant_id_t grant = passed(ANY, &giver);
	char word[8] = "";

	(void)owner;
	must(sys_safecopyfrom(giver, grant, 0, ADDRESS(word), 7) == OK, "copying");
	printf("reader has: %s\n", word);
	printf("the rest: %s\n",
	       sys_safecopyfrom(giver, grant, 7, ADDRESS(word), 1) == -EPERM ? "EPERM" : "?");
	printf("writing: %s\n", sys_safecopyto(giver, grant, 0, ADDRESS(word), 1) == -EPERM ? "EPERM" : "?");
	pass(giver, 0);
	(void)passed(giver, NULL);
	printf("after the owner has taken it back: %s\n",
	       sys_safecopyfrom(giver, grant, 0, ADDRESS(word), 7) == -EPERM ? "EPERM" : "?");
	pass(giver, 0);
}

static void go_between(endpoint_t owner)
{
	cp_grant_id_t whole = passed(owner, NULL), word;

	word = cpf_grant_indirect_sub(reader, owner, whole, 5, 7, CPF_READ);
	must(GRANT_VALID(word), "passing on");
	pass(reader, word);
	(void)passed(reader, NULL);
	pass(owner, 0); /* the reader has it */
	(void)passed(owner, NULL);
	pass(reader, 0); /* and now the owner has taken it back */
	(void)passed(reader, NULL);
}

int main(void)
{
	endpoint_t between;
	cp_grant_id_t grant;

	reader = start(read_word);
	between = start(go_between);
	grant = cpf_grant_direct(between, ADDRESS(line), sizeof(line), CPF_READ | CPF_WRITE);
	must(GRANT_VALID(grant), "granting");
	pass(between, grant);
	(void)passed(between, NULL);
	must(cpf_revoke(grant) == OK, "revoking");
	pass(between, 0);
	must(wait(NULL) > 0 && wait(NULL) > 0, "wait");
	return 0;
}
