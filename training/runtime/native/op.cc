// The bridge to TensorFlow's C interface.
#include "op.h"

#include <cstdio>
#include <string>

namespace skyfix {

Call::Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {
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

namespace {
void* create(TF_OpKernelConstruction*) { return nullptr; }
void destroy(void*) {}
}  // namespace

void registerOperation(const char* name, std::initializer_list<const char*> inputs,
                       std::initializer_list<const char*> outputs, void (*compute)(void*, TF_OpKernelContext*)) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs)
    TF_OpDefinitionBuilderAddInput(definition, (std::string(input) + ": float").c_str());
  for (const char* output : outputs)
    TF_OpDefinitionBuilderAddOutput(definition, (std::string(output) + ": float").c_str());
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_KernelBuilder* builder = TF_NewKernelBuilder(name, "CPU", create, compute, destroy);
    TF_RegisterKernelBuilder(name, builder, status);
  }
  if (TF_GetCode(status) != TF_OK) std::fprintf(stderr, "skyfix kernels: %s: %s\n", name, TF_Message(status));
  TF_DeleteStatus(status);
}

}  // namespace skyfix
