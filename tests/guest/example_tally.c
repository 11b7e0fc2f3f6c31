/* SPDX-License-Identifier: MIT */
/* The service that docs/ds.md shows, to be tested as it is there. */
#include "../../docs/examples/tally.c"
