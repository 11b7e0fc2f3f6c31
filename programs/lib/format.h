/* SPDX-License-Identifier: MIT */
/* Numbers as people read them. Pure code. */
#ifndef PROGRAMS_LIB_FORMAT_H
#define PROGRAMS_LIB_FORMAT_H

#include <stdint.h>

#define FORMAT_MAX 32

/* Each writes into `text`, FORMAT_MAX bytes, and returns it. */

/* 1,234,567 */
const char *format_count(char *text, uint64_t number);

/* 512 B, 172 KiB, 17.9 MiB, 1.5 GiB: at most 8 characters below 1000 GiB. */
const char *format_bytes(char *text, uint64_t bytes);
const char *format_pages(char *text, uint64_t pages);

/* 0.03 s, 12m 05s, 3h 05m, 12d 03h: at most 8 characters below 100 days. */
const char *format_time(char *text, uint64_t nsecs);

/* Of 1000, as 12.3%; more than all is all. */
const char *format_permille(char *text, uint64_t permille);

/* part / whole in thousandths, rounded; 0 if the whole is. */
uint32_t format_share(uint64_t part, uint64_t whole);

/* #####: a bar for part / whole; the whole is `width` columns, FORMAT_MAX - 1 at most; any part has a #. */
const char *format_bar(char *text, uint64_t part, uint64_t whole, int width);

#endif
