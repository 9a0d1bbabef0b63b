// Names for what Clang offers on vectors of any width and Swift's standard library spells as loops over scalars, or not at all.
// Each is one builtin: one instruction where the processor has it, inlined into code compiled for that processor.
#pragma once

typedef float PoiseLanes __attribute__((ext_vector_type(16)));
typedef float PoiseUnalignedLanes __attribute__((ext_vector_type(16), aligned(4)));

#define POISE_BUILTIN static inline __attribute__((always_inline))

/// a·b + c in one rounding.
POISE_BUILTIN PoiseLanes poise_fused_multiply_add(PoiseLanes a, PoiseLanes b, PoiseLanes c) {
  return __builtin_elementwise_fma(a, b, c);
}

/// The larger; a where either is not a number.
POISE_BUILTIN PoiseLanes poise_maximum(PoiseLanes a, PoiseLanes b) { return a < b ? b : a; }

/// a₀ b₀ a₁ b₁ … of the lower halves, and of the upper: steps of a transposition.
POISE_BUILTIN PoiseLanes poise_interleave_lower(PoiseLanes a, PoiseLanes b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
POISE_BUILTIN PoiseLanes poise_interleave_upper(PoiseLanes a, PoiseLanes b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// Stores past the caches: for results larger than they are. `address` is a multiple of 64.
POISE_BUILTIN void poise_store_past_caches(PoiseLanes a, float *address) {
  __builtin_nontemporal_store(a, (PoiseLanes *)address);
}

/// Orders such stores before what follows.
POISE_BUILTIN void poise_order_stores(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/// The smaller; a where either is not a number.
POISE_BUILTIN PoiseLanes poise_minimum(PoiseLanes a, PoiseLanes b) { return b < a ? b : a; }

POISE_BUILTIN void poise_prefetch(const float *address) { __builtin_prefetch(address, 0, 3); }
POISE_BUILTIN void poise_prefetch_for_writing(const float *address) { __builtin_prefetch(address, 1, 3); }

/// Vector registers of the instruction set, in units of sixteen floats: how large a tile of sums may be.
#if defined(__AVX512F__)
#define POISE_LANE_REGISTERS 32
#elif defined(__AVX2__)
#define POISE_LANE_REGISTERS 8
#else
#define POISE_LANE_REGISTERS 8
#endif
