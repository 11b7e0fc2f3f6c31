/* SPDX-License-Identifier: MIT */
/* How the functions of <granite/ds.h> make their calls: ds_client.c. */
#ifndef LIB_SYS_DS_CLIENT_H
#define LIB_SYS_DS_CLIENT_H

#include <granite/ds.h>
#include <granite/grant.h>

/* Memory that is lent for a call. */
struct ds_loan {
	cp_grant_id_t *grant; /* where in the message the grant belongs; null: there is no loan */
	const void *memory;
	size_t bytes; /* 0: there is no grant, and 0 in its place */
	int access;   /* CPF_READ or CPF_WRITE */
};

#define DS_LOANS 2

/*
 * Calls the data store, again if it dies. *m is the request, but for the grants, and then the reply. EIO: its
 * answer is none.
 */
GRANITE_MUST_CHECK int ds_client_call(int32_t operation, struct message *m,
                                      const struct ds_loan loans[DS_LOANS]);

/*
 * Takes the length that a reply tells of a value, for which there were `room` bytes; values are at most
 * `most` long. Returns the result; EIO: the length makes no sense with it, and *length is as it was.
 */
GRANITE_MUST_CHECK int ds_client_length(int result, uint32_t told, size_t room, size_t most, size_t *length);

/* OK, or EIO: the data store has written no text of this size, with an end. */
GRANITE_MUST_CHECK int ds_client_text(const char *text, size_t size);

/* The data store's endpoint; ds_client_find asks for it if it is not known. Errors as a call's. */
endpoint_t ds_client_endpoint(void);
GRANITE_MUST_CHECK int ds_client_find(void);

/* It has been found dead. */
void ds_client_lost(void);

/* The number of a new call that changes something. */
uint64_t ds_client_serial(void);

/* The grant of a range that has ended is taken back; 0: there is none. */
void ds_client_ended(cp_grant_id_t grant);

/* Fills in what a request says of its key, and the loan of it. EINVAL: it can't be one. */
GRANITE_MUST_CHECK int ds_client_key(struct ds_key *to, struct ds_loan *loan, const char *key, uint32_t type);

#endif
