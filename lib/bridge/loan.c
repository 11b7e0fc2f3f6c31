/* SPDX-License-Identifier: MIT */
/* A server needs no rights over anybody's memory: see loan.h. */
#include "loan.h"

#include <string.h>
#include <granite/abi/errno.h>
#include <granite/sys.h>

#include "bridge.h"

/* Of the next loan. Its low GRANT_SEQUENCE_BITS are 0: there is none left, or none yet. */
static uint64_t sequence;

void loan_reload(void)
{
	sequence = 0;
}

/* The first number is left out, to mark the end. */
static int renew_sequence(void)
{
	union sys_loans_message call = {.req = {}};
	int result = sys_loans_call(&call);

	if (result == OK)
		sequence = call.rep.sequence + 1;
	return result;
}

/* The flags are what makes it a grant: they come last, and go first. All loans are for copying only. */
static void fill(struct cp_grant *record, endpoint_t server, const struct loan *loan)
{
	record->id = GRANT_ID(sequence, GRANT_LOAN_SLOT);
	record->who_to = server;
	record->start = loan->address;
	record->bytes = loan->bytes;
	__atomic_store_n(&record->flags, CPF_DIRECT | (uint32_t)loan->access, __ATOMIC_RELEASE);
	sequence++;
}

int32_t loan_begin(endpoint_t server, struct message *m, const struct loan *loan)
{
	int32_t result = OK;

	if (!loan)
		return OK;
	if (loan->address + loan->bytes < loan->address)
		return -EFAULT;
	if (sequence % GRANT_SEQUENCES == 0)
		result = renew_sequence();
	if (result != OK)
		return result;
	fill(&granite_bridge_control.loan, server, loan);
	memcpy(m->m_bytes, &granite_bridge_control.loan.id, sizeof(cp_grant_id_t));
	return OK;
}

/* A copy is judged by the record each time it goes on: so it is enough that there is none. */
void loan_end(void)
{
	__atomic_store_n(&granite_bridge_control.loan.flags, 0, __ATOMIC_RELEASE);
}
