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

/* What the figures are held against, and how. */
struct bar {
	struct guess guess;
	const struct predictive *how;
};

static void warn_of_file(const struct bar *bar, const char *path, const char *whose, double figure)
{
	warning("%s: its %s the %s %.4f, %s guessing, which gives %.4f (%s)", path, whose, bar->how->guessed_title, figure,
	        guess_against(&bar->guess, figure), bar->guess.loss, bar->how->guess_words);
}

void guess_warn(const struct predictions *p, const struct selection *chosen, const struct figures *all)
{
	const double loss = p->how->guess(p), together = figure_of(all, p->how->guessed);
	const struct bar bar = {{loss, loss}, p->how};
	const char *against = guess_against(&bar.guess, together);
	const bool several = chosen->sources.n > 1;
	size_t bad = 0;
	if (against)
		warning("%s: the %s is %.4f, %s guessing, which gives %.4f (%s)", p->subject->data.spec, p->how->guessed_title,
		        together, against, loss, p->how->guess_words);
	for (size_t i = 0; i < chosen->n && (several || !against); i++) {
		const char *path = chosen->sources.source[chosen->choice[i].source].path;
		bool whole = several && guess_against(&bar.guess, p->alone[i]);
		if ((!whole && !guess_against(&bar.guess, p->ending[i])) || ++bad > NAMED_MOST)
			continue;
		warn_of_file(&bar, path, whole ? "snapshots by themselves have" : "last snapshot by itself has",
		             whole ? p->alone[i] : p->ending[i]);
	}
	if (bad > NAMED_MOST)
		warning("%zu more file%s no better by themselves, or hardly", bad - NAMED_MOST, bad == NAMED_MOST + 1 ? " is" : "s are");
}
