/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: the man pages' OPTIONS, and bash completion. */
#include <ctype.h>
#include <string.h>

#include "src/options/opt_private.h"

enum { MDOC_WIDTH = 78, TEXT_SIZE = 2048 };

/* One word of running text. A backslash is roff's escape character; a bare - is a hyphen, right in "Entropy-MCMC" but
 * not in what is to be typed: an option, a negative number. */
static size_t mdoc_word(const char *word, size_t n, char *out, size_t size)
{
	size_t used = 0;
	bool option = memmem(word, n, "--", 2) != NULL;
	if (n && (word[0] == '.' || word[0] == '\''))
		used += (size_t)snprintf(out, size, "\\&");
	for (size_t i = 0; i < n && used + 4 < size; i++) {
		bool between = i && i + 1 < n && isalpha((unsigned char)word[i - 1]) && isalpha((unsigned char)word[i + 1]);
		if (word[i] == '\\')
			used += (size_t)snprintf(out + used, size - used, "\\e");
		else if (word[i] == '-' && (option || !between))
			used += (size_t)snprintf(out + used, size - used, "\\-");
		else
			out[used++] = word[i];
	}
	out[used] = 0;
	return used;
}

static void mdoc_text(const char *text, FILE *to)
{
	for (size_t at = 0; *text;) {
		char word[TEXT_SIZE];
		size_t n = strcspn(text, " "), wide = mdoc_word(text, n, word, sizeof word);
		if (at && at + 1 + wide > MDOC_WIDTH) {
			fputc('\n', to);
			at = 0;
		}
		fprintf(to, "%s%s", at ? " " : "", word);
		at += wide + (at > 0);
		text += n + (text[n] == ' ');
	}
	fputc('\n', to);
}

/* A sentence: a capital, unless the first word is a name of its own (λ, N, fSGLD); and a full stop. */
static void mdoc_sentence(struct text *words, FILE *to)
{
	char *first = words->at;
	if (islower((unsigned char)first[0]) && (islower((unsigned char)first[1]) || first[1] == ' '))
		first[0] = (char)toupper((unsigned char)first[0]);
	text_add(words, ".");
	mdoc_text(words->at, to);
}

/* What is said of each word that a value may be. */
static void mdoc_words(const struct param_words *words, FILE *to)
{
	struct param_word w;
	if (!words || !words->shown)
		return;
	fputs(".Pp\n.Bl -tag -width Ds -compact\n", to);
	for (int i = 0; words->at(i, &w); i++) {
		fprintf(to, ".It Cm %s", w.name);
		if (w.rest)
			fprintf(to, " : Ns Ar %s", w.rest);
		fputc('\n', to);
		struct text help;
		opt_words(w.help ? w.help : "", &help);
		mdoc_sentence(&help, to);
	}
	fputs(".El\n", to);
}

static void mdoc_table(const struct opt_section *s, FILE *to)
{
	char text[TEXT_SIZE];
	fputs(".Ss ", to);
	for (const char *word = s->title.at; *word; word += strspn(word, " ")) {
		size_t n = strcspn(word, " ");
		mdoc_word(word, n, text, sizeof text);
		fprintf(to, "%s%s", word == s->title.at ? "" : " ", text);
		word += n;
	}
	fputs("\n.Bl -tag -width Ds\n", to);
	for (const struct param *d = opts_defs(s->table); d->name; d++) {
		if (opt_section_shares(s, d))
			continue;
		fprintf(to, ".It Fl Fl %s", d->name);
		if (d->type == PARAM_CHOICE) {
			fputs(" Cm ", to);
			for (const char *c = d->arg; *c; c++)
				if (*c == '|')
					fputs(" | ", to);
				else
					fputc(*c, to);
		} else if (d->arg) {
			fprintf(to, " Ar %s", d->arg);
		}
		fputc('\n', to);
		struct text words;
		opt_describe(d, &words);
		mdoc_sentence(&words, to);
		mdoc_words(d->words, to);
	}
	if (s->like) {
		struct text names = {.n = 0};
		opt_section_shared(s, &names);
		fprintf(to, ".It As with Fl Fl %s Cm %s\n", s->table->selector, s->like->owner);
		mdoc_sentence(&names, to);
	}
	fputs(".El\n", to);
}

