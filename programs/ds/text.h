/* SPDX-License-Identifier: MIT */
/* How entries of the data store are shown, and read from the command line. Pure code. */
#ifndef PROGRAMS_DS_TEXT_H
#define PROGRAMS_DS_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <granite/abi/ds_calls.h>

#define TEXT_MAX 1024 /* of what is written to `text` below, with its end */

/* "u32", "str" ... */
const char *text_type(uint32_t type);

/* The bytes in quotes, at most `width` columns; what is no plain letter as \n or \x1b, what does not fit as
 * ... */
const char *text_quoted(char text[TEXT_MAX], int width, const char *bytes, size_t length);

/* A key, or another name: as it is if it has nothing but plain letters, and no space; otherwise all of it in
 * quotes. */
const char *text_name(char text[TEXT_MAX], const char *name);

/* An entry's value, in at most `width` columns; `bytes` is a string's, NULL if it can't be had. */
const char *text_value(char text[TEXT_MAX], int width, const struct ds_entry *entry, const char *bytes,
                       size_t length);

/* What the owner keeps to itself, a letter each: r retrieving, o overwriting, s snapshots, n news; or -. */
const char *text_private(char text[TEXT_MAX], uint32_t flags);

/* What has happened to an entry, in a word: see <granite/abi/ds.h>. */
const char *text_what(uint32_t what);

/* ---- The list ---- */

/* How wide a value may be in lines that are `width` wide. */
int text_value_width(int width);

/* A line of the list, or two if the key, as it is shown, is long. */
void text_print_line(FILE *out, int width, const char *key, const char *type, const char *value,
                     const char *owner, const char *private);

/* ---- Strings and bytes ---- */

/*
 * A line with the string: as it is. But for a terminal one with anything but plain letters, or with a quote
 * in front, is quoted.
 */
void text_print_string(FILE *out, const char *string, int to_terminal);

/* 16 in a line: where, in hexadecimal, and as letters. */
void text_print_bytes(FILE *out, const uint8_t *bytes, size_t length);

/* ---- The command line ---- */

/* 1: the text is a number, decimal or with 0x, that fits. */
int text_number(const char *text, uint32_t *number);

#endif
