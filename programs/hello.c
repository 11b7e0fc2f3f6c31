/* SPDX-License-Identifier: MIT */
/* The smallest program. */
#include <stdio.h>

int main(void)
{
	puts("Hello from Granite!");
	return 0;
}
