/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A library to preload: starting a thread fails, as where a user may have no more of them. */
#include <pthread.h>

#include "tests/fail_calls.h"

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context)
{
	return call_fails(EAGAIN) ? EAGAIN : NEXT(pthread_create)(thread, attributes, start, context);
}
