// What a kernel sees of TensorFlow: float inputs and outputs with their shapes, through TensorFlow's C interface.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

// The part of tensorflow/c/kernels.h that is used; the header itself includes one that the wheel's folders lack.
extern "C" {
typedef struct TF_KernelBuilder TF_KernelBuilder;
typedef struct TF_OpKernelConstruction TF_OpKernelConstruction;
typedef struct TF_OpKernelContext TF_OpKernelContext;
TF_KernelBuilder* TF_NewKernelBuilder(const char* op_name, const char* device_name,
                                      void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* kernel_name, TF_KernelBuilder* builder, TF_Status* status);
int TF_NumInputs(TF_OpKernelContext* context);
void TF_GetInput(TF_OpKernelContext* context, int i, TF_Tensor** tensor, TF_Status* status);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* dims,
                             int num_dims, size_t bytes, TF_Status* status);
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* construction, const char* name, float* value,
                                          TF_Status* status);
}

namespace skyfix {

using Shape = std::vector<int64_t>;

inline int64_t sizeOf(const Shape& shape) {
  int64_t size = 1;
  for (int64_t side : shape) size *= side;
  return size;
}

/** One call of an operation. After a failure data() is null and the kernel must return. */
class Call {
 public:
  Call(TF_OpKernelContext* context, const std::map<std::string, float>& attributes);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /** A number that the operation was called with. */
  float attribute(const char* name) const { return attributes_.at(name); }
  const float* input(int i) const { return static_cast<const float*>(TF_TensorData(inputs_[i])); }
  /** Input i's own memory, to be written to: of a tensor that belongs to the caller of the operation alone. */
  float* inPlace(int i) { return static_cast<float*>(TF_TensorData(inputs_[i])); }
  Shape shape(int i) const;
  /** The last axis of input i. */
  int64_t channels(int i) const;
  /** Product of the other axes of input i. */
  int64_t rows(int i) const;
  /** Allocates output i; null after a failure, which is already reported. */
  float* output(int i, const Shape& shape);
  bool failed() const { return failed_; }
  /** Reports wrong inputs. */
  void refuse(const char* why);

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  const std::map<std::string, float>& attributes_;
  bool failed_ = false;
  std::vector<TF_Tensor*> inputs_;
  std::vector<TF_Tensor*> outputs_;
};

using Compute = void (*)(Call&);

/** Announces an operation on floats and its CPU kernel. Names are as TensorFlow wants them, e.g. "SkyfixAdam". */
struct Operation {
  const char* name;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
  /** Names of numbers that a call gives. */
  std::vector<const char*> attributes = {};
};

void registerOperation(const Operation& operation, void* (*create)(TF_OpKernelConstruction*),
                       void (*compute)(void*, TF_OpKernelContext*));

std::map<std::string, float>* readAttributes(TF_OpKernelConstruction* construction, const Operation& operation);

/** As `registerOperation`, with the kernel and the operation known at compile time. */
template <Compute compute, const Operation& operation> void registerKernel() {
  registerOperation(
      operation,
      [](TF_OpKernelConstruction* construction) -> void* { return readAttributes(construction, operation); },
      [](void* attributes, TF_OpKernelContext* context) {
        Call call(context, *static_cast<std::map<std::string, float>*>(attributes));
        if (!call.failed()) compute(call);
      });
}

}  // namespace skyfix
