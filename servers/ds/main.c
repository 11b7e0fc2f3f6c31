/* SPDX-License-Identifier: MIT */
/*
 * The data store's start and its loop. What lies where in its kept memory:
 *
 *     KEPT_BASE     the store (store.h)
 *     BESIDE_AT     what is kept beside it (kept.h)
 *     WORK_AT       the work space (ds.h)
 *     RANGES_AT     mapped ranges and snapshots (ranges.h)
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <granite/abi/layout.h>
#include <granite/log.h>
#include <granite/sys.h>
#include <granite/vm.h>

#include "ds.h"
#include "kept.h"
#include "ranges.h"

#define MIB          0x100000u
#define STORE_BYTES  (32 * MIB)
#define BESIDE_AT    (KEPT_BASE + STORE_BYTES)

#define BESIDE_BYTES ((uint32_t)(sizeof(struct kept) + PAGE_SIZE - 1) & -PAGE_SIZE)
#define WORK_AT      (BESIDE_AT + BESIDE_BYTES)

_Static_assert(WORK_AT + WORK_BYTES <= RANGES_AT, "what is beside the store ends before the ranges");

void ds_log(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line_va("ds", format, arguments);
	va_end(arguments);
}

static void *pointer(vir_bytes address)
{
	return (void *)(uintptr_t)address;
}

/* ---- The start ---- */

static int keep_all(int *is_found)
{
	int result = vm_keep("store", KEPT_BASE, STORE_BYTES, is_found);

	if (result == OK)
		result = vm_keep("kept", BESIDE_AT, BESIDE_BYTES + WORK_BYTES, NULL);
	return result == OK ? memory_present(pointer(BESIDE_AT), BESIDE_BYTES + WORK_BYTES, 0) : result;
}

/* Nobody who chooses keys can know it: that is all that is asked of it. */
static uint64_t choose_secret(void)
{
	uint64_t uptime = 0;
	uint32_t epoch = 0, low, high;

	GRANITE_IGNORE(sys_clock(&uptime, &epoch));
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uptime << 32 | epoch) * 0x9e3779b97f4a7c15ull ^ (uint64_t)high << 32 ^ low;
}

static int open_store(void)
{
	struct store_config config;

	store_config_default(&config);
	config.secret = choose_secret();
	config.make_present = memory_present;
	return store_open(&store, pointer(KEPT_BASE), STORE_BYTES, &config);
}

/* There is nothing that could be saved. Better an empty store than none. */
static int begin_anew(int *is_found, int result)
{
	ds_log("the store is damaged, all entries are lost: %s", strerror(-result));
	result = vm_munmap(KEPT_BASE, WORK_AT + WORK_BYTES - KEPT_BASE);
	if (result == OK)
		result = keep_all(is_found);
	return result == OK ? open_store() : result;
}

static int open_kept(int *is_found)
{
	int result = keep_all(is_found);

	if (result != OK)
		return result;
	result = open_store();
	if (result == -EINVAL || result == -ENOTSUP || result == -ERANGE)
		result = begin_anew(is_found, result);
	return result;
}

/* Without PM's events entries of the dead would be kept for ever: then better none. */
static void pull_or_end(void)
{
	int result = events_pull();

	if (result == OK)
		return;
	ds_log("pm does not tell what becomes of processes: %s", strerror(-result));
	exit(EXIT_FAILURE);
}

static void start(void)
{
	int is_found, result = vm_own_memory();

	if (result == OK)
		result = open_kept(&is_found);
	if (result != OK) {
		ds_log("the store can't be opened: %s", strerror(-result));
		exit(EXIT_FAILURE);
	}
	work = pointer(WORK_AT);
	later_begin();
	owners_begin();
	kept_open(pointer(BESIDE_AT));
	ranges_open();
	pull_or_end();
	if (is_found) {
		owners_check();
		ranges_check();
	}
	wake_all();
	later_go_on();
}

/* ---- The loop ---- */

static int serve_busy(endpoint_t caller, int32_t operation, const void *request, void *reply)
{
	int result;

	if (later_must_wait(caller))
		return later_hold(caller, operation, request);
	result = ds_serve(caller, operation, request, reply);
	later_go_on();
	return result;
}

#define OP(number, NAME, name)                                                       \
	static int serve_##name(endpoint_t caller, const void *request, void *reply) \
	{                                                                            \
		int result = owner_meet(caller);                                     \
                                                                                     \
		if (result != OK)                                                    \
			return result;                                               \
		return later_is_busy ? serve_busy(caller, NAME, request, reply)      \
		                     : do_##name(caller, request, reply);            \
	}
#include <granite/abi/ops/ds.def>
#undef OP

/* What RS tells does not wait. */
#define OP(number, NAME, name) SERVER_WRAP(ds, name)
#include <granite/abi/ops/ds_label.def>
#undef OP

static const struct server_op ops[] = {
#define OP(number, NAME, name) SERVER_ENTRY(DS_BASE, NAME, name)
#include <granite/abi/ops/ds.def>
#undef OP
};

static const struct server_op told[] = {
#define OP(number, NAME, name) SERVER_ENTRY(DS_LABEL, NAME, name)
#include <granite/abi/ops/ds_label.def>
#undef OP
};

static void notified(const struct message *m)
{
	if (m->m_source == PM_PROC_NR)
		pull_or_end();
	if (m->m_source == CLOCK)
		later_alarm();
	else
		later_go_on();
}

int main(void)
{
	static const struct server server = {
	        .calls = SERVER_TABLE(DS_BASE, ops),
	        .told = SERVER_TABLE(DS_LABEL, told),
	        .notified = notified,
	};

	start();
	ds_log("receiving fails: %s", strerror(-server_run(&server)));
	return EXIT_FAILURE;
}
