/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whether results depend on the order in which the stand-in for a card takes what has none. */
#ifndef BASIN_TESTS_CUDA_ORDERS_H
#define BASIN_TESTS_CUDA_ORDERS_H

/* Runs this program with "bits" as its argument, which then prints what it computes of `what`, in as many orders. */
void check_orders(const char *what, int seeds);

#endif
