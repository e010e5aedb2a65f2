/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/info_chains.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/report.h"

/* ---- making a row ---- */

static void count_role(struct info_chain *c, const char *role)
{
	uint8_t i = 0;
	while (strcmp(snaps_shared_role(c->of, i), role) != 0)
		i++;
	if (c->role[i]++ == 0)
		c->order[c->roles++] = i;
}

status info_chain_read(const struct source *source, struct snaps_reader *r, struct info_chain *c)
{
	*c = (struct info_chain){
		.chain = source->chain, .numbered = source->numbered, .of = source->shared, .state = source->state.word,
		.step = source->state.step, .has_step = source->state.has_step, .snapshots = snaps_count(r), .torn_bytes = snaps_torn(r),
		.acceptance = (double)NAN, .kinetic = (double)NAN,
	};
	for (size_t i = 0; i < c->snapshots; i++) {
		const char *role;
		uint64_t step;
		status s = snaps_peek(r, i, &step, &role);
		c->damaged += s == ERR_DAMAGE;
		if (s == ERR_DAMAGE)
			continue;
		TRY(s);
		c->first = c->roles ? c->first : step;
		c->last = step;
		count_role(c, role);
	}
	return OK;
}

/* ---- for programs ---- */

static void print_member(const char *name, uint64_t x, bool known, const char *end)
{
	printf("      \"%s\": ", name);
	if (known)
		printf("%" PRIi64 "%s\n", (int64_t)x, end);
	else
		printf("null%s\n", end);
}

static void print_number(const char *name, double x)
{
	printf("      \"%s\": ", name);
	if (isfinite(x))
		printf("%.10g,\n", x);
	else
		puts("null,");
}

static void print_roles(const struct info_chain *c)
{
	printf("      \"roles\": {");
	for (int i = 0; i < c->roles; i++)
		printf("%s\n        \"%s\": %" PRIu64, i ? "," : "", snaps_shared_role(c->of, c->order[i]), c->role[c->order[i]]);
	puts(c->roles ? "\n      }," : "},");
}

/* States and roles are words, without a character that JSON has another way for (source_state, snaps_shared_role). */
static void print_object(const struct info_chain *c)
{
	puts("    {");
	if (c->numbered)
		print_member("chain", (uint64_t)c->chain, true, ",");
	if (c->state)
		printf("      \"state\": \"%s\",\n", c->state);
	else
		puts("      \"state\": null,");
	print_member("step", (uint64_t)c->step, c->has_step, ",");
	print_member("snapshots", c->snapshots, true, ",");
	print_member("first_step", c->first, c->roles, ",");
	print_member("last_step", c->last, c->roles, ",");
	print_roles(c);
	print_number("acceptance", c->acceptance);
	print_number("kinetic_temperature", c->kinetic);
	print_member("damaged", c->damaged, true, ",");
	print_member("torn_bytes", c->torn_bytes, true, "");
	printf("    }");
}

void info_chains_json(const struct info_chain *c, size_t n)
{
	putchar('[');
	for (size_t i = 0; i < n; i++) {
		puts(i ? "," : "");
		print_object(&c[i]);
	}
	fputs(n ? "\n  ]" : "]", stdout);
}

/* ---- for people ---- */

/* Fewer chains than these, or fewer that differ in nothing, have a line each and nothing more. */
enum { SEVERAL = 3 };

static bool is_state(const struct info_chain *c, const char *word)
{
	return c->state && strcmp(c->state, word) == 0;
}

/* A chain that was stopped is kept as running, and nothing may be running it. */
static const char *words_of(const struct info_chain *c)
{
	return is_state(c, "running") ? "not finished, last checkpoint" : is_state(c, "failed") ? "failed, as was seen" : c->state;
}

/* The chains from c on, n of them that differ in nothing but their numbers. */
static void print_chains(const struct info_chain *c, size_t n)
{
	if (n == 1)
		printf("chain %lld", (long long)c->chain);
	else
		printf("chains %lld to %lld", (long long)c->chain, (long long)c[n - 1].chain);
	if (c->state)
		printf(": %s at step %lld", words_of(c), (long long)c->step);
	printf(": %" PRIu64 " snapshot%s%s", c->snapshots, c->snapshots == 1 ? "" : "s", n == 1 ? "" : " each");
	if (c->roles && c->first == c->last)
		printf(", step %" PRIu64, c->first);
	else if (c->roles)
		printf(", steps %" PRIu64 " to %" PRIu64, c->first, c->last);
	for (int i = 0; i < c->roles; i++) {
		printf(", %" PRIu64 " ", c->role[c->order[i]]);
		report_words(snaps_shared_role(c->of, c->order[i]), stdout);
	}
	if (c->torn_bytes)
		printf("; an incomplete last record of %" PRIu64 " bytes is ignored", c->torn_bytes);
	if (c->damaged)
		printf("; %" PRIu64 " of them damaged", c->damaged);
	putchar('\n');
}

static bool same_state(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool differ_in_number(const struct info_chain *a, const struct info_chain *b)
{
	return a->numbered && b->numbered && b->chain == a->chain + 1 && same_state(a->state, b->state) && a->step == b->step &&
	       a->snapshots == b->snapshots && a->first == b->first && a->last == b->last && a->of == b->of && a->roles == b->roles &&
	       memcmp(a->role, b->role, sizeof a->role) == 0 && memcmp(a->order, b->order, sizeof a->order) == 0 &&
	       !a->torn_bytes && !b->torn_bytes && !a->damaged && !b->damaged;
}

static void print_total(size_t n, const char *words, bool *first)
{
	if (n)
		printf("%s %zu %s", *first ? ":" : ",", n, words);
	*first = *first && !n;
}

/* "1000 chains: 990 done, 7 not finished, 3 failed, 24 not begun; 20000 snapshots, 2 of them damaged" */
static void print_totals(const struct info_chain *c, size_t n, size_t missing)
{
	size_t done = 0, running = 0, failed = 0;
	uint64_t snapshots = 0, damaged = 0;
	for (size_t i = 0; i < n; i++) {
		done += is_state(&c[i], "done");
		running += is_state(&c[i], "running");
		failed += is_state(&c[i], "failed");
		snapshots += c[i].snapshots;
		damaged += c[i].damaged;
	}
	bool first = true;
	printf("%zu chains", n + missing);
	print_total(done, "done", &first);
	print_total(running, "not finished", &first);
	print_total(failed, "failed", &first);
	print_total(n - done - running - failed, "without a checkpoint", &first);
	print_total(missing, "not begun", &first);
	printf("; %" PRIu64 " snapshot%s", snapshots, snapshots == 1 ? "" : "s");
	if (damaged)
		printf(", %" PRIu64 " of them damaged", damaged);
	putchar('\n');
}

void info_chains_print(const struct info_chain *c, size_t n, size_t missing)
{
	if (n + missing >= SEVERAL)
		print_totals(c, n, missing);
	for (size_t i = 0, alike; i < n; i += alike) {
		for (alike = 1; i + alike < n && differ_in_number(&c[i + alike - 1], &c[i + alike]); alike++)
			continue;
		alike = alike < SEVERAL ? 1 : alike;
		print_chains(&c[i], alike);
	}
}
