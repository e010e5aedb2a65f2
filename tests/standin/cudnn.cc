/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cuDNN's handles and descriptors: made, set, read, destroyed. */
#include "cudnn.h"
#include <cstdarg>
#include <cstdio>
#include <set>

struct cudnnContext { cudaStream_t stream; };
struct descriptor { std::shared_ptr<struct dnn_node> node; };

static std::set<cudnnHandle_t> handles;
static std::set<struct descriptor *> descriptors;
static thread_local std::string reason;

#define DNN_CALL()                                                                                                  \
	std::lock_guard<std::recursive_mutex> standin_held(standin_lock);                                           \
	const cudnnStatus_t forced = (cudnnStatus_t)standin_called(__func__, false)
#define DNN_CALL_OR_FAIL()                                                                                          \
	DNN_CALL();                                                                                                 \
	if (forced != CUDNN_STATUS_SUCCESS)                                                                         \
		return forced

cudnnStatus_t dnn_refuse(cudnnStatus_t s, const char *format, ...)
{
	char text[512];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	reason = text;
	return s;
}

bool dnn_handle_known(cudnnHandle_t h)
{
	return handles.count(h) != 0;
}

cudaStream_t dnn_stream(cudnnHandle_t h)
{
	return h->stream;
}

static struct descriptor *known(cudnnBackendDescriptor_t d)
{
	return descriptors.count((struct descriptor *)d) ? (struct descriptor *)d : NULL;
}

const struct dnn_node *dnn_node_of(cudnnBackendDescriptor_t d)
{
	const struct descriptor *mine = known(d);
	return mine ? mine->node.get() : NULL;
}

bool standin_dnn_leaks(void)
{
	if (!handles.empty())
		standin_tell("%zu handles of cuDNN were never destroyed", handles.size());
	if (!descriptors.empty())
		standin_tell("%zu descriptors of cuDNN were never destroyed, the first of type %d", descriptors.size(),
		             (*descriptors.begin())->node->type);
	return !handles.empty() || !descriptors.empty();
}

/* ---- attributes ---- */

static cudnnStatus_t set_nodes(struct dnn_value *v, int name, int64_t n, const cudnnBackendDescriptor_t *from)
{
	for (int64_t i = 0; i < n; i++) {
		const struct descriptor *d = known(from[i]);
		if (!d)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "attribute %d: no descriptor", name);
		if (!d->node->finalized)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED,
			                  "attribute %d: a descriptor of type %d that is not finalized", name,
			                  d->node->type);
		v->nodes.push_back(d->node);
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t set(struct dnn_node *node, int name, cudnnBackendAttributeType_t type, int64_t n, const void *from)
{
	if (node->finalized)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "attribute %d is set after its descriptor was finalized", name);
	if (!dnn_attribute_find(node->type, name, -1))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a descriptor of type %d has no attribute %d here", node->type,
		                  name);
	const struct dnn_attribute *a = dnn_attribute_find(node->type, name, type);
	if (!a)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "attribute %d is not of type %d", name, type);
	if (a->most == 0)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "attribute %d can only be read", name);
	if (n < a->least || n > a->most)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "attribute %d has %d to %d elements, not %lld",
		                  name, a->least, a->most, (long long)n);
	if (n > 0 && !from)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "attribute %d: no values", name);
	struct dnn_value v;
	v.type = type;
	if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
		const cudnnStatus_t s = set_nodes(&v, name, n, (const cudnnBackendDescriptor_t *)from);
		if (s != CUDNN_STATUS_SUCCESS)
			return s;
	} else {
		const char *bytes = (const char *)from;
		v.bytes.assign(bytes, bytes + (size_t)n * dnn_attribute_bytes(type));
	}
	node->values[name] = v;
	return CUDNN_STATUS_SUCCESS;
}

