// What numbers a network is computed in: bfloat16 halves the work of a processor that multiplies it in hardware.
import type { EngineSettings, Precision } from './choice.js';

/**
 * Whether the processor multiplies bfloat16 in hardware. Linux says so in its flags; OpenVINO's own word is taken where
 * there are none, as it also names what it would only emulate.
 */
export function hasBfloat16(cpuFlags: readonly string[], capabilities: readonly string[]): boolean {
  if (cpuFlags.length === 0) return capabilities.includes('BF16');
  return cpuFlags.includes('amx_bf16') || cpuFlags.includes('avx512_bf16');
}

/** The precision for what was asked, and sentences on what of it is not to be had. */
export function choosePrecision(
  asked: EngineSettings['precision'],
  engine: 'onnxruntime' | 'openvino' | 'a GPU',
  bfloat16 = false,
): { readonly precision: Precision; readonly notes: readonly string[] } {
  if (asked === 'int8') {
    // Which networks are quantised is for each bundle to say; a GPU's providers have no kernels for them.
    if (engine === 'a GPU') return f32('int8 is for processors; a GPU computes in f32.');
    return { precision: 'int8', notes: [] };
  }
  if (asked === 'f32') return f32();
  if (engine === 'openvino') {
    if (bfloat16) return { precision: 'bf16', notes: [] };
    return f32(
      asked === 'bf16' ? 'This processor does not multiply bf16 (AMX, AVX512-BF16); f32 is used.' : undefined,
    );
  }
  return f32(asked === 'bf16' ? 'bf16 needs OpenVINO; f32 is used.' : undefined);
}

function f32(note?: string): { readonly precision: Precision; readonly notes: readonly string[] } {
  return { precision: 'f32', notes: note === undefined ? [] : [note] };
}
