/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The NLL after calibration, which alone compares ensembles whose probabilities are differently sharp (Ashukha, Lyzhov, Molchanov &
 * Vetrov 2020): a temperature is fitted on one half of the examples (scaling.h), and the other half is scored by it; and the other
 * way round. */
#ifndef BASIN_CALIBRATED_H
#define BASIN_CALIBRATED_H

#include "predict/mixture.h"

/* NaN where there are fewer than two examples. */
struct calibrated {
	double nll, nll_se;          /* mean over all examples, each by the other half's temperature; nats */
	double temperature[2];       /* fitted to either half */
};

/* Of a mixture with labels and members. Halves are drawn, the same for every mixture of so many examples. Probabilities count as
 * the fit has them, with a floor. Errors: scaling_fit's. */
status calibrated_nll(const struct mixture *m, struct calibrated *out);

#endif
