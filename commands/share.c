/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/share.h"

#include <stdlib.h>

#include "src/files/run.h"

/* A number of a chain, digits alone. */
static bool read_chain(const char **text, int *out)
{
	char *end;
	if (**text < '0' || **text > '9')
		return false;
	long n = strtol(*text, &end, 10);
	*text = end;
	*out = n < RUN_CHAINS_MOST ? (int)n : RUN_CHAINS_MOST;
	return true;
}

static status read_only(const char *text, struct share *out)
{
	const char *at = text;
	bool good = read_chain(&at, &out->first);
	out->last = out->first;
	if (good && *at == '-') {
		at++;
		good = read_chain(&at, &out->last);
	}
	if (!good || *at)
		return fail(ERR_USAGE, "--only %s: expected the number of a chain, counted from 0, or a range of them (0-7)", text);
	return out->first <= out->last ? OK : fail(ERR_USAGE, "--only %s: the range ends before it begins", text);
}

status share_open(const struct opts *o, struct share *out)
{
	*out = (struct share){.only = opts_given(o, "only")};
	TRY(launcher_find(&out->launcher));
	out->joins = out->only || out->launcher.name;
	return out->only ? read_only(opts_text(o, "only"), out) : OK;
}

status share_check(const struct share *s, int chains)
{
	return !s->only || s->last < chains ? OK
	     : chains == 1 ? fail(ERR_USAGE, "--only: there is no chain %d; the run has one, number 0", s->last)
	                   : fail(ERR_USAGE, "--only: there is no chain %d; the run has %d, 0 to %d", s->last, chains, chains - 1);
}

bool share_has(const struct share *s, int chain)
{
	if (s->only && (chain < s->first || chain > s->last))
		return false;
	return chain % s->launcher.ranks == s->launcher.rank;
}

int share_count(const struct share *s, int chains)
{
	int n = 0;
	for (int k = 0; k < chains; k++)
		n += share_has(s, k);
	return n;
}
