/* SPDX-License-Identifier: MIT */
/*
 * The two traps, and the numbers behind them.
 *
 * IPC:    int IPC_VECTOR     eax = the other endpoint, ebx = struct message *, ecx = an IPC_* number
 *                            result: eax = OK or negative errno, ebx = IPC_STATUS_* of what was received
 * kernel: int KCALL_VECTOR   eax = struct message * (request, overwritten by the reply)
 *                            result: eax = the reply's m_type
 * All other registers are kept.
 */
#ifndef GRANITE_ABI_IPC_H
#define GRANITE_ABI_IPC_H

#define IPC_VECTOR        0x30
#define KCALL_VECTOR      0x31
#define SYSCALL_VECTOR    0x80 /* Linux's; bounced to the process's bridge */

#define IPC_SEND          1
#define IPC_RECEIVE       2
#define IPC_SENDREC       3
#define IPC_REPLY_RECEIVE 4 /* send the reply without waiting, then receive from ANY */
#define IPC_NOTIFY        5
#define IPC_SENDNB        6
#define IPC_SENDA         7
#define IPC_SENDREC_INTR  8 /* as IPC_SENDREC, but EINTR once a signal waits for the caller */
#define IPC_NOTIFY_LATER  9 /* wakes nobody: taken with what comes next, and before it */
#define IPC_NR            10

/*
 * Status of a received message: the IPC_* number that it was sent with (IPC_NOTIFY for any notification), and
 * whether the kernel has sent it on m_source's behalf (a fault, a request).
 */
#define IPC_STATUS_CALL(status) ((status)&0xff)
#define IPC_STATUS_FROM_KERNEL  0x100

/* Asynchronous messages that one sender may have under way; beyond it ipc_senda gives EAGAIN. */
#define SENDA_MAX_PER_SENDER 16

#endif
