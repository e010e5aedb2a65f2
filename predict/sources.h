/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASIN_SOURCES_H
#define BASIN_SOURCES_H

#include "commands/select.h"

/* Whether the sources may be pooled: one model, likelihood and input transform. Warns where two share seed and chain or
 * differ in target or training data, and about chains that are not done. Errors: ERR_USAGE, naming two files and what differs; ERR_MEMORY. */
status sources_check(struct selection *s);

#endif
