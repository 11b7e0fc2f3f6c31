/* SPDX-License-Identifier: MIT */
/* The names of errors, Granite's own among them. */
#ifndef PROGRAMS_LIB_ERRORS_H
#define PROGRAMS_LIB_ERRORS_H

#include <stddef.h>
#include <granite/abi/errno.h>

/* What kernel, servers and drivers may answer. */
#define ERROR(NAME) [NAME] = #NAME
static const char *const error_names[] = {
        ERROR(EPERM),       ERROR(ENOENT),       ERROR(ESRCH),       ERROR(EINTR),     ERROR(EIO),
        ERROR(ENXIO),       ERROR(E2BIG),        ERROR(ENOEXEC),     ERROR(EBADF),     ERROR(ECHILD),
        ERROR(EAGAIN),      ERROR(ENOMEM),       ERROR(EACCES),      ERROR(EFAULT),    ERROR(EBUSY),
        ERROR(EEXIST),      ERROR(ENODEV),       ERROR(ENOTDIR),     ERROR(EISDIR),    ERROR(EINVAL),
        ERROR(ENFILE),      ERROR(EMFILE),       ERROR(ENOTTY),      ERROR(EFBIG),     ERROR(ENOSPC),
        ERROR(ESPIPE),      ERROR(EROFS),        ERROR(EPIPE),       ERROR(ERANGE),    ERROR(EDEADLK),
        ERROR(ENOSYS),      ERROR(ENAMETOOLONG), ERROR(ELOOP),       ERROR(ETIMEDOUT), ERROR(ELOCKED),
        ERROR(EDEADSRCDST), ERROR(ENOTREADY),    ERROR(ECALLDENIED), ERROR(EBADCALL),
};
#undef ERROR

/* The name of a positive error number; NULL: it has none here. */
static inline const char *error_name(int number)
{
	int count = (int)(sizeof(error_names) / sizeof(error_names[0]));

	return number > 0 && number < count ? error_names[number] : NULL;
}

#endif
