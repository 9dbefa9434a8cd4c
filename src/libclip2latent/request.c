/* C2lRequest: plain values with GObject's properties around them, handed to studio when something
 * is drawn. Ranges are those of the properties; what depends on the model is checked then. */
#include "libclip2latent/library-private.h"

#include <math.h>

#define MAX_PICTURES 100000
#define MAX_AMOUNT 1e6

typedef struct
{
  char *direction;
  double amount;
  int first_layer, last_layer;
} Edit;

struct _C2lRequest
{
  GObject parent_instance;
  C2lSampling sampling; /* its sampler is owned */
  gboolean has_noise_seed;
  char *noise;
  gboolean score, sort;
  int max_size;
  GPtrArray *prompts; /* of char *, NULL-terminated where there are any */
  GPtrArray *edits;   /* of Edit */
  GPtrArray *latents; /* of C2lRows */
  GPtrArray *recipes; /* of C2lRecipe */
};

G_DEFINE_FINAL_TYPE (C2lRequest, c2l_request, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_N,
  PROP_SEED,
  PROP_FIRST_INDEX,
  PROP_GUIDANCE,
  PROP_STEPS,
  PROP_SAMPLER,
  PROP_TRUNCATION,
  PROP_NOISE,
  PROP_NOISE_SEED,
  PROP_MOVE_X,
  PROP_MOVE_Y,
  PROP_TURN,
  PROP_LABEL,
  PROP_MAX_SIZE,
  PROP_SCORE,
  PROP_SORT,
  N_PROPS
};

static void
edit_free (gpointer data)
{
  Edit *edit = data;

  g_free (edit->direction);
  g_free (edit);
}

static void
c2l_request_finalize (GObject *object)
{
  C2lRequest *self = C2L_REQUEST (object);

  g_free ((char *) self->sampling.sampler);
  g_free (self->noise);
  g_ptr_array_unref (self->prompts);
  g_ptr_array_unref (self->edits);
  g_ptr_array_unref (self->latents);
  g_ptr_array_unref (self->recipes);
  G_OBJECT_CLASS (c2l_request_parent_class)->finalize (object);
}

static void
set_sampler (C2lRequest *self, const char *sampler)
{
  g_free ((char *) self->sampling.sampler);
  self->sampling.sampler = g_strdup (sampler != NULL ? sampler : "");
}

