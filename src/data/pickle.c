/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The stack machine. Opcodes as in Python's pickletools; only those that build plain data are here. Nothing recurses, and
 * every length is checked against what is left of the file before it is used. */
#include "src/data/pickle.h"

#include <string.h>

#include "src/data/pickle_numpy.h"

/* A batch of CIFAR has 250,000 at most. Without a limit, each byte of a file could ask for the 128 of a value. */
enum { OPCODES_MOST = 1 << 19, FIRST_ROOM = 8 };

struct machine {
	const char *name;
	const uint8_t *start, *at, *end;
	struct arena *arena;
	struct pickle_value **stack, **memo;
	size_t depth, stack_room, memos, memo_room;
	size_t *mark, marks, mark_room;
	size_t opcodes;   /* executed so far */
};

/* ---- the pickle's bytes ---- */

static size_t place(const struct machine *m)
{
	return (size_t)(m->at - m->start);
}

static status take(struct machine *m, size_t bytes, const uint8_t **out)
{
	if (bytes > (size_t)(m->end - m->at))
		return fail(ERR_INPUT, "%s: truncated pickle: byte %zu announces %zu bytes, %zu are left", m->name, place(m), bytes,
		            (size_t)(m->end - m->at));
	*out = m->at;
	m->at += bytes;
	return OK;
}

/* A little-endian number of `bytes` ≤ 8 bytes. */
static status take_number(struct machine *m, size_t bytes, uint64_t *out)
{
	const uint8_t *p = NULL;
	TRY(take(m, bytes, &p));
	*out = 0;
	for (size_t i = 0; i < bytes; i++)
		*out |= (uint64_t)p[i] << 8 * i;
	return OK;
}

/* ---- stack, marks, memo ---- */

static status grow(struct arena *a, void *array, size_t used, size_t *room)
{
	void **place_of = array, *larger;
	if (used < *room)
		return OK;
	TRY(arena_take(a, *room ? *room * 2 : FIRST_ROOM, sizeof(void *), &larger));
	if (used)
		memcpy(larger, *place_of, used * sizeof(void *));
	*room = *room ? *room * 2 : FIRST_ROOM;
	*place_of = larger;
	return OK;
}

static status push(struct machine *m, struct pickle_value *v)
{
	TRY(grow(m->arena, &m->stack, m->depth, &m->stack_room));
	m->stack[m->depth++] = v;
	return OK;
}

static status push_new(struct machine *m, enum pickle_kind kind, struct pickle_value **out)
{
	struct pickle_value *v;
	TRY(ARENA_NEW(m->arena, 1, &v));
	v->kind = kind;
	if (out)
		*out = v;
	return push(m, v);
}

static status push_integer(struct machine *m, enum pickle_kind kind, int64_t integer)
{
	struct pickle_value *v;
	TRY(push_new(m, kind, &v));
	v->integer = integer;
	return OK;
}

/* A string whose length is the next `bytes` bytes. */
static status push_text(struct machine *m, size_t bytes)
{
	struct pickle_value *v;
	uint64_t size;
	TRY(take_number(m, bytes, &size));
	TRY(push_new(m, PICKLE_TEXT, &v));
	v->size = (size_t)size;
	return take(m, v->size, &v->bytes);
}

static status malformed(const struct machine *m)
{
	return fail(ERR_INPUT, "%s: malformed pickle: the opcode before byte %zu finds something else on the stack than it needs",
	            m->name, place(m));
}

/* The n topmost values, which must lie above the last mark. */
static status top(struct machine *m, size_t n, struct pickle_value ***out)
{
	size_t floor = m->marks ? m->mark[m->marks - 1] : 0;
	if (m->depth - floor < n)
		return malformed(m);
	*out = m->stack + m->depth - n;
	return OK;
}

/* Takes the last mark away; *n values above it stay on the stack. */
static status pop_mark(struct machine *m, size_t *n)
{
	if (!m->marks)
		return malformed(m);
	*n = m->depth - m->mark[--m->marks];
	return OK;
}

static status append(struct machine *m, struct pickle_value *to, struct pickle_value **items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		TRY(grow(m->arena, &to->item, to->n, &to->capacity));
		to->item[to->n++] = items[i];
	}
	return OK;
}

/* Replaces the n topmost values by a tuple of them. */
static status make_tuple(struct machine *m, size_t n)
{
	struct pickle_value **items = NULL, *v;
	TRY(top(m, n, &items));
	TRY(ARENA_NEW(m->arena, 1, &v));
	v->kind = PICKLE_TUPLE;
	TRY(append(m, v, items, n));
	m->depth -= n;
	return push(m, v);
}

