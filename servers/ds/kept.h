/* SPDX-License-Identifier: MIT */
/* What is kept beside the store, in memory of its own. */
#ifndef DS_KEPT_H
#define DS_KEPT_H

#include <granite/abi/endpoint.h>
#include <granite/abi/info.h>
#include <granite/abi/priv.h>

/* A label that RS has told of; `endpoint` NONE, or no text: nothing is noted here. */
struct label_note {
	endpoint_t endpoint;
	char text[PROC_NAME_MAX];
};

#define LABEL_NOTES NR_PRIVS /* each service has a privilege set of its own */

struct kept {
	uint32_t starts;                       /* how often DS was started */
	uint32_t events_done;                  /* events.c's: the number of PM's last event that is done */
	struct label_note labels[LABEL_NOTES]; /* owners.c's: so that it need not look through all entries */
};

extern struct kept *kept;

/* Takes the kept memory, zeros at first. */
void kept_open(struct kept *memory);

/* What is kept must not be written in another order than it says: a kill can come anywhere. */
static inline void kept_in_order(void)
{
	__asm__ volatile("" : : : "memory");
}

#endif
