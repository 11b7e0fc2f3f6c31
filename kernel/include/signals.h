/* SPDX-License-Identifier: MIT */
/* Signals and si_code values, as Linux/i386 numbers them. */
#ifndef KERNEL_SIGNALS_H
#define KERNEL_SIGNALS_H

enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGSEGV = 11 };

enum {
	ILL_ILLOPN = 2,
	TRAP_BRKPT = 1,
	BUS_ADRALN = 1,
	FPE_INTDIV = 1,
	FPE_FLTINV = 7,
	SEGV_MAPERR = 1, /* nothing is mapped there */
	SEGV_ACCERR = 2, /* something is, without the right */
	SI_KERNEL = 0x80,
};

#endif
