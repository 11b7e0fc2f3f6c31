/* SPDX-License-Identifier: MIT */
/*
 * What a client gets from an operation table (abi/ops/NAME.def). For the
 * line OP(0x303, PM_WAIT, wait) of pm.def:
 *
 *   union pm_wait_message    the message: .req on the way there, .rep on the way back, .m for the traps
 *   pm_wait_call(&message)   makes the call. Returns the reply's result, or why the call could not be made.
 */
#ifndef GRANITE_CALL_H
#define GRANITE_CALL_H

#include <granite/ipc.h>

#define CALL_MESSAGE(interface, name)                                \
	union interface##_##name##_message {                         \
		struct message m;                                    \
		struct {                                             \
			endpoint_t source;                           \
			int32_t type;                                \
			union {                                      \
				struct interface##_##name##_req req; \
				struct interface##_##name##_rep rep; \
			};                                           \
		};                                                   \
	};

/*
 * The call of an interface whose server is always the same process. The
 * second function ends with EINTR when a signal comes.
 */
#define CALL_FIXED(interface, name, NAME, server)                            \
	CALL_MESSAGE(interface, name)                                        \
	GRANITE_MUST_CHECK static inline int interface##_##name##_call(      \
	        union interface##_##name##_message *c)                       \
	{                                                                    \
		return call_server(server, NAME, &c->m);                     \
	}                                                                    \
	GRANITE_MUST_CHECK static inline int interface##_##name##_call_intr( \
	        union interface##_##name##_message *c)                       \
	{                                                                    \
		return call_server_intr(server, NAME, &c->m);                \
	}

/* The same of an interface that any process may serve. */
#define CALL_ANY(interface, name, NAME)                                      \
	CALL_MESSAGE(interface, name)                                        \
	GRANITE_MUST_CHECK static inline int interface##_##name##_call(      \
	        endpoint_t server, union interface##_##name##_message *c)    \
	{                                                                    \
		return call_server(server, NAME, &c->m);                     \
	}                                                                    \
	GRANITE_MUST_CHECK static inline int interface##_##name##_call_intr( \
	        endpoint_t server, union interface##_##name##_message *c)    \
	{                                                                    \
		return call_server_intr(server, NAME, &c->m);                \
	}

/* A kernel call. */
#define CALL_KERNEL(interface, name, NAME)                              \
	CALL_MESSAGE(interface, name)                                   \
	GRANITE_MUST_CHECK static inline int interface##_##name##_call( \
	        union interface##_##name##_message *c)                  \
	{                                                               \
		return call_kernel(NAME, &c->m);                        \
	}

/* Calls `server`: the reply's result, or the negative errno of ipc_sendrec. */
GRANITE_MUST_CHECK static inline int call_server(endpoint_t server, int32_t operation, struct message *m)
{
	int result;

	m->m_type = operation;
	result = ipc_sendrec(server, m);
	return result == OK ? m->m_type : result;
}

/* As call_server, by ipc_sendrec_intr. */
GRANITE_MUST_CHECK static inline int call_server_intr(endpoint_t server, int32_t operation, struct message *m)
{
	int result;

	m->m_type = operation;
	result = ipc_sendrec_intr(server, m);
	return result == OK ? m->m_type : result;
}

/* Calls the kernel: the reply's result. */
GRANITE_MUST_CHECK static inline int call_kernel(int32_t operation, struct message *m)
{
	int result;

	m->m_type = operation;
	__asm__ volatile("int %[vector]"
	                 : "=a"(result)
	                 : "a"(m), [vector] "i"(KCALL_VECTOR)
	                 : "memory", "cc");
	return result;
}

#endif
