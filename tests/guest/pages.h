/* SPDX-License-Identifier: MIT */
/* VM's account of the machine's pages, as tests look at it. */
#ifndef GUEST_PAGES_H
#define GUEST_PAGES_H

#include <granite/vm.h>

#include "tap.h"

/* Where all pages are; the account must add up. */
static inline struct vm_info_rep account_now(void)
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

/* Every page is where it was. */
static inline void check_account(const struct vm_info_rep *before)
{
	const struct vm_info_rep now = account_now();
#define ACCOUNT(name, text) CHECK_INT(now.name, before->name);
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
}

/* The pages that nobody has. */
static inline uint32_t free_pages(void)
{
	struct vm_info_rep info = account_now();
	return info.free + info.pool_free;
}

#endif
