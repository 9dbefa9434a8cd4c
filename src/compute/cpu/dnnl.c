#include "compute/cpu/dnnl.h"

#include "compute/cpu/cpu.h"
#include "compute/op.h"

#include <dnnl.h>
#include <glib/gi18n-lib.h>
#include <omp.h>
#include <string.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t ConstDesc;
#define DESC(desc) (desc)
#else
typedef const dnnl_memory_desc_t *ConstDesc;
#define DESC(desc) (&(desc))
#endif

#define MAX_ARGS 6

struct _C2lDnnl
{
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  GHashTable *gemms; /* C2lDnnlGemm → C2lDnnlPrimitive */
  GHashTable *convs; /* C2lDnnlConv → C2lDnnlPrimitive */
  char *version;
};

struct _C2lDnnlPrimitive
{
  C2lDnnl *dnnl;
  dnnl_primitive_desc_t desc;
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t args[MAX_ARGS];
  int n_args;
  dnnl_memory_t x, weights, out, bias, residual, scratch; /* those that the shape lacks are NULL */
  dnnl_memory_t plain;                                    /* the weights as they lie in the file */
  gboolean is_serial;                                     /* one thread computes it */
};

static dnnl_data_type_t
data_type (C2lDtype dtype)
{
  return dtype == C2L_BF16 ? dnnl_bf16 : dnnl_f32;
}

/* @sizes: @n_dims of them; oneDNN's functions are declared over arrays of the greatest length. */
static dnnl_memory_desc_t
desc_new (int n_dims, const dnnl_dim_t *sizes, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
  dnnl_dims_t dims = { 0 };
  dnnl_memory_desc_t desc;

  memcpy (dims, sizes, (gsize) n_dims * sizeof dims[0]);
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t status = dnnl_memory_desc_create_with_tag (&desc, n_dims, dims, type, tag);
#else
  dnnl_status_t status = dnnl_memory_desc_init_by_tag (&desc, n_dims, dims, type, tag);
#endif
  g_assert (status == dnnl_success);
  return desc;
}

static void
desc_clear (dnnl_memory_desc_t desc)
{
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_destroy (desc);
#endif
}

static ConstDesc
query_desc (C2lDnnlPrimitive *primitive, dnnl_query_t what)
{
  return dnnl_primitive_desc_query_md (primitive->desc, what, 0);
}

static dnnl_memory_t
memory_new (C2lDnnl *dnnl, ConstDesc desc)
{
  dnnl_memory_t memory = NULL;
  dnnl_status_t status = dnnl_memory_create (&memory, desc, dnnl->engine, DNNL_MEMORY_NONE);

  g_assert (status == dnnl_success);
  return memory;
}

static void
primitive_free (gpointer data)
{
  C2lDnnlPrimitive *primitive = data;

  for (int i = 0; i < primitive->n_args; i++)
    dnnl_memory_destroy (primitive->args[i].memory);
  if (primitive->plain)
    dnnl_memory_destroy (primitive->plain);
  if (primitive->primitive)
    dnnl_primitive_destroy (primitive->primitive);
  if (primitive->desc)
    dnnl_primitive_desc_destroy (primitive->desc);
  g_free (primitive);
}

static guint
gemm_hash (gconstpointer key)
{
  const C2lDnnlGemm *shape = key;

  return (guint) (shape->m * 31 + shape->n * 1009 + shape->k * 65537 + shape->x_dtype * 7
                  + shape->act * 131);
}

static gboolean
gemm_equal (gconstpointer a, gconstpointer b)
{
  const C2lDnnlGemm *s = a, *t = b;

  return s->m == t->m && s->n == t->n && s->k == t->k && s->x_dtype == t->x_dtype
         && s->out_dtype == t->out_dtype && s->act == t->act && s->gain == t->gain
         && s->has_bias == t->has_bias && s->has_residual == t->has_residual;
}

static guint
conv_hash (gconstpointer key)
{
  const C2lDnnlConv *shape = key;

  return (guint) (shape->batch + shape->height * 31 + shape->width * 37 + shape->in * 1009
                  + shape->out * 65537);
}

static gboolean
conv_equal (gconstpointer a, gconstpointer b)
{
  const C2lDnnlConv *s = a, *t = b;

  return s->batch == t->batch && s->height == t->height && s->width == t->width && s->in == t->in
         && s->out == t->out && s->kernel == t->kernel && s->padding == t->padding
         && s->x_dtype == t->x_dtype;
}

