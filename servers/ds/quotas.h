/* SPDX-License-Identifier: MIT */
/*
 * Who has how many mapped ranges, and snapshots of them, whoever has taken these; and how many there may be.
 * Counted anew by each DS.
 */
#ifndef DS_QUOTAS_H
#define DS_QUOTAS_H

#include "store.h"

/* There are none at first. */
void quotas_begin(void);

/*
 * Whether the process may publish so much more, or take another snapshot of this range. -EDQUOT: it has as
 * much as one may, or the range's owner has; -ENOSPC: all together have.
 */
GRANITE_MUST_CHECK int quotas_may_publish(const struct store_caller *caller, uint32_t bytes);
GRANITE_MUST_CHECK int quotas_may_snapshot(const struct store_caller *caller, const struct store_map *range);

/* There is one more, or less: a range or a snapshot. Both say who has published the range. */
void quotas_add(const struct store_map *map);
void quotas_take_away(const struct store_map *map);

int quotas_has_ranges(endpoint_t publisher);

#endif
