/* SPDX-License-Identifier: MIT */
/* What the tests of lendings ask VM for, on vm_machine. */
#ifndef TESTS_LEND_CALLS_H
#define TESTS_LEND_CALLS_H

#include "kept_calls.h"

/* As the kernel asks for it when `from` has granted `to` what it has at `source`, by grant `id`. */
static inline int lend_pages(endpoint_t from, vir_bytes source, endpoint_t to, vir_bytes place,
                             uint32_t pages, cp_grant_id_t id, uint32_t flags)
{
	struct vm_lend_req request = {from, source, place, pages * PAGE_SIZE, flags};

	vm_notes.chain = (struct vm_chain){.depth = 1, .link = {{.id = id, .endpoint = from}}};
	return MACHINE_CALL(lend, to, &request, NULL);
}

static inline void revoke(endpoint_t who, cp_grant_id_t id)
{
	struct vm_revoke_req request = {.what = VM_REVOKE_GRANT, .grant = id};

	assert_int_equal(MACHINE_CALL(revoke, who, &request, NULL), OK);
}

static inline void revoke_page(endpoint_t who, vir_bytes address)
{
	struct vm_revoke_req request = {.what = VM_REVOKE_ADDRESS, .address = address};

	assert_int_equal(MACHINE_CALL(revoke, who, &request, NULL), OK);
}

static inline void protect(endpoint_t who, vir_bytes address, uint32_t pages, uint32_t prot)
{
	struct vm_mprotect_req request = {address, pages * PAGE_SIZE, prot};

	assert_int_equal(MACHINE_CALL(mprotect, who, &request, NULL), OK);
}

/* As the kernel asks for it in the middle of a copy of whole pages. */
static inline int share_pages(endpoint_t from, vir_bytes source, endpoint_t to, vir_bytes place,
                              uint32_t pages)
{
	struct vm_share_req request = {
	        .source = from,
	        .source_address = source,
	        .destination = to,
	        .destination_address = place,
	        .bytes = pages * PAGE_SIZE,
	};

	return MACHINE_CALL(share, to, &request, NULL);
}

#endif
