/* SPDX-License-Identifier: MIT */
/* Shows where every page of the machine is. */
#include <granite/abi/layout.h>
#include <granite/vm.h>

#include "lib/usage.h"

#define BAR 40 /* columns that stand for all memory */

static unsigned long kib(uint32_t pages)
{
	return (unsigned long)pages * (PAGE_SIZE / 1024);
}

/* Something is shown of whatever is not nothing. */
static void print_bar(uint32_t pages, uint32_t total)
{
	int length = total > 0 ? (int)((uint64_t)pages * BAR / total) : 0;
	if (length == 0 && pages > 0)
		length = 1;
	for (int i = 0; i < length; i++)
		putchar('#');
	putchar('\n');
}

static void print_account(const char *text, uint32_t pages, uint32_t total)
{
	printf("%9lu KiB  %-40s ", kib(pages), text);
	print_bar(pages, total);
}

int main(int argc, char **argv)
{
	usage_check(argc, argv, 0, 0, "mem",
	            "Shows what VM, the memory server, knows of every page of the machine.");
	struct vm_info_rep info;
	int result = vm_info(&info);
	if (result != OK) {
		fprintf(stderr, "mem: %s\n", strerror(-result));
		return 1;
	}
	uint32_t sum = 0;
#define ACCOUNT(name, text)                         \
	print_account(text, info.name, info.total); \
	sum += info.name;
	VM_ACCOUNTS(ACCOUNT)
#undef ACCOUNT
	printf("%9lu KiB  in all\n", kib(info.total));
	if (sum == info.total)
		return 0;
	fprintf(stderr, "mem: the parts make %lu KiB: VM's accounts are wrong\n", kib(sum));
	return 1;
}