C2lDnnl *
c2l_dnnl_new (GError **error)
{
  C2lDnnl *dnnl = g_new0 (C2lDnnl, 1);
  const dnnl_version_t *version = dnnl_version ();

  dnnl->gemms = g_hash_table_new_full (gemm_hash, gemm_equal, g_free, primitive_free);
  dnnl->convs = g_hash_table_new_full (conv_hash, conv_equal, g_free, primitive_free);
  dnnl->version = g_strdup_printf ("%d.%d.%d", version->major, version->minor, version->patch);
  if (dnnl_engine_create (&dnnl->engine, dnnl_cpu, 0) != dnnl_success
      || dnnl_stream_create (&dnnl->stream, dnnl->engine, dnnl_stream_default_flags)
             != dnnl_success)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_NO_DEVICE,
                   _ ("oneDNN %s does not start on this processor"), dnnl->version);
      c2l_dnnl_free (dnnl);
      return NULL;
    }
  return dnnl;
}

void
c2l_dnnl_free (C2lDnnl *dnnl)
{
  g_hash_table_unref (dnnl->gemms);
  g_hash_table_unref (dnnl->convs);
  if (dnnl->stream)
    dnnl_stream_destroy (dnnl->stream);
  if (dnnl->engine)
    dnnl_engine_destroy (dnnl->engine);
  g_free (dnnl->version);
  g_free (dnnl);
}

const char *
c2l_dnnl_get_version (C2lDnnl *dnnl)
{
  return dnnl->version;
}

static void
append_eltwise (dnnl_post_ops_t post_ops, dnnl_alg_kind_t kind, float alpha)
{
#if DNNL_VERSION_MAJOR >= 3
  dnnl_post_ops_append_eltwise (post_ops, kind, alpha, 0.0f);
#else
  dnnl_post_ops_append_eltwise (post_ops, 1.0f, kind, alpha, 0.0f);
#endif
}

static void
append_activation (dnnl_post_ops_t post_ops, C2lActivation act)
{
  static const struct
  {
    dnnl_alg_kind_t kind;
    float alpha;
  } kinds[] = {
    [C2L_ACT_LEAKY_RELU] = { dnnl_eltwise_relu, 0.2f },
    [C2L_ACT_RELU] = { dnnl_eltwise_relu, 0.0f },
    [C2L_ACT_SILU] = { dnnl_eltwise_swish, 1.0f },
    [C2L_ACT_QUICK_GELU] = { dnnl_eltwise_swish, 1.702f },
    [C2L_ACT_GELU] = { dnnl_eltwise_gelu_erf, 0.0f },
  };

  if (act != C2L_ACT_LINEAR)
    append_eltwise (post_ops, kinds[act].kind, kinds[act].alpha);
}

/* Our own scratch memory; @residual may be NULL. */
static dnnl_primitive_attr_t
attributes_new (C2lActivation act, float gain, ConstDesc residual)
{
  dnnl_primitive_attr_t attributes;
  dnnl_post_ops_t post_ops;

  dnnl_primitive_attr_create (&attributes);
  dnnl_primitive_attr_set_scratchpad_mode (attributes, dnnl_scratchpad_mode_user);
  dnnl_post_ops_create (&post_ops);
  append_activation (post_ops, act);
  if (gain != 1.0f)
    append_eltwise (post_ops, dnnl_eltwise_linear, gain);
  if (residual)
    dnnl_post_ops_append_binary (post_ops, dnnl_binary_add, residual);
  dnnl_primitive_attr_set_post_ops (attributes, post_ops);
  dnnl_post_ops_destroy (post_ops);
  return attributes;
}

static dnnl_memory_t
primitive_add_arg (C2lDnnlPrimitive *primitive, int arg, ConstDesc desc)
{
  dnnl_memory_t memory = memory_new (primitive->dnnl, desc);

  g_assert (primitive->n_args < MAX_ARGS);
  primitive->args[primitive->n_args++] = (dnnl_exec_arg_t){ arg, memory };
  return memory;
}

/* What a primitive descriptor needs to become executable; NULL where @status says that there is
 * none. */
