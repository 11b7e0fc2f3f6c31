/* SPDX-License-Identifier: MIT */
/* Privileges, as RS hands them to the kernel (sys_privctl). What is not listed is refused. */
#ifndef GRANITE_ABI_PRIV_H
#define GRANITE_ABI_PRIV_H

#include <granite/abi/sys.h>
#include <granite/abi/types.h>

#define NR_PRIVS      128 /* privilege sets: one for all ordinary processes, one for each service */
#define PRIV_WORDS    (NR_PRIVS / 32)
#define PRIV_ID_USER  0 /* every ordinary process */
#define PRIV_ID_VM    1
#define PRIV_ID_PM    2
#define PRIV_ID_RS    3
#define PRIV_ID_FIRST 4 /* the first that RS hands out */

#define NR_PRIV_PORTS 8
#define NR_PRIV_PHYS  4
#define KCALL_WORDS   2 /* up to 64 kernel calls */

#define PRIV_INHERIT  0x1  /* children share the set; otherwise they are ordinary */
#define PRIV_ARCHIVE  0x2  /* may map the boot archive (vm_map_archive) */
#define PRIV_RESERVE  0x4  /* gets memory that VM keeps back from others */
#define PRIV_INSPECT  0x8  /* may ask what others have and lend: vm_pages, sys_grants */
#define PRIV_MAGIC    0x10 /* may give magic grants: of another process's memory; not of VM's, PM's or RS's */
#define PRIV_EVENTS   0x20 /* is told of all forks, execs and exits (PM_EVENTS) */
#define PRIV_KEEP     0x40 /* may have memory that outlives it (vm_keep) */
#define PRIV_CONTROL  0x80 /* may start, end and restart services (RS_UP, RS_DOWN, RS_RESTART) */

/* The kernel calls that every process has; it may also start IPC with VM, PM and RS. */
#define PRIV_BASIC_CALLS                                                                           \
	{                                                                                          \
		SYS_SELF, SYS_BRIDGE, SYS_SETTLS, SYS_YIELD, SYS_CLOCK, SYS_SETALARM, SYS_GETINFO, \
		        SYS_SETGRANT, SYS_LOANS, SYS_SAFECOPYFROM, SYS_SAFECOPYTO, SYS_VSAFECOPY,  \
		        SYS_SAFEMEMSET, SYS_SAFEMAP, SYS_GRANTS                                    \
	}

struct priv_ports {
	uint16_t first, last; /* inclusive */
};

/* Physical memory that sys_vircopy may read with source NONE; what of it is no RAM vm_map_phys may map. */
struct priv_phys {
	phys_bytes start, bytes;
};

/* Answering a call is not starting IPC: it needs no right. */
struct priv_spec {
	uint32_t id;                 /* the set's number: PRIV_ID_USER or PRIV_ID_FIRST.. */
	uint32_t flags;              /* PRIV_* */
	uint32_t calls[KCALL_WORDS]; /* bit n: the call KCALL_BASE + n */
	uint32_t ipc_to[PRIV_WORDS]; /* bit n: may start IPC with processes of set n */
	uint32_t irqs;               /* bit n: interrupt line n */
	uint32_t nr_ports, nr_phys;
	struct priv_ports ports[NR_PRIV_PORTS];
	struct priv_phys phys[NR_PRIV_PHYS];
};

#endif
