/* SPDX-License-Identifier: MIT */
/* See quotas.h. */
#include <errno.h>
#include <string.h>
#include <granite/abi/vm.h>

#include "ds.h"
#include "quotas.h"
#include "ranges.h"

#define PROCESS_RANGES        64         /* that a process may have published */
#define PROCESS_BYTES         0x2000000u /* of them */
#define SERVICE_RANGES        256
#define SERVICE_BYTES         0x8000000u

#define RANGES_OF_ALL         VM_LENDINGS_MIN /* each is a mapping by grant of DS's */

#define SNAPSHOTS_OF_ALL      192        /* each has a name in VM's list of kept memory */
#define SNAPSHOT_BYTES_OF_ALL 0x2000000u /* they are memory of DS's own */

/* Of the ranges of one owner. What others take of them is at most three quarters. */
#define PROCESS_SNAPSHOTS      16
#define PROCESS_SNAPSHOT_BYTES 0x400000u
#define SERVICE_SNAPSHOTS      48
#define SERVICE_SNAPSHOT_BYTES 0x1000000u

struct amount {
	uint32_t count, bytes;
};

static struct published {
	endpoint_t endpoint;
	struct amount ranges, snapshots; /* snapshots of its ranges, whoever has taken them */
} published[ENDPOINT_SLOTS];

static struct amount all_ranges, all_snapshots;

void quotas_begin(void)
{
	memset(published, 0, sizeof(published));
	all_ranges = all_snapshots = (struct amount){0, 0};
}

/* What the process has: nothing, if its place in the table is another's. */
static const struct published *of(endpoint_t publisher)
{
	static const struct published nothing;
	const struct published *has = &published[ENDPOINT_SLOT(publisher)];

	return has->endpoint == publisher ? has : &nothing;
}

int quotas_has_ranges(endpoint_t publisher)
{
	return of(publisher)->ranges.count > 0;
}

static int fits(const struct amount *has, uint32_t bytes, const struct amount *limit)
{
	return has->count < limit->count && has->bytes + bytes <= limit->bytes;
}

static struct amount three_quarters(struct amount of)
{
	return (struct amount){of.count / 4 * 3, of.bytes / 4 * 3};
}

static int is_service(const struct store_caller *caller)
{
	return caller->owner.label[0] != '\0';
}

/* What all may have together; a quarter is not for ordinary processes. */
static int fits_all(const struct amount *has, uint32_t bytes, struct amount limit,
                    const struct store_caller *caller)
{
	if (!is_service(caller))
		limit = three_quarters(limit);
	return fits(has, bytes, &limit);
}

int quotas_may_publish(const struct store_caller *caller, uint32_t bytes)
{
	static const struct amount process = {PROCESS_RANGES, PROCESS_BYTES},
	                           service = {SERVICE_RANGES, SERVICE_BYTES};
	const struct published *has = of(caller->owner.endpoint);

	if (!fits(&has->ranges, bytes, is_service(caller) ? &service : &process))
		return -EDQUOT;
	/* How many bytes is a matter of places. */
	return fits_all(&all_ranges, 0, (struct amount){RANGES_OF_ALL, UINT32_MAX}, caller) ? OK : -ENOSPC;
}

int quotas_may_snapshot(const struct store_caller *caller, const struct store_map *range)
{
	static const struct amount process = {PROCESS_SNAPSHOTS, PROCESS_SNAPSHOT_BYTES},
	                           service = {SERVICE_SNAPSHOTS, SERVICE_SNAPSHOT_BYTES},
	                           all = {SNAPSHOTS_OF_ALL, SNAPSHOT_BYTES_OF_ALL};
	const struct store_caller owner = request_caller(range_publisher(range));
	struct amount limit = is_service(&owner) ? service : process;

	if (caller->owner.endpoint != owner.owner.endpoint)
		limit = three_quarters(limit);
	if (!fits(&of(range_publisher(range))->snapshots, range->length, &limit))
		return -EDQUOT;
	return fits_all(&all_snapshots, range->length, all, caller) ? OK : -ENOSPC;
}

static struct amount *amount_of_all(const struct store_map *map)
{
	return map->number ? &all_snapshots : &all_ranges;
}

static struct amount *amount_of(struct published *has, const struct store_map *map)
{
	return map->number ? &has->snapshots : &has->ranges;
}

static void add(struct amount *to, uint32_t bytes)
{
	to->count++;
	to->bytes += bytes;
}

static void take_away(struct amount *from, uint32_t bytes)
{
	from->count--;
	from->bytes -= bytes;
}

void quotas_add(const struct store_map *map)
{
	struct published *has = &published[ENDPOINT_SLOT(range_publisher(map))];

	if (has->endpoint != range_publisher(map))
		*has = (struct published){.endpoint = range_publisher(map)};
	add(amount_of(has, map), map->length);
	add(amount_of_all(map), map->length);
}

/* The publisher's place in the table may be another's by now. */
void quotas_take_away(const struct store_map *map)
{
	struct published *has = &published[ENDPOINT_SLOT(range_publisher(map))];

	take_away(amount_of_all(map), map->length);
	if (has->endpoint == range_publisher(map))
		take_away(amount_of(has, map), map->length);
}
