/* SPDX-License-Identifier: MIT */
/*
 * Lets a child run instruction by instruction (ptrace), while its parent looks at memory that both share. For
 * tests without sanitizers, whose own instructions would be counted and stepped through.
 */
#ifndef TESTS_STEPPER_H
#define TESTS_STEPPER_H

#include <stdint.h>

/* Memory that the parent and its children share; zeros. */
uint8_t *stepper_memory(uint32_t bytes);

/*
 * A child does `prepare` at full speed, and `act` instruction by instruction; `each` is called in the parent
 * before the first and after each of them, until the child has ended. Returns how many instructions it took
 * until `act` had returned. The test fails if ptrace is not allowed.
 */
long stepper_run(void (*prepare)(void), void (*act)(void), void (*each)(long instructions, int returned));

/* The same, but the child is killed after so many instructions, if it has not returned by then. */
void stepper_kill(void (*prepare)(void), void (*act)(void), long instructions);

#endif
