/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "predict/guess.h"

#include <math.h>
#include <string.h>

enum { NAMED_MOST = 4 };  /* files that are named, each with its figure */

bool guess_is_as_good(double guess, double loss)
{
	return loss >= guess - 1e-6 * fabs(guess);
}

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
	double guess = how->guess(p), together = figure_of(all, how->guessed);
	size_t bad = 0;
	if (guess_is_as_good(guess, together))
		warning("%s: the %s is %.4f, no better than guessing, which gives %.4f (%s)", p->subject->data.spec,
		        how->guessed_title, together, guess, how->guess_words);
	for (size_t i = 0; i < chosen->n && chosen->sources.n > 1; i++) {
		if (!guess_is_as_good(guess, p->alone[i]) || ++bad > NAMED_MOST)
			continue;
		warning("%s: its snapshots by themselves have the %s %.4f, no better than guessing, which gives %.4f (%s)",
		        chosen->sources.source[chosen->choice[i].source].path, how->guessed_title, p->alone[i], guess,
		        how->guess_words);
	}
	if (bad > NAMED_MOST)
		warning("so do those of %zu more files", bad - NAMED_MOST);
}
