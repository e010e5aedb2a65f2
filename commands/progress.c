/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/progress.h"

#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/clock.h"
#include "src/text.h"
#include "src/words.h"

static const double terminal_seconds = 0.1, plain_seconds = 10;

void progress_start(struct progress *p, bool quiet, bool plain, uint64_t done, uint64_t total)
{
	double now = clock_seconds();
	*p = (struct progress){.terminal = !quiet && !plain && isatty(STDERR_FILENO), .plain = plain && !quiet,
	                       .started = now, .last = now, .first = done, .done = done, .total = total};
}

double progress_interval(const struct progress *p)
{
	return p->terminal ? terminal_seconds : p->plain ? plain_seconds : 0;
}

bool progress_step(struct progress *p)
{
	p->done++;
	if (!p->terminal && !p->plain)
		return false;
	double now = clock_seconds();
	if (now - p->last < progress_interval(p))
		return false;
	p->last = now;
	return true;
}

static void add_duration(struct text *t, double seconds)
{
	uint64_t s = (uint64_t)llround(seconds);
	unsigned long long hours = s / 3600;
	unsigned minutes = (unsigned)(s / 60 % 60), rest = (unsigned)(s % 60);
	if (hours)
		text_add(t, "%llu:%02u:%02u", hours, minutes, rest);
	else
		text_add(t, "%u:%02u", minutes, rest);
}

/* Columns of UTF-8 text, and where the text must end to take at most `most` of them (0: any). */
static int columns(struct text *t, int most)
{
	int n = 0;
	for (size_t i = 0; i < t->n; i++) {
		if ((t->at[i] & 0xc0) == 0x80)
			continue;
		if (most && n == most) {
			t->at[i] = 0;
			t->n = i;
			break;
		}
		n++;
	}
	return n;
}

/* Blanks, not escape sequences, wipe what a longer line left: every terminal knows them. */
static void progress_print(struct progress *p, struct text *t)
{
	if (!p->terminal) {
		fprintf(stderr, "%s\n", t->at);
		return;
	}
	struct winsize window;
	int wide = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 ? window.ws_col - 1 : 0;
	int width = columns(t, wide);
	fprintf(stderr, "\r%s%*s", t->at, p->width > width ? p->width - width : 0, "");
	fflush(stderr);
	p->width = width;
}

void progress_show(struct progress *p, const struct progress_chains *c)
{
	if (progress_interval(p) == 0)
		return;
	struct text t = {.n = 0};
	double seconds = clock_seconds() - p->started;
	double rate = p->done > p->first && seconds > 0 ? (double)(p->done - p->first) / seconds : 0;
	if (c->n == 1)
		text_add(&t, "step %llu/%llu", (unsigned long long)p->done, (unsigned long long)p->total);
	else
		text_add(&t, "%d of %d chains done", c->done, c->n);
	if (c->n > 1 && c->failed)
		text_add(&t, ", %d failed", c->failed);
	if (c->n > 1 && c->elsewhere)
		text_add(&t, ", %d elsewhere", c->elsewhere);
	text_add(&t, "  %.0f %%", p->total ? floor(100 * (double)p->done / (double)p->total) : 0);
	if (rate > 0) {
		text_add(&t, rate < 10 ? "  %.2f steps/s" : "  %.0f steps/s", rate);
		text_add(&t, "  ETA ");
		add_duration(&t, p->done < p->total ? (double)(p->total - p->done) / rate : 0);
	}
	/* Before a chain's first line there is nothing to tell. */
	if (isfinite(c->mean))
		text_add(&t, c->n == 1 ? "  nll %s" : "  nll %s mean, %s worst", words_number(c->mean).at, words_number(c->worst).at);
	if (c->n == 1 && c->line.step)
		text_add(&t, "  λ %.4g  T %.4g", c->line.lr, c->line.temperature);
	progress_print(p, &t);
}

void progress_end(struct progress *p)
{
	if (!p->terminal || !p->width)
		return;
	fprintf(stderr, "\r%*s\r", p->width, "");
	fflush(stderr);
	p->width = 0;
}

/* ---- snapshots that are read ---- */

status progress_snapshots(void *progress, size_t done, size_t total)
{
	struct progress *p = progress;
	struct text t = {.n = 0};
	bool due = progress_step(p);
	if ((!p->terminal && !p->plain) || (!due && done < total))
		return OK;
	text_add(&t, "snapshot %zu/%zu", done, total);
	if (p->plain || done < total)
		progress_print(p, &t);
	else
		progress_end(p);
	return OK;
}

/* ---- products with a Hessian ---- */

void progress_products(struct progress *p, const struct progress_products *c)
{
	struct text t = {.n = 0};
	if (!progress_step(p))
		return;
	if (c->snapshots > 1)
		text_add(&t, "snapshot %zu/%zu  ", c->snapshot, c->snapshots);
	text_add(&t, "%s  product %zu  %.0f %%", c->part, c->products, floor(100 * c->done / (c->done + c->left)));
	if (c->done > 0) {
		const double each = (clock_seconds() - p->started) / c->done;
		text_add(&t, "  %.3g s each  ETA ", each);
		add_duration(&t, c->left * each);
	}
	progress_print(p, &t);
}
