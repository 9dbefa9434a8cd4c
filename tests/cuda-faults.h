/* Makes the CUDA module whose kernels run on the host fail as a GPU would; C2L_CUDA_MODULE names it. */
#pragma once

#include "kernels/host/faults.h"
#include "kernels/host/gl.h"

/* (nullable): none from now on. Whatever was lost works again. */
void  cuda_faults_set (const CuFaults *faults);

/* How it reaches OpenGL's buffers; (nullable): not at all, as at first. */
void  cuda_faults_set_gl (const CuHostGl *gl);

/* Bytes that all of its devices have given out. */
gsize cuda_faults_get_memory (void);