/* Moves the n topmost values into the list or dict below them. */
static status fill(struct machine *m, enum pickle_kind kind, size_t n)
{
	struct pickle_value **items = NULL;
	TRY(top(m, n + 1, &items));
	if (items[0]->kind != kind || (kind == PICKLE_DICT && n % 2))
		return malformed(m);
	TRY(append(m, items[0], items + 1, n));
	m->depth -= n;
	return OK;
}

static status memo_put(struct machine *m, uint64_t index)
{
	struct pickle_value **v;
	TRY(top(m, 1, &v));
	/* Picklers count their memo up, so a number beyond the opcodes so far would only ask for memory. */
	if (index > m->opcodes)
		return fail(ERR_INPUT, "%s: malformed pickle: memo %llu before byte %zu is out of turn", m->name,
		            (unsigned long long)index, place(m));
	while (m->memos <= index) {
		TRY(grow(m->arena, &m->memo, m->memos, &m->memo_room));
		m->memo[m->memos++] = NULL;
	}
	m->memo[index] = v[0];
	return OK;
}

static status memo_get(struct machine *m, uint64_t index)
{
	if (index >= m->memos || !m->memo[index])
		return fail(ERR_INPUT, "%s: malformed pickle: memo %llu is used before byte %zu, but not set", m->name,
		            (unsigned long long)index, place(m));
	return push(m, m->memo[index]);
}

/* ---- the few objects that stand for data ---- */

static status push_global(struct machine *m, const uint8_t *module, size_t module_size, const uint8_t *word, size_t word_size)
{
	int which = pickle_global(module, module_size, word, word_size);
	if (which < 0)
		return fail(ERR_INPUT, "%s: the pickle asks for %.*s.%.*s before byte %zu; only plain data and uint8 NumPy arrays are "
		            "read, nothing is ever called", m->name, (int)(module_size < 64 ? module_size : 64), module,
		            (int)(word_size < 64 ? word_size : 64), word, place(m));
	return push_integer(m, PICKLE_GLOBAL, which);
}

static status global(struct machine *m)
{
	const uint8_t *line[2];
	size_t size[2];
	for (int i = 0; i < 2; i++) {
		const uint8_t *newline = memchr(m->at, '\n', (size_t)(m->end - m->at));
		if (!newline)
			return fail(ERR_INPUT, "%s: truncated pickle: a name at byte %zu does not end", m->name, place(m));
		size[i] = (size_t)(newline - m->at);
		TRY(take(m, size[i] + 1, &line[i]));
	}
	return push_global(m, line[0], size[0], line[1], size[1]);
}

static status stack_global(struct machine *m)
{
	struct pickle_value **v;
	TRY(top(m, 2, &v));
	if (v[0]->kind != PICKLE_TEXT || v[1]->kind != PICKLE_TEXT)
		return malformed(m);
	m->depth -= 2;
	return push_global(m, v[0]->bytes, v[0]->size, v[1]->bytes, v[1]->size);
}

static status reduce(struct machine *m)
{
	struct pickle_value **v, *made;
	TRY(top(m, 2, &v));
	if (v[0]->kind != PICKLE_GLOBAL || v[1]->kind != PICKLE_TUPLE)
		return malformed(m);
	TRY(pickle_construct(m->name, v[0], v[1], m->arena, &made));
	m->depth -= 2;
	return push(m, made);
}

static status build(struct machine *m)
{
	struct pickle_value **v;
	TRY(top(m, 2, &v));
	TRY(pickle_set_state(m->name, v[0], v[1]));
	m->depth--;
	return OK;
}

