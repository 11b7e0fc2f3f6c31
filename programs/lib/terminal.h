/* SPDX-License-Identifier: MIT */
/*
 * The terminal as a full-screen program has it: keys come at once and unseen, the cursor is hidden. Whatever
 * ends the program (exit, Ctrl-C, SIGTERM) or stops it (Ctrl-Z) leaves the terminal as it was; what kills it
 * leaves that to the shell.
 */
#ifndef PROGRAMS_LIB_TERMINAL_H
#define PROGRAMS_LIB_TERMINAL_H

#define TERMINAL_TIME_OVER (-1)
#define TERMINAL_REDRAW    (-2) /* its size has changed, or something else was on it meanwhile */

/* Columns and rows as the system knows them; 80 by 24 where it does not. */
void terminal_size(unsigned *rows, unsigned *columns);

/* How wide a line may be that the terminal does not break; TERMINAL_UNLIMITED where there is no terminal. */
#define TERMINAL_UNLIMITED 10000
int terminal_width(void);

/* How much of that is left behind `used` columns; 0: nothing. */
int terminal_room(int used);

/* How wide text may be: at most as wide as is read well. */
int terminal_text_width(void);

/*
 * Takes the terminal: waits until this program is in the foreground. Returns 0, or -1 and errno: stdin and
 * stdout are none.
 */
int terminal_open(void);

/* Shows `text` in place of what is there, and asks the terminal how large it is by now. */
void terminal_show(const char *text);

/* Waits for a key for that long. Returns it, or TERMINAL_*. Does not return if the program must end. */
int terminal_key(long msecs);

#endif
