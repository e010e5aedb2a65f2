/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *number_read(const char *text, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return end > text && end <= text + strspn(text, "0123456789+-.eE") && isfinite(*out) ? end : NULL;
}

bool number_whole(const char *text, size_t length, double *out)
{
	return number_read(text, out) == text + length;
}
