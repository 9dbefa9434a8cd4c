/* Files of this folder that meson lists as `isa_sources` are compiled once for each instruction set, with C2L_ISA set to
 * portable, avx2, avx512 or avx512bf16 and the compiler's flags to match. What they export carries the instruction set in
 * its name; everything else in them is static. */
#pragma once

#define C2L_ISA_PASTE2(name, isa) name##_##isa
#define C2L_ISA_PASTE(name, isa) C2L_ISA_PASTE2 (name, isa)
#define C2L_ISA_NAME(name) C2L_ISA_PASTE (name, C2L_ISA)