static C2lDnnlPrimitive *
primitive_finish (C2lDnnlPrimitive *primitive,
                  dnnl_status_t status,
                  const char *what,
                  GError **error)
{
  if (status == dnnl_success)
    status = dnnl_primitive_create (&primitive->primitive, primitive->desc);
  if (status != dnnl_success)
    {
      g_set_error (error, C2L_COMPUTE_ERROR, C2L_COMPUTE_ERROR_UNSUPPORTED,
                   _ ("oneDNN %s has no %s for this processor and precision (status %d): choose "
                      "precision “f32”"),
                   primitive->dnnl->version, what, status);
      primitive_free (primitive);
      return NULL;
    }
  primitive->x
      = primitive_add_arg (primitive, DNNL_ARG_SRC, query_desc (primitive, dnnl_query_src_md));
  primitive->weights = primitive_add_arg (primitive, DNNL_ARG_WEIGHTS,
                                          query_desc (primitive, dnnl_query_weights_md));
  primitive->out
      = primitive_add_arg (primitive, DNNL_ARG_DST, query_desc (primitive, dnnl_query_dst_md));
  if (c2l_dnnl_get_scratch_size (primitive) > 0)
    primitive->scratch = primitive_add_arg (primitive, DNNL_ARG_SCRATCHPAD,
                                            query_desc (primitive, dnnl_query_scratchpad_md));
  return primitive;
}

static int
residual_arg (const C2lDnnlGemm *shape)
{
  int index = (shape->act != C2L_ACT_LINEAR) + (shape->gain != 1.0f);

  return DNNL_ARG_ATTR_MULTIPLE_POST_OP (index) | DNNL_ARG_SRC_1;
}

static C2lDnnlPrimitive *
gemm_new (C2lDnnl *dnnl, const C2lDnnlGemm *shape, GError **error)
{
  C2lDnnlPrimitive *primitive = g_new0 (C2lDnnlPrimitive, 1);
  dnnl_data_type_t type = data_type (shape->x_dtype);
  dnnl_memory_desc_t x = desc_new (2, (dnnl_dim_t[]){ shape->m, shape->k }, type, dnnl_ab);
  dnnl_memory_desc_t weights
      = desc_new (2, (dnnl_dim_t[]){ shape->k, shape->n }, type, dnnl_format_tag_any);
  dnnl_memory_desc_t plain = desc_new (2, (dnnl_dim_t[]){ shape->k, shape->n }, dnnl_f32, dnnl_ba);
  dnnl_memory_desc_t bias = desc_new (2, (dnnl_dim_t[]){ 1, shape->n }, dnnl_f32, dnnl_ab);
  dnnl_memory_desc_t residual
      = desc_new (2, (dnnl_dim_t[]){ shape->m, shape->n }, dnnl_f32, dnnl_ab);
  dnnl_memory_desc_t out
      = desc_new (2, (dnnl_dim_t[]){ shape->m, shape->n }, data_type (shape->out_dtype), dnnl_ab);
  dnnl_primitive_attr_t attributes
      = attributes_new (shape->act, shape->gain, shape->has_residual ? DESC (residual) : NULL);

  primitive->dnnl = dnnl;
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t status = dnnl_matmul_primitive_desc_create (
      &primitive->desc, dnnl->engine, x, weights, shape->has_bias ? bias : NULL, out, attributes);
#else
  dnnl_matmul_desc_t desc;
  dnnl_status_t status
      = dnnl_matmul_desc_init (&desc, &x, &weights, shape->has_bias ? &bias : NULL, &out);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create (&primitive->desc, &desc, attributes, dnnl->engine, NULL);
#endif
  primitive = primitive_finish (primitive, status, "matrix product", error);
  if (primitive)
    {
      primitive->plain = memory_new (dnnl, DESC (plain));
      if (shape->has_bias)
        primitive->bias = primitive_add_arg (primitive, DNNL_ARG_BIAS, DESC (bias));
      if (shape->has_residual)
        primitive->residual = primitive_add_arg (primitive, residual_arg (shape), DESC (residual));
    }
  dnnl_primitive_attr_destroy (attributes);
  desc_clear (x);
  desc_clear (weights);
  desc_clear (plain);
  desc_clear (bias);
  desc_clear (residual);
  desc_clear (out);
  return primitive;
}

