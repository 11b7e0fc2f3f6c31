/* SPDX-License-Identifier: MIT */
/* VM's account of the machine's pages, as tests look at it. */
#ifndef GUEST_PAGES_H
#define GUEST_PAGES_H

#include <granite/sys.h>
#include <granite/vm.h>

#include "tap.h"

/* Where all pages are; the account must add up. */
static inline struct vm_info_rep pages_now(void)
{
	struct vm_info_rep info = {0};
	CHECK_INT(vm_info(&info), OK);
	uint32_t sum = 0;
#define ACCOUNT(name, text) sum += info.name;
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
	CHECK_INT(sum, info.total);
	return info;
}

/* The pages that nobody has. */
static inline uint32_t free_pages(void)
{
	struct vm_info_rep info = pages_now();
	return info.free + info.pool_free;
}

/*
 * The account without what the living have for themselves: they may use pages of theirs for the first time at
 * any moment, and the same processes must be there when two accounts are compared. All else is exact.
 */
struct account {
	struct vm_info_rep pages;
	uint32_t processes;
};

static inline void leave_out(struct account *account, endpoint_t endpoint)
{
	struct vm_procinfo_rep info;
	if (vm_procinfo(endpoint, &info) != OK)
		return; /* a small process, or none */
	account->processes++;
	account->pages.process -= info.resident - info.shared;
	account->pages.free += info.resident - info.shared;
	account->pages.pool_used -= info.tables;
	account->pages.pool_free += info.tables;
}

static inline struct account account_now(void)
{
	static struct proc_info processes[32];
	memset(processes, 0,
	       sizeof(processes)); /* a page that came between the two accounts would be missing */
	struct account account = {.pages = pages_now()};
	for (uint32_t first = 0; first < ENDPOINT_SLOTS; first += 32) {
		int bytes = sys_getinfo(GET_PROCTAB, processes, sizeof(processes), first);
		CHECK_INT(bytes, sizeof(processes));
		for (int i = 0; i < 32; i++)
			if (processes[i].endpoint != NONE)
				leave_out(&account, processes[i].endpoint);
	}
	return account;
}

/* Every page is where it was, and no process is left that was not there before. */
static inline void check_account(const struct account *before)
{
	const struct account now = account_now();
#define ACCOUNT(name, text) CHECK_INT(now.pages.name, before->pages.name);
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
	CHECK_INT(now.processes, before->processes);
}

#endif
