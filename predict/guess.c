/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/guess.h"

#include <math.h>
#include <string.h>

#include "src/likelihood.h"

enum { NAMED_MOST = 4 };  /* files that are named, each with its figure */

static double figure_of(const struct figures *f, const char *name)
{
	for (int i = 0; i < f->count; i++)
		if (strcmp(f->at[i].name, name) == 0)
			return f->at[i].value;
	return (double)NAN;
}

void guess_warn(const struct predictions *p, const struct selection *chosen, const struct figures *all)
{
	const struct predictive *how = p->how;
	const double loss = how->guess(p), together = figure_of(all, how->guessed);
	const struct guess guess = {loss, loss};
	const char *against = guess_against(&guess, together);
	size_t bad = 0;
	if (against)
		warning("%s: the %s is %.4f, %s guessing, which gives %.4f (%s)", p->subject->data.spec, how->guessed_title,
		        together, against, loss, how->guess_words);
	for (size_t i = 0; i < chosen->n && chosen->sources.n > 1; i++) {
		against = guess_against(&guess, p->alone[i]);
		if (!against || ++bad > NAMED_MOST)
			continue;
		warning("%s: its snapshots by themselves have the %s %.4f, %s guessing, which gives %.4f (%s)",
		        chosen->sources.source[chosen->choice[i].source].path, how->guessed_title, p->alone[i], against, loss,
		        how->guess_words);
	}
	if (bad > NAMED_MOST)
		warning("%zu more file%s no better by themselves, or hardly", bad - NAMED_MOST, bad == NAMED_MOST + 1 ? " is" : "s are");
}