static void
c2l_request_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  C2lRequest *self = C2L_REQUEST (object);
  C2lSampling *sampling = &self->sampling;

  switch (id)
    {
    case PROP_N:
      sampling->n = g_value_get_uint (value);
      break;
    case PROP_SEED:
      sampling->seed = g_value_get_uint64 (value);
      if (!self->has_noise_seed)
        sampling->noise_seed = sampling->seed;
      break;
    case PROP_FIRST_INDEX:
      sampling->first_index = g_value_get_uint (value);
      break;
    case PROP_GUIDANCE:
      sampling->guidance = g_value_get_double (value);
      break;
    case PROP_STEPS:
      sampling->steps = g_value_get_int (value);
      break;
    case PROP_SAMPLER:
      set_sampler (self, g_value_get_string (value));
      break;
    case PROP_TRUNCATION:
      sampling->truncation = g_value_get_double (value);
      break;
    case PROP_NOISE:
      g_free (self->noise);
      self->noise = g_value_dup_string (value);
      break;
    case PROP_NOISE_SEED:
      sampling->noise_seed = g_value_get_uint64 (value);
      self->has_noise_seed = TRUE;
      break;
    case PROP_MOVE_X:
      sampling->move_x = g_value_get_double (value);
      break;
    case PROP_MOVE_Y:
      sampling->move_y = g_value_get_double (value);
      break;
    case PROP_TURN:
      sampling->turn = g_value_get_double (value);
      break;
    case PROP_LABEL:
      sampling->label = g_value_get_int (value);
      break;
    case PROP_MAX_SIZE:
      self->max_size = g_value_get_int (value);
      break;
    case PROP_SCORE:
      self->score = g_value_get_boolean (value);
      break;
    case PROP_SORT:
      self->sort = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_request_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  C2lRequest *self = C2L_REQUEST (object);
  const C2lSampling *sampling = &self->sampling;

  switch (id)
    {
    case PROP_N:
      g_value_set_uint (value, sampling->n);
      break;
    case PROP_SEED:
      g_value_set_uint64 (value, sampling->seed);
      break;
    case PROP_FIRST_INDEX:
      g_value_set_uint (value, sampling->first_index);
      break;
    case PROP_GUIDANCE:
      g_value_set_double (value, sampling->guidance);
      break;
    case PROP_STEPS:
      g_value_set_int (value, sampling->steps);
      break;
    case PROP_SAMPLER:
      g_value_set_string (value, sampling->sampler);
      break;
    case PROP_TRUNCATION:
      g_value_set_double (value, sampling->truncation);
      break;
    case PROP_NOISE:
      g_value_set_string (value, self->noise);
      break;
    case PROP_NOISE_SEED:
      g_value_set_uint64 (value, sampling->noise_seed);
      break;
    case PROP_MOVE_X:
      g_value_set_double (value, sampling->move_x);
      break;
    case PROP_MOVE_Y:
      g_value_set_double (value, sampling->move_y);
      break;
    case PROP_TURN:
      g_value_set_double (value, sampling->turn);
      break;
    case PROP_LABEL:
      g_value_set_int (value, sampling->label);
      break;
    case PROP_MAX_SIZE:
      g_value_set_int (value, self->max_size);
      break;
    case PROP_SCORE:
      g_value_set_boolean (value, self->score);
      break;
    case PROP_SORT:
      g_value_set_boolean (value, self->sort);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
c2l_request_class_init (C2lRequestClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  GParamSpec *properties[N_PROPS] = {
    [PROP_N] = g_param_spec_uint ("n", NULL, NULL, 1, MAX_PICTURES, 1, flags),
    [PROP_SEED] = g_param_spec_uint64 ("seed", NULL, NULL, 0, G_MAXUINT64, 0, flags),
    [PROP_FIRST_INDEX] = g_param_spec_uint ("first-index", NULL, NULL, 0, G_MAXINT, 0, flags),
    [PROP_GUIDANCE]
    = g_param_spec_double ("guidance", NULL, NULL, -G_MAXFLOAT, G_MAXFLOAT, 1, flags),
    [PROP_STEPS] = g_param_spec_int ("steps", NULL, NULL, 1, G_MAXINT, 4, flags),
    [PROP_SAMPLER] = g_param_spec_string ("sampler", NULL, NULL, NULL, flags),
    [PROP_TRUNCATION] = g_param_spec_double ("truncation", NULL, NULL, 0, 1, 1, flags),
    [PROP_NOISE] = g_param_spec_string ("noise", NULL, NULL, "random", flags),
    [PROP_NOISE_SEED] = g_param_spec_uint64 ("noise-seed", NULL, NULL, 0, G_MAXUINT64, 0, flags),
    [PROP_MOVE_X] = g_param_spec_double ("move-x", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags),
    [PROP_MOVE_Y] = g_param_spec_double ("move-y", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags),
    [PROP_TURN] = g_param_spec_double ("turn", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags),
    [PROP_LABEL] = g_param_spec_int ("label", NULL, NULL, 0, G_MAXINT, 0, flags),
    [PROP_MAX_SIZE] = g_param_spec_int ("max-size", NULL, NULL, 0, G_MAXINT, 0, flags),
    [PROP_SCORE] = g_param_spec_boolean ("score", NULL, NULL, FALSE, flags),
    [PROP_SORT] = g_param_spec_boolean ("sort", NULL, NULL, FALSE, flags),
  };

  object_class->finalize = c2l_request_finalize;
  object_class->get_property = c2l_request_get_property;
  object_class->set_property = c2l_request_set_property;
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
c2l_request_init (C2lRequest *self)
{
  self->sampling = (C2lSampling){ .n = 1, .steps = 1, .guidance = 1, .truncation = 1 };
  set_sampler (self, NULL);
  self->prompts = g_ptr_array_new_with_free_func (g_free);
  self->edits = g_ptr_array_new_with_free_func (edit_free);
  self->latents = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_rows_free);
  self->recipes = g_ptr_array_new_with_free_func ((GDestroyNotify) c2l_recipe_unref);
}

C2lRequest *
c2l_request_new (C2lModel *model, const char *prompt, guint n)
{
  C2lRequest *self;
  C2lGenerateParams params;

  g_return_val_if_fail (C2L_IS_MODEL (model), NULL);
  g_return_val_if_fail (n >= 1 && n <= MAX_PICTURES, NULL);

  self = g_object_new (C2L_TYPE_REQUEST, NULL);
  c2l_generate_params_init (
      &params, c2l_engine_get_bundle (c2l_session_get_engine (c2l_model_get_session (model))));
  set_sampler (self, params.sampling.sampler);
  params.sampling.sampler = self->sampling.sampler;
  self->sampling = params.sampling;
  self->sampling.n = n;
  self->noise = g_strdup (c2l_noise_kind_get_name (params.sampling.noise));
  if (prompt != NULL)
    c2l_request_add_prompt (self, prompt);
  return self;
}

void
c2l_request_add_prompt (C2lRequest *self, const char *prompt)
{
  g_return_if_fail (C2L_IS_REQUEST (self));
  g_return_if_fail (prompt != NULL && g_utf8_validate (prompt, -1, NULL));

  if (self->prompts->len > 0)
    g_ptr_array_remove_index (self->prompts, self->prompts->len - 1);
  g_ptr_array_add (self->prompts, g_strdup (prompt));
  g_ptr_array_add (self->prompts, NULL);
}

void
c2l_request_add_edit (C2lRequest *self,
                      const char *direction,
                      double amount,
                      int first_layer,
                      int last_layer)
{
  Edit *edit;

  g_return_if_fail (C2L_IS_REQUEST (self));
  g_return_if_fail (direction != NULL);

  edit = g_new (Edit, 1);
  *edit = (Edit){ g_strdup (direction), amount, first_layer, last_layer };
  g_ptr_array_add (self->edits, edit);
}

void
c2l_request_add_latent (C2lRequest *self, const float *values, gsize n_values, int n_rows)
{
  C2lRows *rows;

  g_return_if_fail (C2L_IS_REQUEST (self));
  g_return_if_fail (values != NULL && n_rows > 0 && n_values > 0 && n_values % n_rows == 0);
  g_return_if_fail (n_values <= G_MAXINT);

  rows = g_new0 (C2lRows, 1);
  c2l_rows_set (rows, n_rows, n_values / n_rows, values);
  g_ptr_array_add (self->latents, rows);
}

/* Takes @recipe, or @cause where it is NULL. */
static gboolean
take_recipe (C2lRequest *self, C2lRecipe *recipe, GError *cause, GError **error)
{
  if (recipe == NULL)
    return c2l_error_propagate (error, cause);
  g_ptr_array_add (self->recipes, recipe);
  return TRUE;
}

gboolean
c2l_request_add_recipe (C2lRequest *self, const char *recipe, GError **error)
{
  GError *cause = NULL;
  C2lRecipe *parsed;

  g_return_val_if_fail (C2L_IS_REQUEST (self) && recipe != NULL, FALSE);

  parsed = c2l_recipe_from_json (recipe, "recipe", &cause);
  return take_recipe (self, parsed, cause, error);
}

gboolean
c2l_request_add_file (C2lRequest *self, const char *path, GError **error)
{
  GError *cause = NULL;
  C2lRecipe *recipe;

  g_return_val_if_fail (C2L_IS_REQUEST (self) && path != NULL, FALSE);

  recipe = c2l_picture_load_recipe (path, &cause);
  return take_recipe (self, recipe, cause, error);
}

/* Recipes are not changed any more. */
static gpointer
ref_recipe (gconstpointer data, gpointer unused)
{
  return c2l_recipe_ref ((C2lRecipe *) data);
}

static gpointer
copy_rows (gconstpointer data, gpointer unused)
{
  const C2lRows *rows = data;
  C2lRows *copy = g_new0 (C2lRows, 1);

  c2l_rows_set (copy, rows->n_rows, rows->width, rows->data);
  return copy;
}

C2lRequest *
c2l_request_copy (C2lRequest *self)
{
  C2lRequest *copy = g_object_new (C2L_TYPE_REQUEST, NULL);
  const char *sampler;

  set_sampler (copy, self->sampling.sampler);
  sampler = copy->sampling.sampler;
  copy->sampling = self->sampling;
  copy->sampling.sampler = sampler;
  copy->noise = g_strdup (self->noise);
  copy->score = self->score;
  copy->sort = self->sort;
  copy->max_size = self->max_size;
  for (guint i = 0; i + 1 < self->prompts->len; i++)
    c2l_request_add_prompt (copy, g_ptr_array_index (self->prompts, i));
  for (guint i = 0; i < self->edits->len; i++)
    {
      const Edit *edit = g_ptr_array_index (self->edits, i);

      c2l_request_add_edit (copy, edit->direction, edit->amount, edit->first_layer,
                            edit->last_layer);
    }
  g_ptr_array_extend (copy->latents, self->latents, copy_rows, NULL);
  g_ptr_array_extend (copy->recipes, self->recipes, ref_recipe, NULL);
  return copy;
}

static gboolean
add_edits (C2lRequest *self, C2lBundle *bundle, C2lGenerateParams *params, GError **error)
{
  for (guint i = 0; i < self->edits->len; i++)
    {
      const Edit *edit = g_ptr_array_index (self->edits, i);
      C2lRecipeEdit *added;

      if (!isfinite (edit->amount) || fabs (edit->amount) > MAX_AMOUNT)
        {
          g_set_error (error, C2L_ERROR, C2L_ERROR_INVALID,
                       "%s: an amount of %g is far beyond any direction's reach", edit->direction,
                       edit->amount);
          return FALSE;
        }
      if (!c2l_generate_params_add_edit (params, bundle, edit->direction, edit->amount, error))
        return FALSE;
      added = g_ptr_array_index (params->edits, params->edits->len - 1);
      added->first_layer = edit->first_layer;
      added->last_layer = edit->last_layer;
    }
  return TRUE;
}

static gboolean
check (C2lRequest *self, C2lGenerateParams *params, GError **error)
{
  const C2lSampling *sampling = &self->sampling;

  if (self->noise == NULL || !c2l_noise_kind_from_name (self->noise, &params->sampling.noise))
    g_set_error (error, C2L_ERROR, C2L_ERROR_INVALID,
                 "noise: there is no “%s”; const, random and none are",
                 self->noise != NULL ? self->noise : "");
  else if (!isfinite (sampling->guidance) || !isfinite (sampling->truncation))
    g_set_error (error, C2L_ERROR, C2L_ERROR_INVALID, "guidance and truncation must be numbers");
  else if (params->recipes != NULL && (params->prompts != NULL || params->latents != NULL))
    g_set_error (error, C2L_ERROR, C2L_ERROR_INVALID,
                 "a request has recipes, or prompts and latents: make two requests of this one");
  else if (c2l_guidance_check (sampling->guidance, error))
    return c2l_placement_check (sampling->move_x, sampling->move_y, sampling->turn, error);
  return FALSE;
}

gboolean
c2l_request_fill_params (C2lRequest *self,
                         C2lBundle *bundle,
                         C2lGenerateParams *params,
                         GError **error)
{
  *params = (C2lGenerateParams){
    .prompts = self->prompts->len > 0 ? (const char *const *) self->prompts->pdata : NULL,
    .sampling = self->sampling,
    .latents = self->latents->len > 0 ? g_ptr_array_ref (self->latents) : NULL,
    .recipes = self->recipes->len > 0 ? self->recipes : NULL,
    .max_size = self->max_size,
    .score = self->score,
    .sort = self->sort,
  };
  return check (self, params, error) && add_edits (self, bundle, params, error);
}
