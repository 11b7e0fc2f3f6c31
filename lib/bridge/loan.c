/* SPDX-License-Identifier: MIT */
/* A server needs no rights over anybody's memory: see loan.h. */
#include "loan.h"

#include <string.h>
#include <granite/abi/errno.h>
#include <granite/sys.h>

#include "bridge.h"

/* Of the next loan. Its low GRANT_SEQUENCE_BITS are 0: there is none left, or none yet. */
static uint64_t sequence;

/* The first number is left out, to mark the end. */
int bridge_introduce(void)
{
	union sys_bridge_message call;
	int result;

	call.req = (struct sys_bridge_req){.entry = (vir_bytes)(uintptr_t)granite_bridge_entry,
	                                   .upcall = (vir_bytes)(uintptr_t)granite_bridge_upcall,
	                                   .control = user_address(&granite_bridge_control)};
	result = sys_bridge_call(&call);
	if (result == OK)
		sequence = call.rep.sequence + 1;
	return result;
}

void loan_reload(void)
{
	sequence = 0;
}

/* All loans are for copying only. */
static struct cp_grant next_record(endpoint_t server, const struct loan *loan)
{
	return (struct cp_grant){.id = GRANT_ID(sequence++, GRANT_LOAN_SLOT),
	                         .flags = CPF_DIRECT | (uint32_t)loan->access,
	                         .who_to = server,
	                         .start = loan->address,
	                         .bytes = loan->bytes};
}

int32_t loan_begin(endpoint_t server, struct message *m, const struct loan *loan)
{
	int32_t result = OK;

	if (!loan)
		return OK;
	if (loan->address + loan->bytes < loan->address)
		return -EFAULT;
	if (sequence % GRANT_SEQUENCES == 0)
		result = bridge_introduce();
	if (result != OK)
		return result;
	granite_bridge_control.loan = next_record(server, loan);
	memcpy(m->m_bytes, &granite_bridge_control.loan.id, sizeof(cp_grant_id_t));
	return OK;
}

/* A copy is judged by the record each time it goes on: so it is enough that there is none. */
void loan_end(void)
{
	granite_bridge_control.loan.flags = 0;
}
