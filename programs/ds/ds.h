/* SPDX-License-Identifier: MIT */
/* The program `ds`: looks into the data store, and changes it. */
#ifndef PROGRAMS_DS_DS_H
#define PROGRAMS_DS_DS_H

#include <granite/ds.h>

#include "../lib/usage.h"

extern const struct usage usage;

/* Says what has gone wrong with the data store's call about `subject`. Returns the exit status. */
int ds_complain(const char *subject, int result);

/* The commands: each returns the exit status. */
int ds_list_command(const char *pattern);
int ds_get_command(const char *key);
int ds_set_command(const char *key, const char *value, int as_string);
int ds_watch_command(const char *pattern);
int ds_delete_command(const char *key);
int ds_stats_command(void);

/* Calls `take` for all entries that the caller may know of; it ends the walk by not returning 0. -errno. */
int ds_walk(int (*take)(void *context, const struct ds_entry *entry), void *context);

/* The value of a string, which lasts until the next call; NULL: it can't be had. */
const char *ds_string_of(const char *key, size_t *length);

#endif
