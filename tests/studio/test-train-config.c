/* Configurations of trainings: groups, overrides, numbers as OmegaConf has them, and what is
 * refused. */
#include "formats/yaml-writer.h"
#include "studio/recipe.h"
#include "studio/train-config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static JsonObject *
compose (const char *overrides)
{
  g_auto (GStrv) list = g_strsplit (overrides, "|", -1);
  g_autoptr (GError) error = NULL;
  JsonObject *config = c2l_train_config_compose (NULL, (const char *const *) list, &error);

  g_assert_no_error (error);
  return config;
}

static void
test_originals_values (void)
{
  g_autoptr (JsonObject) config = compose ("device=cpu");
  C2lTrainSettings settings;
  g_auto (GStrv) paths = c2l_train_config_list_paths (config, "data.path");

  c2l_train_settings_read (&settings, config);
  g_assert_cmpint (settings.max_it, ==, 1000000);
  g_assert_cmpint (settings.val_it, ==, 10000);
  g_assert_cmpfloat (settings.lr, ==, 1e-4);
  g_assert_cmpfloat (settings.weight_decay, ==, 0.01);
  g_assert_cmpfloat (settings.ema_beta, ==, 0.9999);
  g_assert_cmpint (settings.ema_update_every, ==, 10);
  g_assert_cmpint (settings.bs, ==, 512);
  g_assert_cmpint (settings.latent_dim, ==, 512);
  g_assert_cmpstr (settings.sg_pkl, ==, "sg2-ffhq-1024");
  g_assert_cmpstr (settings.clip_variant, ==, "ViT-B/32");
  g_assert_cmpstr (settings.device, ==, "cpu");
  g_assert_cmpstr (paths[0], ==, "data/webdataset/sg2-ffhq-1024-clip/{00000..99}.tar");
  g_assert_null (paths[1]);
}

static gint64
get_int (JsonObject *config, const char *branch, const char *inner, const char *name)
{
  JsonObject *object = json_object_get_object_member (config, branch);

  if (inner != NULL)
    object = json_object_get_object_member (object, inner);
  return json_object_get_int_member (object, name);
}

static void
test_groups (void)
{
  static const struct
  {
    const char *overrides;
    int depth, heads, dim_head, n_latents, dim;
  } cases[] = {
    { "model=mid", 12, 12, 64, 1, 512 },
    { "model=small", 6, 8, 64, 1, 512 },
    { "data=sg2-ffhq-w3", 12, 12, 64, 3, 512 },
    { "data=sg2-encoded-ffhq|model=small", 6, 8, 64, 18, 512 },
    { "data=sg3-lhq", 12, 12, 64, 1, 512 },
    { "data=starter", 6, 6, 32, 1, 128 }, /* brings its model */
    { "data=starter|model=small", 6, 8, 64, 1, 128 },
    { "model=small|data=starter", 6, 8, 64, 1, 128 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) config = compose (cases[i].overrides);

      g_assert_cmpint (get_int (config, "model", "network", "depth"), ==, cases[i].depth);
      g_assert_cmpint (get_int (config, "model", "network", "heads"), ==, cases[i].heads);
      g_assert_cmpint (get_int (config, "model", "network", "dim_head"), ==, cases[i].dim_head);
      g_assert_cmpint (get_int (config, "model", "network", "dim"), ==, cases[i].dim);
      g_assert_cmpint (get_int (config, "model", "diffusion", "image_embed_dim"), ==, cases[i].dim);
      g_assert_cmpint (get_int (config, "data", NULL, "n_latents"), ==, cases[i].n_latents);
    }
}

static void
test_numbers (void)
{
  g_autoptr (JsonObject) config
      = compose ("train.max_it=2_000|train.lr=3.0e-4|train.znorm_latent=no|train.val_it=1e2|+train."
                 "seed=7|name=510|"
                 "data.latent_repeats=[4, "
                 "4]|++data.n_latents=2|model.network.num_timesteps=null|train.weight_decay=0");
  C2lTrainSettings settings;

  c2l_train_settings_read (&settings, config);
  g_assert_cmpint (settings.max_it, ==, 2000);
  g_assert_cmpint (settings.val_it, ==, 100);
  g_assert_cmpfloat (settings.lr, ==, 3e-4);
  g_assert_cmpfloat (settings.weight_decay, ==, 0);
  g_assert_false (settings.znorm_latent);
  g_assert_cmpint (settings.seed, ==, 7);
  g_assert_cmpstr (settings.name, ==, "510");
}

