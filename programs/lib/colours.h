/* SPDX-License-Identifier: MIT */
/* Colours, and whether they may be used: only where a person looks. */
#ifndef PROGRAMS_LIB_COLOURS_H
#define PROGRAMS_LIB_COLOURS_H

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLOUR_END     "\033[0m"
#define COLOUR_BOLD    "\033[1m"
#define COLOUR_INVERSE "\033[7m"
#define COLOUR_RED     "\033[31m"
#define COLOUR_GREEN   "\033[32m"
#define COLOUR_YELLOW  "\033[33m"
#define COLOUR_BLUE    "\033[34m"
#define COLOUR_MAGENTA "\033[35m"
#define COLOUR_CYAN    "\033[36m"

/* stdout is a terminal, and not one that knows nothing but letters. (A pipe has no size.) */
static inline int colours_wanted(void)
{
	const char *term = getenv("TERM");
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && term &&
	       strcmp(term, "dumb") != 0;
}

#endif
