/* SPDX-License-Identifier: MIT */
/*
 * The manifest: which services there are and what they may do. One line each; see
 * README.md for the language. Pure: text in, tables out. Nothing in the text is trusted; a
 * bad line is reported by its number and left out.
 */
#ifndef RS_MANIFEST_H
#define RS_MANIFEST_H

#include <stdint.h>
#include <granite/abi/info.h>
#include <granite/abi/pm.h>
#include <granite/abi/priv.h>
#include "restart.h"

#define MANIFEST_SERVICES_MAX (NR_PRIVS - PRIV_ID_FIRST) /* each has a privilege set of its own */
#define MANIFEST_WORDS_MAX    64                         /* of a line */
#define MANIFEST_PROGRAM_MAX  100                        /* of a program's path, with its end */

/* The program's path and arguments, each with its end, leave room for the environment that RS adds. */
#define MANIFEST_ENVIRONMENT_MAX 64
#define MANIFEST_STRINGS_MAX     (PM_ARGS_MAX - MANIFEST_ENVIRONMENT_MAX)

/* A piece of the manifest's text, which must stay where it is. */
struct span {
	const char *start;
	uint32_t bytes;
};

/* A service as a line of the manifest describes it. */
struct manifest_service {
	uint32_t line; /* its number, from 1 */
	char label[PROC_NAME_MAX];
	char program[MANIFEST_PROGRAM_MAX];   /* the path of its program, as it is written there */
	struct span args[MANIFEST_WORDS_MAX]; /* argv[1] and on */
	uint32_t nr_args;
	struct span ipc; /* the value of the key `ipc`; privileges_resolve turns it into spec.ipc_to */
	uint32_t guest;  /* 1: of the class `guest` */
	struct priv_spec spec;
	uint32_t priority, quantum_msecs;
	struct restart_rule restart;
	uint32_t heartbeat_msecs; /* 0: it has none */
	uint32_t powers_off; /* 1: when it has ended by itself and is not restarted, the machine goes off */
};

struct manifest {
	/* What ordinary processes may do: only `line` (0: the manifest does not say) and `spec` count. */
	struct manifest_service users;
	struct manifest_service services[MANIFEST_SERVICES_MAX];
	uint32_t nr_services;
	/* Called for every bad line: what is wrong, and with which word (perhaps empty). */
	void (*report)(uint32_t line, const char *problem, struct span word);
};

/*
 * Reads the text into *manifest, whose `report` the caller has set. The services of all good
 * lines are then there, each with a label and a privilege id of its own, and with all its
 * rights. `text` must stay as long as *manifest.
 */
void manifest_parse(struct manifest *manifest, const char *text, uint32_t bytes);

/* keys.c: for manifest_parse. */

/* What is wrong with a line; NULL: nothing. Functions that return it say in *word with which word. */
typedef const char *problem_t;

/* Reads the words key=value, up to `--` or the end; *used says how many. */
problem_t manifest_read_keys(struct manifest_service *service, int for_users, const struct span *words,
                             int count, int *used, struct span *word);

/* privileges.c: for manifest_parse. */

/* Gives the right to the kernel call `name`; `basic` and `guest` are names too. 0: there is no such call. */
int privileges_allow_call(struct priv_spec *spec, struct span name);
/* Gives what every process needs: to be started, have memory, find others, end. */
void privileges_allow_basics(struct priv_spec *spec);
/*
 * Turns the key `ipc` of every line into rights. A line that names
 * somebody unknown is reported and left out.
 */
void privileges_resolve(struct manifest *manifest);

/* words.c: the pieces of a line. */

/* 1 if it is just this text, 0 if not. */
int span_is(struct span span, const char *text);
/*
 * Moves the part of *rest before the next `separator` to *part, and drops the separator. 0: *rest is empty.
 */
int span_split(struct span *rest, char separator, struct span *part);
/* Reads a number in base 10 or 16. 0: it is none, has something else behind it, or is more than `max`. */
int span_number(struct span span, uint32_t base, uint32_t max, uint32_t *number);
/* Copies it, with an end, to a buffer of `bytes`. 0: it is empty or does not fit. */
int span_copy(struct span span, char *buffer, uint32_t bytes);
#define WORDS_TOO_MANY (-1) /* more than MANIFEST_WORDS_MAX */
#define WORDS_CONTROL  (-2) /* a control character */

/* Splits a line at blanks. Returns how many words there are, or WORDS_*. */
int span_words(struct span line, struct span words[MANIFEST_WORDS_MAX]);

#endif
