/* SPDX-License-Identifier: MIT */
/* Whether colours may be used: only where a person looks. */
#ifndef PROGRAMS_LIB_COLOURS_H
#define PROGRAMS_LIB_COLOURS_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* stdout is a terminal, and not one that knows nothing but letters. */
static inline int colours_wanted(void)
{
	const char *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

#endif
