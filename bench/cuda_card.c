/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How cuDNN describes a card, as the JSON from which it makes plans on machines that have none: kept in tests/cards/, a file a card.
 * cuDNN 9.8 or later is loaded where the dynamic linker finds it.
 *
 *   bench/cuda_card [NUMBER]
 *
 * Exit status 1: there is no cuDNN here, or no card, for the reason on standard error. */
#include <cudnn.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIBRARY "libcudnn.so." TEXT(CUDNN_MAJOR)

static struct {
	size_t (*version)(void);
	void (*last_error)(char *text, size_t size);
	cudnnStatus_t (*create)(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *out);
	cudnnStatus_t (*set)(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n,
	                     const void *value);
	cudnnStatus_t (*finalize)(cudnnBackendDescriptor_t d);
	cudnnStatus_t (*get)(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t room,
	                     int64_t *n, void *value);
	cudnnStatus_t (*destroy)(cudnnBackendDescriptor_t d);
} cudnn;

static const struct {
	void **at;
	const char *name;
} functions[] = {
	{(void **)&cudnn.version, "cudnnGetVersion"},
	{(void **)&cudnn.last_error, "cudnnGetLastErrorString"},
	{(void **)&cudnn.create, "cudnnBackendCreateDescriptor"},
	{(void **)&cudnn.set, "cudnnBackendSetAttribute"},
	{(void **)&cudnn.finalize, "cudnnBackendFinalize"},
	{(void **)&cudnn.get, "cudnnBackendGetAttribute"},
	{(void **)&cudnn.destroy, "cudnnBackendDestroyDescriptor"},
};

static int load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; library && i < sizeof functions / sizeof *functions; i++)
		if (!(*functions[i].at = dlsym(library, functions[i].name)))
			library = NULL;
	if (!library)
		fprintf(stderr, "bench/cuda_card: %s\n", dlerror());
	return library != NULL;
}

static int failed(const char *what)
{
	char why[1024] = "";
	cudnn.last_error(why, sizeof why);
	fprintf(stderr, "bench/cuda_card: cuDNN %zu: %s: %s\n", cudnn.version(), what, why);
	return 1;
}

static int print_card(cudnnBackendDescriptor_t card, int32_t number)
{
	int64_t n = 0;
	if (cudnn.set(card, CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, 1, &number) || cudnn.finalize(card))
		return failed("the card");
	if (cudnn.get(card, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, 0, &n, NULL) || n <= 0)
		return failed("the size of its description");
	char *text = malloc((size_t)n);
	int bad = !text || cudnn.get(card, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, n, &n, text);
	if (!bad)
		fwrite(text, 1, (size_t)n - (text[n - 1] == 0), stdout);
	free(text);
	return bad ? failed("its description") : 0;
}

int main(int argc, char **argv)
{
	cudnnBackendDescriptor_t card;
	if (!load())
		return 1;
	if (cudnn.create(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &card))
		return failed("a description of a card");
	int status = print_card(card, argc > 1 ? (int32_t)atoi(argv[1]) : 0);
	cudnn.destroy(card);
	return status || fflush(stdout) != 0;
}
