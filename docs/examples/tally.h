/* SPDX-License-Identifier: MIT */
/* What the tally and its clients say to each other. */
#ifndef TALLY_H
#define TALLY_H

#define TALLY_NEXT 0x9000 /* m_words[0]: the request's number; the answer's: the count */

#endif
