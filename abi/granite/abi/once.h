/* SPDX-License-Identifier: MIT */
/*
 * Requests that are carried out once although their server dies. Each carries a serial number, which its
 * sender never uses again, in the last bytes of its payload; 0: the server is not to remember it. Who finds
 * the server dead asks its successor what has become of the request, and sends it again if it was not done.
 */
#ifndef GRANITE_ABI_ONCE_H
#define GRANITE_ABI_ONCE_H

#include <granite/abi/types.h>
#include <granite/abi/message.h>

/* Where the number is: its low half, which its high half follows. */
#define ONCE_SERIAL_WORD (MESSAGE_PAYLOAD / 4 - 2)
#define ONCE_REPLY_WORDS 2 /* a reply to be remembered is no longer */

#define ONCE_HAS_ROOM(interface, name)                                                  \
	_Static_assert(sizeof(struct interface##_##name##_req) <= ONCE_SERIAL_WORD * 4, \
	               "the request leaves room for its serial number");

/* The answer to: what has become of my request? */
struct once_outcome {
	endpoint_t origin; /* whom this server's memory began with; the clients of others are not known */
	uint32_t is_done;  /* 1: this is the answer to the request: */
	int32_t result;
	uint32_t reply[ONCE_REPLY_WORDS];
	uint32_t progress; /* if it is not done: so many bytes of it are */
};

#endif
