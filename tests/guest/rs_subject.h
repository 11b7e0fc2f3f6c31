/* SPDX-License-Identifier: MIT */
/* What the services of tests/guest/rs.manifest are asked; see rs_subject.c. */
#ifndef GUEST_RS_SUBJECT_H
#define GUEST_RS_SUBJECT_H

#include <granite/abi/types.h>
#include <granite/abi/info.h>

#define SUBJECT_BASE 0x900

enum subject_op {
	SUBJECT_ECHO = SUBJECT_BASE, /* answers the word that comes, and one more */
	SUBJECT_HANG,                /* takes no message any more */
	SUBJECT_WHO,                 /* `ds`: the endpoint that RS told for this label */
	SUBJECT_NAP,                 /* `ds`: takes no message for three seconds */
};

struct subject_word {
	uint32_t word;
};

struct subject_label {
	char label[PROC_NAME_MAX];
};

struct subject_who {
	endpoint_t endpoint;
	uint32_t told; /* how often of this label; 0: never */
};

#endif
