// The part of TensorFlow's C API that the ops use. TensorFlow is neither compiled against nor linked: its functions are
// looked up in the process that has loaded it, so that one binary serves every release from 2.16 on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" {

struct TF_DimensionHandle;
struct TF_KernelBuilder;
struct TF_OpDefinitionBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
struct TF_ShapeHandle;
struct TF_ShapeInferenceContext;
struct TF_Status;
struct TF_Tensor;

enum TF_Code : int {
  TF_OK = 0,
  TF_INVALID_ARGUMENT = 3,
  TF_RESOURCE_EXHAUSTED = 8,
  TF_INTERNAL = 13,
};

enum TF_DataType : int {
  TF_FLOAT = 1,
  TF_INT32 = 3,
  TF_UINT8 = 4,
  TF_STRING = 7,
  TF_INT64 = 9,
  TF_BOOL = 10,
};

}  // extern "C"

// The functions that every supported release has: result, name, parameters.
#define FASTNLP_TF_REQUIRED(X)                                                                                     \
  X(TF_Status*, TF_NewStatus, ())                                                                                  \
  X(void, TF_DeleteStatus, (TF_Status*))                                                                           \
  X(void, TF_SetStatus, (TF_Status*, TF_Code, const char* message))                                                \
  X(TF_Code, TF_GetCode, (const TF_Status*))                                                                       \
  X(const char*, TF_Message, (const TF_Status*))                                                                   \
  X(void, TF_DeleteTensor, (TF_Tensor*))                                                                           \
  X(void*, TF_TensorData, (const TF_Tensor*))                                                                      \
  X(int64_t, TF_TensorElementCount, (const TF_Tensor*))                                                            \
  X(TF_OpDefinitionBuilder*, TF_NewOpDefinitionBuilder, (const char* name))                                        \
  X(void, TF_OpDefinitionBuilderAddAttr, (TF_OpDefinitionBuilder*, const char* spec))                              \
  X(void, TF_OpDefinitionBuilderAddInput, (TF_OpDefinitionBuilder*, const char* spec))                             \
  X(void, TF_OpDefinitionBuilderAddOutput, (TF_OpDefinitionBuilder*, const char* spec))                            \
  X(void, TF_OpDefinitionBuilderSetShapeInferenceFunction,                                                         \
    (TF_OpDefinitionBuilder*, void (*infer)(TF_ShapeInferenceContext*, TF_Status*)))                               \
  X(void, TF_RegisterOpDefinition, (TF_OpDefinitionBuilder*, TF_Status*))                                          \
  X(TF_ShapeHandle*, TF_NewShapeHandle, ())                                                                        \
  X(void, TF_DeleteShapeHandle, (TF_ShapeHandle*))                                                                 \
  X(TF_DimensionHandle*, TF_NewDimensionHandle, ())                                                                \
  X(void, TF_DeleteDimensionHandle, (TF_DimensionHandle*))                                                         \
  X(int, TF_DimensionHandleValueKnown, (TF_DimensionHandle*))                                                      \
  X(int64_t, TF_DimensionHandleValue, (TF_DimensionHandle*))                                                       \
  X(int64_t, TF_ShapeInferenceContextNumInputs, (TF_ShapeInferenceContext*))                                       \
  X(void, TF_ShapeInferenceContextGetInput, (TF_ShapeInferenceContext*, int, TF_ShapeHandle*, TF_Status*))         \
  X(void, TF_ShapeInferenceContextSetOutput, (TF_ShapeInferenceContext*, int, TF_ShapeHandle*, TF_Status*))        \
  X(void, TF_ShapeInferenceContextWithRank,                                                                        \
    (TF_ShapeInferenceContext*, TF_ShapeHandle*, int64_t rank, TF_ShapeHandle* result, TF_Status*))                \
  X(void, TF_ShapeInferenceContextDim, (TF_ShapeInferenceContext*, TF_ShapeHandle*, int64_t, TF_DimensionHandle*)) \
  X(TF_ShapeHandle*, TF_ShapeInferenceContextVectorFromSize, (TF_ShapeInferenceContext*, size_t))                  \
  X(TF_KernelBuilder*, TF_NewKernelBuilder,                                                                        \
    (const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),                                \
     void (*compute)(void* kernel, TF_OpKernelContext*), void (*destroy)(void* kernel)))                           \
  X(void, TF_RegisterKernelBuilder, (const char* name, TF_KernelBuilder*, TF_Status*))                             \
  X(void, TF_OpKernelConstruction_GetAttrString,                                                                   \
    (TF_OpKernelConstruction*, const char* name, char* value, size_t max_length, TF_Status*))                      \
  X(void, TF_OpKernelConstruction_GetAttrSize,                                                                     \
    (TF_OpKernelConstruction*, const char* name, int32_t* list_size, int32_t* total_size, TF_Status*))             \
  X(void, TF_OpKernelConstruction_GetAttrInt64,                                                                    \
    (TF_OpKernelConstruction*, const char* name, int64_t* value, TF_Status*))                                      \
  X(void, TF_OpKernelConstruction_GetAttrInt64List,                                                                \
    (TF_OpKernelConstruction*, const char* name, int64_t* values, int max_size, TF_Status*))                       \
  X(void, TF_OpKernelConstruction_Failure, (TF_OpKernelConstruction*, TF_Status*))                                 \
  X(void, TF_OpKernelContext_Failure, (TF_OpKernelContext*, TF_Status*))                                           \
  X(void, TF_GetInput, (TF_OpKernelContext*, int, TF_Tensor**, TF_Status*))                                        \
  X(TF_Tensor*, TF_AllocateOutput,                                                                                 \
    (TF_OpKernelContext*, int, TF_DataType, const int64_t* dims, int rank, size_t bytes, TF_Status*))

// The functions that a build of TensorFlow may hide; tstring.h knows what they do.
#define FASTNLP_TF_OPTIONAL(X)                           \
  X(const char*, TF_StringGetDataPointer, (const void*)) \
  X(size_t, TF_StringGetSize, (const void*))             \
  X(void, TF_StringCopy, (void*, const char*, size_t size))

namespace fastnlp::tf_ops {

struct CApi {
#define FASTNLP_TF_MEMBER(result, name, parameters) result(*name) parameters = nullptr;
  FASTNLP_TF_REQUIRED(FASTNLP_TF_MEMBER)
  FASTNLP_TF_OPTIONAL(FASTNLP_TF_MEMBER)
#undef FASTNLP_TF_MEMBER
};

// Set once, when the library is loaded, before any op can run.
extern CApi c_api;

// Fills `c_api`. Returns what is missing; empty where nothing is.
std::string load_c_api();

}  // namespace fastnlp::tf_ops
