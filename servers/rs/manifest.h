/* SPDX-License-Identifier: MIT */
/*
 * The manifest: which services there are and what they may do. One line each; see README.md for the language.
 * Pure: text in, tables out. Nothing in the text is trusted; a bad line is reported by its number and left
 * out.
 */
#ifndef RS_MANIFEST_H
#define RS_MANIFEST_H

#include <stdint.h>
#include <granite/abi/info.h>
#include <granite/abi/priv.h>

#define MANIFEST_SERVICES_MAX (NR_PRIVS - PRIV_ID_FIRST) /* each has a privilege set of its own */
#define MANIFEST_WORDS_MAX    64                         /* of a line */
#define MANIFEST_PROGRAM_MAX  100                        /* of a program's path, with its end */

/* A piece of the manifest's text, which must stay where it is. */
struct span {
	const char *start;
	uint32_t bytes;
};

enum on_exit { ON_EXIT_NOTHING, ON_EXIT_RESTART, ON_EXIT_POWEROFF };

struct manifest_service {
	uint32_t line;
	char label[PROC_NAME_MAX];
	char program[MANIFEST_PROGRAM_MAX];
	struct span args[MANIFEST_WORDS_MAX];
	uint32_t nr_args;
	struct span ipc; /* the key's value; manifest_resolve turns it into spec.ipc_to */
	uint32_t guest;  /* 1: of the class `guest` */
	struct priv_spec spec;
	uint32_t priority, quantum_msecs;
	enum on_exit on_exit;
};

struct manifest {
	struct manifest_service
	        users; /* what ordinary processes may do; only the spec counts. line 0: not told */
	struct manifest_service services[MANIFEST_SERVICES_MAX];
	uint32_t nr_services;
	/* Told of every bad line: what is wrong, and with which word (perhaps empty). */
	void (*report)(uint32_t line, const char *problem, struct span word);
};

/*
 * Reads the text into *manifest, whose `report` is set. The services that are left have labels and privilege
 * ids of their own, and all rights resolved.
 */
void manifest_parse(struct manifest *manifest, const char *text, uint32_t bytes);

/* privileges.c: for manifest_parse. */

/* A kernel call's right by its name, `basic` or `guest`. 0: there is no such call. */
int privileges_allow_call(struct priv_spec *spec, struct span name);
/* What every process needs to live: to be started, have memory, find others, end. */
void privileges_allow_basics(struct priv_spec *spec);
/* Turns the key ipc of every line into rights, and takes out services that name somebody unknown. */
void privileges_resolve(struct manifest *manifest);

/* words.c: the pieces of a line. */

int span_is(struct span span, const char *text);
/* Takes the part before the next `separator` off *rest; 0: *rest is empty. */
int span_split(struct span *rest, char separator, struct span *part);
/* A number in base 10 or 16, at most `max`, and nothing else. 0: it is not one. */
int span_number(struct span span, uint32_t base, uint32_t max, uint32_t *number);
/* Copies it with an end. 0: it is empty or has no room. */
int span_copy(struct span span, char *buffer, uint32_t bytes);
/* Splits a line at blanks. Returns the words' number, -1: more than MANIFEST_WORDS_MAX, -2: a control
 * character. */
int span_words(struct span line, struct span words[MANIFEST_WORDS_MAX]);

#endif
