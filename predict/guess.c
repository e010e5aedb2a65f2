/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/guess.h"

#include <math.h>
#include <string.h>

#include "src/likelihood.h"
#include "src/words.h"

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

/* Whether the first chosen snapshot i of a file stands for one that is worth no more than the guess, and which of its figures
 * says so. */
static const char *file_against(const struct bar *bar, const struct predictions *p, bool several, size_t i, double *figure)
{
	*figure = p->alone[i];
	if (several && guess_against(&bar->guess, *figure))
		return "snapshots by themselves have";
	*figure = p->ending[i];
	return guess_against(&bar->guess, *figure) ? "last snapshot by itself has" : NULL;
}

static void warn_of_file(const struct bar *bar, const char *path, const char *whose, double figure)
{
	warning("%s: its %s the %s %s, %s guessing, which gives %s (%s)", path, whose, bar->how->guessed_title, words_number(figure).at,
	        guess_against(&bar->guess, figure), words_number(bar->guess.loss).at, bar->how->guess_words);
}

/* Where all files are like the whole, the whole is enough. */
static void warn_of_files(const struct bar *bar, const struct predictions *p, const struct selection *chosen, bool whole)
{
	const bool several = chosen->sources.n > 1;
	const char *whose;
	size_t files = 0, bad = 0, told = 0;
	double figure;
	for (size_t i = 0; i < chosen->n; i++) {
		files += !isnan(p->alone[i]);
		bad += file_against(bar, p, several, i, &figure) != NULL;
	}
	if (whole && bad == files)
		return;
	for (size_t i = 0; i < chosen->n && told < NAMED_MOST; i++)
		if ((whose = file_against(bar, p, several, i, &figure)) && ++told)
			warn_of_file(bar, chosen->sources.source[chosen->choice[i].source].path, whose, figure);
	if (bad > told)
		warning("%zu more file%s no better by themselves, or hardly", bad - told, bad == told + 1 ? " is" : "s are");
}

void guess_warn(const struct predictions *p, const struct selection *chosen, const struct figures *all)
{
	const double loss = p->how->guess(p), together = figure_of(all, p->how->guessed);
	const struct bar bar = {{loss, loss}, p->how};
	const char *against = guess_against(&bar.guess, together);
	if (against)
		warning("%s: the %s is %s, %s guessing, which gives %s (%s)", p->subject->data.spec, p->how->guessed_title,
		        words_number(together).at, against, words_number(loss).at, p->how->guess_words);
	warn_of_files(&bar, p, chosen, against != NULL);
}
