/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The arrays of basin predict: the mean probabilities, and beside those of every snapshot which of them each is of. */
#include <string.h>

#include "commands/predict.h"
#include "commands/select.h"
#include "src/data/npy.h"
#include "src/data/csv_write.h"
#include "src/json_words.h"

const char *const predict_file[PREDICT_FILES] = {"save-probs", "save-member-probs", "csv"};
const char *const predict_read[] = {"config", "data", "decide", "probs", "labels", NULL};

status predict_save_probs(FILE *to, const struct mixture *m, struct arena *a)
{
	double *p;
	int64_t shape[2] = {(int64_t)m->n, m->c};
	if (!to)
		return OK;
	TRY(ARENA_NEW(a, m->n * (size_t)m->c, &p));
	for (size_t i = 0; i < m->n; i++)
		mixture_mean(m, i, p + i * (size_t)m->c);
	npy_put(to, NPY_F8, 2, shape, p);
	return OK;
}

/* FILE.npy's is FILE.members.csv. */
static status sidecar_path(struct arena *a, const char *path, char **out)
{
	const size_t n = strlen(path);
	const bool npy = n > 4 && strcmp(path + n - 4, ".npy") == 0;
	return arena_text(a, out, "%.*s.members.csv", (int)(npy ? n - 4 : n), path);
}

status predict_members_open(const struct opts *o, const struct selection *chosen, struct arena *a,
                            const struct output_file file[PREDICT_FILES], struct output_file *out)
{
	const struct output_file *members = &file[PREDICT_MEMBERS];
	char *path;
	*out = (struct output_file){.to = NULL};
	/* What goes to another program has no place beside it. */
	if (!members->to || members->fd >= 0)
		return OK;
	TRY(sidecar_path(a, members->path, &path));
	TRY(select_spare_path(o, chosen, predict_read, predict_file[PREDICT_MEMBERS], path));
	TRY(output_open(out, a, predict_file[PREDICT_MEMBERS], path, opts_flag(o, "overwrite")));
	for (int i = 0; i < PREDICT_FILES; i++)
		if (file[i].to && output_same(&file[i], out))
			return output_close(out, fail(ERR_USAGE, "--%s %s: is the file that --save-member-probs has the snapshots' names in; name "
			                              "another one", predict_file[i], file[i].path));
	return OK;
}

static status put_member(FILE *to, const struct selection *s, size_t i)
{
	const struct choice *c = &s->choice[i];
	const struct source *source = &s->sources.source[c->source];
	json_t *path = json_words(source->path);
	if (!path)
		return fail(ERR_MEMORY, "out of memory: the names of %zu snapshots", s->n);
	fprintf(to, "%zu,", i);
	csv_put_words(to, json_string_value(path));
	json_decref(path);
	if (source->numbered)
		fprintf(to, ",%lld", (long long)source->chain);
	else
		fputs(",", to);
	fprintf(to, ",%llu,%s\n", (unsigned long long)c->step, c->role);
	return OK;
}

status predict_members_put(FILE *to, const struct selection *s)
{
	if (!to)
		return OK;
	fputs("member,file,chain,step,role\n", to);
	for (size_t i = 0; i < s->n; i++)
		TRY(put_member(to, s, i));
	return OK;
}
