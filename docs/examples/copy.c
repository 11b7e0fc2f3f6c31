/* SPDX-License-Identifier: MIT */
/* Lends a buffer to a child, which copies it. */
#include "pass.h"

static char text[] = "what the child was born with";

static void child(endpoint_t parent)
{
	cp_grant_id_t grant = passed(parent, NULL);
	char copy[sizeof(text)];

	must(sys_safecopyfrom(parent, grant, 0, ADDRESS(copy), sizeof(copy)) == OK, "copying");
	printf("copied: %s\n", copy);
	printf("one byte more: %s\n",
	       sys_safecopyfrom(parent, grant, 1, ADDRESS(copy), sizeof(copy)) == -EPERM ? "EPERM" : "?");
	printf("writing: %s\n", sys_safecopyto(parent, grant, 0, ADDRESS("x"), 1) == -EPERM ? "EPERM" : "?");
}

int main(void)
{
	endpoint_t borrower = start(child);
	cp_grant_id_t grant;

	strcpy(text, "what the parent has now");
	grant = cpf_grant_direct(borrower, ADDRESS(text), sizeof(text), CPF_READ);
	must(GRANT_VALID(grant), "granting");
	pass(borrower, grant);
	must(wait(NULL) > 0, "wait");
	return cpf_revoke(grant);
}
