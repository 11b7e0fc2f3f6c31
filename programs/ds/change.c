/* SPDX-License-Identifier: MIT */
/* set, delete. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "../lib/processes.h"
#include "ds.h"
#include "text.h"

#define PATIENCE_MSECS 2000 /* with a process that is to end */

/* ---- set ---- */

struct value {
	const char *key, *text;
	uint32_t type, number;
};

static int publish(const struct value *value, int flags)
{
	if (value->type == DS_TYPE_U32)
		return ds_publish_u32(value->key, value->number, flags);
	return ds_publish_str(value->key, value->text, flags);
}

static int exists(const char *key, uint32_t type)
{
	uint32_t number;
	size_t length;

	return type == DS_TYPE_U32 ? ds_retrieve_u32(key, &number) == OK : ds_string_of(key, &length) != NULL;
}

/* Nobody waits for it, nothing is on its terminal, and nobody is told when it ends. */
static void leave_the_terminal(void)
{
	int null = open("/etc/manifest", O_RDONLY); /* a file that is always there */

	setsid();
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

/* Until somebody ends it: `ds delete`. */
static _Noreturn void keep(void)
{
	for (;;)
		pause();
}

/* A process that lasts as long as the entry. Returns when that is published, or not. */
static int publish_by_child(const struct value *value)
{
	int ends[2], result = -EIO;
	pid_t pid;

	if (pipe(ends) != 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		result = publish(value, 0);
		if (write(ends[1], &result, sizeof(result)) != sizeof(result) || result != OK)
			_exit(1);
		leave_the_terminal();
		close(ends[0]);
		close(ends[1]);
		keep();
	}
	close(ends[1]);
	if (pid < 0)
		result = -errno;
	else if (read(ends[0], &result, sizeof(result)) != sizeof(result))
		result = -EIO;
	close(ends[0]);
	return result;
}

/* What is there is somebody's, and stays that. */
int ds_set_command(const char *key, const char *text, int as_string)
{
	struct value value = {.key = key, .text = text, .type = DS_TYPE_STR};
	int result = -EEXIST;

	if (!as_string && text_number(text, &value.number))
		value.type = DS_TYPE_U32;
	if (!exists(key, value.type))
		result = publish_by_child(&value);
	if (result == -EEXIST)
		result = publish(&value, DSF_OVERWRITE);
	return result == OK ? 0 : ds_complain(key, result);
}

/* ---- delete ---- */

struct owned {
	const char *key;
	uint32_t type; /* 0: none found */
	endpoint_t owner;
	int is_others; /* one that is not for us to delete */
	int is_kept;   /* it is still there */
};

static int take_owned(void *context, const struct ds_entry *entry)
{
	struct owned *owned = context;

	if (strcmp(entry->key, owned->key) != 0)
		return 0;
	owned->is_others = entry->owner[0] || (entry->type != DS_TYPE_U32 && entry->type != DS_TYPE_STR);
	owned->type = entry->type;
	owned->owner = entry->endpoint;
	return !owned->is_others;
}

/* The process that keeps it, if `ds set` has left it behind; 0: it is another's. */
static pid_t keeper_of(endpoint_t owner)
{
	struct processes all;
	const struct process *process;
	pid_t pid = 0;

	processes_take(&all);
	process = processes_by_endpoint(&all, owner);
	if (process && strcmp(process->kernel.name, "ds") == 0)
		pid = process->pm.pid;
	processes_free(&all);
	return pid;
}

/* The same owner has it still. */
static int take_kept(void *context, const struct ds_entry *entry)
{
	struct owned *owned = context;

	owned->is_kept = strcmp(entry->key, owned->key) == 0 && entry->type == owned->type &&
	                 entry->endpoint == owned->owner;
	return owned->is_kept;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/*
 * Until the entry is gone, which the store sees to when it learns of its owner's end. If somebody else
 * publishes the key meanwhile that is another entry. -ETIMEDOUT: its owner does not end.
 */
static int wait_until_it_is_gone(struct owned *owned)
{
	uint64_t limit = now() + PATIENCE_MSECS;
	int result;

	for (;;) {
		owned->is_kept = 0;
		result = ds_walk(take_kept, owned);
		if (result != OK || !owned->is_kept)
			return result;
		if (now() >= limit)
			return -ETIMEDOUT;
		usleep(1000);
	}
}

static int end_keeper(struct owned *owned, pid_t keeper)
{
	int result;

	kill(keeper, SIGTERM);
	result = wait_until_it_is_gone(owned);
	if (result == OK)
		return 0;
	if (result != -ETIMEDOUT)
		return ds_complain(owned->key, result);
	fprintf(stderr, "ds: %s: process %d, which keeps it, does not end; `kill -9 %d` ends it\n",
	        owned->key, (int)keeper, (int)keeper);
	return 1;
}

int ds_delete_command(const char *key)
{
	struct owned owned = {.key = key};
	int result = ds_walk(take_owned, &owned);
	pid_t keeper;

	if (result == OK && owned.type == 0)
		result = -ESRCH;
	if (result != OK)
		return ds_complain(key, result);
	keeper = owned.is_others ? 0 : keeper_of(owned.owner);
	if (keeper == 0) {
		fprintf(stderr, "ds: %s: it belongs to another, who alone can delete it\n", key);
		return 1;
	}
	return end_keeper(&owned, keeper);
}
