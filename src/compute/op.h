/* What a device implements: the recorded form of an operation and the table of implementations.
 * Seen by `compute` and by the device modules only.
 *
 * A device supplies one C2lOpImpl a kind. `prepare` is called once, when a pass is compiled: it
 * packs weights, makes primitives and says how much scratch memory it wants. `run` is called many
 * times, must not allocate, and finds every operand at tensor->data. A kind whose `run` is NULL is
 * not supported: recording it fails the pass by name. */
#pragma once

#include "compute/communicator.h"
#include "compute/ops-train.h"

G_BEGIN_DECLS

typedef enum
{
  C2L_OP_GEMM,
  C2L_OP_LAYER_NORM,
  C2L_OP_ROTARY,
  C2L_OP_ATTENTION,
  C2L_OP_SWIGLU,
  C2L_OP_ADD,
  C2L_OP_MULTIPLY,
  C2L_OP_LERP,
  C2L_OP_COMBINE,
  C2L_OP_CLAMP,
  C2L_OP_ACTIVATE,
  C2L_OP_CAST,
  C2L_OP_EXPAND,
  C2L_OP_CONCAT,
  C2L_OP_SLICE,
  C2L_OP_GATHER,
  C2L_OP_RMS_NORMALIZE,
  C2L_OP_COSINE_SIMILARITY,
  C2L_OP_RANDOM_NORMAL,
  C2L_OP_CONV,
  C2L_OP_DEMODULATION,
  C2L_OP_RESAMPLE,
  C2L_OP_FILTERED_LEAKY_RELU,
  C2L_OP_FOURIER_FEATURES,
  C2L_OP_AREA_RESIZE,
  C2L_OP_PATCHES,
  C2L_OP_TO_U8,
  /* of ops-train.h */
  C2L_OP_MATMUL,
  C2L_OP_LAYER_NORM_BACKWARD,
  C2L_OP_LAYER_NORM_GAIN_BACKWARD,
  C2L_OP_ATTENTION_BACKWARD,
  C2L_OP_ATTENTION_PARAMETERS_BACKWARD,
  C2L_OP_SWIGLU_BACKWARD,
  C2L_OP_ACTIVATE_BACKWARD,
  C2L_OP_COLUMN_SUMS,
  C2L_OP_SCATTER_ADD,
  C2L_OP_EMBED_NOISE,
  C2L_OP_LOSS,
  C2L_OP_LOSS_BACKWARD,
  C2L_OP_SUM_SQUARES,
  C2L_OP_ACCUMULATE,
  C2L_OP_ADAMW,
  C2L_OP_MOVING_AVERAGE,
  C2L_N_OPS
} C2lOpKind;

#define C2L_OP_MAX_INPUTS 8

/* Bytes. */
#define C2L_DEVICE_IDENTITY 16
#define C2L_DEVICE_INVITATION 128

typedef enum
{
  C2L_TENSOR_WEIGHT,
  C2L_TENSOR_INPUT,
  C2L_TENSOR_INTERMEDIATE
} C2lTensorKind;

struct _C2lTensor
{
  C2lTensorKind kind;
  C2lDtype dtype;
  int n_dims;
  gint64 dims[C2L_MAX_DIMS];
  /* device memory: weights and inputs always, intermediates once the pass is compiled */
  gpointer data;
  C2lDevice *device;

  /* weights */
  gatomicrefcount refs;
  gpointer owner;      /* what `data` is borrowed from, with how to let go of it; NULL: allocated */
  GDestroyNotify release;
  GHashTable *packed;  /* (nullable): the device's packed copies by its own keys, see below */
  gboolean is_variable; /* operations may change it in place */
  guint generation;    /* of its numbers: one more with each change */

  /* intermediates */
  C2lTensor *base;     /* (nullable): the tensor this one is a view of */
  gsize base_offset;   /* bytes into it */
  gboolean kept;
  int first_op, last_op; /* life time, as indices of operations */
  gsize arena_offset;
};

/* The recorded operation. Optional operands are NULL entries of `in`; each kind's order is that of
 * the table in ops.c. */
typedef struct
{
  C2lOpKind kind;
  int n_in;
  C2lTensor *in[C2L_OP_MAX_INPUTS];
  C2lTensor *out;
  union
  {
    C2lEpilogue gemm;        /* in: x, weight, bias, residual */
    struct { float eps; } norm; /* in: x, gain, bias (layer norm) or x (rms) */
    C2lRotary rotary;        /* in: x, angles */
    C2lAttention attention;  /* in: q, k, v, null_kv, bias, key_mask */
    struct { float coefficients[4]; } combine; /* in: the terms */
    struct { float low, high; } clamp;
    struct { C2lActivation act; float gain; } activate;
    struct { int axis; gint64 start; } shape; /* concat, slice, gather */
    struct { guint32 stream; } random;
    C2lConv conv;            /* in: x, weight, styles, demod, noise, bias, residual, filter */
    C2lResample resample;    /* in: x, filter */
    C2lFilteredLeakyRelu filtered; /* in: x, bias, up_filter, down_filter */
    C2lFourierFeatures fourier;    /* in: affine, transform, freqs, phases */
    C2lAreaResize area;
    struct { int patch; } patches;
    struct { C2lU8Rule rule; } u8;
    C2lMatmul matmul;        /* in: a, b, bias, residual */
    struct
    {
      C2lAttention params;
      int of; /* one bit for each of q, k, v that the gradient is of */
    } attention_backward;    /* in: q, k, v, null_kv, bias, key_mask, dy */
    struct { C2lLossKind kind; } loss; /* in: prediction, target, scale */
    struct { float scale; } embed_noise; /* in: x, noise */
    C2lAdamw adamw;          /* in: parameters, gradients, first, second moments, scalars */
    struct { double beta; } average; /* in: average, x */
  } p;
  gpointer plan;        /* the implementation's own, made by prepare */
  gsize scratch_size;   /* bytes wanted by prepare; shared between operations */
  gpointer scratch;     /* where they are, at run time; 64-byte aligned */
  gboolean is_in_place; /* it changes a variable: `out` is a view of that */
  C2lPassMark mark;     /* (nullable): called when it has run */
  gpointer mark_data;
} C2lOp;

