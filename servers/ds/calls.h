/* SPDX-License-Identifier: MIT */
/* What is kept beside the store, in memory of its own. */
#ifndef DS_CALLS_H
#define DS_CALLS_H

#include <granite/abi/endpoint.h>
#include <granite/abi/info.h>
#include <granite/abi/priv.h>

/* A label that RS has told of; `endpoint` NONE, or no text: nothing is noted here. */
struct label_note {
	endpoint_t endpoint;
	char text[PROC_NAME_MAX];
};

#define LABEL_NOTES NR_PRIVS /* each service has a privilege set of its own */

struct calls {
	uint32_t starts;                       /* how often DS was started */
	uint32_t events_done;                  /* events.c's: the number of PM's last event that is done */
	struct label_note labels[LABEL_NOTES]; /* owners.c's: so that it need not look through all entries */
};

extern struct calls *calls;

/* Takes the kept memory, zeros at first. */
void calls_open(struct calls *memory);

/* What is kept must not be written in another order than it says: a kill can come anywhere. */
static inline void calls_in_order(void)
{
	__asm__ volatile("" : : : "memory");
}

#endif
