/* SPDX-License-Identifier: MIT */
#include <granite/abi/errno.h>

#include "bridge.h"

/* Programs know only Linux's errors. Other results pass as they are, even an address near 4 GiB. */
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