void opts_mdoc(const struct opt_table *const *tables, FILE *to)
{
	struct opt_section s;
	for (int i = 0; opt_section_next(tables, &i, &s);)
		mdoc_table(&s, to);
	s = (struct opt_section){.table = &opt_builtin};
	text_add(&s.title, "%s", opt_builtin.heading);
	mdoc_table(&s, to);
}

/* The i-th definition over all tables, the built-in one last; each name once. */
static const struct param *nth(const struct opt_table *const *tables, int n)
{
	for (int i = 0;; i++) {
		const struct opt_table *t = tables[i] ? tables[i] : &opt_builtin;
		for (const struct param *d = opts_defs(t); d->name; d++) {
			bool first = true;
			for (int j = 0; j < i; j++)
				first &= !opt_in_table(tables[j], d->name);
			if (first && n-- == 0)
				return d;
		}
		if (!tables[i])
			return NULL;
	}
}

/* The words among a value's alternatives, with blanks between them: in "cpu|cuda|cuda:N" the last one is a pattern, N
 * being the reader's to fill in. */
static void alternatives(const struct param *d, char *out, size_t size)
{
	char text[TEXT_SIZE], *rest = text;
	snprintf(text, sizeof text, "%s", d->arg);
	out[0] = 0;
	if (d->type == PARAM_PATH || (d->type != PARAM_CHOICE && !strchr(d->arg, '|')))
		return;
	for (char *word; (word = strsep(&rest, "|"));) {
		size_t used = strlen(out);
		if (d->type == PARAM_CHOICE || !strpbrk(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			snprintf(out + used, size - used, "%s%s", used ? " " : "", word);
	}
}

/* The words that a value may be; behind a colon the rest is the reader's. */
static void words_of(const struct param *d, char *out, size_t size)
{
	struct param_word w;
	alternatives(d, out, size);
	const bool given = out[0];
	for (int i = 0; !given && d->words && d->words->at(i, &w); i++) {
		size_t used = strlen(out);
		snprintf(out + used, size - used, "%s%s%s", used ? " " : "", w.name, w.rest ? ":" : "");
	}
}

/* "arguments=('info write' 'shapes cifar10:')"; a slash in front where files will do too. */
static void complete_arguments(const struct param *arguments, FILE *to)
{
	fputs("\t\targuments=(", to);
	for (const struct param *d = arguments; d && d->name; d++) {
		char words[TEXT_SIZE] = "";
		words_of(d, words, sizeof words);
		fprintf(to, "%s'%s%s'", d == arguments ? "" : " ", d->type == PARAM_PATH ? "/ " : "", words);
	}
	fprintf(to, "%s)\n", arguments && arguments->name ? "" : "/");
}

static void complete_value(const struct param *d, FILE *to)
{
	char words[TEXT_SIZE] = "";
	if (d->type == PARAM_FLAG) {
		fprintf(to, "\t\t--%s) option= ;;\n", d->name);
	} else if (d->type == PARAM_PATH) {
		fprintf(to, "\t\t--%s) files=yes ;;\n", d->name);
	} else {
		words_of(d, words, sizeof words);
		if (words[0])
			fprintf(to, "\t\t--%s) words='%s' ;;\n", d->name, words);
	}
}

void opts_complete(const struct opt_table *const *tables, const struct param *arguments, const char *command, FILE *to)
{
	const struct param *d;
	fprintf(to, "\t%s)\n\t\toptions='", command);
	for (int i = 0; (d = nth(tables, i)); i++)
		fprintf(to, "%s--%s", i ? " " : "", d->name);
	fputs("'\n\t\tflags=' ", to);
	for (int i = 0; (d = nth(tables, i)); i++)
		if (d->type == PARAM_FLAG)
			fprintf(to, "--%s ", d->name);
	fputs("'\n", to);
	complete_arguments(arguments, to);
	fputs("\t\tcase $option in\n", to);
	for (int i = 0; (d = nth(tables, i)); i++)
		complete_value(d, to);
	fputs("\t\tesac ;;\n", to);
}
