/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Who has waited for whom: vector clocks of streams. Copies and memsets say what they read and write; of a kernel only the
 * pointers among its arguments are known, so two kernels are left to ThreadSanitizer and to the seed's order of streams. */
#include "inside.h"
#include <deque>
#include <map>

enum { KEPT = 64 };   /* the last uses of a block: enough to find who forgot to wait */

struct use {
	struct standin_access what;
	size_t stream;
	uint64_t when;
	std::string name;
};
static std::map<const char *, std::deque<struct use>> uses;   /* by the block's begin */

void standin_clock_join(standin_clock *into, const standin_clock &other)
{
	if (into->size() < other.size())
		into->resize(other.size());
	for (size_t i = 0; i < other.size(); i++)
		if ((*into)[i] < other[i])
			(*into)[i] = other[i];
}

static const char *verb(enum standin_how how)
{
	return how == STANDIN_READS ? "reads" : how == STANDIN_WRITES ? "writes" : "uses";
}

static bool clash(const struct standin_access *a, const struct standin_access *b)
{
	if (a->how != STANDIN_WRITES && b->how != STANDIN_WRITES)
		return false;
	return a->from < b->from + b->bytes && b->from < a->from + a->bytes;
}

void standin_access_check(const struct standin_access *a, size_t id, const standin_clock &now, const char *name)
{
	const struct standin_block *b = standin_block_at(a->from) ? standin_block_at(a->from) : standin_pinned_at(a->from);
	if (!b)
		return;
	std::deque<struct use> &list = uses[b->first];
	for (auto u = list.begin(); u != list.end();) {
		const bool waited = u->stream == id || (u->stream < now.size() && now[u->stream] >= u->when);
		if (!waited && clash(a, &u->what))
			standin_fatal("streams %zu and %zu both use block %lu with no wait between them: %s %s it at "
			              "%zu, %s %s it at %zu",
			              u->stream, id, b->serial, u->name.c_str(), verb(u->what.how),
			              (size_t)(u->what.from - b->first), name, verb(a->how),
			              (size_t)(a->from - b->first));
		const bool again = u->stream == id && u->what.from == a->from && u->what.bytes == a->bytes &&
		                   u->what.how == a->how;
		u = again ? list.erase(u) : u + 1;
	}
	list.push_back({*a, id, now[id], name});
	if (list.size() > KEPT)
		list.pop_front();
}

void standin_access_forget(const char *from, size_t bytes)
{
	uses.erase(uses.lower_bound(from), uses.lower_bound(from + bytes));
}
