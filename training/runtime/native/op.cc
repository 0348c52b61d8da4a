// The bridge to TensorFlow's C interface.
#include "op.h"

#include <cstdio>

namespace skyfix {

Call::Call(TF_OpKernelContext* context, const std::map<std::string, float>& attributes)
    : context_(context), status_(TF_NewStatus()), attributes_(attributes) {
  const int count = TF_NumInputs(context);
  for (int i = 0; i < count; i++) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context, i, &tensor, status_);
    if (TF_GetCode(status_) != TF_OK) {
      failed_ = true;
      TF_OpKernelContext_Failure(context_, status_);
      return;
    }
    inputs_.push_back(tensor);
  }
}

Call::~Call() {
  for (TF_Tensor* tensor : inputs_) TF_DeleteTensor(tensor);
  for (TF_Tensor* tensor : outputs_) TF_DeleteTensor(tensor);
  TF_DeleteStatus(status_);
}

Shape Call::shape(int i) const {
  Shape shape(TF_NumDims(inputs_[i]));
  for (size_t axis = 0; axis < shape.size(); axis++) shape[axis] = TF_Dim(inputs_[i], axis);
  return shape;
}

int64_t Call::channels(int i) const {
  const int rank = TF_NumDims(inputs_[i]);
  return rank == 0 ? 1 : TF_Dim(inputs_[i], rank - 1);
}

int64_t Call::rows(int i) const {
  int64_t rows = 1;
  for (int axis = 0; axis + 1 < TF_NumDims(inputs_[i]); axis++) rows *= TF_Dim(inputs_[i], axis);
  return rows;
}

float* Call::output(int i, const Shape& shape) {
  TF_Tensor* tensor = TF_AllocateOutput(context_, i, TF_FLOAT, shape.data(), shape.size(),
                                        sizeOf(shape) * sizeof(float), status_);
  if (TF_GetCode(status_) != TF_OK) {
    failed_ = true;
    TF_OpKernelContext_Failure(context_, status_);
    return nullptr;
  }
  outputs_.push_back(tensor);
  return static_cast<float*>(TF_TensorData(tensor));
}

void Call::refuse(const char* why) {
  failed_ = true;
  TF_SetStatus(status_, TF_INVALID_ARGUMENT, why);
  TF_OpKernelContext_Failure(context_, status_);
}

std::map<std::string, float>* readAttributes(TF_OpKernelConstruction* construction, const Operation& operation) {
  auto* values = new std::map<std::string, float>;
  TF_Status* status = TF_NewStatus();
  for (const char* name : operation.attributes)
    TF_OpKernelConstruction_GetAttrFloat(construction, name, &(*values)[name], status);
  TF_DeleteStatus(status);
  return values;
}

void registerOperation(const Operation& operation, void* (*create)(TF_OpKernelConstruction*),
                       void (*compute)(void*, TF_OpKernelContext*)) {
  const auto destroy = [](void* attributes) { delete static_cast<std::map<std::string, float>*>(attributes); };
  const auto typed = [](const char* name, const char* type) { return std::string(name) + ": " + type; };
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* name : operation.inputs)
    TF_OpDefinitionBuilderAddInput(definition, typed(name, "float").c_str());
  for (const char* name : operation.outputs)
    TF_OpDefinitionBuilderAddOutput(definition, typed(name, "float").c_str());
  for (const char* name : operation.attributes)
    TF_OpDefinitionBuilderAddAttr(definition, typed(name, "float").c_str());
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_KernelBuilder* builder = TF_NewKernelBuilder(operation.name, "CPU", create, compute, destroy);
    TF_RegisterKernelBuilder(operation.name, builder, status);
  }
  if (TF_GetCode(status) != TF_OK)
    std::fprintf(stderr, "skyfix kernels: %s: %s\n", operation.name, TF_Message(status));
  TF_DeleteStatus(status);
}

}  // namespace skyfix
