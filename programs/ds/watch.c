/* SPDX-License-Identifier: MIT */
/* watch. */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "ds.h"
#include "text.h"

#define WIDTH 79

/* ---- What is shown ---- */

static const char *value_now(const struct ds_change *change, char text[TEXT_MAX], int width)
{
	struct ds_entry entry = {.type = change->type};
	const char *bytes = "";
	size_t length = 0;
	int result = OK;

	if (change->type == DS_TYPE_U32)
		result = ds_retrieve_u32(change->key, &entry.number);
	else if (change->type == DS_TYPE_LABEL)
		result = ds_retrieve_label_num(change->key, (endpoint_t *)&entry.number);
	else if (change->type == DS_TYPE_STR)
		bytes = ds_string_of(change->key, &length);
	else
		return "";
	if (result != OK || !bytes)
		return result == -ESRCH ? "(is gone)" : "(private)";
	return text_value(text, width, &entry, bytes, length);
}

static void print_change(const struct ds_change *change)
{
	char key[TEXT_MAX], text[TEXT_MAX];
	int used = 16 + (int)strlen(text_name(key, change->key)),
	    width = WIDTH - used > 10 ? WIDTH - used : 10;

	if (change->what & DS_LOST) {
		puts("more has changed than could be kept: `ds list` shows what there is");
		return;
	}
	printf("%-8s %-5s %s", text_what(change->what), text_type(change->type), key);
	if (!(change->what & DS_DELETED))
		printf(" %s", value_now(change, text, width));
	puts(change->what & DS_OWNER_DIED ? " (its owner has died)" : "");
}

/* ---- Waiting ---- */

static void on_alarm(int number)
{
	(void)number;
}

/* Nobody is told that the store has gone for good, with the subscription: so that is looked at each second.
 */
static int look_each_second(void)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval each = {{1, 0}, {1, 0}};

	return sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &each, NULL) == 0 ? OK
	                                                                                          : -errno;
}

static int await_notification(void)
{
	struct message m;
	int result;

	do
		result = ipc_receive(ANY, &m, NULL);
	while (result == OK && !ds_is_notification(&m));
	return result == -EINTR ? OK : result;
}

static int print_changes(void)
{
	struct ds_change change;
	int result;

	while ((result = ds_check_change(&change)) == OK)
		print_change(&change);
	return result == -ENOENT ? OK : result;
}

/* A store that was put down and started again knows nothing. */
static int subscribe_again(const char *pattern)
{
	int result = ds_subscribe(pattern, DSF_INITIAL);

	if (result == OK)
		puts("the data store has begun anew: what it had is lost");
	return result == -EEXIST ? OK : result;
}

/* It may be started again; that there is none is said once. */
static int wait_for_one(int result)
{
	static int is_told;

	if (result == -ENODEV && !is_told)
		puts("there is no data store");
	is_told = result == -ENODEV;
	return is_told ? OK : result;
}

static int watch_on(const char *pattern)
{
	int result = await_notification();

	if (result == OK)
		result = subscribe_again(pattern);
	if (result == OK)
		result = print_changes();
	return wait_for_one(result);
}

int ds_watch_command(const char *pattern)
{
	int result = ds_subscribe(pattern, DSF_INITIAL);

	if (result == -EINVAL || result == -E2BIG)
		usage_wrong(&usage, 0, pattern,
		            result == -EINVAL ? "a regular expression" : "a pattern the data store takes");
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (result == OK)
		result = look_each_second();
	if (result == OK)
		result = wait_for_one(print_changes());
	while (result == OK)
		result = watch_on(pattern);
	return ds_complain(pattern, result);
}
