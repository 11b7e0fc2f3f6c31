/* SPDX-License-Identifier: MIT */
/* The message: 64 bytes, source first. */
#ifndef GRANITE_ABI_MESSAGE_H
#define GRANITE_ABI_MESSAGE_H

#include <granite/abi/types.h>

#define MESSAGE_PAYLOAD 56

struct message {
	endpoint_t m_source; /* who sent it; written by the kernel, never by the sender */
	int32_t m_type;      /* request: the operation's number; reply: OK or a negative errno */
	union {
		uint8_t m_bytes[MESSAGE_PAYLOAD];
		uint32_t m_words[MESSAGE_PAYLOAD / 4];
	};
};

_Static_assert(sizeof(struct message) == 64, "a message is 64 bytes");

/* At the end of an interface's header, for each operation: its request and its reply fit a message. */
#define MESSAGE_FITS(interface, name)                                              \
	_Static_assert(sizeof(struct interface##_##name##_req) <= MESSAGE_PAYLOAD, \
	               "request too long for a message");                          \
	_Static_assert(sizeof(struct interface##_##name##_rep) <= MESSAGE_PAYLOAD, \
	               "reply too long for a message");

/* What a notification carries: m_source says who notified, m_type is NOTIFY_MESSAGE. */
#define NOTIFY_MESSAGE 0x1000

struct notify_payload {
	uint64_t timestamp;  /* nanoseconds since boot when it was delivered */
	uint32_t interrupts; /* from HARDWARE: the caller's interrupt lines that fired, one bit a line */
};

#endif
