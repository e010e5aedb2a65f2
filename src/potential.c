/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "potential.h"

status point_make(const struct potential *p, const struct slots *s, const struct point *at, float **scratch,
                  const float **theta)
{
	struct device *d = p->device;
	bool moved = at->v && at->v_coef != SLOT_NONE;
	*theta = at->theta;
	if (!moved && at->sigma == SLOT_NONE)
		return OK;
	if (!*scratch)
		TRY(d->ops->alloc(d, p->n_params * sizeof(float), (void **)scratch));
	const struct affine a = {
		.n_in = 1 + moved, .n_out = 1, .x = {at->theta, moved ? at->v : NULL},
		.out = {{.y = *scratch, .base = 0, .coef = {SLOT_NONE, moved ? at->v_coef : SLOT_NONE}, .noise = at->sigma,
		         .stream = at->stream}},
	};
	*theta = *scratch;
	return d->ops->affine(d, s, p->pieces, &a);
}

void potential_close(struct potential *p)
{
	if (p)
		p->ops->close(p);
}
