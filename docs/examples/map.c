/* SPDX-License-Identifier: MIT */
/* Lends a page to a child, which maps it: what one writes the other sees. */
#include "pass.h"

static char page[4096] __attribute__((aligned(4096)));
static char place[4096] __attribute__((aligned(4096))); /* where the child maps it */

static void child(endpoint_t parent)
{
	cp_grant_id_t grant = passed(parent, NULL);

	must(sys_safemap(parent, grant, 0, ADDRESS(place), sizeof(place), 1) == OK, "mapping");
	printf("child reads: %s\n", place);
	strcpy(place, "written by the child");
	pass(parent, 0);
	(void)passed(parent, NULL);
	printf("child reads: %s\n", place);
	must(sys_safeunmap(ADDRESS(place)) == OK, "unmapping");
}

int main(void)
{
	endpoint_t borrower = start(child);
	cp_grant_id_t grant =
	        cpf_grant_direct(borrower, ADDRESS(page), sizeof(page), CPF_READ | CPF_WRITE | CPF_MAP);

	must(GRANT_VALID(grant), "granting");
	strcpy(page, "written by the parent");
	pass(borrower, grant);
	(void)passed(borrower, NULL);
	printf("parent reads: %s\n", page);
	strcpy(page, "written by the parent again");
	pass(borrower, 0);
	must(wait(NULL) > 0, "wait");
	return cpf_revoke(grant);
}
