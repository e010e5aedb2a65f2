/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Words in the order of an enum, separated by | as an option offers them: "train|test|holdout". Each list stands beside its
 * enum, so that options, files and the program mean the same. */
#ifndef BASIN_WORDS_H
#define BASIN_WORDS_H

int words_count(const char *words);

/* The place of a word, from 0; −1 where it is not among them, or NULL. */
int words_find(const char *words, const char *word);

/* The word at a place that it has, cut where it is longer than this. */
struct word {
	char at[32];
};
struct word words_at(const char *words, int i);

/* A number for people: "0.4321", four decimals, where they say something (0, and from 0.001 to 99999), else "1.235e-06". */
struct word words_number(double x);

#endif
