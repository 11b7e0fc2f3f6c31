/* SPDX-License-Identifier: MIT */
/* Takes a page back: the child keeps what it last saw, or, where the grant says CPF_UNMAP, nothing. */
#include "pass.h"

static char page[4096] __attribute__((aligned(4096)));
static char place[4096] __attribute__((aligned(4096)));

static void child(endpoint_t parent)
{
	cp_grant_id_t grant = passed(parent, NULL);

	must(sys_safemap(parent, grant, 0, ADDRESS(place), sizeof(place), 0) == OK, "mapping");
	printf("mapped: %s\n", place);
	fflush(stdout);
	pass(parent, 0);
	(void)passed(parent, NULL);
	printf("taken back: %s\n", place); /* with CPF_UNMAP this is the child's end */
}

static void lend(int how)
{
	endpoint_t borrower = start(child);
	cp_grant_id_t grant =
	        cpf_grant_direct(borrower, ADDRESS(page), sizeof(page), CPF_READ | CPF_MAP | how);
	int status;

	must(GRANT_VALID(grant), "granting");
	strcpy(page, "the old text");
	pass(borrower, grant);
	(void)passed(borrower, NULL);
	must(cpf_revoke(grant) == OK, "revoking");
	strcpy(page, "the new text");
	pass(borrower, 0);
	must(wait(&status) > 0, "wait");
	if (WIFSIGNALED(status))
		printf("killed by signal %d\n", WTERMSIG(status));
}

int main(void)
{
	lend(0);
	lend(CPF_UNMAP);
	return 0;
}
