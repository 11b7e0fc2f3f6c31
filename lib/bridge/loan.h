/* SPDX-License-Identifier: MIT */
/*
 * Memory of the program's, or of the bridge, that is lent to a server while a call lasts: one loan at a time,
 * by a grant of the bridge's own (<granite/abi/bridge.h>).
 */
#ifndef BRIDGE_LOAN_H
#define BRIDGE_LOAN_H

#include <stdint.h>
#include <granite/abi/message.h>
#include <granite/grant.h>

/* Where a path begins. */
enum path_start { START_ROOT, START_DIRECTORY, START_DESCRIPTOR };

struct loan {
	uint32_t address, bytes; /* 0 bytes: nothing */
	int access;              /* CPF_READ, CPF_WRITE */
	enum path_start start;   /* of a path */
};

/*
 * Lends *loan (null: there is nothing to be lent) to `server`, until loan_end. The grant comes first in each
 * request that has one, and is filled in here. OK; -EFAULT: no process has such memory; -ENOSPC: the numbers
 * of loans are used up.
 */
int32_t loan_begin(endpoint_t server, struct message *m, const struct loan *loan);
void loan_end(void);

/* In a child of fork: its loans are others. */
void loan_reload(void);

#endif