static C2lDnnlPrimitive *
conv_new (C2lDnnl *dnnl, const C2lDnnlConv *shape, GError **error)
{
  C2lDnnlPrimitive *primitive = g_new0 (C2lDnnlPrimitive, 1);
  dnnl_dim_t out_height = shape->height + 2 * shape->padding - shape->kernel + 1;
  dnnl_dim_t out_width = shape->width + 2 * shape->padding - shape->kernel + 1;
  dnnl_dim_t x_dims[] = { shape->batch, shape->in, shape->height, shape->width };
  dnnl_dim_t weight_dims[] = { shape->out, shape->in, shape->kernel, shape->kernel };
  dnnl_dim_t out_dims[] = { shape->batch, shape->out, out_height, out_width };
  dnnl_dims_t strides = { 1, 1 }, dilation = { 0, 0 }, padding = { shape->padding, shape->padding };
  dnnl_data_type_t type = data_type (shape->x_dtype);
  dnnl_memory_desc_t x = desc_new (4, x_dims, type, dnnl_nhwc);
  dnnl_memory_desc_t weights = desc_new (4, weight_dims, type, dnnl_format_tag_any);
  dnnl_memory_desc_t plain = desc_new (4, weight_dims, dnnl_f32, dnnl_oihw);
  dnnl_memory_desc_t out = desc_new (4, out_dims, dnnl_f32, dnnl_nhwc);
  dnnl_primitive_attr_t attributes = attributes_new (C2L_ACT_LINEAR, 1.0f, NULL);

  primitive->dnnl = dnnl;
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t status = dnnl_convolution_forward_primitive_desc_create (
      &primitive->desc, dnnl->engine, dnnl_forward_inference, dnnl_convolution_direct, x, weights,
      NULL, out, strides, dilation, padding, padding, attributes);
#else
  dnnl_convolution_desc_t desc;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init (
      &desc, dnnl_forward_inference, dnnl_convolution_direct, &x, &weights, NULL, &out, strides,
      dilation, padding, padding);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create (&primitive->desc, &desc, attributes, dnnl->engine, NULL);
#endif
  primitive = primitive_finish (primitive, status, "convolution", error);
  if (primitive)
    primitive->plain = memory_new (dnnl, DESC (plain));
  dnnl_primitive_attr_destroy (attributes);
  desc_clear (x);
  desc_clear (weights);
  desc_clear (plain);
  desc_clear (out);
  return primitive;
}

C2lDnnlPrimitive *
c2l_dnnl_get_gemm (C2lDnnl *dnnl, const C2lDnnlGemm *shape, GError **error)
{
  C2lDnnlPrimitive *primitive = g_hash_table_lookup (dnnl->gemms, shape);

  if (!primitive && (primitive = gemm_new (dnnl, shape, error)))
    g_hash_table_insert (dnnl->gemms, g_memdup2 (shape, sizeof *shape), primitive);
  return primitive;
}

/* Odd shapes on old instruction sets become a general matrix product, which oneDNN cuts by the
 * number of threads; and a picture must not depend on that. */
static gboolean
is_cut_by_threads (C2lDnnlPrimitive *primitive)
{
  const char *implementation = NULL;

  dnnl_primitive_desc_query (primitive->desc, dnnl_query_impl_info_str, 0, &implementation);
  return implementation && strstr (implementation, "gemm");
}

static C2lDnnlPrimitive *
conv_new_for_any_threads (C2lDnnl *dnnl, const C2lDnnlConv *shape, GError **error)
{
  C2lDnnlPrimitive *primitive = conv_new (dnnl, shape, error);

  if (!primitive || !is_cut_by_threads (primitive))
    return primitive;
  primitive_free (primitive);

  const int n_threads = omp_get_max_threads ();

  omp_set_num_threads (1);
  primitive = conv_new (dnnl, shape, error);
  omp_set_num_threads (n_threads);
  if (primitive)
    primitive->is_serial = TRUE;
  return primitive;
}

C2lDnnlPrimitive *
c2l_dnnl_get_conv (C2lDnnl *dnnl, const C2lDnnlConv *shape, GError **error)
{
  C2lDnnlPrimitive *primitive = g_hash_table_lookup (dnnl->convs, shape);

  if (!primitive && (primitive = conv_new_for_any_threads (dnnl, shape, error)))
    g_hash_table_insert (dnnl->convs, g_memdup2 (shape, sizeof *shape), primitive);
  return primitive;
}

static void
pack_into (C2lDnnlPrimitive *primitive, const float *weight, gpointer packed)
{
  C2lDnnl *dnnl = primitive->dnnl;
  ConstDesc plain, wanted = query_desc (primitive, dnnl_query_weights_md);
  dnnl_primitive_desc_t desc;
  dnnl_primitive_t reorder;

  dnnl_memory_get_memory_desc (primitive->plain, &plain);
  dnnl_memory_set_data_handle (primitive->plain, (gpointer) weight);
  dnnl_memory_set_data_handle (primitive->weights, packed);
  dnnl_status_t status
      = dnnl_reorder_primitive_desc_create (&desc, plain, dnnl->engine, wanted, dnnl->engine, NULL);
  g_assert (status == dnnl_success);
  status = dnnl_primitive_create (&reorder, desc);
  g_assert (status == dnnl_success);
  dnnl_exec_arg_t args[]
      = { { DNNL_ARG_FROM, primitive->plain }, { DNNL_ARG_TO, primitive->weights } };
  dnnl_primitive_execute (reorder, dnnl->stream, G_N_ELEMENTS (args), args);
  dnnl_stream_wait (dnnl->stream);
  dnnl_primitive_destroy (reorder);
  dnnl_primitive_desc_destroy (desc);
}

