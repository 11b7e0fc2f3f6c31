/* SPDX-License-Identifier: MIT */
/* VM's account of the machine's pages, as tests look at it. */
#ifndef GUEST_PAGES_H
#define GUEST_PAGES_H

#include <granite/vm.h>

#include "tap.h"

/* The pages that nobody has; the account must add up. */
static inline uint32_t free_pages(void)
{
	struct vm_info_rep info;
	CHECK_INT(vm_info(&info), OK);
	uint32_t sum = 0;
#define ACCOUNT(name, text) sum += info.name;
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
	CHECK_INT(sum, info.total);
	return info.free + info.pool_free;
}

#endif
