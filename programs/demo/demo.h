/* SPDX-License-Identifier: MIT */
/*
 * A tour in parts. A part does something, tells what it does, and claims what must be so; a claim that is not
 * so makes the demo fail.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include <stdint.h>
#include <sys/types.h>
#include <granite/abi/counters.h>
#include <granite/abi/vm.h>

#include "../lib/processes.h"

/* ---- The parts, each in a file of its own; main.c has the table ---- */

void part_crash(void);
void part_driver(void);
void part_store(void);
void part_attack(void);
void part_cost(void);
void part_copy(void);
void part_crowd(void);

/* ---- say.c: talking ---- */

/* A paragraph, broken into lines that fit the terminal, between two empty lines. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of figures or of what happens. */
void show(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line that says whether what it claims holds. Returns whether it does. */
int claim(int holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

void say_title(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Claims so far that did not hold. */
unsigned say_failures(void);

/* ---- look.c: looking at the system; each ends the demo if it can't be done ---- */

struct granite_counters look_at_counters(void);
struct vm_info_rep look_at_memory(void);
uint64_t look_at_clock(void); /* nanoseconds since boot */

/* Pages that nobody has. */
uint32_t look_free_pages(const struct vm_info_rep *memory);

/* Whether all those processes still live, but for `except` (NONE: for nobody); says who does not. */
int look_all_live(const struct processes *all, endpoint_t except);

/* A child, or the end of the demo if there can't be one. What was said so far is out before. */
pid_t look_fork(void);

/* Waits for a child to end, or to stop. Returns its status, as waitpid(2) does. */
int look_wait(pid_t pid);

/* Ends the demo: what it needs can't be had. `result` is a negative errno. */
_Noreturn void look_give_up(const char *what, int result);

#endif
