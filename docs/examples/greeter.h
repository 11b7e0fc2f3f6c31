/* SPDX-License-Identifier: MIT */
/* What the service `greeter` is asked. */
#ifndef GREETER_H
#define GREETER_H

#include <stdint.h>

#define GREETER_GREET 0x900 /* the operation's number: any that is no other server's */

struct greet_request {
	char name[32]; /* with its end */
};

struct greet_reply {
	char text[48];
	uint32_t number; /* how many have been greeted */
};

#endif
