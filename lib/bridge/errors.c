/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "bridge.h"

/* Programs know Linux's numbers only. What is no error passes unchanged, addresses near 4 GiB among it. */
int32_t bridge_result(int32_t result)
{
	switch (result) {
	case -ELOCKED:
		return -EDEADLK;
	case -ECALLDENIED:
		return -EPERM;
	case -EBADCALL:
		return -ENOSYS;
	case -EDEADSRCDST:
	case -ENOTREADY:
		return -EIO;
	default:
		return result;
	}
}
