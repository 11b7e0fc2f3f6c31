/* SPDX-License-Identifier: MIT */
/* How large the terminal is. See terminal.h. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

#define ROWS_UNKNOWN    24
#define COLUMNS_UNKNOWN 80
#define READ_WELL       78

static struct winsize size_told(void)
{
	struct winsize size = {0};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return size;
}

void terminal_size(unsigned *rows, unsigned *columns)
{
	struct winsize size = size_told();

	*rows = size.ws_row ? size.ws_row : ROWS_UNKNOWN;
	*columns = size.ws_col ? size.ws_col : COLUMNS_UNKNOWN;
}

/* The last column stays free: some terminals begin a new line when it is written to. */
int terminal_width(void)
{
	struct winsize size = size_told();

	return size.ws_col ? size.ws_col - 1 : TERMINAL_UNLIMITED;
}

int terminal_room(int used)
{
	int width = terminal_width();

	return used < width ? width - used : 0;
}

int terminal_text_width(void)
{
	int width = terminal_width();

	return width < READ_WELL ? width : READ_WELL;
}