gpointer
c2l_dnnl_pack_data (C2lDnnlPrimitive *primitive, const float *weight)
{
  ConstDesc wanted = query_desc (primitive, dnnl_query_weights_md);
  gpointer packed = c2l_cpu_alloc (dnnl_memory_desc_get_size (wanted));

  if (packed)
    pack_into (primitive, weight, packed);
  return packed;
}

/* A packed copy remembers its layout, since another shape of the same product may want another. */
typedef struct
{
  gpointer data; /* (nullable): the weight's own memory will do */
  dnnl_memory_t layout;
} PackedWeight;

static void
packed_weight_free (gpointer data)
{
  PackedWeight *packed = data;

  c2l_cpu_free (packed->data);
  dnnl_memory_destroy (packed->layout);
  g_free (packed);
}

static gpointer
pack_weight (C2lDnnlPrimitive *primitive, const C2lTensor *weight)
{
  if (weight->dtype == C2L_F32)
    return c2l_dnnl_pack_data (primitive, weight->data);

  const gsize n = c2l_tensor_get_length (weight);
  g_autofree float *converted = g_try_new (float, n);

  if (!converted)
    return NULL;
  c2l_f16_to_f32_array (converted, weight->data, n);
  return c2l_dnnl_pack_data (primitive, converted);
}

gpointer
c2l_dnnl_pack (C2lDnnlPrimitive *primitive, C2lTensor *weight)
{
  ConstDesc wanted = query_desc (primitive, dnnl_query_weights_md), plain;

  dnnl_memory_get_memory_desc (primitive->plain, &plain);
  if (weight->dtype == C2L_F32 && dnnl_memory_desc_equal (wanted, plain))
    return weight->data;
  for (int i = 0;; i++)
    {
      char key[16];
      g_snprintf (key, sizeof key, "dnnl%d", i);

      PackedWeight *packed = c2l_tensor_get_packed (weight, key);
      ConstDesc layout;

      if (!packed)
        {
          gpointer data = pack_weight (primitive, weight);
          if (!data)
            return NULL;
          packed = g_new (PackedWeight, 1);
          *packed = (PackedWeight){ data, memory_new (primitive->dnnl, wanted) };
          c2l_tensor_take_packed (weight, key, packed, packed_weight_free);
          return data;
        }
      dnnl_memory_get_memory_desc (packed->layout, &layout);
      if (!dnnl_memory_desc_equal (layout, wanted))
        continue;
      /* Half-precision weights are never written. */
      if (weight->dtype == C2L_F32 && c2l_tensor_renew_packed (weight, key))
        pack_into (primitive, weight->data, packed->data);
      return packed->data;
    }
}

gsize
c2l_dnnl_get_scratch_size (C2lDnnlPrimitive *primitive)
{
  return dnnl_memory_desc_get_size (query_desc (primitive, dnnl_query_scratchpad_md));
}

void
c2l_dnnl_run (C2lDnnlPrimitive *primitive,
              gconstpointer x,
              gpointer packed,
              const float *bias,
              const float *residual,
              gpointer out,
              gpointer scratch)
{
  dnnl_memory_set_data_handle (primitive->x, (gpointer) x);
  dnnl_memory_set_data_handle (primitive->weights, packed);
  dnnl_memory_set_data_handle (primitive->out, out);
  if (primitive->bias)
    dnnl_memory_set_data_handle (primitive->bias, (gpointer) bias);
  if (primitive->residual)
    dnnl_memory_set_data_handle (primitive->residual, (gpointer) residual);
  if (primitive->scratch)
    dnnl_memory_set_data_handle (primitive->scratch, scratch);

  const int n_threads = omp_get_max_threads ();

  if (primitive->is_serial)
    omp_set_num_threads (1);

  dnnl_status_t status = dnnl_primitive_execute (primitive->primitive, primitive->dnnl->stream,
                                                 primitive->n_args, primitive->args);

  g_assert (status == dnnl_success);
  dnnl_stream_wait (primitive->dnnl->stream);
  if (primitive->is_serial)
    omp_set_num_threads (n_threads);
}
