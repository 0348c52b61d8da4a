// The functions of OpenVINO's C library (openvino/c/openvino.h), as koffi has to be told of them.
import koffi from 'koffi';

/** A pointer of the library's. */
export type Pointer = bigint;
/** 0: it worked. */
export type Status = number;
/** Where a call leaves a pointer. */
export type Out = [Pointer | null];
export type Functions = ReturnType<typeof loadFunctions>;

type Type = Parameters<typeof koffi.out>[0];

/** The functions, by what they do here. Throws where the file cannot be loaded or lacks one. */
export function loadFunctions(path: string) {
  const library = koffi.load(path);
  const shape = koffi.struct({ rank: 'int64_t', dims: 'int64_t *' });
  const outShape = koffi.out(koffi.pointer(koffi.struct({ rank: 'int64_t', dims: 'void *' })));
  const inShape = koffi.inout(koffi.pointer(koffi.struct({ rank: 'int64_t', dims: 'void *' })));
  const version = koffi.struct({ buildNumber: 'void *', description: 'void *' });
  const property = koffi.struct({ key: 'const char *', value: 'const char *' });
  const outPointer = koffi.out(koffi.pointer('void *'));
  const outSize = koffi.out(koffi.pointer('size_t'));
  const status = (name: string, ...parameters: Type[]) =>
    library.func(`ov_${name}`, 'int', parameters) as (...values: unknown[]) => Status;
  const text = (name: string, ...parameters: Type[]) =>
    library.func(`ov_${name}`, 'const char *', parameters) as (...values: unknown[]) => string | null;
  const nothing = (name: string) => library.func(`ov_${name}`, 'void', ['void *']) as (at: Pointer) => void;
  return {
    lastError: text('get_last_err_msg'),
    errorInfo: text('get_error_info', 'int'),
    free: nothing('free'),
    getVersion: status('get_openvino_version', koffi.out(koffi.pointer(version))),
    versionFree: library.func('ov_version_free', 'void', [koffi.inout(koffi.pointer(version))]) as (
      value: object,
    ) => void,
    coreCreate: status('core_create', outPointer),
    coreFree: nothing('core_free'),
    coreProperty: status('core_get_property', 'void *', 'const char *', 'const char *', outPointer),
    readModel: status('core_read_model', 'void *', 'const char *', 'const char *', outPointer),
    readModelBytes: status(
      'core_read_model_from_memory_buffer',
      ...['void *', 'void *', 'size_t', 'void *'],
      outPointer,
    ),
    modelOutputs: status('model_outputs_size', 'void *', outSize),
    modelFree: nothing('model_free'),
    compileModel: status(
      'core_compile_model_props',
      ...['void *', 'void *', 'const char *', 'size_t'],
      koffi.pointer(property),
      outPointer,
    ),
    importModel: status('core_import_model', 'void *', 'void *', 'size_t', 'const char *', outPointer),
    exportModel: status('compiled_model_export_model', 'void *', 'const char *'),
    compiledProperty: status('compiled_model_get_property', 'void *', 'const char *', outPointer),
    compiledFree: nothing('compiled_model_free'),
    inputsSize: status('compiled_model_inputs_size', 'void *', outSize),
    outputsSize: status('compiled_model_outputs_size', 'void *', outSize),
    input: status('compiled_model_input', 'void *', outPointer),
    portType: status('port_get_element_type', 'void *', koffi.out(koffi.pointer('uint32_t'))),
    portFree: nothing('output_const_port_free'),
    createRequest: status('compiled_model_create_infer_request', 'void *', outPointer),
    requestFree: nothing('infer_request_free'),
    setInput: status('infer_request_set_input_tensor', 'void *', 'void *'),
    infer: status('infer_request_infer', 'void *'),
    getOutput: status('infer_request_get_output_tensor', 'void *', outPointer),
    tensorOf: status('tensor_create_from_host_ptr', 'uint32_t', shape, 'void *', outPointer),
    tensorBytes: status('tensor_get_byte_size', 'void *', outSize),
    tensorFree: nothing('tensor_free'),
    tensorData: status('tensor_data', 'void *', outPointer),
    tensorShape: status('tensor_get_shape', 'void *', outShape),
    tensorType: status('tensor_get_element_type', 'void *', koffi.out(koffi.pointer('uint32_t'))),
    shapeFree: library.func('ov_shape_free', 'int', [inShape]) as (value: object) => Status,
  };
}
