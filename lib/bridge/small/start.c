/* SPDX-License-Identifier: MIT */
/* A small process starts as an ordinary one does; only its bridge is another. */
#include "../start.c"