static void
test_interpolation (void)
{
  g_autoptr (JsonObject) config
      = compose ("data.latent_dim=64|model.diffusion.timesteps=100|train.val_it=${train.max_it}|"
                 "train.max_it=30|name=lr-${train.lr}");

  g_assert_cmpint (get_int (config, "model", "network", "dim"), ==, 64);
  g_assert_cmpint (get_int (config, "model", "network", "num_timesteps"), ==, 100);
  g_assert_cmpint (get_int (config, "train", NULL, "val_it"), ==, 30);
  g_assert_cmpstr (json_object_get_string_member (config, "name"), ==, "lr-0.0001");
}

static void
test_refused (void)
{
  static const char *const cases[][2] = {
    { "train.learning_rate=1", "train.lr" },
    { "lr=1", "“train.lr”" },
    { "train.max_iter=1", "“train.max_it”" },
    { "model.network.head=1", "“model.network.heads”" },
    { "data.batch=1", "there is no setting “data.batch”" },
    { "tarin.lr=1", "“train.lr”" },
    { "train.lr", "not an override" },
    { "=3", "not an override" },
    { "~train.lr", "another value" },
    { "train=fast", "several settings" },
    { "model=huge", "mid, small, starter" },
    { "data=cats", "sg2-ffhq-w3" },
    { "data=nowhere.yaml", "nowhere.yaml" },
    { "train.lr=fast", "train.lr: not a number" },
    { "train.lr=-1", "train.lr: -1 is out of range" },
    { "train.lr=.nan", "train.lr" },
    { "train.max_it=0", "out of range" },
    { "train.max_it=1.5", "not a whole number" },
    { "train.max_it=null", "train.max_it" },
    { "train.znorm_latent=perhaps", "neither True nor False" },
    { "train.precision=f31", "f32, fast, bf16, fp16" },
    { "model.diffusion.beta_schedule=line", "cosine" },
    { "data.format=zip", "webdataset" },
    { "data.latent_repeats=[4, 4]", "2 entries for 1 latents" },
    { "data.latent_repeats=[x]", "data.latent_repeats" },
    { "data.path=[]", "data.path" },
    { "train.lr=${train.speed}", "train.speed" },
    { "train.lr=${train.lr}", "train.lr" },
    { "train.lr=[1", "train.lr=[1" },
    { "train.ema_beta=1.5", "from 0 to 1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *const overrides[] = { cases[i][0], NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) config = c2l_train_config_compose (NULL, overrides, &error);

      g_assert_null (config);
      g_assert_nonnull (error);
      if (strstr (error->message, cases[i][1]) == NULL)
        g_error ("%s: %s", cases[i][0], error->message);
    }
}

static void
test_notes (void)
{
  g_autoptr (JsonObject) quiet = compose ("device=cpu");
  g_autoptr (JsonObject) loud
      = compose ("logging=wandb|wandb_project=x|train.ema_power=0.5|train.znorm_embed=True");
  g_auto (GStrv) none = c2l_train_config_list_notes (quiet),
                 some = c2l_train_config_list_notes (loud);

  g_assert_null (none[0]);
  g_assert_cmpint (g_strv_length (some), ==, 3);
  g_assert_nonnull (strstr (some[0], "metrics go to the run's folder"));
}

static void
test_saved_is_read_again (void)
{
  g_autoptr (JsonObject) config = compose ("data=sg2-encoded-ffhq|train.lr=1.25e-6|name='a: "
                                           "b'|wandb_entity='true'|data.embed_noise_scale=1");
  g_autofree char *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "config.yaml", NULL);
  g_autofree char *before = c2l_yaml_to_string (config), *after = NULL, *amended = NULL;
  g_autoptr (JsonObject) again = NULL, changed = NULL;
  const char *const overrides[] = { "train.max_it=7", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (c2l_train_config_save (config, path, &error));
  again = c2l_train_config_load (path, NULL, &error);
  g_assert_no_error (error);
  after = c2l_yaml_to_string (again);
  g_assert_true (json_object_equal (config, again));
  changed = c2l_train_config_load (path, overrides, &error);
  g_assert_no_error (error);
  g_assert_cmpint (get_int (changed, "train", NULL, "max_it"), ==, 7);
  g_assert_cmpint (get_int (changed, "data", NULL, "n_latents"), ==, 18);
  g_unlink (path);
  g_rmdir (folder);
}

/* A configuration of the original, as it lies beside published checkpoints. */
static void
test_of_the_original (void)
{
  g_autofree char *path
      = g_build_filename (g_getenv ("C2L_FIXTURES"), "prior", "w3", "prior.yaml", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) config = c2l_train_config_load (path, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (get_int (config, "data", NULL, "n_latents"), ==, 3);
  g_assert_cmpint (get_int (config, "train", NULL, "log_it"), ==, 10); /* ours, at its default */
}

/* A group of one's own, as the original's users have written theirs, and another group on a run
 * that has one. */
static void
test_own_group (void)
{
  g_autofree char *folder = g_dir_make_tmp ("c2l-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "cats.yaml", NULL);
  g_autofree char *override = g_strconcat ("data=", path, NULL);
  g_autoptr (JsonObject) config = NULL, starter = compose ("data=starter"), other = NULL;
  const char *const to_other[] = { "data=sg2-ffhq", NULL };
  C2lTrainSettings settings;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (
      path,
      "bs: 64\nformat: webdataset\npath: cats.tar\nembed_noise_scale: 0.5\nsg_pkl: cats.pkl\n"
      "clip_variant: ViT-B/32\nn_latents: 1\nlatent_dim: 512\nlatent_repeats: [14]\n"
      "val_im_samples: 4\nval_text_samples: cats.txt\nval_samples_per_text: 1\n",
      -1, NULL));
  config = compose (override);
  c2l_train_settings_read (&settings, config);
  g_assert_cmpint (settings.bs, ==, 64);
  g_assert_cmpint (settings.shuffle, ==, 5000);
  g_assert_null (settings.bundle);

  other = c2l_train_config_compose (starter, to_other, &error);
  g_assert_no_error (error);
  c2l_train_settings_read (&settings, other);
  g_assert_null (settings.bundle);
  g_assert_cmpint (settings.latent_dim, ==, 512);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_rates (void)
{
  g_autoptr (JsonObject) config = compose (
      "train.lr=1|train.warmup=10|train.max_it=110|train.lr_schedule=cosine|train.lr_min=0.1");
  g_autoptr (JsonObject) constant = compose ("train.lr=1|train.warmup=4");
  C2lTrainSettings settings;

  c2l_train_settings_read (&settings, config);
  g_assert_cmpfloat_with_epsilon (c2l_train_settings_get_lr (&settings, 1), 0.1, 1e-12);
  g_assert_cmpfloat_with_epsilon (c2l_train_settings_get_lr (&settings, 10), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (c2l_train_settings_get_lr (&settings, 60), 0.55, 1e-12);
  g_assert_cmpfloat_with_epsilon (c2l_train_settings_get_lr (&settings, 110), 0.1, 1e-12);
  c2l_train_settings_read (&settings, constant);
  g_assert_cmpfloat (c2l_train_settings_get_lr (&settings, 2), ==, 0.5);
  g_assert_cmpfloat (c2l_train_settings_get_lr (&settings, 999), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/train-config/has-the-originals-values", test_originals_values);
  g_test_add_func ("/train-config/groups-are-chosen", test_groups);
  g_test_add_func ("/train-config/numbers-are-read-as-omegaconf-does", test_numbers);
  g_test_add_func ("/train-config/interpolation-follows-overrides", test_interpolation);
  g_test_add_func ("/train-config/refuses-what-cannot-be", test_refused);
  g_test_add_func ("/train-config/settings-without-meaning-are-answered", test_notes);
  g_test_add_func ("/train-config/what-is-saved-is-read-again", test_saved_is_read_again);
  g_test_add_func ("/train-config/reads-a-configuration-of-the-original", test_of_the_original);
  g_test_add_func ("/train-config/groups-may-be-ones-own", test_own_group);
  g_test_add_func ("/train-config/the-learning-rate-follows-its-schedule", test_rates);
  return g_test_run ();
}
