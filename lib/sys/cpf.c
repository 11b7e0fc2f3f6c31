/* SPDX-License-Identifier: MIT */
/* Grants as programs give them, with errno: see <granite/grant.h>. */
#include <errno.h>

#include "grant_table.h"

static cp_grant_id_t add(const struct cp_grant *content)
{
	cp_grant_id_t id = grant_table_add(content);

	if (id > 0)
		return id;
	errno = (int)-id;
	return GRANT_INVALID;
}

/* All that the grant below gives; to ANY nothing can be granted but copying. */
static struct cp_grant whole_indirect(endpoint_t who_to, endpoint_t who_from, cp_grant_id_t grant)
{
	int access = who_to == ANY ? CPF_READ | CPF_WRITE : CPF_RIGHTS;

	return grant_indirect(who_to, who_from, grant, 0, GRANT_ALL, access);
}

cp_grant_id_t cpf_grant_direct(endpoint_t who_to, vir_bytes addr, size_t bytes, int access)
{
	struct cp_grant content = grant_direct(who_to, addr, bytes, access);

	return add(&content);
}

cp_grant_id_t cpf_grant_indirect(endpoint_t who_to, endpoint_t who_from, cp_grant_id_t grant)
{
	struct cp_grant content = whole_indirect(who_to, who_from, grant);

	return add(&content);
}

cp_grant_id_t cpf_grant_indirect_sub(endpoint_t who_to, endpoint_t who_from, cp_grant_id_t grant,
                                     size_t offset, size_t bytes, int access)
{
	struct cp_grant content = grant_indirect(who_to, who_from, grant, offset, bytes, access);

	return add(&content);
}

cp_grant_id_t cpf_grant_magic(endpoint_t who_to, endpoint_t who_from, vir_bytes addr, size_t bytes,
                              int access)
{
	struct cp_grant content = grant_magic(who_to, who_from, addr, bytes, access);

	return add(&content);
}

int cpf_revoke(cp_grant_id_t grant)
{
	return grant_table_remove(grant);
}

int cpf_lookup(cp_grant_id_t grant, endpoint_t *granter, endpoint_t *grantee)
{
	const struct cp_grant *record = grant_table_find(grant);

	if (!record || !(record->flags & CPF_KIND))
		return -EPERM;
	if (granter)
		*granter = record->flags & CPF_DIRECT ? SELF : record->who_from;
	if (grantee)
		*grantee = record->who_to;
	return OK;
}

int cpf_getgrants(cp_grant_id_t *ids, int n)
{
	int count = 0;

	while (count < n && (ids[count] = grant_table_add(NULL)) > 0)
		count++;
	return count;
}

int cpf_setgrant_direct(cp_grant_id_t grant, endpoint_t who_to, vir_bytes addr, size_t bytes, int access)
{
	struct cp_grant content = grant_direct(who_to, addr, bytes, access);

	return grant_table_set(grant, &content);
}

int cpf_setgrant_indirect(cp_grant_id_t grant, endpoint_t who_to, endpoint_t who_from,
                          cp_grant_id_t from_grant)
{
	struct cp_grant content = whole_indirect(who_to, who_from, from_grant);

	return grant_table_set(grant, &content);
}

int cpf_setgrant_magic(cp_grant_id_t grant, endpoint_t who_to, endpoint_t who_from, vir_bytes addr,
                       size_t bytes, int access)
{
	struct cp_grant content = grant_magic(who_to, who_from, addr, bytes, access);

	return grant_table_set(grant, &content);
}

int cpf_setgrant_disable(cp_grant_id_t grant)
{
	return grant_table_set(grant, NULL);
}
