/* SPDX-License-Identifier: MIT */
/* What the programs say of themselves: collected from their sources when the system is built (Makefile). */
#ifndef SH_ABOUTS_H
#define SH_ABOUTS_H

struct about {
	const char *name, *about;
};

/* The last one's name is null. */
extern const struct about abouts[];

#endif
