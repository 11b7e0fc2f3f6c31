/* SPDX-License-Identifier: MIT */
/* What processes, grants and chains are called. See names.h. */
#include <inttypes.h>
#include <stdio.h>

#include "names.h"

const char *name_process(char text[NAME_MAX_PROCESS], const struct processes *all, endpoint_t endpoint)
{
	const struct process *process = processes_by_endpoint(all, endpoint);

	if (endpoint == ANY)
		snprintf(text, NAME_MAX_PROCESS, "anyone");
	else if (endpoint <= 0)
		snprintf(text, NAME_MAX_PROCESS, "nobody");
	else if (!process)
		snprintf(text, NAME_MAX_PROCESS, "somebody gone");
	else if (process->pm.pid == 0)
		snprintf(text, NAME_MAX_PROCESS, "%.*s", PROC_NAME_MAX, process->kernel.name);
	else
		snprintf(text, NAME_MAX_PROCESS, "%.*s (%d)", PROC_NAME_MAX, process->kernel.name,
		         process->pm.pid);
	return text;
}

/* An id that no table of the system's can have made is shown all the same, whatever its bits are. */
const char *name_grant(char text[NAME_MAX_GRANT], cp_grant_id_t id)
{
	uint64_t sequence = (uint64_t)id >> GRANT_SLOT_BITS;
	uint32_t table = (uint32_t)(sequence >> GRANT_SEQUENCE_BITS), number = sequence % GRANT_SEQUENCES;
	int length;

	if (id > 0 && GRANT_SLOT(id) == GRANT_LOAN_SLOT)
		length = snprintf(text, NAME_MAX_GRANT, "#loan.%" PRIu32, number);
	else
		length = snprintf(text, NAME_MAX_GRANT, "#%" PRIu32 ".%" PRIu32, GRANT_SLOT(id), number);
	if (table != 1)
		snprintf(text + length, (size_t)(NAME_MAX_GRANT - length), "/%" PRIu32, table);
	return text;
}

const char *name_link(char text[NAME_MAX_LINK], const struct processes *all, const struct grant_link *link)
{
	char grant[NAME_MAX_GRANT], process[NAME_MAX_PROCESS];

	snprintf(text, NAME_MAX_LINK, "%s of %s", name_grant(grant, link->id),
	         name_process(process, all, link->endpoint));
	return text;
}

const char *name_access(char text[NAME_MAX_ACCESS], uint32_t access)
{
	static const struct {
		uint32_t bit;
		char letter;
	} letters[NAME_MAX_ACCESS - 1] = {
	        {CPF_READ, 'r'}, {CPF_WRITE, 'w'}, {CPF_MAP, 'm'}, {CPF_UNMAP, 'u'}, {CPF_TRY, 't'},
	};

	for (int i = 0; i < NAME_MAX_ACCESS - 1; i++)
		text[i] = access & letters[i].bit ? letters[i].letter : '-';
	text[NAME_MAX_ACCESS - 1] = '\0';
	return text;
}
