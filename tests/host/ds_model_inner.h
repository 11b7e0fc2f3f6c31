/* SPDX-License-Identifier: MIT */
/* What the model's files share. */
#ifndef TESTS_DS_MODEL_INNER_H
#define TESTS_DS_MODEL_INNER_H

#include "ds_model.h"

int model_type_of(int entry);
uint32_t model_key_length(int entry);
int model_is_service(int who);
const struct store_limits *model_limits_of(const struct model *m, int who);
uint32_t model_bytes_of(const struct model *m, int who);
uint32_t model_entries_of(const struct model *m, int who);
uint32_t model_subscriptions_of(const struct model *m, int who);

void model_tell(struct model *m, int entry, uint32_t what); /* all who may know */
void model_end(struct model *m, int entry, uint32_t what);  /* deletes it */

#endif
