/* SPDX-License-Identifier: MIT */
/* Looks into the data store, and changes it. */
#include "ds.h"

#include "../lib/errors.h"

#define ABOUT "shows what is in the data store, and changes it"

const struct usage usage = {
        "ds", "COMMAND [ARGUMENT ...]", ABOUT,
        "  list [PATTERN]       the entries whose keys the PATTERN matches as a whole; without one all\n"
        "  get KEY              the value of an entry; on a terminal a string that has other than plain "
        "letters, "
        "such as an escape or a newline, is shown in quotes, as in the list\n"
        "  set [-s] KEY VALUE   publishes VALUE, in place of what is there: a number from 0 to 4294967295 "
        "(0x... too) as u32, else, or with -s, as a string\n"
        "  delete KEY           deletes an entry that `ds set` has made: ends the process that keeps it\n"
        "  watch PATTERN        shows changes as they come, until Ctrl-C; with `&` behind it while other "
        "commands run\n"
        "  stats                how much there is\n"
        "A PATTERN is a POSIX extended regular expression: `net\\..*` matches all keys that begin with "
        "`net.`; "
        "the shell wants it in quotes. PRIV in the list is what the owner keeps to itself: r retrieving, o "
        "overwriting, s snapshots, n news.\n"
        "An entry goes with its owner, unless that is a service. So a new one that `set` makes stays with a "
        "process that it leaves behind, until it is deleted."};

int ds_complain(const char *subject, int result)
{
	static const struct {
		int result;
		const char *words;
	} known[] = {{-ESRCH, "there is no such entry; `ds list` shows what there is"},
	             {-EPERM, "its owner keeps that to itself"},
	             {-ENODEV, "there is no data store"},
	             {-EDQUOT, "nobody may have so much"},
	             {-ENOSPC, "the data store is full"},
	             {-ECALLDENIED, "this program may not call the data store"}};
	const char *words = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].result == result)
			words = known[i].words;
	if (!words)
		words = error_name(-result) ? error_name(-result) : "an error without a name";
	fprintf(stderr, "ds: %s: %s\n", subject, words);
	return 1;
}

static const char *checked_key(const char *key)
{
	if (!*key || strlen(key) > DS_KEY_MAX)
		usage_fail(&usage, "a key has 1 to %d characters", DS_KEY_MAX);
	return key;
}

static int set(int argc, char **argv)
{
	int as_string = argc > 2 && strcmp(argv[2], "-s") == 0;

	if (argc != 4 + as_string)
		usage_fail(&usage, "set needs a key and a value");
	return ds_set_command(checked_key(argv[2 + as_string]), argv[3 + as_string], as_string);
}

/* A command, by its name, with one argument, or without (NULL). */
static int is(int argc, char **argv, const char *command, const char *argument)
{
	int words = argument ? 3 : 2;

	if (strcmp(argv[1], command) != 0)
		return 0;
	if (argc < words)
		usage_fail(&usage, "%s needs a %s", command, argument);
	if (argc > words)
		usage_fail(&usage, "%s: there are too many arguments", command);
	return 1;
}

int main(int argc, char **argv)
{
	usage_help(&usage, argc, argv);
	if (argc < 2)
		usage_fail(&usage, "what is to be done?");
	if (strcmp(argv[1], "set") == 0)
		return set(argc, argv);
	if (is(argc, argv, "list", argc > 2 ? "pattern" : NULL))
		return ds_list_command(argv[2]);
	if (is(argc, argv, "get", "key"))
		return ds_get_command(checked_key(argv[2]));
	if (is(argc, argv, "delete", "key"))
		return ds_delete_command(checked_key(argv[2]));
	if (is(argc, argv, "watch", "pattern"))
		return ds_watch_command(argv[2]);
	if (is(argc, argv, "stats", NULL))
		return ds_stats_command();
	usage_fail(&usage, "there is no command %s", argv[1]);
}
