/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdint.h>
#include <string.h>

#include "src/arena.h"
#include "tests/tap.h"

int main(void)
{
	struct arena a = {0};
	char *small, *large, *text;
	double *none = (double *)1;
	MUST(ARENA_NEW(&a, 3, &small));
	MUST(ARENA_NEW(&a, 1000000, &large));
	ok((uintptr_t)small % 64 == 0 && (uintptr_t)large % 64 == 0, "pieces are 64-byte aligned");
	memset(large, 1, 1000000);
	ok(small[0] == 0 && small[2] == 0, "pieces are zeroed and apart");
	ok(ARENA_NEW(&a, SIZE_MAX / 4, &none) == ERR_MEMORY && !none, "an overflowing size is refused");
	MUST(arena_text(&a, &text, "%s/%d", "chain", 7));
	ok(strcmp(text, "chain/7") == 0, "text is formatted");
	for (int i = 0; i < 10000; i++) {
		int *p;
		MUST(ARENA_NEW(&a, 17, &p));
		if (p[16])
			return !ok(false, "piece %d is zeroed", i);
		p[16] = i;
	}
	ok(true, "many small pieces are zeroed");
	arena_free(&a);
	MUST(ARENA_NEW(&a, 1, &small));
	ok(small != NULL, "an emptied arena is usable again");
	arena_free(&a);
	return done_testing();
}
