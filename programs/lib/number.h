/* SPDX-License-Identifier: MIT */
/* Reads numbers, and nothing but numbers, within bounds. */
#ifndef PROGRAMS_LIB_NUMBER_H
#define PROGRAMS_LIB_NUMBER_H

#include <errno.h>
#include <stdlib.h>

/* Returns 0 and the number in *number, or -1. */
static inline int number_parse(const char *text, long least, long most, long *number)
{
	char *end;

	errno = 0;
	long value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || value < least || value > most)
		return -1;
	*number = value;
	return 0;
}

/* The same for a number of seconds, which may have a fraction. */
static inline int seconds_parse(const char *text, double least, double most, double *seconds)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= least && value <= most))
		return -1;
	*seconds = value;
	return 0;
}

#endif
