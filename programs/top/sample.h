/* SPDX-License-Identifier: MIT */
/* Asks the system what `top` shows. */
#ifndef TOP_SAMPLE_H
#define TOP_SAMPLE_H

#include "view.h"

/* What is now. Ends the program, with a message, if it can't be had. */
void sample_take(struct moment *moment);
void sample_free(struct moment *moment);

#endif
