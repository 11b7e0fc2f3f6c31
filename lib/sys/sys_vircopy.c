/* SPDX-License-Identifier: MIT */
#include <granite/sys.h>

int sys_vircopy(endpoint_t source, vir_bytes source_address, endpoint_t destination,
                vir_bytes destination_address, size_t bytes, uint32_t flags)
{
	union sys_vircopy_message call;

	call.req = (struct sys_vircopy_req){.source = source,
	                                    .source_address = source_address,
	                                    .destination = destination,
	                                    .destination_address = destination_address,
	                                    .bytes = bytes,
	                                    .flags = flags};
	return sys_vircopy_call(&call);
}