typedef struct
{
  /* (nullable): nothing to prepare */
  gboolean (*prepare) (C2lDevice *device, C2lPrecision precision, C2lOp *op, GError **error);
  void (*run) (C2lDevice *device, C2lOp *op);
  /* (nullable): called before every run of the pass, and never while one is captured: packs weights again that were written */
  void (*refresh) (C2lDevice *device, C2lOp *op);
  /* (nullable): plan needs no freeing */
  void (*release) (C2lDevice *device, C2lOp *op);
} C2lOpImpl;

/* A weight's packed copies, by a key that the device chooses ("dnnl:…"). Packing happens in
 * `prepare`, so a weight that is used by several passes is packed once. */
gpointer c2l_tensor_get_packed (C2lTensor *weight, const char *key);
void     c2l_tensor_take_packed (C2lTensor *weight, const char *key, gpointer packed, GDestroyNotify release);
/* TRUE where the copy under @key, which must be there, is of older numbers than the weight now has:
 * the caller packs again into the same memory, and the copy counts as of today. */
gboolean c2l_tensor_renew_packed (C2lTensor *weight, const char *key);

typedef struct
{
  const char *kind; /* "cpu" */
  gboolean shares_memory; /* with the host */
  int batch; /* pictures that it draws best at a time; 0: one */
  gboolean (*supports) (C2lDevice *device, C2lPrecision precision);
  gpointer (*alloc) (C2lDevice *device, gsize size); /* 64-byte aligned, or NULL */
  void (*free) (C2lDevice *device, gpointer memory);
  void (*upload) (C2lDevice *device, gpointer destination, gconstpointer source, gsize size);
  void (*download) (C2lDevice *device, gpointer destination, gconstpointer source, gsize size);
  /* (nullable): called on the thread that compiles or runs a pass, before it does */
  void (*begin) (C2lDevice *device);
  /* (nullable): the device works synchronously */
  gboolean (*synchronize) (C2lDevice *device, GError **error);
  /* (nullable, all or none): operations that run between the first two are recorded instead, as what replay() then runs at once.
   * begin_capture() may return FALSE and end_capture() NULL: operations are run one by one then. */
  gboolean (*begin_capture) (C2lDevice *device);
  gpointer (*end_capture) (C2lDevice *device);
  void (*replay) (C2lDevice *device, gpointer capture);
  void (*free_capture) (C2lDevice *device, gpointer capture);
  /* (nullable, all or none): buffers of gl-buffer.h. */
  gpointer (*open_gl_buffer) (C2lDevice *device, guint name, GError **error);
  gboolean (*write_gl_buffer) (C2lDevice *device, gpointer buffer, gconstpointer source, gsize size, GError **error);
  void (*close_gl_buffer) (C2lDevice *device, gpointer buffer);
  /* (nullable, all or none): places of feed.h. @room: (out): @size bytes that the host fills. NULL where there is not enough memory. */
  gpointer (*open_place) (C2lDevice *device, gsize size, gpointer *room);
  /* Begins to copy all of it to the device; on any one thread, beside the device's own. FALSE where it cannot. */
  gboolean (*send_place) (C2lDevice *device, gpointer place);
  /* Copies @size bytes from @offset on, as they were sent, to @destination before what is begun next. */
  void (*fetch_place) (C2lDevice *device, gpointer place, gsize offset, gpointer destination, gsize size);
  void (*close_place) (C2lDevice *device, gpointer place);
  /* (nullable, all or none): sums over the memory of several devices, each another process's (peers.h). @identity: what no other
   * device has; FALSE and an error where it cannot do this. */
  gboolean (*identify) (C2lDevice *device, guint8 identity[C2L_DEVICE_IDENTITY], GError **error);
  /* What one of them makes and all must have to find each other. */
  gboolean (*invite) (C2lDevice *device, guint8 invitation[C2L_DEVICE_INVITATION], GError **error);
  /* Begins to join; the first wait is for that, and its error says why it failed. Sums are of addresses on the device, begin when
   * what was begun on it before has ended, and go on beside what follows. */
  C2lCommunicator *(*join) (C2lDevice *device, const guint8 invitation[C2L_DEVICE_INVITATION], int rank, int size, GError **error);
  /* (nullable): number of threads cannot be set */
  void (*set_n_threads) (C2lDevice *device, int n_threads);
  void (*finalize) (C2lDevice *device);
} C2lDeviceClass;

/* Whether an allocation failed because the device is lost, which a device learns only by asking; then LOST. */
gboolean c2l_device_is_lost (C2lDevice *device, GError **error);

/* Whether a table has all operations of ops-train.h. */
gboolean c2l_ops_train (const C2lOpImpl *ops);

/* Tables of names, for messages. */
const char *c2l_op_kind_get_name (C2lOpKind kind);

/* Opens the CPU; @isa is NULL (the best), "avx512bf16", "avx512", "avx2" or "portable". */
C2lDevice *c2l_cpu_device_open (const char *isa, GError **error);

struct _C2lDevice
{
  gatomicrefcount refs;
  const C2lDeviceClass *klass;
  const C2lOpImpl *ops; /* [C2L_N_OPS] */
  char *description;
};

G_END_DECLS
