/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Captures of two streams, for the stand-in's own tests. What fails ends the program. */
#ifndef BASIN_TESTS_STANDIN_CHECK_FORKS_H
#define BASIN_TESTS_STANDIN_CHECK_FORKS_H

#include <cuda_runtime_api.h>

/* A graph of two branches, whose replays are right. */
void check_forks_good(cudaStream_t stream, cudaStream_t other);
/* Captures that are refused; prints what of. */
void check_forks_refused(cudaStream_t stream, cudaStream_t other);
/* A graph whose one branch reads what the other writes. */
void check_forks_no_wait(cudaStream_t stream, cudaStream_t other);

#endif
