/* SPDX-License-Identifier: MIT */
/* A service that keeps memory and does what kept_test asks. It has no state but what it keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kept_service.h"

static struct kept_store *const store = (struct kept_store *)(uintptr_t)KEPT_STORE;

static volatile uint32_t *word_at(vir_bytes address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

static uint32_t chance; /* xorshift32, Marsaglia */

static uint32_t below(uint32_t limit)
{
	chance ^= chance << 13;
	chance ^= chance >> 17;
	chance ^= chance << 5;
	return chance % limit;
}

/* A request that may be good; in the wild part of the kept range. */
static int do_anything(void)
{
	vir_bytes address = KEPT_WILD + below(KEPT_WILD_PAGES) * PAGE_SIZE, somewhere;
	size_t bytes = (1 + below(8)) * PAGE_SIZE;
	char name[VM_KEEP_NAME_MAX];

	snprintf(name, sizeof(name), "wild %u", (unsigned)below(12));
	if (below(16) == 0)
		address = below(2) ? KEPT_END - PAGE_SIZE : chance;
	switch (below(6)) {
	case 0:
		return vm_munmap(address, bytes);
	case 1:
		return vm_mprotect(address, bytes, (int)below(8));
	case 2:
		return vm_mmap(address, bytes, VM_PROT_READ, VM_MAP_FIXED, &somewhere) == OK &&
		       address < KEPT_END;
	default:
		return vm_keep(name, address, bytes, NULL);
	}
}

/* 0, or the first answer that can't be. */
static int rage(uint32_t times, uint32_t seed)
{
	chance = seed | 1;
	while (times-- > 0) {
		int result = do_anything();

		if (result > 0 || result < -200)
			return result;
	}
	return 0;
}

static void exec_again(void)
{
	char *arguments[] = {"kept_service", NULL};

	execve("/bin/kept_service", arguments, NULL);
}

static int map(endpoint_t caller, const struct kept_order *order)
{
	return sys_safemap(caller, order->grant, 0, order->address, order->bytes, 1);
}

static int give(struct kept_order *order)
{
	order->grant =
	        cpf_grant_direct(order->who, order->address, order->bytes, CPF_READ | CPF_WRITE | CPF_MAP);
	return GRANT_VALID(order->grant) ? OK : -1;
}

static int carry_out(endpoint_t caller, int32_t task, struct kept_order *order)
{
	switch (task) {
	case KEPT_PEEK:
		order->value = *word_at(order->address);
		return OK;
	case KEPT_POKE:
		*word_at(order->address) = order->value;
		return OK;
	case KEPT_MAP:
		return map(caller, order);
	case KEPT_GRANT:
		return give(order);
	case KEPT_REVOKE:
		return sys_saferevmap_addr(order->address);
	case KEPT_UNMAP:
		return vm_munmap(order->address, order->bytes);
	case KEPT_KEEP:
		return vm_keep("other", order->address, order->bytes, NULL);
	case KEPT_RAGE:
		return rage(order->value, order->address);
	case KEPT_EXEC:
		exec_again();
		return -1;
	case KEPT_CRASH:
		*word_at(0) = 1;
		return -1;
	case KEPT_EXIT:
		_exit(3);
	case KEPT_PID:
		order->value = (uint32_t)getpid();
		return OK;
	default:
		return -1;
	}
}

static void serve(void)
{
	struct kept_order order;
	struct message m;

	if (ipc_receive(ANY, &m, NULL) != OK)
		return;
	memcpy(&order, m.m_bytes, sizeof(order));
	m.m_type = carry_out(m.m_source, m.m_type, &order);
	memcpy(m.m_bytes, &order, sizeof(order));
	(void)!ipc_sendnb(m.m_source, &m);
}

int main(void)
{
	int found = 0, result = vm_keep("store", KEPT_STORE, KEPT_STORE_PAGES * PAGE_SIZE, &found);

	if (result != OK) {
		fprintf(stderr, "# kept_service: vm_keep gives %d\n", result);
		return EXIT_FAILURE;
	}
	store->lives++;
	store->founds += (uint32_t)found;
	for (;;)
		serve();
}
