/* SPDX-License-Identifier: MIT */
/* A small process starts as an ordinary one does. */
#include "../start.S"