/* The descriptors that the caller has made become those of the list. */
static cudnnStatus_t get_nodes(const struct dnn_value *v, int name, int64_t room, cudnnBackendDescriptor_t *to)
{
	for (int64_t i = 0; i < room && i < (int64_t)v->nodes.size(); i++) {
		struct descriptor *d = known(to[i]);
		if (!d || d->node->type != v->nodes[(size_t)i]->type)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "attribute %d: no descriptor of type %d to put one into",
			                  name, v->nodes[(size_t)i]->type);
		d->node = std::make_shared<struct dnn_node>(*v->nodes[(size_t)i]);
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t get(const struct dnn_node *node, int name, cudnnBackendAttributeType_t type, int64_t room,
                         int64_t *n, void *to)
{
	if (!node->finalized)
		return dnn_refuse(CUDNN_STATUS_NOT_INITIALIZED, "attribute %d of a descriptor that is not finalized", name);
	if (!dnn_attribute_find(node->type, name, -1))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a descriptor of type %d has no attribute %d here", node->type,
		                  name);
	if (!dnn_attribute_find(node->type, name, type))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "attribute %d is not of type %d", name, type);
	if (room < 0 || (room > 0 && !to))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "attribute %d: no room for its values", name);
	const auto found = node->values.find(name);
	static const struct dnn_value none = {};
	const struct dnn_value *v = found == node->values.end() ? &none : &found->second;
	const int64_t size = (int64_t)dnn_attribute_bytes(type);
	const bool nodes = type == CUDNN_TYPE_BACKEND_DESCRIPTOR;
	const int64_t all = nodes ? (int64_t)v->nodes.size() : (int64_t)v->bytes.size() / size;
	/* Of results there may be fewer than it says before it has looked. */
	if (n)
		*n = all + (name == CUDNN_ATTR_ENGINEHEUR_RESULTS && room == 0);
	if (nodes)
		return get_nodes(v, name, room, (cudnnBackendDescriptor_t *)to);
	const int64_t taken = all < room ? all : room;
	if (taken > 0)
		memcpy(to, v->bytes.data(), (size_t)(taken * size));
	return CUDNN_STATUS_SUCCESS;
}

/* ---- what is finalized here ---- */

