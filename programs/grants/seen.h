/* SPDX-License-Identifier: MIT */
/* Who sees a page. Pure code. */
#ifndef GRANTS_SEEN_H
#define GRANTS_SEEN_H

#include "picture.h"

struct seen {
	endpoint_t asked; /* of whose page is asked, and where it is there */
	vir_bytes address;
	endpoint_t owner; /* whose it is in the end, and where it is there */
	vir_bytes owner_address;
	int owner_prot;              /* VM_PROT_*: what the owner may do */
	uint32_t sharers;            /* others that share the frame copy-on-write */
	const struct found *viewers; /* their mappings, sorted: of each one page */
};

void seen_print(const struct picture *picture, const struct seen *seen);

#endif