static status step(struct machine *m, uint8_t opcode)
{
	uint64_t number;
	size_t n = 0;
	switch (opcode) {
	case 0x95:  /* FRAME: only says how much may be read at once */
		return take_number(m, 8, &number);
	case '}':   /* EMPTY_DICT */
		return push_new(m, PICKLE_DICT, NULL);
	case ']':   /* EMPTY_LIST */
		return push_new(m, PICKLE_LIST, NULL);
	case ')':   /* EMPTY_TUPLE */
		return push_new(m, PICKLE_TUPLE, NULL);
	case 'N':   /* NONE */
		return push_new(m, PICKLE_NONE, NULL);
	case 0x88:  /* NEWTRUE */
	case 0x89:  /* NEWFALSE */
		return push_integer(m, PICKLE_BOOL, opcode == 0x88);
	case 'K':   /* BININT1 */
		TRY(take_number(m, 1, &number));
		return push_integer(m, PICKLE_INTEGER, (int64_t)number);
	case 'M':   /* BININT2 */
		TRY(take_number(m, 2, &number));
		return push_integer(m, PICKLE_INTEGER, (int64_t)number);
	case 'J':   /* BININT */
		TRY(take_number(m, 4, &number));
		return push_integer(m, PICKLE_INTEGER, (int32_t)(uint32_t)number);
	case 'U':   /* SHORT_BINSTRING */
	case 'C':   /* SHORT_BINBYTES */
	case 0x8c:  /* SHORT_BINUNICODE */
		return push_text(m, 1);
	case 'T':   /* BINSTRING */
	case 'B':   /* BINBYTES */
	case 'X':   /* BINUNICODE */
		return push_text(m, 4);
	case 0x8d:  /* BINUNICODE8 */
	case 0x8e:  /* BINBYTES8 */
	case 0x96:  /* BYTEARRAY8 */
		return push_text(m, 8);
	case '(':   /* MARK */
		TRY(grow(m->arena, &m->mark, m->marks, &m->mark_room));
		m->mark[m->marks++] = m->depth;
		return OK;
	case 't':   /* TUPLE */
		TRY(pop_mark(m, &n));
		return make_tuple(m, n);
	case 0x85:  /* TUPLE1 */
	case 0x86:  /* TUPLE2 */
	case 0x87:  /* TUPLE3 */
		return make_tuple(m, (size_t)opcode - 0x84);
	case 'a':   /* APPEND */
		return fill(m, PICKLE_LIST, 1);
	case 'e':   /* APPENDS */
		TRY(pop_mark(m, &n));
		return fill(m, PICKLE_LIST, n);
	case 's':   /* SETITEM */
		return fill(m, PICKLE_DICT, 2);
	case 'u':   /* SETITEMS */
		TRY(pop_mark(m, &n));
		return fill(m, PICKLE_DICT, n);
	case 'q':   /* BINPUT */
		TRY(take_number(m, 1, &number));
		return memo_put(m, number);
	case 'r':   /* LONG_BINPUT */
		TRY(take_number(m, 4, &number));
		return memo_put(m, number);
	case 0x94:  /* MEMOIZE */
		return memo_put(m, m->memos);
	case 'h':   /* BINGET */
		TRY(take_number(m, 1, &number));
		return memo_get(m, number);
	case 'j':   /* LONG_BINGET */
		TRY(take_number(m, 4, &number));
		return memo_get(m, number);
	case 'c':   /* GLOBAL */
		return global(m);
	case 0x93:  /* STACK_GLOBAL */
		return stack_global(m);
	case 'R':   /* REDUCE */
		return reduce(m);
	case 'b':   /* BUILD */
		return build(m);
	default:
		return fail(ERR_INPUT, "%s: opcode 0x%02x%s%.1s%s at byte %zu is not one that plain data needs, and is refused",
		            m->name, opcode, opcode > 32 && opcode < 127 ? " '" : "",
		            opcode > 32 && opcode < 127 ? (const char *)&opcode : "", opcode > 32 && opcode < 127 ? "'" : "",
		            place(m) - 1);
	}
}

status pickle_parse(const char *name, const uint8_t *data, size_t size, struct arena *a, const struct pickle_value **out)
{
	struct machine m = {.name = name, .start = data, .at = data, .end = data + size, .arena = a};
	const uint8_t *opcode = NULL;
	_Static_assert(sizeof(size_t) == sizeof(void *), "grow() serves marks too");
	*out = NULL;
	if (size < 2 || data[0] != 0x80)
		return fail(ERR_INPUT, "%s: not a pickle of protocol 2, 3, 4 or 5: it does not begin with the opcode PROTO", name);
	if (data[1] < 2 || data[1] > 5)
		return fail(ERR_INPUT, "%s: pickle protocol %d; 2 to 5 are read", name, data[1]);
	m.at += 2;
	TRY(grow(a, &m.stack, 0, &m.stack_room));
	for (;;) {
		TRY(take(&m, 1, &opcode));
		if (*opcode == '.')   /* STOP */
			break;
		if (++m.opcodes > OPCODES_MOST)
			return fail(ERR_INPUT, "%s: the pickle has more than %d opcodes: no batch of images has so many", name,
			            OPCODES_MOST);
		TRY(step(&m, *opcode));
	}
	if (m.depth != 1 || m.marks)
		return malformed(&m);
	if (m.at != m.end)
		return fail(ERR_INPUT, "%s: %zu bytes follow the end of the pickle", name, (size_t)(m.end - m.at));
	*out = m.stack[0];
	return OK;
}

const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key)
{
	if (dict->kind != PICKLE_DICT)
		return NULL;
	/* The last one wins, as in Python. */
	for (size_t i = dict->n; i >= 2; i -= 2) {
		const struct pickle_value *k = dict->item[i - 2];
		if (k->kind == PICKLE_TEXT && k->size == strlen(key) && !memcmp(k->bytes, key, k->size))
			return dict->item[i - 1];
	}
	return NULL;
}