static cudnnStatus_t finalize_pack(const struct dnn_node *n)
{
	const struct dnn_value *ids = &n->values.at(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
	std::set<int64_t> seen;
	if (ids->bytes.size() != n->values.at(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS).bytes.size())
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a variant pack has as many ids as pointers");
	for (size_t i = 0; i < ids->bytes.size(); i += sizeof(int64_t)) {
		int64_t id;
		memcpy(&id, &ids->bytes[i], sizeof id);
		if (!seen.insert(id).second)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES, "a variant pack names tensor %lld twice",
			                  (long long)id);
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t finalize_card(struct dnn_node *n)
{
	static const char text[] = "{\"name\": \"stand-in\"}";
	const int json = CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION;
	const bool described = n->values.count(json) != 0;
	if (described && n->values.size() != 1)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a card is described by a text or by a device, not by both");
	if (described && (n->values[json].bytes.size() < 2 || n->values[json].bytes[0] != '{'))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a card's description is no JSON object");
	if (!described)
		dnn_put(n, json, CUDNN_TYPE_CHAR, std::vector<char>(text, text + sizeof text));
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t finalize(struct dnn_node *n)
{
	if (n->finalized)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a descriptor of type %d is finalized twice", n->type);
	const int missing = dnn_attribute_missing(n);
	if (missing >= 0)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a descriptor of type %d is finalized without attribute %d",
		                  n->type, missing);
	switch (n->type) {
	case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR:
		return finalize_pack(n);
	case CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR:
		return finalize_card(n);
	case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
	case CUDNN_BACKEND_ENGINE_DESCRIPTOR:
	case CUDNN_BACKEND_ENGINECFG_DESCRIPTOR:
	case CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR:
	case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
		return dnn_finalize_engine(n);
	default:
		return dnn_finalize_shape(n);
	}
}

static bool there(cudnnBackendDescriptorType_t type)
{
	return type <= CUDNN_BACKEND_TENSOR_DESCRIPTOR ? type != CUDNN_BACKEND_INTERMEDIATE_INFO_DESCRIPTOR &&
	                                                         type != CUDNN_BACKEND_LAYOUT_INFO_DESCRIPTOR
	                                               : type == CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR;
}

extern "C" {

size_t cudnnGetVersion(void)
{
	return CUDNN_VERSION;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *out)
{
	DNN_CALL_OR_FAIL();
	*out = NULL;
	if (standin_device_count() <= 0)
		return dnn_refuse(CUDNN_STATUS_NOT_INITIALIZED, "there is no device");
	if (standin_capture_forbids() != cudaSuccess)
		return dnn_refuse(CUDNN_STATUS_INTERNAL_ERROR, "a handle is made in a capture");
	*out = new cudnnContext();
	handles.insert(*out);
	return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t h)
{
	DNN_CALL();
	if (!handles.erase(h))
		return dnn_refuse(CUDNN_STATUS_NOT_INITIALIZED, "no handle");
	delete h;
	return forced;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t h, cudaStream_t s)
{
	DNN_CALL_OR_FAIL();
	if (!dnn_handle_known(h) || standin_stream_check(s) != cudaSuccess)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "no handle, or no stream");
	h->stream = s;
	return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *out)
{
	DNN_CALL_OR_FAIL();
	if (!out)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "no place for a descriptor");
	*out = NULL;
	if (!there(type))
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "descriptors of type %d are not here", type);
	struct descriptor *d = new descriptor{std::make_shared<struct dnn_node>()};
	d->node->type = type;
	descriptors.insert(d);
	*out = d;
	return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t d)
{
	DNN_CALL();
	if (!descriptors.erase((struct descriptor *)d))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "no descriptor to destroy");
	delete (struct descriptor *)d;
	return forced;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t n, const void *from)
{
	DNN_CALL_OR_FAIL();
	struct descriptor *mine = known(d);
	return mine ? set(mine->node.get(), name, type, n, from) : dnn_refuse(CUDNN_STATUS_BAD_PARAM, "no descriptor");
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const d, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t room, int64_t *n, void *to)
{
	DNN_CALL_OR_FAIL();
	const struct dnn_node *node = dnn_node_of(d);
	return node ? get(node, name, type, room, n, to) : dnn_refuse(CUDNN_STATUS_BAD_PARAM, "no descriptor");
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t d)
{
	DNN_CALL_OR_FAIL();
	struct descriptor *mine = known(d);
	if (!mine)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "no descriptor");
	const cudnnStatus_t s = finalize(mine->node.get());
	mine->node->finalized |= s == CUDNN_STATUS_SUCCESS;
	return s;
}

const char *cudnnGetErrorString(cudnnStatus_t s)
{
#define NAME(status) if (s == status) return #status;
	NAME(CUDNN_STATUS_SUCCESS)
	NAME(CUDNN_STATUS_NOT_INITIALIZED)
	NAME(CUDNN_STATUS_BAD_PARAM)
	NAME(CUDNN_STATUS_BAD_PARAM_NULL_POINTER)
	NAME(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER)
	NAME(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED)
	NAME(CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND)
	NAME(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT)
	NAME(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH)
	NAME(CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES)
	NAME(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE)
	NAME(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE)
	NAME(CUDNN_STATUS_NOT_SUPPORTED)
	NAME(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN)
	NAME(CUDNN_STATUS_NOT_SUPPORTED_SHAPE)
	NAME(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE)
	NAME(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT)
	NAME(CUDNN_STATUS_INTERNAL_ERROR)
	NAME(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED)
	NAME(CUDNN_STATUS_EXECUTION_FAILED)
	return "CUDNN_STATUS_UNKNOWN";
}

/* The calling thread's last one, which is told once. */
void cudnnGetLastErrorString(char *text, size_t room)
{
	std::lock_guard<std::recursive_mutex> standin_held(standin_lock);
	snprintf(text, room, "%s", reason.c_str());
	reason.clear();
}

}
