/* Names of what is compiled once for each instruction set: C2L_ISA_NAME (c2l_example) is c2l_example_avx512 and so on. */
#pragma once

#ifndef C2L_ISA
#error "C2L_ISA names the instruction set, see meson.build"
#endif

#define C2L_ISA_NAME(name) C2L_ISA_JOIN (name, C2L_ISA)
#define C2L_ISA_JOIN(name, isa) C2L_ISA_PASTE (name, isa)
#define C2L_ISA_PASTE(name, isa) name##_##isa
