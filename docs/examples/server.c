/* SPDX-License-Identifier: MIT */
/* A server that fills its clients' buffers. All it ever touches of a client is what that has granted to it.
 */
#include "pass.h"

struct request {
	cp_grant_id_t buffer; /* the client lends it, to be written to */
	uint32_t bytes;
};

/* How many bytes, or what is wrong with the client's buffer. */
static int fill(endpoint_t client, const struct request *request)
{
	static const char answer[] = "forty-two";
	uint32_t bytes = request->bytes < sizeof(answer) ? request->bytes : sizeof(answer);
	int result = sys_safecopyto(client, request->buffer, 0, ADDRESS(answer), bytes);

	return result == OK ? (int)bytes : result;
}

static void serve(endpoint_t parent)
{
	struct message m = {0};
	int status, result = ipc_receive(ANY, &m, &status);

	(void)parent;
	while (result == OK) {
		struct request request;

		memcpy(&request, m.m_bytes, sizeof(request)); /* once: it is judged, and used, as it is now */
		m.m_type = fill(m.m_source, &request);
		result = ipc_reply_receive(m.m_source, &m, &status);
	}
}

static int ask(endpoint_t server, char *buffer, uint32_t granted, uint32_t wanted)
{
	struct request request = {.bytes = wanted};
	struct message m = {0};

	request.buffer = cpf_grant_direct(server, ADDRESS(buffer), granted, CPF_WRITE);
	must(GRANT_VALID(request.buffer), "granting");
	memcpy(m.m_bytes, &request, sizeof(request));
	must(ipc_sendrec(server, &m) == OK, "asking");
	must(cpf_revoke(request.buffer) == OK, "revoking");
	return m.m_type;
}

int main(void)
{
	endpoint_t server = start(serve);
	char buffer[16] = "";

	printf("the server wrote %d bytes", ask(server, buffer, sizeof(buffer), sizeof(buffer)));
	printf(": %s\n", buffer);
	printf("more than was granted: %s\n", ask(server, buffer, 4, 10) == -EPERM ? "EPERM" : "?");
	return 0;
}
