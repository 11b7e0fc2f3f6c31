/* SPDX-License-Identifier: MIT */
/* --help, and wrong calls. See usage.h. */
#include <ctype.h>
#include <stdarg.h>
#include <unistd.h>

#include "terminal.h"
#include "usage.h"
#include "wrap.h"

static void print_call(FILE *out, const struct usage *usage)
{
	fprintf(out, "usage: %s%s%s\n", usage->name, *usage->arguments ? " " : "", usage->arguments);
}

void usage_print(const struct usage *usage)
{
	print_call(stdout, usage);
	printf("%c%s.\n", toupper((unsigned char)usage->about[0]), usage->about + 1);
	if (usage->details)
		wrap_text(stdout, usage->details, WRAP_INDENT, terminal_text_width());
}

void usage_help(const struct usage *usage, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") != 0)
		return;
	usage_print(usage);
	exit(0);
}

static _Noreturn void fail(const struct usage *usage, const char *format, va_list arguments)
{
	fprintf(stderr, "%s: ", usage->name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	print_call(stderr, usage);
	fprintf(stderr, "`%s --help` explains it.\n", usage->name);
	exit(USAGE_STATUS);
}

void usage_fail(const struct usage *usage, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fail(usage, format, arguments);
}

void usage_wrong(const struct usage *usage, int option, const char *text, const char *wanted)
{
	if (option)
		usage_fail(usage, "'%s' of -%c is not %s", text, option, wanted);
	usage_fail(usage, "'%s' is not %s", text, wanted);
}

void usage_check(const struct usage *usage, int argc, char **argv, int least, int most)
{
	usage_help(usage, argc, argv);
	if (argc > 1 && argv[1][0] == '-' && argv[1][1] != '\0')
		usage_fail(usage, "there is no option %s", argv[1]);
	if (argc - 1 < least)
		usage_fail(usage, "something is missing");
	if (argc - 1 > most)
		usage_fail(usage, most ? "'%s' is too much" : "it takes no arguments such as '%s'",
		           argv[most + 1]);
}

int usage_option(const struct usage *usage, int argc, char **argv, const char *options)
{
	if (optind == 1)
		usage_help(usage, argc, argv);
	opterr = 0;
	int option = getopt(argc, argv, options);

	if (option != '?' && option != ':')
		return option;
	const char *known = optopt == ':' || optopt == '+' ? NULL : strchr(options, optopt);
	if (known && optopt)
		usage_fail(usage, "-%c wants something behind it", optopt);
	if (optopt == '-')
		usage_fail(usage, "there is no option %s", argv[optind]);
	usage_fail(usage, "there is no option -%c", optopt);
}
